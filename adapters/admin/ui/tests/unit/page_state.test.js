// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { nodesAccount } from "../../src/accounts.js";
import { decodeFanout } from "../../src/fanout.js";
import { messagesFor } from "../../src/page_state.js";
import { decodeMatrix } from "../../src/matrix.js";
import { decodeStatus } from "../../src/status.js";
import { NOW, base64, columns, matrix, status, wireRow } from "../support/answers.js";

/** @typedef {import("../../src/page_state.js").Known} Known */

const row = (/** @type {number[]} */ values) => wireRow({ bucket_id: "route:1", start: base64("a"), values });
const none = { observed_reads: 0, observed_writes: 0, unattributed_reads: 0, unattributed_writes: 0 };

/** @param {Record<string, unknown>} statusChanges @param {any} body @param {Partial<Known>} [changes] @returns {Known} */
function known(statusChanges, body, changes = {}) {
  return {
    status: decodeStatus(status(statusChanges), NOW), matrix: body === null ? null : decodeMatrix(body), failure: null, series: "ops", host: "localhost", lastAnswerMs: NOW, hereMs: NOW,
    hadToken: false, askedMs: null, range: "5m", style: { zone: "utc", originMs: null }, loadElsewhere: undefined, part: { keys: false, label: "", canUndo: false }, ...changes,
  };
}
const two = (/** @type {number[]} */ values = [0, 0]) => matrix(columns(2, () => "complete"), [row(values)]);
const first = (/** @type {Known} */ what) => messagesFor(what)[0];
const failure = (/** @type {import("../../src/api.js").FailureKind} */ kind, code = "", message = "it cannot be reached") => ({ kind, code, message });

test("every message says what is the case and what to do next", () => {
  const all = [
    known({}, null, { status: null }), known({ enabled: false }, null), known({ routes: 0, counters: none }, matrix(columns(0), [])), known({ counters: none }, two()),
    known({ history_from_unix_ms: null }, matrix(columns(0), [])), known({}, two(), { series: "reads", loadElsewhere: "writes" }), known({}, two()),
    known({}, matrix(columns(0), []), { askedMs: [0, 1000] }), known({}, matrix(columns(2), [row([0, 0])], { unattributed: [5, 5] })), known({}, null, { failure: failure("gone") }),
    known({}, two([1, 1]), { failure: failure("gone") }), known({}, null, { failure: failure("unauthorized") }), known({}, null, { failure: failure("busy") }), known({}, null, { failure: failure("refused", "forbidden_host") }),
  ].flatMap(messagesFor);
  for (const message of all) assert.ok(message.title.length > 3 && message.text.length > 10 && message.next.length > 10, message.kind);
  assert.ok(new Set(all.map((message) => message.kind)).size >= 12);
});

test("a picture with load and nothing amiss needs no words", () => assert.deepEqual(messagesFor(known({}, two([3, 4]))), []));

test("each state is told from its neighbours", () => {
  /** @type {[string, Known][]} */
  const cases = [
    ["connecting", known({}, null, { status: null })],
    ["connecting", known({}, null)],
    ["disabled", known({ enabled: false }, null)],
    ["no_routes", known({ routes: 0, counters: none }, matrix(columns(0), []))],
    ["no_observations", known({ counters: none }, matrix(columns(0), []))],
    ["no_observations", known({ counters: none }, two())],
    ["waiting", known({ history_from_unix_ms: null }, matrix(columns(0), []))],
    ["unknown_routes", known({}, matrix(columns(2, () => "complete"), [], { unattributed: [3, 3] }))],
    ["no_load", known({}, two())],
    ["outside", known({}, matrix(columns(0), []), { askedMs: [1000, 2000] })],
    ["outside", known({}, matrix(columns(0), []), { askedMs: [NOW + 60_000, NOW + 120_000] })],
    ["no_load", known({}, two(), { askedMs: [NOW - 10_000, NOW] })],
  ];
  for (const [kind, what] of cases) assert.deepEqual([first(what).kind, first(what).blocks], [kind, true]);
});

test("waiting counts down to the time the server gives", () => {
  assert.equal(first(known({ history_from_unix_ms: null, next_column_unix_ms: 777_000_000 }, matrix(columns(0), []))).countdownToMs, 777_000_000);
  const filling = first(known({ history_from_unix_ms: null }, matrix(columns(1), [row([5])])));
  assert.deepEqual([filling.kind, filling.blocks], ["filling", false], "load in the open window is shown at once");
});

test("no load offers a series that has it, else a longer time", () => {
  assert.deepEqual(first(known({}, two(), { series: "reads", loadElsewhere: "writes" })).action, { do: "series", label: "Show writes", series: "writes" });
  assert.deepEqual(first(known({}, two(), { series: "reads", loadElsewhere: null })).action, { do: "all", label: "Show all history" });
  assert.equal(first(known({}, two(), { series: "reads", loadElsewhere: null, range: "all" })).action, undefined);
});

test("no load in a part of the map leads to what is nearest: a step back, all labels, all keys", () => {
  const at = (/** @type {Partial<Known["part"]>} */ part, series = "ops") => first(known({}, two(), { series, loadElsewhere: null, part: { keys: false, label: "", canUndo: false, ...part } }));
  assert.deepEqual([at({}).title, at({}).action?.do], ["No operations in this time", "all"]);
  assert.deepEqual([at({ keys: true, canUndo: true }).title, at({ keys: true, canUndo: true }).action?.do], ["No operations in this part of the map", "undo"]);
  assert.deepEqual([at({ keys: true }).text, at({ keys: true }).action?.do], ["No series has load here.", "all_keys"]);
  assert.deepEqual([at({ label: "s3" }, "reads").title, at({ label: "s3" }).action?.do], ["No reads of s3 in this time", "all_labels"]);
});

test("unknown routes: the share in view, from half a percent on", () => {
  const note = first(known({}, matrix(columns(2, () => "complete"), [row([44, 44])], { unattributed: [6, 6] })));
  assert.deepEqual([note.title, note.blocks], ["12 % of observations hit unknown routes", false]);
  assert.deepEqual(messagesFor(known({}, matrix(columns(2, () => "complete"), [row([4000, 4000])], { unattributed: [1, 1] }))), []);
  assert.match(first(known({}, matrix(columns(2, () => "complete"), [], { unattributed: [6, 6] }))).title, /^100 %/);
});

test("a server that is gone keeps its last picture, with its age", () => {
  const [message] = messagesFor(known({}, two([1, 1]), { failure: failure("gone"), hereMs: NOW + 185_000 }));
  assert.deepEqual([message.kind, message.blocks], ["gone", false]);
  assert.match(message.text, /3 min 5 s old/);
  assert.equal(first(known({}, null, { failure: failure("gone"), status: null })).blocks, true);
});

test("a token that was refused says so; a picture is not left standing for who may not see it", () => {
  assert.match(first(known({}, two([1, 1]), { failure: failure("unauthorized") })).title, /asks for a token/);
  const refused = first(known({}, two([1, 1]), { failure: failure("unauthorized"), hadToken: true }));
  assert.deepEqual([refused.blocks, refused.asksToken], [true, true]);
  assert.match(refused.title, /refused this token/);
});

test("observations before any route are counted in words", () => {
  assert.match(first(known({ routes: 0, counters: { ...none, observed_reads: 1234 } }, matrix(columns(0), []))).text, /1,234 operations were observed/);
});

test("a node that is in the picture and gone since is counted as away", () => {
  const of = (/** @type {any[]} */ nodes, responded = nodes.length) => nodesAccount(/** @type {import("../../src/fanout.js").Fanout} */ (decodeFanout({ nodes, responded, expected: nodes.length })));
  const [here, away, failed] = [{ node: "a", ok: true }, { node: "b", ok: true, warnings: ["away"], error: "gone" }, { node: "c", ok: false, warnings: ["away"], error: "gone" }];
  assert.deepEqual(of([here, here]), { name: "Nodes", value: "2 of 2", warn: false });
  assert.deepEqual(of([here, away]), { name: "Nodes", value: "2 of 2 (1 away now)", warn: true });
  assert.deepEqual(of([here, failed], 1), { name: "Nodes", value: "1 of 2", warn: true });
});
