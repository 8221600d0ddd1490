// @ts-check
/** One round of questions: status, matrix, and where the shown series is empty, which other has load. */

import { ApiFailure } from "./api.js";
import { decodeTop } from "./top_list.js";
import { decodeEvents, foldMs } from "./event_lane.js";
import { SERIES } from "./series.js";
import { WireError, decodeMatrix } from "./matrix.js";
import { boundsOf, viewOf } from "./time_range.js";
import { GARBLED } from "./page_state.js";
import { decodeStatus } from "./status.js";
import { pictureOf } from "./picture.js";

/** The rows of the table of the hottest ranges. */
const TOP_ROWS = 50;

/** @typedef {import("./api.js").Source} Source */
/** @typedef {import("./state.js").State} State */

/** @param {Source} api @param {State} state is brought up to date, also where there is no answer @param {AbortSignal} signal @returns {Promise<void>} @throws where aborted */
export async function askOnce(api, state, signal) {
  const began = performance.now();
  try {
    await round(api, state, signal);
    state.failure = null;
    state.failures = 0;
    state.answeredMs = Date.now();
  } catch (error) {
    if (signal.aborted) throw error;
    state.failures += 1;
    const known = error instanceof ApiFailure ? error : new ApiFailure("refused", GARBLED, error instanceof Error ? error.message : String(error));
    if (!(error instanceof ApiFailure || error instanceof WireError)) console.error(error);
    state.failure = { kind: known.kind, code: known.code, message: known.message };
    // Who is not let in, or asks a process without a sampler, is shown nothing of before.
    if (known.kind === "unauthorized" || known.kind === "disabled") {
      state.setPicture(null);
      state.status = null;
    }
  }
  state.tookMs = performance.now() - began;
}

/** @param {Source} api @param {State} state @param {AbortSignal} signal @returns {Promise<void>} */
async function round(api, state, signal) {
  const status = decodeStatus(await api.status(signal), Date.now());
  if (!status.enabled) {
    state.setPicture(null);
    state.setStatus(status);
    return;
  }
  const clock = state.clockOf(status);
  const { choice } = state;
  const view = viewOf(choice, clock);
  const bounds = boundsOf(view, clock);
  const part = { start: choice.keyFrom, end: choice.keyTo, label: labelOf(choice, status), ...bounds };
  const matrix = decodeMatrix(await api.matrix({ series: choice.series, axis: choice.axis, rows: choice.rows, split: choice.split, ...part }, signal));
  const empty = matrix.rowsTotal === 0 && matrix.cutTotal === 0 && matrix.unattributedTotal === 0;
  const elsewhere = empty ? await loadElsewhere(api, status, choice.series, part, signal) : undefined;
  const events = await aside(api.events({ kind: "", fromUnixMs: 0, toUnixMs: 0, foldMs: foldMs(view) }, signal), signal);
  if (events !== null) state.events = decodeEvents(events);
  if (state.topShown) await askTop(api, state, labelOf(choice, status), signal);
  state.setStatus(status);
  state.loadElsewhere = elsewhere;
  state.setPicture(pictureOf(matrix, view, choice));
}

/** @param {import("./fragment.js").Choice} choice @param {import("./status.js").Status} status @returns {string} the label that is asked for: one that this server has */
const labelOf = (choice, status) => (status.labels.includes(choice.label) ? choice.label : "");

/** @param {Source} api @param {State} state @param {string} label @param {AbortSignal} signal @returns {Promise<void>} its failure is the table's own, not the picture's */
async function askTop(api, state, label, signal) {
  const { choice } = state;
  try {
    const body = await api.top({ series: choice.series, limit: TOP_ROWS, start: choice.keyFrom, end: choice.keyTo, label }, signal);
    state.top = body === null ? { list: null, failure: "this source has none", known: false } : { list: decodeTop(body), failure: "", known: true };
  } catch (error) {
    if (signal.aborted || (error instanceof ApiFailure && error.kind === "unauthorized")) throw error;
    const text = error instanceof Error ? error.message : String(error);
    state.top = { list: state.top.list, failure: text, known: true };
  }
}

/** What the picture can do without: its failure is not the picture's. @param {Promise<any>} answer @param {AbortSignal} signal @returns {Promise<any>} null where there is none */
async function aside(answer, signal) {
  try {
    return await answer;
  } catch (error) {
    if (signal.aborted || (error instanceof ApiFailure && error.kind === "unauthorized")) throw error;
    return null;
  }
}

/**
 * @param {Source} api @param {import("./status.js").Status} status @param {string} shown @param {{start: string, end: string, label: string, fromUnixMs: number, toUnixMs: number}} part of the map
 * @param {AbortSignal} signal @returns {Promise<import("./series.js").SeriesName | null>} a series with load in it
 */
async function loadElsewhere(api, status, shown, part, signal) {
  // Every operation is in `ops`: where that is empty, all are.
  if (shown === "ops") return null;
  for (const series of SERIES) {
    const ever = series.observed.some((name) => (status.counters[name] ?? 1) > 0);
    if (series.name === shown || series.name === "ops" || !ever) continue;
    const found = decodeMatrix(await api.matrix({ series: series.name, axis: "route", rows: 1, split: false, ...part }, signal));
    if (found.rowsTotal > 0 || found.cutTotal > 0) return series.name;
  }
  return null;
}
