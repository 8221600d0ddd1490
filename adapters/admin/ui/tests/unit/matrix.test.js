// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { find, nameOf, pictureOf } from "../../src/picture.js";
import { DEFAULT } from "../../src/fragment.js";
import { WireError, decodeMatrix } from "../../src/matrix.js";
import { base64, columns, matrix, wireRow } from "../support/answers.js";

test("a matrix is laid out row after row, with rates of what the columns cover", () => {
  const wide = columns(3, (i) => (i === 1 ? "late" : "complete"));
  wide.column_covers_from_unix_ms[1] -= 3000;
  const decoded = decodeMatrix(matrix(wide, [wireRow({ bucket_id: "route:1", start: null, end: base64("m"), values: [5, 8, 0] }), wireRow({ bucket_id: "route:2", start: base64("m"), values: [0, 0, 100] })]));
  assert.deepEqual([...decoded.values], [5, 8, 0, 0, 0, 100]);
  assert.deepEqual([...decoded.rates], [5, 2, 0, 0, 0, 100], "the late column covers 4 s");
  assert.deepEqual([decoded.maxRate, decoded.minRate, decoded.rowsTotal], [100, 2, 113]);
  assert.equal(decoded.rows[0].start.length, 0);
  assert.equal(decoded.rows[1].end, null);
});

test("ids above 2^53 keep every digit", () => {
  const text = JSON.stringify(matrix(columns(1, () => "complete"), [
    wireRow({ bucket_id: "route:18446744073709551615", values: [1] }), wireRow({ bucket_id: "route:9007199254740993:redis#3", label: "redis", values: [1] }),
    wireRow({ bucket_id: "virtual:18446744073709551614", aggregate: true, route_count: 12, values: [1] }), wireRow({ bucket_id: "route:7~0a1b2c3d", draining: true, values: [1] }),
  ]));
  const { rows } = decodeMatrix(JSON.parse(text));
  assert.deepEqual(rows.map((row) => row.route), ["18446744073709551615", "9007199254740993", null, "7"]);
  assert.deepEqual([rows[1].label, rows[1].subBucket], ["redis", "3"]);
  assert.deepEqual([rows[2].aggregate, rows[2].routeCount, rows[2].bucketId], [true, 12, "virtual:18446744073709551614"]);
  assert.equal(rows[3].draining, true);
});

test("cut, unattributed and gaps are kept", () => {
  const decoded = decodeMatrix(matrix(columns(3, (i) => (i === 1 ? "missing" : "complete")), [wireRow({ bucket_id: "route:1", values: [1, 0, 2] })], { cut: { rows: 9, values: [4, 0, 5] }, unattributed: [1, 0, 1] }));
  assert.deepEqual([decoded.cutRows, decoded.cutTotal, decoded.unattributedTotal], [9, 9, 2]);
  assert.equal(decoded.columns[1].state, "missing");
});

test("what older servers leave out has a default", () => {
  const decoded = decodeMatrix({ column_unix_ms: [2000, 3000], step_ms: 1000, series: "writes", rows: [{ bucket_id: "route:1", start: "", end: "", aggregate: false, values: [1, 2] }] });
  assert.deepEqual(decoded.columns.map((column) => [column.startMs, column.endMs, column.state]), [[1000, 2000, "complete"], [2000, 3000, "complete"]]);
  assert.deepEqual([...decoded.rates], [1, 2]);
  assert.equal(decoded.rows[0].end, null, "a zero-length end is unbounded");
});

test("a column that covers no time has no infinite rate", () => {
  const wide = columns(1, () => "open");
  wide.column_covers_to_unix_ms = [...wide.column_covers_from_unix_ms];
  const decoded = decodeMatrix(matrix(wide, [wireRow({ bucket_id: "route:1", values: [7] })]));
  assert.ok(Number.isFinite(decoded.maxRate) && decoded.maxRate > 0);
});

test("what is not a matrix is refused with its reason", () => {
  const good = () => matrix(columns(2, () => "complete"), [wireRow({ bucket_id: "route:1", values: [1, 2] })]);
  /** @type {[RegExp, (body: any) => void][]} */
  const cases = [
    [/values of row 0/, (body) => (body.rows[0].values = [1])],
    [/not a count/, (body) => (body.rows[0].values = [1, -2])],
    [/not a count/, (body) => (body.rows[0].values = [1, "2"])],
    [/bucket_id/, (body) => delete body.rows[0].bucket_id],
    [/base64/, (body) => (body.rows[0].start = "***")],
    [/column_state/, (body) => (body.column_state = ["complete", "strange"])],
    [/column_start_unix_ms/, (body) => (body.column_start_unix_ms = [1])],
    [/step_ms/, (body) => delete body.step_ms],
    [/rows must be/, (body) => (body.rows = {})],
    [/rows must be/, (body) => (body.rows = new Array(20_000).fill(body.rows[0]))],
  ];
  for (const [reason, spoil] of cases) {
    const body = good();
    spoil(body);
    assert.throws(() => decodeMatrix(body), (error) => error instanceof WireError && reason.test(error.message), String(reason));
  }
  for (const body of [null, 7, "x", []]) assert.throws(() => decodeMatrix(body), WireError);
});

test("a range row says which of its cells are estimates, and is found again by its key when it is cut anew", () => {
  const range = (/** @type {number} */ at, /** @type {string} */ id, /** @type {string | null} */ start, /** @type {string | null} */ end, /** @type {boolean[] | undefined} */ estimated) =>
    ({ ...wireRow({ bucket_id: `range:${at}@${id}`, start: start === null ? null : base64(start), end: end === null ? null : base64(end), route_count: 3, values: [5, 7] }), ...(estimated === undefined ? {} : { estimated }) });
  const wide = columns(2, () => "complete");
  const fine = decodeMatrix(matrix(wide, [range(0, "aa", null, "m", [true, false]), range(1, "aa", "m", null, undefined)]));
  assert.deepEqual([fine.estimates, [...(fine.marks ?? [])], fine.conflicts, fine.rows[0].isRange, fine.rows[0].route], [1, [1, 0, 0, 0], 0, true, null]);
  const view = { fromMs: 0, toMs: 1, clipped: false };
  const [before, after] = [fine, decodeMatrix(matrix(wide, [range(0, "bb", null, "f", undefined), range(1, "bb", "f", "x", undefined), range(2, "bb", "x", null, undefined)]))].map((one) => pictureOf(one, /** @type {any} */ (view), DEFAULT));
  const name = nameOf(before, { row: 1, column: 0, rowsHere: 1, columnsHere: 1 });
  assert.match(name.row, /^key:/);
  assert.deepEqual([find(before, name)?.row, find(after, name)?.row], [1, 1], "m lies in [f, x)");
  assert.equal(find(after, { ...name, row: "key:!" }), null);
  for (const estimated of [[true], "yes", [1, 0]]) assert.throws(() => decodeMatrix(matrix(wide, [/** @type {any} */ ({ ...range(0, "aa", null, null, undefined), estimated })])), WireError);
});
