// @ts-check
/** Answers that stand in the page itself: a recording that was written to a file, and is opened without a server. */

import { ApiFailure } from "./api.js";
import { bytesOfBase64, bytesOfBase64url, compareBytes } from "./key.js";

/** @typedef {{series: string, status: any, matrices: Record<string, any>}} Answers */

/** The members of an answer that hold a value per column. */
const PER_COLUMN = ["column_unix_ms", "column_start_unix_ms", "column_covers_from_unix_ms", "column_covers_to_unix_ms", "column_state", "column_nodes", "unattributed"];

/** @param {number[]} values @returns {number} */
const sum = (values) => values.reduce((total, value) => total + value, 0);

/** @param {string} start base64url, empty for no bound @param {string} end @returns {(row: any) => boolean} whether a row has keys from one to the other */
function overlaps(start, end) {
  const [from, to] = [bytesOfBase64url(start), bytesOfBase64url(end)];
  /** @param {unknown} bound @param {Uint8Array | null} otherwise @returns {Uint8Array | null} */
  const bytes = (bound, otherwise) => (typeof bound === "string" && bound !== "" ? bytesOfBase64(bound) : otherwise);
  return (row) => {
    const [first, last] = [bytes(row.start, new Uint8Array(0)), bytes(row.end, null)];
    if (from !== null && from.length > 0 && last !== null && compareBytes(last, from) <= 0) return false;
    return to === null || to.length === 0 || first === null || compareBytes(first, to) < 0;
  };
}

/**
 * What a server would answer: the columns whose ends are in the time asked for, and of the rows in the keys asked for
 * the most active.
 * @param {any} matrix all of one series @param {Pick<import("./api.js").MatrixQuery, "fromUnixMs" | "toUnixMs" | "rows"> & {start?: string, end?: string}} query 0 is unbounded @returns {any}
 */
export function answerOf(matrix, query) {
  /** @type {number[]} */
  const ends = matrix.column_unix_ms;
  const kept = ends.map((end) => end >= query.fromUnixMs && (query.toUnixMs === 0 || end < query.toUnixMs));
  /** @template T @param {T[]} values @returns {T[]} */
  const cutTo = (values) => values.filter((_, column) => kept[column]);
  const answer = { ...matrix };
  for (const name of PER_COLUMN) if (Array.isArray(matrix[name])) answer[name] = cutTo(matrix[name]);
  /** @type {any[]} */
  const rows = matrix.rows.filter(overlaps(query.start ?? "", query.end ?? "")).map((/** @type {any} */ row) => ({ ...row, values: cutTo(row.values) }));
  const values = cutTo(matrix.cut.values);
  answer.cut = { rows: matrix.cut.rows, values };
  answer.rows = rows;
  if (rows.length <= query.rows) return answer;
  // The most active stay, ties by their names, in the order they have.
  const ranked = rows.map((row) => ({ row, total: sum(row.values) })).sort((a, b) => b.total - a.total || (a.row.bucket_id < b.row.bucket_id ? -1 : 1));
  const left = new Set(ranked.slice(query.rows).map((one) => one.row));
  answer.rows = rows.filter((row) => !left.has(row));
  answer.cut = { rows: matrix.cut.rows + left.size, values: values.map((value, column) => value + sum([...left].map((row) => row.values[column]))) };
  return answer;
}

/** A source of answers like the server's API, which needs no token. */
export class Recorded {
  /** @param {Answers} answers */
  constructor(answers) {
    this.answers = answers;
  }

  /** What is shown first. @returns {string} */
  get series() {
    return this.answers.series;
  }

  /** @returns {boolean} */
  get hasToken() {
    return false;
  }

  /** @param {string | null} _token @returns {void} */
  setToken(_token) {}

  /** @param {AbortSignal} _signal @returns {Promise<any>} */
  async status(_signal) {
    return this.answers.status;
  }

  /** Nothing but the picture is in the file. @returns {Promise<any>} */
  async events() {
    return null;
  }

  /** @returns {Promise<any>} */
  async top() {
    return null;
  }

  /** @returns {Promise<any>} */
  async names() {
    return null;
  }

  /** @returns {Promise<any>} */
  async cell() {
    return null;
  }

  /** @returns {Promise<any>} */
  async hotKeys() {
    throw new ApiFailure("refused", "in_file", "the file has no keys");
  }

  /** @param {import("./api.js").MatrixQuery} query the axis is the file's @param {AbortSignal} _signal @returns {Promise<any>} */
  async matrix(query, _signal) {
    const matrix = this.answers.matrices[query.series];
    if (matrix === undefined) throw new Error(`the file has no series ${query.series}`);
    return answerOf(matrix, query);
  }
}

/** @returns {Recorded | null} the answers in this page; null where it comes from a server */
export function recordedHere() {
  const text = document.getElementById("recorded")?.textContent;
  return text ? new Recorded(JSON.parse(text)) : null;
}
