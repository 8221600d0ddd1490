// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { changeOf, decodeTop, TopError } from "../../src/top_list.js";
import { formatKey } from "../../src/key_format.js";
import { findOf, matchingNames } from "../../src/go_to.js";
import { parseKey } from "../../src/key_parse.js";
import { rowsOfFind, rowsWith } from "../../src/found_row.js";
import { decodeHotKeys } from "../../src/hot_keys.js";
import { whose } from "../../src/hot_panel.js";
import { decodeCell } from "../../src/node_panel.js";
import { random } from "../support/answers.js";

test("a key that the page writes is read back, in every format", () => {
  const next = random(21);
  for (const format of /** @type {const} */ (["utf8", "hex", "u64be", "uuid"])) {
    for (let i = 0; i < 3000; i += 1) {
      const key = Uint8Array.from({ length: 1 + Math.floor(next() * 24) }, () => (next() < 0.5 ? 32 + Math.floor(next() * 95) : Math.floor(next() * 256)));
      const text = formatKey(key, format);
      assert.deepEqual([...(parseKey(text, format) ?? [])], [...key], `${format}: ${text}`);
    }
  }
});

test("what is no key in a format is none", () => {
  for (const [text, format] of /** @type {const} */ ([["0x1", "utf8"], ["0xzz", "hex"], ["a\\", "utf8"], ["a\\n", "utf8"], ["abc", "u64be"], ["18446744073709551616", "u64be"], ["7/", "u64be"], ["00112233", "uuid"], ["xyz", "hex"]])) {
    assert.equal(parseKey(text, format), null, `${format}: ${text}`);
  }
});

test("how a rate moved, in words that hold", () => {
  const of = (/** @type {number} */ rate, /** @type {number | null} */ beforeRate) => changeOf(/** @type {any} */ ({ rate, beforeRate }));
  assert.deepEqual(of(5, null), { way: null, text: "not known" });
  assert.deepEqual(of(5, 0), { way: 1, text: "from 0" });
  assert.deepEqual(of(1000, 1001), { way: 0, text: "steady" });
  assert.deepEqual(of(110, 100), { way: 1, text: "+10 %" });
  assert.deepEqual(of(40, 100), { way: -1, text: "−60 %" });
  assert.deepEqual(of(320, 100), { way: 1, text: "×3.2" });
  assert.deepEqual(of(1e6, 1), { way: 1, text: "×1000000" });
});

test("an answer that is not a list is refused, never drawn in part", () => {
  const row = { bucket_id: "route:1", start: null, end: null, value: 1, rate: 1, share: 1 };
  assert.equal(decodeTop({ rows: [row] }).rows[0].beforeRate, null);
  assert.deepEqual([decodeTop({ rows: [row] }).redaction, decodeTop({ rows: [row], redaction: "prefix:8" }).redaction], ["", "prefix:8"]);
  const nodes = [{ node: "a\u202e", value: 3, share: 0.75 }, { share: 0.25 }];
  const of = (/** @type {Record<string, unknown>} */ more) => decodeTop({ rows: [{ ...row, ...more }] }).rows[0];
  assert.deepEqual([of({}).nodes, of({}).nodeCount, of({}).estimated], [null, 0, false]);
  assert.deepEqual([of({ nodes, node_count: 7 }).nodes, of({ nodes, node_count: 7 }).nodeCount], [[{ node: "a\\xe2\\x80\\xae", share: 0.75 }, { node: "", share: 0.25 }], 7]);
  assert.deepEqual([of({ nodes }).nodeCount, of({ nodes: [], estimated: true }).estimated], [2, true]);
  for (const more of [{ nodes: 7 }, { nodes: [{ node: "a" }] }, { nodes: [null] }, { nodes: new Array(65).fill(nodes[0]) }, { nodes, node_count: "7" }]) assert.throws(() => of(more), TopError, JSON.stringify(more).slice(0, 60));
  for (const body of [null, 7, {}, { rows: 7 }, { rows: [{}] }, { rows: [{ ...row, rate: -1 }] }, { rows: [{ ...row, share: "1" }] }, { rows: [{ ...row, start: "***" }] }, { rows: new Array(1025).fill(row) }, { rows: [], now: {} }]) {
    assert.throws(() => decodeTop(body), TopError, JSON.stringify(body)?.slice(0, 60));
  }
  for (const body of [null, { keys: 7 }, { keys: new Array(2000).fill({ key_b64: "", count: 1 }) }, { keys: [{ key_b64: "*" }] }]) assert.throws(() => decodeHotKeys(body));
});

test("what nodes counted in a cell is read whole or not at all", () => {
  const node = { node: "a\u202e", value: 3, share: 1, estimated: true, raft_group_id: 7, leader_term: -1 };
  assert.deepEqual(decodeCell({ nodes: [node] }), [{ node: "a\\xe2\\x80\\xae", value: 3, share: 1, estimated: true, group: 7, term: 0 }]);
  for (const body of [null, 7, {}, { nodes: 7 }, { nodes: [null] }, { nodes: [{ ...node, value: -1 }] }, { nodes: [{ ...node, share: "1" }] }, { nodes: [{ ...node, node: 7 }] }, { nodes: new Array(4097).fill(node) }]) assert.equal(decodeCell(body), null);
});

test("a cell's keys are asked for by its route where it is one as it stands, else by its bounds", () => {
  const of = (/** @type {any} */ more) => whose({ route: null, label: null, subBucket: null, bucketId: "range:0@a", start: new Uint8Array(0), end: null, ...more }, "s3");
  assert.deepEqual(of({ route: "7", bucketId: "route:7:redis#3", label: "redis", subBucket: "3" }), { route_id: "7", label: "redis", sub_bucket: "3" });
  assert.deepEqual(of({ route: "18446744073709551615", bucketId: "route:18446744073709551615" }), { route_id: "18446744073709551615", label: "s3", sub_bucket: "" });
  assert.deepEqual(of({ route: "7", bucketId: "route:7~0a1b2c3d", start: Uint8Array.of(0x61), end: Uint8Array.of(0x62) }), { start: "YQ", end: "Yg" });
  assert.deepEqual(of({ end: Uint8Array.of(0x62) }), { start: "", end: "Yg" });
  assert.deepEqual(of({}), { start: "AA", end: "" });
});

test("names that begin with what is typed come first, a few of them", () => {
  const names = ["users", "orders", "old orders", "ORDERS_2", ...Array.from({ length: 50 }, (_, i) => `x orders ${i}`)].map((name) => ({ name, prefix: new Uint8Array(0) }));
  assert.deepEqual(matchingNames(names, "ord").map((one) => one.name).slice(0, 3), ["orders", "ORDERS_2", "old orders"]);
  assert.equal(matchingNames(names, "ord").length, 8);
  assert.deepEqual(matchingNames(names, ""), []);
});

test("the rows of a key, all of them where labels are split", () => {
  const of = (/** @type {string} */ start, /** @type {string | null} */ end) => /** @type {any} */ ({ start: Buffer.from(start), end: end === null ? null : Buffer.from(end) });
  const rows = [of("", "b"), of("b", "d"), of("b", "d"), of("d", null)];
  assert.deepEqual([rowsWith(rows, Buffer.from("c")), rowsWith(rows, Buffer.from("")), rowsWith(rows, Buffer.from("z")), rowsWith(rows.slice(0, 2), Buffer.from("x"))], [[1, 2], [0, 0], [3, 3], null]);
});

test("of a name the first row that lies in it, else the row that holds where it begins", () => {
  const bounds = ["", "n", "o/5", "o/7", "p", null];
  const rows = /** @type {any[]} */ (bounds.slice(0, -1).map((start, i) => ({ start: Buffer.from(String(start)), end: bounds[i + 1] === null ? null : Buffer.from(String(bounds[i + 1])) })));
  const named = (/** @type {string} */ prefix) => rowsOfFind(rows, findOf({ key: Buffer.from(prefix), begins: true }))?.[0];
  assert.deepEqual(["o/", "o", "o/7", "p", "o/8", "a", "z", ""].map(named), [2, 2, 3, 4, 3, 0, 4, 0]);
  const held = (/** @type {string} */ key) => rowsOfFind(rows, findOf({ key: Buffer.from(key) }))?.[0];
  assert.deepEqual(["o/", "o/5", ""].map(held), [1, 2, 0]);
  assert.equal(rowsOfFind(rows, ""), null);
  const last = [{ ...rows[4], start: Buffer.from([254]), end: Buffer.from([255, 255, 1]) }, { ...rows[4], start: Buffer.from([255, 255, 1]) }];
  assert.deepEqual(rowsOfFind(last, findOf({ key: Uint8Array.of(255, 255), begins: true })), [1, 1], "nothing is beyond");
  assert.deepEqual(rowsOfFind([...rows.slice(0, 3), { ...rows[2] }], findOf({ key: Buffer.from("o/"), begins: true })), [2, 3], "a row for each label");
});
