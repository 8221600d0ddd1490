// @ts-check
/** Which time the picture spans: from what was asked, what history has, and what time the server says it is. */

/** @typedef {"" | "5m" | "1h" | "6h" | "24h" | "7d" | "all" | "custom"} RangeName */
/** What is asked; `fromMs` and `toMs` count for `custom` only. @typedef {{range: RangeName, fromMs: number, toMs: number}} Asked */
/** What of `/status` counts here. @typedef {{mode: string, nowMs: number, stepMs: number, historyFromMs: number | null, lastFlushMs: number}} Clock */
/** `follows` is true while the right edge moves with the clock. @typedef {{fromMs: number, toMs: number, follows: boolean, clipped: boolean}} View */

/** @type {readonly {name: RangeName, title: string, spanMs: number}[]} */
export const RANGES = [
  { name: "5m", title: "5m", spanMs: 300_000 },
  { name: "1h", title: "1h", spanMs: 3_600_000 },
  { name: "6h", title: "6h", spanMs: 21_600_000 },
  { name: "24h", title: "24h", spanMs: 86_400_000 },
  { name: "7d", title: "7d", spanMs: 604_800_000 },
  { name: "all", title: "All", spanMs: Infinity },
];

/** The fewest windows a following picture spans: a fresh history fills it from the right instead of stretching one column over it. */
const LEAST_WINDOWS = 30;

/** @param {Clock} clock @returns {RangeName} the range for a reader who has not chosen one: a few hundred windows */
export function usualRange(clock) {
  if (clock.mode === "static") return "all";
  if (clock.stepMs <= 5000) return "5m";
  if (clock.stepMs <= 300_000) return "1h";
  return clock.stepMs <= 1_800_000 ? "24h" : "7d";
}

/**
 * A following view ends with the window that is open now, and begins no earlier than history does: an hour asked of
 * five minutes of history is five minutes wide, and `clipped`. Absolute times are taken as they are.
 * @param {Asked} asked @param {Clock} clock @returns {View}
 */
export function viewOf(asked, clock) {
  if (asked.range === "custom") return { fromMs: asked.fromMs, toMs: Math.max(asked.toMs, asked.fromMs + clock.stepMs), follows: false, clipped: false };
  const name = asked.range === "" ? usualRange(clock) : asked.range;
  const span = RANGES.find((range) => range.name === name)?.spanMs ?? Infinity;
  const atRest = clock.mode === "static";
  const toMs = atRest ? Math.max(clock.lastFlushMs, clock.stepMs) : (Math.floor(clock.nowMs / clock.stepMs) + 1) * clock.stepMs;
  const least = atRest ? clock.stepMs : LEAST_WINDOWS * clock.stepMs;
  const oldest = Math.min(clock.historyFromMs ?? toMs, toMs - least);
  const fromMs = Math.max(oldest, toMs - Math.max(span, least));
  return { fromMs: Math.max(0, fromMs), toMs, follows: !atRest, clipped: Number.isFinite(span) && oldest > toMs - span };
}

/**
 * The bounds to send. They filter window ends, half-open, and a window belongs to the view where it overlaps it.
 * @param {View} view @param {Clock} clock @returns {{fromUnixMs: number, toUnixMs: number}} 0 is unbounded
 */
export function boundsOf(view, clock) {
  const follows = view.follows || clock.mode === "static" && view.toMs >= clock.lastFlushMs;
  return { fromUnixMs: Math.max(1, Math.floor(view.fromMs) + 1), toUnixMs: follows ? 0 : Math.ceil(view.toMs + clock.stepMs) };
}
