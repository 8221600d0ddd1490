// @ts-check
/** The hot keys of a cell: the answer of `/hotkeys`, or the reason that there is none. */

import { bytesOfBase64, shortened } from "./key.js";
import { formatCount, formatShare } from "./number.js";
import { formatKey } from "./key_format.js";
import { copyButton, make } from "./dom.js";

/** `error` is how much of the count may be other keys'. @typedef {{key: Uint8Array, count: number, error: number}} HotKey */
/**
 * `operations` is all that was counted there, 0 where it is not told. `unsampled` was not looked at for want of room.
 * @typedef {{keys: HotKey[], sampleRate: number, operations: number, dropped: number, skippedLong: number, unsampled: number, degraded: boolean}} HotKeys
 */

const MOST = 1024;

/** What each code of absence means, and what to do. @type {Record<string, string>} */
const REASONS = {
  hotkeys_disabled: "Keys are not sampled here: the process was started without hot keys, so no key is kept.",
  no_sketch: "This range was not hot enough to have its keys followed.",
  expired: "The keys of this time are no longer kept.",
  below_threshold: "No key stands out: each took less than can be told from chance.",
  no_snapshot: "The keys are not gathered yet; they come with the next column.",
  out_of_snapshot_window: "No keys were kept for this time.",
  forbidden: "Your token shows load, not keys.",
  forbidden_role: "Your token is of the role read, which shows load, not keys. A token of the role full (--admin-token-file) shows them; whoever runs the process has it.",
  redacted: "Keys are redacted on this server for every token (--admin-redaction), so none is shown whole. Whoever runs the process decides that; the picture shows where the load is all the same.",
  keyviz_disabled: "The process runs without a sampler.",
  in_file: "A recorded picture holds no keys.",
  not_found: "This server does not follow hot keys.",
};

/** @param {string} code @param {string} message @returns {string} */
export function absenceText(code, message) {
  return REASONS[code] ?? `The keys could not be had: ${message}.`;
}

/** @param {any} body @returns {HotKeys} @throws {Error} where it is not what the wire's description says */
export function decodeHotKeys(body) {
  if (!Array.isArray(body?.keys) || body.keys.length > MOST) throw new Error("/hotkeys: keys is not a list");
  const number = (/** @type {unknown} */ value) => (typeof value === "number" && value >= 0 && Number.isFinite(value) ? value : 0);
  const bound = number(body.error_bound);
  return {
    keys: body.keys.map((/** @type {any} */ one) => ({ key: bytesOfBase64(String(one.key_b64)), count: number(one.count), error: typeof one.error === "number" ? number(one.error) : bound })),
    sampleRate: number(body.sample_rate), operations: number(body.operations), dropped: number(body.dropped_samples), skippedLong: number(body.skipped_long_keys),
    unsampled: number(body.unsampled_ops), degraded: body.degraded === true,
  };
}

/** @param {HotKeys} hot @returns {string} what an answer lacks */
function lackText({ dropped, skippedLong, unsampled }) {
  const parts = [
    dropped > 0 ? `${formatCount(dropped)} samples were dropped` : "", skippedLong > 0 ? `${formatCount(skippedLong)} operations had keys too long to follow` : "",
    unsampled > 0 ? `${formatCount(unsampled)} operations were not looked at` : "",
  ];
  return parts.filter((part) => part !== "").join(", ");
}

/** @param {HotKeys} hot @param {import("./key_format.js").KeyFormat} format @returns {Node[]} a bar for each key, its error as a paler end of the bar */
export function drawHotKeys(hot, format) {
  if (hot.keys.length === 0) return [make("p", { class: "muted", text: "No key was sampled here." })];
  // A few samples may stand for more than there was.
  const counted = hot.operations > 0 ? hot.operations : Infinity;
  const keys = hot.keys.map(({ key, count, error }) => ({ key, error, count: Math.min(count, counted), sure: Math.min(Math.max(0, count - error), counted) }));
  const most = Math.max(...keys.map((one) => one.count), 1);
  const rows = keys.map(({ key, count, error, sure }) => {
    const bar = make("span", { class: "hot-bar", "aria-hidden": "true" }, make("i"), make("i", { class: "unsure" }));
    const [first, second] = bar.querySelectorAll("i");
    first.style.width = `${(100 * sure) / most}%`;
    second.style.width = `${(100 * (count - sure)) / most}%`;
    const text = formatKey(key, format);
    const share = hot.operations > 0 ? `, ${formatShare(count, hot.operations)}` : "";
    return make("li", {}, make("code", { class: "key", text: text === "" ? "(empty key)" : shortened(text, 60) }), copyButton("Copy", "the key", text), bar,
      make("span", { class: "muted", text: (error > 0 ? `${formatCount(sure)} to ${formatCount(count)}` : `${hot.sampleRate > 1 ? "about " : ""}${formatCount(count)}`) + share }));
  });
  const rate = make("p", { class: "muted", text: hot.sampleRate > 1 ? `One in about ${formatCount(hot.sampleRate)} operations was looked at.` : "Every operation was looked at." });
  const lack = lackText(hot);
  const degraded = hot.degraded ? [make("p", { class: "warn", text: `Degraded, a key may be missing: ${lack === "" ? "samples are lacking" : lack}.` })] : [];
  return [...degraded, make("ol", { class: "hot-keys" }, ...rows), rate];
}
