// @ts-check
/** Fingers on a surface: where they took hold of it, and how far they have moved it since. Positions are pixels of the window. */

/** Where fingers are: their middle, and how far from it they are. @typedef {{x: number, y: number, spread: number}} Hold */
/** What was under `from` is to be under `to`; a factor below 1 shows less. @typedef {{from: {x: number, y: number}, to: {x: number, y: number}, factor: number}} Reach */

/** Fingers side by side are this far apart: closer ones would zoom by chance. */
const LEAST_SPREAD_PX = 16;

/** Any number of fingers as one hand. Whenever one comes or goes, it takes hold anew, so that nothing jumps. */
export class Fingers {
  /** @type {Map<number, [number, number]>} */
  #at = new Map();
  /** @type {Hold} */
  #from = { x: 0, y: 0, spread: 0 };

  /** @returns {number} */
  get count() {
    return this.#at.size;
  }

  /** @returns {number[]} */
  get ids() {
    return [...this.#at.keys()];
  }

  /** @param {number} id @returns {boolean} */
  has(id) {
    return this.#at.has(id);
  }

  /** @param {number} id @param {number} x @param {number} y @returns {void} */
  put(id, x, y) {
    this.#at.set(id, [x, y]);
    this.grip();
  }

  /** @param {number} id @param {number} x @param {number} y @returns {void} */
  move(id, x, y) {
    if (this.#at.has(id)) this.#at.set(id, [x, y]);
  }

  /** @param {number} id @returns {boolean} whether it was there */
  lift(id) {
    const was = this.#at.delete(id);
    // What held nothing lets go of nothing.
    if (was) this.grip();
    return was;
  }

  /** @returns {void} */
  clear() {
    this.#at.clear();
  }

  /** Takes hold where the fingers are now. @returns {void} */
  grip() {
    this.#from = this.#hold();
  }

  /** Whichever way the fingers came, it depends on where they took hold and where they are alone. @returns {Reach} */
  reach() {
    const [from, to] = [this.#from, this.#hold()];
    const factor = this.count < 2 ? 1 : Math.max(LEAST_SPREAD_PX, from.spread) / Math.max(LEAST_SPREAD_PX, to.spread);
    return { from: { x: from.x, y: from.y }, to: { x: to.x, y: to.y }, factor };
  }

  /** @returns {Hold} */
  #hold() {
    const all = [...this.#at.values()];
    const count = Math.max(1, all.length);
    const x = all.reduce((sum, [one]) => sum + one, 0) / count;
    const y = all.reduce((sum, [, one]) => sum + one, 0) / count;
    return { x, y, spread: Math.sqrt(all.reduce((sum, [ax, ay]) => sum + (ax - x) ** 2 + (ay - y) ** 2, 0) / count) };
  }
}
