// @ts-check
/** The hot keys of the pinned cell: asked for once a cell, drawn under its detail. */

import { ApiFailure } from "./api.js";
import { absenceText, decodeHotKeys, drawHotKeys } from "./hot_keys.js";
import { base64url } from "./key.js";
import { make } from "./dom.js";

/** @typedef {import("./picture.js").Picture} Picture */
/** @typedef {import("./heatmap.js").Picked} Picked */

/** The keys asked for. */
const KEYS = 10;

/** The least key but the empty one: a range that has no bound at all is asked for from there. */
const LEAST = "AA";

/** @param {import("./matrix.js").Row} row @param {string} label the only one shown, empty for all @returns {Record<string, string>} a route as it is now by its id; what else counted there, and what had other bounds, by the keys */
export function whose(row, label) {
  if (row.route !== null && !row.bucketId.includes("~")) return { route_id: row.route, label: row.label ?? label, sub_bucket: row.subBucket ?? "" };
  const [start, end] = [base64url(row.start), row.end === null ? "" : base64url(row.end)];
  return { start: start === "" && end === "" ? LEAST : start, end };
}

/** Keeps one answer. */
export class HotPanel {
  #asked = "";
  #drawn = "";
  /** @type {AbortController | null} */
  #running = null;
  /** @type {{hot: import("./hot_keys.js").HotKeys} | {absent: string} | null} */
  #answer = null;

  /** @param {HTMLElement} into @param {import("./api.js").Source} api @param {() => void} answered */
  constructor(into, api, answered) {
    this.into = into;
    this.api = api;
    this.answered = answered;
  }

  /** @param {Picture | null} picture @param {Picked | null} pinned null where no cell is pinned @param {import("./fragment.js").Choice} choice @returns {void} */
  show(picture, pinned, choice) {
    if (picture === null || pinned === null) {
      this.#forget();
      return;
    }
    const [row, column] = [picture.matrix.rows[pinned.row], picture.matrix.columns[pinned.column]];
    const reads = choice.series === "reads" || choice.series === "read_bytes";
    const query = { series: reads ? "reads" : "writes", of: whose(row, choice.label), fromUnixMs: column.endMs, toUnixMs: column.endMs + 1, top: KEYS };
    const asked = JSON.stringify([query, column.state]);
    if (asked !== this.#asked) {
      this.#forget();
      this.#asked = asked;
      void this.#ask(query);
    }
    this.#draw(choice, query.series);
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

  /** @param {import("./api.js").HotQuery} query @returns {Promise<void>} */
  async #ask(query) {
    const mine = new AbortController();
    this.#running = mine;
    try {
      this.#answer = { hot: decodeHotKeys(await this.api.hotKeys(query, mine.signal)) };
    } catch (error) {
      if (mine.signal.aborted) return;
      const [code, message] = error instanceof ApiFailure ? [error.code, error.message] : ["garbled", "the answer is not understood"];
      this.#answer = { absent: absenceText(code, message) };
    }
    this.answered();
  }

  /** @param {import("./fragment.js").Choice} choice @param {string} series @returns {void} */
  #draw(choice, series) {
    const shape = JSON.stringify([this.#asked, this.#answer === null, choice.format]);
    if (shape === this.#drawn) return;
    this.#drawn = shape;
    const head = make("h3", { text: `Hot keys, ${series}` });
    if (this.#answer === null) this.into.replaceChildren(head, make("p", { class: "muted", role: "status", text: "Asking." }));
    else if ("absent" in this.#answer) this.into.replaceChildren(head, make("p", { class: "muted", text: this.#answer.absent }));
    else this.into.replaceChildren(head, ...drawHotKeys(this.#answer.hot, choice.format));
  }
}
