// @ts-check
/** A row's rate over time, as a small line with the cell's column marked. */

const SVG = "http://www.w3.org/2000/svg";
const [WIDTH, HEIGHT] = [262, 34];

/** @param {string} tag @param {Record<string, string>} attributes @returns {SVGElement} */
function shape(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

/**
 * @param {readonly {fromMs: number, toMs: number, rate: number}[]} over in order of time @param {{fromMs: number, toMs: number}} view
 * @param {number} atMs @param {string} label what a screen reader says @returns {SVGElement} steps: a rate holds for its column; nothing is drawn where nothing was recorded
 */
export function sparkline(over, view, atMs, label) {
  const most = over.reduce((greatest, one) => Math.max(greatest, one.rate), 0) || 1;
  const x = (/** @type {number} */ ms) => (((ms - view.fromMs) / (view.toMs - view.fromMs)) * WIDTH).toFixed(1);
  const y = (/** @type {number} */ rate) => (HEIGHT - 1 - (rate / most) * (HEIGHT - 3)).toFixed(1);
  let path = "";
  let end = NaN;
  for (const { fromMs, toMs, rate } of over) {
    // A gap of more than rounding begins a new line.
    path += Math.abs(fromMs - end) < 2 ? `L${x(fromMs)} ${y(rate)}` : `M${x(fromMs)} ${y(rate)}`;
    path += `L${x(toMs)} ${y(rate)}`;
    end = toMs;
  }
  const svg = shape("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "sparkline", role: "img", "aria-label": label, preserveAspectRatio: "none" });
  svg.append(shape("line", { x1: x(atMs), x2: x(atMs), y1: "0", y2: String(HEIGHT), class: "here" }), shape("path", { d: path, class: "over" }));
  return svg;
}
