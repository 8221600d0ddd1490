// @ts-check
/** When to ask the server again: one question at a time, soon after a column closes, less often when it struggles. */

/** The time after a column's end until it can be had, and in short steps the first of the next one too. */
const SETTLE_MS = 300;
const FASTEST_MS = 1000;
/** The longest an open window goes without being looked at in automatic refresh. */
const SLOWEST_MS = 10_000;

/**
 * @typedef {{refreshMs: number, stepMs: number, untilNextColumnMs: number | null, tookMs: number, failures: number}} Pace
 */

/**
 * @param {Pace} pace `refreshMs` 0 is automatic; `tookMs` is how long the last answer took; `failures` in a row
 * @returns {number} milliseconds to wait
 */
export function delayMs(pace) {
  if (pace.failures > 0) return Math.min(15_000, 1000 * 2 ** Math.min(4, pace.failures - 1));
  // A picture that is expensive to make is asked for less often: the server is to spend a third of its time on it at most.
  const least = Math.max(FASTEST_MS, pace.tookMs * 2);
  if (pace.refreshMs > 0) return Math.max(least, pace.refreshMs);
  const usual = Math.min(SLOWEST_MS, Math.max(FASTEST_MS, pace.stepMs));
  const next = pace.untilNextColumnMs === null || pace.untilNextColumnMs < 0 ? usual : pace.untilNextColumnMs + SETTLE_MS;
  return Math.max(Math.min(usual, next), pace.tookMs > 500 ? least : 300);
}

/** Asks again and again; a new question takes the place of one under way. */
export class Poller {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  /** @type {AbortController | null} */
  #running = null;

  /** @param {(signal: AbortSignal) => Promise<void>} ask never rejects unless aborted @param {() => number | null} wait null: not again by itself */
  constructor(ask, wait) {
    this.ask = ask;
    this.wait = wait;
  }

  /** Asks now, in place of what is under way. @returns {Promise<void>} */
  async now() {
    clearTimeout(this.#timer);
    this.#running?.abort();
    const mine = new AbortController();
    this.#running = mine;
    try {
      await this.ask(mine.signal);
    } catch (error) {
      if (!mine.signal.aborted) throw error;
    }
    if (this.#running !== mine) return;
    this.#running = null;
    this.plan();
  }

  /** Sets the time of the next question anew, after the pace changed. @returns {void} */
  plan() {
    clearTimeout(this.#timer);
    if (this.#running !== null) return;
    const wait = this.wait();
    if (wait !== null) this.#timer = setTimeout(() => void this.now(), wait);
  }
}
