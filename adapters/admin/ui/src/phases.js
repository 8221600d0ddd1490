// @ts-check
/** The notices of the host seen so far, drawn as a lane over the picture: which stretch of time was which. */

import { make } from "./dom.js";

/** @typedef {{id: string, title: string, fromMs: number, toMs: number | null}} Phase */

/** The most phases remembered; the oldest go first. */
const MOST = 256;

/** What was announced, in order of time. */
export class PhaseLog {
  /** @type {Phase[]} */
  phases = [];

  /** @param {import("./status.js").Notice | null} notice @param {number} nowMs the server's clock @returns {void} */
  note(notice, nowMs) {
    const last = this.phases.at(-1);
    const fromMs = notice?.sinceMs ?? nowMs;
    const same = last !== undefined && notice !== null && last.id === notice.id && (notice.sinceMs === null || notice.sinceMs === last.fromMs);
    if (same) {
      last.toMs = notice.untilMs;
      return;
    }
    // The next begins where the last ended, even where that was announced otherwise.
    if (last !== undefined && (last.toMs === null || last.toMs > fromMs)) last.toMs = fromMs;
    if (notice !== null) this.phases.push({ id: notice.id, title: notice.title, fromMs, toMs: notice.untilMs });
    if (this.phases.length > MOST) this.phases.shift();
  }
}

/**
 * @param {HTMLElement} lane @param {readonly Phase[]} phases @param {{fromMs: number, toMs: number}} view @param {number} nowMs
 * @returns {void}
 */
export function drawPhases(lane, phases, view, nowMs) {
  const span = view.toMs - view.fromMs;
  const nodes = [];
  for (const phase of phases) {
    const until = Math.min(phase.toMs ?? nowMs, Math.max(nowMs, phase.fromMs), view.toMs);
    const from = Math.max(phase.fromMs, view.fromMs);
    if (until <= from) continue;
    const node = make("span", { title: phase.title, class: (phase.toMs ?? Infinity) > nowMs ? "now" : "" }, make("b", { text: phase.title }));
    node.style.left = `${(100 * (from - view.fromMs)) / span}%`;
    node.style.width = `${(100 * (until - from)) / span}%`;
    nodes.push(node);
  }
  if (nodes.length === 0 && lane.hidden) return;
  lane.hidden = nodes.length === 0;
  lane.replaceChildren(...nodes);
}
