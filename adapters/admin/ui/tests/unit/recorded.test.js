// @ts-check
/** Recorded answers are cut as a server cuts them. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { answerOf } from "../../src/recorded.js";
import { decodeMatrix } from "../../src/matrix.js";
import { decodeStatus } from "../../src/status.js";
import { viewOf } from "../../src/time_range.js";
import { NOW, STEP, busyMatrix, columns, matrix, status, wireRow } from "../support/answers.js";

const LAST = Math.floor(NOW / STEP) * STEP + STEP;

test("all of it is the answer as it stands", () => {
  const whole = busyMatrix(16, 30);
  assert.deepEqual(answerOf(whole, { fromUnixMs: 1, toUnixMs: 0, rows: 1024 }), whole);
});

test("a time asked for cuts every member that has a value per column", () => {
  const whole = busyMatrix(4, 10);
  const answer = answerOf(whole, { fromUnixMs: LAST - 5 * STEP, toUnixMs: LAST - 2 * STEP, rows: 1024 });
  assert.deepEqual(answer.column_unix_ms, [LAST - 5 * STEP, LAST - 4 * STEP, LAST - 3 * STEP], "from is in, to is not");
  const decoded = decodeMatrix(answer);
  assert.equal(decoded.columns.length, 3);
  assert.equal(decoded.rowsTotal, whole.rows.flatMap((/** @type {any} */ row) => row.values.slice(4, 7)).reduce((/** @type {number} */ a, /** @type {number} */ b) => a + b));
});

test("the most active rows stay, in their order, and the others are counted as cut", () => {
  const wide = columns(2);
  const values = [[1, 1], [9, 0], [0, 2], [5, 5]];
  const whole = matrix(wide, values.map((row, at) => wireRow({ bucket_id: `route:${at}`, values: row })), { cut: { rows: 3, values: [10, 20] } });
  const answer = answerOf(whole, { fromUnixMs: 1, toUnixMs: 0, rows: 3 });
  assert.deepEqual(answer.rows.map((/** @type {any} */ row) => row.bucket_id), ["route:0", "route:1", "route:3"], "of equals the first name stays");
  assert.deepEqual(answer.cut, { rows: 4, values: [10, 22] });
  assert.equal(whole.cut.rows, 3, "the recording is as it was");
});

test("a trace whose clock starts at 0 is shown from its start", () => {
  const decoded = decodeStatus(status({ mode: "static", time_label: "relative", history_from_unix_ms: 0, last_flush_unix_ms: 60_000 }), 0);
  const clock = { mode: decoded.mode, nowMs: decoded.nowMs, stepMs: decoded.stepMs, historyFromMs: decoded.historyFromMs, lastFlushMs: decoded.lastFlushMs };
  assert.deepEqual(viewOf({ range: "", fromMs: 0, toMs: 0 }, clock), { fromMs: 0, toMs: 60_000, follows: false, clipped: false });
  assert.equal(decodeStatus(status({ history_from_unix_ms: null }), 0).historyFromMs, null);
});
