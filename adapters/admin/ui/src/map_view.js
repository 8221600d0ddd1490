// @ts-check
/** The map: the picture with its margins and axes, and the marks over it. All of it moves with the viewport. */

import { drawBefore, drawTimeAxis } from "./time_axis.js";
import { drawBorders, drawKeyAxis, paintKeyMarks } from "./key_axis.js";
import { paintColumnSums, paintRowSums } from "./sums.js";
import { byId } from "./dom.js";
import { drawEvents, shownOf } from "./event_lane.js";
import { drawPhases } from "./phases.js";
import { formatAmount } from "./number.js";
import { paintStrip } from "./column_strip.js";
import { pixelOf } from "./palette.js";
import { seriesOf } from "./series.js";

/** @typedef {import("./palette.js").Palette} Palette */
/** @typedef {import("./heatmap.js").Painting} Painting */

/** @type {Record<"light" | "dark", [number, number, number]>} */
const BAR = { light: [120, 132, 146], dark: [112, 124, 138] };
/** As `--line-strong` of the style sheet. @type {Record<"light" | "dark", [number, number, number]>} */
const RULE = { light: [180, 188, 199], dark: [69, 78, 90] };

/** @param {import("./state.js").State} state @param {Palette} palette @param {number} [density] device pixels a pixel of the style sheet has: more on a wall, where hatching is to be seen from afar too @returns {Painting | null} what is drawn now */
export function paintingOf(state, palette, density = devicePixelRatio) {
  if (state.picture === null) return null;
  const { matrix, levels, view } = state.picture;
  const hatchPx = Math.max(4, Math.round(6 * density));
  const { viewport } = state;
  if (viewport === null) return { matrix, levels, view, palette, hatchPx };
  const { fromMs, toMs, top, bottom } = viewport;
  return { matrix, levels, view: { fromMs, toMs, follows: view.follows && toMs >= view.toMs }, rows: { top, bottom }, swift: state.moving, palette, hatchPx };
}

/** @param {import("./surfaces.js").Surfaces} surfaces @param {import("./state.js").State} state @param {Palette} palette @returns {void} */
export function drawMap(surfaces, state, palette) {
  const painting = paintingOf(state, palette, surfaces.picture.canvas.width / surfaces.size.width);
  surfaces.picture.draw(painting, palette);
  const { picture } = state;
  if (picture === null || painting === null || state.status === null) return;
  const { view, rows } = painting;
  const { width: widthPx, height: heightPx } = surfaces.size;
  const bar = pixelOf(BAR[palette.theme]);
  surfaces.strip.fill((pixels, width, height) => paintStrip(picture.matrix.columns, view, palette, pixels, width, height));
  surfaces.columnSums.fill((pixels, width, height) => paintColumnSums(picture.sums, painting, pixels, width, height, bar));
  surfaces.rowSums.fill((pixels, width, height) => paintRowSums(picture.sums, painting, pixels, width, height, bar));
  const series = seriesOf(picture.matrix.series);
  const rate = (/** @type {number} */ most) => `${formatAmount(most, series.isBytes)}${series.isBytes ? "/s" : ` ${series.unit}/s`}`;
  entitle(byId("column-sums"), `All rows together over time, at most ${rate(picture.sums.mostColumn)}`);
  entitle(byId("row-sums"), `Each row over all this time, at most ${rate(picture.sums.mostRow)}`);
  const style = state.style();
  drawPhases(byId("phases"), state.phases.phases, view, state.serverNowMs());
  drawEvents(byId("events"), widthPx, shownOf(state.events, state.choice.hide), view, style);
  drawTimeAxis(byId("times"), widthPx, byId("zone-note"), view, style);
  drawBefore(byId("before"), widthPx, picture.matrix.columns, view, style);
  const marks = drawKeyAxis(byId("keys"), heightPx, byId("prefix"), picture.matrix.rows, state.choice.format, rows);
  surfaces.keyMarks.fill((pixels, width, height) => paintKeyMarks(marks, height / heightPx, pixelOf(RULE[palette.theme]), pixels, width, height));
  drawBorders(byId("borders"), heightPx, picture.matrix.rows, rows);
}

/** @param {HTMLElement} element @param {string} title is only set where it is another: setting it costs as much either way @returns {void} */
function entitle(element, title) {
  if (element.title !== title) element.title = title;
}
