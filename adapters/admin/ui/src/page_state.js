// @ts-check
/**
 * What the page says, by one rule over all it knows. The first message may stand in place of the picture (`blocks`);
 * all others are lines above it. Each says what is the case and what to do next.
 */

import { formatCount, formatDuration, formatShare } from "./number.js";
import { linkNotes, redactionNotes } from "./redaction.js";
import { observedOps, unattributedOps } from "./status.js";
import { absentText, awayText, warningsText } from "./fanout.js";
import { SERIES, seriesOf } from "./series.js";
import { spanText } from "./time_text.js";

/** @typedef {{do: "series", label: string, series: import("./series.js").SeriesName} | {do: "all" | "all_keys" | "all_labels" | "undo" | "retry" | "resume", label: string}} Action */
/** `countdownMs` is a server time to count down to. `code` is something to type. */
/** @typedef {{kind: string, blocks: boolean, title: string, text: string, next: string, code?: string, action?: Action, countdownToMs?: number, asksToken?: boolean}} Message */
/** @typedef {{kind: import("./api.js").FailureKind, code: string, message: string}} Failure */
/**
 * `askedMs` is the absolute time asked for, null while the picture follows a range. `loadElsewhere` is a series that
 * has load in this view, null where none has, undefined while that is not known. `askedKeys` are the bounds asked for.
 * `part` is what of the map is looked at: whether not all keys, the only label, whether there is a way back.
 * @typedef {{status: import("./status.js").Status | null, matrix: import("./matrix.js").Matrix | null, failure: Failure | null,
 *   series: string, host: string, lastAnswerMs: number | null, hereMs: number, hadToken: boolean, askedMs: [number, number] | null, askedKeys?: readonly (Uint8Array | null)[],
 *   range: string, style: import("./time_text.js").TimeStyle, loadElsewhere: import("./series.js").SeriesName | null | undefined, part: {keys: boolean, label: string, canUndo: boolean}}} Known
 */

/** The code of a failure that is the page's own: an answer that is not what the wire's description says. */
export const GARBLED = "garbled";
/** Below this share of unknown routes the side panel says it, without a line above the picture. */
const WORTH_A_LINE = 0.005;

/** @param {Known} known @returns {Message[]} a blocking message, if any, first */
export function messagesFor(known) {
  const failed = known.failure === null ? null : failureMessage(known, known.failure);
  if (failed?.blocks) return [failed];
  const lines = failed === null ? [] : [failed];
  const { status, matrix } = known;
  if (status === null) return [connecting(known)];
  if (!status.enabled) return [disabled()];
  if (matrix === null) return failed === null ? [connecting(known)] : lines;
  const blocking = blockingMessage(known, status, matrix);
  const links = linkNotes(known.askedKeys ?? [], status.redaction);
  return blocking === null ? [...lines, ...links, ...notesFor(known, status, matrix)] : [blocking, ...lines, ...links];
}

/** @param {Known} known @returns {Message} */
function connecting(known) {
  return {
    kind: "connecting", blocks: true, title: "Connecting", text: `Asking ${known.host} for its picture.`,
    next: "This takes a moment. If it lasts, check that the process is running and that this is its address.",
  };
}

/** @returns {Message} */
function disabled() {
  return {
    kind: "disabled", blocks: true, title: "keyviz is switched off here",
    text: "This process runs without a sampler: nothing is counted, and nothing is spent on its hot path.",
    next: "To see its load, restart it with keyviz enabled:", code: "--keyviz-enabled   or   KEYVIZ_ENABLED=true",
  };
}

/** @param {number} ms @returns {string} in whole seconds, as it is counted up */
const ageText = (ms) => (ms < 1000 ? "less than a second" : formatDuration(Math.floor(ms / 1000) * 1000));

/** @param {Known} known @param {Failure} failure @returns {Message} */
function failureMessage(known, failure) {
  const pictured = known.matrix !== null && known.matrix.columns.length > 0;
  if (failure.kind === "unauthorized") {
    return {
      kind: "unauthorized", blocks: true, asksToken: true,
      title: known.hadToken ? "The server refused this token" : "This server asks for a token",
      text: known.hadToken ? "It may have been mistyped, or replaced since." : "Its address is open to others than this machine, so it shows load only to those who hold the token.",
      next: "Paste the content of the file named by --admin-token-file. It is kept in this page's memory only, and forgotten on reload.",
    };
  }
  if (failure.kind === "disabled") return disabled();
  if (failure.code === "redacted") {
    return {
      kind: "redacted_whole", blocks: true, title: "Keys are redacted on this server",
      text: "What was asked for would show whole keys, and it shows them to no token.", next: "Whoever runs the process decides that, with --admin-redaction.",
    };
  }
  if (failure.code === "invalid_query" && failure.message.includes("keys are redacted")) {
    return {
      kind: "link_refused", blocks: true, title: "This link names keys that you are not shown", text: `The server does not take them: ${failure.message.replace(/^(start|end): /, "")}.`,
      next: "Show all keys, or use a token of the role full.", action: { do: "all_keys", label: "Show all keys" },
    };
  }
  if (failure.code === "forbidden" || failure.code === "forbidden_role") {
    return {
      kind: "forbidden", blocks: true, asksToken: true, title: "This token does not open this",
      text: `It said: ${failure.message}.`, next: "A token of the role full is in the file named by --admin-token-file; whoever runs the process has it.",
    };
  }
  const age = known.lastAnswerMs === null ? "" : `Its last answer is ${ageText(known.hereMs - known.lastAnswerMs)} old. `;
  /** @type {Action} */
  const action = { do: "retry", label: "Ask again now" };
  if (failure.kind === "busy") {
    return {
      kind: "busy", blocks: !pictured, title: "The server is busy", text: `${age}It asked to be left alone for a moment (${failure.message}).`,
      next: "The page asks again by itself, less often.", action,
    };
  }
  if (failure.code === GARBLED) {
    return {
      kind: "garbled", blocks: !pictured, title: "The server's answer is not understood", text: `${age}${failure.message}.`,
      next: "The page and the server may be of different versions: reload the page.", action,
    };
  }
  if (failure.kind === "refused") {
    const foreign = failure.code === "forbidden_host";
    return {
      kind: "refused", blocks: !pictured, title: foreign ? "The server does not answer to this name" : "The server refused the request",
      text: `${age}It said: ${failure.message}.`.replace("..", "."),
      next: foreign ? "Open it by a loopback name, or add this one to --admin-allowed-hosts." : "The page asks again by itself. The server's log may say more.", action,
    };
  }
  return {
    kind: "gone", blocks: !pictured, title: "The server is gone", action,
    text: pictured ? `${age}What you see is the last picture, and it no longer changes.` : `${known.host}: ${failure.message}. ${age}`.trim(),
    next: "The page asks again by itself. If this lasts, check that the process is still running, and the tunnel if there is one.",
  };
}

/** @param {Known} known @param {import("./status.js").Status} status @param {import("./matrix.js").Matrix} matrix @returns {Message | null} */
function blockingMessage(known, status, matrix) {
  const observed = observedOps(status);
  const recorded = matrix.columns.some((column) => column.state !== "missing");
  const sealed = matrix.columns.some((column) => column.state === "complete" || column.state === "late");
  if (matrix.rowsTotal > 0 || matrix.cutTotal > 0) return null;
  if (outside(known, status, recorded)) return outsideHistory(known, status);
  if (status.routes === 0) {
    return {
      kind: "no_routes", blocks: true, title: "No routes registered",
      text: `The sampler runs, but it has no key ranges to count into. ${observed === 0 ? "Nothing was observed so far." : `${formatCount(observed)} operations were observed; they are kept as unattributed.`}`,
      next: "Register the store's key ranges (regions, shards, partitions):", code: "sampler.register(RouteId(1), b\"a\", Some(b\"m\"), 0)?;",
    };
  }
  if (observed === 0 && status.mode !== "static" && status.ownRanges) {
    return {
      kind: "no_observations", blocks: true, title: "Nothing observed yet", text: "No operation was counted since the start.",
      next: "Send the store some requests: they appear by themselves. If it has load already, none of it reaches keyviz.",
    };
  }
  if (observed === 0 && status.mode !== "static") {
    return {
      kind: "no_observations", blocks: true, title: "Routes, but no observations",
      text: `${formatCount(status.routes)} ${status.routes === 1 ? "route is" : "routes are"} registered, and no operation was observed since the start.`,
      next: "Send the store some requests. If it has load already, call observe where a request is served:", code: "recorder.observe(route, Op::Read, key, value_len);",
    };
  }
  if (!sealed && status.historyFromMs === null && status.nextColumnMs !== null) {
    return {
      kind: "waiting", blocks: true, title: "Waiting for the first column", countdownToMs: status.nextColumnMs,
      text: `A column covers ${formatDuration(status.stepMs)}; the first one is being filled.`, next: "Nothing to do: the picture appears by itself.",
    };
  }
  if (matrix.unattributedTotal > 0 || (observed > 0 && unattributedOps(status) >= observed)) {
    return unknownRoutes(status, matrix.unattributedTotal || unattributedOps(status), matrix.unattributedTotal || observed, true);
  }
  return noLoad(known);
}

/** @param {Known} known @param {import("./status.js").Status} status @param {boolean} recorded @returns {boolean} whether nothing is kept for the time asked */
function outside(known, status, recorded) {
  if (recorded || known.askedMs === null) return false;
  const [from, to] = known.askedMs;
  return status.historyFromMs === null || to <= status.historyFromMs || from >= status.nowMs || from >= status.lastFlushMs;
}

/** @param {Known} known @param {import("./status.js").Status} status @returns {Message} */
function outsideHistory(known, status) {
  const [from, to] = known.askedMs ?? [0, 0];
  const kept = status.historyFromMs === null ? "No column is kept yet." : `Kept: ${spanText(status.historyFromMs, Math.floor(status.lastFlushMs / 1000) * 1000, known.style)}.`;
  return {
    kind: "outside", blocks: true, title: "Nothing is kept for this time", text: `Asked: ${spanText(from, to, known.style)}. ${kept}`,
    next: "Older columns were dropped to stay within the memory budget, or the process had not started.", action: { do: "all", label: "Show all history" },
  };
}

/** @param {Known} known @returns {Message} */
function noLoad(known) {
  const series = seriesOf(known.series);
  const other = known.loadElsewhere;
  const offered = SERIES.find((one) => one.name === other);
  const { keys, label } = known.part;
  const what = `${series.name === "ops" ? "operations" : series.title.toLowerCase()}${label === "" ? "" : ` of ${label}`}`;
  const title = `No ${what} in this ${keys ? "part of the map" : "time"}`;
  if (offered !== undefined) {
    return {
      kind: "no_load", blocks: true, title, text: `Nothing of this series was counted here, but there are ${offered.title.toLowerCase()}.`,
      next: "Look at that instead:", action: { do: "series", label: `Show ${offered.title.toLowerCase()}`, series: offered.name },
    };
  }
  const none = keys || label !== "" ? "No series has load here." : "No series has load in this time: the store was idle.";
  const [next, action] = wayOut(known);
  return { kind: "no_load", blocks: true, title, text: other === undefined ? "Looking whether another series has load." : none, next, ...(action === null ? {} : { action }) };
}

/** @param {Known} known @returns {[string, Action | null]} where there may be load, nearest first */
function wayOut({ range, part }) {
  if (part.canUndo) return ["Go back to what was shown before:", { do: "undo", label: "One step back" }];
  if (part.label !== "") return ["Look at the traffic of all labels:", { do: "all_labels", label: "Show all labels" }];
  if (part.keys) return ["Look at all keys:", { do: "all_keys", label: "Show all keys" }];
  if (range === "all") return ["Send the store some requests; they appear with the next column.", null];
  return ["Look at a longer time:", { do: "all", label: "Show all history" }];
}

/** @param {import("./status.js").Status} status @param {number} part @param {number} whole @param {boolean} blocks @returns {Message} */
function unknownRoutes(status, part, whole, blocks) {
  return {
    kind: "unknown_routes", blocks, title: `${formatShare(part, whole)} of observations hit unknown routes`,
    text: "They are counted, but belong to no row, as their route was not registered when they happened.",
    next: `Register each route before its first observation, and use the same id in both places (${formatCount(status.routes)} registered now).`,
  };
}

/** @param {import("./matrix.js").Matrix} matrix @param {import("./time_text.js").TimeStyle} style @returns {Message[]} what a picture of several nodes has to say before anything else */
function nodeNotes({ fanout, conflicts, columns }, style) {
  /** @type {Message[]} */
  const notes = [];
  if (fanout !== null && fanout.responded < fanout.expected) {
    notes.push({
      kind: "partial", blocks: false, title: `${formatCount(fanout.expected - fanout.responded)} of ${formatCount(fanout.expected)} nodes are not in this picture`,
      text: `${absentText(fanout)}.`, next: "What they counted is lacking in every number here. The page asks again by itself.",
    });
  }
  const lacking = columns.filter((column) => column.lacksNode).length;
  const away = fanout === null ? "" : awayText(fanout, (fromMs, toMs) => spanText(fromMs, toMs, style));
  if (lacking > 0 && away !== "") {
    notes.push({
      kind: "lacking_nodes", blocks: false, title: `${formatCount(lacking)} ${lacking === 1 ? "column lacks" : "columns lack"} a node`,
      text: `${away}.`, next: "What it took then is in no number here; the strip above the picture marks these columns.",
    });
  }
  if (conflicts > 0) {
    notes.push({
      kind: "conflict", blocks: false, title: `Nodes contradict one another in ${formatCount(conflicts)} ${conflicts === 1 ? "cell" : "cells"}`,
      text: "They are latticed, and show the greatest value.", next: "A write is to be observed once, by the leader: see that no follower observes it, too.",
    });
  }
  const warnings = fanout === null ? "" : warningsText(fanout);
  if (warnings !== "") notes.push({ kind: "node_warnings", blocks: false, title: "Merged with reservations", text: `${warnings}.`, next: "" });
  return notes;
}

/** @param {Known} known @param {import("./status.js").Status} status @param {import("./matrix.js").Matrix} matrix @returns {Message[]} */
function notesFor(known, status, matrix) {
  /** @type {Message[]} */
  const notes = nodeNotes(matrix, known.style);
  const whole = matrix.rowsTotal + matrix.cutTotal + matrix.unattributedTotal;
  if (matrix.unattributedTotal > whole * WORTH_A_LINE) notes.push(unknownRoutes(status, matrix.unattributedTotal, whole, false));
  const sealed = matrix.columns.some((column) => column.state === "complete" || column.state === "late");
  if (!sealed && status.historyFromMs === null && status.nextColumnMs !== null && known.failure === null) {
    notes.push({
      kind: "filling", blocks: false, title: "The first column is being filled", countdownToMs: status.nextColumnMs,
      text: "What is hatched still grows.", next: "Nothing to do.",
    });
  }
  if (status.routes === 0 && known.failure === null) {
    notes.push({ kind: "no_routes_left", blocks: false, title: "No routes are registered any more", text: "This is what was counted before.", next: "Register routes to count into." });
  }
  notes.push(...redactionNotes(status));
  return notes;
}
