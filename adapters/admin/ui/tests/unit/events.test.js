// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeEvents, foldMs, shownOf, tellerOf, whenOf, wordsOf } from "../../src/event_lane.js";
import { listed } from "../../src/event_list.js";

const AT = Date.UTC(2026, 10, 21, 3, 0, 0);
/** @type {import("../../src/time_text.js").TimeStyle} */
const UTC = { zone: "utc", originMs: null };

test("spans are those that people count in, at most 48 a view", () => {
  const of = (/** @type {number} */ seconds) => foldMs({ fromMs: AT, toMs: AT + seconds * 1000 });
  assert.deepEqual([1, 48, 49, 300, 3600, 86_400, 7 * 86_400].map(of), [1000, 1000, 2000, 10_000, 120_000, 1_800_000, 4 * 3_600_000]);
  for (const seconds of [1, 30, 600, 40_000, 3e6, 4e8, 1e10]) assert.ok((seconds * 1000) / of(seconds) <= 48, `${seconds}`);
});

test("what a server says is read, and what it does not say has a default", () => {
  const [one, many] = decodeEvents({ events: [
    { at_unix_ms: AT + 9, kind: "leader-change", text: "×78, groups 5 … 9", number: 3, own: true, changes: 78, fold: { events: 39, last_unix_ms: AT + 60_000, other_nodes: 1 }, node: "a:1" },
    { at_unix_ms: AT, kind: "disk_full", text: "rack 7", number: 7 },
  ] });
  assert.deepEqual(one, { atMs: AT, lastMs: AT, kind: "disk_full", text: "rack 7", own: false, events: 1, changes: 1, number: 7, node: "", others: 0 });
  assert.deepEqual([many.events, many.changes, many.own, many.lastMs - AT, tellerOf(many)], [39, 78, true, 60_000, "a:1 and 1 more"]);
  assert.deepEqual([wordsOf(one), whenOf(one, UTC)], ["disk full: rack 7", "2026-11-21 03:00:00"]);
  assert.equal(whenOf({ ...many, atMs: AT }, UTC), "2026-11-21 03:00:00 – 03:01:00");
  for (const strange of [null, {}, { events: 7 }, { events: [null, {}, { at_unix_ms: "5" }, { at_unix_ms: NaN }] }]) assert.deepEqual(decodeEvents(strange), []);
  const [bad] = decodeEvents({ events: [{ at_unix_ms: 5, fold: { events: -1, last_unix_ms: 1 }, changes: "x" }] });
  assert.deepEqual([bad.events, bad.lastMs, bad.changes], [1, 5, 1]);
  const most = decodeEvents({ events: Array.from({ length: 20_000 }, (_, i) => ({ at_unix_ms: i, number: i })) });
  assert.deepEqual([most.length, most.at(-1)?.number], [10_000, 19_999], "the latest");
});

test("kinds that are hidden are not shown, all others are", () => {
  const events = decodeEvents({ events: ["split", "merge", "note"].map((kind, i) => ({ at_unix_ms: i, kind })) });
  const kinds = (/** @type {string} */ hidden) => shownOf(events, hidden).map((event) => event.kind);
  assert.deepEqual([kinds(""), kinds("split"), kinds("merge,split"), kinds("spl")], [["split", "merge", "note"], ["merge", "note"], ["note"], ["split", "merge", "note"]]);
});

test("what somebody told is in the list before what keyviz tells of itself, and all is in order of time", () => {
  const of = (/** @type {string} */ kind, /** @type {number} */ at, own = kind === "split") => ({ at_unix_ms: at, kind, number: at, own });
  const splits = Array.from({ length: 50 }, (_, i) => of("split", 100 + i));
  const list = (/** @type {any[]} */ events) => listed(decodeEvents({ events }), 8).map((event) => event.atMs);
  assert.deepEqual(list([of("note", 5), ...splits]), [149, 148, 147, 146, 145, 144, 143, 5]);
  const notes = Array.from({ length: 9 }, (_, i) => of("note", i));
  assert.deepEqual(list([...notes, ...splits]), [8, 7, 6, 5, 4, 3, 2, 1], "where notes fill it, the latest of them");
});
