// @ts-check
/** Pointing at a cell by pointer or keyboard, and the marks that show where one points. */

import { drawnSpan, pixelSpan, rowSpan } from "./layout.js";
import { byId } from "./dom.js";
import { find, moved, nameOf } from "./picture.js";
import { pick } from "./heatmap.js";

/** @typedef {import("./picture.js").Picture} Picture */
/** @typedef {import("./picture.js").CellName} CellName */
/** @typedef {import("./heatmap.js").Picked} Picked */

/** What is pointed at. A pinned cell stays until it is let go; a pointed one lasts while the pointer or the keyboard is there. */
export class Crosshair {
  /** @type {[number, number] | null} device pixels */
  #pointer = null;
  /** Where the pointer was seen last, of the window. @type {[number, number]} */
  #seen = [0, 0];
  /** @type {CellName | null} */
  #cursor = null;
  /** @type {CellName | null} */
  pinned = null;

  /**
   * @param {HTMLCanvasElement} canvas @param {() => import("./heatmap.js").Painting | null} painting
   * @param {() => Picture | null} picture @param {() => {width: number, height: number}} size of the canvas in CSS pixels
   * @param {{moved: () => void, pinned: (cell: CellName | null) => void}} tell
   */
  constructor(canvas, painting, picture, size, tell) {
    this.canvas = canvas;
    this.painting = painting;
    this.picture = picture;
    this.size = size;
    this.tell = tell;
    const point = (/** @type {PointerEvent} */ event) => {
      this.#seen = [event.clientX, event.clientY];
      this.#pointer = isPointing(event) ? this.#under() : null;
      this.#cursor = null;
      tell.moved();
    };
    canvas.addEventListener("pointermove", point);
    canvas.addEventListener("pointerdown", point);
    canvas.addEventListener("pointerleave", () => {
      this.#pointer = null;
      tell.moved();
    });
    canvas.addEventListener("click", (event) => {
      if (event.shiftKey) return;
      // A finger that taps has left when its click comes: the cell is the one under it.
      const left = this.#pointer === null;
      if (left) {
        this.#seen = [event.clientX, event.clientY];
        this.#pointer = this.#under();
      }
      const cell = this.pointed();
      if (left) this.#pointer = null;
      this.pin(cell);
    });
    canvas.addEventListener("keydown", (event) => this.#press(event));
    canvas.addEventListener("blur", () => {
      this.#cursor = null;
      tell.moved();
    });
  }

  /** The picture became another size under a pointer at rest, which is then over another place of it, or over none. @returns {void} */
  resized() {
    if (this.#pointer !== null) this.#pointer = this.#under();
  }

  /** @returns {[number, number] | null} the pixel under the pointer */
  #under() {
    const box = this.canvas.getBoundingClientRect();
    const [x, y] = [this.#seen[0] - box.left, this.#seen[1] - box.top];
    if (x < 0 || y < 0 || x > box.width || y > box.height) return null;
    const at = (/** @type {number} */ offset, /** @type {number} */ size, /** @type {number} */ pixels) => Math.min(pixels - 1, Math.floor((offset / size) * pixels));
    return [at(x, box.width, this.canvas.width), at(y, box.height, this.canvas.height)];
  }

  /** @param {KeyboardEvent} event @returns {void} */
  #press(event) {
    const picture = this.picture();
    if (picture === null || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (event.key === "Escape") this.pin(null);
    else if (event.key === "Enter" || event.key === " ") this.pin(this.pointed());
    else {
      const { rows, columns } = picture.matrix;
      const from = this.pointed() ?? this.pinnedCell() ?? { row: Math.floor(rows.length / 2), column: columns.length, rowsHere: 1, columnsHere: 1 };
      const to = moved(picture, from, event.key);
      if (to === null) return;
      this.#pointer = null;
      this.#cursor = nameOf(picture, to);
      this.tell.moved();
    }
    event.preventDefault();
  }

  /** @param {Picked | null} picked @returns {void} */
  pin(picked) {
    const picture = this.picture();
    const name = picked === null || picture === null ? null : nameOf(picture, picked);
    const again = name !== null && this.pinned !== null && name.row === this.pinned.row && name.atMs === this.pinned.atMs;
    this.pinned = again ? null : name;
    this.tell.pinned(this.pinned);
  }

  /** @returns {Picked | null} the cell under the pointer or the keyboard's cursor */
  pointed() {
    const [picture, painting] = [this.picture(), this.painting()];
    if (picture === null || painting === null) return null;
    if (this.#cursor !== null) return find(picture, this.#cursor);
    return this.#pointer === null ? null : pick(painting, this.#pointer[0], this.#pointer[1], this.canvas.width, this.canvas.height);
  }

  /** @returns {Picked | null} the pinned cell, where the picture still has it */
  pinnedCell() {
    const picture = this.picture();
    return picture === null || this.pinned === null ? null : find(picture, this.pinned);
  }

  /** @returns {[number, number]} where is pointed, as a part of the width and the height; the middle where nowhere in sight */
  place() {
    const [picture, pointed] = [this.picture(), this.pointed() ?? this.pinnedCell()];
    if (picture === null || pointed === null) return [0.5, 0.5];
    const box = this.#box(picture, pointed);
    if (box.width === 0 || box.height === 0) return [0.5, 0.5];
    const { width, height } = this.size();
    return [(box.x + box.width / 2) / width, (box.y + box.height / 2) / height];
  }

  /** Puts the marks where they belong. @returns {void} */
  draw() {
    const picture = this.picture();
    const [row, column, cell] = [byId("cross-row"), byId("cross-column"), byId("cross-cell")];
    const pointed = this.pointed();
    const pinned = this.pinnedCell();
    const framed = pinned ?? pointed;
    row.hidden = column.hidden = pointed === null;
    cell.hidden = framed === null;
    cell.toggleAttribute("data-pinned", pinned !== null);
    if (picture === null) return;
    if (pointed !== null) {
      place(row, this.#box(picture, pointed), "y");
      place(column, this.#box(picture, pointed), "x");
    }
    if (framed !== null) {
      const box = this.#box(picture, framed);
      cell.hidden = box.width === 0 || box.height === 0;
      place(cell, box, "x");
      place(cell, box, "y");
    }
  }

  /** @param {Picture} picture @param {Picked} picked @returns {{x: number, y: number, width: number, height: number}} in CSS pixels */
  #box(picture, picked) {
    const { width, height } = this.canvas;
    const size = this.size();
    const painting = this.painting();
    const [left, right] = pixelSpan(...drawnSpan(picture.matrix.columns[picked.column]), painting?.view ?? picture.view, width);
    const [above, below] = rowSpan(picked.row, picture.matrix.rows.length, height, painting?.rows);
    const [top, bottom] = [Math.min(height, Math.max(0, above)), Math.min(height, Math.max(0, below))];
    const [sx, sy] = [size.width / Math.max(1, width), size.height / Math.max(1, height)];
    return { x: left * sx, y: top * sy, width: (right - left) * sx, height: (bottom - top) * sy };
  }
}

/** @param {PointerEvent} event @returns {boolean} false for a finger that moves, or one beside another: it has hold of the map */
function isPointing({ pointerType, type, buttons, isPrimary }) {
  return pointerType === "mouse" || buttons === 0 || (type === "pointerdown" && isPrimary);
}

/** @param {HTMLElement} element @param {{x: number, y: number, width: number, height: number}} box @param {"x" | "y"} axis @returns {void} */
function place(element, box, axis) {
  if (axis === "x") [element.style.left, element.style.width] = [`${box.x}px`, `${box.width}px`];
  else [element.style.top, element.style.height] = [`${box.y}px`, `${box.height}px`];
}
