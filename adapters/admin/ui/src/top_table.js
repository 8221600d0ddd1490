// @ts-check
/** The table of the hottest ranges now. Keys and commands are text, never markup. */

import { button, copyButton, make } from "./dom.js";
import { formatAmount, formatCount, formatShare } from "./number.js";
import { formatKey, textOfEnd, textOfStart } from "./key_format.js";
import { changeOf } from "./top_list.js";
import { namesPlaces, redactionText } from "./redaction.js";
import { seriesOf } from "./series.js";
import { shortened } from "./key.js";
import { spanText } from "./time_text.js";

/** @typedef {import("./top_list.js").TopList} TopList */
/** @typedef {import("./top_list.js").TopRow} TopRow */
/** @typedef {{format: import("./key_format.js").KeyFormat, style: import("./time_text.js").TimeStyle, part: boolean}} Look */

/** Longer keys are cut in the table; copying takes the whole. */
const SHOWN = 48;

/** @param {TopRow} row @returns {string} */
function ownerOf({ group, term }) {
  return group === 0 ? "–" : `${group}${term === 0 ? "" : `, term ${term}`}`;
}

/** @param {TopRow} row @returns {HTMLElement} */
function changeCell(row) {
  const { way, text } = changeOf(row);
  const sign = way === 1 ? "▲ " : way === -1 ? "▼ " : "";
  return make("td", { class: `number ${way === null || way === 0 ? "muted" : ""}` }, make("span", { "aria-hidden": "true", text: sign }), text);
}

/** @param {TopRow} row @param {import("./key_format.js").KeyFormat} format @param {boolean} hasSplit whether any row has a split command @returns {HTMLElement} */
function copiesCell(row, format, hasSplit) {
  const copies = make("td", { class: "copies" });
  if (row.start.length > 0) copies.append(copyButton("from", "copy the key it begins with", formatKey(row.start, format)));
  if (row.end !== null) copies.append(copyButton("to", "copy the key it ends before", formatKey(row.end, format)));
  if (row.split !== null) copies.append(copyButton("split command", "copy the command that splits it in the middle of its keys", row.split));
  else if (hasSplit) copies.append(make("span", { class: "muted", text: "no split", title: "A virtual bucket is no route, or no key lies between the bounds, or a shell cannot take the key as a word" }));
  return copies;
}

/** The nodes that counted a row: the hottest, and by a press the others. @param {TopRow} row @param {Set<string>} opened rows that show all @returns {HTMLElement} */
function nodesCell(row, opened) {
  const nodes = row.nodes ?? [];
  const [hottest] = nodes;
  if (hottest === undefined) return make("td", { class: "nodes muted", text: "–" });
  const told = nodes.map(({ node, share }) => `${node} ${formatShare(share, 1)}`);
  if (row.nodeCount > nodes.length) told.push(`and ${formatCount(row.nodeCount - nodes.length)} more`);
  const cell = make("td", { class: "nodes", title: told.join("\n") }, make("span", { class: "node", text: hottest.node }));
  if (row.nodeCount === 1) return cell;
  const all = make("ul", { class: "muted" }, ...told.map((text) => make("li", { text })));
  const others = row.nodeCount - 1;
  const more = button(`+${formatCount(others)}`, () => {
    if (!opened.delete(row.bucketId)) opened.add(row.bucketId);
    more.setAttribute("aria-expanded", String(opened.has(row.bucketId)));
    all.hidden = !opened.has(row.bucketId);
  }, { class: "small", "aria-label": `${formatCount(others)} more ${others === 1 ? "node" : "nodes"}, with shares`, "aria-expanded": String(opened.has(row.bucketId)) });
  all.hidden = !opened.has(row.bucketId);
  cell.append(" ", more, all);
  return cell;
}

/** Draws the table, and keeps it while nothing changed, so that a press on a button is not lost to a refresh. */
export class TopTable {
  #held = "";
  /** Rows, by bucket id, that show all their nodes. @type {Set<string>} */
  #opened = new Set();

  /** @param {HTMLElement} into @param {(row: TopRow) => void} go shows the range in the map */
  constructor(into, go) {
    this.into = into;
    this.go = go;
  }

  /** @param {TopList | null} list null where there is none yet @param {string} failure why not; empty where nothing is wrong @param {Look} look @returns {void} */
  show(list, failure, look) {
    const shape = JSON.stringify([list, failure, look.format, look.style, look.part]);
    if (shape === this.#held) return;
    this.#held = shape;
    this.into.toggleAttribute("data-stale", failure !== "" && list !== null);
    /** @type {Node[]} */
    const parts = [];
    if (failure !== "") parts.push(make("p", { class: "warn", role: "status", text: list === null ? `There is no list: ${failure}.` : `This list is no longer fresh: ${failure}.` }));
    if (list === null && failure === "") parts.push(make("p", { class: "muted", role: "status", text: "Asking for the hottest ranges." }));
    if (list !== null) {
      const rows = new Set(list.rows.map((row) => row.bucketId));
      for (const id of this.#opened) if (!rows.has(id)) this.#opened.delete(id);
      parts.push(...this.#list(list, look));
    }
    const focused = this.#focused();
    this.into.replaceChildren(...parts);
    if (focused !== null) this.#buttons(focused.row)[focused.at]?.focus({ preventScroll: true });
  }

  /** @param {string} row by bucket id @returns {HTMLButtonElement[]} */
  #buttons(row) {
    const line = [...this.into.querySelectorAll("tbody tr")].find((line) => line.getAttribute("data-row") === row);
    return line === undefined ? [] : [...line.querySelectorAll("button")];
  }

  /** Which button of which row the keyboard stands on: it does so when the table was drawn anew, too. @returns {{row: string, at: number} | null} */
  #focused() {
    const row = this.into.contains(document.activeElement) ? document.activeElement?.closest("tr")?.getAttribute("data-row") : null;
    return row === null || row === undefined ? null : { row, at: this.#buttons(row).findIndex((one) => one === document.activeElement) };
  }

  /** @param {TopList} list @param {Look} look @returns {Node[]} */
  #list(list, look) {
    const series = seriesOf(list.series);
    if (list.now === null) return [make("p", { class: "muted", text: "No window is recorded yet." })];
    const rate = (/** @type {number} */ value) => `${formatAmount(value, series.isBytes)}${series.isBytes ? "/s" : ` ${series.unit}/s`}`;
    const where = look.part ? " in the keys shown" : "";
    const open = list.now.state === "open" ? ", still open" : "";
    const about = make("p", { class: "muted", text: `${spanText(list.now.startMs, list.now.endMs, look.style)}${open}: ${rate(list.now.rate)}${where} on ${formatCount(list.ranges)} ${list.ranges === 1 ? "range" : "ranges"}` });
    if (list.rows.length === 0) return [about, make("p", { class: "muted", text: `No ${series.unit} in this window.` })];
    const redacted = redactionText(list.redaction);
    const note = redacted === "" ? [] : [make("p", { class: "muted", "data-kind": "redacted", text: `Keys are redacted. ${redacted}` })];
    // Bounds of this table that are places in it are neither to be found in the map nor worth copying.
    const places = namesPlaces(list.redaction);
    const hasNodes = list.rows.some((row) => row.nodes !== null);
    const hasOwners = list.rows.some((row) => row.group !== 0);
    const head = ["#", "Range", "Rate", "Share", "Against before", ...(hasOwners ? ["Group"] : []), ...(hasNodes ? ["Node"] : []), ...(places ? [] : ["Copy"])].map((text) => make("th", { scope: "col", text }));
    const hasSplit = list.rows.some((row) => row.split !== null);
    const body = list.rows.map((row, at) => {
      const cells = this.#cells(row, at, rate(row.rate), look.format, { places, named: !list.ownRanges });
      return make("tr", { "data-row": row.bucketId }, ...cells, ...(hasOwners ? [make("td", { class: "number", text: ownerOf(row) })] : []), ...(hasNodes ? [nodesCell(row, this.#opened)] : []), ...(places ? [] : [copiesCell(row, look.format, hasSplit)]));
    });
    return [about, ...note, make("div", { class: "scroll" }, make("table", {}, make("thead", {}, make("tr", {}, ...head)), make("tbody", {}, ...body)))];
  }

  /** @param {TopRow} row @param {number} at @param {string} rate @param {import("./key_format.js").KeyFormat} format @param {{places: boolean, named: boolean}} how whether its bounds name nothing in the map, and whether its id is the host's @returns {HTMLElement[]} */
  #cells(row, at, rate, format, { places, named }) {
    const [from, to] = [textOfStart(row.start, format), textOfEnd(row.end, format)];
    const range = places ? make("span", { class: "range" }) : button("", () => this.go(row), { class: "range", title: "Show it in the map" });
    range.append(make("span", {}, ...(row.name === null ? [] : [make("b", { text: `${row.name} ` })]), make("span", { class: "key", text: shortened(from, SHOWN) }), make("span", { class: "muted", text: " to " }), make("span", { class: "key", text: shortened(to, SHOWN) })));
    const bar = make("i", { class: "bar" });
    bar.style.width = `${Math.max(1, Math.round(row.share * 60))}px`;
    const id = row.aggregate ? "several routes together" : named ? row.bucketId.replace("route:", "route ") : "";
    return [
      make("td", { class: "number muted", text: String(at + 1) }), make("td", { class: "of" }, range, ...(id === "" ? [] : [make("span", { class: "muted id", text: id })])),
      make("td", { class: "number", ...(row.estimated ? { title: "An estimate: nodes counted it under more groups and terms than a merge keeps" } : {}), text: row.estimated ? `≈ ${rate}` : rate }), make("td", {}, bar, formatShare(row.share, 1)), changeCell(row),
    ];
  }
}
