// @ts-check
/** All the page knows, in one object, and what follows from it. */

import { choiceOf } from "./fragment.js";
import { pictureOf } from "./picture.js";
import { usualRange } from "./time_range.js";
import { PhaseLog } from "./phases.js";

/** @typedef {import("./time_range.js").Clock} Clock */
/** @typedef {import("./series.js").SeriesName} SeriesName */

/** What the reader chose, what the server answered, and when. */
export class State {
  /** @type {import("./fragment.js").Choice} */
  choice = choiceOf("");
  /** @type {import("./status.js").Status | null} */
  status = null;
  /** @type {import("./picture.js").Picture | null} */
  picture = null;
  /** @type {import("./page_state.js").Failure | null} */
  failure = null;
  failures = 0;
  /** Where else there is load, when the shown series has none. @type {SeriesName | null | undefined} */
  loadElsewhere = undefined;
  /** This machine's clock at the last full answer. @type {number | null} */
  answeredMs = null;
  tookMs = 0;
  phases = new PhaseLog();
  #statusAtMs = 0;

  /** @param {import("./status.js").Status} status @returns {void} */
  setStatus(status) {
    this.status = status;
    this.#statusAtMs = performance.now();
    this.phases.note(status.notice, status.nowMs);
  }

  /** @returns {number} the server's clock, as far as it is known */
  serverNowMs() {
    return this.status === null ? Date.now() : this.status.nowMs + performance.now() - this.#statusAtMs;
  }

  /** @param {import("./status.js").Status} status @returns {Clock} */
  clockOf(status) {
    return { mode: status.mode, nowMs: status.nowMs, stepMs: status.stepMs, historyFromMs: status.historyFromMs, lastFlushMs: status.lastFlushMs };
  }

  /** @returns {import("./time_range.js").RangeName} the range in force */
  range() {
    if (this.choice.range !== "" || this.status === null) return this.choice.range;
    return usualRange(this.clockOf(this.status));
  }

  /** @returns {import("./time_text.js").TimeStyle} */
  style() {
    const counted = this.status !== null && this.status.relativeTime;
    return { zone: this.choice.zone, originMs: counted ? (this.status?.historyFromMs ?? 0) : null };
  }

  /** Levels follow the scale. @returns {void} */
  rescale() {
    if (this.picture !== null) this.picture = pictureOf(this.picture.matrix, this.picture.view, this.choice.scale);
  }
}
