// @ts-check
/** The picture: a buffer of device pixels, filled row by row and put on the canvas at once. */

import { DATA, GAP, OPEN, OUTSIDE, pixelColumns, pixelRows } from "./layout.js";
import { pixelOf } from "./palette.js";

/** @typedef {import("./matrix.js").Matrix} Matrix */
/** @typedef {import("./palette.js").Palette} Palette */
/** `levels` holds row after row, a level per column. @typedef {{matrix: Matrix, levels: Uint8Array, view: import("./layout.js").Span, palette: Palette, hatchPx: number}} Painting */
/** @typedef {{row: number, column: number, rowsHere: number, columnsHere: number}} Picked */

/** @param {number} x @param {number} y @param {number} every @returns {boolean} whether the pixel is on a rising hatch line (gaps) */
export function onGapLine(x, y, every) {
  return (x + y) % every === 0;
}

/** @param {number} x @param {number} y @param {number} every @returns {boolean} whether the pixel is on a falling hatch line (the open window): the other way than a gap, so that the two differ without colour */
export function onOpenLine(x, y, every) {
  return (((x - y) % every) + every) % every === 0;
}

/**
 * @param {Painting} painting @param {Uint32Array} pixels the buffer, `width * height` @param {number} width @param {number} height
 * @returns {void}
 */
export function paint(painting, pixels, width, height) {
  const { matrix, levels, palette, hatchPx } = painting;
  const count = matrix.columns.length;
  const columns = pixelColumns(matrix.columns, painting.view, width);
  const rows = pixelRows(Math.max(1, matrix.rows.length), height);
  const folded = new Uint8Array(count);
  const line = new Uint8Array(width);
  let filled = -1;
  for (let y = 0; y < height; y += 1) {
    if (rows.first[y] !== filled) {
      filled = rows.first[y];
      if (matrix.rows.length > 0) foldRows(levels, count, rows.first[y], rows.last[y], folded);
      foldColumns(folded, columns, line);
    }
    putLine(line, columns.kind, y, pixels, palette, hatchPx);
  }
}

/** @param {Uint8Array} levels @param {number} count @param {number} first @param {number} last @param {Uint8Array} into the greatest level of the rows, per column */
function foldRows(levels, count, first, last, into) {
  into.set(levels.subarray(first * count, (first + 1) * count));
  for (let row = first + 1; row <= last; row += 1) {
    const base = row * count;
    for (let x = 0; x < count; x += 1) if (levels[base + x] > into[x]) into[x] = levels[base + x];
  }
}

/** @param {Uint8Array} folded @param {import("./layout.js").PixelColumns} columns @param {Uint8Array} into the greatest level of the columns, per pixel */
function foldColumns(folded, columns, into) {
  for (let x = 0; x < into.length; x += 1) {
    let level = 0;
    if (columns.first[x] >= 0) for (let c = columns.first[x]; c <= columns.last[x]; c += 1) if (folded[c] > level) level = folded[c];
    into[x] = level;
  }
}

/** @param {Uint8Array} line @param {Uint8Array} kind @param {number} y @param {Uint32Array} pixels @param {Palette} palette @param {number} every */
function putLine(line, kind, y, pixels, palette, every) {
  const colours = palette.pixels;
  const outside = pixelOf(palette.ground.outside);
  const gapInk = pixelOf(palette.ground.gapInk);
  const openInk = pixelOf(palette.ground.openInk);
  const base = y * line.length;
  for (let x = 0; x < line.length; x += 1) {
    if (kind[x] === DATA) pixels[base + x] = colours[line[x]];
    else if (kind[x] === OUTSIDE) pixels[base + x] = outside;
    else if (kind[x] === GAP) pixels[base + x] = onGapLine(x, y, every) ? gapInk : colours[0];
    // An empty open cell has nothing to strike out, so its hatch takes the gap's ink.
    else if (kind[x] === OPEN) pixels[base + x] = onOpenLine(x, y, every) ? (line[x] === 0 ? gapInk : openInk) : colours[line[x]];
  }
}

/**
 * The cell under a pixel; of several the hottest, as that is the one whose colour is seen.
 * @param {Painting} painting @param {number} x @param {number} y @param {number} width @param {number} height
 * @returns {Picked | null} null where no column was recorded
 */
export function pick(painting, x, y, width, height) {
  const { matrix, levels } = painting;
  if (x < 0 || y < 0 || x >= width || y >= height || matrix.rows.length === 0) return null;
  const columns = pixelColumns(matrix.columns, painting.view, width);
  const rows = pixelRows(matrix.rows.length, height);
  const [left, right] = [columns.first[x], columns.last[x]];
  if (left < 0) return null;
  const [top, bottom] = [rows.first[y], rows.last[y]];
  const best = { row: top, column: right, rowsHere: bottom - top + 1, columnsHere: right - left + 1 };
  for (let row = top; row <= bottom; row += 1) {
    for (let column = left; column <= right; column += 1) {
      const here = row * matrix.columns.length + column;
      const held = best.row * matrix.columns.length + best.column;
      if (levels[here] > levels[held] || (levels[here] === levels[held] && matrix.rates[here] > matrix.rates[held])) {
        [best.row, best.column] = [row, column];
      }
    }
  }
  return best;
}

/** A canvas and its pixel buffer, kept as large as the canvas is in device pixels. */
export class Heatmap {
  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    const context = canvas.getContext("2d", { alpha: false });
    if (context === null) throw new Error("this browser gives no 2d canvas");
    this.context = context;
    /** @type {ImageData | null} */
    this.image = null;
  }

  /** @param {number} width device pixels @param {number} height device pixels @returns {boolean} whether the size changed */
  resize(width, height) {
    if (width === this.canvas.width && height === this.canvas.height && this.image !== null) return false;
    [this.canvas.width, this.canvas.height] = [width, height];
    this.image = this.context.createImageData(width, height);
    return true;
  }

  /** @param {Painting | null} painting null draws an empty plot @param {Palette} palette @returns {void} */
  draw(painting, palette) {
    if (this.image === null) return;
    const { width, height, data } = this.image;
    const pixels = new Uint32Array(data.buffer);
    if (painting === null) pixels.fill(pixelOf(palette.ground.outside));
    else paint(painting, pixels, width, height);
    this.context.putImageData(this.image, 0, 0);
  }
}
