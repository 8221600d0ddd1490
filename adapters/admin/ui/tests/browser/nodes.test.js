// @ts-check
/** The hottest ranges of several nodes: which of them counted a range. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { noBrowser } from "../support/browser.js";
import { look } from "../support/looks.js";
import { LAST, Visit, at } from "../support/visit.js";
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
  const LINES = ["db2.internal:6379", "54 ops, 90\u00a0%, group 50 term 3", "db1.internal:6379", "about 5 ops, 8\u00a0%", "<b>\\xe2\\x80\\xaedb4", "1 ops, 2\u00a0%"];

  for (const theme of /** @type {const} */ (["light", "dark"])) {
    test(`a pinned cell says who counted in it (${theme})`, async () => {
      visit.serve({ ...calm, fanout, column_nodes: calm.column_nodes.map(() => 3) }, { cell: { series: "ops", columns: 1, value: 60, estimated: false, conflict: false, missing: false, nodes: counts, fanout } });
      const page = await visit.open({ theme, height: 1000, fragment: "tz=utc&refresh=60" });
      assert.equal(visit.asked("cell").length, 0, "nobody pinned one");
      await page.mouse.click(...(await at(page, 0.5, 10.5 / 16)));
      await page.waitForSelector("#nodes dt");
      assert.deepEqual(await page.locator("#nodes dl > *").allInnerTexts(), LINES);
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
