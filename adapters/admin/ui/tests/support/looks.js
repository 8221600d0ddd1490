// @ts-check
/** What is looked at: a picture for people's eyes, and beside each what axe finds. */

import assert from "node:assert/strict";
import { breaches } from "./accessible.js";
import { settled, shoot } from "./browser.js";

/** @typedef {import("playwright-core").Page} Page */

/** A wall of a screen. */
export const WALL = { width: 3840, height: 2160 };

/** @param {Page} page @param {string} name of the picture @returns {Promise<void>} @throws where the page is in somebody's way */
export async function look(page, name) {
  await shoot(page, name);
  assert.deepEqual(await breaches(page), [], `${name} is accessible`);
}

/** Both themes, on a desk and on a wall. @param {Page} page is left in the light theme, as large as it was @param {string} subject @returns {Promise<void>} @throws as `look` does */
export async function everyLook(page, subject) {
  const desk = page.viewportSize();
  if (desk === null) throw new Error("no size");
  for (const theme of /** @type {const} */ (["dark", "light"])) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize(WALL);
    await settled(page);
    await shoot(page, `${subject}-${theme}-3840`);
    await page.setViewportSize(desk);
    await settled(page);
    assert.equal(await page.evaluate(() => document.documentElement.dataset["theme"]), theme);
    await look(page, `${subject}-${theme}`);
  }
}
