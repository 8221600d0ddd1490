// @ts-check
/** The time axis under the picture: ticks at round times of the shown zone, and the zone's name beside it. */

import { clockText, dateText, timeTicks, zoneText } from "./time_text.js";
import { drawnSpan } from "./layout.js";
import { make } from "./dom.js";

/** A tick's text needs about this many pixels. */
const TICK_PX = 84;

/**
 * @param {HTMLElement} axis @param {HTMLElement} note @param {{fromMs: number, toMs: number}} view
 * @param {import("./time_text.js").TimeStyle} style @returns {void}
 */
export function drawTimeAxis(axis, note, view, style) {
  const width = Math.max(1, axis.clientWidth);
  const span = view.toMs - view.fromMs;
  const nodes = [];
  for (const tick of timeTicks(view.fromMs, view.toMs, Math.max(2, Math.floor(width / TICK_PX)), style)) {
    const x = ((tick.ms - view.fromMs) / span) * width;
    const mark = make("i");
    mark.style.left = `${Math.min(width - 1, Math.round(x))}px`;
    nodes.push(mark);
    // A text that would stand over the edge is left out; its tick stays.
    const half = tick.text.length * 3.3;
    if (x < half || x > width - half) continue;
    const text = make("span", { class: tick.strong ? "strong" : "", text: tick.text });
    text.style.left = `${x}px`;
    nodes.push(text);
  }
  axis.replaceChildren(...nodes);
  note.replaceChildren(make("div", { text: dateText(view.toMs - 1, style) }), make("div", { text: zoneText(view.toMs, style) }));
}

/** Says in the empty part before the first column that nothing was recorded there. A narrower part needs no words. */
const WORDS_PX = 150;

/** @param {HTMLElement} note @param {import("./picture.js").Picture} picture @param {import("./time_text.js").TimeStyle} style @returns {void} */
export function drawBefore(note, picture, style) {
  const { view, matrix } = picture;
  const first = matrix.columns.length === 0 ? view.toMs : drawnSpan(matrix.columns[0])[0];
  const part = (first - view.fromMs) / (view.toMs - view.fromMs);
  const width = Math.min(1, part) * (note.parentElement?.clientWidth ?? 0);
  note.hidden = matrix.columns.length === 0 || width < WORDS_PX;
  note.style.width = `${width}px`;
  note.textContent = `No history before ${clockText(first, style, "second")}`;
}
