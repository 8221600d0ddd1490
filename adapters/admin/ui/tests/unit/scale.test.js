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
  assert.deepEqual(scaleFor("log", 3, 98_000), { kind: "log", low: 2, high: 100_000, bend: 1 });
  assert.deepEqual(scaleFor("log", 3, 98_000), scaleFor("log", 4, 91_000));
});

test("an even load is even: its noise is not stretched over the palette", () => {
  const scale = scaleFor("log", 95, 105);
  assert.ok(levelOf(scale, 105) - levelOf(scale, 95) < 6);
});

test("brightness lifts what lies between the ends and leaves the ends, the order and zero alone", () => {
  for (const kind of /** @type {const} */ (["log", "linear"])) {
    const rates = Float64Array.from({ length: 500 }, (_, i) => (i === 0 ? 0 : 1.03 ** i));
    const [dark, plain, bright] = [-4, 0, 4].map((brightness) => levelsOf(scaleFor(kind, 1.03, 1.03 ** 499, brightness), rates));
    for (let i = 1; i < rates.length; i += 1) {
      assert.ok(dark[i] <= plain[i] && plain[i] <= bright[i] && dark[i] >= 1);
      for (const levels of [dark, plain, bright]) assert.ok(levels[i] >= levels[i - 1]);
    }
    assert.ok(bright[250] > plain[250] && plain[250] > dark[250] || kind === "linear" && bright[480] > plain[480]);
    assert.deepEqual([dark[0], bright[0]], [0, 0]);
    assert.ok(bright[499] >= plain[499] && bright[1] >= dark[1]);
    for (const brightness of [-4, 4]) assert.equal(levelOf(scaleFor(kind, 1, 1000, brightness), 1000), 255, "the top stays the top");
  }
});

test("a scale that is kept is the same whatever is shown", () => {
  const kept = { low: 10, high: 1000 };
  for (const [least, most] of [[1, 5], [50, 1e9]]) assert.equal(levelOf(scaleFor("log", least, most, 0, kept), 100), levelOf(scaleFor("log", 50, 900, 0, kept), 100));
  assert.deepEqual([10, 100, 1000, 1e9].map((rate) => levelOf(scaleFor("log", 1, 1e9, 0, kept), rate)), [1, 128, 255, 255]);
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
