// @ts-check
/** What single nodes counted in the pinned cell: asked for once a cell, drawn under its detail. */

import { ApiFailure } from "./api.js";
import { base64url, textOfWords } from "./key.js";
import { formatCount, formatShare } from "./number.js";
import { make } from "./dom.js";
import { namesPlaces } from "./redaction.js";

/** @typedef {import("./picture.js").Picture} Picture */
/** @typedef {import("./heatmap.js").Picked} Picked */
/** @typedef {{node: string, value: number, share: number, estimated: boolean, group: number, term: number}} CellNode */

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
  return `${estimated ? "about " : ""}${formatCount(value)} ${unit}, ${formatShare(share, 1).replace(" ", "\u00a0")}${owner}`;
}

/** Keeps one answer. */
export class NodePanel {
  #asked = "";
  #drawn = "";
  /** @type {AbortController | null} */
  #running = null;
  /** @type {{nodes: CellNode[]} | {absent: string} | null} */
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
    const unlabelled = cell !== null && known.labels && !cell.row.isRange && cell.row.label === null;
    if (picture === null || cell === null || picture.matrix.fanout === null || cell.column.state === "missing" || unlabelled || namesPlaces(known.redaction)) {
      this.#forget();
      return;
    }
    const query = {
      series: choice.series, start: base64url(cell.row.start), end: cell.row.end === null ? "" : base64url(cell.row.end), label: cell.row.label ?? choice.label,
      fromUnixMs: cell.column.endMs, toUnixMs: cell.column.endMs + 1,
    };
    const asked = JSON.stringify([query, cell.column.state]);
    if (asked !== this.#asked) {
      this.#forget();
      this.#asked = asked;
      void this.#ask(query);
    }
    this.#draw(known.unit);
  }

  /** @returns {void} */
  #forget() {
    this.#running?.abort();
    this.#running = null;
    this.#answer = null;
    if (this.#asked === "") return;
    this.#asked = this.#drawn = "";
    this.into.replaceChildren();
  }

  /** @param {import("./api.js").CellQuery} query @returns {Promise<void>} */
  async #ask(query) {
    const mine = new AbortController();
    this.#running = mine;
    try {
      const body = await this.api.cell(query, mine.signal);
      const nodes = decodeCell(body);
      // A server that does not know the path has nothing to tell, and that is no news.
      this.#answer = body === null ? { nodes: [] } : nodes === null ? { absent: "The answer is not understood." } : { nodes };
    } catch (error) {
      if (mine.signal.aborted) return;
      this.#answer = { absent: error instanceof ApiFailure ? `It could not be had: ${error.message}.` : "The answer is not understood." };
    }
    this.answered();
  }

  /** @param {string} unit @returns {void} */
  #draw(unit) {
    const shape = JSON.stringify([this.#asked, this.#answer === null, unit]);
    if (shape === this.#drawn) return;
    this.#drawn = shape;
    const head = make("h3", { text: "Counted by" });
    if (this.#answer === null) this.into.replaceChildren(head, make("p", { class: "muted", role: "status", text: "Asking." }));
    else if ("absent" in this.#answer) this.into.replaceChildren(head, make("p", { class: "muted", text: this.#answer.absent }));
    else if (this.#answer.nodes.length === 0) this.into.replaceChildren();
    else this.into.replaceChildren(head, this.#list(this.#answer.nodes, unit));
  }

  /** @param {CellNode[]} nodes @param {string} unit @returns {HTMLElement} */
  #list(nodes, unit) {
    const list = make("dl", { class: "facts" });
    for (const node of nodes.slice(0, SHOWN)) list.append(make("dt", { text: node.node, title: node.node }), make("dd", { text: toldOf(node, unit) }));
    if (nodes.length > SHOWN) list.append(make("dt", { text: `and ${formatCount(nodes.length - SHOWN)} more` }), make("dd", {}));
    return list;
  }
}
