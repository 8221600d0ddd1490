// @ts-check
/** The box that is drawn over the picture to zoom to it. Its sides are parts of the width and height, 0 to 1. */

import { byId } from "./dom.js";

/** @typedef {{x0: number, x1: number, y0: number, y1: number}} Box */

/** A box lower or narrower than this zooms the other axis alone. */
const LINE_PX = 10;

/** @param {number} a @returns {number} */
const part = (a) => Math.min(1, Math.max(0, a));

/** @param {DOMRect} frame of the picture @param {{x: number, y: number}} from @param {{clientX: number, clientY: number}} to @returns {Box} over the whole of an axis along which it is only a line */
export function boxBetween(frame, from, to) {
  const [ax, bx] = [from.x, to.clientX].sort((a, b) => a - b);
  const [ay, by] = [from.y, to.clientY].sort((a, b) => a - b);
  const [thin, flat] = [bx - ax < LINE_PX, by - ay < LINE_PX];
  return {
    x0: thin ? 0 : part((ax - frame.left) / frame.width), x1: thin ? 1 : part((bx - frame.left) / frame.width),
    y0: flat ? 0 : part((ay - frame.top) / frame.height), y1: flat ? 1 : part((by - frame.top) / frame.height),
  };
}

/** @param {Box | null} box null where there is none @returns {void} */
export function showBox(box) {
  const brush = byId("brush");
  brush.hidden = box === null;
  if (box === null) return;
  brush.style.left = `${box.x0 * 100}%`;
  brush.style.width = `${(box.x1 - box.x0) * 100}%`;
  brush.style.top = `${box.y0 * 100}%`;
  brush.style.height = `${(box.y1 - box.y0) * 100}%`;
}
