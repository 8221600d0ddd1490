// @ts-check
/**
 * What a pointer and a wheel do on the picture: a drawn box zooms to it, a drag with Shift or the middle button pans,
 * the wheel zooms. Positions are parts of the width and height, 0 to 1.
 */

import { byId } from "./dom.js";

/** @typedef {{x0: number, x1: number, y0: number, y1: number}} Box */
/** @typedef {{boxed: (box: Box) => void, wheeled: (x: number, y: number, factors: {time: number, rows: number}) => void, dragged: (dx: number, dy: number) => void, rested: () => void}} Tell */

/** A press that moves less than this is a click. */
const CLICK_PX = 5;
/** A box lower or narrower than this zooms the other axis alone. */
const LINE_PX = 10;
/** A wheel that stood still for this long has come to rest. */
const REST_MS = 180;
const LINE_OF_WHEEL_PX = 16;

/** @param {number} a @returns {number} */
const part = (a) => Math.min(1, Math.max(0, a));

/** Watches one element. */
export class Gestures {
  /** @type {{x: number, y: number, pans: boolean, lastX: number, lastY: number, moved: boolean} | null} */
  #press = null;
  #swallowsClick = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #rest;

  /** @param {HTMLElement} element @param {Tell} tell */
  constructor(element, tell) {
    this.element = element;
    this.tell = tell;
    element.addEventListener("pointerdown", (event) => this.#down(event));
    element.addEventListener("pointermove", (event) => this.#move(event));
    element.addEventListener("pointerup", (event) => this.#up(event));
    element.addEventListener("pointercancel", () => this.cancel());
    element.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    // Before the crosshair's own listener, which pins the cell under a click.
    element.addEventListener("click", (event) => {
      if (this.#swallowsClick) event.stopImmediatePropagation();
      this.#swallowsClick = false;
    }, { capture: true });
    addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.active) return;
      this.cancel();
      event.stopPropagation();
    }, { capture: true });
    element.addEventListener("auxclick", (event) => event.preventDefault());
  }

  /** @returns {boolean} whether a box is being drawn, or the picture dragged */
  get active() {
    return this.#press !== null && this.#press.moved;
  }

  /** Lets go of a box without zooming to it. @returns {void} */
  cancel() {
    if (this.#press?.pans && this.#press.moved) this.tell.rested();
    if (this.active) this.#swallowsClick = true;
    this.#press = null;
    byId("brush").hidden = true;
  }

  /** @param {PointerEvent} event @returns {void} */
  #down(event) {
    const pans = event.button === 1 || (event.button === 0 && event.shiftKey);
    if (event.button !== 0 && !pans) return;
    if (event.button === 1) event.preventDefault();
    this.#swallowsClick = false;
    this.#press = { x: event.clientX, y: event.clientY, lastX: event.clientX, lastY: event.clientY, pans, moved: false };
  }

  /** @param {PointerEvent} event @returns {void} */
  #move(event) {
    const press = this.#press;
    if (press === null) return;
    if (!press.moved && Math.hypot(event.clientX - press.x, event.clientY - press.y) < CLICK_PX) return;
    if (!press.moved) this.element.setPointerCapture(event.pointerId);
    press.moved = true;
    const { width, height } = this.element.getBoundingClientRect();
    if (press.pans) this.tell.dragged((press.lastX - event.clientX) / width, (press.lastY - event.clientY) / height);
    else this.#show(this.#box(press, event));
    [press.lastX, press.lastY] = [event.clientX, event.clientY];
  }

  /** @param {PointerEvent} event @returns {void} */
  #up(event) {
    const press = this.#press;
    this.#press = null;
    byId("brush").hidden = true;
    if (press === null || !press.moved) return;
    this.#swallowsClick = true;
    if (press.pans) this.tell.rested();
    else this.tell.boxed(this.#box(press, event));
  }

  /** @param {{x: number, y: number}} from @param {PointerEvent} to @returns {Box} over the whole of an axis along which it is only a line */
  #box(from, to) {
    const frame = this.element.getBoundingClientRect();
    const [ax, bx] = [from.x, to.clientX].sort((a, b) => a - b);
    const [ay, by] = [from.y, to.clientY].sort((a, b) => a - b);
    const [thin, flat] = [bx - ax < LINE_PX, by - ay < LINE_PX];
    return {
      x0: thin ? 0 : part((ax - frame.left) / frame.width), x1: thin ? 1 : part((bx - frame.left) / frame.width),
      y0: flat ? 0 : part((ay - frame.top) / frame.height), y1: flat ? 1 : part((by - frame.top) / frame.height),
    };
  }

  /** @param {Box} box @returns {void} */
  #show(box) {
    const brush = byId("brush");
    brush.hidden = false;
    brush.style.left = `${box.x0 * 100}%`;
    brush.style.width = `${(box.x1 - box.x0) * 100}%`;
    brush.style.top = `${box.y0 * 100}%`;
    brush.style.height = `${(box.y1 - box.y0) * 100}%`;
  }

  /** @param {WheelEvent} event @returns {void} */
  #wheel(event) {
    event.preventDefault();
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_OF_WHEEL_PX : event.deltaMode === WheelEvent.DOM_DELTA_PAGE ? 400 : 1;
    const frame = this.element.getBoundingClientRect();
    // Some systems turn a wheel with Shift into one to the side.
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (sideways && !event.shiftKey) this.tell.dragged((event.deltaX * unit) / frame.width, 0);
    else {
      const factor = Math.exp(Math.max(-400, Math.min(400, (sideways ? event.deltaX : event.deltaY) * unit)) * 0.002);
      const [time, rows] = [event.altKey ? 1 : factor, event.shiftKey ? 1 : factor];
      this.tell.wheeled(part((event.clientX - frame.left) / frame.width), part((event.clientY - frame.top) / frame.height), { time, rows });
    }
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.tell.rested(), REST_MS);
  }
}
