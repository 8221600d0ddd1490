// @ts-check
/** The hottest ranges of several nodes: which of them counted a range. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { noBrowser } from "../support/browser.js";
import { look } from "../support/looks.js";
import { LAST, Visit, at, until } from "../support/visit.js";
import { STEP, busyMatrix } from "../support/answers.js";
import { base64url } from "../../src/key.js";

const calm = busyMatrix(16, 300);
const NODES = ["db1.internal:6379", "db2.internal:6379", "db3.internal:6379"];
const bytes = (/** @type {number} */ row) => Buffer.from(String(calm.rows[row].start), "base64");
const HOSTILE = "<b>\u202edb4";

/** @param {number} at @param {number} rate @param {Record<string, unknown>} more @returns {Record<string, unknown>} */
function row(at, rate, more) {
  return {
    bucket_id: `route:${at}`, route_id: String(at), start: calm.rows[at].start, end: calm.rows[at].end, middle: null, aggregate: false, sub_bucket: 0, sub_buckets: 1,
    raft_group_id: 0, leader_term: 0, value: rate, rate, share: rate / 2000, before: rate, before_rate: rate, ...more,
  };
}

/** @param {[string, number][]} shares @param {number} [count] @returns {Record<string, unknown>} */
function counted(shares, count = shares.length) {
  return { nodes: shares.map(([node, share]) => ({ node, value: Math.round(share * 100), share })), node_count: count };
}

/** @param {number} rate of the first row @param {boolean} [fanout] @returns {Record<string, any>} */
function top(rate, fanout = true) {
  const window = { end_unix_ms: LAST - STEP, start_unix_ms: LAST - 2 * STEP, covers_ms: STEP, state: "complete", total: 2000, rate: 2000 };
  const rows = [
    row(10, rate, counted([[NODES[1] ?? "", 0.61], [NODES[0] ?? "", 0.3], [NODES[2] ?? "", 0.09]])),
    row(3, 400, counted([[NODES[2] ?? "", 1]])),
    row(4, 300, { ...counted([[NODES[0] ?? "", 0.7], [HOSTILE, 0.3]]), estimated: true }),
    row(5, 100, counted(Array.from({ length: 16 }, (_, i) => /** @type {[string, number]} */ ([`shard-${i}.a-long-name-of-a-cluster.internal:6379`, 0.06])), 40)),
    row(6, 50, counted([])),
  ];
  for (const one of fanout ? [] : rows) for (const name of ["nodes", "node_count", "estimated"]) delete one[name];
  return { series: "ops", generated_at: "2026-11-21T03:12:30Z", ranges: 5, now: window, before: null, rows, ...(fanout ? { fanout: { nodes: NODES.map((node) => ({ node, ok: true, state: "answered" })), responded: 3, expected: 3, writes_superseded: 0 } } : {}) };
}

const FIRST = "#top tbody tr:first-child .nodes";

describe("nodes", { skip: noBrowser() }, () => {
  const visit = new Visit("tz=utc&refresh=60&top=1");
  const { browser } = visit;
  /** @param {import("playwright-core").Page} page @returns {Promise<string[]>} the column of that name, line by line */
  const column = (page) => page.evaluate(() => {
    const at = [...document.querySelectorAll("#top thead th")].findIndex((head) => head.textContent === "Node");
    return at < 0 ? [] : [...document.querySelectorAll("#top tbody tr")].map((row) => /** @type {HTMLElement} */ (row.children[at]).innerText.replaceAll(/\s+/g, " "));
  });

  for (const theme of /** @type {const} */ (["light", "dark"])) {
    test(`a range names the node that counted most of it, and by a press all of them (${theme})`, async () => {
      visit.serve(calm, { top: top(900) });
      const page = await visit.open({ theme, height: 1000 });
      await page.waitForSelector("#top tbody tr");
      assert.deepEqual(await column(page), ["db2.internal:6379 +2", "db3.internal:6379", "db1.internal:6379 +1", "shard-0.a-long-name-of-a-cluster.internal:6379 +39", "–"]);
      assert.equal(await page.getAttribute(FIRST, "title"), "db2.internal:6379 61 %\ndb1.internal:6379 30 %\ndb3.internal:6379 9 %");
      assert.match(String(await page.getAttribute("#top tbody tr:nth-child(4) .nodes", "title")), /shard-15\S+ 6 %\nand 24 more$/);
      assert.match(await page.innerText("#top tbody tr:nth-child(3)"), /≈ 300 ops\/s/, "an estimate says so");
      await look(page, `top-nodes-${theme}`);
      const more = page.locator(`${FIRST} button`);
      assert.deepEqual([await more.getAttribute("aria-label"), await more.getAttribute("aria-expanded")], ["2 more nodes, with shares", "false"]);
      await more.press("Enter");
      assert.equal(await more.getAttribute("aria-expanded"), "true");
      assert.deepEqual(await page.locator(`${FIRST} li`).allInnerTexts(), ["db2.internal:6379 61 %", "db1.internal:6379 30 %", "db3.internal:6379 9 %"]);
      await page.locator("#top tbody tr:nth-child(3) .nodes button").click();
      assert.match(await page.locator("#top tbody tr:nth-child(3) .nodes li").nth(1).innerText(), /^<b>\\xe2\\x80\\xaedb4 30 %$/, "a name is text");
      await look(page, `top-nodes-all-${theme}`);
      await more.press("Space");
      assert.equal(await page.locator(`${FIRST} ul`).isVisible(), false);
      assert.deepEqual(browser.complaints, []);
    });
  }

  test("what is open stays open, and the keyboard stays where it is, when the next list comes", async () => {
    let rate = 900;
    visit.serve(calm, { top: () => ({ status: 200, body: top((rate += 1)) }) });
    const page = await visit.open({ height: 1000, fragment: "tz=utc&refresh=1&top=1" });
    await page.waitForSelector(`${FIRST} button`);
    await page.locator(`${FIRST} button`).press("Enter");
    const shown = await page.innerText("#top tbody tr:first-child td:nth-child(3)");
    await page.waitForFunction((before) => /** @type {HTMLElement} */ (document.querySelector("#top tbody tr:first-child td:nth-child(3)")).innerText !== before, shown);
    assert.equal(await page.locator(`${FIRST} ul`).isVisible(), true);
    assert.equal(await page.evaluate((first) => document.activeElement === document.querySelector(`${first} button`), FIRST), true);
  });

  const fanout = { nodes: NODES.map((node) => ({ node, ok: true, state: "answered" })), responded: 3, expected: 3, writes_superseded: 0 };
  const counts = [[NODES[1], 54, 0.9, 3], [NODES[0], 5, 0.08, 0], [HOSTILE, 1, 0.02, 0]].map(([node, value, share, term]) => ({ node, value, share, estimated: value === 5, raft_group_id: value === 54 ? 50 : 0, leader_term: term }));
  const LINES = ["db2.internal:6379", "54 ops, 90\u00a0%, group 50 term 3", "db1.internal:6379", "about 5 ops, 8\u00a0%", "<b>\\xe2\\x80\\xaedb4", "1 op, 2\u00a0%"];

  for (const theme of /** @type {const} */ (["light", "dark"])) {
    test(`a pinned cell says who counted in it (${theme})`, async () => {
      visit.serve({ ...calm, fanout, column_nodes: calm.column_nodes.map(() => 3) }, { cell: { series: "ops", columns: 1, estimated: false, conflict: false, missing: false, nodes: counts, fanout } });
      const page = await visit.open({ theme, height: 1000, fragment: "tz=utc&refresh=60" });
      assert.equal(visit.asked("cell").length, 0, "nobody pinned one");
      await page.mouse.click(...(await at(page, 0.5, 10.5 / 16)));
      await page.waitForSelector("#nodes dt");
      assert.deepEqual(await page.locator("#nodes :is(dt, dd)").allInnerTexts(), LINES);
      assert.match(await page.innerText("#nodes h3"), /^counted by$/i);
      const query = visit.asked("cell")[0]?.query;
      assert.deepEqual([query?.get("series"), query?.get("start"), query?.get("end")], ["ops", base64url(bytes(10)), base64url(bytes(11))]);
      assert.equal(Number(query?.get("to_unix_ms")), Number(query?.get("from_unix_ms")) + 1);
      await look(page, `cell-nodes-${theme}`);
      await page.keyboard.press("Escape");
      await page.waitForFunction(() => document.querySelector("#nodes dt") === null);
      assert.equal(visit.asked("cell").length, 1, "one cell, one question");
      assert.deepEqual(browser.complaints, []);
    });
  }

  /** @param {import("playwright-core").Page} page @returns {Promise<void>} pins the eleventh row of the column that is open */
  async function pinOpen(page) {
    await page.mouse.click(...(await at(page, 0.5, 10.5 / 16)));
    await page.waitForSelector("#nodes dt");
    await page.focus("#picture");
    await page.keyboard.press("End");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => /\b100 ops/.test(document.querySelector("#nodes dd")?.textContent ?? ""));
  }

  test("in the open column the list grows with its cell, and the old one stays until the new one is there", async () => {
    const whole = Object.assign(structuredClone(calm), { fanout });
    const values = /** @type {number[]} */ (whole.rows[10].values);
    const last = values.length - 1;
    values[last] = 100;
    let hangs = false;
    const cell = (/** @type {URLSearchParams} */ query) => {
      const value = values[Math.max(0, whole.column_unix_ms.indexOf(Number(query.get("from_unix_ms"))))];
      return hangs ? "hang" : { status: 200, body: { value, estimated: false, nodes: [{ node: NODES[0], value, share: 1 }] } };
    };
    visit.serve(whole, { cell });
    const page = await visit.open({ fragment: "tz=utc&refresh=1" });
    await pinOpen(page);
    values[last] = 250;
    await page.waitForFunction(() => /\b250 ops/.test(document.querySelector("#nodes dd")?.textContent ?? ""));
    assert.equal(await page.locator("#nodes p").count(), 0, "it is the cell's own count");
    const before = visit.asked("cell").length;
    hangs = true;
    values[last] = 300;
    await until(() => visit.asked("cell").length > before, "it is asked again");
    const pictures = visit.asked().length;
    values[last] = 350;
    await until(() => visit.asked().length > pictures + 1, "the cell goes on");
    assert.deepEqual(await page.locator("#nodes > *").allInnerTexts().then((all) => all.slice(1)), ["db1.internal:6379\n250 ops, 100\u00a0%"]);
    assert.equal(visit.asked("cell").length, before + 1, "one question at a time");
  });

  test("where other routes counted between the bounds of a cell, the list says what it is of", async () => {
    const whole = { ...calm, fanout };
    const noted = async (/** @type {any} */ matrix, /** @type {(own: number) => Record<string, unknown>} */ more) => {
      const cell = (/** @type {URLSearchParams} */ query) => ({ status: 200, body: { nodes: counts, ...more(calm.rows[10].values[calm.column_unix_ms.indexOf(Number(query.get("from_unix_ms")))]) } });
      visit.serve(matrix, { cell });
      const page = await visit.open({ height: 1000, fragment: "tz=utc&refresh=60" });
      await page.mouse.click(...(await at(page, 0.5, 10.5 / 16)));
      await page.waitForSelector("#nodes dt");
      return page.locator("#nodes p").allInnerTexts();
    };
    assert.deepEqual(await noted(whole, (value) => ({ value })), []);
    assert.deepEqual(await noted(whole, () => ({ value: 123_456 })), ["Of all routes between these bounds: 123,456 ops."]);
    assert.deepEqual(await noted(whole, () => ({ value: 123_456, estimated: true })), ["Of all routes between these bounds: about 123,456 ops."]);
    const ranges = { ...whole, rows: calm.rows.map((/** @type {any} */ one, /** @type {number} */ i) => ({ ...one, bucket_id: `range:${i}` })) };
    assert.deepEqual(await noted(ranges, () => ({ value: 123_456 })), [], "a range is of all routes anyway");
  });

  test("what came without a label is asked for where labels are summed, and not beside rows of labels", async () => {
    const pin = async (/** @type {any} */ rows) => {
      visit.serve({ ...calm, fanout, rows }, { cell: { nodes: counts } }, { labels: ["s3"] });
      const page = await visit.open({ height: 1000, fragment: "tz=utc&refresh=60" });
      await page.mouse.click(...(await at(page, 0.5, 10.5 / 16)));
      await page.waitForSelector("#hot h3");
      await visit.quiet(page);
      return [visit.asked("cell").map((one) => one.query.get("label")), await page.locator("#nodes dt").count()];
    };
    const labelled = (/** @type {number} */ which) => calm.rows.map((/** @type {any} */ one, /** @type {number} */ i) => (i === which ? { ...one, label: "s3" } : one));
    assert.deepEqual(await pin(calm.rows), [[null], 3]);
    assert.deepEqual(await pin(labelled(3)), [[], 0]);
    assert.deepEqual(await pin(labelled(10)), [["s3"], 3]);
  });

  test("an answer that comes after another cell was asked for is not taken for that cell's", async () => {
    visit.serve(calm);
    const page = await visit.open();
    const lines = await page.evaluate(async (address) => {
      const { NodePanel } = await import(address);
      /** @type {((body: unknown) => void)[]} */
      const answers = [];
      const into = document.createElement("div");
      const panel = new NodePanel(into, { cell: () => new Promise((done) => answers.push(done)) }, () => show(1));
      const rows = [1, 2].map((byte) => ({ start: Uint8Array.of(byte), end: null, label: null, isRange: false }));
      const picture = { matrix: { rows, columns: [{ endMs: 1000, state: "complete" }], values: [7, 7], fanout: {} } };
      const show = (/** @type {number} */ row) => panel.show(picture, { row, column: 0 }, { series: "ops", label: "" }, { labels: false, redaction: "", unit: "ops" });
      const answer = (/** @type {string} */ node) => ({ value: 7, nodes: [{ node, value: 7, share: 1 }] });
      const told = async () => {
        await new Promise((done) => setTimeout(done));
        return [...into.querySelectorAll("dt, p")].map((one) => one.textContent);
      };
      show(0);
      show(1);
      answers[0]?.(answer("first"));
      const early = await told();
      answers[1]?.(answer("second"));
      return [early, await told(), answers.length];
    }, `${visit.server.url}ui/node_panel.js`);
    assert.deepEqual(lines, [["Asking."], ["second"], 2]);
  });

  test("a cell of one node, of a server that does not know, or of places in a redacted picture has no such list; a refusal is said", async () => {
    const pin = async (/** @type {any} */ matrix, /** @type {Record<string, any>} */ others, /** @type {Record<string, unknown>} */ changes = {}) => {
      visit.serve(matrix, others, changes);
      const page = await visit.open({ height: 1000, fragment: "tz=utc&refresh=60" });
      await page.mouse.click(...(await at(page, 0.5, 10.5 / 16)));
      await page.waitForSelector("#hot h3");
      return page;
    };
    const cell = { nodes: counts };
    await pin(calm, { cell });
    assert.equal(visit.asked("cell").length, 0, "one node by itself");
    await pin({ ...calm, fanout, redaction: "prefix:8" }, { cell }, { role: "read", redaction: "prefix:8" });
    assert.equal(visit.asked("cell").length, 0, "places name no keys");
    const unknown = await pin({ ...calm, fanout }, {});
    await visit.quiet(unknown);
    assert.equal(await unknown.locator("#nodes > *").count(), 0);
    const busy = await pin({ ...calm, fanout }, { cell: () => ({ status: 503, body: { error: "busy", message: "8 pictures are being built" } }) });
    await busy.waitForFunction(() => document.querySelector("#nodes p")?.textContent === "It could not be had: 8 pictures are being built.");
    const garbled = await pin({ ...calm, fanout }, { cell: { nodes: 7 } });
    await garbled.waitForFunction(() => document.querySelector("#nodes p")?.textContent === "The answer is not understood.");
  });

  test("where one node answers for itself there is no such column", async () => {
    visit.serve(calm, { top: top(900, false) });
    const page = await visit.open({ height: 1000 });
    await page.waitForSelector("#top tbody tr");
    assert.deepEqual([await column(page), await page.locator("#top .nodes").count()], [[], 0]);
    assert.doesNotMatch(await page.innerText("#top"), /≈/);
  });

  test("on a narrow screen the table moves in its place, and the page does not", async () => {
    visit.serve(calm, { top: top(900) });
    const page = await visit.open({ width: 420, height: 900 });
    await page.waitForSelector("#top tbody tr");
    const [wide, inner] = await page.evaluate(() => {
      const box = /** @type {HTMLElement} */ (document.querySelector("#top .scroll"));
      return [document.documentElement.scrollWidth, box.scrollWidth > box.clientWidth ? "moves" : "fits"];
    });
    assert.deepEqual([wide, inner], [420, "moves"]);
    await page.locator(`${FIRST} button`).scrollIntoViewIfNeeded();
    await page.locator(`${FIRST} button`).click();
    assert.equal(await page.locator(`${FIRST} li`).count(), 3);
    await look(page, "top-nodes-narrow-light");
  });
});
