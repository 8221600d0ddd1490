// @ts-check
/** The answer of `/status`, with a default for what an older server does not send. */

/** @typedef {{id: string, title: string, text: string, sinceMs: number | null, untilMs: number | null}} Notice */
/**
 * @typedef {{version: string, enabled: boolean, mode: string, title: string, nowMs: number, startedMs: number | null, stepMs: number,
 *   historyFromMs: number | null, lastFlushMs: number, nextColumnMs: number | null, routes: number, memoryBytes: number,
 *   relativeTime: boolean, ownRanges: boolean, labels: string[], counters: Record<string, number>, notice: Notice | null, role: string, redaction: string}} Status
 */

/** @param {unknown} value @returns {number | null} */
const time = (value) => (typeof value === "number" && Number.isFinite(value) && value > 0 ? value : null);
/** As `time`, but 0 is one: a trace's own clock may start there. @param {unknown} value @returns {number | null} */
const timeFromZero = (value) => (value === 0 ? 0 : time(value));
/** @param {unknown} value @returns {string} */
const text = (value) => (typeof value === "string" ? value : "");

/** @param {any} notice @returns {Notice | null} */
function decodeNotice(notice) {
  if (notice === null || typeof notice !== "object") return null;
  const [title, body] = [text(notice.title), text(notice.text)];
  if (title === "" && body === "") return null;
  return { id: text(notice.id), title, text: body, sinceMs: time(notice.since_unix_ms), untilMs: time(notice.until_unix_ms) };
}

/** @param {any} body parsed JSON @param {number} hereMs this machine's clock, for a server that does not tell its own @returns {Status} @throws {Error} where it is no status */
export function decodeStatus(body, hereMs) {
  if (body === null || typeof body !== "object" || typeof body.enabled !== "boolean") throw new Error("/status: enabled is absent");
  /** @type {Record<string, number>} */
  const counters = {};
  for (const [name, value] of Object.entries(body.counters ?? {})) if (typeof value === "number") counters[name] = value;
  return {
    version: text(body.version), enabled: body.enabled, mode: body.mode === "static" ? "static" : "live", title: text(body.title),
    nowMs: time(body.now_unix_ms) ?? hereMs, startedMs: time(body.started_unix_ms), stepMs: time(body.step_ms) ?? 60_000,
    historyFromMs: timeFromZero(body.history_from_unix_ms), lastFlushMs: time(body.last_flush_unix_ms) ?? 0,
    nextColumnMs: time(body.next_column_unix_ms), routes: Number(body.routes ?? 0), memoryBytes: Number(body.memory_bytes ?? 0),
    relativeTime: body.time_label === "relative", ownRanges: body.own_ranges === true, counters,
    labels: Array.isArray(body.labels) ? body.labels.filter((/** @type {unknown} */ label) => typeof label === "string") : [], notice: decodeNotice(body.notice),
    role: text(body.role), redaction: text(body.redaction),
  };
}

/** @param {Status} status @returns {number} operations observed since the start, whatever became of them */
export function observedOps(status) {
  return (status.counters["observed_reads"] ?? 0) + (status.counters["observed_writes"] ?? 0);
}

/** @param {Status} status @returns {number} operations on unknown routes since the start */
export function unattributedOps(status) {
  return (status.counters["unattributed_reads"] ?? 0) + (status.counters["unattributed_writes"] ?? 0);
}
