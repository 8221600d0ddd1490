// @ts-check
/**
 * Which rows and columns a pixel of the picture shows. Time is linear over the width; rows share the height evenly.
 * Where several rows or columns meet in one pixel all of them are listed, so that the picture can take the greatest:
 * no row and no column is ever without a pixel.
 */

/** @typedef {import("./matrix.js").Column} Column */

/** What a pixel column shows: outside of all columns, a gap, or data; data of an open or late column too. */
export const OUTSIDE = 0;
export const GAP = 1;
export const DATA = 2;
export const OPEN = 3;

/** Columns `first[x]` to `last[x]` inclusive have a share of pixel `x`; `kind[x]` says what it is. @typedef {{first: Int32Array, last: Int32Array, kind: Uint8Array}} PixelColumns */
/** Rows `first[y]` to `last[y]` inclusive are drawn in pixel `y`. @typedef {{first: Int32Array, last: Int32Array}} PixelRows */

/** @param {Column} column @returns {[number, number]} the time it is drawn over: a late column over what it covers */
export function drawnSpan(column) {
  return column.state === "late" ? [column.coversFromMs, column.coversToMs] : [column.startMs, column.endMs];
}

/**
 * The pixels of a time span: edges are rounded, so that neighbours tile; a span narrower than a pixel takes the one it
 * begins in.
 * @param {number} fromMs @param {number} toMs @param {{fromMs: number, toMs: number}} view @param {number} width
 * @returns {[number, number]} from inclusive, to exclusive, cut to the picture; empty where it is outside
 */
export function pixelSpan(fromMs, toMs, view, width) {
  const scale = width / (view.toMs - view.fromMs);
  const [x0, x1] = [(fromMs - view.fromMs) * scale, (toMs - view.fromMs) * scale];
  if (x1 <= 0 || x0 >= width) return [0, 0];
  let [from, to] = [Math.round(x0), Math.round(x1)];
  if (to <= from) [from, to] = [Math.floor(x0), Math.floor(x0) + 1];
  return [Math.min(width - 1, Math.max(0, from)), Math.max(1, Math.min(width, to))];
}

/** A view that follows the clock ends with the window that is open now. @typedef {{fromMs: number, toMs: number, follows?: boolean}} Span */

/** The last answer: several parts of a frame ask for the same. @type {{columns: readonly Column[], fromMs: number, toMs: number, follows: boolean, width: number, pixels: PixelColumns} | null} */
let held = null;

/** @param {readonly Column[]} columns in order of time @param {Span} view @param {number} width @returns {PixelColumns} not to be written to */
export function pixelColumns(columns, view, width) {
  const { fromMs, toMs, follows = false } = view;
  if (held !== null && held.columns === columns && held.fromMs === fromMs && held.toMs === toMs && held.follows === follows && held.width === width) return held.pixels;
  held = { columns, fromMs, toMs, follows, width, pixels: divided(columns, view, width) };
  return held.pixels;
}

/** @param {readonly Column[]} columns @param {Span} view @param {number} width @returns {PixelColumns} */
function divided(columns, view, width) {
  const first = new Int32Array(width).fill(-1);
  const last = new Int32Array(width).fill(-1);
  const kind = new Uint8Array(width);
  let [left, right] = [width, 0];
  columns.forEach((column, index) => {
    const [from, to] = pixelSpan(...drawnSpan(column), view, width);
    if (to > from) [left, right] = [Math.min(left, from), Math.max(right, to)];
    if (column.state === "missing") return;
    for (let x = from; x < to; x += 1) {
      if (first[x] < 0) first[x] = index;
      last[x] = index;
      kind[x] = column.state === "open" ? OPEN : DATA;
    }
  });
  // Between two columns nothing is known, whether the server said so or not.
  for (let x = left; x < right; x += 1) if (kind[x] === OUTSIDE) kind[x] = GAP;
  const newest = columns.at(-1);
  if (view.follows && newest !== undefined) {
    // Until the open window is flushed for the first time there is no column of it. What has been due for longer is a gap.
    const due = view.toMs - newest.endMs <= 2 * (newest.endMs - newest.startMs);
    for (let x = right; x < width; x += 1) if (kind[x] === OUTSIDE) kind[x] = due ? OPEN : GAP;
  }
  return { first, last, kind };
}

/** The rows that the height shows, counted from the first row's upper edge; may begin or end within a row, or beyond all. @typedef {{top: number, bottom: number}} RowsShown */

/**
 * @param {number} rows @param {number} height @param {RowsShown} [shown] all of them where it is not said
 * @returns {PixelRows} -1 where there is no row
 */
export function pixelRows(rows, height, shown = { top: 0, bottom: rows }) {
  const first = new Int32Array(height).fill(-1);
  const last = new Int32Array(height).fill(-1);
  const size = shown.bottom - shown.top;
  for (let y = 0; y < height; y += 1) {
    let [from, to] = [0, 0];
    if (size <= height) from = to = Math.floor(shown.top + ((y + 0.5) * size) / height);
    else [from, to] = [Math.ceil(shown.top + (y * size) / height), Math.ceil(shown.top + ((y + 1) * size) / height) - 1];
    [from, to] = [Math.max(0, from), Math.min(rows - 1, to)];
    if (from <= to) [first[y], last[y]] = [from, to];
  }
  return { first, last };
}

/** @param {number} row @param {number} rows @param {number} height @param {RowsShown} [shown] @returns {[number, number]} the pixels of a row, from inclusive, to exclusive; beyond the picture where it is not shown */
export function rowSpan(row, rows, height, shown = { top: 0, bottom: rows }) {
  const size = shown.bottom - shown.top;
  const at = (/** @type {number} */ edge) => ((edge - shown.top) * height) / size;
  if (size > height) {
    const y = Math.floor(at(row));
    return [y, y + 1];
  }
  return [Math.ceil(at(row) - 0.5), Math.ceil(at(row + 1) - 0.5)];
}
