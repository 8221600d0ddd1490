// @ts-check
/** Times as text: in UTC, in the reader's zone, or counted from the start of a trace that has no dates. */

/** @typedef {"utc" | "local"} Zone */
/** `originMs` is set where times are shown as counted from there. @typedef {{zone: Zone, originMs: number | null}} TimeStyle */

const DAY = 86_400_000;
/** @param {number} value @param {number} [width] @returns {string} */
const padded = (value, width = 2) => String(value).padStart(width, "0");

/** @param {number} ms @param {TimeStyle} style @returns {number} what to add to `ms` so that its UTC fields are the ones to show */
export function offsetMs(ms, style) {
  if (style.originMs !== null) return -style.originMs;
  return style.zone === "utc" ? 0 : -new Date(ms).getTimezoneOffset() * 60_000;
}

/** @param {number} ms @param {TimeStyle} style @param {"minute" | "second" | "ms"} detail @returns {string} time of day, or the time since the origin */
export function clockText(ms, style, detail) {
  const shown = ms + offsetMs(ms, style);
  const rest = Math.abs(Math.round(shown));
  const date = new Date(rest);
  const tail = detail === "minute" ? "" : `:${padded(date.getUTCSeconds())}`;
  const fraction = detail === "ms" ? `.${padded(date.getUTCMilliseconds(), 3)}` : "";
  const sign = style.originMs === null ? "" : shown < 0 ? "−" : "+";
  const hours = style.originMs === null ? padded(date.getUTCHours()) : padded(Math.floor(rest / 3_600_000));
  return `${sign}${hours}:${padded(date.getUTCMinutes())}${tail}${fraction}`;
}

/** @param {number} ms @param {TimeStyle} style @returns {string} `2026-11-21`, or empty where times are counted from an origin */
export function dateText(ms, style) {
  if (style.originMs !== null) return "";
  return new Date(ms + offsetMs(ms, style)).toISOString().slice(0, 10);
}

/** @param {number} ms @param {TimeStyle} style @returns {string} date and time to the second, or to the millisecond where it has some */
export function instantText(ms, style) {
  return `${dateText(ms, style)} ${clockText(ms, style, ms % 1000 === 0 ? "second" : "ms")}`.trim();
}

/** @param {number} fromMs @param {number} toMs @param {TimeStyle} style @returns {string} the date only once where it is one day */
export function spanText(fromMs, toMs, style) {
  const detail = fromMs % 1000 === 0 && toMs % 1000 === 0 ? "second" : "ms";
  const sameDay = dateText(fromMs, style) === dateText(toMs, style);
  const end = sameDay ? clockText(toMs, style, detail) : `${dateText(toMs, style)} ${clockText(toMs, style, detail)}`;
  return `${dateText(fromMs, style)} ${clockText(fromMs, style, detail)} – ${end}`.trim();
}

/** @param {number} ms @param {TimeStyle} style @returns {string} the zone's name at that time: `UTC`, `UTC+05:30` for a local one, `from the start` */
export function zoneText(ms, style) {
  if (style.originMs !== null) return "from the start";
  const minutes = offsetMs(ms, style) / 60_000;
  if (style.zone === "utc") return "UTC";
  const size = Math.abs(minutes);
  return `UTC${minutes < 0 ? "−" : "+"}${padded(Math.floor(size / 60))}:${padded(size % 60)}`;
}

/** @param {number} ms @param {Zone} zone @returns {string} the value of a datetime-local field */
export function fieldValue(ms, zone) {
  return new Date(ms + offsetMs(ms, { zone, originMs: null })).toISOString().slice(0, 19);
}

/** @param {string} value of a datetime-local field @param {Zone} zone @returns {number} Unix milliseconds; NaN where it is no time */
export function fieldTime(value, zone) {
  return Date.parse(zone === "utc" ? `${value}Z` : value);
}

const STEPS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 900_000,
  1_800_000, 3_600_000, 7_200_000, 10_800_000, 21_600_000, 43_200_000, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY,
];

/** @typedef {{ms: number, text: string, strong: boolean}} TimeTick */

/**
 * Round times of the shown zone, at most `most` of them. A tick at midnight is `strong` and carries the date.
 * @param {number} fromMs @param {number} toMs @param {number} most @param {TimeStyle} style @returns {TimeTick[]}
 */
export function timeTicks(fromMs, toMs, most, style) {
  const span = toMs - fromMs;
  const stepMs = STEPS.find((step) => span / step <= most) ?? 28 * DAY * Math.ceil(span / most / (28 * DAY));
  // Counted from a start, hours and minutes alone would be taken for minutes and seconds.
  const detail = stepMs >= 60_000 && style.originMs === null ? "minute" : stepMs >= 1000 ? "second" : "ms";
  /** @type {TimeTick[]} */
  const ticks = [];
  const offset = offsetMs(fromMs, style);
  // Steps are counted on the shown clock, so that midnight stays a tick when the zone's offset changes on the way.
  for (let shown = Math.ceil((fromMs + offset) / stepMs) * stepMs; ticks.length <= 2 * most; shown += stepMs) {
    const guess = shown - offset;
    const ms = shown - offsetMs(guess, style);
    if (ms > toMs) break;
    if (ms < fromMs) continue;
    const strong = style.originMs === null && (ms + offsetMs(ms, style)) % DAY === 0;
    ticks.push({ ms, strong, text: strong ? dateText(ms, style) : clockText(ms, style, detail) });
  }
  return ticks;
}
