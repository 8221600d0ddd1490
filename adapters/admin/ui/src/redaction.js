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

/** What shows all keys again. @type {import("./page_state.js").Action} */
const ALL_KEYS = { do: "all_keys", label: "Show all keys" };

/** @param {Uint8Array | null} bound @returns {boolean} whether it looks like one of a redacted picture: a place behind a `~`, where bytes were left out */
const isPlace = (bound) => bound !== null && /~\d+$|^\d+~[0-9a-f]{16}$/.test(String.fromCharCode(...bound.subarray(-24)));

/**
 * A link holds bounds as they were shown to whoever made it; who opens it may be shown others.
 * @param {readonly (Uint8Array | null)[]} asked the bounds that are asked for, null for none @param {string} policy as `/status` says it @returns {import("./page_state.js").Message[]} the one message, or none
 */
export function linkNotes(asked, policy) {
  const places = asked.some(isPlace);
  if (!namesPlaces(policy)) {
    if (!places) return [];
    return [{
      kind: "link_of_places", blocks: false, title: "This link seems to be of a redacted picture", action: ALL_KEYS,
      text: "Its bounds are written as places among keys that its maker was not shown whole. Here they are taken as keys, so what is shown may begin and end elsewhere.", next: "",
    }];
  }
  const most = Number(/^prefix:(\d+)$/.exec(policy)?.[1] ?? 0);
  if (policy === "hmac" || places || asked.every((bound) => bound === null || bound.length <= most)) return [];
  return [{
    kind: "link_of_keys", blocks: false, title: "This link names longer keys than you are shown", action: ALL_KEYS,
    text: `The server looks at ${most === 0 ? "nothing" : most === 1 ? "the first byte" : `the first ${formatCount(most)} bytes`} of them, so more keys are shown than the link is of.`, next: "",
  }];
}

/** @param {import("./status.js").Status} status @returns {import("./page_state.js").Message[]} the one message, or none */
export function redactionNotes(status) {
  const text = redactionText(status.redaction);
  if (text === "") return [];
  const next = status.role === "read" ? "A token of the role full shows more." : "";
  return [{ kind: "redacted", blocks: false, title: "Keys are redacted", text, next }];
}
