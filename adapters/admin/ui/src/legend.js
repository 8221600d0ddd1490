// @ts-check
/** The legend: the ramp with its rates, and what each pattern means, drawn by the code that draws the picture. */

import { formatAmount } from "./number.js";
import { GAP, OPEN, OUTSIDE, pixelColumns } from "./layout.js";
import { legendTicks } from "./scale.js";
import { make } from "./dom.js";
import { onConflictLine, onEstimateDot, onGapLine, onOpenLine } from "./heatmap.js";
import { paintStrip } from "./column_strip.js";
import { pixelOf } from "./palette.js";

/** @typedef {import("./palette.js").Palette} Palette */

/** Ticks closer than this, of the ramp's width, would stand on one another. */
const LEAST_APART = 0.13;

/** @param {number} width @param {number} height @param {string} name @param {(pixels: Uint32Array) => void} fill @returns {HTMLCanvasElement} */
function swatch(width, height, name, fill) {
  const canvas = make("canvas", { class: name, "aria-hidden": "true" });
  [canvas.width, canvas.height] = [width, height];
  const context = canvas.getContext("2d");
  if (context === null) return canvas;
  const image = context.createImageData(width, height);
  fill(new Uint32Array(image.data.buffer));
  context.putImageData(image, 0, 0);
  return canvas;
}

/** @param {string} text @param {(x: number, y: number) => number} colour @returns {HTMLElement} */
function pattern(text, colour) {
  const canvas = swatch(16, 12, "", (pixels) => pixels.forEach((_, i) => (pixels[i] = colour(i % 16, Math.floor(i / 16)))));
  return make("div", {}, canvas, text);
}

/** @param {Palette} palette @param {string} text @param {{state: import("./matrix.js").ColumnState, lacksNode?: boolean}} what @returns {HTMLElement} how the strip marks a column */
function stripPattern(palette, text, what) {
  const column = { startMs: 5, endMs: 11, coversFromMs: 5, coversToMs: 11, unattributed: 0, cut: 0, nodes: 1, ...what };
  const canvas = swatch(16, 12, "", (pixels) => {
    pixels.fill(palette.pixels[0]);
    paintStrip([column], { fromMs: 0, toMs: 16 }, palette, pixels.subarray(0, 16 * 4), 16, 4);
  });
  return make("div", {}, canvas, text);
}

/** @typedef {"gap" | "open" | "late" | "lacking_column" | "estimated" | "lacking" | "conflict" | "outside"} Mark */

/** @param {import("./picture.js").Picture} picture @param {number} width device pixels @returns {Set<Mark>} what is in it: a legend of more would have a reader look for what is not there */
export function marksIn({ matrix, view }, width) {
  const { columns } = matrix;
  const kinds = new Set(pixelColumns(columns, view, width).kind);
  /** @type {[Mark, boolean][]} */
  const marks = [
    ["gap", kinds.has(GAP) || columns.some((column) => column.state === "missing")], ["open", kinds.has(OPEN)], ["late", columns.some((column) => column.state === "late")],
    ["lacking_column", columns.some((column) => column.lacksNode)], ["estimated", matrix.estimates > 0], ["lacking", matrix.lacking > 0],
    ["conflict", matrix.conflicts > 0], ["outside", kinds.has(OUTSIDE)],
  ];
  return new Set(marks.filter(([, is]) => is).map(([mark]) => mark));
}

/**
 * @param {HTMLElement} into @param {Palette} palette @param {import("./scale.js").Scale} scale
 * @param {import("./series.js").Series} series @param {Set<Mark>} marks what the picture has beside its colours @returns {void}
 */
export function drawLegend(into, palette, scale, series, marks) {
  const ramp = swatch(255, 1, "ramp", (pixels) => pixels.set(palette.pixels.subarray(1)));
  const ticks = make("div", { class: "ramp-ticks" });
  let last = -1;
  for (const { at, rate } of legendTicks(scale)) {
    // A bent scale pushes ticks together; the outermost stay.
    if (at < 1 && (at - last < LEAST_APART || 1 - at < LEAST_APART) && at > 0) continue;
    last = at;
    const tick = make("span", { text: rate === 0 ? ">0" : formatAmount(rate, series.isBytes) });
    // The outermost texts stand inside of the ramp's ends.
    tick.style.left = `${at * 100}%`;
    tick.style.transform = `translateX(${at < 0.03 ? 0 : at > 0.97 ? -100 : -50}%)`;
    ticks.append(tick);
  }
  const { ground, pixels, lattice } = palette;
  const mid = pixels[150];
  /** @type {[Mark, () => HTMLElement][]} */
  const patterns = [
    ["gap", () => pattern("gap, not recorded", (x, y) => (onGapLine(x, y, 5) ? pixelOf(ground.gapInk) : pixels[0]))],
    ["open", () => pattern("open window", (x, y) => (onOpenLine(x, y, 5) ? pixelOf(ground.openInk) : mid))],
    ["late", () => stripPattern(palette, "late column", { state: "late" })],
    ["lacking_column", () => stripPattern(palette, "column lacks a node", { state: "complete", lacksNode: true })],
    ["estimated", () => pattern("estimated share", (x, y) => (onEstimateDot(x, y, 5) ? pixelOf(ground.openInk) : mid))],
    ["lacking", () => pattern("part lacking", (x, y) => (onGapLine(x, y, 5) ? pixelOf(ground.openInk) : mid))],
    ["conflict", () => pattern("nodes disagree", (x, y) => (onConflictLine(x, y, 6) ? lattice[150] : mid))],
    ["outside", () => pattern("outside history", () => pixelOf(ground.outside))],
  ];
  const swatches = make("div", { class: "swatches" },
    pattern("nothing counted", () => pixels[0]), ...patterns.filter(([mark]) => marks.has(mark)).map(([, draw]) => draw()));
  const unit = make("div", { class: "ramp-unit", text: `${series.unit} per second, ${scale.kind === "log" ? "logarithmic" : "linear"}` });
  into.replaceChildren(unit, ramp, ticks, swatches);
}
