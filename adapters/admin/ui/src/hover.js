// @ts-check
/** The detail of one cell: rate, count, time, key range, route. Keys are text, never markup. */

import { button, copyButton, fact, make } from "./dom.js";
import { lackingNodes, namedText } from "./fanout.js";
import { formatAmount, formatCount, formatDuration } from "./number.js";
import { formatKey, textOfEnd, textOfStart } from "./key_format.js";
import { shortened } from "./key.js";
import { spanText } from "./time_text.js";
import { CONFLICT, ESTIMATED, LACKING, widthSeconds } from "./matrix.js";
import { rowOverTime } from "./sums.js";
import { sparkline } from "./sparkline.js";
import { unitFor } from "./series.js";

/** @typedef {import("./picture.js").Picture} Picture */
/** @typedef {import("./heatmap.js").Picked} Picked */
/** @typedef {import("./time_text.js").TimeStyle} TimeStyle */
/** @typedef {import("./series.js").Series} Series */

/** @type {WeakMap<HTMLElement, string>} */
const held = new WeakMap();

/** What did not change stays in place, so that a selection lasts and a press on a button is not lost to a refresh. @param {HTMLElement} into @param {string} content @returns {boolean} */
function changed(into, content) {
  if (held.get(into) === content) return false;
  held.set(into, content);
  return true;
}

/** @type {Record<import("./matrix.js").ColumnState, string>} */
const STATE_TEXT = { complete: "complete", open: "open, still growing", late: "late: covers more than its step", missing: "gap: not recorded" };

/** @param {Picture} picture @param {Picked} picked @returns {boolean} whether the cell's value is a share of what was counted under wider bounds */
const isEstimate = (picture, picked) => ((picture.matrix.marks?.[picked.row * picture.matrix.columns.length + picked.column] ?? 0) & ESTIMATED) !== 0;

/** @param {Picture} picture @param {Picked} picked @param {Series} series @returns {{rate: string, exact: string}} */
export function cellNumbers(picture, picked, series) {
  const column = picture.matrix.columns[picked.column];
  const at = picked.row * picture.matrix.columns.length + picked.column;
  if (column.state === "missing") return { rate: "not recorded", exact: "A gap is not a zero: nothing is known of this time." };
  const covered = formatDuration(widthSeconds(column) * 1000);
  const rate = picture.matrix.rates[at];
  const unit = series.isBytes ? "/s" : ` ${series.unit}/s`;
  const about = isEstimate(picture, picked) ? "about " : "";
  const value = picture.matrix.values[at];
  return { rate: about + formatAmount(rate, series.isBytes) + unit, exact: `${about}${formatCount(value)} ${unitFor(series.unit, value)} in ${covered}` };
}

/** @param {string} head @param {string} text @param {string | null} copied what the button copies; null where there is no key @returns {HTMLElement} */
function bound(head, text, copied) {
  const top = make("div", { class: "head" }, head);
  if (copied !== null) top.append(copyButton("Copy", `the key ${head}`, copied));
  return make("div", { class: "bound" }, top, make("code", { class: copied === null ? "key none" : "key", text: shortened(text) }));
}

/** @param {Picture} picture @param {Picked} picked @returns {[string, string][]} what is to be said of the row, and of it in this column */
function rowFacts(picture, picked) {
  const row = picture.matrix.rows[picked.row];
  /** @type {[string, string][]} */
  const facts = row.name === null ? [] : [["Name", row.name]];
  facts.push(row.isRange ? ["Routes here", formatCount(row.routeCount)] : [row.route === null ? "Row" : "Route", row.route ?? row.bucketId]);
  if (row.aggregate) facts.push(["Stands for", `${formatCount(row.routeCount)} routes together`]);
  if (row.subBucket !== null) facts.push(["Sub-bucket", row.subBucket]);
  if (row.label !== null) facts.push(["Label", row.label]);
  const [group, term] = [row.groups?.[picked.column] ?? 0, row.terms?.[picked.column] ?? 0];
  if (group > 0) facts.push(["Group", term > 0 ? `${idText(group)}, term ${idText(term)}` : idText(group)]);
  if (row.draining) facts.push(["State", "removed, draining"]);
  const mark = picture.matrix.marks?.[picked.row * picture.matrix.columns.length + picked.column] ?? 0;
  if (row.conflict) facts.push(["Nodes", (mark & CONFLICT) !== 0 ? "disagree here; this is the greatest value" : "disagree on other cells of this row"]);
  return facts;
}

/** @param {number} id @returns {string} digits without grouping; what a double no longer holds says so */
const idText = (id) => (id > Number.MAX_SAFE_INTEGER ? `about ${id}` : String(id));

/** @param {Picture} picture @param {Picked} picked @returns {[string, string][]} what is to be said of the cell alone */
function cellFacts(picture, picked) {
  const mark = picture.matrix.marks?.[picked.row * picture.matrix.columns.length + picked.column] ?? 0;
  /** @type {[string, string][]} */
  const facts = [];
  if ((mark & ESTIMATED) !== 0) facts.push(["Estimate", "counted under wider bounds, spread evenly over their keys"]);
  if ((mark & LACKING) !== 0) facts.push(["Lacking", "a node that has this row does not cover this time"]);
  const { fanout, columns } = picture.matrix;
  if (fanout !== null) {
    const column = columns[picked.column];
    const lacking = column.lacksNode ? lackingNodes(fanout, column) : [];
    const without = lacking.length > 0 ? `, without ${namedText(lacking)}` : "";
    facts.push(["Nodes then", `${formatCount(column.nodes)} of ${formatCount(fanout.expected)}${without}`]);
  }
  const others = picked.rowsHere * picked.columnsHere - 1;
  if (others > 0) facts.push(["Here", `hottest of ${formatCount(others + 1)} cells in this pixel`]);
  return facts;
}

/**
 * @param {HTMLElement} into @param {Picture} picture @param {Picked} picked @param {Series} series @param {TimeStyle} style
 * @param {import("./key_format.js").KeyFormat} format @param {(() => void) | null} letGo set where the cell is pinned @returns {void}
 */
export function drawCell(into, picture, picked, series, style, format, letGo) {
  const { columns, rows } = picture.matrix;
  const [row, column] = [rows[picked.row], columns[picked.column]];
  const { rate, exact } = cellNumbers(picture, picked, series);
  const facts = make("dl", { class: "facts" });
  const [fromMs, toMs] = column.state === "late" ? [column.coversFromMs, column.coversToMs] : [column.startMs, column.endMs];
  const perSecond = (/** @type {number} */ value) => `${formatAmount(value, series.isBytes)}${series.isBytes ? "/s" : ` ${series.unit}/s`}`;
  /** @type {[string, string][]} */
  const lines = [
    ["Time", spanText(fromMs, toMs, style)], ["Column", `${formatDuration(toMs - fromMs)}, ${STATE_TEXT[column.state]}`], ...rowFacts(picture, picked), ...cellFacts(picture, picked),
    ["All rows then", perSecond(picture.sums.columns[picked.column])], ["Row on average", perSecond(picture.sums.rows[picked.row])],
  ];
  for (const [name, value] of lines) facts.append(fact(name, value));
  const parts = [textOfStart(row.start, format), textOfEnd(row.end, format)];
  if (!changed(into, JSON.stringify([rate, exact, lines, parts, letGo === null]))) return;
  const head = letGo === null ? [] : [make("div", { class: "pinned-note" }, "pinned", button("Let go", letGo))];
  const line = sparkline(rowOverTime(picture.matrix, picked.row), picture.view, (fromMs + toMs) / 2, `This row over time, at most ${perSecond(mostOf(picture, picked.row))}`);
  into.replaceChildren(...head,
    make("div", { class: "rate", text: rate }), make("div", { class: "exact", text: exact }), line,
    bound("from key (inclusive)", parts[0], row.start.length === 0 ? null : formatKey(row.start, format)),
    bound("to key (exclusive)", parts[1], row.end === null ? null : formatKey(row.end, format)), facts);
}

/** @param {Picture} picture @param {number} row @returns {number} its greatest rate */
function mostOf({ matrix }, row) {
  const count = matrix.columns.length;
  return matrix.rates.subarray(row * count, (row + 1) * count).reduce((most, rate) => Math.max(most, rate), 0);
}

/** @param {HTMLElement} into @param {string} text @returns {void} */
export function drawNoCell(into, text) {
  if (!changed(into, text)) return;
  into.replaceChildren(make("p", { class: "muted", text }));
}

/** @param {Picture} picture @param {Picked} picked @param {Series} series @param {TimeStyle} style @param {import("./key_format.js").KeyFormat} format @returns {string} one sentence for a screen reader */
export function spokenCell(picture, picked, series, style, format) {
  const [row, column] = [picture.matrix.rows[picked.row], picture.matrix.columns[picked.column]];
  const { rate } = cellNumbers(picture, picked, series);
  return `${rate}, from ${shortened(textOfStart(row.start, format), 60)} to ${shortened(textOfEnd(row.end, format), 60)}, ${spanText(column.startMs, column.endMs, style)}, ${STATE_TEXT[column.state]}`;
}
