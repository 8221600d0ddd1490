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

/** @param {import("./series.js").SeriesName} series of the picture @returns {("writes" | "reads")[]} the hot keys that belong to it: they are followed apart, so that of all operations there are two lists */
export function followed(series) {
  if (series === "ops") return ["writes", "reads"];
  return [series === "writes" || series === "write_bytes" ? "writes" : "reads"];
}

/** What came of a question. @typedef {{hot: import("./hot_keys.js").HotKeys} | {absent: string}} Answer */

/** Keeps the answers for one cell. */
export class HotPanel {
  #asked = "";
  #drawn = "";
  /** @type {AbortController | null} */
  #running = null;
  /** In the order of the questions. @type {Answer[] | null} */
  #answers = null;

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
    const lists = followed(choice.series);
    const queries = lists.map((series) => ({ series, of: whose(row, choice.label), fromUnixMs: column.endMs, toUnixMs: column.endMs + 1, top: KEYS }));
    const asked = JSON.stringify([queries, column.state]);
    if (asked !== this.#asked) {
      this.#forget();
      this.#asked = asked;
      void this.#ask(queries);
    }
    this.#draw(choice, lists);
  }

  /** @returns {void} */
  #forget() {
    this.#running?.abort();
    this.#running = null;
    this.#answers = null;
    if (this.#asked === "") return;
    this.#asked = this.#drawn = "";
    this.into.replaceChildren();
  }

  /** @param {import("./api.js").HotQuery[]} queries @returns {Promise<void>} */
  async #ask(queries) {
    const mine = new AbortController();
    this.#running = mine;
    const answers = await Promise.all(queries.map((query) => this.#answerTo(query, mine.signal)));
    if (mine.signal.aborted) return;
    this.#answers = answers;
    this.answered();
  }

  /** @param {import("./api.js").HotQuery} query @param {AbortSignal} signal @returns {Promise<Answer>} */
  async #answerTo(query, signal) {
    try {
      return { hot: decodeHotKeys(await this.api.hotKeys(query, signal)) };
    } catch (error) {
      const [code, message] = error instanceof ApiFailure ? [error.code, error.message] : ["garbled", "the answer is not understood"];
      return { absent: absenceText(code, message) };
    }
  }

  /** @param {import("./fragment.js").Choice} choice @param {string[]} lists @returns {void} */
  #draw(choice, lists) {
    const shape = JSON.stringify([this.#asked, this.#answers === null, choice.format]);
    if (shape === this.#drawn) return;
    this.#drawn = shape;
    const answers = this.#answers;
    if (answers === null) {
      this.into.replaceChildren(headOf(lists), make("p", { class: "muted", role: "status", text: "Asking." }));
      return;
    }
    // One reason for both is said once.
    const [first] = answers;
    const alike = "absent" in first && answers.every((one) => "absent" in one && one.absent === first.absent);
    const parts = alike ? [{ of: lists, answer: first }] : lists.map((series, i) => ({ of: [series], answer: answers[i] }));
    this.into.replaceChildren(...parts.flatMap(({ of, answer }) => [headOf(of), ...("absent" in answer ? [make("p", { class: "muted", text: answer.absent })] : drawHotKeys(answer.hot, choice.format))]));
  }
}

/** @param {string[]} lists @returns {HTMLElement} */
const headOf = (lists) => make("h3", { text: `Hot keys, ${lists.join(" and ")}` });
