// @ts-check
/** The picture, pixel by pixel: a known hot row at its place and in its colour, gaps, the open window, late columns. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bufferOf, noBrowser, pixelAt, settled, shoot } from "../support/browser.js";
import { fixed } from "../support/server.js";
import { LAST, Visit, fitted } from "../support/visit.js";
import { STEP, base64, busyMatrix, columns, matrix, status, wireRow } from "../support/answers.js";
import { levelOf, scaleFor } from "../../src/scale.js";
import { onGapLine, onOpenLine } from "../../src/heatmap.js";
import { paletteFor, pixelOf } from "../../src/palette.js";

const skip = noBrowser();
/** Eight rows; row 5 is hot. Columns 20 to 24 are missing, 30 is late over three steps, the last is open. */
const COUNT = 60;
const wide = columns(COUNT, (i) => (i === COUNT - 1 ? "open" : i >= 20 && i < 25 ? "missing" : i === 30 ? "late" : i === 28 || i === 29 ? "missing" : "complete"));
wide.column_covers_from_unix_ms[30] -= 2 * STEP;
const known = matrix(wide, Array.from({ length: 8 }, (_, r) =>
  wireRow({ bucket_id: `route:${r}`, start: base64(`row-${r}`), end: base64(`row-${r + 1}`), values: wide.column_state.map((/** @type {string} */ state) => (state === "missing" ? 0 : r === 5 ? 1_000_000 : r === 2 ? 1 : 0)) })));

describe("picture", { skip }, () => {
  const visit = new Visit("range=5m&refresh=60");
  const { server, browser } = visit;

  for (const theme of /** @type {const} */ (["light", "dark"])) {
    for (const ratio of [1, 2]) {
      test(`a known hot row is at its place in its colour: ${theme}, device pixel ratio ${ratio}`, async () => {
        server.answers = fixed(status({ history_from_unix_ms: LAST - COUNT * STEP }), known);
        const page = await visit.open({ theme, scale: ratio });
        await fitted(page);
        const { width, height, data } = await bufferOf(page);
        const { pixels, ground } = paletteFor(theme);
        const scale = scaleFor("log", 1 / 3, 1_000_000 / 0.4);
        const at = (/** @type {number} */ column, /** @type {number} */ row) => data[Math.floor(((row + 0.5) * height) / 8) * width + Math.floor(((column + 0.5) * width) / COUNT)];
        assert.equal(at(3, 5), pixels[levelOf(scale, 1_000_000)], "the hot row");
        assert.equal(at(3, 2), pixels[levelOf(scale, 1)], "1 beside a million");
        assert.notEqual(at(3, 2), pixels[0]);
        assert.equal(at(3, 4), pixels[0], "the row above the hot one is empty");
        assert.equal(at(3, 6), pixels[0]);
        // Late: over what it covers, at the rate of what it covers.
        for (const column of [28, 29, 30]) assert.equal(at(column, 5), pixels[levelOf(scale, 1_000_000 / 3)]);
        // The hot band begins and ends where the row does, to the pixel.
        const x = Math.floor((3.5 * width) / COUNT);
        const hot = [];
        for (let y = 0; y < height; y += 1) if (data[y * width + x] === at(3, 5)) hot.push(y);
        assert.ok(Math.abs(hot[0] - (5 * height) / 8) <= 1 && Math.abs((hot.at(-1) ?? 0) + 1 - (6 * height) / 8) <= 1 && hot.length === (hot.at(-1) ?? 0) - hot[0] + 1);
        // Gaps and the open window are hatched, one way and the other.
        const hatch = Math.max(4, Math.round(6 * ratio));
        const [gapFrom, gapTo, openFrom] = [Math.round((20 * width) / COUNT), Math.round((25 * width) / COUNT), Math.round(((COUNT - 1) * width) / COUNT)];
        for (let y = 0; y < height; y += 7) {
          for (let px = gapFrom; px < gapTo; px += 1) assert.equal(data[y * width + px], onGapLine(px, y, hatch) ? pixelOf(ground.gapInk) : pixels[0]);
        }
        const middle = Math.floor((5.5 * height) / 8);
        let struck = 0;
        for (let px = openFrom; px < width; px += 1) {
          const line = onOpenLine(px, middle, hatch);
          struck += line ? 1 : 0;
          assert.equal(data[middle * width + px], line ? pixelOf(ground.openInk) : pixels[levelOf(scale, 1_000_000 / 0.4)]);
        }
        assert.ok(struck > 0);
        assert.deepEqual(await pixelAt(page, x, middle), paletteFor(theme).rgb[levelOf(scale, 1_000_000)]);
        await shoot(page, `known-${theme}-${ratio}x`);
        assert.deepEqual(browser.complaints, []);
      });
    }
  }

  test("the linear scale shows 1 beside a million too", async () => {
    server.answers = fixed(status({ history_from_unix_ms: LAST - COUNT * STEP }), known);
    const page = await visit.open({ fragment: "scale=linear&refresh=60" });
    const { width, height, data } = await bufferOf(page);
    assert.equal(data[Math.floor((2.5 * height) / 8) * width + Math.floor((3.5 * width) / COUNT)], paletteFor("light").pixels[1]);
    await shoot(page, "linear-light");
  });

  test("late, open and missing columns are marked above the picture, however thin they are", async () => {
    const many = busyMatrix(32, 1440, (i) => (i === 1439 ? "open" : i === 400 ? "late" : i === 900 ? "missing" : "complete"));
    server.answers = fixed(status({ history_from_unix_ms: LAST - 1440 * STEP }), many);
    const page = await visit.open({ fragment: "range=all&refresh=60" });
    const { width, height, data } = await bufferOf(page, "strip");
    const ground = pixelOf(paletteFor("light").ground.outside);
    const marked = (/** @type {number} */ column) => {
      const x = Math.floor((column * width) / 1440);
      let count = 0;
      for (let px = x - 2; px <= x + 2; px += 1) for (let y = 0; y < height; y += 1) count += data[y * width + px] !== ground && px < width ? 1 : 0;
      return count;
    };
    for (const column of [400, 900, 1439]) assert.ok(marked(column) >= height, `column ${column} has ${marked(column)} marked pixels`);
    assert.equal(marked(600), 0);
    await shoot(page, "late-open-missing-light");
  });

  test("1024 rows in a low window: the one hot row is drawn", async () => {
    const hot = matrix(columns(60), Array.from({ length: 1024 }, (_, r) => wireRow({ bucket_id: `route:${r}`, start: base64(`r${String(r).padStart(5, "0")}`), values: new Array(60).fill(r === 617 ? 1_000_000 : 1) })));
    server.answers = fixed(status({ history_from_unix_ms: LAST - 60 * STEP }), hot);
    const page = await visit.open({ height: 560, theme: "dark" });
    const { width, height, data } = await bufferOf(page);
    assert.ok(height < 512, `${height}`);
    const level = levelOf(scaleFor("log", 1, 1_000_000 / 0.4), 1_000_000);
    assert.equal(data[Math.floor((617 * height) / 1024) * width + 40], paletteFor("dark").pixels[level]);
    await shoot(page, "folded-dark");
  });

  test("the picture follows the size of the window and the theme toggle", async () => {
    server.answers = fixed(status({ history_from_unix_ms: LAST - COUNT * STEP }), known);
    const page = await visit.open({ theme: "light" });
    const before = await bufferOf(page);
    await page.setViewportSize({ width: 1600, height: 900 });
    await page.waitForFunction((width) => /** @type {HTMLCanvasElement} */ (document.getElementById("picture")).width > width, before.width);
    await page.click("#theme");
    await settled(page);
    const { width, height, data } = await bufferOf(page);
    assert.equal(data[Math.floor((4.5 * height) / 8) * width + 40], paletteFor("dark").pixels[0]);
    assert.match(new URL(page.url()).hash, /theme=dark/);
    await page.click("#theme");
    assert.doesNotMatch(new URL(page.url()).hash, /theme/);
    for (const size of [{ width: 360, height: 780 }, { width: 620, height: 900 }, { width: 2560, height: 1300 }]) {
      await page.setViewportSize(size);
      await settled(page);
      await shoot(page, `width-${size.width}`);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, `nothing sticks out at ${size.width}`);
      const cut = await page.evaluate(() => [...document.querySelectorAll(".segments")].filter((one) => one.scrollWidth > one.clientWidth).map((one) => one.id));
      assert.deepEqual(cut, [], `every choice can be read at ${size.width}`);
    }
    assert.deepEqual(browser.complaints, []);
  });

  test("on a wall everything is larger, the picture as sharp as ever, and a pointed cell the one under the pointer", async () => {
    server.answers = fixed(status({ history_from_unix_ms: LAST - COUNT * STEP }), known);
    const page = await visit.open({ fragment: "range=5m&tz=utc&refresh=60" });
    await page.setViewportSize({ width: 3840, height: 2160 });
    await page.waitForFunction(() => /** @type {HTMLCanvasElement} */ (document.getElementById("picture")).width > 2000);
    await fitted(page);
    const box = await page.locator("#picture").boundingBox();
    if (box === null) throw new Error("no picture");
    // Hatching grows with everything else: lines as fine as on a desk are a grey from afar.
    const gap = await page.evaluate((part) => {
      const canvas = /** @type {HTMLCanvasElement} */ (document.getElementById("picture"));
      const { data } = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).getImageData(Math.round(part * canvas.width), 20, 27, 1);
      return Array.from(new Uint32Array(data.buffer));
    }, 22 / COUNT);
    const lines = gap.flatMap((pixel, i) => (pixel === pixelOf(paletteFor("light").ground.gapInk) ? [i] : []));
    assert.deepEqual(lines.slice(1).map((line, i) => line - lines[i]), [9, 9]);
    const [x, y] = [box.x + (3.5 * box.width) / COUNT, box.y + (5.5 * box.height) / 8];
    await page.mouse.move(x, y);
    assert.match(await page.innerText("#cell"), /row-5[\s\S]*row-6/);
    const frame = await page.locator("#cross-cell").boundingBox();
    assert.ok(frame !== null && frame.x <= x && x <= frame.x + frame.width && frame.y <= y && y <= frame.y + frame.height);
    // The window is made smaller around a pointer at rest: what is pointed at is what is under it then.
    await page.setViewportSize({ width: 3200, height: 1800 });
    await fitted(page);
    await settled(page);
    const now = await page.locator("#cross-cell").boundingBox();
    assert.ok(now !== null && now.x <= x && x <= now.x + now.width && now.y <= y && y <= now.y + now.height, JSON.stringify([x, y, now]));
  });
});
