// @ts-check
/**
 * What pointers and a wheel do on the map: the one place that listens to them. Positions are parts of the picture's
 * width and height, 0 to 1.
 *
 * A mouse draws a box to zoom to; with Shift or the middle button it drags the map; its wheel zooms. Fingers on the
 * picture or beside it hold the map: it follows them. Two hold it at once. One does so
 *
 * - in any direction where the page has nothing to scroll;
 * - else when it first moves sideways. Up and down scrolls the page, as everywhere on it: a map that fills the screen
 *   and takes that too lets nobody past. Time runs sideways, and to go back in it is what one finger is for most;
 * - not where the reader has enlarged the page itself: then all fingers are the browser's, or there would be no way back.
 *
 * A finger's box is asked for by `boxes`, for one box: a drag that zooms is what nobody expects of a map under a finger,
 * and holding still before a drag is what nobody finds.
 *
 * Who moves first holds the map; what other pointers do meanwhile is nothing, and no click follows from it.
 */

import { Fingers } from "./fingers.js";
import { boxBetween, showBox } from "./brush.js";

/** @typedef {import("./brush.js").Box} Box */
/** @typedef {import("./fingers.js").Reach} Reach */
/**
 * `taken`: fingers take hold of the map as it is shown; `followed`: how far they have moved it since. `rested`: whatever
 * moved it came to rest. `boxes`: whether a finger draws a box has changed.
 * @typedef {{boxed: (box: Box) => void, wheeled: (x: number, y: number, factors: {time: number, rows: number}) => void, dragged: (dx: number, dy: number) => void,
 *   taken: () => void, followed: (reach: Reach) => void, rested: () => void, boxes: (on: boolean) => void}} Tell
 */
/** A mouse's press, or a finger's that draws a box. @typedef {{id: number, x: number, y: number, pans: boolean, lastX: number, lastY: number, moved: boolean}} Press */

/** A press that moves less than this is a click. */
const CLICK_PX = 5;
/** Fingers tremble more, and browsers wait about as long before they scroll. */
const TAP_PX = 10;
/** A wheel that stood still for this long has come to rest. */
const REST_MS = 180;
const LINE_OF_WHEEL_PX = 16;
/** A page that is larger than this was enlarged by its reader. */
const ENLARGED = 1.02;

/** @param {number} a @returns {number} */
const part = (a) => Math.min(1, Math.max(0, a));

/** @returns {boolean} */
function pageScrolls() {
  const page = document.scrollingElement ?? document.documentElement;
  return page.scrollHeight > page.clientHeight + 1;
}

/** Watches the picture, and for fingers what is around it. */
export class Gestures {
  /** @type {Press | null} */
  #press = null;
  #fingers = new Fingers();
  /** Where the picture was when fingers took hold of it; null while none do. @type {DOMRect | null} */
  #held = null;
  /** Whether the fingers that hold it have moved it. */
  #followed = false;
  /** Whether one finger's drag is to scroll the page where it goes up or down. */
  #mayScroll = false;
  #enlarged = false;
  #boxes = false;
  #swallowsClick = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #rest;

  /** @param {HTMLElement} picture @param {HTMLElement} around the picture with its margins @param {Tell} tell */
  constructor(picture, around, tell) {
    this.picture = picture;
    this.around = around;
    this.tell = tell;
    around.addEventListener("pointerdown", (event) => this.#down(event));
    around.addEventListener("pointermove", (event) => this.#move(event));
    around.addEventListener("pointerup", (event) => this.#up(event));
    around.addEventListener("pointercancel", (event) => this.#gone(event));
    // What the style sheet says of touches is not all that is to be said: whether the page scrolls is known only here.
    around.addEventListener("touchmove", (event) => {
      if (event.cancelable && this.#isOurs()) event.preventDefault();
    }, { passive: false });
    around.addEventListener("contextmenu", (event) => {
      if (this.#fingers.count > 0) event.preventDefault();
    });
    picture.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
    // Before the crosshair's own listener, which pins the cell under a click.
    picture.addEventListener("click", (event) => {
      if (this.#swallowsClick || this.active) event.stopImmediatePropagation();
      this.#swallowsClick = false;
    }, { capture: true });
    addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !(this.active || this.#boxes)) return;
      this.cancel();
      this.boxes = false;
      event.stopPropagation();
    }, { capture: true });
    picture.addEventListener("auxclick", (event) => event.preventDefault());
    const view = window.visualViewport;
    view?.addEventListener("resize", () => {
      this.#enlarged = view.scale > ENLARGED;
      around.toggleAttribute("data-enlarged", this.#enlarged);
    });
  }

  /** @returns {boolean} whether a box is being drawn, or the map moved */
  get active() {
    return this.#held !== null || (this.#press !== null && this.#press.moved);
  }

  /** @returns {boolean} whether one finger draws a box */
  get boxes() {
    return this.#boxes;
  }

  set boxes(on) {
    this.#boxes = on;
    this.around.toggleAttribute("data-boxes", on);
    this.tell.boxes(on);
  }

  /** Lets go of a box without zooming to it, and of the map where it is. @returns {void} */
  cancel() {
    if (this.active) this.#swallowsClick = true;
    if (this.#press?.pans && this.#press.moved) this.tell.rested();
    this.#press = null;
    showBox(null);
    this.#fingers.clear();
    this.#letGo();
  }

  /** @param {PointerEvent} event @returns {void} */
  #down(event) {
    const onPicture = event.target === this.picture;
    if (event.pointerType === "mouse") {
      if (onPicture && this.#held === null) this.#pressDown(event);
      return;
    }
    if (this.#press?.moved && !this.#fingers.has(this.#press.id)) return;
    // The first of them: what is left of others will not be told of any more.
    if (event.isPrimary) this.cancel();
    this.#swallowsClick = false;
    this.#fingers.put(event.pointerId, event.clientX, event.clientY);
    this.#press = null;
    showBox(null);
    if (this.#fingers.count > 1) this.#hold();
    else if (this.#boxes && onPicture) this.#press = pressOf(event, false);
    else this.#mayScroll = pageScrolls();
  }

  /** @param {PointerEvent} event @returns {void} */
  #pressDown(event) {
    const pans = event.button === 1 || (event.button === 0 && event.shiftKey);
    if (event.button !== 0 && !pans) return;
    if (event.button === 1) event.preventDefault();
    this.#fingers.clear();
    this.#swallowsClick = false;
    this.#press = pressOf(event, pans);
  }

  /** @param {PointerEvent} event @returns {void} */
  #move(event) {
    // It was let go of where nobody saw it.
    if (event.pointerType === "mouse" && event.buttons === 0 && !this.#press?.moved) this.#press = null;
    if (this.#press?.id === event.pointerId) this.#drag(this.#press, event);
    if (!this.#fingers.has(event.pointerId)) return;
    this.#fingers.move(event.pointerId, event.clientX, event.clientY);
    if (this.#press !== null) return;
    if (this.#held !== null) this.#follow(this.#held);
    else if (this.#takesHold()) this.#hold();
  }

  /** @param {Press} press @param {PointerEvent} event @returns {void} */
  #drag(press, event) {
    const least = event.pointerType === "mouse" ? CLICK_PX : TAP_PX;
    if (!press.moved && Math.hypot(event.clientX - press.x, event.clientY - press.y) < least) return;
    if (!press.moved) {
      this.picture.setPointerCapture(event.pointerId);
      this.#endWheel();
    }
    press.moved = true;
    const frame = this.picture.getBoundingClientRect();
    if (press.pans) this.tell.dragged((press.lastX - event.clientX) / frame.width, (press.lastY - event.clientY) / frame.height);
    else showBox(boxBetween(frame, press, event));
    [press.lastX, press.lastY] = [event.clientX, event.clientY];
  }

  /** Once the browser scrolls it tells of no more movement, so that this need not remember. @returns {boolean} whether one finger has moved, and not to scroll the page */
  #takesHold() {
    const { from, to } = this.#fingers.reach();
    const [across, down] = [Math.abs(to.x - from.x), Math.abs(to.y - from.y)];
    return Math.hypot(across, down) >= TAP_PX && (across > down || !this.#mayScroll);
  }

  /** All fingers there are take hold of the map. @returns {void} */
  #hold() {
    if (this.#enlarged) return;
    if (this.#held === null) this.#endWheel();
    this.#held = this.picture.getBoundingClientRect();
    this.#fingers.grip();
    // Else one that leaves the map is told of to nobody, and stays on it for ever.
    for (const id of this.#fingers.ids) if (!this.around.hasPointerCapture(id)) capture(this.around, id);
    this.tell.taken();
  }

  /** @param {DOMRect} frame @returns {void} */
  #follow(frame) {
    const { from, to, factor } = this.#fingers.reach();
    const at = (/** @type {{x: number, y: number}} */ { x, y }) => ({ x: (x - frame.left) / frame.width, y: (y - frame.top) / frame.height });
    this.#followed = true;
    this.tell.followed({ from: at(from), to: at(to), factor });
  }

  /** @param {PointerEvent} event @returns {void} */
  #up(event) {
    const press = this.#press?.id === event.pointerId ? this.#press : null;
    const wasFinger = this.#lift(event);
    if (press === null) return;
    this.#press = null;
    showBox(null);
    if (!press.moved) return;
    this.#swallowsClick = true;
    if (press.pans) this.tell.rested();
    else this.tell.boxed(boxBetween(this.picture.getBoundingClientRect(), press, event));
    if (wasFinger) this.boxes = false;
  }

  /** Somebody else took the pointer: the system, or the page to scroll. @param {PointerEvent} event @returns {void} */
  #gone(event) {
    if (this.#press?.id === event.pointerId) {
      if (this.#press.pans && this.#press.moved) this.tell.rested();
      this.#press = null;
      showBox(null);
    }
    this.#lift(event);
  }

  /** @param {PointerEvent} event @returns {boolean} whether it was a finger here */
  #lift(event) {
    if (!this.#fingers.lift(event.pointerId)) return false;
    if (this.#fingers.count === 0) this.#letGo();
    else if (this.#held !== null) this.#hold();
    return true;
  }

  /** @returns {void} */
  #letGo() {
    const rests = this.#held !== null && this.#followed;
    this.#held = null;
    this.#followed = false;
    if (rests) this.tell.rested();
  }

  /** @returns {boolean} whether the browser may make nothing of the fingers */
  #isOurs() {
    const boxed = this.#press !== null && this.#fingers.has(this.#press.id);
    return this.#held !== null || boxed || (this.#fingers.count === 1 && !this.#enlarged && !this.#mayScroll);
  }

  /** @param {WheelEvent} event @returns {void} */
  #wheel(event) {
    event.preventDefault();
    if (this.active) return;
    const unit = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_OF_WHEEL_PX : event.deltaMode === WheelEvent.DOM_DELTA_PAGE ? 400 : 1;
    const frame = this.picture.getBoundingClientRect();
    // Some systems turn a wheel with Shift into one to the side.
    const sideways = Math.abs(event.deltaX) > Math.abs(event.deltaY);
    if (sideways && !event.shiftKey) this.tell.dragged((event.deltaX * unit) / frame.width, 0);
    else {
      const factor = Math.exp(Math.max(-400, Math.min(400, (sideways ? event.deltaX : event.deltaY) * unit)) * 0.002);
      const [time, rows] = [event.altKey ? 1 : factor, event.shiftKey ? 1 : factor];
      this.tell.wheeled(part((event.clientX - frame.left) / frame.width), part((event.clientY - frame.top) / frame.height), { time, rows });
    }
    clearTimeout(this.#rest);
    this.#rest = setTimeout(() => this.#endWheel(), REST_MS);
  }

  /** Before a drag begins, too: else the wheel came to rest in the midst of it. @returns {void} */
  #endWheel() {
    if (this.#rest === undefined) return;
    clearTimeout(this.#rest);
    this.#rest = undefined;
    this.tell.rested();
  }
}

/** @param {PointerEvent} event @param {boolean} pans @returns {Press} */
function pressOf({ pointerId, clientX, clientY }, pans) {
  return { id: pointerId, x: clientX, y: clientY, lastX: clientX, lastY: clientY, pans, moved: false };
}

/** @param {HTMLElement} element @param {number} id @returns {void} */
function capture(element, id) {
  try {
    element.setPointerCapture(id);
  } catch {
    // It has just gone, and is told of as gone.
  }
}
