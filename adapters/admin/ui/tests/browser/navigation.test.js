// @ts-check
/** Moving in the map: boxes, wheel, panning, the way back; and what is drawn beside and over the picture. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bufferOf, noBrowser, settled } from "../support/browser.js";
import { fixed } from "../support/server.js";
import { everyLook, look } from "../support/looks.js";
import { LAST, Visit, at, choice, until } from "../support/visit.js";
import { STEP, base64, busyMatrix, columns, matrix, status, wireRow } from "../support/answers.js";
import { base64url } from "../../src/key.js";
import { onConflictLine, onGapLine } from "../../src/heatmap.js";
import { paletteFor, pixelOf } from "../../src/palette.js";

const skip = noBrowser();
const calm = busyMatrix(16, 300);
const keyOfRow = (/** @type {number} */ row) => base64url(Buffer.from(String(calm.rows[row].start), "base64"));

describe("navigation", { skip }, () => {
  const visit = new Visit("tz=utc&refresh=60");
  const { server, browser } = visit;

  /** @param {import("playwright-core").Page} page @param {[number, number]} from @param {[number, number]} to @returns {Promise<void>} */
  async function drag(page, from, to) {
    await page.mouse.move(...(await at(page, ...from)));
    await page.mouse.down();
    await page.mouse.move(...(await at(page, (from[0] + to[0]) / 2, (from[1] + to[1]) / 2)));
    await page.mouse.move(...(await at(page, ...to)));
  }
  const shownRows = (/** @type {import("playwright-core").Page} */ page, /** @type {number} */ rows) =>
    page.waitForFunction((count) => [...document.querySelectorAll("#accounts dt")].find((name) => /^(Rows|Ranges)$/.test(name.textContent ?? ""))?.nextElementSibling?.textContent === String(count), rows);

  test("a box zooms both axes and asks anew; Backspace goes back, R to the whole", async () => {
    visit.serve(calm);
    const page = await visit.open();
    await drag(page, [0.25, 4.2 / 16], [0.75, 7.8 / 16]);
    assert.equal(await page.isVisible("#brush"), true);
    await look(page, "brush-light");
    await page.mouse.up();
    assert.equal(await page.isVisible("#brush"), false);
    await shownRows(page, 4);
    const zoomed = choice(page);
    const times = () => page.evaluate(() => ({
      chosen: /** @type {HTMLInputElement | null} */ (document.querySelector("#range input:checked"))?.value,
      open: !(/** @type {HTMLElement} */ (document.getElementById("custom")).hidden),
      from: /** @type {HTMLInputElement} */ (document.getElementById("custom-from")).value,
    }));
    const formed = async () => {
      const { chosen, open, from } = await times();
      assert.deepEqual([chosen, open, Date.parse(`${from}Z`)], ["custom", true, Date.parse(String(choice(page).get("from")))], "the form has the times of the address");
    };
    const closed = async () => assert.deepEqual((({ chosen, open }) => [chosen, open])(await times()), ["5m", false], "no times are chosen");
    await formed();
    assert.deepEqual([zoomed.get("start"), zoomed.get("end")], [keyOfRow(4), keyOfRow(8)], "whole rows");
    const [from, to] = [Date.parse(String(zoomed.get("from"))), Date.parse(String(zoomed.get("to")))];
    const ms = 300 * STEP;
    assert.ok(Math.abs(from - (LAST - 0.75 * ms)) <= 2 * STEP && Math.abs(to - (LAST - 0.25 * ms)) <= 2 * STEP, `${from} ${to}`);
    assert.deepEqual([visit.asked().at(-1)?.query.get("start"), visit.asked().at(-1)?.query.get("end")], [keyOfRow(4), keyOfRow(8)]);
    assert.equal(choice(page).has("pin"), false, "a box pins nothing");

    // A flat box zooms time alone, a narrow one keys alone.
    await drag(page, [0.2, 0.5], [0.6, 0.501]);
    await page.mouse.up();
    await page.waitForFunction((before) => new URLSearchParams(location.hash.slice(1)).get("from") !== before, zoomed.get("from"));
    assert.equal(choice(page).get("start"), keyOfRow(4));
    const narrow = choice(page);
    await settled(page);
    await formed();
    await drag(page, [0.5, 0.3], [0.501, 0.7]);
    await page.mouse.up();
    await shownRows(page, 2);
    assert.deepEqual([choice(page).get("from"), choice(page).get("to")], [narrow.get("from"), narrow.get("to")]);

    await page.keyboard.press("Backspace");
    await shownRows(page, 4);
    await page.keyboard.press("Backspace");
    await page.waitForFunction((from) => new URLSearchParams(location.hash.slice(1)).get("from") === from, zoomed.get("from"));
    await settled(page);
    await formed();
    await page.click("#undo");
    await shownRows(page, 16);
    assert.equal(new URL(page.url()).hash, "#tz=utc&refresh=60");
    await closed();
    assert.equal(await page.isDisabled("#undo"), true);
    await drag(page, [0.1, 0.1], [0.3, 0.4]);
    await page.mouse.up();
    await page.waitForFunction(() => location.hash.includes("start="));
    await page.keyboard.press("r");
    await shownRows(page, 16);
    assert.equal(new URL(page.url()).hash, "#tz=utc&refresh=60");
    await closed();
    assert.deepEqual(browser.complaints, []);
  });

  test("until the part that is zoomed to is answered, the page says that it is loading, and shows what it has", async () => {
    visit.serve(calm);
    const page = await visit.open({ fragment: "tz=utc" });
    const answers = server.answers;
    server.answers = (asked) => (asked.query.has("start") ? "hang" : answers(asked));
    await drag(page, [0.25, 4.2 / 16], [0.75, 7.8 / 16]);
    await page.mouse.up();
    await page.waitForFunction(() => document.querySelector("#live-text")?.textContent === "loading this part");
    assert.equal(await page.isVisible("#picture"), true);
    server.answers = answers;
    await page.click("#now");
    await page.waitForFunction(() => document.querySelector("#live-text")?.textContent?.startsWith("live"));
  });

  test("a part without load says so, of its keys alone, and leads one step back", async () => {
    const idle = { ...calm, rows: calm.rows.map((/** @type {any} */ row, /** @type {number} */ i) => (i < 4 || i > 7 ? row : { ...row, values: row.values.map(() => 0) })) };
    visit.serve(idle);
    const page = await visit.open({ fragment: "series=reads&tz=utc&refresh=60" });
    const all = visit.asked().length;
    await drag(page, [0.25, 4.2 / 16], [0.75, 7.8 / 16]);
    await page.mouse.up();
    await page.waitForFunction(() => document.querySelector("#message h2")?.textContent === "No reads in this part of the map");
    const others = visit.asked().slice(all).map((one) => one.query);
    assert.deepEqual([...new Set(others.map((query) => `${query.get("start")} ${query.get("end")}`))], [`${keyOfRow(4)} ${keyOfRow(8)}`], "another series with load elsewhere is none here");
    assert.ok(others.some((query) => query.get("series") === "writes"));
    await look(page, "no-load-part-light");
    await page.click("#message .actions button");
    await shownRows(page, 16);
    assert.equal(await page.isVisible("#message"), false);
    assert.equal(new URL(page.url()).hash, "#series=reads&tz=utc&refresh=60");
  });

  test("a box that is given up changes nothing", async () => {
    visit.serve(calm);
    const page = await visit.open();
    await drag(page, [0.25, 0.2], [0.75, 0.6]);
    await page.keyboard.press("Escape");
    assert.equal(await page.isVisible("#brush"), false);
    await page.mouse.up();
    await page.waitForTimeout(300);
    assert.equal(new URL(page.url()).hash, "#tz=utc&refresh=60");
  });

  test("the wheel zooms where the pointer is, at once, and asks when it rests; Shift time alone, Alt keys alone", async () => {
    visit.serve(calm);
    const page = await visit.open({ clock: true });
    const first = visit.asked().length;
    const coarse = (await bufferOf(page)).data;
    await page.evaluate(() => {
      const turned = { wheelPx: 0 };
      addEventListener("wheel", (event) => (turned.wheelPx += event.deltaY));
      Object.assign(window, turned, { turned });
    });
    let sent = 0;
    const turn = async (/** @type {number} */ times) => {
      for (let i = 0; i < times; i += 1) await page.mouse.wheel(0, -120);
      sent -= 120 * times;
      await page.waitForFunction((px) => /** @type {any} */ (window).turned.wheelPx === px, sent);
    };
    await page.mouse.move(...(await at(page, 0.5, 0.5)));
    await turn(4);
    await visit.pass(page, 20);
    assert.notDeepEqual((await bufferOf(page)).data, coarse, "it moves before anything is asked");
    await visit.pass(page, 150);
    await turn(1);
    await visit.pass(page, 170);
    assert.equal(choice(page).has("start"), false, "it rests when it has not turned for a while");
    await visit.pass(page, 1000);
    assert.equal(choice(page).has("start"), true);
    assert.equal(visit.asked().length, first + 1, "asked once, whatever the number of turns");
    const zoomed = choice(page);
    const middle = (Date.parse(String(zoomed.get("from"))) + Date.parse(String(zoomed.get("to")))) / 2;
    assert.ok(Math.abs(middle - (LAST - 150 * STEP)) <= 3 * STEP, "about the pointer");
    await page.clock.resume();
    await page.keyboard.press("r");
    await shownRows(page, 16);
    await settled(page);
    await page.mouse.move(...(await at(page, 0.5, 0.4)));
    await page.keyboard.down("Alt");
    await page.mouse.wheel(0, -400);
    await page.keyboard.up("Alt");
    await page.waitForFunction(() => location.hash.includes("start="));
    assert.equal(choice(page).has("from"), false, "time stays as it was");
    await page.keyboard.press("r");
    await shownRows(page, 16);
    await settled(page);
    await page.mouse.move(...(await at(page, 0.5, 0.6)));
    await page.keyboard.down("Shift");
    await page.mouse.wheel(0, -400);
    await page.keyboard.up("Shift");
    await page.waitForFunction(() => location.hash.includes("from="));
    assert.equal(choice(page).has("start"), false, "keys stay as they were");
    assert.deepEqual(browser.complaints, []);
  });

  test("zooming out and panning go over the picture that was there before, to its edges and no further", async () => {
    visit.serve(calm);
    const page = await visit.open();
    await drag(page, [0.4, 6.1 / 16], [0.6, 9.9 / 16]);
    await page.mouse.up();
    await shownRows(page, 4);
    await settled(page);
    await page.keyboard.down("Shift");
    await drag(page, [0.5, 0.2], [0.5, 0.7]);
    await page.mouse.up();
    await page.keyboard.up("Shift");
    await page.waitForFunction((start) => new URLSearchParams(location.hash.slice(1)).get("start") !== start, keyOfRow(6));
    await settled(page);
    assert.deepEqual([choice(page).get("start"), choice(page).get("end")], [keyOfRow(4), keyOfRow(8)], "two rows up, as far as the hand moved");
    // The middle button does the same, and two rows down leads back.
    await page.mouse.move(...(await at(page, 0.5, 0.7)));
    await page.mouse.down({ button: "middle" });
    await page.mouse.move(...(await at(page, 0.5, 0.4)));
    await page.mouse.move(...(await at(page, 0.5, 0.2)));
    await page.mouse.up({ button: "middle" });
    await page.waitForFunction((start) => new URLSearchParams(location.hash.slice(1)).get("start") === start, keyOfRow(6));
    await settled(page);
    assert.deepEqual([choice(page).get("start"), choice(page).get("end"), choice(page).has("pin")], [keyOfRow(6), keyOfRow(10), false]);
    const before = choice(page);
    await page.keyboard.press("Shift+ArrowLeft");
    await page.waitForFunction((from) => new URLSearchParams(location.hash.slice(1)).get("from") !== from, before.get("from"));
    const step = Date.parse(String(before.get("from"))) - Date.parse(String(choice(page).get("from")));
    assert.ok(Math.abs(step - 0.2 * 60 * STEP) <= 2 * STEP, `${step}`);
    await settled(page);
    await page.mouse.move(...(await at(page, 0.5, 0.5)));
    for (let i = 0; i < 12; i += 1) await page.mouse.wheel(0, 300);
    await shownRows(page, 16);
    await page.waitForFunction(() => !/(start|end)=/.test(location.hash));
    assert.ok(Date.parse(String(choice(page).get("from") ?? new Date(LAST - 300 * STEP).toISOString())) >= LAST - 300 * STEP - STEP, "not before history");
    assert.deepEqual(browser.complaints, []);
  });

  test("plus and minus zoom; a link to a part of the map shows it, and R leads to all of it", async () => {
    visit.serve(calm);
    const page = await visit.open({ fragment: `tz=utc&refresh=60&start=${keyOfRow(4)}&end=${keyOfRow(12)}` });
    await shownRows(page, 8);
    assert.equal(visit.asked()[0].query.get("start"), keyOfRow(4));
    await page.focus("#picture");
    await page.keyboard.press("+");
    await shownRows(page, 4);
    await settled(page);
    await page.keyboard.press("-");
    await shownRows(page, 8);
    await page.keyboard.press("R");
    await settled(page);
    await page.keyboard.press("R");
    await shownRows(page, 16);
  });

  test("help lists the keys, by button and by question mark", async () => {
    visit.serve(calm);
    const page = await visit.open();
    await page.keyboard.press("?");
    assert.equal(await page.isVisible("#help"), true);
    assert.match(await page.innerText("#help"), /Backspace[\s\S]*one step back/);
    await everyLook(page, "help");
    await page.keyboard.press("Escape");
    assert.equal(await page.isVisible("#help"), false);
    await page.click("#help-open");
    await page.click("#help button");
    assert.equal(await page.isVisible("#help"), false);
  });

  test("palettes and brightness change the colours; a scale that is kept is the same in every view", async () => {
    visit.serve(calm);
    const page = await visit.open({ theme: "dark" });
    const colours = new Set([JSON.stringify((await bufferOf(page)).data.slice(0, 4000))]);
    for (const palette of ["viridis", "cividis"]) {
      await page.selectOption("#palette", palette);
      await settled(page);
      colours.add(JSON.stringify((await bufferOf(page)).data.slice(0, 4000)));
      await look(page, `palette-${palette}-dark`);
    }
    assert.equal(colours.size, 3);
    await page.focus("#brightness");
    for (let i = 0; i < 3; i += 1) await page.keyboard.press("ArrowRight");
    await page.waitForFunction(() => location.hash.includes("bright=3"));
    assert.match(String(await page.getAttribute("#brightness", "aria-valuetext")), /3 brighter/);
    const scale = () => page.innerText(".ramp-ticks");
    await page.check("#fixed");
    const kept = await scale();
    assert.match(new URL(page.url()).hash, /fix=\d+,\d+/);
    await page.check("#series input[value=read_bytes]");
    await drag(page, [0.05, 1.1 / 16], [0.2, 2.9 / 16]);
    await page.mouse.up();
    await shownRows(page, 2);
    assert.equal((await scale()).replaceAll(" B", "").replaceAll(" kB", " k"), kept.replaceAll(" B", ""), "the same ends");
    await page.uncheck("#fixed");
    await settled(page);
    assert.notEqual((await scale()).replaceAll("B", ""), kept, "free again, it follows the picture");
  });

  test("the margins are the sums: of all rows over time, of each row over all the time", async () => {
    const rows = [10, 40, 20, 30].map((value, i) => wireRow({ bucket_id: `route:${i}`, start: base64(`k${i}`), end: base64(`k${i + 1}`), values: Array.from({ length: 60 }, (_, c) => (c < 30 ? value : 2 * value)) }));
    server.answers = fixed(status({ history_from_unix_ms: LAST - 60 * STEP }), matrix(columns(60, () => "complete"), rows));
    const page = await visit.open({ fragment: "range=all&refresh=60" });
    const high = async (/** @type {string} */ id) => {
      const { width, height, data } = await bufferOf(page, id);
      const ground = pixelOf(paletteFor("light").ground.outside);
      return { width, height, filled: (/** @type {number} */ x, /** @type {number} */ y) => data[y * width + x] !== ground };
    };
    const across = await high("column-sums");
    const column = (/** @type {number} */ x) => Array.from({ length: across.height }, (_, y) => across.filled(x, y)).filter((one) => one).length;
    assert.deepEqual([column(Math.floor(across.width * 0.25)), column(Math.floor(across.width * 0.75))], [Math.round(across.height / 2), across.height]);
    const down = await high("row-sums");
    const row = (/** @type {number} */ at) => Array.from({ length: down.width }, (_, x) => down.filled(x, Math.floor(((at + 0.5) * down.height) / 4))).filter((one) => one).length;
    assert.deepEqual([0, 1, 2, 3].map(row), [10, 40, 20, 30].map((value) => Math.round((value / 40) * down.width)));
    assert.match(String(await page.getAttribute("#column-sums", "title")), /at most 200 ops\/s/);
    assert.match(String(await page.getAttribute("#row-sums", "title")), /at most 60 ops\/s/);
  });

  test("what the host annotated is a tick at its time and a line in the list, as text", async () => {
    const hostile = "<img src=x onerror=\"document.title='owned'\">";
    const events = { events: [
      { at_unix_ms: LAST - 150 * STEP, kind: "split", text: "route 7 at m", number: 1 },
      { at_unix_ms: LAST - 75 * STEP, kind: "leader_change", text: hostile, number: 2 },
      { at_unix_ms: LAST - 9000 * STEP, kind: "deploy", text: "long ago", number: 0 },
    ] };
    visit.serve(calm, { events });
    const page = await visit.open();
    const lane = await page.locator("#events").boundingBox();
    const ticks = await page.evaluate(() => [...document.querySelectorAll("#events i")].map((tick) => {
      const box = tick.getBoundingClientRect();
      return [(box.left + box.right) / 2, /** @type {HTMLElement} */ (tick).title];
    }));
    assert.equal(ticks.length, 2);
    for (const [i, part] of [0.5, 0.75].entries()) assert.ok(Math.abs(Number(ticks[i][0]) - ((lane?.x ?? 0) + part * (lane?.width ?? 0))) < 2, `${ticks[i]}`);
    assert.match(String(ticks[0][1]), /^2026-11-21 03:10:01 +split: route 7 at m$/);
    const listed = await page.innerText("#events-list");
    assert.match(listed, /leader change: <img src=x[\s\S]*split: route 7 at m/);
    assert.doesNotMatch(listed, /long ago/);
    await everyLook(page, "events");
    assert.deepEqual(browser.complaints, []);
  });

  test("many events of a kind are one line that opens, a note stands among them, and kinds are hidden by the link", async () => {
    const single = Array.from({ length: 40 }, (_, i) => ({ at_unix_ms: LAST - (200 - i) * STEP, kind: "split", text: `route ${i} into ${i + 1}, ${i + 2}`, number: i, own: true }));
    const line = (/** @type {number} */ from, /** @type {number} */ to) => ({
      ...single[from], text: `×${to - from}, routes ${from} … ${to - 1}`, changes: to - from, fold: { events: to - from, last_unix_ms: single[to - 1].at_unix_ms },
    });
    const note = { at_unix_ms: LAST - 190 * STEP, kind: "note", text: "drained rack 7", number: 90 };
    // Told by the store, in the midst of what the second line stands for.
    const told = { at_unix_ms: LAST - 180 * STEP, kind: "split", text: "by hand", number: 91 };
    const others = Array.from({ length: 9 }, (_, i) => ({ at_unix_ms: LAST - (90 - i) * STEP, kind: "merge", text: `routes ${i}`, number: 50 + i, own: true }));
    /** @type {URLSearchParams[]} */
    const opened = [];
    visit.serve(calm, { events: (/** @type {URLSearchParams} */ query) => {
      if (query.get("kind") === null) return { status: 200, body: { events: [line(0, 20), note, line(20, 40), told, ...others] } };
      opened.push(query);
      const within = (/** @type {{at_unix_ms: number}} */ { at_unix_ms: at }) => at >= Number(query.get("from_unix_ms")) && at < Number(query.get("to_unix_ms"));
      return { status: 200, body: { events: [...single, told].filter(within) } };
    } });
    const page = await visit.open({ fragment: "tz=utc&refresh=1" });
    assert.equal(visit.asked("events")[0].query.get("fold_ms"), "10000", "five minutes have 30 spans");
    const list = page.locator("#events-list");
    const lines = () => list.locator(":scope > li").allInnerTexts();
    await page.waitForSelector("#events-list li");
    const first = await lines();
    assert.equal(first.length, 9, "eight lines and what leads to more");
    assert.ok(first.some((text) => text.includes("note: drained rack 7")) && first.some((text) => text.includes("split: by hand")), first.join());
    await list.getByRole("button", { name: "5 more" }).click();
    assert.equal((await lines()).length, 14);
    const line40 = list.getByRole("button", { name: "split: ×20, routes 20 … 39" });
    assert.equal(await line40.getAttribute("aria-expanded"), "false");
    await line40.click();
    await page.waitForSelector("#events-list ol li");
    assert.equal(await line40.getAttribute("aria-expanded"), "true");
    assert.deepEqual([opened.length, opened[0].get("kind"), opened[0].get("fold_ms"), Number(opened[0].get("from_unix_ms")), Number(opened[0].get("to_unix_ms"))], [1, "split", "0", single[20].at_unix_ms, single[39].at_unix_ms + 1]);
    const inside = await list.locator("ol li").allInnerTexts();
    assert.equal(inside.length, 20, "what the store told is a line of its own");
    assert.match(inside[0], /route 20 into 21, 22/);
    // It stays open, and the hand on it, while the page goes on asking.
    const before = visit.asked("events").length;
    await line40.focus();
    await until(() => visit.asked("events").length > before + 1, "the page asks again");
    assert.equal(await list.locator("ol li").count(), 20);
    assert.equal(await page.evaluate(() => document.activeElement?.textContent), "split: ×20, routes 20 … 39");
    await everyLook(page, "events-many");
    await line40.click();
    await page.waitForFunction(() => document.querySelector("#events-list ol") === null);
    const ticks = (/** @type {string} */ kind) => page.locator(`#events i.${kind}`).count();
    assert.deepEqual([await ticks("told"), (await ticks("own")) > 0], [2, true]);
    const kinds = page.locator("#events-kinds button");
    assert.deepEqual(await kinds.allInnerTexts(), ["note 1", "merge 9", "split 41"], "the rarest first");
    await kinds.nth(2).click();
    assert.equal(await kinds.nth(2).getAttribute("aria-pressed"), "false");
    assert.match(await page.evaluate(() => location.hash), /hide=split/);
    assert.ok(!(await lines()).some((text) => text.includes("split")));
    assert.equal(await ticks("told"), 1);
    const again = await visit.open({ fragment: (await page.evaluate(() => location.hash)).slice(1) });
    await again.waitForSelector("#events-list li");
    assert.ok(!(await again.innerText("#events-list")).includes("split"), "the link keeps what is hidden");
    await again.locator("#events-kinds button").nth(2).click();
    assert.ok((await again.innerText("#events-list")).includes("by hand"));
    assert.deepEqual(browser.complaints, []);
  });

  test("a server without annotations is asked for them once", async () => {
    visit.serve(calm);
    const page = await visit.open({ fragment: "" });
    await until(() => visit.asked().length >= 3, "three pictures are asked for");
    await page.click("#pause");
    await visit.quiet(page);
    assert.equal(visit.asked("events").length, 1);
  });

  for (const theme of /** @type {const} */ (["light", "dark"])) {
    test(`estimates are stippled, what is lacking is struck out, conflicts are latticed, and the legend says so (${theme})`, async () => {
      const of = (/** @type {number} */ i, /** @type {Record<string, unknown>} */ more) => ({ ...wireRow({ bucket_id: `range:${i}@a`, start: base64(`k${i}`), end: base64(`k${i + 1}`), values: new Array(60).fill(100) }), ...more });
      const half = Array.from({ length: 60 }, (_, i) => i >= 30);
      const marked = matrix(columns(60, () => "complete"), [of(0, {}), of(1, { estimated: half }), of(2, { missing: half }), of(3, { conflict: true, conflicts: half })], { axis: "range" });
      server.answers = fixed(status({ history_from_unix_ms: LAST - 60 * STEP }), marked);
      const page = await visit.open({ fragment: "range=all&refresh=60&tz=utc", theme });
      const { width, height, data } = await bufferOf(page);
      const { ground, lattice } = paletteFor(theme);
      const plain = data[Math.floor(height / 8) * width + 5];
      const band = (/** @type {number} */ row) => {
        const found = new Map();
        const y0 = Math.floor((row * height) / 4) + 2;
        for (let y = y0; y < y0 + 24; y += 1) for (let x = Math.floor(width * 0.6); x < Math.floor(width * 0.6) + 24; x += 1) found.set(data[y * width + x], (found.get(data[y * width + x]) ?? 0) + 1);
        return found;
      };
      assert.deepEqual([...band(0).keys()], [plain]);
      const dots = band(1).get(pixelOf(ground.openInk)) ?? 0;
      assert.ok(dots >= 16 && dots <= 36, `${dots} dots`);
      const [y2, y3] = [Math.floor(height * 0.6), Math.floor(height * 0.9)];
      for (let x = Math.floor(width * 0.6); x < width; x += 1) {
        assert.equal(data[y2 * width + x] === pixelOf(ground.openInk), onGapLine(x, y2, 6), "struck out like a gap");
        assert.equal(data[y3 * width + x] === lattice[255], onConflictLine(x, y3, 12));
        assert.equal(data[y3 * width + x - Math.floor(width * 0.58)], plain, "only where it is so");
      }
      const text = await page.innerText("#side");
      for (const words of [/estimated share/, /part lacking/, /nodes disagree/, /Estimated cells\s*30 of 240/, /Cells in conflict\s*30/, /Cells lacking a node\s*30/]) assert.match(text, words);
      await page.mouse.move(...(await at(page, 0.8, 0.9)));
      assert.match(await page.innerText("#cell"), /Nodes\s*disagree here/);
      await look(page, `marks-${theme}`);
      await page.mouse.move(...(await at(page, 0.2, 0.9)));
      assert.match(await page.innerText("#cell"), /Nodes\s*disagree on other cells of this row/);
    });
  }

  test("the legend explains what is in the picture, and nothing else", async () => {
    visit.serve(calm);
    let page = await visit.open({ fragment: "range=5m&refresh=60" });
    const legend = () => page.evaluate(() => [...document.querySelectorAll("#legend .swatches div")].map((one) => one.textContent));
    assert.deepEqual(await legend(), ["nothing counted", "open window"]);
    server.answers = fixed(status({ history_from_unix_ms: LAST - 60 * STEP }), busyMatrix(16, 60, (i) => (i === 59 ? "open" : i === 7 ? "missing" : i === 9 ? "late" : "complete")));
    page = await visit.open({ fragment: `from=${new Date(LAST - 90 * STEP).toISOString()}&to=${new Date(LAST).toISOString()}&refresh=60` });
    assert.deepEqual(await legend(), ["nothing counted", "gap, not recorded", "open window", "late column", "outside history"]);
  });

  test("time is linear whatever the columns' widths", async () => {
    const wide = columns(60, () => "complete");
    // The older half is kept at ten times the step.
    const ends = Array.from({ length: 36 }, (_, i) => (i < 6 ? LAST - 30 * STEP - (5 - i) * 10 * STEP - 10 * STEP + 10 * STEP : LAST - (35 - i) * STEP));
    const starts = ends.map((end, i) => (i < 6 ? end - 10 * STEP : end - STEP));
    const tiered = matrix({ ...wide, column_unix_ms: ends, column_start_unix_ms: starts, column_covers_from_unix_ms: starts, column_covers_to_unix_ms: ends, column_state: ends.map(() => "complete"), column_nodes: ends.map(() => 1) },
      [wireRow({ bucket_id: "route:1", values: ends.map((_, i) => (i === 2 ? 5000 : i === 20 ? 500 : i < 6 ? 10 : 1)) })]);
    server.answers = fixed(status({ history_from_unix_ms: starts[0] }), tiered);
    const page = await visit.open({ fragment: `from=${new Date(starts[0]).toISOString()}&to=${new Date(LAST).toISOString()}&refresh=60` });
    const { width, data } = await bufferOf(page);
    const level = (/** @type {number} */ ms) => data[10 * width + Math.floor(((ms - starts[0]) / (LAST - starts[0])) * width)];
    const hot = level(starts[2] + 5 * STEP);
    assert.deepEqual([starts[2] + 100, ends[2] - 100].map(level), [hot, hot], "ten steps wide");
    assert.notEqual(level(ends[2] + 100), hot);
    assert.equal(level(starts[20] + 500), hot, "500 in a second is as hot as 5000 in ten");
    assert.notEqual(level(ends[20] + 100), hot);
  });

  test("under a moving hand texts move and are not made anew, and no answer is asked for", async () => {
    visit.serve(busyMatrix(1024, 300));
    const page = await visit.open({ clock: true });
    const asked = visit.asked().length;
    const made = await page.evaluate(() => {
      const canvas = /** @type {HTMLCanvasElement} */ (document.getElementById("picture"));
      const box = canvas.getBoundingClientRect();
      /** @type {string[]} */
      const seen = [];
      const texts = new MutationObserver((changes) => seen.push(...changes.flatMap((one) => [...one.addedNodes].map((node) => node.textContent ?? ""))));
      for (const id of ["keys", "times", "zone-note", "before", "events", "phases", "prefix"]) texts.observe(/** @type {Node} */ (document.getElementById(id)), { childList: true, subtree: true, characterData: true });
      Object.assign(window, { texts, seen });
      const first = document.querySelector("#keys span");
      const wheel = (/** @type {number} */ deltaY) => canvas.dispatchEvent(new WheelEvent("wheel", { deltaY, clientX: box.left, clientY: box.top, bubbles: true, cancelable: true }));
      Object.assign(window, { wheel, first });
      return document.querySelectorAll("#keys span").length;
    });
    assert.ok(made > 15, `${made} labels`);
    const transforms = () => page.evaluate(() => [...document.querySelectorAll("#keys span")].map((one) => /** @type {HTMLElement} */ (one).style.transform).join());
    const before = await transforms();
    // From all rows to nearly half of them, about the upper left corner: the labels there are go on being labels.
    for (let turn = 0; turn < 10; turn += 1) {
      await page.evaluate(() => /** @type {any} */ (window).wheel(-30));
      await page.clock.runFor(16);
    }
    assert.notEqual(await transforms(), before, "they move");
    const { seen, same } = await page.evaluate(() => {
      const { seen, texts, first } = /** @type {any} */ (window);
      seen.push(...texts.takeRecords().flatMap((/** @type {MutationRecord} */ one) => [...one.addedNodes].map((node) => node.textContent)));
      return { seen, same: document.querySelector("#keys span") === first };
    });
    assert.ok(same);
    assert.ok(seen.length < made, `${seen.length} made anew: ${seen.join(", ")}`);
    assert.equal(visit.asked().length, asked);
  });

  test("keys under common prefixes are grouped, in the format that is chosen", async () => {
    const keys = ["", "tenant-a/orders/1", "tenant-a/orders/2", "tenant-a/orders/3", "tenant-b/carts/1", "tenant-b/carts/2", "tenant-b/users/9", "tenant-c"];
    visit.serve(matrix(columns(300), keys.map((key, i) => wireRow({ bucket_id: `route:${i}`, start: key === "" ? null : base64(key), end: i + 1 < keys.length ? base64(keys[i + 1]) : null, values: new Array(300).fill(10 + i) }))));
    const page = await visit.open();
    const texts = (/** @type {string} */ tag) => page.evaluate((name) => [...document.querySelectorAll(`#keys ${name}`)].map((one) => one.textContent), tag);
    assert.deepEqual(await texts("b"), ["a/orders/", "b/"]);
    assert.deepEqual(await texts("span"), ["(lowest key)", "…1", "…2", "…3", "…carts/1", "…carts/2", "…users/9", "…c"]);
    assert.match(await page.innerText("#prefix"), /^tenant-…$/);
    await look(page, "groups-light");
    await page.selectOption("#format", "hex");
    await page.waitForFunction(() => document.querySelector("#prefix")?.textContent === "0x74656e616e742d…");
    assert.deepEqual((await texts("span")).slice(0, 3), ["(lowest key)", "…612f6f72646572732f31", "…612f6f72646572732f32"], "what is seen is what tells keys apart");
    assert.deepEqual(await texts("b"), []);
    assert.equal(choice(page).get("keys"), "hex");
    await page.mouse.move(...(await at(page, 0.99, 1.5 / 8)));
    assert.match(await page.innerText("#cell .key"), /^0x74656e616e742d61/);
    // 17 bytes are two numbers and a rest, or a UUID and a rest.
    for (const [format, text] of [["u64be", "8387231245791407457/3418076417721791279/0x31"], ["uuid", "74656e61-6e74-2d61-2f6f-72646572732f/0x31"]]) {
      await page.selectOption("#format", format);
      await page.waitForFunction((wanted) => document.querySelector("#cell .key")?.textContent === wanted, text);
      assert.equal(choice(page).get("keys"), format);
    }
  });
});
