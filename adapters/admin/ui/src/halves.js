// @ts-check
/** Fewer rows for a hand that moves: each the greatest of two, of four, of eight. Made when first needed, kept with the levels. */

/** `levels` and `marks` hold row after row; each of `rows` stands for `2 ** times` rows of the matrix, the last for what is left. @typedef {{levels: Uint8Array, marks: Uint8Array | null, rows: number}} Half */

/** A row lower than this, in pixels, is joined with its neighbour. */
const LEAST_PX = 3 / 2;

/** @type {WeakMap<Uint8Array, Half[]>} */
const kept = new WeakMap();

/** @param {number} rows that are shown @param {number} height pixels @returns {number} how often rows are halved until each is high enough */
export function halvingsFor(rows, height) {
  return Math.max(0, Math.ceil(Math.log2((rows * LEAST_PX) / Math.max(1, height))));
}

/** @param {import("./matrix.js").Matrix} matrix @param {Uint8Array} levels @param {number} times 0 is the matrix as it is @returns {Half} */
export function halved(matrix, levels, times) {
  const width = matrix.columns.length;
  const all = kept.get(levels) ?? [{ levels, marks: matrix.marks, rows: matrix.rows.length }];
  kept.set(levels, all);
  for (let last = all[all.length - 1]; all.length <= times; last = all[all.length - 1]) {
    const rows = Math.ceil(last.rows / 2);
    all.push({ levels: joined(last.levels, width, rows, greater), marks: last.marks === null ? null : joined(last.marks, width, rows, either), rows });
  }
  return all[times];
}

/** The greater of two without a branch: which one it is cannot be guessed, and a wrong guess costs more than all else. @param {number} a @param {number} b @returns {number} */
export const greater = (a, b) => a - ((a - b) & ((a - b) >> 31));

/** @param {number} a @param {number} b @returns {number} */
const either = (a, b) => a | b;

/** @param {Uint8Array} cells @param {number} width @param {number} rows @param {(a: number, b: number) => number} join @returns {Uint8Array} pairs of rows as one */
function joined(cells, width, rows, join) {
  const into = new Uint8Array(rows * width);
  for (let row = 0; row < rows; row += 1) {
    const [to, from] = [row * width, 2 * row * width];
    // The last of an odd number stands alone.
    const other = from + width < cells.length ? from + width : from;
    for (let x = 0; x < width; x += 1) into[to + x] = join(cells[from + x], cells[other + x]);
  }
  return into;
}
