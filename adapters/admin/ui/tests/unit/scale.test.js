// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { legendTicks, levelOf, levelsOf, niceCeiling, niceFloor, scaleFor } from "../../src/scale.js";

test("0 is level 0, and nothing else is", () => {
  for (const kind of /** @type {const} */ (["log", "linear"])) {
    for (const high of [1, 1e6, 1e18]) {
      const scale = scaleFor(kind, 1e-9, high);
      assert.equal(levelOf(scale, 0), 0);
      assert.equal(levelOf(scale, 1e-12), 1, "far below the scale is still counted");
      assert.equal(levelOf(scale, 1e-9), 1);
      assert.equal(levelOf(scale, high), 255);
      assert.equal(levelOf(scale, high * 100), 255, "above the scale is the top");
    }
  }
});

test("a greater rate never has a lesser level, and the bulk way agrees with the single one", () => {
  for (const kind of /** @type {const} */ (["log", "linear"])) {
    const scale = scaleFor(kind, 0.02, 73_000);
    const rates = Float64Array.from({ length: 5000 }, (_, i) => (i === 0 ? 0 : 0.01 * 1.004 ** i));
    const levels = levelsOf(scale, rates);
    for (let i = 0; i < rates.length; i += 1) {
      assert.equal(levels[i], levelOf(scale, rates[i]), `${kind} ${rates[i]}`);
      if (i > 0) assert.ok(levels[i] >= levels[i - 1]);
    }
  }
});

test("ends are round, so that colours stand still", () => {
  assert.deepEqual([0.7, 1, 1.01, 3, 5, 5.1, 99].map(niceCeiling), [1, 1, 2, 5, 5, 10, 100]);
  assert.deepEqual([0.7, 1, 1.99, 3, 5, 9.9, 100].map(niceFloor), [0.5, 1, 1, 2, 5, 5, 100]);
  assert.deepEqual(scaleFor("log", 3, 98_000), { kind: "log", low: 2, high: 100_000 });
  assert.deepEqual(scaleFor("log", 3, 98_000), scaleFor("log", 4, 91_000));
});

test("an even load is even: its noise is not stretched over the palette", () => {
  const scale = scaleFor("log", 95, 105);
  assert.ok(levelOf(scale, 105) - levelOf(scale, 95) < 6);
});

test("an empty picture has a scale", () => {
  for (const kind of /** @type {const} */ (["log", "linear"])) {
    const scale = scaleFor(kind, 0, 0);
    assert.ok(scale.low > 0 && scale.high > scale.low);
    assert.equal(levelOf(scale, 0), 0);
  }
});

test("the legend's ticks are in order, inside, and name both ends", () => {
  for (const kind of /** @type {const} */ (["log", "linear"])) {
    for (const [low, high] of [[1, 1e6], [0.001, 0.002], [1, 3e18], [40, 60]]) {
      const ticks = legendTicks(scaleFor(kind, low, high));
      assert.ok(ticks.length >= 2 && ticks.length <= 8, `${ticks.length} ticks`);
      assert.equal(ticks[0].at, 0);
      assert.ok(Math.abs((ticks.at(-1)?.at ?? 0) - 1) < 1e-6);
      for (let i = 1; i < ticks.length; i += 1) assert.ok(ticks[i].at > ticks[i - 1].at && ticks[i].rate > ticks[i - 1].rate);
    }
  }
});
