// @ts-check
/** The annotations of the host (splits, merges, deploys), as ticks over the picture and as a list beside it. */

import { instantText } from "./time_text.js";
import { make } from "./dom.js";
import { textOfWords } from "./key.js";

/** @typedef {{atMs: number, kind: string, text: string}} Annotation */
/** @typedef {import("./time_text.js").TimeStyle} TimeStyle */

/** More than any server keeps. */
const MOST = 10_000;
/** The list's length; the ticks show all. */
const LISTED = 8;
/** Ticks closer than this are one. */
const TICK_PX = 5;

/** @param {any} body the answer of `/events` @returns {Annotation[]} in order of time; none where it is not understood */
export function decodeEvents(body) {
  if (!Array.isArray(body?.events) || body.events.length > MOST) return [];
  /** @type {Annotation[]} */
  const events = body.events.flatMap((/** @type {any} */ event) => {
    const atMs = event?.at_unix_ms;
    if (typeof atMs !== "number" || !Number.isFinite(atMs)) return [];
    return [{ atMs, kind: textOfWords(String(event.kind ?? "")), text: textOfWords(String(event.text ?? "")) }];
  });
  return events.sort((a, b) => a.atMs - b.atMs);
}

/** @param {Annotation} event @returns {string} */
const wordsOf = ({ kind, text }) => [kind.replaceAll("_", " "), text].filter((part) => part !== "").join(": ");

/** @param {HTMLElement} lane @param {number} width CSS pixels @param {readonly Annotation[]} events @param {{fromMs: number, toMs: number}} view @param {TimeStyle} style @returns {void} */
export function drawEvents(lane, width, events, view, style) {
  /** @type {{x: number, here: Annotation[]}[]} */
  const ticks = [];
  for (const event of events) {
    if (event.atMs < view.fromMs || event.atMs >= view.toMs) continue;
    const x = ((event.atMs - view.fromMs) / (view.toMs - view.fromMs)) * width;
    const last = ticks.at(-1);
    if (last !== undefined && x - last.x < TICK_PX) last.here.push(event);
    else ticks.push({ x, here: [event] });
  }
  lane.replaceChildren(...ticks.map(({ x, here }) => {
    const shown = here.slice(0, LISTED).map((event) => `${instantText(event.atMs, style)}  ${wordsOf(event)}`);
    const more = here.length > LISTED ? [`and ${here.length - LISTED} more`] : [];
    const tick = make("i", { title: [...shown, ...more].join("\n"), class: here.length > 1 ? "many" : "" });
    tick.style.left = `${x}px`;
    return tick;
  }));
}

/** @param {HTMLElement} section @param {HTMLElement} list @param {readonly Annotation[]} events @param {{fromMs: number, toMs: number}} view @param {TimeStyle} style @returns {void} the latest of the time shown */
export function listEvents(section, list, events, view, style) {
  const shown = events.filter((event) => event.atMs >= view.fromMs && event.atMs < view.toMs);
  section.hidden = shown.length === 0;
  const latest = shown.slice(-LISTED).reverse();
  const more = shown.length - latest.length;
  list.replaceChildren(...latest.map((event) => make("li", {}, make("time", { text: instantText(event.atMs, style) }), make("span", { text: wordsOf(event) }))),
    ...(more > 0 ? [make("li", { class: "muted", text: `and ${more} earlier` })] : []));
}
