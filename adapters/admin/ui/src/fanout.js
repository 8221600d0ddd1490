// @ts-check
/** Which nodes a picture is made of, where a coordinator asked several, and what is to be said of them. */

import { textOfWords } from "./key.js";

/** `absentMs` is from where to where it does not cover what others do. @typedef {{node: string, ok: boolean, state: string, error: string, warnings: string[], absentMs: [number, number][]}} NodeAnswer */
/** `superseded` is what the leader rule left out. @typedef {{nodes: NodeAnswer[], responded: number, expected: number, superseded: number}} Fanout */

/** More than any cluster of a picture has. */
const MOST = 4096;
/** The warning of a node that is in the picture, but not there at present. */
const AWAY = "away";
/** Nodes named in a line; the others are counted. */
const NAMED = 4;

/** What a node's state means. @type {Record<string, string>} */
const STATES = {
  unreachable: "nobody answers there", timed_out: "no answer in time", refused: "it refused the coordinator", busy: "busy",
  disabled: "switched off there", invalid: "its answer could not be read", failed: "failed",
};
/** What a warning means. @type {Record<string, string>} */
const WARNINGS = {
  mixed_write_merge: "counts writes in another way than the others, so all went by the leader rule",
  catalog_divergence: "has other bounds for a range than the node before it; its counts are shown under the other's",
  left_out: "did not say its step and had no room in the merge: it is left out",
  peer_rows_capped: "had more rows than it gave: what it cut is in no row",
};

/** @param {any} fanout @returns {Fanout | null} null where one node answered for itself */
export function decodeFanout(fanout) {
  if (fanout === null || typeof fanout !== "object" || !Array.isArray(fanout.nodes) || fanout.nodes.length > MOST) return null;
  const count = (/** @type {unknown} */ value) => (typeof value === "number" && value >= 0 ? value : 0);
  const text = (/** @type {unknown} */ value) => (typeof value === "string" ? textOfWords(value) : "");
  return {
    nodes: fanout.nodes.map((/** @type {any} */ one) => ({
      node: text(one?.node), ok: one?.ok === true, state: text(one?.state), error: text(one?.error), warnings: Array.isArray(one?.warnings) ? one.warnings.map(text) : [], absentMs: pairs(one?.absent_unix_ms),
    })),
    responded: count(fanout.responded), expected: count(fanout.expected), superseded: count(fanout.writes_superseded),
  };
}

/** @param {unknown} list instants, two by two @returns {[number, number][]} */
function pairs(list) {
  if (!Array.isArray(list) || !list.every((one) => typeof one === "number")) return [];
  return Array.from({ length: Math.floor(list.length / 2) }, (_, i) => [list[2 * i], list[2 * i + 1]]);
}

/** @param {Fanout} fanout @param {{startMs: number, endMs: number}} column @returns {string[]} the nodes that do not cover a column */
export function lackingNodes(fanout, column) {
  const absent = (/** @type {NodeAnswer} */ node) => !node.ok || node.absentMs.some(([from, to]) => from < column.endMs && column.startMs < to);
  return fanout.nodes.filter(absent).map((node) => node.node);
}

/** @param {readonly string[]} names @returns {string} as many as stand in a line */
export function namedText(names) {
  return names.slice(0, NAMED).join(", ") + (names.length > NAMED ? ` and ${names.length - NAMED} more` : "");
}

/**
 * @param {Fanout} fanout @param {(fromMs: number, toMs: number) => string} span
 * @returns {string} which nodes that are in the picture were away, and when last
 */
export function awayText(fanout, span) {
  const nodes = fanout.nodes.filter((node) => node.ok && node.absentMs.length > 0);
  const words = nodes.slice(0, NAMED).map((node) => {
    const [fromMs, toMs] = node.absentMs[node.absentMs.length - 1];
    const before = node.absentMs.length > 1 ? ` and ${node.absentMs.length === 2 ? "once" : `${node.absentMs.length - 1} times`} before` : "";
    const why = node.warnings.includes(AWAY) ? `, and still is (${node.error !== "" ? node.error : "no reason given"})` : "";
    return `${node.node} was away ${span(fromMs, toMs)}${before}${why}`;
  });
  return words.join("; ") + (nodes.length > NAMED ? `; and ${nodes.length - NAMED} more` : "");
}

/** @param {Fanout} fanout @returns {number} the nodes that are in the picture, and not there any more */
export function awayNow(fanout) {
  return fanout.nodes.filter((node) => node.ok && node.warnings.includes(AWAY)).length;
}

/** @param {Fanout} fanout @returns {string} which nodes are not in the picture, and why */
export function absentText(fanout) {
  const absent = fanout.nodes.filter((node) => !node.ok);
  const words = absent.slice(0, NAMED).map((node) => `${node.node} (${node.error !== "" ? node.error : (STATES[node.state] ?? "no answer")})`);
  const more = absent.length > NAMED ? `, and ${absent.length - NAMED} more` : "";
  return `${words.join(", ")}${more}`;
}

/** @param {Fanout} fanout @returns {string} what the merge had to say of nodes that answered; empty where nothing */
export function warningsText(fanout) {
  const words = fanout.nodes.flatMap((node) => node.warnings.filter((warning) => warning !== AWAY).map((warning) => `${node.node} ${WARNINGS[warning] ?? warning}`));
  const more = words.length > NAMED ? `; and ${words.length - NAMED} more` : "";
  return `${words.slice(0, NAMED).join("; ")}${more}`;
}
