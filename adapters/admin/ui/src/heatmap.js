// @ts-check
/** The picture: a buffer of device pixels, filled row by row and put on the canvas at once. */

import { DATA, GAP, OPEN, OUTSIDE, pixelColumns, pixelRows } from "./layout.js";
import { CONFLICT, ESTIMATED, LACKING } from "./matrix.js";
import { greater, halved, halvingsFor } from "./halves.js";
import { pixelOf } from "./palette.js";

/** @typedef {import("./matrix.js").Matrix} Matrix */
/** @typedef {import("./palette.js").Palette} Palette */
/**
 * `levels` holds row after row, a level per column; `rows` is the part of the rows that is shown, all where it is left out.
 * `swift` joins neighbouring rows where they are about as thin as a pixel: each pair shows its greatest, in half the time.
 * @typedef {{matrix: Matrix, levels: Uint8Array, view: import("./layout.js").Span, rows?: import("./layout.js").RowsShown, swift?: boolean, palette: Palette, hatchPx: number}} Painting
 */
/** @typedef {{row: number, column: number, rowsHere: number, columnsHere: number}} Picked */
/** What a paint needs of the palette, as pixels. @typedef {{colours: Uint32Array, outside: number, gapInk: number, openInk: number, lattice: Uint32Array}} Inks */

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
  return { colours: palette.pixels, outside: pixelOf(ground.outside), gapInk: pixelOf(ground.gapInk), openInk: pixelOf(ground.openInk), lattice: palette.lattice };
}

/**
 * @param {Painting} painting @param {Uint32Array} pixels the buffer, `width * height` @param {number} width @param {number} height
 * @returns {void}
 */
export function paint(painting, pixels, width, height) {
  const { matrix, palette, hatchPx } = painting;
  const count = matrix.columns.length;
  const shown = painting.rows ?? { top: 0, bottom: Math.max(1, matrix.rows.length) };
  const times = painting.swift ? halvingsFor(shown.bottom - shown.top, height) : 0;
  const { levels, marks, rows: rowCount } = halved(matrix, painting.levels, times);
  const columns = pixelColumns(matrix.columns, painting.view, width);
  const rows = pixelRows(Math.max(1, rowCount), height, { top: shown.top / 2 ** times, bottom: shown.bottom / 2 ** times });
  const reach = reachOf(columns);
  const runs = runsOf(columns);
  const inks = inksOf(palette);
  const folded = new Uint8Array(count);
  const marked = marks === null ? null : new Uint8Array(count);
  const line = new Uint8Array(width);
  const marksHere = new Uint8Array(width);
  /** @type {Uint8Array} */
  let cells = folded;
  let [at, filled] = [0, -1];
  for (let y = 0; y < height; y += 1) {
    const base = y * width;
    const [first, last] = [rows.first[y], rows.last[y]];
    if (first < 0) {
      pixels.fill(inks.outside, base, base + width);
      continue;
    }
    const again = first === filled;
    if (!again) {
      filled = first;
      // A row that has the line for itself is taken from where it is.
      if (first === last && rowCount > 0) [cells, at] = [levels, first * count];
      else {
        [cells, at] = [folded, 0];
        if (rowCount > 0) foldRows(levels, count, first, last, reach, folded);
      }
      if (marked !== null && marks !== null) {
        joinRows(marks, count, first, last, reach, marked);
        joinColumns(marked, columns, marksHere);
      }
    }
    for (const run of runs) {
      // A row as high as several pixels is the same in each, but for what is hatched or marked.
      if (run.kind === DATA && again && marked === null) pixels.copyWithin(base + run.from, base - width + run.from, base - width + run.to);
      else if (run.kind === DATA) putColours(cells, at, columns, run, pixels, base, inks.colours);
      else putHatch(cells, at, columns, run, y, pixels, base, inks, hatchPx);
    }
    if (marked !== null) {
      if (!again) foldColumns(cells, at, columns, line);
      putMarks(line, marksHere, y, pixels, inks, hatchPx);
    }
  }
}

/** Pixels side by side of one kind, and those among them that show more than one column. @typedef {{kind: number, from: number, to: number, several: number[]}} Run */

/** @param {import("./layout.js").PixelColumns} columns @returns {Run[]} */
function runsOf({ first, last, kind }) {
  /** @type {Run[]} */
  const runs = [];
  for (let x = 0; x < kind.length; x += 1) {
    let run = runs.at(-1);
    if (run === undefined || run.kind !== kind[x]) runs.push((run = { kind: kind[x], from: x, to: x, several: [] }));
    run.to = x + 1;
    if (last[x] > first[x]) run.several.push(x);
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
    for (let x = from; x < to; x += 1) into[x] = greater(into[x], levels[base + x]);
  }
}

/** @param {Uint8Array} cells @param {number} at where the row begins in them @param {import("./layout.js").PixelColumns} columns @param {Uint8Array} into the greatest level of the columns, per pixel */
function foldColumns(cells, at, { first, last }, into) {
  for (let x = 0; x < into.length; x += 1) into[x] = first[x] < 0 ? 0 : greatest(cells, at + first[x], at + last[x]);
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

/** Most of all time is spent here. @param {Uint8Array} cells @param {number} at @param {import("./layout.js").PixelColumns} columns @param {Run} run @param {Uint32Array} pixels @param {number} base of the line in them @param {Uint32Array} colours */
function putColours(cells, at, { first, last }, { from, to, several }, pixels, base, colours) {
  // As though each pixel had one column, which takes half the time; then those that have more.
  for (let x = from; x < to; x += 1) pixels[base + x] = colours[cells[at + first[x]]];
  for (let i = 0; i < several.length; i += 1) {
    const x = several[i];
    pixels[base + x] = colours[greatest(cells, at + first[x], at + last[x])];
  }
}

/** @param {Uint8Array} cells @param {number} from @param {number} to inclusive @returns {number} the greatest of them */
function greatest(cells, from, to) {
  let level = cells[from];
  for (let i = from + 1; i <= to; i += 1) level = greater(level, cells[i]);
  return level;
}

/** @param {Uint8Array} cells @param {number} at @param {import("./layout.js").PixelColumns} columns @param {Run} run no data, or what is still growing @param {number} y @param {Uint32Array} pixels @param {number} base @param {Inks} inks @param {number} every */
function putHatch(cells, at, { first, last }, { kind, from, to }, y, pixels, base, inks, every) {
  const { colours, gapInk, openInk } = inks;
  if (kind === OUTSIDE) pixels.fill(inks.outside, base + from, base + to);
  else if (kind === GAP) for (let x = from; x < to; x += 1) pixels[base + x] = onGapLine(x, y, every) ? gapInk : colours[0];
  else if (kind === OPEN) {
    for (let x = from; x < to; x += 1) {
      const level = first[x] < 0 ? 0 : greatest(cells, at + first[x], at + last[x]);
      // An empty open cell has nothing to strike out, so its hatch takes the gap's ink.
      pixels[base + x] = onOpenLine(x, y, every) ? (level === 0 ? gapInk : openInk) : colours[level];
    }
  }
}

/** Over the colours: what is lacking is struck out like a gap, a conflict is latticed, an estimate is stippled. @param {Uint8Array} line @param {Uint8Array} marks @param {number} y @param {Uint32Array} pixels @param {Inks} inks @param {number} every */
function putMarks(line, marks, y, pixels, inks, every) {
  const base = y * line.length;
  for (let x = 0; x < line.length; x += 1) {
    const mark = marks[x];
    if (mark === 0) continue;
    if ((mark & CONFLICT) !== 0 && onConflictLine(x, y, 2 * every)) pixels[base + x] = inks.lattice[line[x]];
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
  /** @param {HTMLCanvasElement} canvas @param {{seeThrough?: boolean}} [options] */
  constructor(canvas, { seeThrough = false } = {}) {
    this.canvas = canvas;
    const context = canvas.getContext("2d", { alpha: seeThrough });
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
