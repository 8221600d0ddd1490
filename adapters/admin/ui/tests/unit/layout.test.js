// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { DATA, GAP, OPEN, OUTSIDE, pixelColumns, pixelRows, rowSpan } from "../../src/layout.js";
import { paint, pick } from "../../src/heatmap.js";
import { halved, halvingsFor } from "../../src/halves.js";
import { labelledRows, paintKeyMarks } from "../../src/key_axis.js";
import { paletteFor } from "../../src/palette.js";
import { ESTIMATED, decodeMatrix } from "../../src/matrix.js";
import { levelsOf, scaleFor } from "../../src/scale.js";
import { NOW, STEP, columns, matrix, random, wireRow } from "../support/answers.js";

const decoded = (/** @type {any} */ body) => decodeMatrix(body);

test("time is linear: a column is as wide as the time it covers", () => {
  const wide = decoded(matrix(columns(10, () => "complete"), [])).columns;
  const view = { fromMs: wide[0].startMs - 10 * STEP, toMs: wide[9].endMs };
  const pixels = pixelColumns(wide, view, 200);
  assert.deepEqual([...pixels.kind.subarray(0, 100)].every((kind) => kind === OUTSIDE), true, "before the first column");
  for (let x = 100; x < 200; x += 1) assert.deepEqual([pixels.first[x], pixels.last[x], pixels.kind[x]], [Math.floor((x - 100) / 10), Math.floor((x - 100) / 10), DATA]);
});

test("gaps are gaps, the open window is open, a late column is drawn over what it covers", () => {
  const wide = decoded(matrix(columns(10, (i) => (i === 3 ? "missing" : i === 9 ? "open" : "complete")), [])).columns;
  const view = { fromMs: wide[0].startMs, toMs: wide[9].endMs };
  const { kind } = pixelColumns(wide, view, 100);
  assert.deepEqual([kind[29], kind[30], kind[39], kind[40], kind[89], kind[90], kind[99]], [DATA, GAP, GAP, DATA, DATA, OPEN, OPEN]);
  const run = [wide[0], { ...wide[5], state: /** @type {const} */ ("late"), coversFromMs: wide[3].startMs }];
  const late = pixelColumns(run, view, 100);
  assert.deepEqual([late.kind[9], late.kind[10], late.kind[29], late.kind[30], late.kind[59], late.kind[60]], [DATA, GAP, GAP, DATA, DATA, OUTSIDE], "what lies between two columns is a gap, said or not");
});

test("the window that is open now is hatched before its first flush; what is long due is a gap", () => {
  const wide = decoded(matrix(columns(10, () => "complete"), [])).columns;
  const [fromMs, end] = [wide[0].startMs, wide[9].endMs];
  const soon = pixelColumns(wide, { fromMs, toMs: end + STEP, follows: true }, 110).kind;
  assert.deepEqual([soon[99], soon[100], soon[109]], [DATA, OPEN, OPEN]);
  const stuck = pixelColumns(wide, { fromMs, toMs: end + 10 * STEP, follows: true }, 200).kind;
  assert.deepEqual([stuck[99], stuck[100], stuck[199]], [DATA, GAP, GAP]);
  assert.equal(pixelColumns(wide, { fromMs, toMs: end + STEP, follows: false }, 110).kind[105], OUTSIDE);
});

test("no column and no row is ever without a pixel", () => {
  const next = random(11);
  for (let round = 0; round < 200; round += 1) {
    const [count, width, rows, height] = [1 + Math.floor(next() * 3000), 1 + Math.floor(next() * 900), 1 + Math.floor(next() * 3000), 1 + Math.floor(next() * 900)];
    const wide = Array.from({ length: count }, (_, i) => ({ startMs: i * 100, endMs: i * 100 + 100, coversFromMs: i * 100, coversToMs: i * 100 + 100, state: /** @type {const} */ ("complete"), unattributed: 0, cut: 0, nodes: 1 }));
    const across = pixelColumns(wide, { fromMs: 0, toMs: count * 100 }, width);
    const [seenColumns, seenRows] = [new Set(), new Set()];
    for (let x = 0; x < width; x += 1) {
      assert.equal(across.kind[x], DATA);
      for (let c = across.first[x]; c <= across.last[x]; c += 1) seenColumns.add(c);
    }
    const down = pixelRows(rows, height);
    for (let y = 0; y < height; y += 1) {
      assert.ok(down.last[y] >= down.first[y], `pixel ${y} of ${height} shows nothing of ${rows} rows`);
      for (let r = down.first[y]; r <= down.last[y]; r += 1) seenRows.add(r);
    }
    assert.deepEqual([seenColumns.size, seenRows.size], [count, rows]);
    for (const row of [0, Math.floor(rows / 2), rows - 1]) {
      const [top, bottom] = rowSpan(row, rows, height);
      assert.ok(bottom > top || rows > height);
      if (bottom > top) assert.ok(down.first[top] <= row && row <= down.last[bottom - 1]);
    }
  }
});

test("one hot cell among 1024 x 1440 cold ones has its colour in a small picture, and pointing there finds it", () => {
  const [rows, count, width, height] = [1024, 1440, 311, 97];
  const body = matrix(columns(count, () => "complete"), Array.from({ length: rows }, (_, r) => wireRow({ bucket_id: `route:${r}`, values: Array.from({ length: count }, (_, c) => (r === 700 && c === 901 ? 1_000_000 : 1)) })));
  const hot = decoded(body);
  const scale = scaleFor("log", hot.minRate, hot.maxRate);
  const painting = { matrix: hot, levels: levelsOf(scale, hot.rates), view: { fromMs: hot.columns[0].startMs, toMs: hot.columns[count - 1].endMs }, palette: paletteFor("dark"), hatchPx: 6 };
  const pixels = new Uint32Array(width * height);
  paint(painting, pixels, width, height);
  const top = painting.palette.pixels[255];
  const found = pixels.findIndex((pixel) => pixel === top);
  assert.ok(found >= 0, "the hot cell is drawn");
  assert.equal(pixels.filter((pixel) => pixel === top).length <= 2, true);
  const picked = pick(painting, found % width, Math.floor(found / width), width, height);
  assert.deepEqual([picked?.row, picked?.column], [700, 901]);
  assert.ok((picked?.rowsHere ?? 0) > 1);
});

test("swift drawing joins rows that are as thin as a pixel, and loses no hot cell and no mark", () => {
  const next = random(31);
  for (const [rows, height, top, bottom] of [[1024, 701, 0, 1024], [1023, 701, 100.4, 900.7], [1024, 701, 0, 400], [1024, 97, 0, 1024], [5, 40, 0, 5]]) {
    const [count, width] = [200, 150];
    const body = matrix(columns(count, () => "complete"), Array.from({ length: rows }, (_, r) => wireRow({ bucket_id: `route:${r}`, values: Array.from({ length: count }, () => (next() < 0.001 ? 1_000_000 : 1 + Math.floor(next() * 50))) })));
    const dots = decoded(body);
    const levels = levelsOf(scaleFor("log", dots.minRate, dots.maxRate), dots.rates);
    const painting = { matrix: dots, levels, view: { fromMs: dots.columns[0].startMs, toMs: dots.columns[count - 1].endMs }, rows: { top, bottom }, palette: paletteFor("dark"), hatchPx: 6 };
    const [exact, swift] = [new Uint32Array(width * height), new Uint32Array(width * height)];
    paint(painting, exact, width, height);
    paint({ ...painting, swift: true }, swift, width, height);
    const part = 2 ** halvingsFor(bottom - top, height);
    assert.equal(part > 1, (bottom - top) * 1.5 > height);
    if (part === 1) assert.deepEqual(swift, exact, "rows that are higher are drawn as they are");
    // Told apart from the matrix alone: what a line shows is the greatest of its rows and columns.
    const [across, down] = [pixelColumns(dots.columns, painting.view, width), pixelRows(Math.ceil(rows / part), height, { top: top / part, bottom: bottom / part })];
    const seen = new Set();
    for (let y = 0; y < height; y += 1) {
      for (let row = down.first[y]; row <= down.last[y]; row += 1) seen.add(row);
      for (let x = 0; x < width; x += 1) {
        let greatest = 0;
        for (let row = down.first[y] * part; row < Math.min(rows, (down.last[y] + 1) * part); row += 1) for (let c = across.first[x]; c <= across.last[x]; c += 1) greatest = Math.max(greatest, levels[row * count + c]);
        assert.equal(swift[y * width + x], painting.palette.pixels[greatest], `${x} ${y}`);
      }
    }
    for (let row = Math.ceil(top); row < Math.floor(bottom); row += 1) assert.ok(seen.has(Math.floor(row / part)), `row ${row} is drawn`);
  }
});

test("rows are joined with their marks, the odd one out alone; other levels are joined anew", () => {
  const wire = (/** @type {number[]} */ values, /** @type {boolean[]} */ estimated) => ({ ...wireRow({ bucket_id: "range:1@a", values }), estimated });
  const three = decoded(matrix(columns(2, () => "complete"), [wire([1, 9], [true, false]), wire([5, 2], [false, false]), wire([7, 0], [false, true])]));
  const half = halved(three, Uint8Array.of(1, 9, 5, 2, 7, 0), 1);
  assert.deepEqual([half.rows, [...half.levels], [...(half.marks ?? [])]], [2, [5, 9, 7, 0], [ESTIMATED, 0, 0, ESTIMATED]]);
  const quarter = halved(three, Uint8Array.of(1, 9, 5, 2, 7, 0), 2);
  assert.deepEqual([quarter.rows, [...quarter.levels]], [1, [7, 9]]);
  assert.deepEqual([...halved(three, Uint8Array.of(0, 0, 0, 1, 0, 0), 1).levels], [0, 1, 0, 0]);
});

test("the pixels of columns follow every change of what is asked", () => {
  const wide = decoded(matrix(columns(10, () => "complete"), [])).columns;
  const view = { fromMs: wide[0].startMs, toMs: wide[9].endMs };
  const before = pixelColumns(wide, view, 100);
  assert.equal(pixelColumns(wide, { ...view }, 100), before, "asked again");
  assert.equal(pixelColumns(wide, { ...view, toMs: view.toMs + 10 * STEP }, 100).kind[99], OUTSIDE);
  assert.equal(pixelColumns(wide, { ...view, toMs: view.toMs + STEP, follows: true }, 100).kind[99], OPEN);
  assert.equal(pixelColumns(wide, view, 50).kind.length, 50);
  assert.equal(pixelColumns(wide.map((column) => ({ ...column, state: /** @type {const} */ ("missing") })), view, 50).kind[20], GAP);
});

test("beside the keys: a tick where each labelled row begins, a bracket along each group", () => {
  const [width, height, ink] = [100, 40, 7];
  const pixels = new Uint32Array(width * height).fill(1);
  paintKeyMarks({ ticks: [0, 10, 39.7], brackets: [[4, 8]] }, 1, ink, pixels, width, height);
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      const tick = (y === 0 || y === 10) && x >= 95;
      const bracket = y >= 4 && y < 8 && x >= 41 && x < 43;
      assert.equal(pixels[y * width + x], tick || bracket ? ink : 0, `${x} ${y}`);
    }
  }
});

test("labels stay on their rows while rows grow, and never meet", () => {
  let before = new Set(labelledRows(1024, 895));
  for (let bottom = 1024; bottom > 8; bottom *= 0.99) {
    const now = labelledRows(1024, 895, { top: 0, bottom });
    for (const row of now) assert.ok(row < bottom);
    assert.ok(now.length <= Math.floor(895 / 16) + 1);
    assert.ok(now.length > 895 / 16 / 2 - 1 || now.length >= Math.floor(bottom), `${now.length} of ${bottom}`);
    const all = new Set(now);
    for (const row of before) assert.ok(row >= bottom || all.has(row), `row ${row} lost its label`);
    before = all;
  }
});

test("drawing 1024 x 1440 distinct values takes a frame", () => {
  const [rows, count, width, height] = [1024, 1440, 1600, 900];
  const next = random(5);
  const wide = columns(count, () => "complete");
  const big = decoded(matrix(wide, Array.from({ length: rows }, (_, r) => wireRow({ bucket_id: `route:${r}`, values: Array.from({ length: count }, () => (next() < 0.7 ? Math.floor(next() * 1e6) : 0)) }))));
  const painting = { matrix: big, levels: levelsOf(scaleFor("log", big.minRate, big.maxRate), big.rates), view: { fromMs: wide.column_start_unix_ms[0], toMs: NOW + STEP }, palette: paletteFor("light"), hatchPx: 6 };
  const pixels = new Uint32Array(width * height);
  const took = Array.from({ length: 12 }, () => {
    const began = performance.now();
    paint(painting, pixels, width, height);
    return performance.now() - began;
  }).sort((a, b) => a - b);
  console.log(`drawing took ${took[0].toFixed(1)} ms at best, ${took[6].toFixed(1)} ms in the middle`);
  // A loose bound against a change of the order of growth; the benchmark proper runs in a browser.
  assert.ok(took[0] < 60, `${took[0]} ms`);
});
