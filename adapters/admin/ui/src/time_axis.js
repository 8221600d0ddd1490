// @ts-check
/** The time axis under the picture: ticks at round times of the shown zone, and the zone's name beside it. */

import { clockText, dateText, timeTicks, zoneText } from "./time_text.js";
import { drawnSpan } from "./layout.js";
import { keep } from "./keyed.js";
import { make } from "./dom.js";

/** A tick's text needs about this many pixels. */
const TICK_PX = 84;

/**
 * @param {HTMLElement} axis @param {number} width CSS pixels @param {HTMLElement} note @param {{fromMs: number, toMs: number}} view
 * @param {import("./time_text.js").TimeStyle} style @returns {void}
 */
export function drawTimeAxis(axis, width, note, view, style) {
  const span = view.toMs - view.fromMs;
  /** @type {import("./keyed.js").Item[]} */
  const items = [];
  for (const tick of timeTicks(view.fromMs, view.toMs, Math.max(2, Math.floor(width / TICK_PX)), style)) {
    const x = ((tick.ms - view.fromMs) / span) * width;
    items.push({ key: `mark ${tick.ms}`, make: () => make("i"), x: Math.min(width - 1, Math.round(x)) });
    // A text that would stand over the edge is left out; its tick stays.
    const half = tick.text.length * 3.3;
    if (x < half || x > width - half) continue;
    items.push({ key: `text ${tick.ms} ${tick.text}`, make: () => make("span", {}, make("span", { class: tick.strong ? "strong" : "", text: tick.text })), x });
  }
  keep(axis, items);
  const [date, zone] = [dateText(view.toMs - 1, style), zoneText(view.toMs, style)];
  if (note.dataset["held"] === `${date} ${zone}`) return;
  note.dataset["held"] = `${date} ${zone}`;
  note.replaceChildren(make("div", { text: date }), make("div", { text: zone }));
}

/** Says in the empty part before the first column that nothing was recorded there. A narrower part needs no words. */
const WORDS_PX = 150;

/** @param {HTMLElement} note @param {number} plotPx the width of the picture @param {readonly import("./matrix.js").Column[]} columns @param {{fromMs: number, toMs: number}} view @param {import("./time_text.js").TimeStyle} style @returns {void} */
export function drawBefore(note, plotPx, columns, view, style) {
  const first = columns.length === 0 ? view.toMs : drawnSpan(columns[0])[0];
  const part = (first - view.fromMs) / (view.toMs - view.fromMs);
  const width = Math.min(1, part) * plotPx;
  note.hidden = columns.length === 0 || width < WORDS_PX;
  if (note.hidden) return;
  note.style.width = `${width}px`;
  const text = `No history before ${clockText(first, style, "second")}`;
  if (note.textContent !== text) note.textContent = text;
}
