// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT } from "../../src/fragment.js";
import { Navigator } from "../../src/navigator.js";
import { State } from "../../src/state.js";
import { decodeMatrix } from "../../src/matrix.js";
import { pictureOf } from "../../src/picture.js";
import { base64, columns, matrix, wireRow } from "../support/answers.js";

const KEYS = ["", "b", "c", "d", "e", "f", "g", "h"];
const MIDDLE = { x: 0.5, y: 0.5 };

/** @returns {{state: State, navigator: Navigator, changes: () => number, answer: () => void, span: () => number[]}} eight rows over forty columns */
function map() {
  const state = new State();
  let changes = 0;
  const navigator = new Navigator({
    state, draw: () => {},
    change: (part) => {
      state.choice = { ...state.choice, ...part };
      changes += 1;
    },
  });
  const rows = KEYS.map((key, i) => wireRow({ bucket_id: `route:${i}`, start: key === "" ? null : base64(key), end: i + 1 < KEYS.length ? base64(KEYS[i + 1]) : null, values: new Array(40).fill(1) }));
  const decoded = decodeMatrix(matrix(columns(40, () => "complete"), rows));
  const view = { fromMs: decoded.columns[0].startMs, toMs: decoded.columns[39].endMs, follows: true, clipped: false };
  // No clock: what there is is what the picture has.
  state.timeThereIs = () => [view.fromMs, view.toMs];
  const answer = () => state.setPicture(pictureOf(decoded, view, state.choice));
  state.choice = DEFAULT;
  answer();
  const span = () => {
    const { fromMs, toMs, top, bottom } = state.viewport ?? { fromMs: view.fromMs, toMs: view.toMs, top: 0, bottom: 8 };
    return [(fromMs - view.fromMs) / 1000, (toMs - view.fromMs) / 1000, top, bottom];
  };
  return { state, navigator, changes: () => changes, answer, span };
}

test("what was under the fingers stays under them, and one hold is one step back", () => {
  const { state, navigator, changes, span } = map();
  navigator.take();
  navigator.follow({ from: { x: 0.25, y: 0.5 }, to: { x: 0.25, y: 0.5 }, factor: 0.7 });
  navigator.follow({ from: { x: 0.25, y: 0.5 }, to: { x: 0.5, y: 0.25 }, factor: 0.5 });
  assert.deepEqual(span(), [0, 20, 3, 7], "the tenth second in the middle, the fourth row a quarter down");
  assert.deepEqual([state.moving, changes(), navigator.canUndo], [true, 0, false]);
  navigator.rest();
  assert.deepEqual([state.moving, changes(), navigator.canUndo], [false, 1, true]);
  navigator.undo();
  assert.deepEqual([state.choice, navigator.canUndo], [DEFAULT, false]);
});

test("at its edge the map stays behind the hand, and is where it was when the hand comes back", () => {
  const { navigator, span } = map();
  navigator.take();
  navigator.follow({ from: MIDDLE, to: MIDDLE, factor: 0.5 });
  const held = span();
  navigator.follow({ from: MIDDLE, to: { x: 2.5, y: -3 }, factor: 0.5 });
  assert.deepEqual(span(), [0, 20, 4, 8]);
  navigator.follow({ from: MIDDLE, to: MIDDLE, factor: 9 });
  assert.deepEqual(span(), [0, 40, 0, 8], "all there is");
  navigator.follow({ from: MIDDLE, to: MIDDLE, factor: 0.5 });
  assert.deepEqual(span(), held);
});

test("fingers that come or go in the midst of it take hold of what is shown then", () => {
  const { navigator, span } = map();
  navigator.take();
  navigator.follow({ from: MIDDLE, to: MIDDLE, factor: 0.5 });
  navigator.take();
  navigator.follow({ from: MIDDLE, to: { x: 0.75, y: 0.5 }, factor: 1 });
  assert.deepEqual(span(), [5, 25, 2, 6]);
});

test("a hand that changed nothing has the page go on, as one does that held nothing", () => {
  const { state, navigator, changes, span } = map();
  navigator.take();
  navigator.follow({ from: MIDDLE, to: { x: 0.1, y: 0.1 }, factor: 1 });
  assert.equal(state.moving, true);
  navigator.rest();
  assert.deepEqual([state.moving, state.viewport, navigator.canUndo, changes()], [false, null, false, 1]);
  state.setPicture(null);
  navigator.take();
  navigator.follow({ from: MIDDLE, to: { x: 0.1, y: 0.1 }, factor: 0.5 });
  assert.deepEqual([state.moving, state.viewport, span()], [false, null, [0, 40, 0, 8]]);
});

test("while the answer is awaited, what was zoomed to stays, though a hand comes and goes", () => {
  const { state, navigator, answer } = map();
  navigator.take();
  navigator.follow({ from: MIDDLE, to: MIDDLE, factor: 0.5 });
  navigator.rest();
  const shown = state.viewport;
  assert.notEqual(shown, null);
  navigator.rest();
  assert.deepEqual(state.viewport, shown, "not the picture of before");
  answer();
  assert.equal(state.viewport, null);
});
