// @ts-check
/** Every state of the page in both themes, from recorded answers: its words, its next step, a picture of it. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { noBrowser, settled, shoot } from "../support/browser.js";
import { fixed } from "../support/server.js";
import { WALL, look } from "../support/looks.js";
import { Visit } from "../support/visit.js";
import { base64url } from "../../src/key.js";
import { NOW, STEP, base64, busyMatrix, columns, matrix, redacted, status, wireRow } from "../support/answers.js";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {{name: string, fragment?: string, answers: import("../support/server.js").Answers, title: RegExp | null, says?: RegExp[], then?: (page: Page) => Promise<void>}} State */

const none = { observed_reads: 0, observed_writes: 0, observed_read_bytes: 0, observed_write_bytes: 0, unattributed_reads: 0, unattributed_writes: 0 };
const empty = matrix(columns(0), []);
const zero = matrix(columns(60), Array.from({ length: 16 }, (_, i) => wireRow({ bucket_id: `route:${i}`, start: base64(`k${String(i).padStart(2, "0")}`), values: new Array(60).fill(0) })));
const ok = (/** @type {unknown} */ body) => ({ status: 200, body });
const error = (/** @type {number} */ code, /** @type {string} */ name, /** @type {string} */ message) => ({ status: code, body: { error: name, message } });
const notice = { id: "hot-range", title: "Hot range", text: "One band is bright: a twentieth of the keys takes most of the operations.", since_unix_ms: NOW - 14_000, until_unix_ms: NOW + 6000 };
const phases = (/** @type {number} */ count) => busyMatrix(16, count, (i) => (i === count - 1 ? "open" : "complete"));

const TOP = topOf(phases(300));

/** @param {any} matrix @returns {Record<string, any>} what a server says of the picture's newest whole column */
function topOf(matrix) {
  const at = matrix.column_unix_ms.length - 2;
  const total = matrix.rows.reduce((/** @type {number} */ sum, /** @type {any} */ row) => sum + row.values[at], 0);
  const window = (/** @type {number} */ x) => ({ start_unix_ms: matrix.column_start_unix_ms[x], end_unix_ms: matrix.column_unix_ms[x], covers_ms: STEP, state: "complete", total, rate: total });
  const rows = matrix.rows.map((/** @type {any} */ row, /** @type {number} */ i) => ({
    bucket_id: row.bucket_id, route_id: String(i + 1), start: row.start, end: row.end, middle: null, aggregate: false, raft_group_id: 40 + (i % 3), leader_term: 4,
    value: row.values[at], rate: row.values[at], share: row.values[at] / total, before: row.values[at - 1], before_rate: row.values[at - 1], split: row.end === null ? null : `mydb split --region ${i + 1} --at '${Buffer.from(row.end, "base64")}'`,
  }));
  return { series: "ops", ranges: rows.length, now: window(at), before: window(at - 1), rows: rows.sort((/** @type {any} */ a, /** @type {any} */ b) => b.value - a.value) };
}

/** @type {State[]} */
const STATES = [
  { name: "connecting", answers: () => "hang", title: /^Connecting$/, says: [/Asking 127\.0\.0\.1:\d+/, /check that the process is running/] },
  { name: "waiting", answers: fixed(status({ history_from_unix_ms: null, step_ms: 60_000, next_column_unix_ms: NOW + 42_000 }), empty), title: /^Waiting for the first column$/, says: [/A column covers 1 min/, /\b42 s\b/, /appears by itself/] },
  { name: "filling", answers: fixed(status({ history_from_unix_ms: null, step_ms: 60_000, next_column_unix_ms: Math.ceil(NOW / 60_000) * 60_000 }), { ...busyMatrix(16, 1), column_start_unix_ms: [Math.floor(NOW / 60_000) * 60_000], column_unix_ms: [Math.ceil(NOW / 60_000) * 60_000], step_ms: 60_000 }), title: null, says: [/The first column is being filled/, /It closes in 30 s/] },
  { name: "no-routes", answers: fixed(status({ routes: 0, counters: none, history_from_unix_ms: null }), empty), title: /^No routes registered$/, says: [/Nothing was observed so far/, /sampler\.register/] },
  { name: "no-observations", answers: fixed(status({ counters: none }), zero), title: /^Routes, but no observations$/, says: [/16 routes are registered/, /recorder\.observe/] },
  { name: "nothing-observed", answers: fixed(status({ counters: none, routes: 1, own_ranges: true, title: "redis 127.0.0.1:6379" }), zero), title: /^Nothing observed yet$/, says: [/they appear by themselves/, /none of it reaches keyviz/] },
  { name: "unknown-routes", answers: fixed(status(), { ...phases(300), unattributed: new Array(300).fill(1100) }), title: null, says: [/1\d % of observations hit unknown routes/, /Register each route before its first observation/] },
  { name: "unknown-routes-all", answers: fixed(status({ routes: 3 }), matrix(columns(60), [], { unattributed: new Array(60).fill(9) })), title: /^100 % of observations hit unknown routes$/, says: [/3 registered now/] },
  {
    name: "no-load", fragment: "series=reads", title: /^No reads in this time$/, says: [/but there are writes/],
    answers: ({ path, query }) => ok(path === "status" ? status() : query.get("series") === "reads" ? { ...zero, series: "reads" } : { ...phases(60), series: query.get("series") }),
    then: async (page) => {
      await page.click("text=Show writes");
      await page.waitForSelector("#message", { state: "hidden" });
      assert.equal(new URL(page.url()).hash, "#series=writes");
      assert.equal(await page.isChecked("input[value=writes]"), true);
      await page.waitForFunction(() => document.querySelector(".ramp-unit")?.textContent?.startsWith("writes"));
    },
  },
  { name: "no-load-at-all", fragment: "range=all", answers: fixed(status(), zero), title: /^No operations in this time$/, says: [/No series has load/, /appear with the next column/] },
  {
    name: "outside-history", fragment: "from=2026-11-19T00:00:00Z&to=2026-11-19T06:00:00Z&tz=utc", title: /^Nothing is kept for this time$/,
    answers: ({ path, query }) => ok(path === "status" ? status() : query.get("to_unix_ms") === "0" ? phases(300) : empty),
    says: [/Asked: 2026-11-19 00:00:00 – 06:00:00/, /Kept: 2026-11-21 03:07:30 – 03:12:30/],
    then: async (page) => {
      await page.click("text=Show all history");
      await page.waitForSelector("#message", { state: "hidden" });
      assert.equal(new URL(page.url()).hash, "#range=all&tz=utc");
    },
  },
  { name: "disabled", answers: ({ path }) => (path === "status" ? ok({ version: "0.1.0", enabled: false, mode: "live", title: "orders-eu-3", now_unix_ms: NOW, counters: {} }) : error(503, "keyviz_disabled", "keyviz is disabled")), title: /switched off here$/, says: [/nothing is counted/, /KEYVIZ_ENABLED/] },
  { name: "disabled-503", answers: () => error(503, "keyviz_disabled", "keyviz is disabled"), title: /switched off here$/ },
  { name: "unauthorized", answers: () => error(401, "unauthorized", "a token is needed"), title: /^This server asks for a token$/, says: [/kept in this page's memory only/] },
  { name: "gone", answers: () => "drop", title: /^The server is gone$/, says: [/cannot be reached/, /check that the process is still running/] },
  { name: "busy", answers: () => error(503, "busy", "64 connections are open"), title: /^The server is busy$/, says: [/64 connections are open/] },
  { name: "forbidden-host", answers: () => error(403, "forbidden_host", "host evil.example is not served"), title: /does not answer to this name/, says: [/--admin-allowed-hosts/] },
  { name: "forbidden-role", answers: () => error(403, "forbidden_role", "this token has role read, which has no access to what shows whole keys; use one of role full"), title: /^This token does not open this$/, says: [/role read, which has no access/, /--admin-token-file/] },
  {
    name: "link-of-places", fragment: `start=${base64url(Buffer.from("orders/e~07"))}`, answers: fixed(status(), phases(300)), title: null, says: [/This link seems to be of a redacted picture/, /Here they are taken as keys/],
    then: async (page) => {
      await page.click("#lines [data-kind=link_of_places] button");
      await page.waitForFunction(() => !location.hash.includes("start=") && document.querySelector("[data-kind=link_of_places]") === null);
    },
  },
  { name: "link-of-keys", fragment: `end=${base64url(Buffer.from("orders/eu/customer-1"))}`, answers: fixed(status({ redaction: "prefix:8", role: "read" }), redacted(phases(300), "prefix:8")), title: null, says: [/This link names longer keys than you are shown/, /the first 8 bytes of them/] },
  { name: "link-refused", fragment: `start=${base64url(Buffer.from("orders"))}`, answers: ({ path }) => (path === "status" ? ok(status({ redaction: "hmac", role: "read" })) : error(400, "invalid_query", "start: keys are redacted here (hmac), and this is none that is shown")), title: /^This link names keys that you are not shown$/, says: [/does not take them: keys are redacted here/, /token of the role full/] },
  { name: "redacted", answers: () => error(403, "redacted", "this would show whole keys, and keys are redacted here"), title: /^Keys are redacted on this server$/, says: [/shows them to no token/, /--admin-redaction/] },
  { name: "garbled", answers: ({ path }) => ok(path === "status" ? status() : { rows: 7 }), title: /answer is not understood$/, says: [/not understood/, /step_ms is absent/, /reload the page/] },
  { name: "live", answers: fixed(status({ notice }), phases(300)), title: null, says: [/Hot range/, /One band is bright/] },
  { name: "paused", fragment: "paused=1", answers: fixed(status(), phases(300)), title: null, says: [/paused/i] },
  { name: "live-young", answers: fixed(status({ notice, history_from_unix_ms: NOW - 17_400 }), busyMatrix(16, 18)), title: null },
  { name: "replay", answers: fixed(status({ mode: "static", title: "monitor.txt", time_label: "relative", last_flush_unix_ms: Math.floor(NOW / STEP) * STEP + STEP }), busyMatrix(200, 301, () => "complete")), title: null, says: [/complete/, /from the start/] },
  { name: "cut", answers: fixed(status({ routes: 9871 }), { ...busyMatrix(1024, 300, (i) => (i === 299 ? "open" : i % 97 === 5 ? "late" : i > 180 && i < 190 ? "missing" : "complete")), cut: { rows: 8847, values: new Array(300).fill(700) } }), title: null, says: [/1,024 of 9,871/, /In rows cut/, /Columns.*late.*open.*1\sgap\b/s] },
  { name: "sampled", answers: fixed(status({ notice: { id: "sampled", title: "Sampled", text: "Commands are watched for 1 s of every 10 s: rates are of the seconds watched.", since_unix_ms: NOW - 60_000, until_unix_ms: null } }), busyMatrix(16, 300, (i) => (i % 10 < 9 ? "missing" : "complete"))), title: null, says: [/1 s of every 10 s/, /30\sgaps/] },
  { name: "top", fragment: "top=1&tz=utc", answers: ({ path, query }) => (path === "top" ? ok(TOP) : fixed(status(), phases(300))({ path, query, authorization: undefined })), title: null, says: [/Hottest now/i, /[▲▼] [+−×]\d/, /split command/] },
  {
    name: "partial", fragment: "tz=utc", answers: fixed(status(), { ...phases(300), fanout: { nodes: [{ node: "db1.internal:8765", ok: true, state: "answered", warnings: ["catalog_divergence"] }, { node: "db2.internal:8765", ok: false, state: "timed_out", error: "no answer within 2 s" }, { node: "db3.internal:8765", ok: false, state: "unreachable" }], responded: 1, expected: 3, writes_superseded: 1200 } }), title: null,
    says: [/2 of 3 nodes are not in this picture/, /db2\.internal:8765 \(no answer within 2 s\), db3\.internal:8765 \(nobody answers there\)/, /Merged with reservations[\s\S]*db1\.internal:8765 has other bounds/, /Nodes\s*1 of 3/, /Left to leaders\s*1,200/],
  },
  {
    name: "node-away", fragment: "tz=utc", title: null, says: [/80 columns lack a node/, /db2\.internal:6379 was away .*and once before, and still is \(nobody listens there\)/, /Columns.*80\slacking\sa\snode/s, /Nodes\s*2 of 2 \(1 away now\)/, /column lacks a node/],
    answers: fixed(status(), {
      ...phases(300), column_nodes: phases(300).column_unix_ms.map((/** @type {number} */ _, /** @type {number} */ x) => ((x >= 100 && x < 120) || x >= 239 ? 1 : 2)),
      fanout: {
        nodes: [{ node: "db1.internal:6379", ok: true, state: "answered" }, {
          node: "db2.internal:6379", ok: true, state: "answered", error: "nobody listens there", warnings: ["away"],
          absent_unix_ms: [100, 119, 239, 298].map((x, i) => phases(300).column_unix_ms[x] - (i % 2 === 0 ? STEP : 0)),
        }], responded: 2, expected: 2, writes_superseded: 0,
      },
    }),
  },
  {
    name: "conflict", fragment: "tz=utc", title: null, says: [/Nodes contradict one another in 40 cells/, /observed once, by the leader/, /Cells in conflict\s*40/],
    answers: fixed(status(), { ...phases(300), rows: phases(300).rows.map((/** @type {any} */ row, /** @type {number} */ i) => (i !== 6 ? row : { ...row, conflict: true, conflicts: row.values.map((/** @type {number} */ _, /** @type {number} */ x) => x >= 100 && x < 140) })) }),
  },
  { name: "estimated", fragment: "tz=utc", title: null, says: [/Estimated cells/], answers: fixed(status(), { ...phases(300), rows: phases(300).rows.map((/** @type {any} */ row, /** @type {number} */ i) => ({ ...row, bucket_id: `range:${i}@a`, ...(i < 5 ? { estimated: row.values.map(() => true) } : {}) })) }) },
  { name: "node-lacking", fragment: "tz=utc", title: null, says: [/Cells lacking a node/, /part lacking/], answers: fixed(status(), { ...phases(300), rows: phases(300).rows.map((/** @type {any} */ row, /** @type {number} */ i) => (i < 8 ? row : { ...row, missing: row.values.map((/** @type {number} */ _, /** @type {number} */ x) => x < 120) })) }) },
  { name: "reduced", fragment: `tz=utc&start=${base64url(new TextEncoder().encode("orders/eu/customer-02500"))}`, title: null, says: [/Whole map/], answers: fixed(status(), phases(300)) },
];

const skip = noBrowser();
/** In the page. @returns {string[]} what of the legend is wider than its place, or runs into its neighbour */
function clipped() {
  const side = document.querySelector(".side")?.getBoundingClientRect().right ?? 0;
  return [...document.querySelectorAll(".swatches div")].flatMap((one) => {
    const text = document.createRange();
    text.selectNodeContents(one);
    const [box, drawn] = [one.getBoundingClientRect(), text.getBoundingClientRect()];
    return box.width > 0 && (drawn.right > box.right + 1 || box.right > side) ? [one.textContent ?? ""] : [];
  });
}

describe("states", { skip }, () => {
  const visit = new Visit("");
  const { server, browser } = visit;

  for (const theme of /** @type {const} */ (["light", "dark"])) {
    for (const state of STATES) {
      test(`${state.name}, ${theme}`, async () => {
        server.answers = state.answers;
        const page = await browser.open({ theme });
        // Countdowns and ages are those of this instant, however long the machine takes to get to them.
        await page.clock.setFixedTime(NOW);
        await page.goto(`${server.url}#${state.fragment ?? ""}`);
        if (state.title === null) await page.waitForSelector("#legend .ramp");
        else await page.waitForFunction((source) => new RegExp(source).test(document.querySelector("#message h2")?.textContent ?? ""), state.title.source, { timeout: 20_000 });
        await settled(page);
        const text = await page.innerText("body");
        for (const words of state.says ?? []) assert.match(text, words);
        assert.equal(await page.isVisible("#message"), state.title !== null);
        assert.deepEqual(await page.evaluate(clipped), [], "the legend is whole");
        await look(page, `${state.name}-${theme}`);
        // The same page, and nothing of it outside.
        await page.setViewportSize(WALL);
        await settled(page);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth && document.documentElement.scrollHeight <= innerHeight), true, "nothing sticks out");
        await shoot(page, `${state.name}-${theme}-3840`);
        await page.setViewportSize({ width: 1280, height: 760 });
        await state.then?.(page);
        assert.deepEqual(browser.complaints, []);
      });
    }
  }
});
