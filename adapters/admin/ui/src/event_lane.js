// @ts-check
/** What happened (splits, merges, deploys, notes): how it is asked for and read, and its ticks over the picture. */

import { formatCount } from "./number.js";
import { instantText, spanText } from "./time_text.js";
import { keep } from "./keyed.js";
import { make } from "./dom.js";
import { textOfWords } from "./key.js";

/**
 * A line of the answer: one event, or where `events` is more many of one kind from `atMs` to `lastMs`. `own` is what keyviz tells of itself;
 * all else somebody told. `changes` is how many it stands for, `node` who told it, empty where there is one, `others` how many more did.
 * @typedef {{atMs: number, lastMs: number, kind: string, text: string, own: boolean, events: number, changes: number, number: number, node: string, others: number}} Annotation
 */
/** @typedef {import("./time_text.js").TimeStyle} TimeStyle */

/** More than a page can show; of more the latest. */
const MOST = 10_000;
/** The lines of a tick's title. */
const LISTED = 8;
/** Ticks closer than this are one. */
const TICK_PX = 5;
/** The most spans of a view within which many of one kind are one line. */
const SPANS = 48;
const [SECOND, MINUTE, HOUR] = [1000, 60_000, 3_600_000];
/** Spans that people count in, so that the lines stay the same while the view moves on. */
const SPANS_MS = [SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 15 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 6 * HOUR, 12 * HOUR, 24 * HOUR];

/** @param {{fromMs: number, toMs: number}} view @returns {number} milliseconds within which many of one kind are to be one line */
export function foldMs({ fromMs, toMs }) {
  const least = (toMs - fromMs) / SPANS;
  return SPANS_MS.find((ms) => ms >= least) ?? Math.ceil(least / (24 * HOUR)) * 24 * HOUR;
}

/** @param {any} body the answer of `/events` @returns {Annotation[]} in order of time; none where it is not understood */
export function decodeEvents(body) {
  if (!Array.isArray(body?.events)) return [];
  const count = (/** @type {unknown} */ value, /** @type {number} */ least) => (typeof value === "number" && value >= least && Number.isFinite(value) ? value : least);
  /** @type {Annotation[]} */
  const events = body.events.slice(-MOST).flatMap((/** @type {any} */ event) => {
    const atMs = event?.at_unix_ms;
    if (typeof atMs !== "number" || !Number.isFinite(atMs)) return [];
    const words = (/** @type {unknown} */ value) => textOfWords(String(value ?? ""));
    return [{
      atMs, lastMs: count(event.fold?.last_unix_ms, atMs), kind: words(event.kind), text: words(event.text), own: event.own === true, events: count(event.fold?.events, 1),
      changes: count(event.changes, 1), number: count(event.number, 0), node: words(event.node), others: count(event.fold?.other_nodes, 0),
    }];
  });
  return events.sort((a, b) => a.atMs - b.atMs);
}

/** @param {string} kind @returns {string} as it is read */
export const kindText = (kind) => kind.replaceAll("_", " ");

/** @param {Annotation} event @returns {string} */
export const wordsOf = ({ kind, text }) => [kindText(kind), text].filter((part) => part !== "").join(": ");

/** @param {Annotation} event @returns {string} who told it, where several may have */
export const tellerOf = ({ node, others }) => (node === "" || others === 0 ? node : `${node} and ${formatCount(others)} more`);

/** @param {Annotation} event @param {TimeStyle} style @returns {string} */
export const whenOf = ({ atMs, lastMs }, style) => (lastMs > atMs ? spanText(atMs, lastMs, style) : instantText(atMs, style));

/** @param {readonly Annotation[]} events @param {string} hidden kinds with commas between them @returns {Annotation[]} the others */
export function shownOf(events, hidden) {
  const kinds = hidden.split(",");
  return events.filter((event) => !kinds.includes(event.kind));
}

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
    const here = events.slice(from, to);
    // Times may be of one zone and then of another; a line of many grows while its span lasts, and so does a tick.
    const key = `${style.zone} ${style.originMs} ${here.map((event) => `${event.atMs} ${event.lastMs} ${wordsOf(event)}`).join("\n")}`;
    return { key, x, make: () => tickOf(here, style) };
  }));
}

/** @param {readonly Annotation[]} here @param {TimeStyle} style @returns {HTMLElement} what somebody told comes first, and is seen from afar */
function tickOf(here, style) {
  const told = here.filter((event) => !event.own);
  const lines = [...told, ...here.filter((event) => event.own)];
  const shown = lines.slice(0, LISTED).map((event) => `${whenOf(event, style)}  ${wordsOf(event)}`);
  const more = lines.length > LISTED ? [`and ${lines.length - LISTED} more`] : [];
  const many = here.length > 1 || here[0].events > 1;
  return make("i", { title: [...shown, ...more].join("\n"), class: `${told.length > 0 ? "told" : "own"}${many ? " many" : ""}` });
}
