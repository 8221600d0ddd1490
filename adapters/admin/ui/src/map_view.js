// @ts-check
/** The map: the picture with its margins and axes, and the marks over it. All of it moves with the viewport. */

import { drawBefore, drawTimeAxis } from "./time_axis.js";
import { drawBorders, drawKeyAxis } from "./key_axis.js";
import { paintColumnSums, paintRowSums } from "./sums.js";
import { byId } from "./dom.js";
import { drawEvents } from "./event_lane.js";
import { drawPhases } from "./phases.js";
import { formatAmount } from "./number.js";
import { paintStrip } from "./column_strip.js";
import { pixelOf } from "./palette.js";
import { seriesOf } from "./series.js";

/** @typedef {import("./palette.js").Palette} Palette */
/** @typedef {import("./heatmap.js").Painting} Painting */

/** @type {Record<"light" | "dark", [number, number, number]>} */
const BAR = { light: [120, 132, 146], dark: [112, 124, 138] };

/** @param {import("./state.js").State} state @param {Palette} palette @returns {Painting | null} what is drawn now */
export function paintingOf(state, palette) {
  if (state.picture === null) return null;
  const { matrix, levels, view } = state.picture;
  const hatchPx = Math.max(4, Math.round(6 * devicePixelRatio));
  const { viewport } = state;
  if (viewport === null) return { matrix, levels, view, palette, hatchPx };
  const { fromMs, toMs, top, bottom } = viewport;
  return { matrix, levels, view: { fromMs, toMs, follows: view.follows && toMs >= view.toMs }, rows: { top, bottom }, swift: state.moving, palette, hatchPx };
}

/** @param {import("./surfaces.js").Surfaces} surfaces @param {import("./state.js").State} state @param {Palette} palette @returns {void} */
export function drawMap(surfaces, state, palette) {
  const painting = paintingOf(state, palette);
  surfaces.picture.draw(painting, palette);
  const { picture } = state;
  if (picture === null || painting === null || state.status === null) return;
  const { view, rows } = painting;
  // All sizes are read before anything is changed: a size that is read after a change costs a layout.
  const [keys, times, events, box] = [byId("keys"), byId("times"), byId("events"), byId("picture-box")];
  const [keysPx, timesPx, eventsPx, widthPx, heightPx] = [keys.clientHeight, times.clientWidth, events.clientWidth, box.clientWidth, box.clientHeight];
  const bar = pixelOf(BAR[palette.theme]);
  surfaces.strip.fill((pixels, width, height) => paintStrip(picture.matrix.columns, view, palette, pixels, width, height));
  surfaces.columnSums.fill((pixels, width, height) => paintColumnSums(picture.sums, painting, pixels, width, height, bar));
  surfaces.rowSums.fill((pixels, width, height) => paintRowSums(picture.sums, painting, pixels, width, height, bar));
  const series = seriesOf(picture.matrix.series);
  const rate = (/** @type {number} */ most) => `${formatAmount(most, series.isBytes)}${series.isBytes ? "/s" : ` ${series.unit}/s`}`;
  byId("column-sums").title = `All rows together over time, at most ${rate(picture.sums.mostColumn)}`;
  byId("row-sums").title = `Each row over all this time, at most ${rate(picture.sums.mostRow)}`;
  const style = state.style();
  drawPhases(byId("phases"), state.phases.phases, view, state.serverNowMs());
  drawEvents(events, eventsPx, state.events, view, style);
  drawTimeAxis(times, timesPx, byId("zone-note"), view, style);
  drawBefore(byId("before"), widthPx, picture.matrix.columns, view, style);
  drawKeyAxis(keys, keysPx, byId("prefix"), picture.matrix.rows, state.choice.format, rows);
  drawBorders(byId("borders"), heightPx, picture.matrix.rows, rows);
}
