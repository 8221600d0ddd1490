// @ts-check
/** The controls of the colours, under the legend: palette, brightness, and whether the scale stays as it is. */

import { BRIGHTNESS, DEFAULT } from "./fragment.js";
import { PALETTES } from "./palette.js";
import { byIdAs, make } from "./dom.js";

/** @typedef {import("./fragment.js").Choice} Choice */

/** @type {Record<import("./palette.js").PaletteName, string>} */
const TITLES = { ember: "Ember", viridis: "Viridis", cividis: "Cividis" };

/** They show the choice and report changes of it. */
export class Colours {
  /** @param {(part: Partial<Choice>) => void} change @param {() => import("./scale.js").Scale | null} scale the one in force */
  constructor(change, scale) {
    this.palette = byIdAs("palette", HTMLSelectElement);
    this.palette.append(...PALETTES.map((name) => make("option", { value: name, text: TITLES[name] })));
    this.palette.addEventListener("change", () => change({ palette: PALETTES.find((name) => name === this.palette.value) ?? DEFAULT.palette }));
    this.brightness = byIdAs("brightness", HTMLInputElement);
    [this.brightness.min, this.brightness.max, this.brightness.step] = [...BRIGHTNESS.map(String), "1"];
    this.brightness.addEventListener("input", () => change({ brightness: Number(this.brightness.value) }));
    this.fixed = byIdAs("fixed", HTMLInputElement);
    this.fixed.addEventListener("change", () => {
      const now = scale();
      change(this.fixed.checked && now !== null ? { fixLow: now.low, fixHigh: now.high } : { fixLow: 0, fixHigh: 0 });
    });
  }

  /** @param {Choice} choice @returns {void} */
  show(choice) {
    this.palette.value = choice.palette;
    this.brightness.value = String(choice.brightness);
    this.brightness.setAttribute("aria-valuetext", choice.brightness === 0 ? "as measured" : `${Math.abs(choice.brightness)} ${choice.brightness > 0 ? "brighter" : "darker"}`);
    this.fixed.checked = choice.fixHigh > 0;
  }
}
