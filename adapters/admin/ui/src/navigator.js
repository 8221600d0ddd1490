// @ts-check
/**
 * Zooming and panning: moves the viewport at once over the pictures there are, and when the reader's hand rests, makes
 * it the choice, which is then asked for. Knows the way back.
 */

import { brushed, exceeds, keysOf, panned, rebased, wholeOf, within, zoomed } from "./viewport.js";

/** @typedef {import("./fragment.js").Choice} Choice */
/** The part of a choice that says which part of the map is shown. @typedef {Pick<Choice, "range" | "fromMs" | "toMs" | "keyFrom" | "keyTo">} Place */
/** @typedef {{state: import("./state.js").State, change: (part: Partial<Choice>) => void, draw: () => void}} Around */

/** The steps back that are remembered. */
const MOST_STEPS = 100;

/** @param {Choice} choice @returns {Place} */
const placeOf = ({ range, fromMs, toMs, keyFrom, keyTo }) => ({ range, fromMs, toMs, keyFrom, keyTo });

/** @param {import("./viewport.js").Viewport} viewport @returns {Partial<Place>} its times, in whole seconds where that is fine enough */
function roundTimes({ fromMs, toMs }) {
  const unit = toMs - fromMs >= 60_000 ? 1000 : 1;
  return { range: "custom", fromMs: Math.max(0, Math.floor(fromMs / unit) * unit), toMs: Math.ceil(toMs / unit) * unit };
}

/** Where the map is looked at, and where it was looked at before. */
export class Navigator {
  /** @type {Place[]} */
  #back = [];
  /** What a hand took hold of. @type {{viewport: import("./viewport.js").Viewport, picture: import("./picture.js").Picture} | null} */
  #held = null;

  /** @param {Around} around */
  constructor(around) {
    this.around = around;
  }

  /** @returns {boolean} */
  get canUndo() {
    return this.#back.length > 0;
  }

  /** @param {(viewport: import("./viewport.js").Viewport, picture: import("./picture.js").Picture) => import("./viewport.js").Viewport} move @returns {void} */
  #move(move) {
    const { picture, viewport } = this.around.state;
    if (picture !== null && picture.matrix.rows.length > 0) this.#show(move(viewport ?? wholeOf(picture), picture), picture);
  }

  /** @param {import("./viewport.js").Viewport} wanted @param {import("./picture.js").Picture} picture whose rows it counts @returns {void} */
  #show(wanted, picture) {
    const { state, draw } = this.around;
    state.moving = true;
    let [viewport, shown] = [wanted, picture];
    if (exceeds(viewport, picture) && state.home !== null && state.home !== picture && state.home.matrix.rows.length > 0) {
      viewport = rebased(viewport, picture, state.home);
      shown = state.home;
    }
    state.picture = shown;
    const [oldest, newest] = state.timeThereIs(shown);
    state.viewport = within(viewport, oldest, newest, shown.matrix.rows.length);
    draw();
  }

  /** @param {number} x @param {number} y @param {{time: number, rows: number}} factors @returns {void} */
  zoom(x, y, factors) {
    this.#move((viewport, picture) => zoomed(viewport, picture, x, y, factors));
  }

  /** @param {number} dx @param {number} dy @returns {void} */
  pan(dx, dy) {
    this.#move((viewport) => panned(viewport, dx, dy));
  }

  /** A hand takes hold of the map as it is shown now. @returns {void} */
  take() {
    const { picture, viewport } = this.around.state;
    this.#held = picture === null || picture.matrix.rows.length === 0 ? null : { viewport: viewport ?? wholeOf(picture), picture };
  }

  /**
   * The map follows the hand that holds it. All of the way is counted from where it was taken: at an edge the map stays
   * behind, and when the hand comes back it is where it was.
   * @param {import("./fingers.js").Reach} reach in parts of the picture @returns {void}
   */
  follow({ from, to, factor }) {
    if (this.#held === null || this.around.state.picture === null) return;
    const { viewport, picture } = this.#held;
    this.#show(zoomed(panned(viewport, from.x - to.x, from.y - to.y), picture, to.x, to.y, { time: factor, rows: factor }), picture);
  }

  /** @param {import("./brush.js").Box} box @returns {void} */
  zoomTo(box) {
    this.#move((viewport) => brushed(viewport, box));
    this.rest();
  }

  /** The hand rests: what is shown becomes the choice. @returns {void} */
  rest() {
    const { state } = this.around;
    const { picture, viewport, choice } = state;
    state.moving = false;
    this.#held = null;
    // Nothing was asked for meanwhile, and is from now on.
    if (picture === null || viewport === null) return this.around.change({});
    const whole = wholeOf(picture);
    /** @type {Partial<Place>} */
    const part = keysOf(picture, viewport, choice);
    const step = picture.matrix.stepMs;
    const still = Math.abs(viewport.fromMs - whole.fromMs) < step / 2 && Math.abs(viewport.toMs - whole.toMs) < step / 2;
    if (!still) Object.assign(part, roundTimes(viewport));
    else if (picture !== state.asked && picture === state.home) Object.assign(part, { range: picture.place.range, fromMs: picture.place.fromMs, toMs: picture.place.toMs });
    this.go(part);
  }

  /** @param {Partial<Place>} part @returns {void} */
  go(part) {
    const { state, change } = this.around;
    const before = placeOf(state.choice);
    const after = { ...before, ...part };
    if (JSON.stringify(before) === JSON.stringify(after)) {
      // Where the answer is still to come, what is shown is the nearest to it.
      if (state.asked !== null && JSON.stringify(before) === JSON.stringify({ ...state.asked.place, ...state.asked.keys })) {
        state.viewport = null;
        state.picture = state.asked;
      }
      change({});
      return;
    }
    this.#back.push(before);
    if (this.#back.length > MOST_STEPS) this.#back.shift();
    state.zoomed = true;
    change(after);
  }

  /** One step back. @returns {void} */
  undo() {
    const before = this.#back.pop();
    if (before === undefined) return;
    this.around.state.zoomed = this.#back.length > 0;
    this.around.change(before);
  }

  /** Where it began; without a beginning, the usual time and all keys. @returns {void} */
  reset() {
    const first = this.#back[0];
    this.#back = [];
    this.around.state.zoomed = false;
    this.around.change(first ?? { range: "", fromMs: 0, toMs: 0, keyFrom: "", keyTo: "" });
  }
}
