// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesOfBase64, compareBytes, shortened, textOfKey } from "../../src/key.js";
import { formatKey, textOfEnd, textOfStart } from "../../src/key_format.js";
import { random } from "../support/answers.js";

const utf8 = (/** @type {string} */ text) => new TextEncoder().encode(text);
const textOf = (/** @type {string} */ text) => textOfKey(utf8(text));

test("printable keys stand as they are", () => {
  for (const key of ["orders/eu/000123", "user:42:cart", "größe", "注文/東京", "заказ", "<img src=x onerror=alert(1)>", "a b", "😀", "e\u0301t\u00e9"]) assert.equal(textOf(key), key);
  assert.equal(textOfKey(new Uint8Array(0)), "");
});

test("bytes that draw, move or hide are escaped", () => {
  const cases = [
    ["a\u001b[31mred", "a\\x1b[31mred"], ["tab\there", "tab\\x09here"], ["line\nbreak", "line\\x0abreak"], ["nul\u0000", "nul\\x00"], ["del\u007f!", "del\\x7f!"],
    ["c1\u009b31m", "c1\\xc2\\x9b31m"], ["rtl\u202egnp.exe", "rtl\\xe2\\x80\\xaegnp.exe"], ["iso\u2066late", "iso\\xe2\\x81\\xa6late"], ["mark\u200fmark", "mark\\xe2\\x80\\x8fmark"],
    ["zero\u200bwidth", "zero\\xe2\\x80\\x8bwidth"], ["bom\ufeffbom", "bom\\xef\\xbb\\xbfbom"], ["nbsp\u00a0nbsp", "nbsp\\xc2\\xa0nbsp"], ["sep\u2028sep", "sep\\xe2\\x80\\xa8sep"],
    ["hangul\u3164fill", "hangul\\xe3\\x85\\xa4fill"], ["select\ufe0for", "select\\xef\\xb8\\x8for"], ["private\ue000use", "private\\xee\\x80\\x80use"],
  ];
  for (const [key, text] of cases) assert.equal(textOf(key), text);
});

test("spaces at the ends are seen, a backslash is doubled, marks do not pile up", () => {
  assert.equal(textOf(" lead"), "\\x20lead");
  assert.equal(textOf("trail "), "trail\\x20");
  assert.equal(textOf("a\\x00b"), "a\\\\x00b");
  assert.equal(textOf("\u0301abc"), "\\xcc\\x81abc");
  assert.equal(textOf(`zalgozalgozalgo${"\u0301".repeat(6)}`), `zalgozalgozalgo\u0301\u0301${"\\xcc\\x81".repeat(4)}`);
});

test("bytes that are not UTF-8 are escaped, and mostly binary keys are hex", () => {
  assert.equal(textOfKey(Uint8Array.of(0x61, 0x62, 0x63, 0xff, 0x64)), "abc\\xffd");
  assert.equal(textOfKey(Uint8Array.of(0x61, 0x62, 0x63, 0xc0, 0x80)), "abc\\xc0\\x80", "an overlong zero is no character");
  assert.equal(textOfKey(Uint8Array.of(0x61, 0x62, 0x63, 0x64, 0xed, 0xa0, 0x80)), "abcd\\xed\\xa0\\x80", "half a surrogate is no character");
  assert.equal(textOfKey(Uint8Array.of(0, 0, 0, 0, 0, 1, 0x86, 0xa0)), "0x00000000000186a0");
  assert.equal(textOf("0x00"), "\\x30x00", "text that looks like hex is told apart");
});

test("two different keys never show the same, and no text holds what must not be drawn", () => {
  const next = random(3);
  const pool = ["a", "0", "x", "\\", " ", "\u202e", "\u001b", "é", "\u0301", "<", "0x", "\\x00"].map(utf8);
  /** @type {Map<string, string>} */
  const seen = new Map();
  for (let i = 0; i < 40_000; i += 1) {
    const parts = Array.from({ length: 1 + Math.floor(next() * 5) }, () => (next() < 0.3 ? Uint8Array.of(Math.floor(next() * 256)) : pool[Math.floor(next() * pool.length)]));
    const key = Uint8Array.from(parts.flatMap((part) => [...part]));
    const text = textOfKey(key);
    const id = Buffer.from(key).toString("hex");
    assert.ok(!seen.has(text) || seen.get(text) === id, `${text}: ${id} and ${seen.get(text)}`);
    seen.set(text, id);
    assert.doesNotMatch(text, /[\p{C}\u2028\u2029]/u, id);
  }
});

test("bounds in words", () => {
  assert.equal(textOfStart(new Uint8Array(0), "hex"), "(lowest key)");
  assert.equal(textOfEnd(null, "uuid"), "(no upper bound)");
  assert.equal(textOfEnd(utf8("m"), "utf8"), "m");
});

test("the formats of keys", () => {
  const id = Uint8Array.from({ length: 16 }, (_, i) => i * 17);
  assert.equal(formatKey(id, "uuid"), "00112233-4455-6677-8899-aabbccddeeff");
  assert.equal(formatKey(Uint8Array.of(...id, 1), "uuid"), "00112233-4455-6677-8899-aabbccddeeff/0x01");
  assert.equal(formatKey(id.subarray(0, 3), "uuid"), "0x001122");
  assert.equal(formatKey(Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), "u64be"), "18446744073709551615");
  assert.equal(formatKey(Uint8Array.of(0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0, 9, 5), "u64be"), "7/9/0x05");
  // A part of a larger buffer is read from its own beginning.
  assert.equal(formatKey(id.subarray(8), "u64be"), String(0x8899aabbccddeeffn));
  assert.equal(formatKey(utf8("a\u001b<"), "hex"), "0x611b3c");
  assert.equal(formatKey(utf8("a<"), "utf8"), "a<");
  for (const format of /** @type {const} */ (["utf8", "hex", "u64be", "uuid"])) assert.equal(formatKey(new Uint8Array(0), format), "");
});

test("in each format two different keys never show the same", () => {
  const next = random(8);
  for (const format of /** @type {const} */ (["hex", "u64be", "uuid"])) {
    /** @type {Map<string, string>} */
    const seen = new Map();
    for (let i = 0; i < 10_000; i += 1) {
      const key = Uint8Array.from({ length: Math.floor(next() * 19) }, () => (next() < 0.9 ? 0 : Math.floor(next() * 256)));
      const [text, hex] = [formatKey(key, format), Buffer.from(key).toString("hex")];
      assert.ok(!seen.has(text) || seen.get(text) === hex, `${format}: ${text}`);
      seen.set(text, hex);
    }
  }
});

test("long keys are cut where shown, by characters", () => {
  assert.equal(shortened("x".repeat(500), 10), `${"x".repeat(10)}…`);
  assert.equal(shortened("😀😀😀", 2), "😀😀…");
  assert.equal(shortened("short", 10), "short");
});

test("base64 and order", () => {
  assert.deepEqual([...bytesOfBase64("AP9h")], [0, 255, 97]);
  assert.deepEqual([...bytesOfBase64("")], []);
  assert.throws(() => bytesOfBase64("?"));
  assert.ok(compareBytes(Uint8Array.of(1), Uint8Array.of(1, 0)) < 0);
  assert.ok(compareBytes(Uint8Array.of(255), Uint8Array.of(1, 9)) > 0);
  assert.equal(compareBytes(Uint8Array.of(7), Uint8Array.of(7)), 0);
});
