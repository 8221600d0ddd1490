// @ts-check
/** Using the page: pointing, keyboard, copying, tokens, fragments, ranges, refresh; and keys that want to do harm. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { noBrowser } from "../support/browser.js";
import { fixed } from "../support/server.js";
import { look } from "../support/looks.js";
import { LAST, Visit, at, until } from "../support/visit.js";
import { NOW, STEP, base64, busyMatrix, columns, matrix, status, wireRow } from "../support/answers.js";

const skip = noBrowser();
const calm = busyMatrix(16, 300);

describe("use", { skip }, () => {
  const visit = new Visit("");
  const { server, browser } = visit;
  const hash = (/** @type {import("playwright-core").Page} */ page) => new URL(page.url()).hash;

  test("pointing at a cell tells rate, count, time, key range and route", async () => {
    server.answers = fixed(status(), calm);
    const page = await visit.open({ zone: "Asia/Kolkata" });
    const [x, y] = await at(page, 0.5, 10.5 / 16);
    await page.mouse.move(x, y);
    const text = await page.innerText("#cell");
    const value = calm.rows[10].values[150];
    assert.match(text, new RegExp(`${value.toLocaleString("en-US")} ops in 1 s`));
    assert.match(text, /orders\/eu\/customer-06250[\s\S]*orders\/eu\/customer-06875/);
    assert.match(text, /2026-11-21 08:40:01 – 08:40:02/, "in the reader's zone");
    assert.match(text, /Route\s*11\b/);
    await page.check("#zone input[value=utc]");
    await page.mouse.move(x, y + 1);
    assert.match(await page.innerText("#cell"), /2026-11-21 03:10:01 – 03:10:02/);
    assert.match(await page.innerText("#zone-note"), /UTC/);
    assert.equal(hash(page), "#tz=utc");
    // A click pins it, the same click lets it go.
    await page.mouse.click(x, y + 1);
    assert.equal(new URLSearchParams(hash(page).slice(1)).get("pin"), "route:11");
    await page.mouse.move(x - 200, y - 200);
    assert.match(await page.innerText("#cell"), /pinned[\s\S]*customer-06250/);
    await page.mouse.click(x, y + 1);
    assert.equal(hash(page), "#tz=utc");
    await page.mouse.move(5, 5);
    assert.match(await page.innerText("#cell"), /Point at the picture/);
    assert.deepEqual(browser.complaints, []);
  });

  test("the keyboard moves from cell to cell, pins and lets go, and is spoken", async () => {
    server.answers = fixed(status(), calm);
    const page = await visit.open({ fragment: "tz=utc" });
    await page.focus("#picture");
    for (const key of ["Home", "PageUp", "PageUp", "ArrowDown", "ArrowRight"]) await page.keyboard.press(key);
    assert.match(await page.innerText("#cell"), /customer-00625[\s\S]*customer-01250/);
    assert.match(await page.innerText("#cell-spoken"), /ops\/s, from orders\/eu\/customer-00625 to .*2026-11-21 03:07:32 – 03:07:33, complete/);
    await page.keyboard.press("Enter");
    const pinned = new URLSearchParams(hash(page).slice(1));
    assert.equal(pinned.get("pin"), "route:2");
    const [x, y] = await at(page, 0.9, 0.9);
    await page.mouse.move(x, y);
    assert.match(await page.innerText("#cell"), /pinned[\s\S]*customer-00625/, "a pinned cell stays while the pointer moves");
    await look(page, "pinned-light");
    await page.keyboard.press("Escape");
    assert.doesNotMatch(hash(page), /pin/);
    await page.keyboard.press("End");
    assert.match(await page.innerText("#cell"), /open, still growing/);
  });

  test("every control is reached by Tab and has a name", async () => {
    server.answers = fixed(status(), calm);
    const page = await visit.open();
    /** @type {string[]} */
    const reached = [];
    for (let i = 0; i < 45; i += 1) {
      await page.keyboard.press("Tab");
      const one = await page.evaluate(() => {
        const element = /** @type {any} */ (document.activeElement);
        return `${element.id || element.name || element.tagName}:${(element.labels?.[0]?.textContent || element.ariaLabel || element.textContent || "").trim().slice(0, 20)}`;
      });
      reached.push(one);
    }
    for (const name of ["skip", "refresh", "pause", "now", "goto-open", "help-open", "theme", "palette", "brightness", "fixed", "format", "series", "range", "zone", "scale", "rows", "picture"]) {
      const found = reached.find((one) => one.startsWith(`${name}:`));
      assert.ok(found && found.length > name.length + 1, `${name} in ${reached}`);
    }
  });

  test("keys that want to do harm are shown as what they are", async () => {
    const image = "<img src=x onerror=\"document.title='owned'\">";
    const keys = ["</script><script>document.title='owned'</script>", image, "a\u001b]0;owned\u0007\u001b[31mred", "abc\u202egnp.exe", "k".repeat(3000), "zz\u0000\u0000end"];
    const rows = keys.map((key, i) => wireRow({ bucket_id: `route:${i}`, start: base64(key), end: base64(keys[i + 1] ?? key), label: i === 1 ? "<b>label</b>" : undefined, values: new Array(300).fill(10 + i) }));
    server.answers = fixed(status({ title: image, notice: { id: "x", title: image, text: image, since_unix_ms: NOW - 9000, until_unix_ms: null } }), matrix(columns(300), rows));
    const page = await visit.open({ fragment: `pin=${encodeURIComponent(image)}&at=5` });
    const expected = ["</script><script>document.title='owned'</script>", image, "a\\x1b]0;owned\\x07\\x1b[31mred", "abc\\xe2\\x80\\xaegnp.exe", `${"k".repeat(240)}…`, "zz\\x00\\x00end"];
    await page.click("#picture", { position: { x: 600, y: 5 } });
    await page.keyboard.press("Escape");
    for (let i = 0; i < keys.length; i += 1) {
      const [x, y] = await at(page, 0.99, (i + 0.5) / keys.length);
      await page.mouse.move(x - 20, y);
      await page.waitForFunction((text) => document.querySelector("#cell .key")?.textContent === text, expected[i]);
      if (i === 1) await look(page, "hostile-keys-light");
    }
    assert.equal(await page.locator("main img, #notice img, #title img, main script").count(), 0);
    assert.doesNotMatch(await page.title(), /^owned/);
    assert.equal(await page.locator("#cell .key").first().evaluate((element) => getComputedStyle(element).unicodeBidi), "bidi-override");
    assert.deepEqual(browser.complaints, []);
  });

  test("a key is copied whole, escaped", async () => {
    const long = `${"k".repeat(2000)}\u001bend`;
    server.answers = fixed(status(), matrix(columns(60), [wireRow({ bucket_id: "route:1", start: base64(long), values: new Array(60).fill(3) })]));
    const page = await visit.open();
    await browser.context.grantPermissions(["clipboard-read", "clipboard-write"]);
    const [x, y] = await at(page, 0.99, 0.5);
    await page.mouse.click(x - 20, y);
    await page.click("#cell .bound button");
    await page.waitForSelector("text=Copied");
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), `${"k".repeat(2000)}\\x1bend`);
    assert.match(await page.innerText("#cell"), /\(no upper bound\)/);
  });

  test("the token: asked for, sent as bearer, kept in memory only, forgotten on demand and on reload", async () => {
    server.answers = (asked) => {
      if (asked.authorization !== "Bearer s3cret-token") return { status: 401, body: { error: "unauthorized", message: "a token is needed" } };
      return fixed(status(), calm)(asked);
    };
    const page = await browser.open();
    await page.goto(server.url);
    await page.waitForSelector("#token");
    assert.equal(await page.evaluate(() => document.activeElement?.id), "token");
    assert.equal(await page.getAttribute("#token", "type"), "password");
    await page.fill("#token", "two words");
    await page.keyboard.press("Enter");
    assert.match(await page.innerText("#token-error"), /this is not one/);
    await page.fill("#token", "wrong");
    await page.keyboard.press("Enter");
    await page.waitForSelector("text=The server refused this token");
    await page.waitForTimeout(1500);
    await page.fill("#token", "s3cret");
    await page.waitForTimeout(1200);
    assert.equal(await page.inputValue("#token"), "s3cret", "what is being typed stays");
    await look(page, "token-refused-light");
    await page.fill("#token", "s3cret-token");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#legend .ramp");
    await page.waitForSelector("#message", { state: "hidden" });
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href, history.state]));
    assert.doesNotMatch(kept, /s3cret/);
    assert.ok(server.asked.every((one) => !one.query.toString().includes("s3cret")));
    await page.click("#forget");
    await page.waitForSelector("#token");
    assert.equal(await page.isVisible("#picture"), false, "nothing is left to see");
    await page.fill("#token", "s3cret-token");
    await page.keyboard.press("Enter");
    await page.waitForSelector("#picture", { state: "visible" });
    await page.reload();
    await page.waitForSelector("#token");
    assert.deepEqual(browser.complaints, []);
  });

  for (const theme of /** @type {const} */ (["light", "dark"])) {
    test(`a server that goes away: the last picture stays, grey, with its age; and comes back by itself (${theme})`, async () => {
      server.answers = fixed(status(), calm);
      const page = await visit.open({ theme });
      const coloured = await page.locator("#picture").screenshot();
      server.answers = () => "drop";
      await page.waitForSelector(".lines [data-kind=gone]");
      await page.waitForFunction(() => /answer is ([3-9]|\d\d+) s old/.test(document.querySelector(".lines")?.textContent ?? ""));
      const grey = await page.locator("#picture").screenshot();
      assert.notDeepEqual(grey, coloured);
      const saturation = await page.evaluate(async (png) => {
        const image = await createImageBitmap(new Blob([Uint8Array.from(atob(png), (c) => c.charCodeAt(0))], { type: "image/png" }));
        const canvas = new OffscreenCanvas(image.width, image.height);
        const context = /** @type {OffscreenCanvasRenderingContext2D} */ (canvas.getContext("2d"));
        context.drawImage(image, 0, 0);
        const { data } = context.getImageData(0, 0, image.width, image.height);
        let most = 0;
        for (let i = 0; i < data.length; i += 4) most = Math.max(most, Math.max(data[i], data[i + 1], data[i + 2]) - Math.min(data[i], data[i + 1], data[i + 2]));
        return most;
      }, grey.toString("base64"));
      assert.ok(saturation < 24, `the picture is grey: ${saturation}`);
      assert.match(await page.innerText("#live"), /no answer, last \d+ s ago/);
      await look(page, `gone-with-picture-${theme}`);
      // While it is away: once it is back, the page may have asked by itself, and the button be gone.
      const asked = server.asked.length;
      await page.click("text=Ask again now");
      await until(() => server.asked.length > asked, "it is asked again");
      server.answers = fixed(status(), calm);
      await page.waitForSelector(".lines [data-kind=gone]", { state: "detached" });
      assert.equal(await page.locator("#board[data-stale]").count(), 0);
      assert.deepEqual(await page.locator("#picture").screenshot(), coloured);
    });
  }

  test("choices are in the fragment, and a fragment is a choice", async () => {
    server.answers = fixed(status(), calm);
    const page = await visit.open({ fragment: "series=writes&range=1h&scale=linear&rows=128&tz=utc&refresh=10&theme=dark" });
    assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll("input:checked")].map((input) => /** @type {HTMLInputElement} */ (input).value)), ["writes", "1h", "utc", "linear", "range"]);
    assert.deepEqual([await page.inputValue("#rows"), await page.inputValue("#refresh")], ["128", "10000"]);
    assert.equal(await page.evaluate(() => document.documentElement.dataset["theme"]), "dark");
    const asked = visit.asked()[0].query;
    assert.deepEqual([asked.get("series"), asked.get("rows"), asked.get("axis"), asked.get("open"), asked.get("to_unix_ms")], ["writes", "128", "range", "1", "0"]);
    await page.check("#axis input[value=route]");
    await page.waitForFunction(() => location.hash.includes("axis=route"));
    await page.check("#axis input[value=range]");
    assert.ok(visit.asked().some((asked) => asked.query.get("axis") === "route"));
    await page.check("#series input[value=read_bytes]");
    await page.selectOption("#rows", "1024");
    await page.check("#scale input[value=log]");
    assert.equal(hash(page), "#series=read_bytes&range=1h&tz=utc&refresh=10&theme=dark");
    await page.waitForFunction(() => document.querySelector(".ramp-unit")?.textContent === "bytes per second, logarithmic");
    await look(page, "bytes-dark");
    await page.evaluate(() => (location.hash = "#series=reads"));
    await page.waitForFunction(() => document.querySelector(".ramp-unit")?.textContent?.startsWith("reads"));
    assert.equal(await page.isChecked("#series input[value=reads]"), true);
  });

  test("the default is ops by ranges, and the ranges ask for the times they name", async () => {
    server.answers = fixed(status({ history_from_unix_ms: LAST - 8 * 86_400_000, step_ms: 60_000 }), { ...calm, step_ms: 60_000 });
    const page = await visit.open();
    assert.deepEqual([visit.asked()[0].query.get("series"), visit.asked()[0].query.get("axis")], ["ops", "range"]);
    const end = (Math.floor(NOW / 60_000) + 1) * 60_000;
    for (const [name, hours] of /** @type {const} */ ([["1h", 1], ["6h", 6], ["24h", 24], ["7d", 168]])) {
      const asked = page.waitForRequest((request) => request.url().includes("/matrix"));
      if (name === "1h") await page.check("#range input[value='6h']").then(() => asked).then(() => page.check("#range input[value='1h']"));
      else await page.check(`#range input[value='${name}']`);
      await visit.quiet(page);
      assert.equal(Number(visit.asked().at(-1)?.query.get("from_unix_ms")), end - hours * 3_600_000 + 1, name);
    }
    await page.check("#range input[value=all]");
    await visit.quiet(page);
    assert.equal(Number(visit.asked().at(-1)?.query.get("from_unix_ms")), LAST - 8 * 86_400_000 + 1);
  });

  test("an absolute range is taken in the shown zone", async () => {
    server.answers = fixed(status(), calm);
    const page = await visit.open({ zone: "America/New_York" });
    await page.locator("#range label", { hasText: "From–to" }).click();
    assert.equal(await page.inputValue("#custom-from"), "2026-11-20T22:07:31", "filled with what is shown");
    await page.fill("#custom-from", "2026-11-20T22:09:00");
    await page.fill("#custom-to", "2026-11-20T22:08:00");
    await page.click("#custom button");
    assert.match(await page.innerText("#custom-error"), /has to be before/);
    await page.fill("#custom-to", "2026-11-20T22:11:00");
    await page.click("#custom button");
    await visit.quiet(page);
    assert.equal(hash(page), "#from=2026-11-21T03:09:00Z&to=2026-11-21T03:11:00Z");
    const asked = visit.asked().at(-1)?.query;
    assert.deepEqual([asked?.get("from_unix_ms"), asked?.get("to_unix_ms")].map(Number), [Date.UTC(2026, 10, 21, 3, 9) + 1, Date.UTC(2026, 10, 21, 3, 11) + STEP]);
    await look(page, "absolute-light");
    await page.check("#zone input[value=utc]");
    await page.waitForFunction(() => /** @type {HTMLInputElement} */ (document.getElementById("custom-from")).value.startsWith("2026-11-21T03:09"));
    assert.match(await page.innerText("#times"), /03:10/);
  });

  test("refresh: by itself, paused, on demand", async () => {
    server.answers = fixed(status(), calm);
    const page = await visit.open({ clock: true });
    const opened = visit.asked().length;
    await visit.pass(page, 2600);
    const often = visit.asked().length - opened;
    assert.ok(often >= 2 && often <= 5, `${often} in 2.6 s`);
    await page.click("#pause");
    await visit.pass(page, 20);
    assert.equal(await page.getAttribute("#pause", "aria-pressed"), "true");
    assert.match(hash(page), /paused=1/);
    const before = visit.asked().length;
    await visit.pass(page, 4000);
    assert.equal(visit.asked().length, before);
    assert.match(await page.innerText("#live"), /paused, [34] s ago/);
    await page.click("#now");
    await visit.pass(page, 2000);
    assert.equal(visit.asked().length, before + 1, "once");
    await page.click("#pause");
    await visit.pass(page, 2000);
    assert.ok(visit.asked().length > before + 2);
  });

  test("phases that the host announces are drawn over the time they took", async () => {
    let now = NOW;
    const tour = [["uniform", "Uniform"], ["zipf", "Zipf"], ["hot", "Hot range"]];
    let phase = 0;
    // The last goes on when the loop below is over.
    server.answers = (asked) => {
      const at = Math.min(phase, tour.length - 1);
      const [id, title] = tour[at];
      return fixed(status({ now_unix_ms: now, notice: { id, title, text: "What to see.", since_unix_ms: NOW - 200_000 + at * 90_000, until_unix_ms: NOW - 110_000 + at * 90_000 } }), calm)(asked);
    };
    const page = await visit.open();
    for (phase = 1; phase < tour.length; phase += 1) {
      await page.click("#now");
      await page.waitForFunction((title) => document.querySelector("#notice b")?.textContent === title, tour[phase][1]);
    }
    now += 1;
    const drawn = await page.evaluate(() => [...document.querySelectorAll("#phases span")].map((span) => [span.textContent, Math.round(span.getBoundingClientRect().left)]));
    assert.deepEqual(drawn.map(([title]) => title), ["Uniform", "Zipf", "Hot range"]);
    const box = await page.locator("#phases").boundingBox();
    const fromMs = LAST - 300_000;
    for (const [i, [, left]] of drawn.entries()) assert.ok(Math.abs(Number(left) - ((box?.x ?? 0) + ((NOW - 200_000 + i * 90_000 - fromMs) / 300_000) * (box?.width ?? 0))) <= 2);
    // The last is too young for its name: it has its edge, and no half of a name.
    const shown = await page.evaluate(() => [...document.querySelectorAll("#phases span")].map((span) => {
      const [lane, name] = [span.getBoundingClientRect(), /** @type {Element} */ (span.firstElementChild).getBoundingClientRect()];
      return name.top >= lane.bottom ? "out of sight" : name.right <= lane.right ? "whole" : "cut";
    }));
    assert.deepEqual(shown, ["whole", "whole", "out of sight"]);
    await look(page, "phases-light");
  });

  test("nothing moves by itself for those who asked for less motion", async () => {
    server.answers = () => "hang";
    for (const still of [true, false]) {
      const page = await browser.open({ still });
      await page.goto(server.url);
      await page.waitForSelector("#message h2");
      assert.equal(await page.evaluate(() => document.getAnimations().length), still ? 0 : 1);
    }
    server.answers = fixed(status(), calm);
    const page = await visit.open({ still: true });
    assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
  });

  for (const [zone, from, to, ticks] of /** @type {const} */ ([
    // The hour from 01:00 to 02:00 comes twice, or not at all.
    ["Europe/London", Date.UTC(2026, 9, 25, 0), Date.UTC(2026, 9, 25, 4), ["01:30", "01:30"]],
    ["Europe/London", Date.UTC(2026, 2, 29, 0), Date.UTC(2026, 2, 29, 4), ["00:30", "02:30"]],
    ["Australia/Lord_Howe", Date.UTC(2026, 3, 4, 13), Date.UTC(2026, 3, 4, 17), ["01:30"]],
    ["Asia/Kathmandu", Date.UTC(2026, 0, 1, 0), Date.UTC(2026, 0, 1, 4), ["06:00", "09:00"]],
  ])) {
    test(`times are those of ${zone}, on ${new Date(from).toISOString().slice(0, 10)} too`, async () => {
      const hours = columns(240, () => "complete");
      const step = 60_000;
      const ends = hours.column_unix_ms.map((/** @type {number} */ _, /** @type {number} */ i) => from + (i + 1) * step);
      const wide = { ...hours, column_unix_ms: ends, column_start_unix_ms: ends.map((/** @type {number} */ end) => end - step), column_covers_from_unix_ms: ends.map((/** @type {number} */ end) => end - step), column_covers_to_unix_ms: ends };
      server.answers = fixed(status({ now_unix_ms: to, history_from_unix_ms: from, step_ms: step, last_flush_unix_ms: to }), matrix(wide, [wireRow({ bucket_id: "route:1", values: new Array(240).fill(3) })], { step_ms: step }));
      const page = await visit.open({ zone, fragment: `from=${new Date(from).toISOString()}&to=${new Date(to).toISOString()}` });
      const shown = await page.evaluate(() => [...document.querySelectorAll("#times > span")].map((one) => one.textContent));
      for (const tick of ticks) assert.ok(shown.includes(tick), `${tick} in ${shown}`);
      const [x, y] = await at(page, 0.5, 0.5);
      await page.mouse.move(x, y);
      const middle = new Intl.DateTimeFormat("en-GB", { timeZone: zone, hour: "2-digit", minute: "2-digit" }).format(from + 2 * 3_600_000);
      assert.match(await page.innerText("#cell"), new RegExp(`${middle}:00`));
    });
  }
});
