// @ts-check
/** The row that somebody went to: framed in the map, named beside it. */

import { bytesOfBase64url, compareBytes, shortened } from "./key.js";
import { button, byId, make } from "./dom.js";
import { formatKey } from "./key_format.js";
import { rowSpan } from "./layout.js";

/** @typedef {import("./matrix.js").Row} Row */

/** @param {string} find of the choice @returns {Uint8Array | null} the key */
export function keyOfFind(find) {
  if (find === "") return null;
  return find === "." ? new Uint8Array(0) : bytesOfBase64url(find);
}

/** @param {readonly Row[]} rows @param {Uint8Array} key @returns {[number, number] | null} the rows that hold it, first and last; several where labels are split */
export function rowsWith(rows, key) {
  const holds = (/** @type {Row} */ row) => compareBytes(row.start, key) <= 0 && (row.end === null || compareBytes(key, row.end) < 0);
  const first = rows.findIndex(holds);
  if (first < 0) return null;
  let last = first;
  while (last + 1 < rows.length && holds(rows[last + 1])) last += 1;
  return [first, last];
}

/**
 * @param {import("./heatmap.js").Painting | null} painting @param {Uint8Array | null} key @param {number} heightPx of the picture
 * @returns {void}
 */
export function frameFound(painting, key, heightPx) {
  const frame = byId("cross-found");
  const rows = painting?.matrix.rows ?? [];
  const found = key === null ? null : rowsWith(rows, key);
  frame.hidden = found === null;
  if (found === null) return;
  const top = Math.max(0, rowSpan(found[0], rows.length, heightPx, painting?.rows)[0]);
  const bottom = Math.min(heightPx, rowSpan(found[1], rows.length, heightPx, painting?.rows)[1]);
  frame.hidden = bottom <= top;
  frame.style.top = `${top}px`;
  frame.style.height = `${bottom - top}px`;
}

/** @param {HTMLElement} into @param {readonly Row[]} rows @param {Uint8Array | null} key @param {import("./key_format.js").KeyFormat} format @param {() => void} forget @returns {void} */
export function noteFound(into, rows, key, format, forget) {
  into.hidden = key === null;
  if (key === null) return;
  const text = key.length === 0 ? "(lowest key)" : shortened(formatKey(key, format), 80);
  const where = rowsWith(rows, key) === null ? " is in no row of this picture" : "";
  if (into.dataset["held"] === text + where) return;
  into.dataset["held"] = text + where;
  into.replaceChildren(make("span", {}, "Row of ", make("code", { class: "key", text }), where), button("Clear", forget, { class: "small" }));
}
