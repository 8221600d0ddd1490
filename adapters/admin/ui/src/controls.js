// @ts-check
/** The row of controls. It shows the choice and reports changes of it; it keeps nothing itself. */

import { RANGES } from "./time_range.js";
import { REFRESH_MS, ROW_BUDGETS } from "./fragment.js";
import { KEY_FORMATS } from "./key_format.js";
import { SERIES } from "./series.js";
import { byId, byIdAs, make } from "./dom.js";
import { fieldTime, fieldValue, zoneText } from "./time_text.js";
import { formatDuration } from "./number.js";

/** @typedef {import("./fragment.js").Choice} Choice */
/** @typedef {{change: (part: Partial<Choice>) => void, refresh: () => void, view: () => {fromMs: number, toMs: number} | null}} Handlers */

/** Stands for a row for each label; no label looks like it. */
const SPLIT = "*";

/** @param {string} id @param {readonly {name: string, title: string}[]} options @param {(name: string) => void} choose @returns {void} */
function segments(id, options, choose) {
  const set = byId(id);
  for (const { name, title } of options) {
    const input = make("input", { type: "radio", name: id, value: name });
    input.addEventListener("change", () => choose(name));
    set.append(make("label", {}, input, title));
  }
}

/** @param {string} id @param {string} value @returns {void} */
function check(id, value) {
  for (const input of byId(id).querySelectorAll("input")) input.checked = input.value === value;
}

/** The controls of the page. */
export class Controls {
  /** @param {Handlers} handlers */
  constructor(handlers) {
    const { change } = handlers;
    this.handlers = handlers;
    this.customOpen = false;
    /** The times of the choice that was shown last; empty where it had none. */
    this.times = "";
    /** @type {import("./time_text.js").Zone} */
    this.zone = "local";
    segments("series", SERIES, (name) => change({ series: /** @type {Choice["series"]} */ (name) }));
    segments("axis", [{ name: "range", title: "Ranges" }, { name: "route", title: "Routes" }], (name) => change({ axis: name === "route" ? "route" : "range" }));
    segments("range", [...RANGES, { name: "custom", title: "From–to" }], (name) => this.#range(/** @type {Choice["range"]} */ (name)));
    segments("zone", [{ name: "local", title: "Local" }, { name: "utc", title: "UTC" }], (name) => change({ zone: name === "utc" ? "utc" : "local" }));
    segments("scale", [{ name: "log", title: "Log" }, { name: "linear", title: "Linear" }], (name) => change({ scale: name === "linear" ? "linear" : "log" }));
    this.format = byIdAs("format", HTMLSelectElement);
    this.format.append(...KEY_FORMATS.map(({ name, title }) => make("option", { value: name, text: title })));
    this.format.addEventListener("change", () => change({ format: /** @type {Choice["format"]} */ (this.format.value) }));
    this.rows = byIdAs("rows", HTMLSelectElement);
    this.rows.append(...ROW_BUDGETS.map((rows) => make("option", { value: String(rows), text: rows === 1024 ? "up to 1024" : `up to ${rows}` })));
    this.rows.addEventListener("change", () => change({ rows: Number(this.rows.value) }));
    this.label = byIdAs("label", HTMLSelectElement);
    this.label.addEventListener("change", () => change(this.label.value === SPLIT ? { label: "", split: true } : { label: this.label.value, split: false }));
    this.refresh = byIdAs("refresh", HTMLSelectElement);
    this.refresh.append(...REFRESH_MS.map((ms) => make("option", { value: String(ms), text: ms === 0 ? "auto" : formatDuration(ms) })));
    this.refresh.addEventListener("change", () => change({ refreshMs: Number(this.refresh.value) }));
    this.pause = byIdAs("pause", HTMLButtonElement);
    this.pause.addEventListener("click", () => change({ paused: this.pause.getAttribute("aria-pressed") !== "true" }));
    byId("now").addEventListener("click", () => handlers.refresh());
    // Chosen already, by a zoom, it tells of no change; a phone has not shown the form for that.
    byId("range").querySelector("input[value=custom]")?.addEventListener("click", () => {
      if (byId("custom").offsetParent === null) this.#range("custom");
    });
    byId("controls").addEventListener("submit", (event) => event.preventDefault());
    this.from = byIdAs("custom-from", HTMLInputElement);
    this.to = byIdAs("custom-to", HTMLInputElement);
    byId("custom").addEventListener("submit", (event) => {
      event.preventDefault();
      this.#apply();
    });
  }

  /** @param {Choice["range"]} range @returns {void} */
  #range(range) {
    if (range !== "custom") {
      this.customOpen = false;
      this.handlers.change({ range });
      return;
    }
    this.customOpen = true;
    this.#fill();
    byId("custom").hidden = false;
    byId("custom").toggleAttribute("data-asked", true);
    this.from.focus();
  }

  /** Puts the times of the picture into the fields. @returns {void} */
  #fill() {
    const view = this.handlers.view();
    if (view === null) return;
    this.from.value = fieldValue(view.fromMs, this.zone);
    this.to.value = fieldValue(view.toMs, this.zone);
  }

  /** The same times in the zone that is shown now. @param {import("./time_text.js").Zone} before @returns {void} */
  #reread(before) {
    for (const field of [this.from, this.to]) {
      const ms = fieldTime(field.value, before);
      if (!Number.isNaN(ms)) field.value = fieldValue(ms, this.zone);
    }
  }

  /** @returns {void} */
  #apply() {
    const [fromMs, toMs] = [fieldTime(this.from.value, this.zone), fieldTime(this.to.value, this.zone)];
    const error = byId("custom-error");
    error.textContent = Number.isNaN(fromMs) || Number.isNaN(toMs) ? "Both times are needed." : fromMs >= toMs ? "The first time has to be before the second." : "";
    if (error.textContent === "") this.handlers.change({ range: "custom", fromMs, toMs });
  }

  /** @param {Choice} choice @param {readonly string[]} labels those of the server @returns {void} */
  showLabels(choice, labels) {
    byId("label-field").hidden = labels.length === 0;
    const options = ["", SPLIT, ...labels];
    if (this.label.dataset["held"] !== options.join(" ")) {
      this.label.dataset["held"] = options.join(" ");
      this.label.replaceChildren(...options.map((name) => make("option", { value: name, text: name === "" ? "all together" : name === SPLIT ? "a row for each" : `only ${name}` })));
    }
    this.label.value = choice.split ? SPLIT : labels.includes(choice.label) ? choice.label : "";
  }

  /**
   * @param {Choice} choice @param {import("./time_range.js").RangeName} range the one in force where none is chosen
   * @param {{atRest: boolean, relative: boolean}} source whether it is a trace that does not grow, and one without dates
   * @returns {void}
   */
  show(choice, range, source) {
    const before = this.zone;
    this.zone = choice.zone;
    const times = choice.range === "custom" ? `${choice.fromMs} ${choice.toMs}` : "";
    if (times !== this.times) {
      [this.times, this.customOpen] = [times, times !== ""];
      if (this.customOpen) [this.from.value, this.to.value] = [fieldValue(choice.fromMs, choice.zone), fieldValue(choice.toMs, choice.zone)];
      byId("custom-error").textContent = "";
    } else if (before !== choice.zone) this.#reread(before);
    check("series", choice.series);
    check("axis", choice.axis);
    check("range", this.customOpen ? "custom" : range);
    check("zone", choice.zone);
    check("scale", choice.scale);
    this.rows.value = String(choice.rows);
    this.format.value = choice.format;
    this.refresh.value = String(choice.refreshMs);
    this.pause.setAttribute("aria-pressed", String(choice.paused));
    this.pause.textContent = choice.paused ? "Paused" : "Pause";
    this.pause.disabled = this.refresh.disabled = source.atRest;
    byId("zone").hidden = source.relative;
    byId("custom").hidden = !this.customOpen;
    if (!this.customOpen) byId("custom").toggleAttribute("data-asked", false);
    byId("custom-zone").textContent = zoneText(Date.now(), { zone: choice.zone, originMs: null });
  }
}
