// @ts-check
/** The annotations of the host (splits, merges, deploys), as ticks over the picture and as a list beside it. */

import { instantText } from "./time_text.js";
import { keep } from "./keyed.js";
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
  /** @type {{x: number, from: number, to: number}[]} */
  const ticks = [];
  events.forEach(({ atMs }, index) => {
    if (atMs < view.fromMs || atMs >= view.toMs) return;
    const x = ((atMs - view.fromMs) / (view.toMs - view.fromMs)) * width;
    const last = ticks.at(-1);
    if (last !== undefined && x - last.x < TICK_PX) last.to = index + 1;
    else ticks.push({ x, from: index, to: index + 1 });
  });
  keep(lane, ticks.map(({ x, from, to }) => {
    const first = events[from];
    // Times may be of one zone and then of another; the list of events grows at its end and is cut at its beginning.
    const key = `${style.zone} ${style.originMs} ${first.atMs} ${wordsOf(first)} ${to - from}`;
    return { key, x, make: () => tickOf(events.slice(from, to), style) };
  }));
}

/** @param {readonly Annotation[]} here @param {TimeStyle} style @returns {HTMLElement} */
function tickOf(here, style) {
  const shown = here.slice(0, LISTED).map((event) => `${instantText(event.atMs, style)}  ${wordsOf(event)}`);
  const more = here.length > LISTED ? [`and ${here.length - LISTED} more`] : [];
  return make("i", { title: [...shown, ...more].join("\n"), class: here.length > 1 ? "many" : "" });
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
