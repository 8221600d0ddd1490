// @ts-check
/** One answered matrix with what is needed to draw it and to point into it. */

import { base64url, bytesOfBase64url, compareBytes } from "./key.js";
import { levelsOf, scaleFor } from "./scale.js";
import { sumsOf } from "./sums.js";

/**
 * A cell that stays itself while the picture moves on: the row by its bucket id, or, where rows are ranges that are cut
 * anew with every answer, by the key it begins with (`key:` and base64url).
 * @typedef {{row: string, atMs: number}} CellName
 */
/** @typedef {import("./heatmap.js").Picked} Picked */
/**
 * `keys` and `place` are what was asked for when it was answered.
 * @typedef {{matrix: import("./matrix.js").Matrix, view: import("./time_range.js").View, keys: import("./viewport.js").Keys, place: Pick<Choice, "range" | "fromMs" | "toMs">,
 *   scale: import("./scale.js").Scale, levels: Uint8Array, sums: import("./sums.js").Sums}} Picture
 */
/** @typedef {import("./fragment.js").Choice} Choice */

/** @param {import("./matrix.js").Matrix} matrix @param {import("./time_range.js").View} view @param {Choice} choice @returns {Picture} */
export function pictureOf(matrix, view, choice) {
  const { keyFrom, keyTo, range, fromMs, toMs } = choice;
  return { matrix, view, keys: { keyFrom, keyTo }, place: { range, fromMs, toMs }, sums: sumsOf(matrix), ...scaledBy(matrix, choice) };
}

/** @param {import("./matrix.js").Matrix} matrix @param {Choice} choice @returns {{scale: import("./scale.js").Scale, levels: Uint8Array}} */
export function scaledBy(matrix, choice) {
  const fixed = choice.fixHigh > 0 ? { low: choice.fixLow, high: choice.fixHigh } : null;
  const scale = scaleFor(choice.scale, matrix.minRate, matrix.maxRate, choice.brightness, fixed);
  return { scale, levels: levelsOf(scale, matrix.rates) };
}

/** @param {Picture} picture @param {Picked} picked @returns {CellName} */
export function nameOf(picture, picked) {
  const column = picture.matrix.columns[picked.column];
  const row = picture.matrix.rows[picked.row];
  return { row: row.isRange ? KEY + base64url(row.start) : row.bucketId, atMs: column.endMs - 1 };
}

/** What the name of a row begins with where it is a key. */
const KEY = "key:";

/** @param {readonly import("./matrix.js").Row[]} rows @param {string} name @returns {number} its index; below 0 where it is not among them */
function rowOf(rows, name) {
  if (!name.startsWith(KEY)) return rows.findIndex((one) => one.bucketId === name);
  const key = bytesOfBase64url(name.slice(KEY.length));
  return key === null ? -1 : rows.findIndex((one) => one.isRange && compareBytes(one.start, key) <= 0 && (one.end === null || compareBytes(key, one.end) < 0));
}

/** @param {Picture} picture @param {CellName} name @returns {Picked | null} null where the picture no longer has it */
export function find(picture, name) {
  const row = rowOf(picture.matrix.rows, name.row);
  const column = picture.matrix.columns.findIndex((one) => one.startMs <= name.atMs && name.atMs < one.endMs);
  return row < 0 || column < 0 ? null : { row, column, rowsHere: 1, columnsHere: 1 };
}

/** @param {Picture} picture @param {Picked} from @param {string} key of the keyboard @returns {Picked | null} where it leads; null where it is no movement */
export function moved(picture, from, key) {
  const { rows, columns } = picture.matrix;
  /** @type {Record<string, [number, number]>} */
  const ways = {
    ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-10, 0], PageDown: [10, 0],
    Home: [0, -columns.length], End: [0, columns.length],
  };
  const way = ways[key];
  if (way === undefined || rows.length === 0 || columns.length === 0) return null;
  const row = Math.min(rows.length - 1, Math.max(0, from.row + way[0]));
  const column = Math.min(columns.length - 1, Math.max(0, from.column + way[1]));
  return { row, column, rowsHere: 1, columnsHere: 1 };
}
