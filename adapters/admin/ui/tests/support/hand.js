// @ts-check
/** Fingers on the glass, through the browser's own debugger: what becomes of them is the browser's decision, as it is on a phone. */

import { settled } from "./browser.js";

/** @typedef {[number, number]} Point */

/** The ways between two places that a finger is seen at. */
const STEPS = 6;

/** A hand on a page. Fingers are numbered from 0. */
export class Hand {
  /** @type {Map<number, Point>} */
  #at = new Map();

  /** @param {import("playwright-core").Page} page @param {import("playwright-core").CDPSession} session @param {() => Promise<unknown>} drawn waits until what came of it is seen */
  constructor(page, session, drawn) {
    this.page = page;
    this.session = session;
    this.drawn = drawn;
  }

  /** @param {import("playwright-core").Page} page @param {() => Promise<unknown>} [drawn] by frames, where the page's time passes by itself @returns {Promise<Hand>} */
  static async on(page, drawn = () => settled(page)) {
    return new Hand(page, await page.context().newCDPSession(page), drawn);
  }

  /** @param {"touchStart" | "touchMove" | "touchEnd" | "touchCancel"} type @param {Iterable<[number, Point]>} fingers @returns {Promise<void>} */
  async #send(type, fingers) {
    await this.session.send("Input.dispatchTouchEvent", { type, touchPoints: [...fingers].map(([id, [x, y]]) => ({ id, x, y })) });
  }

  /** @param {number} finger @param {Point} place @returns {Promise<void>} */
  async put(finger, place) {
    this.#at.set(finger, place);
    await this.#send("touchStart", this.#at);
    await this.drawn();
  }

  /** Fingers move side by side, all the way. @param {Record<number, Point>} to by finger @returns {Promise<void>} */
  async slide(to) {
    const from = new Map(this.#at);
    for (let step = 1; step <= STEPS; step += 1) {
      for (const [finger, [x, y]] of Object.entries(to)) {
        const [fx, fy] = from.get(Number(finger)) ?? [x, y];
        this.#at.set(Number(finger), [fx + ((x - fx) * step) / STEPS, fy + ((y - fy) * step) / STEPS]);
      }
      await this.#send("touchMove", this.#at);
    }
    await this.drawn();
  }

  /** @param {number} finger @returns {Promise<void>} */
  async lift(finger) {
    const place = this.#at.get(finger);
    if (place === undefined) throw new Error(`finger ${finger} is not down`);
    this.#at.delete(finger);
    await this.#send("touchEnd", this.#at.size === 0 ? [] : [[finger, place]]);
    await this.drawn();
  }

  /** @returns {Promise<void>} */
  async liftAll() {
    for (const finger of [...this.#at.keys()]) await this.lift(finger);
  }

  /** The system takes all fingers away, as for a call or a gesture of its own. @returns {Promise<void>} */
  async cancel() {
    this.#at.clear();
    await this.#send("touchCancel", []);
    await this.drawn();
  }

  /** @param {Point} place @returns {Promise<void>} */
  async tap(place) {
    await this.put(0, place);
    await this.lift(0);
  }

  /** Two fingers, which stay down. @param {[Point, Point]} from @param {[Point, Point]} to @returns {Promise<void>} */
  async pinch(from, to) {
    await this.put(0, from[0]);
    await this.put(1, from[1]);
    await this.slide({ 0: to[0], 1: to[1] });
  }
}
