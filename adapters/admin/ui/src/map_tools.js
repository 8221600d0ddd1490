// @ts-check
/** The buttons below the map, for those who move in it by touch: what they do by gestures can be done by one tap after another, too. */

import { byId } from "./dom.js";

/** Half of each axis, as the keys do. */
const STEP = 2;

/** The buttons. They keep nothing themselves. */
export class MapTools {
  /** @param {{zoom: (factor: number) => void, boxes: () => void}} actions */
  constructor({ zoom, boxes }) {
    byId("zoom-in").addEventListener("click", () => zoom(1 / STEP));
    byId("zoom-out").addEventListener("click", () => zoom(STEP));
    byId("boxes").addEventListener("click", () => boxes());
    const touch = matchMedia("(any-pointer: coarse)");
    // Where there are no such buttons, the way back stands in the page's head.
    const [back, whole, help] = [byId("undo"), byId("reset"), byId("help-open")];
    const settle = () => (touch.matches ? byId("map-tools").append(back, whole) : help.before(back, whole));
    touch.addEventListener("change", settle);
    settle();
  }

  /** @param {boolean} on whether the next drag of a finger draws a box @returns {void} */
  showBoxes(on) {
    byId("boxes").setAttribute("aria-pressed", String(on));
  }
}
