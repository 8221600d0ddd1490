// @ts-check
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { PALETTES, labOf, luminance, paletteFor, pixelOf } from "../../src/palette.js";
import { levelOf, scaleFor } from "../../src/scale.js";

/** @typedef {import("../../src/palette.js").Triple} Triple */
/** @type {readonly import("../../src/palette.js").Theme[]} */
const THEMES = ["light", "dark"];

/** @param {Triple} a @param {Triple} b @returns {number} contrast as WCAG counts it */
function contrast(a, b) {
  const [low, high] = [luminance(a), luminance(b)].sort((x, y) => x - y);
  return (high + 0.05) / (low + 0.05);
}

/** @param {Triple} a @param {Triple} b @returns {number} CIE76 distance */
function distance(a, b) {
  const [p, q] = [labOf(a), labOf(b)];
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

for (const [name, way] of PALETTES.flatMap((palette) => THEMES.map((one) => /** @type {const} */ ([palette, one])))) {
  const { rgb, pixels, lattice, ground } = paletteFor(way, name);
  const theme = `${name}, ${way}`;
  const lightness = rgb.map((colour) => labOf(colour)[0]);

  test(`${theme}: lightness over 256 levels is strictly monotone, away from the surface`, () => {
    assert.equal(rgb.length, 256);
    const sign = way === "light" ? -1 : 1;
    for (let level = 1; level < 256; level += 1) {
      assert.ok((lightness[level] - lightness[level - 1]) * sign > 0, `level ${level}: ${lightness[level - 1]} then ${lightness[level]}`);
    }
  });

  test(`${theme}: levels are evenly apart in lightness`, () => {
    const mean = Math.abs(lightness[255] - lightness[1]) / 254;
    for (let level = 10; level < 256; level += 1) assert.ok(Math.abs(Math.abs(lightness[level] - lightness[level - 9]) / 9 - mean) < 0.1 * mean, `level ${level}`);
  });

  test(`${theme}: 1 beside 10^6 is visible against the background, on both scales`, () => {
    for (const kind of /** @type {const} */ (["log", "linear"])) {
      const scale = scaleFor(kind, 1, 1e6);
      const [one, million] = [rgb[levelOf(scale, 1)], rgb[levelOf(scale, 1e6)]];
      assert.ok(contrast(one, rgb[0]) >= 1.5, `${kind}: contrast ${contrast(one, rgb[0])}`);
      assert.ok(distance(one, rgb[0]) >= 20, `${kind}: distance ${distance(one, rgb[0])}`);
      assert.ok(contrast(million, rgb[0]) >= 7, `${kind}: top contrast`);
      assert.ok(distance(one, million) >= 50, `${kind}: one and a million differ`);
    }
  });

  test(`${theme}: no level looks like the ground of gaps, outside or the surface`, () => {
    for (const colour of [ground.surface, ground.outside]) {
      for (let level = 1; level < 256; level += 1) assert.ok(distance(rgb[level], colour) > 15, `level ${level}`);
    }
    assert.ok(distance(ground.surface, ground.outside) > 3);
    assert.ok(contrast(ground.gapInk, ground.surface) >= 1.8, "the hatch of a gap is seen");
  });

  test(`${theme}: the lattice of a conflict is seen on every level, and on no load`, () => {
    rgb.forEach((colour, level) => {
      const bytes = new Uint8ClampedArray(Uint32Array.of(lattice[level]).buffer);
      const seen = contrast([bytes[0], bytes[1], bytes[2]], colour);
      assert.ok(seen >= 2.5, `level ${level}: contrast ${seen}`);
    });
  });

  // Machado, Oliveira, Fernandes 2009, severity 1, in linear light.
  const DEFICIENCY = {
    protan: [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    deutan: [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
    tritan: [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
  };
  for (const [eyes, rows] of Object.entries(DEFICIENCY)) {
    test(`${theme}: eight levels apart differ, in order, to ${eyes} eyes`, () => {
      const toLinear = (/** @type {number} */ c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4);
      const toGamma = (/** @type {number} */ c) => 255 * (c <= 0.0031308 ? 12.92 * c : 1.055 * Math.min(1, c) ** (1 / 2.4) - 0.055);
      const seen = rgb.map((colour) => {
        const light = colour.map(toLinear);
        const [r, g, b] = rows.map((row) => toGamma(Math.max(0, row[0] * light[0] + row[1] * light[1] + row[2] * light[2])));
        return labOf([r, g, b])[0];
      });
      const sign = way === "light" ? -1 : 1;
      for (let level = 9; level < 256; level += 1) assert.ok((seen[level] - seen[level - 8]) * sign > 0, `level ${level}`);
    });
  }

  test(`${theme}: pixels are the colours, opaque, in the order ImageData has them`, () => {
    const bytes = new Uint8ClampedArray(Uint32Array.of(pixels[77]).buffer);
    assert.deepEqual([...bytes], [...rgb[77], 255]);
    assert.equal(pixels[77], pixelOf(rgb[77]));
  });
}

test("the terminal's table of palettes is made of these, and up to date", () => {
  const file = new URL("../../../../cli/src/top/live/palettes.txt", import.meta.url);
  const hex = (/** @type {readonly number[]} */ rgb) => rgb.map((channel) => channel.toString(16).padStart(2, "0")).join("");
  const table = PALETTES.flatMap((name) => /** @type {const} */ (["dark", "light"]).map((theme) => {
    const { rgb, ground } = paletteFor(theme, name);
    const lines = Array.from({ length: 16 }, (_, line) => rgb.slice(16 * line, 16 * line + 16).map(hex).join(" "));
    return `${name} ${theme}\n${lines.join("\n")}\n${[ground.outside, ground.gapInk, ground.openInk, ground.markInk].map(hex).join(" ")}\n`;
  })).join("");
  // `KEYVIZ_WRITE_PALETTES=1 npm run unit` writes it after a palette was changed.
  if (process.env["KEYVIZ_WRITE_PALETTES"] === "1") writeFileSync(file, table);
  assert.equal(readFileSync(file, "utf8"), table);
});
