// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT } from "../../src/fragment.js";
import { brushed, exceeds, keysOf, panned, rebased, rowAt, wholeOf, within, zoomed } from "../../src/viewport.js";
import { decodeMatrix } from "../../src/matrix.js";
import { groupsByName, groupsByPrefix, sharedPrefix } from "../../src/key_groups.js";
import { pictureOf } from "../../src/picture.js";
import { pixelRows, rowSpan } from "../../src/layout.js";
import { base64, columns, matrix, random, wireRow } from "../support/answers.js";
import { bytesOfBase64url } from "../../src/key.js";

/** @param {readonly (string | null)[]} bounds @returns {import("../../src/picture.js").Picture} rows between them, over ten columns */
function picture(bounds) {
  const rows = bounds.slice(0, -1).map((start, i) => {
    const end = bounds[i + 1];
    return wireRow({ bucket_id: `route:${i}`, start: start === null ? null : base64(start), end: end === null ? null : base64(end), values: new Array(10).fill(1) });
  });
  const decoded = decodeMatrix(matrix(columns(10, () => "complete"), rows));
  return pictureOf(decoded, { fromMs: decoded.columns[0].startMs, toMs: decoded.columns[9].endMs, follows: true, clipped: false }, DEFAULT);
}

const whole = picture([null, "b", "c", "d", "e", null]);
const text = (/** @type {string} */ key) => Buffer.from(bytesOfBase64url(key) ?? []).toString();

test("a point that is zoomed about stays where it is, and no zoom ends in nothing", () => {
  const next = random(4);
  for (let i = 0; i < 500; i += 1) {
    const [x, y, factor] = [next(), next(), 0.2 + 2 * next()];
    const from = wholeOf(whole);
    const to = zoomed(from, whole, x, y, { time: factor, rows: factor });
    const at = (/** @type {import("../../src/viewport.js").Viewport} */ one) => [one.fromMs + x * (one.toMs - one.fromMs), one.top + y * (one.bottom - one.top)];
    at(to).forEach((value, axis) => assert.ok(Math.abs(value - at(from)[axis]) < 1e-3));
  }
  let small = wholeOf(whole);
  for (let i = 0; i < 60; i += 1) small = zoomed(small, whole, 0.3, 0.7, { time: 0.5, rows: 0.5 });
  assert.deepEqual([small.toMs - small.fromMs, Math.round(1000 * (small.bottom - small.top))], [2 * whole.matrix.stepMs, 1000]);
});

test("a view is moved into what there is, or cut to it", () => {
  const [oldest, newest] = [whole.view.fromMs, whole.view.toMs];
  const left = within(panned(brushed(wholeOf(whole), { x0: 0, x1: 0.5, y0: 0, y1: 0.4 }), -1, -1), oldest, newest, 5);
  assert.deepEqual([left.fromMs, left.toMs, left.top, left.bottom], [oldest, oldest + (newest - oldest) / 2, 0, 2]);
  assert.deepEqual(within(zoomed(wholeOf(whole), whole, 0.5, 0.5, { time: 9, rows: 9 }), oldest, newest, 5), wholeOf(whole));
  assert.equal(exceeds(wholeOf(whole), whole), false);
  assert.equal(exceeds(panned(wholeOf(whole), 0, 0.01), whole), true);
});

test("the keys of a view are whole rows; at the picture's own ends they are those that were asked for", () => {
  const none = { keyFrom: "", keyTo: "" };
  const of = (/** @type {number} */ top, /** @type {number} */ bottom) => keysOf(whole, { fromMs: 0, toMs: 1, top, bottom }, none);
  assert.deepEqual(of(0, 5), none);
  assert.deepEqual([text(of(1.2, 2.4).keyFrom), text(of(1.2, 2.4).keyTo)], ["b", "d"]);
  assert.deepEqual([text(of(1, 2).keyFrom), text(of(1, 2).keyTo)], ["b", "c"], "an edge is not the next row");
  assert.deepEqual([of(0.5, 1).keyFrom, text(of(0.5, 1).keyTo)], ["", "b"]);
});

test("a key is found among the rows, within one by its bytes, and a view moves with it to another picture", () => {
  const key = (/** @type {string} */ one) => Buffer.from(one);
  assert.deepEqual(["", "b", "c", "e"].map((one) => rowAt(whole, key(one))), [0, 1, 2, 4]);
  const within = rowAt(whole, Uint8Array.of(0x63, 0x80));
  assert.ok(within > 2.4 && within < 2.6, `${within}`);
  assert.ok(rowAt(whole, key("zz")) > 4 && rowAt(whole, key("zz")) <= 5);
  const fine = picture(["c", "c4", "c8", "cc", "d"]);
  const moved = rebased({ fromMs: 0, toMs: 1, top: 0, bottom: 4 }, fine, whole);
  assert.deepEqual([moved.top, moved.bottom], [2, 3]);
  assert.deepEqual([rebased({ fromMs: 0, toMs: 1, top: -4, bottom: 8 }, fine, whole).top], [1]);
});

test("a part of the rows is drawn as the whole would be, larger", () => {
  const next = random(6);
  for (let round = 0; round < 200; round += 1) {
    const [rows, height] = [1 + Math.floor(next() * 2000), 1 + Math.floor(next() * 800)];
    const top = (next() - 0.2) * rows;
    const shown = { top, bottom: top + Math.max(0.5, next() * rows) };
    const { first, last } = pixelRows(rows, height, shown);
    for (let y = 0; y < height; y += 1) {
      const [from, to] = [shown.top + (y * (shown.bottom - shown.top)) / height, shown.top + ((y + 1) * (shown.bottom - shown.top)) / height];
      if (first[y] < 0) assert.ok(to <= 1e-6 || from >= rows - 1e-6 || shown.bottom - shown.top > height && Math.ceil(from) > rows - 1 || to - from >= 1 && (to < 1 || from > rows - 1) || (from + to) / 2 < 0 || (from + to) / 2 >= rows, `${y}: ${from} ${to} of ${rows}`);
      else assert.ok(first[y] >= 0 && last[y] < rows && first[y] < to + 1e-6 && last[y] + 1 > from - 1e-6, `${y}`);
    }
    const middle = Math.floor(Math.min(rows - 1, Math.max(0, (shown.top + shown.bottom) / 2)));
    const [above, below] = rowSpan(middle, rows, height, shown);
    for (let y = Math.max(0, above); y < Math.min(height, below); y += 1) assert.ok(first[y] <= middle && middle <= last[y]);
  }
});

test("groups are runs of rows, as long in their prefix as all of them share", () => {
  const texts = ["a/x/1", "a/x/2", "a/y/1", "b/1/1", "b/1/2", "c", "d/1"];
  assert.deepEqual(groupsByPrefix(texts, 0).map(({ from, to, prefix }) => [from, to, prefix]), [[0, 3, "a/"], [3, 5, "b/1/"]]);
  assert.deepEqual(groupsByPrefix([], 0), []);
  assert.deepEqual(groupsByName(["u", "u", null, "v"]).map(({ from, to, title }) => [from, to, title]), [[0, 2, "u"], [3, 4, "v"]]);
});

test("what all keys begin with is stated once: up to a separator, or where long keys have none", () => {
  const users = ["user00000000000000000017", "user00000000000000000018"];
  for (const [texts, wordless, prefix] of /** @type {[string[], boolean, string][]} */ ([
    [["a/b/1", "a/b/2"], true, "a/b/"], [["a/1", "a/2"], true, ""], [["a/b/1"], true, ""], [["", "a/b/1"], true, ""],
    [["6f72646572732f31", "6f72646572732f32"], true, ""], [["0x6f72646572732f3131", "0x6f72646572732f3132"], true, "0x6f72646572732f31"], [["6f72646572732f31a1", "6f72646572732f31a2"], true, "6f72646572732f31"],
    [users, true, "user0000000000000000001"], [users, false, ""], [users.map((text) => `customer${text}`), true, "customeruser"], [["18446744073709551614", "18446744073709551615"], false, ""],
    [["abcdefg-long-enough-1", "abcdefg-long-enough-2"], false, "abcdefg-long-enough-"], [["abcdefgh-and-more-of-it", "xyz"], true, ""],
    [["customerregion\\x1a1abc", "customerregion\\x1b2abc"], true, "customerregion"], [["customerregion\\\\x1a", "customerregion\\\\x1b"], true, "customerregion\\\\x"], [["customerregion\\x001", "customerregion\\\\2345"], true, "customerregion"], [["abcdefghijklmnopq😀", "abcdefghijklmnopq😁"], true, "abcdefghijklmnopq"],
  ])) assert.equal(sharedPrefix(texts, wordless), prefix, texts.join());
});
