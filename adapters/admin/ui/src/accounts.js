// @ts-check
/** What the picture holds and what it leaves out, in numbers: a picture never looks complete when it is not. */

import { awayNow } from "./fanout.js";
import { formatAmount, formatCount, formatDuration, formatMemory, formatShare } from "./number.js";
import { instantText } from "./time_text.js";
import { fact } from "./dom.js";

/** @typedef {{name: string, value: string, warn?: boolean}} Account */

/** @param {import("./matrix.js").Matrix} matrix @returns {Account} */
function columnAccount(matrix) {
  const count = (/** @type {string} */ state) => matrix.columns.filter((column) => column.state === state).length;
  const [late, open] = [count("late"), count("open")];
  // Neighbouring windows that are missing are one gap to a reader.
  const gaps = matrix.columns.filter((column, i) => column.state === "missing" && matrix.columns[i - 1]?.state !== "missing").length;
  const lacking = matrix.columns.filter((column) => column.lacksNode).length;
  const parts = [lacking > 0 ? `${lacking} lacking a node` : "", late > 0 ? `${late} late` : "", open > 0 ? `${open} open` : "", gaps > 0 ? `${gaps} ${gaps === 1 ? "gap" : "gaps"}` : ""]
    // A line breaks between parts, never within one.
    .filter((part) => part !== "").map((part) => part.replaceAll(" ", "\u00a0"));
  const recorded = matrix.columns.length - count("missing");
  return { name: "Columns", value: formatCount(recorded) + (parts.length > 0 ? ` (${parts.join(", ")})` : ""), warn: gaps > 0 || late > 0 || lacking > 0 };
}

/** @param {import("./fanout.js").Fanout} fanout @returns {Account} how many are in the picture, and how many of these are gone since */
export function nodesAccount(fanout) {
  const away = awayNow(fanout);
  return {
    name: "Nodes", value: `${formatCount(fanout.responded)} of ${formatCount(fanout.expected)}${away > 0 ? ` (${formatCount(away)} away now)` : ""}`,
    warn: away > 0 || fanout.responded < fanout.expected,
  };
}

/**
 * @param {import("./picture.js").Picture} picture @param {import("./status.js").Status} status
 * @param {import("./series.js").Series} series @param {import("./time_text.js").TimeStyle} style @returns {Account[]}
 */
export function accountsOf(picture, status, series, style) {
  const { matrix, view } = picture;
  const whole = matrix.rowsTotal + matrix.cutTotal + matrix.unattributedTotal;
  const amount = (/** @type {number} */ value) => (series.isBytes ? formatAmount(value, true) : formatCount(value));
  const estimates = matrix.estimates > 0 ? `${formatCount(matrix.estimates)} of ${formatCount(matrix.values.length)}` : "none";
  const rows = matrix.cutRows > 0 ? `${formatCount(matrix.rows.length)} of ${formatCount(matrix.rows.length + matrix.cutRows)}` : formatCount(matrix.rows.length);
  /** @type {Account[]} */
  const accounts = [
    { name: matrix.rows[0]?.isRange ? "Ranges" : "Rows", value: rows, warn: matrix.cutRows > 0 },
    ...(matrix.rows[0]?.isRange ? [{ name: "Estimated cells", value: estimates, warn: matrix.estimates > 0 }] : []),
    { name: `Shown ${series.unit}`, value: amount(matrix.rowsTotal) },
    ...(matrix.rows[0]?.isRange ? [] : [{ name: "In rows cut", value: matrix.cutTotal > 0 ? `${amount(matrix.cutTotal)} (${formatShare(matrix.cutTotal, whole)})` : "none", warn: matrix.cutTotal > 0 }]),
    { name: "Unknown routes", value: matrix.unattributedTotal > 0 ? `${amount(matrix.unattributedTotal)} (${formatShare(matrix.unattributedTotal, whole)})` : "none", warn: matrix.unattributedTotal > 0 },
    ...(matrix.fanout !== null ? [nodesAccount(matrix.fanout)] : []),
    ...(matrix.fanout !== null && matrix.fanout.superseded > 0 ? [{ name: "Left to leaders", value: amount(matrix.fanout.superseded) }] : []),
    ...(matrix.conflicts > 0 ? [{ name: "Cells in conflict", value: formatCount(matrix.conflicts), warn: true }] : []),
    ...(matrix.lacking > 0 ? [{ name: "Cells lacking a node", value: formatCount(matrix.lacking), warn: true }] : []),
    columnAccount(matrix),
    { name: "Step", value: formatDuration(matrix.stepMs) },
  ];
  if (status.historyFromMs !== null) accounts.push({ name: "History from", value: instantText(status.historyFromMs, style) });
  if (view.clipped) accounts.push({ name: "Time shown", value: "all that is kept" });
  if (status.memoryBytes > 0) accounts.push({ name: "Sampler memory", value: formatMemory(status.memoryBytes) });
  return accounts;
}

/** @param {HTMLElement} into @param {readonly Account[]} accounts @returns {void} */
export function drawAccounts(into, accounts) {
  into.replaceChildren(...accounts.map(({ name, value, warn }) => fact(name, value, { warn })));
}
