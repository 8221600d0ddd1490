// @ts-check
/** Rows under common prefixes: what all keys shown begin with, and the runs of rows that share the part after it. */

const SEPARATORS = "/:._-|#,; ";
/** A shorter part in common is not worth stating once. */
const LEAST = 4;
const LEAST_WORDLESS = 8;
/** Texts of up to so many characters are seen whole beside the picture. */
const SEEN_WHOLE = 16;

/** `from` inclusive, `to` exclusive: rows; `prefix` is the whole text that their keys begin with. @typedef {{from: number, to: number, prefix: string, title: string}} Group */

/**
 * @param {readonly string[]} texts @param {boolean} [wordless] whether long texts without a separator may be cut, too: a number may not
 * @returns {string} what they all begin with, up to a separator; empty where that is too short to be worth stating once
 */
export function sharedPrefix(texts, wordless = false) {
  if (texts.length < 2) return "";
  let shared = texts[0];
  for (const text of texts) {
    let length = 0;
    while (length < shared.length && shared[length] === text[length]) length += 1;
    shared = shared.slice(0, length);
  }
  let end = shared.length;
  while (end > 0 && !SEPARATORS.includes(shared[end - 1])) end -= 1;
  if (end >= LEAST) return shared.slice(0, end);
  return wordless && texts.some((text) => text.length > SEEN_WHOLE) ? wordlessPrefix(texts, shared) : "";
}

/** Of texts that are cut off at their ends one would see the part in which they do not differ. @param {readonly string[]} texts @param {string} shared what they all begin with @returns {string} never half a byte of hex, nor, where it can be helped, a part of a number */
function wordlessPrefix(texts, shared) {
  let part = shared;
  if (texts.every((text) => /^(0x)?([0-9a-f]{2})+$/.test(text))) part = shared.slice(0, shared.length - (shared.length % 2));
  else {
    const word = shared.replace(/\d+$/, "");
    if (word.length >= LEAST_WORDLESS) part = word;
  }
  part = wholeSigns(part);
  return part.length >= LEAST_WORDLESS ? part : "";
}

/** @param {string} text @returns {string} without what is begun at its end: half of a sign, or of an escaped byte */
function wholeSigns(text) {
  const open = /\\+(x[0-9a-f]?)?$/.exec(text);
  // Of two backslashes one is the other's escape.
  const slashes = open === null ? 0 : open[0].length - (open[1]?.length ?? 0);
  const whole = open !== null && slashes % 2 === 1 ? text.slice(0, open.index + slashes - 1) : text;
  return whole.replace(/[\uD800-\uDBFF]$/, "");
}

/** @param {string} text @param {number} from @returns {number} behind the next separator at or after `from`; -1 where there is none */
function segmentEnd(text, from) {
  for (let at = from; at < text.length; at += 1) if (SEPARATORS.includes(text[at])) return at + 1;
  return -1;
}

/** @param {Group[]} groups @param {number} row @param {string} prefix @param {string} title @returns {void} */
function extend(groups, row, prefix, title) {
  const last = groups.at(-1);
  if (last !== undefined && last.to === row && last.prefix === prefix && last.title === title) last.to = row + 1;
  else groups.push({ from: row, to: row + 1, prefix, title });
}

/**
 * Runs of two rows and more whose keys go on with the same part, up to a separator, after what all share. A run that
 * can be taken further (its rows share the part after that, too) is.
 * @param {readonly string[]} texts in order @param {number} shared how much of each all have in common @returns {Group[]}
 */
export function groupsByPrefix(texts, shared) {
  /** @type {Group[]} */
  const groups = [];
  texts.forEach((text, row) => {
    const end = segmentEnd(text, shared);
    const prefix = end < 0 ? "" : text.slice(0, end);
    extend(groups, row, prefix, prefix.slice(shared));
  });
  const runs = groups.filter((group) => group.prefix !== "" && group.to - group.from > 1);
  for (const run of runs) {
    for (;;) {
      const end = segmentEnd(texts[run.from], run.prefix.length);
      const longer = end < 0 ? "" : texts[run.from].slice(0, end);
      let all = longer !== "";
      for (let row = run.from; all && row < run.to; row += 1) all = texts[row].startsWith(longer);
      if (!all) break;
      run.prefix = longer;
      run.title = longer.slice(shared);
    }
  }
  return runs;
}

/** @param {readonly (string | null)[]} names of the rows @returns {Group[]} runs of rows of one name */
export function groupsByName(names) {
  /** @type {Group[]} */
  const groups = [];
  names.forEach((name, row) => {
    if (name !== null) extend(groups, row, "", name);
  });
  return groups;
}
