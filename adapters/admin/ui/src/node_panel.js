// @ts-check
/** What single nodes counted in the pinned cell: asked for once a cell, and again when its value moved; drawn under its detail. */

import { ApiFailure } from "./api.js";
import { base64url, textOfWords } from "./key.js";
import { formatCount, formatShare } from "./number.js";
import { fact, make } from "./dom.js";
import { unitFor } from "./series.js";
import { namesPlaces } from "./redaction.js";

/** @typedef {import("./picture.js").Picture} Picture */
/** @typedef {import("./heatmap.js").Picked} Picked */
/** @typedef {{node: string, value: number, share: number, estimated: boolean, group: number, term: number}} CellNode */
/** What there is between the bounds of a cell where that is not the cell's own value. @typedef {{value: number, estimated: boolean, open: boolean}} Between */
/** `own` is the cell's value where an answer is to have the same, null where it may differ. @typedef {{query: import("./api.js").CellQuery, own: number | null, open: boolean}} Question */

/** More than any cluster of a picture has. */
const MOST = 4096;
/** Nodes that have a line; the others are counted. */
const SHOWN = 16;

/** @param {any} body parsed JSON @returns {CellNode[] | null} null where it is none */
export function decodeCell(body) {
  const count = (/** @type {unknown} */ value) => typeof value === "number" && value >= 0 && Number.isFinite(value);
  const nodes = body?.nodes;
  if (!Array.isArray(nodes) || nodes.length > MOST || !nodes.every((one) => typeof one?.node === "string" && count(one.value) && count(one.share))) return null;
  const number = (/** @type {any} */ value) => (count(value) ? value : 0);
  return nodes.map((one) => ({ node: textOfWords(one.node), value: one.value, share: one.share, estimated: one.estimated === true, group: number(one.raft_group_id), term: number(one.leader_term) }));
}

/** @param {CellNode} node @param {string} unit @returns {string} a share does not part from its sign */
function toldOf({ value, share, estimated, group, term }, unit) {
  const owner = group === 0 ? "" : `, group ${group}${term === 0 ? "" : ` term ${term}`}`;
  return `${estimated ? "about " : ""}${formatCount(value)} ${unitFor(unit, value)}, ${formatShare(share, 1).replace(" ", "\u00a0")}${owner}`;
}

/** @param {any} body parsed JSON @param {Question} question @returns {Between | null} null where it is the cell's own */
function betweenOf(body, { own, open }) {
  if (own === null || typeof body.value !== "number" || body.value === own) return null;
  return { value: body.value, estimated: body.estimated === true, open };
}

/** @param {Between} between @param {string} unit @returns {string} */
function betweenText({ value, estimated, open }, unit) {
  return `Of all routes between these bounds: ${estimated ? "about " : ""}${formatCount(value)} ${unitFor(unit, value)}${open ? " so far" : ""}.`;
}

/** @param {Picture} picture @param {import("./matrix.js").Row} row @returns {boolean} whether it is what came without a label, beside rows of labels */
function isUnlabelled(picture, row) {
  return row.label === null && picture.matrix.rows.some((one) => one.label !== null);
}

/** Keeps one answer. */
export class NodePanel {
  #cell = "";
  #asked = "";
  #drawn = "";
  /** @type {AbortController | null} */
  #running = null;
  /** @type {{nodes: CellNode[], between: Between | null} | {absent: string} | null} */
  #answer = null;

  /** @param {HTMLElement} into @param {import("./api.js").Source} api @param {() => void} answered */
  constructor(into, api, answered) {
    this.into = into;
    this.api = api;
    this.answered = answered;
  }

  /**
   * @param {Picture | null} picture @param {Picked | null} pinned null where no cell is pinned @param {import("./fragment.js").Choice} choice
   * @param {{labels: boolean, redaction: string, unit: string}} known whether there are labels, what is left out of keys, of what the series is a count @returns {void}
   */
  show(picture, pinned, choice, known) {
    const cell = picture === null || pinned === null ? null : { row: picture.matrix.rows[pinned.row], column: picture.matrix.columns[pinned.column] };
    // Bounds that are places ask for other keys, and what came without a label cannot be asked for alone.
    if (picture === null || pinned === null || cell === null || picture.matrix.fanout === null || cell.column.state === "missing" || (known.labels && isUnlabelled(picture, cell.row)) || namesPlaces(known.redaction)) {
      this.#forget();
      return;
    }
    const { row, column } = cell;
    const query = {
      series: choice.series, start: base64url(row.start), end: row.end === null ? "" : base64url(row.end), label: row.label ?? choice.label,
      fromUnixMs: column.endMs, toUnixMs: column.endMs + 1,
    };
    const name = JSON.stringify(query);
    if (name !== this.#cell) this.#forget();
    this.#cell = name;
    const value = picture.matrix.values[pinned.row * picture.matrix.columns.length + pinned.column];
    const asked = JSON.stringify([name, column.state, value]);
    // A cell that moves faster than it is answered waits for its answer: it is asked for again then.
    if (asked !== this.#asked && this.#running === null) {
      this.#asked = asked;
      // A route has a count of its own, while others may have counted between its bounds, too.
      void this.#ask({ query, own: row.isRange ? null : value, open: column.state === "open" });
    }
    this.#draw(known.unit);
  }

  /** @returns {void} */
  #forget() {
    this.#running?.abort();
    this.#running = null;
    this.#answer = null;
    if (this.#cell === "") return;
    this.#cell = this.#asked = this.#drawn = "";
    this.into.replaceChildren();
  }

  /** @param {Question} question @returns {Promise<void>} */
  async #ask(question) {
    const mine = new AbortController();
    this.#running = mine;
    const answer = await this.#answerTo(question, mine.signal);
    if (mine.signal.aborted) return;
    this.#running = null;
    this.#answer = answer;
    this.#drawn = "";
    this.answered();
  }

  /** @param {Question} question @param {AbortSignal} signal @returns {Promise<{nodes: CellNode[], between: Between | null} | {absent: string}>} */
  async #answerTo(question, signal) {
    try {
      const body = await this.api.cell(question.query, signal);
      // A server that does not know the path has nothing to tell, and that is no news.
      if (body === null) return { nodes: [], between: null };
      const nodes = decodeCell(body);
      return nodes === null ? { absent: "The answer is not understood." } : { nodes, between: betweenOf(body, question) };
    } catch (error) {
      return { absent: error instanceof ApiFailure ? `It could not be had: ${error.message}.` : "The answer is not understood." };
    }
  }

  /** @param {string} unit @returns {void} */
  #draw(unit) {
    const shape = JSON.stringify([this.#cell, this.#answer === null, unit]);
    if (shape === this.#drawn) return;
    this.#drawn = shape;
    const head = make("h3", { text: "Counted by" });
    if (this.#answer === null) this.into.replaceChildren(head, make("p", { class: "muted", role: "status", text: "Asking." }));
    else if ("absent" in this.#answer) this.into.replaceChildren(head, make("p", { class: "muted", text: this.#answer.absent }));
    else if (this.#answer.nodes.length === 0) this.into.replaceChildren();
    else {
      const { nodes, between } = this.#answer;
      const note = between === null ? [] : [make("p", { class: "muted", text: betweenText(between, unit) })];
      this.into.replaceChildren(head, ...note, this.#list(nodes, unit));
    }
  }

  /** @param {CellNode[]} nodes @param {string} unit @returns {HTMLElement} */
  #list(nodes, unit) {
    const list = make("dl", { class: "facts" });
    for (const node of nodes.slice(0, SHOWN)) list.append(fact(node.node, toldOf(node, unit), { title: node.node }));
    if (nodes.length > SHOWN) list.append(fact(`and ${formatCount(nodes.length - SHOWN)} more`, ""));
    return list;
  }
}
