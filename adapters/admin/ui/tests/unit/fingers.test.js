// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { Fingers } from "../../src/fingers.js";
import { random } from "../support/answers.js";

/** @param {...[number, number]} places @returns {Fingers} */
function fingers(...places) {
  const hand = new Fingers();
  places.forEach(([x, y], id) => hand.put(id, x, y));
  return hand;
}

test("one finger moves, and zooms nothing", () => {
  const hand = fingers([10, 20]);
  hand.move(0, 40, 10);
  assert.deepEqual(hand.reach(), { from: { x: 10, y: 20 }, to: { x: 40, y: 10 }, factor: 1 });
});

test("two fingers apart show less, together more, about the middle between them", () => {
  const hand = fingers([100, 100], [200, 100]);
  hand.move(0, 50, 100);
  hand.move(1, 250, 100);
  assert.deepEqual(hand.reach(), { from: { x: 150, y: 100 }, to: { x: 150, y: 100 }, factor: 0.5 });
  hand.move(0, 150, 0);
  hand.move(1, 150, 50);
  assert.deepEqual(hand.reach(), { from: { x: 150, y: 100 }, to: { x: 150, y: 25 }, factor: 2 });
});

test("it does not matter which way the fingers came, or whose turn it was", () => {
  const next = random(11);
  const [one, other] = [fingers([100, 100], [300, 200], [200, 400]), fingers([100, 100], [300, 200], [200, 400])];
  const ends = [0, 1, 2].map(() => [500 * next(), 500 * next()]);
  for (let i = 0; i < 50; i += 1) one.move(i % 3, 500 * next(), 500 * next());
  for (const id of [0, 1, 2]) one.move(id, ends[id][0], ends[id][1]);
  for (const id of [2, 0, 1]) other.move(id, ends[id][0], ends[id][1]);
  assert.deepEqual(one.reach(), other.reach());
});

test("whoever comes or goes, nothing jumps", () => {
  const still = (/** @type {Fingers} */ hand) => {
    const { from, to, factor } = hand.reach();
    assert.deepEqual([from, factor], [to, 1]);
  };
  const hand = fingers([100, 100], [300, 200]);
  hand.move(1, 350, 260);
  hand.put(2, 10, 10);
  still(hand);
  hand.move(2, 20, 40);
  assert.equal(hand.lift(0), true);
  still(hand);
  assert.equal(hand.lift(0), false);
  hand.move(0, 900, 900);
  still(hand);
  assert.deepEqual(hand.ids, [1, 2]);
});

test("fingers that touch each other do not zoom without end", () => {
  const hand = fingers([100, 100], [101, 100]);
  hand.move(1, 100, 100);
  assert.equal(hand.reach().factor, 1);
  hand.move(1, 164, 100);
  assert.equal(hand.reach().factor, 0.5);
});

test("a finger that was not there lets go of nothing", () => {
  const hand = new Fingers();
  hand.put(1, 0, 0);
  hand.move(1, 100, 0);
  assert.equal(hand.lift(99), false);
  assert.deepEqual(hand.reach().from, { x: 0, y: 0 });
});
