// @ts-check
/**
 * The strip above the picture: where columns are missing, late or open, or lack a node. In the picture itself such a column can be
 * thinner than a pixel; here it has at least `LEAST_PX` pixels and differs by shape, not by colour alone.
 */

import { drawnSpan, pixelSpan } from "./layout.js";
import { onGapLine, onOpenLine } from "./heatmap.js";
import { pixelOf } from "./palette.js";

/** @typedef {import("./matrix.js").Column} Column */
/** @typedef {import("./palette.js").Palette} Palette */

const LEAST_PX = 3;
/** @type {Record<"light" | "dark", [number, number, number]>} */
const LATE = { light: [176, 96, 0], dark: [240, 170, 60] };
/** @type {Record<"light" | "dark", [number, number, number]>} */
const INK = { light: [96, 106, 118], dark: [150, 160, 172] };

/**
 * @param {readonly Column[]} columns @param {{fromMs: number, toMs: number}} view @param {Palette} palette
 * @param {Uint32Array} pixels @param {number} width @param {number} height @returns {void}
 */
export function paintStrip(columns, view, palette, pixels, width, height) {
  pixels.fill(pixelOf(palette.ground.outside));
  const late = pixelOf(LATE[palette.theme]);
  const ink = pixelOf(INK[palette.theme]);
  for (const column of columns) {
    if (column.state === "complete" && !column.lacksNode) continue;
    let [from, to] = pixelSpan(...drawnSpan(column), view, width);
    if (to <= from) continue;
    if (to - from < LEAST_PX) [from, to] = [Math.max(0, to - LEAST_PX), to];
    for (let y = 0; y < height; y += 1) {
      for (let x = from; x < to; x += 1) {
        // Lines half as wide as their distance: they show in a narrow mark too.
        if (column.state === "late") pixels[y * width + x] = late;
        else if (column.state === "missing" && (onGapLine(x, y, 4) || onGapLine(x + 1, y, 4))) pixels[y * width + x] = ink;
        // A bar at the foot: the column is there, but not all of it.
        else if (column.lacksNode && y * 2 >= height) pixels[y * width + x] = late;
        else if (column.state === "open" && (onOpenLine(x, y, 4) || onOpenLine(x + 1, y, 4))) pixels[y * width + x] = ink;
      }
    }
  }
}
