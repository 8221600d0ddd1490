// @ts-check
/** The ways to write a key. Each is unambiguous: within one way two different keys never show the same. */

import { textOfKey } from "./key.js";

/** @typedef {"utf8" | "hex" | "u64be" | "uuid"} KeyFormat */

/** In the order of the choice. @type {readonly {name: KeyFormat, title: string}[]} */
export const KEY_FORMATS = [
  { name: "utf8", title: "UTF-8 text" },
  { name: "hex", title: "hex" },
  { name: "u64be", title: "u64 (8 bytes)" },
  { name: "uuid", title: "UUID" },
];

/** @param {Uint8Array} bytes @returns {string} */
const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
/** @param {Uint8Array} bytes @returns {string} hex that cannot be taken for a number */
const rest = (bytes) => `0x${hexOf(bytes)}`;

/** @param {Uint8Array} bytes @returns {string} whole numbers of eight bytes joined by `/`, what is left in hex: `7/42`, `7/0x00ff` */
function numbers(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const parts = [];
  let at = 0;
  for (; at + 8 <= bytes.length; at += 8) parts.push(String(view.getBigUint64(at)));
  if (at < bytes.length) parts.push(rest(bytes.subarray(at)));
  return parts.join("/");
}

/** @param {Uint8Array} bytes @returns {string} the first sixteen bytes as a UUID, what is left in hex */
function uuid(bytes) {
  if (bytes.length < 16) return rest(bytes);
  const hex = hexOf(bytes.subarray(0, 16));
  const head = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  return bytes.length === 16 ? head : `${head}/${rest(bytes.subarray(16))}`;
}

/** @param {Uint8Array} bytes @param {KeyFormat} format @returns {string} empty for the empty key */
export function formatKey(bytes, format) {
  if (bytes.length === 0) return "";
  if (format === "hex") return rest(bytes);
  if (format === "u64be") return numbers(bytes);
  return format === "uuid" ? uuid(bytes) : textOfKey(bytes);
}

/** @param {Uint8Array} start @param {KeyFormat} format @returns {string} a row's lower bound in words */
export function textOfStart(start, format) {
  return start.length === 0 ? "(lowest key)" : formatKey(start, format);
}

/** @param {Uint8Array | null} end @param {KeyFormat} format @returns {string} a row's upper bound in words */
export function textOfEnd(end, format) {
  return end === null ? "(no upper bound)" : formatKey(end, format);
}
