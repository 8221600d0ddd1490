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
  return find === "." ? new Uint8Array(0) : bytesOfBase64url(find.replace(/\.$/, ""));
}

/** @param {string} find of the choice @returns {boolean} whether all keys that begin so are meant */
const begins = (find) => find.length > 1 && find.endsWith(".");

/** @param {Uint8Array} prefix @returns {Uint8Array | null} the first key beyond all that begin so; null where there is none */
function beyond(prefix) {
  let length = prefix.length;
  while (length > 0 && prefix[length - 1] === 255) length -= 1;
  if (length === 0) return null;
  const end = prefix.slice(0, length);
  end[length - 1] += 1;
  return end;
}

/** @param {readonly Row[]} rows @param {string} find of the choice @returns {[number, number] | null} first and last of what is framed: of a name the first row that lies in it, else the rows that hold the key */
export function rowsOfFind(rows, find) {
  const key = keyOfFind(find);
  if (key === null) return null;
  const end = begins(find) ? beyond(key) : null;
  const inside = !begins(find) ? undefined : rows.find((row) => compareBytes(row.start, key) >= 0 && (end === null || (row.end !== null && compareBytes(row.end, end) <= 0)));
  return rowsWith(rows, inside?.start ?? key);
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
 * @param {import("./heatmap.js").Painting | null} painting @param {string} find of the choice @param {number} heightPx of the picture
 * @returns {void}
 */
export function frameFound(painting, find, heightPx) {
  const frame = byId("cross-found");
  const rows = painting?.matrix.rows ?? [];
  const found = rowsOfFind(rows, find);
  frame.hidden = found === null;
  if (found === null) return;
  const top = Math.max(0, rowSpan(found[0], rows.length, heightPx, painting?.rows)[0]);
  const bottom = Math.min(heightPx, rowSpan(found[1], rows.length, heightPx, painting?.rows)[1]);
  frame.hidden = bottom <= top;
  frame.style.top = `${top}px`;
  frame.style.height = `${bottom - top}px`;
}

/** @param {boolean} unknown whether it was gone to by a key for want of a name or a route @returns {string} what stands behind the key */
export const asKey = (unknown) => (unknown ? " (a key: no name and no route is called so)" : "");

/** @param {HTMLElement} into @param {readonly Row[]} rows @param {{find: string, unknown: boolean}} found @param {import("./key_format.js").KeyFormat} format @param {() => void} forget @returns {void} */
export function noteFound(into, rows, { find, unknown }, format, forget) {
  const key = keyOfFind(find);
  into.hidden = key === null;
  if (key === null) return;
  const text = key.length === 0 ? "(lowest key)" : shortened(formatKey(key, format), 80);
  const away = rowsOfFind(rows, find) === null;
  const [before, after] = [away ? "" : "Row of ", asKey(unknown) + (away ? " is in no row of this picture" : "")];
  const held = before + text + after;
  if (into.dataset["held"] === held) return;
  into.dataset["held"] = held;
  into.replaceChildren(make("span", {}, before, make("code", { class: "key", text }), after), button("Clear", forget, { class: "small" }));
}
