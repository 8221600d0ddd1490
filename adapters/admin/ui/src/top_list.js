// @ts-check
/** The answer of `/top`, checked: the hottest ranges of the newest window. */

import { bytesOfBase64, textOfWords } from "./key.js";

/** @typedef {{startMs: number, endMs: number, coversMs: number, state: string, total: number, rate: number}} TopWindow */
/** One of several nodes, with its share of what all of them counted in a row. @typedef {{node: string, share: number}} TopNode */
/**
 * `route` is a text, as ids may exceed 2^53. `beforeRate` is null where nothing is known of before. `nodes` are those that
 * counted most, of `nodeCount`; null where one node answered for itself.
 * @typedef {{bucketId: string, route: string, aggregate: boolean, start: Uint8Array, end: Uint8Array | null, group: number, term: number,
 *   value: number, rate: number, share: number, beforeRate: number | null, name: string | null, split: string | null,
 *   estimated: boolean, nodes: TopNode[] | null, nodeCount: number}} TopRow
 */
/**
 * `ownRanges`: keyviz made the ranges, and their ids name nothing that anybody knows. `redaction` is what the server left
 * out of the keys; empty where it shows them whole.
 * @typedef {{series: string, now: TopWindow | null, before: TopWindow | null, ranges: number, ownRanges: boolean, redaction: string, rows: TopRow[]}} TopList
 */

/** More than any server answers. */
const MOST = 1024;
/** More than any server names in a row. */
const MOST_NODES = 64;

/** An answer that is not what the wire's description says. */
export class TopError extends Error {}

/** @param {unknown} value @param {string} name @returns {number} */
function count(value, name) {
  if (typeof value !== "number" || !(value >= 0) || !Number.isFinite(value)) throw new TopError(`/top: ${name} is no count`);
  return value;
}

/** @param {any} window @returns {TopWindow | null} */
function decodeWindow(window) {
  if (window === null || window === undefined) return null;
  return {
    startMs: count(window.start_unix_ms, "start_unix_ms"), endMs: count(window.end_unix_ms, "end_unix_ms"), coversMs: count(window.covers_ms, "covers_ms"),
    state: String(window.state ?? ""), total: count(window.total, "total"), rate: count(window.rate, "rate"),
  };
}

/** @param {any} nodes @returns {TopNode[] | null} */
function decodeNodes(nodes) {
  if (nodes === null || nodes === undefined) return null;
  if (!Array.isArray(nodes) || nodes.length > MOST_NODES) throw new TopError("/top: nodes is not a list");
  return nodes.map((one) => ({ node: textOfWords(typeof one?.node === "string" ? one.node : ""), share: count(one?.share, "a node's share") }));
}

/** @param {any} row @returns {TopRow} */
function decodeRow(row) {
  if (row === null || typeof row !== "object" || typeof row.bucket_id !== "string") throw new TopError("/top: a row has no bucket_id");
  /** @param {unknown} bound @returns {Uint8Array | null} */
  const bound = (bound) => {
    if (bound === null || bound === undefined) return null;
    if (typeof bound !== "string") throw new TopError("/top: a bound is not base64");
    try {
      return bytesOfBase64(bound);
    } catch {
      throw new TopError("/top: a bound is not base64");
    }
  };
  const text = (/** @type {unknown} */ value) => (typeof value === "string" && value !== "" ? value : null);
  const nodes = decodeNodes(row.nodes);
  return {
    bucketId: row.bucket_id, route: text(row.route_id) ?? "", aggregate: row.aggregate === true, start: bound(row.start) ?? new Uint8Array(0), end: bound(row.end),
    group: count(row.raft_group_id ?? 0, "raft_group_id"), term: count(row.leader_term ?? 0, "leader_term"), value: count(row.value, "value"), rate: count(row.rate, "rate"),
    share: count(row.share, "share"), beforeRate: row.before_rate === null || row.before_rate === undefined ? null : count(row.before_rate, "before_rate"),
    name: row.name ? textOfWords(String(row.name)) : null, split: text(row.split),
    estimated: row.estimated === true, nodes, nodeCount: Math.max(nodes?.length ?? 0, count(row.node_count ?? 0, "node_count")),
  };
}

/** @param {any} body parsed JSON @returns {TopList} @throws {TopError} */
export function decodeTop(body) {
  if (body === null || typeof body !== "object" || !Array.isArray(body.rows) || body.rows.length > MOST) throw new TopError("/top: rows is not a list");
  return {
    series: String(body.series ?? ""), now: decodeWindow(body.now), before: decodeWindow(body.before), ranges: count(body.ranges ?? body.rows.length, "ranges"),
    ownRanges: body.own_ranges === true, redaction: typeof body.redaction === "string" ? body.redaction : "", rows: body.rows.map(decodeRow),
  };
}

/** How a rate moved. `way` is 0 where it stands, null where nothing is known. @typedef {{way: -1 | 0 | 1 | null, text: string}} Change */

/** @param {TopRow} row @returns {Change} against the window before: percent, or a factor where it is more than threefold */
export function changeOf({ rate, beforeRate }) {
  if (beforeRate === null) return { way: null, text: "not known" };
  if (beforeRate === 0) return { way: 1, text: "from 0" };
  const ratio = rate / beforeRate;
  if (Math.abs(ratio - 1) < 0.005) return { way: 0, text: "steady" };
  if (ratio >= 3) return { way: 1, text: `×${ratio >= 10 ? Math.round(ratio) : ratio.toFixed(1)}` };
  const percent = Math.max(1, Math.round(Math.abs(ratio - 1) * 100));
  return { way: ratio > 1 ? 1 : -1, text: `${ratio > 1 ? "+" : "−"}${percent} %` };
}
