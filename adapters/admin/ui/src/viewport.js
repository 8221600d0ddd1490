// @ts-check
/**
 * The part of a picture that the canvas shows while a reader zooms and pans, before it is asked for anew. Time is in
 * Unix milliseconds; rows are counted from the first row's upper edge and may be fractions.
 */

import { base64url, compareBytes } from "./key.js";

/** @typedef {import("./picture.js").Picture} Picture */
/** @typedef {{fromMs: number, toMs: number, top: number, bottom: number}} Viewport */
/** Which keys are asked for, as the fragment holds them: base64url, empty where there is no bound. @typedef {{keyFrom: string, keyTo: string}} Keys */

/** The least of time that is worth a picture, in columns. */
const LEAST_COLUMNS = 2;
/** What shows less than this of itself, in rows, is not meant. */
const SLIVER = 0.15;

/** @param {Picture} picture @returns {Viewport} all of it */
export function wholeOf(picture) {
  return { fromMs: picture.view.fromMs, toMs: picture.view.toMs, top: 0, bottom: Math.max(1, picture.matrix.rows.length) };
}

/**
 * Zooms about a point.
 * @param {Viewport} from @param {Picture} picture @param {number} x 0 to 1 @param {number} y 0 to 1
 * @param {{time: number, rows: number}} factors below 1 shows less @returns {Viewport}
 */
export function zoomed(from, picture, x, y, factors) {
  const leastMs = LEAST_COLUMNS * picture.matrix.stepMs;
  const span = Math.max(Math.min(leastMs, from.toMs - from.fromMs), (from.toMs - from.fromMs) * factors.time);
  const size = Math.max(Math.min(1, from.bottom - from.top), (from.bottom - from.top) * factors.rows);
  const atMs = from.fromMs + x * (from.toMs - from.fromMs);
  const atRow = from.top + y * (from.bottom - from.top);
  return { fromMs: atMs - x * span, toMs: atMs + (1 - x) * span, top: atRow - y * size, bottom: atRow + (1 - y) * size };
}

/** @param {Viewport} from @param {number} dx of the width @param {number} dy of the height @returns {Viewport} moved by so much */
export function panned(from, dx, dy) {
  const [ms, rows] = [dx * (from.toMs - from.fromMs), dy * (from.bottom - from.top)];
  return { fromMs: from.fromMs + ms, toMs: from.toMs + ms, top: from.top + rows, bottom: from.bottom + rows };
}

/** @param {Viewport} from @param {{x0: number, x1: number, y0: number, y1: number}} box 0 to 1, ordered @returns {Viewport} what the box holds */
export function brushed(from, box) {
  const [span, size] = [from.toMs - from.fromMs, from.bottom - from.top];
  return { fromMs: from.fromMs + box.x0 * span, toMs: from.fromMs + box.x1 * span, top: from.top + box.y0 * size, bottom: from.top + box.y1 * size };
}

/** @param {Viewport} viewport @param {Picture} picture @returns {boolean} whether it shows what the picture does not have */
export function exceeds(viewport, picture) {
  const whole = wholeOf(picture);
  return viewport.fromMs < whole.fromMs || viewport.toMs > whole.toMs || viewport.top < 0 || viewport.bottom > whole.bottom;
}

/** @param {Viewport} viewport @param {number} oldestMs @param {number} newestMs @param {number} rows @returns {Viewport} moved, or cut, so that it lies within */
export function within(viewport, oldestMs, newestMs, rows) {
  /** @param {number} from @param {number} to @param {number} low @param {number} high @returns {[number, number]} */
  const fit = (from, to, low, high) => {
    if (to - from >= high - low) return [low, high];
    const shift = Math.max(0, low - from) - Math.max(0, to - high);
    return [from + shift, to + shift];
  };
  const [fromMs, toMs] = fit(viewport.fromMs, viewport.toMs, Math.min(oldestMs, newestMs - 1), newestMs);
  const [top, bottom] = fit(viewport.top, viewport.bottom, 0, Math.max(1, rows));
  return { fromMs, toMs, top, bottom };
}

/** @param {Uint8Array} key @param {number} skip bytes that all have in common @returns {number} 0 to 1 by the next six bytes */
function fractionOf(key, skip) {
  let fraction = 0;
  for (let i = 0; i < 6; i += 1) fraction += (key[skip + i] ?? 0) / 256 ** (i + 1);
  return fraction;
}

/** @param {Picture} picture @param {Uint8Array} key @returns {number} where it lies among the rows; within one by its bytes */
export function rowAt(picture, key) {
  const { rows } = picture.matrix;
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (compareBytes(rows[middle].start, key) <= 0) low = middle + 1;
    else high = middle;
  }
  const index = low - 1;
  if (index < 0) return 0;
  const { start, end } = rows[index];
  if (compareBytes(start, key) === 0) return index;
  if (end !== null && compareBytes(key, end) >= 0) return index + 1;
  let skip = 0;
  while (end !== null && skip < start.length && start[skip] === end[skip]) skip += 1;
  const [a, b] = [fractionOf(start, skip), end === null ? 1 : fractionOf(end, skip)];
  return index + Math.min(1, Math.max(0, b > a ? (fractionOf(key, skip) - a) / (b - a) : 0));
}

/**
 * The same viewport over another picture: rows by where the picture's first and last key lie in the other.
 * @param {Viewport} viewport @param {Picture} from @param {Picture} to @returns {Viewport}
 */
export function rebased(viewport, from, to) {
  const { rows } = from.matrix;
  if (rows.length === 0) return viewport;
  const top = rowAt(to, rows[0].start);
  const end = rows[rows.length - 1].end;
  const bottom = Math.max(top + 0.01, end === null ? to.matrix.rows.length : rowAt(to, end));
  const scale = (bottom - top) / rows.length;
  return { ...viewport, top: top + viewport.top * scale, bottom: top + viewport.bottom * scale };
}

/** @param {Picture} picture @param {Viewport} viewport @param {Keys} before @returns {Keys} the bounds of the rows that are shown, whole rows at both ends; those of before at the picture's own ends */
export function keysOf(picture, viewport, before) {
  const { rows } = picture.matrix;
  if (rows.length === 0) return before;
  const first = Math.min(rows.length - 1, Math.max(0, Math.floor(viewport.top + SLIVER)));
  const last = Math.min(rows.length - 1, Math.max(first, Math.ceil(viewport.bottom - SLIVER) - 1));
  const [start, end] = [rows[first].start, rows[last].end];
  return {
    keyFrom: first === 0 ? picture.keys.keyFrom : base64url(start),
    keyTo: last === rows.length - 1 ? picture.keys.keyTo : end === null ? "" : base64url(end),
  };
}
