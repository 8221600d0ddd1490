// @ts-check
/** The key axis beside the picture: where each row, or as many as there is room for, begins. */

import { make } from "./dom.js";
import { rowSpan } from "./layout.js";
import { shortened, textOfStart } from "./key.js";

/** Lines closer than this cannot be read. */
const LINE_PX = 16;
/** What the text of a line itself takes. */
const TEXT_PX = 12;
const SEPARATORS = "/:._-|#,; ";

/** @param {readonly string[]} texts @returns {string} what they all begin with, up to a separator; empty where that is too short to be worth stating once */
export function sharedPrefix(texts) {
  if (texts.length < 2) return "";
  let shared = texts[0];
  for (const text of texts) {
    let length = 0;
    while (length < shared.length && shared[length] === text[length]) length += 1;
    shared = shared.slice(0, length);
  }
  let end = shared.length;
  while (end > 0 && !SEPARATORS.includes(shared[end - 1])) end -= 1;
  return end >= 4 ? shared.slice(0, end) : "";
}

/**
 * Which rows are labelled: all of them, or evenly spread ones.
 * @param {number} rows @param {number} height CSS pixels @returns {number[]}
 */
export function labelledRows(rows, height) {
  const most = Math.max(1, Math.floor(height / LINE_PX));
  const every = Math.max(1, Math.ceil(rows / most));
  const picked = [];
  for (let row = 0; row < rows; row += every) picked.push(row);
  return picked;
}

/** @param {HTMLElement} axis @param {HTMLElement} prefixNote @param {readonly import("./matrix.js").Row[]} rows @returns {void} */
export function drawKeyAxis(axis, prefixNote, rows) {
  const height = Math.max(1, axis.clientHeight);
  const bounded = rows.filter((row) => row.start.length > 0).map((row) => textOfStart(row.start));
  const prefix = sharedPrefix(bounded);
  prefixNote.replaceChildren(...(prefix === "" ? [] : [make("code", { text: `${shortened(prefix, 80)}…`, title: `All keys shown begin with ${shortened(prefix)}` })]));
  const nodes = [];
  let lowest = -LINE_PX;
  for (const index of labelledRows(rows.length, height)) {
    const [top, bottom] = rowSpan(index, rows.length, height);
    const row = rows[index];
    const text = textOfStart(row.start);
    const own = row.start.length > 0 && prefix !== "" ? `…${text.slice(prefix.length)}` : text;
    const line = make("span", { text: shortened(own, 80) + (row.label === null ? "" : `  ${row.label}`) });
    const tall = bottom - top >= LINE_PX;
    const y = Math.min(height - LINE_PX / 2, Math.max(LINE_PX / 2, tall ? (top + bottom) / 2 : top));
    const mark = make("i");
    mark.style.top = `${top}px`;
    nodes.push(mark);
    // At the ends lines are moved inside, where they could meet their neighbours.
    if (y - lowest < TEXT_PX) continue;
    line.style.top = `${y}px`;
    nodes.push(line);
    lowest = y;
  }
  axis.replaceChildren(...nodes);
}
