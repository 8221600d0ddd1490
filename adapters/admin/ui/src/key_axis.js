// @ts-check
/** The key axis beside the picture: where each row, or as many as there is room for, begins, under what it belongs to. */

import { formatKey, textOfStart } from "./key_format.js";
import { groupsByName, groupsByPrefix, sharedPrefix } from "./key_groups.js";
import { keep } from "./keyed.js";
import { make } from "./dom.js";
import { rowSpan } from "./layout.js";
import { shortened } from "./key.js";

/** @typedef {import("./layout.js").RowsShown} RowsShown */
/** @typedef {import("./key_groups.js").Group} Group */

/** Lines closer than this cannot be read. */
const LINE_PX = 16;
/** What the text of a line itself takes. */
const TEXT_PX = 12;
/** Borders closer than this would hide the picture. */
const BORDER_PX = 8;

/**
 * Which rows are labelled: all of them, or evenly spread ones.
 * @param {number} rows @param {number} height CSS pixels @param {RowsShown} [shown] @returns {number[]}
 */
export function labelledRows(rows, height, shown = { top: 0, bottom: rows }) {
  const most = Math.max(1, Math.floor(height / LINE_PX));
  const every = Math.max(1, Math.ceil((shown.bottom - shown.top) / most));
  const picked = [];
  const first = Math.max(0, Math.floor(shown.top / every) * every);
  for (let row = first; row < Math.min(rows, shown.bottom); row += every) picked.push(row);
  return picked;
}

/** What is drawn from, kept while the rows stay the same. @typedef {{rows: readonly import("./matrix.js").Row[], format: string, texts: string[], prefix: string, groups: Group[], named: boolean}} Held */
/** @type {Held | null} */
let held = null;

/** @param {readonly import("./matrix.js").Row[]} rows @param {import("./key_format.js").KeyFormat} format @returns {Held} */
function prepared(rows, format) {
  if (held !== null && held.rows === rows && held.format === format) return held;
  const texts = rows.map((row) => formatKey(row.start, format));
  const prefix = format === "utf8" ? sharedPrefix(texts.filter((text) => text !== "")) : "";
  const names = rows.map((row) => row.name);
  const named = names.some((name) => name !== null);
  const groups = named ? groupsByName(names) : format === "utf8" ? groupsByPrefix(texts, prefix.length) : [];
  held = { rows, format, texts, prefix, groups, named };
  return held;
}

/**
 * @param {HTMLElement} axis @param {number} axisPx its height @param {HTMLElement} prefixNote @param {readonly import("./matrix.js").Row[]} rows
 * @param {import("./key_format.js").KeyFormat} format @param {RowsShown} [shown] @returns {void}
 */
export function drawKeyAxis(axis, axisPx, prefixNote, rows, format, shown = { top: 0, bottom: Math.max(1, rows.length) }) {
  const height = Math.max(1, axisPx);
  const { texts, prefix, groups, named } = prepared(rows, format);
  if (prefixNote.dataset["held"] !== prefix) prefixNote.replaceChildren(...(prefix === "" ? [] : [make("code", { text: `${shortened(prefix, 80)}…`, title: `All keys shown begin with ${shortened(prefix)}` })]));
  prefixNote.dataset["held"] = prefix;
  const lane = laneOf(groups, rows.length, height, shown);
  axis.toggleAttribute("data-grouped", lane.length > 0);
  const items = [...lane];
  /** @type {Map<number, number>} */
  const inGroup = new Map();
  if (!named && lane.length > 0) for (const group of groups) for (let row = group.from; row < group.to; row += 1) inGroup.set(row, group.prefix.length);
  let lowest = -LINE_PX;
  for (const index of labelledRows(rows.length, height, shown)) {
    const [top, bottom] = rowSpan(index, rows.length, height, shown);
    if (bottom <= 0 || top >= height) continue;
    const row = rows[index];
    const skip = inGroup.get(index) ?? prefix.length;
    const own = row.start.length > 0 && skip > 0 && texts[index].length > skip ? `…${texts[index].slice(skip)}` : textOfStart(row.start, format);
    const text = shortened(own, 80) + (row.label === null ? "" : `  ${row.label}`);
    const tall = bottom - top >= LINE_PX;
    const y = Math.min(height - LINE_PX / 2, Math.max(LINE_PX / 2, tall ? (Math.max(0, top) + Math.min(height, bottom)) / 2 : top));
    items.push({ key: `mark ${index}`, make: () => make("i"), y: Math.max(0, top) });
    // At the ends lines are moved inside, where they could meet their neighbours.
    if (y - lowest < TEXT_PX) continue;
    items.push({ key: `line ${index} ${text}`, make: () => make("span", { text }), y: y - LINE_PX / 2 });
    lowest = y;
  }
  keep(axis, items);
}

/** @param {readonly Group[]} groups @param {number} rows @param {number} height @param {RowsShown} shown @returns {import("./keyed.js").Item[]} a bracket and a title for each that has room */
function laneOf(groups, rows, height, shown) {
  /** @type {import("./keyed.js").Item[]} */
  const items = [];
  for (const group of groups) {
    const top = Math.max(0, rowSpan(group.from, rows, height, shown)[0]);
    const bottom = Math.min(height, rowSpan(group.to - 1, rows, height, shown)[1]);
    if (bottom - top < TEXT_PX) continue;
    const title = group.prefix === "" ? group.title : group.prefix;
    items.push({ key: `group ${group.from} ${title}`, make: () => make("b", { text: shortened(group.title, 60), title: shortened(title) }), y: top + 1, height: bottom - top - 2 });
  }
  return items;
}

/** Lines over the picture where a name's keys begin or end. @param {HTMLElement} into @param {number} intoPx its height @param {readonly import("./matrix.js").Row[]} rows @param {RowsShown} [shown] @returns {void} */
export function drawBorders(into, intoPx, rows, shown = { top: 0, bottom: Math.max(1, rows.length) }) {
  const height = Math.max(1, intoPx);
  /** @type {import("./keyed.js").Item[]} */
  const items = [];
  let lowest = 0;
  for (let row = 1; row < rows.length; row += 1) {
    if (rows[row].name === rows[row - 1].name) continue;
    const [top] = rowSpan(row, rows.length, height, shown);
    if (top - lowest < BORDER_PX || top > height - BORDER_PX) continue;
    items.push({ key: String(row), make: () => make("i"), y: top });
    lowest = top;
  }
  keep(into, items);
}
