// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatMemory, formatAmount, formatCount, formatDuration, formatShare } from "../../src/number.js";

test("amounts have three digits and a unit", () => {
  assert.deepEqual([0, 0.0001, 0.25, 1, 12.34, 999, 999.6, 1234, 1e6, 2.5e9].map((value) => formatAmount(value, false)), ["0", "<0.001", "0.25", "1", "12.3", "999", "1 k", "1.23 k", "1 M", "2.5 G"]);
  assert.deepEqual([0, 512, 1000, 1536, 5e9].map((value) => formatAmount(value, true)), ["0 B", "512 B", "1 kB", "1.54 kB", "5 GB"]);
});

test("memory is in powers of 1024", () => assert.deepEqual([1000, 1024, 88_080_384].map(formatMemory), ["1000 B", "1 KiB", "84 MiB"]));

test("counts have every digit, and say where they cannot", () => {
  assert.deepEqual([0, 999, 1000, 1234567, Number.MAX_SAFE_INTEGER].map(formatCount), ["0", "999", "1,000", "1,234,567", "9,007,199,254,740,991"]);
  assert.equal(formatCount(2 ** 60), "about 1,152,921,504,606,846,976");
});

test("a share that is not nothing never reads as nothing, nor a part as the whole", () => {
  assert.deepEqual([[0, 5], [1, 1e6], [1, 200], [12, 100], [999_999, 1e6], [5, 5], [3, 0]].map(([part, whole]) => formatShare(part, whole)), ["0 %", "<0.1 %", "0.5 %", "12 %", ">99.9 %", "100 %", "0 %"]);
});

test("durations", () => {
  assert.deepEqual([0, 800, 1000, 1500, 42_000, 60_000, 185_000, 7_800_000, 532_800_000].map(formatDuration), ["0 ms", "800 ms", "1 s", "1.5 s", "42 s", "1 min", "3 min 5 s", "2 h 10 min", "6 d 4 h"]);
});
