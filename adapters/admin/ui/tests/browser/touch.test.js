// @ts-check
/** Fingers on the page: what two of them and one do on the map, what stays the browser's, and what has to be hit by them. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bufferOf, noBrowser, settled } from "../support/browser.js";
import { Hand } from "../support/hand.js";
import { look } from "../support/looks.js";
import { LAST, Visit, at, choice } from "../support/visit.js";
import { STEP, base64, busyMatrix } from "../support/answers.js";
import { base64url } from "../../src/key.js";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("../support/hand.js").Point} Point */

const skip = noBrowser();
const calm = busyMatrix(16, 300);
const MS = 300 * STEP;
const keyOfRow = (/** @type {number} */ row) => base64url(Buffer.from(String(calm.rows[row].start), "base64"));
/** A phone, and one that is held sideways; a tablet. */
const PHONE = { touch: true, width: 400, height: 860 };
const SMALL_PHONE = { touch: true, width: 360, height: 640 };
const TABLET = { touch: true, width: 1180, height: 820 };
/** Everything that a row of these can have. */
const TOP = {
  series: "ops", generated_at: "2026-11-21T03:12:30Z", ranges: 16, before: null,
  now: { start_unix_ms: LAST - 2 * STEP, end_unix_ms: LAST - STEP, covers_ms: STEP, state: "complete", total: 2000, rate: 2000 },
  rows: [10, 11].map((row) => ({
    bucket_id: `route:${row}`, route_id: String(row), start: calm.rows[row].start, end: calm.rows[row].end, aggregate: false, raft_group_id: 50, leader_term: 3,
    value: 900, rate: 900, share: 0.45, before_rate: 450, split: "mydb split --region 11 --at 'orders/x'", nodes: [{ node: "n1", share: 0.6 }, { node: "n2", share: 0.4 }], node_count: 2,
  })),
};
const HOT_KEYS = { series: "writes", keys: [{ key_b64: base64("orders/1"), count: 900 }], approximate: true, sample_rate: 16, sampled_n: 125, operations: 2000, dropped_samples: 0, skipped_long_keys: 0, unsampled_ops: 0, degraded: false, error_bound: 100 };

describe("touch", { skip }, () => {
  const visit = new Visit("tz=utc&refresh=60");
  const { browser } = visit;

  /** @param {Page} page @param {...[number, number]} places parts of the picture @returns {Promise<Point[]>} */
  const places = (page, ...places) => Promise.all(places.map(([x, y]) => at(page, x, y)));
  /** @param {Page} page @param {[number, number]} middle part of the picture @param {number} apart of its width @returns {Promise<[Point, Point]>} two fingers side by side */
  const around = async (page, [x, y], apart) => /** @type {[Point, Point]} */ (await places(page, [x - apart / 2, y], [x + apart / 2, y]));
  /** @param {Page} page @returns {{from: number, to: number, start: string | null, end: string | null}} times as parts of the whole */
  const shown = (page) => {
    const chosen = choice(page);
    const time = (/** @type {string} */ name, /** @type {number} */ whole) => (chosen.has(name) ? (Date.parse(String(chosen.get(name))) - (LAST - MS)) / MS : whole);
    return { from: time("from", 0), to: time("to", 1), start: chosen.get("start"), end: chosen.get("end") };
  };
  const near = (/** @type {number} */ value, /** @type {number} */ wanted, /** @type {string} */ what) => assert.ok(Math.abs(value - wanted) < 0.02, `${what}: ${value}, not ${wanted}`);
  /** @param {Page} page @param {number} px @returns {Promise<string[]>} what is to be pressed and is smaller than that */
  const smaller = (page, px) => page.evaluate((least) => {
    // A checkbox is pressed by its whole line.
    const pressed = [...document.querySelectorAll("button, select, input, .field:has([type=checkbox]), a[href]")].filter((one) => one.checkVisibility({ visibilityProperty: true }) && !one.matches(".skip, [type=checkbox]"));
    return pressed.map((one) => ({ one, box: one.getBoundingClientRect() })).filter(({ box }) => Math.min(box.width, box.height) < least - 0.1)
      .map(({ one, box }) => `${one.id || one.textContent || one.tagName} ${Math.round(box.width)}x${Math.round(box.height)}`);
  }, px);
  const touchAction = (/** @type {Page} */ page, /** @type {string} */ where) => page.locator(where).evaluate((element) => getComputedStyle(element).touchAction);
  const scrolled = (/** @type {Page} */ page) => page.evaluate(() => [Math.round(scrollY), visualViewport?.scale]);
  /** Waits until the choice is another one, and is answered. @param {Page} page @param {() => Promise<void>} act @returns {Promise<void>} */
  async function moves(page, act) {
    const before = page.url();
    await act();
    await page.waitForFunction((url) => location.href !== url, before);
    await visit.quiet(page);
    await settled(page);
  }
  /** Zooms to the middle half. @param {Page} page @param {Hand} hand @returns {Promise<void>} */
  const zoomed = (page, hand) => moves(page, async () => {
    await hand.pinch(await around(page, [0.5, 0.5], 0.2), await around(page, [0.5, 0.5], 0.4));
    await hand.liftAll();
  });

  test("two fingers zoom both axes about the point between them, at once; when they leave it is asked for; it is one step back", async () => {
    visit.serve(calm);
    const page = await visit.open({ ...PHONE, clock: true });
    const hand = await Hand.on(page, () => visit.pass(page, 20));
    const asked = visit.asked().length;
    const whole = (await bufferOf(page)).data;
    await hand.pinch(await around(page, [0.25, 0.75], 0.2), await around(page, [0.25, 0.75], 0.4));
    const held = (await bufferOf(page)).data;
    assert.notDeepEqual(held, whole, "it moves under the fingers");
    await visit.pass(page, 3000);
    assert.deepEqual([visit.asked().length, choice(page).has("start")], [asked, false], "and is not asked for while they are there");
    await hand.lift(0);
    await visit.pass(page, 300);
    assert.deepEqual([visit.asked().length, choice(page).has("start")], [asked, false], "nor while one of them is");
    await hand.lift(1);
    await visit.pass(page, 300);
    assert.equal(visit.asked().length, asked + 1);
    const { from, to, start, end } = shown(page);
    near(from, 0.125, "from");
    near(to, 0.625, "to");
    assert.deepEqual([start, end], [keyOfRow(6), keyOfRow(14)]);
    assert.equal(choice(page).has("pin"), false);
    assert.equal(await page.isEnabled("#undo"), true);
    await page.evaluate(() => document.getElementById("undo")?.click());
    await visit.pass(page, 300);
    assert.equal(new URL(page.url()).hash, "#tz=utc&refresh=60");
    assert.equal(await page.isDisabled("#undo"), true, "one step");
    assert.deepEqual(browser.complaints, []);
  });

  test("two fingers that move together pan, and zoom nothing; the page beneath stays where it is, as large as it was", async () => {
    visit.serve(calm);
    const page = await visit.open(PHONE);
    const hand = await Hand.on(page);
    await zoomed(page, hand);
    assert.deepEqual([shown(page).start, shown(page).end], [keyOfRow(4), keyOfRow(12)]);
    assert.equal(await touchAction(page, "#plot"), "pan-y", "browsers that do not wait for a script know it too");
    await moves(page, async () => {
      await hand.pinch(await around(page, [0.4, 0.7], 0.3), await around(page, [0.6, 0.45], 0.3));
      assert.deepEqual(await scrolled(page), [0, 1]);
      await hand.liftAll();
    });
    const { from, to, start, end } = shown(page);
    near(from, 0.25 - 0.2 * 0.5, "from");
    near(to, 0.75 - 0.2 * 0.5, "to");
    assert.deepEqual([start, end], [keyOfRow(6), keyOfRow(14)], "a quarter of eight rows");
    assert.deepEqual(await scrolled(page), [0, 1]);
  });

  test("beside the map one finger scrolls the page and two enlarge it; where it is enlarged the map leaves fingers to it", async () => {
    visit.serve(calm);
    const page = await visit.open(PHONE);
    assert.doesNotMatch(String(await page.getAttribute("meta[name=viewport]", "content")), /user-scalable|maximum-scale/);
    const hand = await Hand.on(page);
    const beside = await page.locator("#legend").boundingBox();
    assert.ok(beside !== null);
    const [x, y] = [200, beside.y + 20];
    await hand.put(0, [x, y]);
    await hand.slide({ 0: [x, y - 300] });
    await hand.lift(0);
    await page.waitForFunction(() => scrollY > 100);
    await page.evaluate(() => scrollTo(0, 0));
    await settled(page);
    await hand.pinch([[x - 70, y], [x + 70, y]], [[x - 180, y], [x + 180, y]]);
    await hand.liftAll();
    await page.waitForFunction(() => (visualViewport?.scale ?? 1) > 1.5);
    await page.waitForSelector("#plot[data-enlarged]");
    // On the map, as large as it is on the screen now.
    const map = await page.evaluate(() => {
      const [view, box] = [visualViewport, document.getElementById("picture")?.getBoundingClientRect()];
      if (view === null || box === undefined) throw new Error("no picture");
      return [((Math.max(box.left, view.offsetLeft) + Math.min(box.right, view.offsetLeft + view.width)) / 2 - view.offsetLeft) * view.scale,
        ((Math.max(box.top, view.offsetTop) + Math.min(box.bottom, view.offsetTop + view.height)) / 2 - view.offsetTop) * view.scale];
    });
    const before = await page.evaluate(() => visualViewport?.scale ?? 0);
    const buffer = (await bufferOf(page)).data;
    const upright = (/** @type {number} */ half) => /** @type {[Point, Point]} */ ([[map[0], map[1] - half], [map[0], map[1] + half]]);
    await hand.pinch(upright(180), upright(90));
    await hand.liftAll();
    await page.waitForFunction((scale) => (visualViewport?.scale ?? scale) < scale * 0.8, before);
    await settled(page);
    assert.deepEqual((await bufferOf(page)).data, buffer);
    assert.equal(new URL(page.url()).hash, "#tz=utc&refresh=60", "the map has not moved");
  });

  test("one finger scrolls the page up and down past the map, and changes nothing in it", async () => {
    visit.serve(calm);
    const page = await visit.open(SMALL_PHONE);
    const hand = await Hand.on(page);
    const [from] = await places(page, [0.5, 0.9]);
    await hand.put(0, from);
    await hand.slide({ 0: [from[0] + 20, from[1] - 250] });
    await hand.lift(0);
    await page.waitForFunction(() => scrollY > 150);
    await settled(page);
    assert.equal(new URL(page.url()).hash, "#tz=utc&refresh=60");
    assert.equal(await page.isDisabled("#undo"), true);
  });

  test("one finger sideways goes through time and keys with the map, and does not scroll the page", async () => {
    visit.serve(calm);
    const page = await visit.open(PHONE);
    const hand = await Hand.on(page);
    await zoomed(page, hand);
    const [from, to] = await places(page, [0.2, 0.3], [0.7, 0.3]);
    const asked = visit.asked().length;
    await moves(page, async () => {
      await hand.put(0, from);
      await hand.slide({ 0: to });
      // Once it holds the map it may go anywhere.
      await hand.slide({ 0: (await places(page, [0.7, 0.55]))[0] });
      await hand.lift(0);
    });
    const now = shown(page);
    // It holds what is under it after the first few pixels, which might have been a tap.
    assert.ok(now.from < 0.04 && now.from >= 0 && Math.abs(now.to - now.from - 0.5) < 0.02, JSON.stringify(now));
    assert.deepEqual([now.start, now.end], [keyOfRow(2), keyOfRow(10)], "and two rows up");
    assert.deepEqual(await scrolled(page), [0, 1]);
    assert.equal(visit.asked().length, asked + 1);
    assert.equal(choice(page).has("pin"), false);
  });

  test("where the page has nothing to scroll, one finger moves the map in any direction", async () => {
    visit.serve(calm);
    const page = await visit.open(TABLET);
    assert.equal(await page.evaluate(() => document.documentElement.scrollHeight), TABLET.height);
    const hand = await Hand.on(page);
    await zoomed(page, hand);
    const [from, to] = await places(page, [0.5, 0.2], [0.5, 0.5]);
    await moves(page, async () => {
      await hand.put(0, from);
      await hand.slide({ 0: to });
      await hand.lift(0);
    });
    assert.deepEqual([shown(page).start, shown(page).end], [keyOfRow(2), keyOfRow(10)]);
  });

  test("a tap pins the cell under it and tells of it below the map; the next one lets it go", async () => {
    visit.serve(calm);
    const page = await visit.open(PHONE);
    assert.match(await page.innerText("#cell"), /A tap on the picture/);
    const hand = await Hand.on(page);
    const [place] = await places(page, [0.5, 10.5 / 16]);
    await hand.tap(place);
    await page.waitForFunction(() => location.hash.includes("pin="));
    assert.match(await page.innerText("#cell"), /pinned[\s\S]*orders\/eu\/customer-06250[\s\S]*orders\/eu\/customer-06875/);
    assert.match(await page.innerText("#cell"), /2026-11-21 03:10:0\d/);
    assert.equal(await page.isVisible("#cross-row"), false, "a finger that has left points at nothing");
    const [below, screen] = [await page.locator("#cell .rate").boundingBox(), page.viewportSize()];
    assert.ok(below !== null && screen !== null && below.y + below.height < screen.height, "without scrolling");
    await hand.tap(place);
    await page.waitForFunction(() => !location.hash.includes("pin="));
  });

  test("a box is drawn by a finger where it is asked for, once", async () => {
    visit.serve(calm);
    const page = await visit.open(PHONE);
    const hand = await Hand.on(page);
    const pressed = () => page.getAttribute("#boxes", "aria-pressed");
    const drag = async (/** @type {[number, number]} */ from, /** @type {[number, number]} */ to) => {
      const [first, last] = await places(page, from, to);
      await hand.put(0, first);
      await hand.slide({ 0: last });
    };
    await page.locator("#boxes").tap();
    assert.deepEqual([await pressed(), await touchAction(page, "#picture")], ["true", "none"]);
    // Straight down, where the page would scroll.
    await drag([0.25, 4.2 / 16], [0.25, 7.8 / 16]);
    assert.equal(await page.isVisible("#brush"), true);
    await hand.cancel();
    assert.deepEqual([await page.isVisible("#brush"), await pressed(), await scrolled(page)], [false, "true", [0, 1]], "taken away, it zooms to nothing, and is still to be drawn");
    await drag([0.25, 4.2 / 16], [0.75, 7.8 / 16]);
    await page.keyboard.press("Escape");
    assert.deepEqual([await page.isVisible("#brush"), await pressed()], [false, "false"]);
    await hand.lift(0);
    assert.equal(new URL(page.url()).hash, "#tz=utc&refresh=60");
    await page.locator("#boxes").tap();
    await moves(page, async () => {
      await drag([0.25, 4.2 / 16], [0.75, 7.8 / 16]);
      await hand.lift(0);
    });
    assert.deepEqual([shown(page).start, shown(page).end], [keyOfRow(4), keyOfRow(8)]);
    near(shown(page).from, 0.25, "from");
    near(shown(page).to, 0.75, "to");
    assert.deepEqual([await pressed(), await page.isVisible("#brush"), choice(page).has("pin")], ["false", false, false], "the next drag is a drag");
    // Two fingers are two fingers, whatever the first was to do.
    await page.locator("#boxes").tap();
    await moves(page, async () => {
      await hand.pinch(await around(page, [0.5, 0.5], 0.2), await around(page, [0.5, 0.5], 0.4));
      assert.equal(await page.isVisible("#brush"), false);
      await hand.liftAll();
    });
    near(shown(page).from, 0.375, "from");
    assert.equal(await pressed(), "true");
    assert.deepEqual(browser.complaints, []);
  });

  test("fingers that the system takes away leave the map where it is, and the next ones find it free", async () => {
    visit.serve(calm);
    const page = await visit.open(PHONE);
    const hand = await Hand.on(page);
    await moves(page, async () => {
      await hand.pinch(await around(page, [0.5, 0.5], 0.2), await around(page, [0.5, 0.5], 0.4));
      await hand.cancel();
    });
    near(shown(page).from, 0.25, "from");
    // One finger is one again: nothing is left of those before.
    await moves(page, async () => {
      const [from, to] = await places(page, [0.5, 0.3], [0.7, 0.3]);
      await hand.put(0, from);
      await hand.slide({ 0: to });
      await hand.cancel();
    });
    assert.ok(Math.abs(shown(page).to - shown(page).from - 0.5) < 0.02, "it zooms nothing");
    assert.ok(shown(page).from < 0.2);
    for (let i = 0; i < 2; i += 1) await moves(page, () => page.locator("#undo").tap());
    assert.equal(await page.isDisabled("#undo"), true, "two steps");
    const [place] = await places(page, [0.5, 0.5]);
    await hand.tap(place);
    await page.waitForFunction(() => location.hash.includes("pin="));
  });

  test("a third finger, and each that leaves, moves nothing by itself", async () => {
    visit.serve(calm);
    const page = await visit.open({ ...PHONE, clock: true });
    const hand = await Hand.on(page, () => visit.pass(page, 20));
    await hand.pinch(await around(page, [0.5, 0.5], 0.2), await around(page, [0.5, 0.5], 0.4));
    const held = (await bufferOf(page)).data;
    const asked = visit.asked().length;
    await hand.put(2, (await places(page, [0.9, 0.1]))[0]);
    assert.deepEqual((await bufferOf(page)).data, held, "one more");
    const [near, far] = await places(page, [0.7, 0.3], [0.9, 0.1]);
    await hand.slide({ 2: near });
    const three = (await bufferOf(page)).data;
    assert.notDeepEqual(three, held, "three hold it as two do");
    await hand.lift(0);
    assert.deepEqual((await bufferOf(page)).data, three, "one less");
    await hand.slide({ 2: far });
    await hand.slide({ 2: near });
    assert.deepEqual((await bufferOf(page)).data, three, "those that are left hold what they had, where they had it");
    await hand.slide({ 1: (await places(page, [0.6, 0.6]))[0], 2: far });
    assert.notDeepEqual((await bufferOf(page)).data, three, "and go on");
    const closer = (await bufferOf(page)).data;
    await hand.lift(2);
    assert.deepEqual((await bufferOf(page)).data, closer);
    assert.equal(visit.asked().length, asked);
    await hand.lift(1);
    await visit.pass(page, 300);
    assert.equal(visit.asked().length, asked + 1, "the last one lets go");
    await page.evaluate(() => document.getElementById("undo")?.click());
    await visit.pass(page, 300);
    assert.equal(await page.isDisabled("#undo"), true, "all of it is one step");
  });

  test("a finger that leaves the map, or the page, still holds it, and lets go where it is lifted", async () => {
    visit.serve(calm);
    const page = await visit.open(PHONE);
    const hand = await Hand.on(page);
    await moves(page, async () => {
      await hand.pinch(await around(page, [0.5, 0.5], 0.2), [[2, 2], [398, 2]]);
      await hand.lift(1);
      await hand.slide({ 0: [2, 855] });
      await hand.lift(0);
    });
    await moves(page, () => page.locator("#reset").tap());
    assert.equal(new URL(page.url()).hash, "#tz=utc&refresh=60");
    assert.equal(await page.isDisabled("#undo"), true);
    // On the names of keys beside the map a finger is as good as on it: on a phone they are half of its width.
    await moves(page, async () => {
      const [beside, on] = await places(page, [-0.2, 0.5], [0.2, 0.5]);
      const [left, right] = await places(page, [-0.4, 0.5], [0.4, 0.5]);
      await hand.pinch([beside, on], [left, right]);
      await hand.liftAll();
    });
    near(shown(page).from, 0, "about its left edge");
    near(shown(page).to, 0.5, "about its left edge");
  });

  test("a mouse beside fingers does nothing, and neither do fingers beside a mouse", async () => {
    visit.serve(calm);
    const page = await visit.open(TABLET);
    const hand = await Hand.on(page);
    await moves(page, async () => {
      await hand.pinch(await around(page, [0.5, 0.5], 0.2), await around(page, [0.5, 0.5], 0.4));
      await page.mouse.move(...(await at(page, 0.1, 0.1)));
      await page.mouse.down();
      await page.mouse.move(...(await at(page, 0.3, 0.3)));
      assert.equal(await page.isVisible("#brush"), false);
      await page.mouse.up();
      await page.mouse.wheel(0, -400);
      await hand.liftAll();
    });
    near(shown(page).from, 0.25, "from");
    assert.equal(choice(page).has("pin"), false);
    await page.mouse.move(...(await at(page, 0.4, 0.4)));
    assert.equal(await page.isVisible("#brush"), false, "no press is left");
    await moves(page, () => page.locator("#undo").tap());
    assert.equal(await page.isDisabled("#undo"), true);
    // The other way round.
    await page.mouse.move(...(await at(page, 0.25, 4.2 / 16)));
    await page.mouse.down();
    await page.mouse.move(...(await at(page, 0.75, 7.8 / 16)));
    await hand.pinch(await around(page, [0.5, 0.7], 0.2), await around(page, [0.5, 0.7], 0.4));
    await hand.liftAll();
    await hand.tap((await places(page, [0.5, 0.9]))[0]);
    assert.equal(await page.isVisible("#brush"), true);
    await moves(page, () => page.mouse.up());
    assert.deepEqual([shown(page).start, shown(page).end, choice(page).has("pin")], [keyOfRow(4), keyOfRow(8), false]);
    near(shown(page).from, 0.25, "from");
    assert.deepEqual(browser.complaints, []);
  });

  test("a wheel that still turned when fingers came has come to rest, as a step of its own", async () => {
    visit.serve(calm);
    const page = await visit.open({ ...TABLET, clock: true });
    const hand = await Hand.on(page, () => visit.pass(page, 20));
    const middle = await at(page, 0.5, 0.5);
    await page.evaluate(([clientX, clientY]) => document.getElementById("picture")?.dispatchEvent(new WheelEvent("wheel", { deltaY: -200, clientX, clientY, bubbles: true, cancelable: true })), middle);
    await visit.pass(page, 20);
    const asked = visit.asked().length;
    await hand.pinch(await around(page, [0.5, 0.5], 0.2), await around(page, [0.5, 0.5], 0.4));
    const wheeled = shown(page).from;
    assert.equal(visit.asked().length, asked + 1);
    await visit.pass(page, 400);
    assert.equal(shown(page).from, wheeled, "it does not come to rest in the midst of what fingers do");
    await hand.liftAll();
    await visit.pass(page, 300);
    assert.ok(shown(page).from > wheeled);
    for (const from of [wheeled, 0]) {
      await page.evaluate(() => document.getElementById("undo")?.click());
      await visit.pass(page, 300);
      near(shown(page).from, from, "a step back");
    }
    assert.equal(await page.isDisabled("#undo"), true);
  });

  test("the page goes on by itself after fingers have held the map for long and changed nothing", async () => {
    visit.serve(calm);
    const page = await visit.open({ ...PHONE, clock: true, fragment: "tz=utc" });
    const hand = await Hand.on(page, () => visit.pass(page, 20));
    await hand.pinch(await around(page, [0.5, 0.5], 0.2), await around(page, [0.5, 0.5], 0.4));
    await visit.pass(page, 5000);
    const asked = visit.asked().length;
    await visit.pass(page, 5000);
    assert.equal(visit.asked().length, asked, "nothing takes the map from under them");
    const [left, right] = await around(page, [0.5, 0.5], 0.2);
    await hand.slide({ 0: left, 1: right });
    await hand.liftAll();
    assert.equal(new URL(page.url()).hash, "#tz=utc");
    await visit.pass(page, 5000);
    assert.ok(visit.asked().length > asked, "it asks again");
    assert.equal(await page.isDisabled("#undo"), true);
  });

  test("what gestures do, single taps do too: buttons, where there are fingers", async () => {
    visit.serve(calm);
    const page = await visit.open(PHONE);
    await moves(page, () => page.locator("#zoom-in").tap());
    assert.deepEqual([shown(page).start, shown(page).end], [keyOfRow(4), keyOfRow(12)]);
    near(shown(page).to, 0.75, "to");
    // At the cell that is pinned, where it is in sight.
    await page.locator("#picture").tap({ position: { x: 3, y: 3 } });
    await page.waitForFunction(() => location.hash.includes("pin="));
    await moves(page, () => page.locator("#zoom-in").tap());
    assert.equal(shown(page).start, keyOfRow(4));
    near(shown(page).from, 0.25, "from");
    near(shown(page).to, 0.5, "to");
    await moves(page, () => page.locator("#zoom-out").tap());
    near(shown(page).to - shown(page).from, 0.5, "as much as before");
    await moves(page, () => page.locator("#undo").tap());
    near(shown(page).to, 0.5, "to");
    await moves(page, () => page.locator("#reset").tap());
    assert.equal(await page.isDisabled("#undo"), true);
    assert.equal(await page.locator("#map-tools #undo").count(), 1);
    const desk = await visit.open();
    assert.equal(await desk.isVisible("#map-tools"), false);
    assert.equal(await desk.locator("header #undo").isVisible(), true);
    assert.deepEqual(await desk.evaluate(() => [...document.querySelectorAll("header button")].map((one) => one.id)), ["pause", "now", "goto-open", "top-toggle", "undo", "reset", "help-open", "forget", "theme"]);
  });

  test("from a part that has no row there is a way back by touch", async () => {
    const blank = { ...calm, rows: [], unattributed: calm.column_unix_ms.map(() => 3) };
    visit.serve(calm);
    const page = await visit.open(PHONE);
    visit.serve(blank);
    await page.locator("#zoom-in").tap();
    await page.waitForFunction(() => /unknown routes/.test(document.querySelector("#message h2")?.textContent ?? ""));
    await look(page, "touch-400-blocked-light");
    visit.serve(calm);
    await page.locator("#reset").tap();
    await page.waitForFunction(() => document.getElementById("message")?.hidden === true);
  });

  test("the times that a zoom chose do not push the map away; the form with them comes where it is asked for", async () => {
    visit.serve(calm);
    const page = await visit.open(PHONE);
    const hand = await Hand.on(page);
    const [top] = await places(page, [0, 0]);
    await zoomed(page, hand);
    assert.deepEqual(await places(page, [0, 0]), [top]);
    assert.equal(await page.isVisible("#custom"), false);
    await page.locator("#range label", { hasText: "From–to" }).tap();
    assert.equal(await page.isVisible("#custom"), true);
    assert.equal(Date.parse(`${await page.inputValue("#custom-from")}Z`), Date.parse(String(choice(page).get("from"))));
    await page.locator("#range label", { hasText: "1h" }).tap();
    assert.equal(await page.isVisible("#custom"), false);
  });

  test("nothing is too small for a mouse in an unsteady hand", async () => {
    visit.serve(busyMatrix(64, 300), { top: TOP, hotkeys: HOT_KEYS }, { labels: ["redis", "s3"] });
    const page = await visit.open({ height: 1000, fragment: "tz=utc&refresh=60&top=1" });
    await page.waitForSelector("#top-body tbody tr");
    await page.mouse.click(...(await at(page, 0.5, 0.5)));
    await page.waitForSelector("#hot .hot-keys li");
    assert.deepEqual(await smaller(page, 24), []);
    await page.click("#help-open");
    assert.deepEqual(await smaller(page, 24), []);
  });

  for (const [name, size] of /** @type {const} */ ([["360", { ...PHONE, width: 360, height: 780 }], ["400", PHONE], ["844", { touch: true, width: 844, height: 390 }], ["1180", TABLET]])) {
    test(`everything is large enough for a finger, can be read, and sticks out nowhere: ${name} wide`, async () => {
      const events = { events: [
        { at_unix_ms: LAST - 200 * STEP, kind: "split", text: "×20, routes 1 … 20", own: true, changes: 20, fold: { events: 20, last_unix_ms: LAST - 190 * STEP } },
        { at_unix_ms: LAST - 100 * STEP, kind: "note", text: "drained rack 7" },
      ] };
      visit.serve(busyMatrix(64, 300), { top: TOP, hotkeys: HOT_KEYS, events }, { labels: ["redis", "s3"] });
      const page = await visit.open({ ...size, fragment: "tz=utc&refresh=60&top=1" });
      await page.waitForSelector("#top-body tbody tr");
      const sizes = async (/** @type {string} */ what) => assert.deepEqual([await smaller(page, 44), await page.evaluate(() => document.documentElement.scrollWidth)], [[], size.width], what);
      await sizes("at rest");
      await page.locator("#picture").tap({ position: { x: 60, y: 60 } });
      await page.waitForFunction(() => location.hash.includes("pin="));
      await settled(page);
      await page.waitForSelector("#hot .hot-keys li");
      await sizes("with a pinned cell and its hot keys");
      await page.locator("#range label", { hasText: "From–to" }).tap();
      await sizes("with times");
      await page.locator("#goto-open").tap();
      await page.waitForSelector("#goto-form input");
      await sizes("with the way to a key");
      await page.keyboard.press("Escape");
      await page.locator("#picture").scrollIntoViewIfNeeded();
      await settled(page);
      await look(page, `touch-${name}-light`);
      await page.locator("#top").scrollIntoViewIfNeeded();
      await settled(page);
      await look(page, `touch-${name}-top-light`);
      await page.locator("#cell").scrollIntoViewIfNeeded();
      await settled(page);
      await look(page, `touch-${name}-cell-light`);
    });
  }

  test("help names the touches where there are fingers, and the mouse where there is one", async () => {
    visit.serve(calm);
    for (const theme of /** @type {const} */ (["light", "dark"])) {
      const page = await visit.open({ ...PHONE, theme });
      await page.locator("#help-open").tap();
      assert.match(await page.innerText("#help"), /Two fingers[\s\S]*One finger sideways[\s\S]*Tap[\s\S]*Box/);
      assert.doesNotMatch(await page.innerText("#help"), /Wheel|Click/);
      await look(page, `touch-help-400-${theme}`);
    }
    const desk = await visit.open();
    await desk.click("#help-open");
    assert.doesNotMatch(await desk.innerText("#help"), /finger/);
    assert.match(await desk.innerText("#help"), /Drag[\s\S]*Wheel[\s\S]*Click/);
  });

  for (const theme of /** @type {const} */ (["light", "dark"])) {
    test(`a pinch in pictures (${theme})`, async () => {
      visit.serve(busyMatrix(64, 300));
      const page = await visit.open({ ...PHONE, theme, scale: 2 });
      const hand = await Hand.on(page);
      await look(page, `touch-400-1-before-${theme}`);
      await hand.pinch(await around(page, [0.45, 0.6], 0.2), await around(page, [0.45, 0.6], 0.6));
      await look(page, `touch-400-2-during-${theme}`);
      await moves(page, () => hand.liftAll());
      await hand.tap((await places(page, [0.4, 0.55]))[0]);
      await page.waitForFunction(() => location.hash.includes("pin="));
      await settled(page);
      await look(page, `touch-400-3-after-${theme}`);
      await page.locator("#boxes").tap();
      const [from, to] = await places(page, [0.2, 0.2], [0.8, 0.5]);
      await hand.put(0, from);
      await hand.slide({ 0: to });
      await look(page, `touch-400-4-box-${theme}`);
    });
  }
});
