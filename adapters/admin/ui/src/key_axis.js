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
/** How long the mark at the beginning of a row is. */
const TICK_PX = 5;
/** The part of the width that titles of groups have, as in the style sheet. */
const LANE_PART = 0.43;
/** Borders closer than this would hide the picture. */
const BORDER_PX = 8;

/**
 * Which rows are labelled: all of them, every second, every fourth: while somebody zooms most texts stay what they are,
 * and a text that stays costs nothing.
 * @param {number} rows @param {number} height CSS pixels @param {RowsShown} [shown] @returns {number[]}
 */
export function labelledRows(rows, height, shown = { top: 0, bottom: rows }) {
  const most = Math.max(1, Math.floor(height / LINE_PX));
  const every = 2 ** Math.max(0, Math.ceil(Math.log2((shown.bottom - shown.top) / most)));
  const picked = [];
  const first = Math.max(0, Math.floor(shown.top / every) * every);
  for (let row = first; row < Math.min(rows, shown.bottom); row += every) picked.push(row);
  return picked;
}

/** What is drawn from, kept while the rows stay the same. @typedef {{rows: readonly import("./matrix.js").Row[], format: string, texts: string[], prefix: string, groups: Group[], named: boolean, labelled: boolean}} Held */
/** @type {Held | null} */
let held = null;

/** @param {readonly import("./matrix.js").Row[]} rows @param {import("./key_format.js").KeyFormat} format @returns {Held} */
function prepared(rows, format) {
  if (held !== null && held.rows === rows && held.format === format) return held;
  const texts = rows.map((row) => formatKey(row.start, format));
  const prefix = sharedPrefix(texts.filter((text) => text !== ""), format === "utf8" || format === "hex");
  const names = rows.map((row) => row.name);
  const named = names.some((name) => name !== null);
  const groups = named ? groupsByName(names) : format === "utf8" ? groupsByPrefix(texts, prefix.length) : [];
  // What all rows have in common tells none from another.
  const labelled = rows.some((row) => row.label !== rows[0].label);
  held = { rows, format, texts, prefix, groups, named, labelled };
  return held;
}

/** What is drawn beside the texts, in CSS pixels: where labelled rows begin, and where groups lie. @typedef {{ticks: number[], brackets: [number, number][]}} Marks */

/**
 * @param {HTMLElement} axis @param {number} height CSS pixels @param {HTMLElement} prefixNote @param {readonly import("./matrix.js").Row[]} rows
 * @param {import("./key_format.js").KeyFormat} format @param {RowsShown} [shown] @returns {Marks}
 */
export function drawKeyAxis(axis, height, prefixNote, rows, format, shown = { top: 0, bottom: Math.max(1, rows.length) }) {
  const { texts, prefix, groups, named, labelled } = prepared(rows, format);
  if (prefixNote.dataset["held"] !== prefix) prefixNote.replaceChildren(...(prefix === "" ? [] : [make("code", { text: `${shortened(prefix, 80)}…`, title: `All keys shown begin with ${shortened(prefix)}` })]));
  prefixNote.dataset["held"] = prefix;
  const { items, brackets } = laneOf(groups, rows.length, height, shown);
  if (axis.hasAttribute("data-grouped") !== brackets.length > 0) axis.toggleAttribute("data-grouped");
  const ticks = [];
  /** @type {Map<number, number>} */
  const inGroup = new Map();
  if (!named && brackets.length > 0) for (const group of groups) for (let row = group.from; row < group.to; row += 1) inGroup.set(row, group.prefix.length);
  let lowest = -LINE_PX;
  for (const index of labelledRows(rows.length, height, shown)) {
    const [top, bottom] = rowSpan(index, rows.length, height, shown);
    if (bottom <= 0 || top >= height) continue;
    const row = rows[index];
    const skip = inGroup.get(index) ?? prefix.length;
    const own = row.start.length > 0 && skip > 0 && texts[index].length > skip ? `…${texts[index].slice(skip)}` : textOfStart(row.start, format);
    const [text, label] = [shortened(own, 80), labelled && row.label !== null ? shortened(row.label, 40) : ""];
    const tall = bottom - top >= LINE_PX;
    const y = Math.min(height - LINE_PX / 2, Math.max(LINE_PX / 2, tall ? (Math.max(0, top) + Math.min(height, bottom)) / 2 : top));
    ticks.push(Math.max(0, top));
    // At the ends lines are moved inside, where they could meet their neighbours.
    if (y - lowest < TEXT_PX) continue;
    items.push({ key: `line ${index} ${text} ${label}`, make: () => lineOf(text, label), y: y - LINE_PX / 2 });
    lowest = y;
  }
  keep(axis, items);
  return { ticks, brackets };
}

/** @param {string} text @param {string} label empty for none @returns {HTMLElement} where there is no room for both, the key is cut: rows of one key differ by their labels */
function lineOf(text, label) {
  return label === "" ? make("span", { text }) : make("span", { class: "labelled" }, make("i", { text }), " ", make("em", { text: label }));
}

/** @param {readonly Group[]} groups @param {number} rows @param {number} height @param {RowsShown} shown @returns {{items: import("./keyed.js").Item[], brackets: [number, number][]}} a bracket and a title for each that has room */
function laneOf(groups, rows, height, shown) {
  /** @type {import("./keyed.js").Item[]} */
  const items = [];
  /** @type {[number, number][]} */
  const brackets = [];
  for (const group of groups) {
    const top = Math.max(0, rowSpan(group.from, rows, height, shown)[0]);
    const bottom = Math.min(height, rowSpan(group.to - 1, rows, height, shown)[1]);
    if (bottom - top < TEXT_PX) continue;
    const title = group.prefix === "" ? group.title : group.prefix;
    items.push({ key: `group ${group.from} ${title}`, make: () => make("b", { text: shortened(group.title, 60), title: shortened(title) }), y: top + 1 });
    brackets.push([top + 1, bottom - 1]);
  }
  return { items, brackets };
}

/**
 * @param {Marks} marks @param {number} scale device pixels to a CSS pixel @param {number} ink @param {Uint32Array} pixels see-through
 * @param {number} width device pixels @param {number} height @returns {void}
 */
export function paintKeyMarks({ ticks, brackets }, scale, ink, pixels, width, height) {
  pixels.fill(0);
  /** @param {number} x0 @param {number} x1 @param {number} y0 @param {number} y1 device pixels */
  const box = (x0, x1, y0, y1) => {
    for (let y = Math.max(0, y0); y < Math.min(height, y1); y += 1) pixels.fill(ink, y * width + Math.max(0, x0), y * width + Math.max(0, x1));
  };
  const px = (/** @type {number} */ css) => Math.round(css * scale);
  for (const y of ticks) box(width - px(TICK_PX), width, px(y), px(y) + Math.max(1, px(1)));
  const line = Math.round(width * LANE_PART);
  for (const [top, bottom] of brackets) box(line - px(2), line, px(top), px(bottom));
}

/** Lines over the picture where a name's keys begin or end. @param {HTMLElement} into @param {number} height CSS pixels @param {readonly import("./matrix.js").Row[]} rows @param {RowsShown} [shown] @returns {void} */
export function drawBorders(into, height, rows, shown = { top: 0, bottom: Math.max(1, rows.length) }) {
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
