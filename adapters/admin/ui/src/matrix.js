// @ts-check
/** The answer of `/matrix`, checked and laid out for drawing. What does not fit the wire's description is refused. */

import { decodeFanout } from "./fanout.js";
import { bytesOfBase64, textOfWords } from "./key.js";

/** @typedef {"complete" | "open" | "late" | "missing"} ColumnState */
/** @typedef {{startMs: number, endMs: number, coversFromMs: number, coversToMs: number, state: ColumnState, unattributed: number, cut: number, nodes: number, lacksNode?: boolean}} Column */
/**
 * A row. Ids are texts: they may exceed 2^53, which a double cannot hold.
 * @typedef {{bucketId: string, route: string | null, subBucket: string | null, label: string | null, start: Uint8Array,
 *   end: Uint8Array | null, aggregate: boolean, isRange: boolean, routeCount: number, draining: boolean, conflict: boolean, groups: number[] | null, terms: number[] | null, name: string | null, total: number}} Row
 */
/**
 * `values` and `rates` hold row after row, a value per column. A rate is per second of the time the column covers, and
 * 0 where the column is missing (which is a gap, not a zero). `marks` holds what is to be said of a cell beside its
 * value, in the same order; null where there is nothing to say of any.
 * @typedef {{series: string, stepMs: number, columns: Column[], rows: Row[], values: Float64Array, rates: Float64Array, marks: Uint8Array | null,
 *   cutRows: number, cutTotal: number, unattributedTotal: number, rowsTotal: number, estimates: number, conflicts: number, lacking: number, fanout: import("./fanout.js").Fanout | null, maxRate: number, minRate: number}} Matrix
 */

/** More rows or cells than any server answers: such an answer is refused rather than drawn. */
const MAX_ROWS = 16_384;
const MAX_CELLS = 1 << 25;
/** Marks of a cell, to be joined by `|`: its value was spread over finer ranges; nodes contradict one another; a node that has the row does not cover the column. */
export const ESTIMATED = 1;
export const CONFLICT = 2;
export const LACKING = 4;
const STATES = new Set(["complete", "open", "late", "missing"]);

/** An answer that is not what the wire's description says. */
export class WireError extends Error {}

/** @param {boolean} holds @param {string} what @returns {asserts holds} */
function must(holds, what) {
  if (!holds) throw new WireError(`/matrix: ${what}`);
}

/** @param {unknown} value @param {string} name @param {number} length @returns {number[]} */
function numbers(value, name, length) {
  must(Array.isArray(value) && value.length === length, `${name} must be an array of ${length} numbers`);
  must(value.every((one) => typeof one === "number" && one >= 0 && Number.isFinite(one)), `${name} holds something that is not a count`);
  return value;
}

/** @param {unknown} value @param {string} name @param {number} length @returns {boolean[] | null} null where none is set */
function flags(value, name, length) {
  if (value === undefined || value === null) return null;
  must(Array.isArray(value) && value.length === length && value.every((one) => typeof one === "boolean"), `${name} must be an array of ${length} booleans`);
  return value;
}

/** @param {any} body @returns {Column[]} */
function decodeColumns(body) {
  const ends = body.column_unix_ms;
  must(Array.isArray(ends), "column_unix_ms is absent");
  const count = ends.length;
  numbers(ends, "column_unix_ms", count);
  const starts = numbers(body.column_start_unix_ms ?? ends.map((/** @type {number} */ end) => Math.max(0, end - body.step_ms)), "column_start_unix_ms", count);
  const from = numbers(body.column_covers_from_unix_ms ?? starts, "column_covers_from_unix_ms", count);
  const to = numbers(body.column_covers_to_unix_ms ?? ends, "column_covers_to_unix_ms", count);
  const states = body.column_state ?? new Array(count).fill("complete");
  must(Array.isArray(states) && states.length === count && states.every((state) => STATES.has(state)), "column_state");
  const unattributed = numbers(body.unattributed ?? new Array(count).fill(0), "unattributed", count);
  const cut = numbers(body.cut?.values ?? new Array(count).fill(0), "cut.values", count);
  const nodes = numbers(body.column_nodes ?? new Array(count).fill(1), "column_nodes", count);
  return ends.map((/** @type {number} */ endMs, /** @type {number} */ i) => ({
    startMs: starts[i], endMs, coversFromMs: from[i], coversToMs: to[i], state: states[i], unattributed: unattributed[i], cut: cut[i], nodes: nodes[i],
  }));
}

/** @param {any} row @param {number} index @returns {Row} */
function decodeRow(row, index) {
  must(row !== null && typeof row === "object" && typeof row.bucket_id === "string", `row ${index} has no bucket_id`);
  /** @param {unknown} bound @returns {Uint8Array | null} */
  const bound = (bound) => {
    if (bound === null || bound === undefined) return null;
    must(typeof bound === "string", `row ${index} has a bound that is not base64`);
    try {
      return bytesOfBase64(bound);
    } catch {
      throw new WireError(`/matrix: row ${index} has a bound that is not base64`);
    }
  };
  const end = bound(row.end);
  return {
    bucketId: row.bucket_id,
    route: /^route:(\d+)/.exec(row.bucket_id)?.[1] ?? null,
    subBucket: /#(\d+)/.exec(row.bucket_id)?.[1] ?? null,
    label: typeof row.label === "string" && row.label !== "" ? row.label : null,
    start: bound(row.start) ?? new Uint8Array(0),
    // A zero-length end always means unbounded.
    end: end !== null && end.length === 0 ? null : end,
    aggregate: row.aggregate === true,
    isRange: row.bucket_id.startsWith("range:"),
    routeCount: typeof row.route_count === "number" ? row.route_count : 1,
    draining: row.draining === true,
    conflict: row.conflict === true,
    groups: null,
    terms: null,
    name: typeof row.name === "string" && row.name !== "" ? textOfWords(row.name) : null,
    total: 0,
  };
}

/** @param {Column} column @returns {number} the seconds it covers; 0 for a gap */
export function widthSeconds(column) {
  if (column.state === "missing") return 0;
  return Math.max(0, column.coversToMs - column.coversFromMs) / 1000;
}

/** Collects the marks of cells, for none of which there is memory until one has some. */
class Marks {
  /** @type {Uint8Array | null} */
  all = null;
  counts = new Map([[ESTIMATED, 0], [CONFLICT, 0], [LACKING, 0]]);

  /** @param {number} cells */
  constructor(cells) {
    this.cells = cells;
  }

  /** @param {boolean[] | null} flags @param {number} base the row's first cell @param {number} mark @returns {void} */
  set(flags, base, mark) {
    if (flags === null || !flags.includes(true)) return;
    const all = (this.all ??= new Uint8Array(this.cells));
    let count = this.counts.get(mark) ?? 0;
    flags.forEach((flag, x) => {
      if (!flag) return;
      all[base + x] |= mark;
      count += 1;
    });
    this.counts.set(mark, count);
  }
}

/** @param {any} body parsed JSON @returns {Matrix} @throws {WireError} */
export function decodeMatrix(body) {
  must(body !== null && typeof body === "object", "it is not an object");
  must(typeof body.step_ms === "number" && body.step_ms > 0, "step_ms is absent");
  const columns = decodeColumns(body);
  const fanout = decodeFanout(body.fanout);
  // A window that is open may lack a node that only has not told of it yet.
  if (fanout !== null) for (const column of columns) column.lacksNode = column.nodes < fanout.expected && column.state !== "missing" && column.state !== "open";
  must(Array.isArray(body.rows) && body.rows.length <= MAX_ROWS, `rows must be an array of at most ${MAX_ROWS}`);
  const width = columns.length;
  must(body.rows.length * width <= MAX_CELLS, "it has more cells than can be drawn");
  const seconds = columns.map(widthSeconds);
  const values = new Float64Array(body.rows.length * width);
  const rates = new Float64Array(values.length);
  const marks = new Marks(values.length);
  let [rowsTotal, maxRate, minRate] = [0, 0, Infinity];
  const rows = body.rows.map((/** @type {any} */ wire, /** @type {number} */ index) => {
    const row = decodeRow(wire, index);
    const base = index * width;
    values.set(numbers(wire.values, `values of row ${index}`, width), base);
    marks.set(flags(wire.estimated, `estimated of row ${index}`, width), base, ESTIMATED);
    marks.set(flags(wire.conflicts, `conflicts of row ${index}`, width), base, CONFLICT);
    marks.set(flags(wire.missing, `missing of row ${index}`, width), base, LACKING);
    if (Array.isArray(wire.raft_group_ids) && wire.raft_group_ids.length > 0) row.groups = numbers(wire.raft_group_ids, `raft_group_ids of row ${index}`, width);
    if (Array.isArray(wire.leader_terms) && wire.leader_terms.length > 0) row.terms = numbers(wire.leader_terms, `leader_terms of row ${index}`, width);
    for (let x = 0; x < width; x += 1) {
      const value = values[base + x];
      // A column that covers no time yet has counts but no rate: a millisecond is the least that is told apart.
      const rate = value === 0 || columns[x].state === "missing" ? 0 : value / Math.max(seconds[x], 0.001);
      rates[base + x] = rate;
      row.total += value;
      if (rate > maxRate) maxRate = rate;
      if (rate > 0 && rate < minRate) minRate = rate;
    }
    rowsTotal += row.total;
    return row;
  });
  const sum = (/** @type {number} */ a, /** @type {number} */ b) => a + b;
  const marked = (/** @type {number} */ mark) => marks.counts.get(mark) ?? 0;
  return {
    series: String(body.series ?? ""), stepMs: body.step_ms, columns, rows, values, rates, marks: marks.all,
    cutRows: typeof body.cut?.rows === "number" ? body.cut.rows : 0,
    cutTotal: columns.map((column) => column.cut).reduce(sum, 0),
    unattributedTotal: columns.map((column) => column.unattributed).reduce(sum, 0),
    rowsTotal, estimates: marked(ESTIMATED), conflicts: marked(CONFLICT), lacking: marked(LACKING), fanout, maxRate, minRate: minRate === Infinity ? 0 : minRate,
  };
}
