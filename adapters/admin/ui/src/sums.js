// @ts-check
/** The margins of the picture: what all rows take over time, and what each row takes over all the time shown. */

import { drawnSpan, pixelColumns, pixelRows } from "./layout.js";
import { pixelOf } from "./palette.js";
import { widthSeconds } from "./matrix.js";

/** Rates per second: of each column over all rows, those cut included, and of each row over all columns recorded. @typedef {{columns: Float64Array, rows: Float64Array, mostColumn: number, mostRow: number}} Sums */

/** @param {import("./matrix.js").Matrix} matrix @returns {Sums} */
export function sumsOf(matrix) {
  const count = matrix.columns.length;
  const columns = Float64Array.from(matrix.columns, (column) => column.cut);
  const rows = new Float64Array(matrix.rows.length);
  const seconds = matrix.columns.map(widthSeconds);
  const covered = Math.max(0.001, seconds.reduce((total, one) => total + one, 0));
  for (let row = 0; row < rows.length; row += 1) {
    rows[row] = matrix.rows[row].total / covered;
    for (let x = 0; x < count; x += 1) columns[x] += matrix.values[row * count + x];
  }
  for (let x = 0; x < count; x += 1) columns[x] = seconds[x] > 0 ? columns[x] / seconds[x] : 0;
  const most = (/** @type {Float64Array} */ rates) => rates.reduce((a, b) => Math.max(a, b), 0);
  return { columns, rows, mostColumn: most(columns), mostRow: most(rows) };
}

/**
 * @param {Sums} sums @param {import("./heatmap.js").Painting} painting @param {Uint32Array} pixels @param {number} width
 * @param {number} height @param {number} ink @returns {void} bars from the lower edge, the longest as long as there is room
 */
export function paintColumnSums(sums, painting, pixels, width, height, ink) {
  pixels.fill(pixelOf(painting.palette.ground.outside));
  const { first, last } = pixelColumns(painting.matrix.columns, painting.view, width);
  for (let x = 0; x < width; x += 1) {
    let rate = 0;
    if (first[x] >= 0) for (let c = first[x]; c <= last[x]; c += 1) rate = Math.max(rate, sums.columns[c]);
    if (rate <= 0) continue;
    const top = height - Math.max(1, Math.round((rate / sums.mostColumn) * height));
    for (let y = top; y < height; y += 1) pixels[y * width + x] = ink;
  }
}

/**
 * @param {Sums} sums @param {import("./heatmap.js").Painting} painting @param {Uint32Array} pixels @param {number} width
 * @param {number} height @param {number} ink @returns {void} bars from the left edge; where rows share a pixel the longest of them
 */
export function paintRowSums(sums, painting, pixels, width, height, ink) {
  pixels.fill(pixelOf(painting.palette.ground.outside));
  const { first, last } = pixelRows(Math.max(1, sums.rows.length), height, painting.rows);
  for (let y = 0; y < height; y += 1) {
    let rate = 0;
    if (first[y] >= 0) for (let row = first[y]; row <= last[y]; row += 1) rate = Math.max(rate, sums.rows[row] ?? 0);
    if (rate <= 0) continue;
    pixels.fill(ink, y * width, y * width + Math.max(1, Math.round((rate / sums.mostRow) * width)));
  }
}

/** @param {import("./matrix.js").Matrix} matrix @param {number} row @returns {{fromMs: number, toMs: number, rate: number}[]} the row over time, gaps left out */
export function rowOverTime(matrix, row) {
  return matrix.columns.flatMap((column, x) => {
    const [fromMs, toMs] = drawnSpan(column);
    return column.state === "missing" ? [] : [{ fromMs, toMs, rate: matrix.rates[row * matrix.columns.length + x] }];
  });
}
