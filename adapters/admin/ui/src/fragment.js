// @ts-check
/**
 * What the reader has chosen, and the URL fragment that holds it: so a link shows the same picture, and nothing of it
 * (a pinned row, a time) reaches a server's log. Defaults are left out; what is not understood is a default.
 */

import { KEY_FORMATS } from "./key_format.js";
import { PALETTES } from "./palette.js";
import { RANGES } from "./time_range.js";
import { SERIES } from "./series.js";

/**
 * `refreshMs` 0 is automatic. `theme` empty follows the system. `pin` is a bucket id, or `key:` and a key in base64url,
 * `pinMs` a time in the pinned cell. `keyFrom` and `keyTo` are keys in base64url, empty where there is no bound.
 * `top` says whether the table of the hottest ranges is open, empty where the window's height decides. `find` is the key
 * whose row is framed, in base64url, `.` for the empty key; with a dot behind it, what all keys of a name begin with. `label` is the only one shown, empty for all; `split` makes
 * each label a row of its own. `hide` has the kinds of events that are not shown, with commas between them.
 * `fixLow` and `fixHigh` are the ends of a scale that is kept, 0 where it follows the picture.
 * @typedef {{series: import("./series.js").SeriesName, axis: "range" | "route", range: import("./time_range.js").RangeName, fromMs: number, toMs: number,
 *   scale: import("./scale.js").ScaleKind, rows: number, zone: import("./time_text.js").Zone, refreshMs: number, paused: boolean,
 *   theme: "" | "light" | "dark", pin: string, pinMs: number,
 *   keyFrom: string, keyTo: string, palette: import("./palette.js").PaletteName, brightness: number, fixLow: number, fixHigh: number, format: import("./key_format.js").KeyFormat,
 *   top: "" | "1" | "0", find: string, label: string, split: boolean, hide: string}} Choice
 */

export const ROW_BUDGETS = [64, 128, 256, 512, 1024];
export const REFRESH_MS = [0, 1000, 2000, 5000, 10_000, 30_000, 60_000];

/** @type {Choice} */
export const DEFAULT = {
  series: "ops", axis: "range", range: "", fromMs: 0, toMs: 0, scale: "log", rows: 1024, zone: "local", refreshMs: 0, paused: false, theme: "", pin: "", pinMs: 0,
  keyFrom: "", keyTo: "", palette: "ember", brightness: 0, fixLow: 0, fixHigh: 0, format: "utf8", top: "", find: "", label: "", split: false, hide: "",
};

/** The least and the greatest brightness. */
export const BRIGHTNESS = /** @type {const} */ ([-4, 4]);
/** Keys longer than this are no link any more. */
const MOST_KEY = 4096;

/** @param {string | null} text @returns {string} base64url, or empty where it is not */
const keyOf = (text) => (text !== null && text.length <= MOST_KEY && /^[A-Za-z0-9_-]+$/.test(text) && text.length % 4 !== 1 ? text : "");

/** @param {string} text @returns {string} a key, or one with a dot behind it; empty where it is neither */
function foundOf(text) {
  const key = text.replace(/\.$/, "");
  return key === "" || keyOf(key) !== "" ? text : "";
}

/** @param {string | null} text @returns {[number, number]} the ends of a scale that is kept; 0 where there are none */
function endsOf(text) {
  const [low, high, more] = (text ?? "").split(",").map(Number);
  return more === undefined && low > 0 && high > low && Number.isFinite(high) ? [low, high] : [0, 0];
}

/** @param {string} text @returns {string} kinds of events with commas between them, each once; empty where it is something else */
const kindsOf = (text) => (/^[a-z0-9_-]{1,32}(,[a-z0-9_-]{1,32}){0,31}$/.test(text) ? [...new Set(text.split(","))].sort().join(",") : "");

/** @param {number} value @returns {number} a brightness there is */
const brightnessOf = (value) => (Number.isInteger(value) && value >= BRIGHTNESS[0] && value <= BRIGHTNESS[1] ? value : DEFAULT.brightness);

/** @template T @param {readonly T[]} allowed @param {unknown} value @param {T} otherwise @returns {T} */
const oneOf = (allowed, value, otherwise) => allowed.find((one) => one === value) ?? otherwise;

/** @param {string | null} text Unix milliseconds or an ISO time @returns {number} NaN where it is neither, or no time a calendar has */
function timeOf(text) {
  if (text === null) return NaN;
  const ms = /^\d+$/.test(text) ? Number(text) : Date.parse(text);
  return ms >= 0 && ms < 8.64e15 ? ms : NaN;
}

/** @param {number} ms @returns {string} ISO, in whole seconds where it can be */
const isoOf = (ms) => new Date(ms).toISOString().replace(".000Z", "Z");

/** @param {string} fragment with or without `#` @returns {Choice} */
export function choiceOf(fragment) {
  const held = new URLSearchParams(fragment.replace(/^#/, ""));
  const [fromMs, toMs] = [timeOf(held.get("from")), timeOf(held.get("to"))];
  const absolute = fromMs < toMs;
  const pinMs = timeOf(held.get("at"));
  const [fixLow, fixHigh] = endsOf(held.get("fix"));
  return {
    series: oneOf(SERIES.map((one) => one.name), held.get("series"), DEFAULT.series),
    axis: oneOf(/** @type {const} */ (["range", "route"]), held.get("axis"), DEFAULT.axis),
    range: absolute ? "custom" : oneOf(RANGES.map((one) => one.name), held.get("range"), DEFAULT.range),
    fromMs: absolute ? fromMs : 0,
    toMs: absolute ? toMs : 0,
    scale: oneOf(/** @type {const} */ (["log", "linear"]), held.get("scale"), DEFAULT.scale),
    rows: oneOf(ROW_BUDGETS, Number(held.get("rows")), DEFAULT.rows),
    zone: oneOf(/** @type {const} */ (["utc", "local"]), held.get("tz"), DEFAULT.zone),
    refreshMs: oneOf(REFRESH_MS, Number(held.get("refresh")) * 1000, DEFAULT.refreshMs),
    paused: held.get("paused") === "1",
    theme: oneOf(/** @type {const} */ (["light", "dark"]), held.get("theme"), DEFAULT.theme),
    pin: Number.isNaN(pinMs) ? "" : (held.get("pin") ?? "").slice(0, 200),
    pinMs: Number.isNaN(pinMs) || !held.get("pin") ? 0 : pinMs,
    keyFrom: keyOf(held.get("start")),
    keyTo: keyOf(held.get("end")),
    palette: oneOf(PALETTES, held.get("palette"), DEFAULT.palette),
    brightness: brightnessOf(Number(held.get("bright") ?? NaN)),
    fixLow,
    fixHigh,
    top: oneOf(/** @type {const} */ (["0", "1"]), held.get("top"), DEFAULT.top),
    find: foundOf(held.get("find") ?? ""),
    label: /^[a-z0-9_-]{1,32}$/.test(held.get("label") ?? "") ? String(held.get("label")) : "",
    split: held.get("split") === "1",
    hide: kindsOf(held.get("hide") ?? ""),
    format: oneOf(KEY_FORMATS.map((one) => one.name), held.get("keys"), DEFAULT.format),
  };
}

/** @param {Choice} choice @returns {string} without `#`; empty where all is default */
export function fragmentOf(choice) {
  const held = new URLSearchParams();
  if (choice.series !== DEFAULT.series) held.set("series", choice.series);
  if (choice.axis !== DEFAULT.axis) held.set("axis", choice.axis);
  if (choice.range === "custom") {
    held.set("from", isoOf(choice.fromMs));
    held.set("to", isoOf(choice.toMs));
  } else if (choice.range !== DEFAULT.range) held.set("range", choice.range);
  if (choice.keyFrom !== "") held.set("start", choice.keyFrom);
  if (choice.keyTo !== "") held.set("end", choice.keyTo);
  if (choice.scale !== DEFAULT.scale) held.set("scale", choice.scale);
  if (choice.palette !== DEFAULT.palette) held.set("palette", choice.palette);
  if (choice.brightness !== DEFAULT.brightness) held.set("bright", String(choice.brightness));
  if (choice.label !== "") held.set("label", choice.label);
  if (choice.split) held.set("split", "1");
  if (choice.hide !== "") held.set("hide", choice.hide);
  if (choice.top !== "") held.set("top", choice.top);
  if (choice.find !== "") held.set("find", choice.find);
  if (choice.format !== DEFAULT.format) held.set("keys", choice.format);
  if (choice.fixHigh > 0) held.set("fix", `${choice.fixLow},${choice.fixHigh}`);
  if (choice.rows !== DEFAULT.rows) held.set("rows", String(choice.rows));
  if (choice.zone !== DEFAULT.zone) held.set("tz", choice.zone);
  if (choice.refreshMs !== DEFAULT.refreshMs) held.set("refresh", String(choice.refreshMs / 1000));
  if (choice.paused) held.set("paused", "1");
  if (choice.theme !== "") held.set("theme", choice.theme);
  if (choice.pin !== "") {
    held.set("pin", choice.pin);
    held.set("at", String(choice.pinMs));
  }
  // Colons and commas are lawful in a fragment, and times are read more easily with them.
  return held.toString().replaceAll("%3A", ":").replaceAll("%2C", ",");
}
