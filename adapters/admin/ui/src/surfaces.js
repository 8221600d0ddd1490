// @ts-check
/** The canvases of the map, kept as large as they are in device pixels. */

import { Heatmap } from "./heatmap.js";
import { byIdAs } from "./dom.js";

/**
 * The browser's own count of device pixels is exact at fractional zoom, where a product is a pixel off; under an
 * emulated pixel ratio it is not multiplied, which is more than a pixel off.
 * @param {number} size CSS pixels @param {number} zoom of the style sheet @param {number | undefined} exact @returns {number}
 */
function devicePixels(size, zoom, exact) {
  const product = size * zoom * devicePixelRatio;
  return exact !== undefined && Math.abs(exact - product) < 2 ? exact : Math.round(product);
}

/** The picture, the strip of column states above it, the marks of the keys beside it, and the sums on both sides. */
export class Surfaces {
  /** The picture in CSS pixels; the keys are as high, times and events as wide. Read here, since asking an element for its size in a frame that changed something costs a layout. */
  size = { width: 1, height: 1 };
  picture = new Heatmap(byIdAs("picture", HTMLCanvasElement));
  keyMarks = new Heatmap(byIdAs("key-marks", HTMLCanvasElement), { seeThrough: true });
  strip = new Heatmap(byIdAs("strip", HTMLCanvasElement));
  columnSums = new Heatmap(byIdAs("column-sums", HTMLCanvasElement));
  rowSums = new Heatmap(byIdAs("row-sums", HTMLCanvasElement));

  /** @param {() => void} resized is called after a change of any size, in the same frame */
  constructor(resized) {
    const all = [this.picture, this.keyMarks, this.strip, this.columnSums, this.rowSums];
    const sizes = new ResizeObserver((entries) => {
      for (const entry of entries) {
        const { width: across, height: down } = entry.contentRect;
        if (entry.target === this.picture.canvas) this.size = { width: Math.max(1, across), height: Math.max(1, down) };
        const exact = entry.devicePixelContentBoxSize?.[0];
        const zoom = /** @type {{currentCSSZoom?: number}} */ (entry.target).currentCSSZoom ?? 1;
        const width = devicePixels(across, zoom, exact?.inlineSize);
        const height = devicePixels(down, zoom, exact?.blockSize);
        all.find((one) => one.canvas === entry.target)?.resize(Math.max(1, width), Math.max(1, height));
      }
      resized();
    });
    for (const { canvas } of all) {
      try {
        sizes.observe(canvas, { box: "device-pixel-content-box" });
      } catch {
        sizes.observe(canvas);
      }
    }
  }
}
