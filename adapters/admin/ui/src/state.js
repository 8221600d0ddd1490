// @ts-check
/** All the page knows, in one object, and what follows from it. */

import { choiceOf } from "./fragment.js";
import { scaledBy } from "./picture.js";
import { usualRange } from "./time_range.js";
import { PhaseLog } from "./phases.js";

/** @typedef {import("./time_range.js").Clock} Clock */
/** @typedef {import("./series.js").SeriesName} SeriesName */
/** @typedef {import("./picture.js").Picture} Picture */

/** What the reader chose, what the server answered, and when. */
export class State {
  /** @type {import("./fragment.js").Choice} */
  choice = choiceOf("");
  /** @type {import("./status.js").Status | null} */
  status = null;
  /** The picture that is drawn. @type {Picture | null} */
  picture = null;
  /** The last answer. @type {Picture | null} */
  asked = null;
  /** The last answer before anything was zoomed to: what is shown where the last one has nothing. @type {Picture | null} */
  home = null;
  /** The part of the drawn picture that is shown; null is all of it. @type {import("./viewport.js").Viewport | null} */
  viewport = null;
  zoomed = false;
  /** Whether a hand is on the picture, so that no answer may take it away. */
  moving = false;
  /** @type {import("./page_state.js").Failure | null} */
  failure = null;
  failures = 0;
  /** Where else there is load, when the shown series has none. @type {SeriesName | null | undefined} */
  loadElsewhere = undefined;
  /** This machine's clock at the last full answer. @type {number | null} */
  answeredMs = null;
  tookMs = 0;
  /** The hottest ranges; `known` is false where the source has no such list. @type {{list: import("./top_list.js").TopList | null, failure: string, known: boolean}} */
  top = { list: null, failure: "", known: true };
  /** Whether the table is open. */
  topShown = false;
  phases = new PhaseLog();
  /** What happened. @type {import("./event_lane.js").Annotation[]} */
  events = [];
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

  /** @param {Picture | null} picture an answer; null forgets them all @returns {void} */
  setPicture(picture) {
    this.asked = picture;
    if (picture === null || !this.zoomed) this.home = picture;
    if (this.moving && picture !== null) return;
    this.picture = picture;
    this.viewport = null;
  }

  /** @param {Picture} picture @returns {[number, number]} the time that can be looked at */
  timeThereIs(picture) {
    const newest = this.status?.mode === "static" ? this.status.lastFlushMs : this.serverNowMs();
    const oldest = Math.min(this.status?.historyFromMs ?? picture.view.fromMs, this.home?.view.fromMs ?? Infinity, picture.view.fromMs);
    return [Math.max(0, oldest), Math.max(newest, this.home?.view.toMs ?? 0, picture.view.toMs)];
  }

  /** Levels follow the scale. @returns {void} */
  rescale() {
    for (const picture of new Set([this.picture, this.asked, this.home])) if (picture !== null) Object.assign(picture, scaledBy(picture.matrix, this.choice));
  }
}
