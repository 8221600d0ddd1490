// @ts-check
/** The picture: a buffer of device pixels, filled row by row and put on the canvas at once. */

import { DATA, GAP, OPEN, OUTSIDE, pixelColumns, pixelRows } from "./layout.js";
import { CONFLICT, ESTIMATED, LACKING } from "./matrix.js";
import { pixelOf } from "./palette.js";

/** @typedef {import("./matrix.js").Matrix} Matrix */
/** @typedef {import("./palette.js").Palette} Palette */
/**
 * `levels` holds row after row, a level per column; `rows` is the part of the rows that is shown, all where it is left out.
 * `swift` pairs lines of pixels where rows are that thin: each pair shows the greatest of all its rows, in half the time.
 * @typedef {{matrix: Matrix, levels: Uint8Array, view: import("./layout.js").Span, rows?: import("./layout.js").RowsShown, swift?: boolean, palette: Palette, hatchPx: number}} Painting
 */
/** @typedef {{row: number, column: number, rowsHere: number, columnsHere: number}} Picked */
/** What a paint needs of the palette, as pixels. @typedef {{colours: Uint32Array, outside: number, gapInk: number, openInk: number, markInk: number}} Inks */

/** @param {number} x @param {number} y @param {number} every @returns {boolean} whether the pixel is on a rising hatch line (gaps) */
export function onGapLine(x, y, every) {
  return (x + y) % every === 0;
}

/** @param {number} x @param {number} y @param {number} every @returns {boolean} whether the pixel is on a falling hatch line (the open window): the other way than a gap, so that the two differ without colour */
export function onOpenLine(x, y, every) {
  return (((x - y) % every) + every) % every === 0;
}

/** @param {number} x @param {number} y @param {number} every @returns {boolean} whether the pixel is on a lattice of both ways (conflicts) */
export function onConflictLine(x, y, every) {
  return onGapLine(x, y, every) || onOpenLine(x, y, every);
}

/** @param {number} x @param {number} y @param {number} every @returns {boolean} whether the pixel is a dot of the stipple (estimates) */
export function onEstimateDot(x, y, every) {
  return x % every === 0 && y % every === 0;
}

/** @param {Palette} palette @returns {Inks} */
function inksOf(palette) {
  const { ground } = palette;
  return { colours: palette.pixels, outside: pixelOf(ground.outside), gapInk: pixelOf(ground.gapInk), openInk: pixelOf(ground.openInk), markInk: pixelOf(ground.markInk) };
}

/**
 * @param {Painting} painting @param {Uint32Array} pixels the buffer, `width * height` @param {number} width @param {number} height
 * @returns {void}
 */
export function paint(painting, pixels, width, height) {
  const { matrix, levels, palette, hatchPx } = painting;
  const count = matrix.columns.length;
  const columns = pixelColumns(matrix.columns, painting.view, width);
  const rows = pixelRows(Math.max(1, matrix.rows.length), height, painting.rows);
  const reach = reachOf(columns);
  const runs = runsOf(columns.kind);
  const inks = inksOf(palette);
  const folded = new Uint8Array(count);
  const marked = matrix.marks === null ? null : new Uint8Array(count);
  const line = new Uint8Array(width);
  const marks = new Uint8Array(width);
  let filled = -1;
  const shown = painting.rows ?? { top: 0, bottom: matrix.rows.length };
  if (painting.swift && 2 * (shown.bottom - shown.top) > height) pairUp(rows);
  for (let y = 0; y < height; y += 1) {
    const base = y * width;
    if (rows.first[y] < 0) {
      pixels.fill(inks.outside, base, base + width);
      continue;
    }
    const again = rows.first[y] === filled;
    if (!again) {
      filled = rows.first[y];
      if (matrix.rows.length > 0) foldRows(levels, count, rows.first[y], rows.last[y], reach, folded);
      foldColumns(folded, columns, line);
      if (marked !== null && matrix.marks !== null) {
        joinRows(matrix.marks, count, rows.first[y], rows.last[y], reach, marked);
        joinColumns(marked, columns, marks);
      }
    }
    for (const run of runs) {
      // A row as high as several pixels is the same in each, but for what is hatched or marked.
      if (again && run.kind === DATA && marked === null) pixels.copyWithin(base + run.from, base - width + run.from, base - width + run.to);
      else putRun(line, run, y, base, pixels, inks, hatchPx);
    }
    if (marked !== null) putMarks(line, marks, y, pixels, inks, hatchPx);
  }
}

/** Makes each two lines show the rows of both. @param {import("./layout.js").PixelRows} rows @returns {void} */
function pairUp({ first, last }) {
  for (let y = 0; y + 1 < first.length; y += 2) {
    if (first[y] < 0 || first[y + 1] < 0) continue;
    last[y] = last[y + 1];
    first[y + 1] = first[y];
  }
}

/** Pixels side by side of one kind. @typedef {{kind: number, from: number, to: number}} Run */

/** @param {Uint8Array} kind @returns {Run[]} */
function runsOf(kind) {
  /** @type {Run[]} */
  const runs = [];
  for (let x = 0; x < kind.length; x += 1) {
    const last = runs.at(-1);
    if (last !== undefined && last.kind === kind[x]) last.to = x + 1;
    else runs.push({ kind: kind[x], from: x, to: x + 1 });
  }
  return runs;
}

/** @param {import("./layout.js").PixelColumns} columns @returns {[number, number]} the columns that have a pixel, from inclusive, to exclusive */
function reachOf(columns) {
  let [from, to] = [Infinity, 0];
  for (let x = 0; x < columns.first.length; x += 1) {
    if (columns.first[x] < 0) continue;
    from = Math.min(from, columns.first[x]);
    to = Math.max(to, columns.last[x] + 1);
  }
  return [Math.min(from, to), to];
}

/** @param {Uint8Array} levels @param {number} count @param {number} first @param {number} last @param {[number, number]} reach @param {Uint8Array} into the greatest level of the rows, per column */
function foldRows(levels, count, first, last, reach, into) {
  const [from, to] = reach;
  into.set(levels.subarray(first * count + from, first * count + to), from);
  for (let row = first + 1; row <= last; row += 1) {
    const base = row * count;
    for (let x = from; x < to; x += 1) {
      // The greater of two without a branch: which one it is cannot be guessed, and a wrong guess costs more than all else.
      const less = into[x] - levels[base + x];
      into[x] -= less & (less >> 31);
    }
  }
}

/** @param {Uint8Array} folded @param {import("./layout.js").PixelColumns} columns @param {Uint8Array} into the greatest level of the columns, per pixel */
function foldColumns(folded, columns, into) {
  const { first, last } = columns;
  for (let x = 0; x < into.length; x += 1) {
    const from = first[x];
    const to = last[x];
    let level = from < 0 ? 0 : folded[from];
    for (let c = from + 1; c <= to; c += 1) {
      const less = level - folded[c];
      level -= less & (less >> 31);
    }
    into[x] = level;
  }
}

/** @param {Uint8Array} marks @param {number} count @param {number} first @param {number} last @param {[number, number]} reach @param {Uint8Array} into every mark of the rows, per column */
function joinRows(marks, count, first, last, reach, into) {
  const [from, to] = reach;
  into.set(marks.subarray(first * count + from, first * count + to), from);
  for (let row = first + 1; row <= last; row += 1) for (let x = from; x < to; x += 1) into[x] |= marks[row * count + x];
}

/** @param {Uint8Array} joined @param {import("./layout.js").PixelColumns} columns @param {Uint8Array} into every mark of the columns, per pixel */
function joinColumns(joined, columns, into) {
  for (let x = 0; x < into.length; x += 1) {
    into[x] = 0;
    if (columns.first[x] >= 0) for (let c = columns.first[x]; c <= columns.last[x]; c += 1) into[x] |= joined[c];
  }
}

/** @param {Uint8Array} line @param {Run} run @param {number} y @param {number} base of the line in the buffer @param {Uint32Array} pixels @param {Inks} inks @param {number} every */
function putRun(line, run, y, base, pixels, inks, every) {
  const { colours, gapInk, openInk } = inks;
  const { kind, from, to } = run;
  if (kind === DATA) {
    for (let x = from; x < to; x += 1) pixels[base + x] = colours[line[x]];
  } else if (kind === OUTSIDE) {
    pixels.fill(inks.outside, base + from, base + to);
  } else if (kind === GAP) {
    for (let x = from; x < to; x += 1) pixels[base + x] = onGapLine(x, y, every) ? gapInk : colours[0];
  } else if (kind === OPEN) {
    // An empty open cell has nothing to strike out, so its hatch takes the gap's ink.
    for (let x = from; x < to; x += 1) pixels[base + x] = onOpenLine(x, y, every) ? (line[x] === 0 ? gapInk : openInk) : colours[line[x]];
  }
}

/** Over the colours: what is lacking is struck out like a gap, a conflict is latticed, an estimate is stippled. @param {Uint8Array} line @param {Uint8Array} marks @param {number} y @param {Uint32Array} pixels @param {Inks} inks @param {number} every */
function putMarks(line, marks, y, pixels, inks, every) {
  const base = y * line.length;
  for (let x = 0; x < line.length; x += 1) {
    const mark = marks[x];
    if (mark === 0) continue;
    if ((mark & CONFLICT) !== 0 && onConflictLine(x, y, 2 * every)) pixels[base + x] = inks.markInk;
    else if ((mark & LACKING) !== 0 && onGapLine(x, y, every)) pixels[base + x] = line[x] === 0 ? inks.gapInk : inks.openInk;
    else if ((mark & ESTIMATED) !== 0 && line[x] !== 0 && onEstimateDot(x, y, every - 1)) pixels[base + x] = inks.openInk;
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
  const rows = pixelRows(matrix.rows.length, height, painting.rows);
  const [left, right] = [columns.first[x], columns.last[x]];
  const [top, bottom] = [rows.first[y], rows.last[y]];
  if (left < 0 || top < 0) return null;
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
    this.fill((pixels, width, height) => {
      if (painting === null) pixels.fill(pixelOf(palette.ground.outside));
      else paint(painting, pixels, width, height);
    });
  }

  /** @param {(pixels: Uint32Array, width: number, height: number) => void} painter fills the buffer, which is then shown @returns {void} */
  fill(painter) {
    if (this.image === null) return;
    const { width, height, data } = this.image;
    painter(new Uint32Array(data.buffer), width, height);
    this.context.putImageData(this.image, 0, 0);
  }
}
