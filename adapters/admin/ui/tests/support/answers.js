// @ts-check
/** Recorded answers of the API, made from a few words. Times are fixed, so that pictures are the same on every run. */

import { createHmac } from "node:crypto";

export const NOW = Date.UTC(2026, 10, 21, 3, 12, 30, 400);
export const STEP = 1000;

/** @param {string | Uint8Array} key @returns {string} */
export const base64 = (key) => Buffer.from(key).toString("base64");

/** @typedef {{bucket_id: string, start: string | null, end: string | null, label?: string, draining?: boolean, aggregate: boolean, route_count: number, values: number[], conflict: boolean}} WireRow */

/** @param {Partial<WireRow> & {bucket_id: string, values: number[]}} row @returns {WireRow} */
export function wireRow(row) {
  return { start: null, end: null, aggregate: false, route_count: 1, conflict: false, ...row };
}

/** @param {Record<string, unknown>} [changes] @returns {Record<string, any>} */
export function status(changes = {}) {
  return {
    version: "0.1.0", enabled: true, mode: "live", title: "orders-eu-3", now_unix_ms: NOW, started_unix_ms: NOW - 3_600_000, step_ms: STEP,
    history_from_unix_ms: Math.floor(NOW / STEP) * STEP - 300_000, last_flush_unix_ms: NOW - 200, next_column_unix_ms: Math.floor(NOW / STEP) * STEP + STEP,
    routes: 16, labels: [], sub_buckets: 1, write_merge: "sum", memory_bytes: 88_080_384,
    counters: { observed_reads: 1_200_000, observed_writes: 300_000, observed_read_bytes: 9e7, observed_write_bytes: 4e7, unattributed_reads: 0, unattributed_writes: 0, routes: 16 },
    notice: null, time_label: "unix", ...changes,
  };
}

/**
 * Columns ending with the open one at `NOW`.
 * @param {number} count @param {(index: number) => "complete" | "open" | "late" | "missing"} [state] @returns {Record<string, any>}
 */
export function columns(count, state = (index) => (index === count - 1 ? "open" : "complete")) {
  const last = Math.floor(NOW / STEP) * STEP + STEP;
  const ends = Array.from({ length: count }, (_, i) => last - (count - 1 - i) * STEP);
  return {
    column_unix_ms: ends, column_start_unix_ms: ends.map((end) => end - STEP), column_covers_from_unix_ms: ends.map((end) => end - STEP),
    column_covers_to_unix_ms: ends.map((end, i) => (state(i) === "open" ? NOW : end)), column_state: ends.map((_, i) => state(i)), column_nodes: ends.map(() => 1),
  };
}

/** @param {Record<string, any>} columns @param {WireRow[]} rows @param {Record<string, unknown>} [changes] @returns {Record<string, any>} */
export function matrix(columns, rows, changes = {}) {
  const width = columns.column_unix_ms.length;
  return {
    ...columns, series: "ops", generated_at: new Date(NOW).toISOString(), step_ms: STEP, axis: "route", axis_id: "route", write_merge: "sum",
    rows, cut: { rows: 0, values: new Array(width).fill(0) }, unattributed: new Array(width).fill(0), ...changes,
  };
}

/**
 * A picture as a server shows it that redacts keys: names are left out with them.
 * @param {any} whole @param {string} policy `prefix:8`, `hmac` or `hex` @returns {any}
 */
export function redacted(whole, policy) {
  const shown = (/** @type {string | null} */ key, /** @type {number} */ place) => {
    if (key === null) return null;
    if (policy === "hex") return base64(Buffer.from(key, "base64").toString("hex"));
    const at = String(place).padStart(2, "0");
    if (policy !== "hmac") return base64(Buffer.concat([Buffer.from(key, "base64").subarray(0, Number(policy.split(":")[1])), Buffer.from(`~${at}`)]));
    return base64(`${at}~${createHmac("sha256", "page tests").update(key).digest("hex").slice(0, 16)}`);
  };
  return { ...whole, rows: whole.rows.map((/** @type {WireRow & {name?: string}} */ { name: _, ...row }, /** @type {number} */ i) => ({ ...row, start: shown(row.start, i), end: shown(row.end, i + 1) })) };
}

/** A fixed pseudo-random sequence. @param {number} seed @returns {() => number} 0 to 1 */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/**
 * A store as one meets it: `routes` ranges under one prefix, zipf over them, one hot range, a moving hot spot.
 * @param {number} routes @param {number} count columns @param {(index: number) => "complete" | "open" | "late" | "missing"} [state]
 * @param {Record<string, unknown>} [changes] @returns {Record<string, any>}
 */
export function busyMatrix(routes, count, state, changes) {
  const wide = columns(count, state);
  const next = random(7);
  const bound = (/** @type {number} */ i) => `orders/eu/customer-${String(i * 625).padStart(5, "0")}`;
  const weights = Array.from({ length: routes }, () => 1 / (1 + Math.floor(next() * routes)));
  const rows = Array.from({ length: routes }, (_, r) =>
    wireRow({
      bucket_id: `route:${r + 1}`, start: r === 0 ? null : base64(bound(r)), end: r === routes - 1 ? null : base64(bound(r + 1)),
      values: wide.column_unix_ms.map((/** @type {number} */ _end, /** @type {number} */ c) => {
        if (wide.column_state[c] === "missing") return 0;
        const part = wide.column_state[c] === "open" ? 0.4 : 1;
        const hot = r === Math.floor(routes * 0.62) && c > count * 0.35 && c < count * 0.6 ? 9000 : 0;
        const moving = Math.abs(r - ((c - count * 0.6) / (count * 0.4)) * routes) < 0.7 && c >= count * 0.6 ? 5000 : 0;
        return Math.round((weights[r] * 900 * (0.8 + 0.4 * next()) + hot + moving) * part);
      }),
    }),
  );
  return matrix(wide, rows, changes);
}
