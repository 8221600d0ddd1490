// @ts-check
/** What the server leaves out of keys for whoever asks: said above the picture, so that no bound is taken for a whole key. */

import { formatCount } from "./number.js";

/** @param {string} policy as `/status` says it @returns {string} what stands in the picture instead of keys; empty where keys do */
export function redactionText(policy) {
  const bytes = /^prefix:(\d+)$/.exec(policy)?.[1];
  if (bytes !== undefined) {
    const shown = bytes === "0" ? "nothing is" : bytes === "1" ? "the first byte is" : `the first ${formatCount(Number(bytes))} bytes are`;
    return `Of longer keys ${shown} shown; behind a ~ stands the place of a bound among those that begin alike.`;
  }
  if (policy === "hmac") return "Instead of each bound stand its place and a hash that only the server can compute; key ranges cannot be asked for.";
  if (policy === "hex") return "Keys are written as hex digits.";
  return policy === "" || policy === "none" ? "" : `The server redacts keys (${policy}).`;
}

/** @param {string} policy as an answer says it @returns {boolean} whether bounds are told apart by their place in that answer alone, so that they name nothing in another */
export function namesPlaces(policy) {
  return policy !== "" && policy !== "none" && policy !== "hex";
}

/** @param {import("./status.js").Status} status @returns {import("./page_state.js").Message[]} the one message, or none */
export function redactionNotes(status) {
  const text = redactionText(status.redaction);
  if (text === "") return [];
  const next = status.role === "read" ? "A token of the role full shows more." : "";
  return [{ kind: "redacted", blocks: false, title: "Keys are redacted", text, next }];
}
