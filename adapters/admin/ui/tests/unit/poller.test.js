// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { Poller, delayMs } from "../../src/poller.js";

const pace = { refreshMs: 0, stepMs: 1000, untilNextColumnMs: 400, tookMs: 20, failures: 0 };

test("automatic refresh looks soon after a column closes, and at an open window in between", () => {
  assert.equal(delayMs(pace), 700);
  assert.equal(delayMs({ ...pace, stepMs: 60_000, untilNextColumnMs: 45_000 }), 10_000);
  assert.equal(delayMs({ ...pace, stepMs: 60_000, untilNextColumnMs: 2000 }), 2300);
  assert.equal(delayMs({ ...pace, untilNextColumnMs: -5000 }), 1000, "a clock that is off");
  assert.equal(delayMs({ ...pace, untilNextColumnMs: null }), 1000);
});

test("a slow answer is asked for less often, and a failing server is left alone longer each time", () => {
  assert.equal(delayMs({ ...pace, tookMs: 3000 }), 6000);
  assert.equal(delayMs({ ...pace, refreshMs: 2000, tookMs: 3000 }), 6000);
  assert.equal(delayMs({ ...pace, refreshMs: 30_000 }), 30_000);
  assert.deepEqual([1, 2, 3, 4, 5, 50].map((failures) => delayMs({ ...pace, failures })), [1000, 2000, 4000, 8000, 15_000, 15_000]);
});

test("one question at a time: a new one takes the place of the one under way", async () => {
  /** @type {AbortSignal[]} */
  const signals = [];
  const poller = new Poller((signal) => {
    signals.push(signal);
    return new Promise((done, refuse) => {
      signal.addEventListener("abort", () => refuse(signal.reason));
      if (signals.length === 2) done();
    });
  }, () => null);
  const first = poller.now();
  await Promise.all([first, poller.now()]);
  assert.deepEqual(signals.map((signal) => signal.aborted), [true, false]);
});
