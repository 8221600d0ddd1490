// @ts-check
/** Chromium for the tests: a fresh profile each time, and every complaint of the page collected. */

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const CHROMIUM = process.env["KEYVIZ_CHROMIUM"] ?? "/usr/bin/chromium";
export const SHOTS = fileURLToPath(new URL("../shots/", import.meta.url));

/** Says why the browser tests cannot run: a failure where CI is set, else loud. @returns {string | false} false where they can */
export function noBrowser() {
  if (existsSync(CHROMIUM)) return false;
  const reason = `no browser at ${CHROMIUM}: install chromium (apt-get install chromium) or set KEYVIZ_CHROMIUM`;
  if (process.env["CI"] === "true") throw new Error(reason);
  console.error(`SKIPPED: ${reason}`);
  return reason;
}

/** @typedef {import("playwright-core").Page} Page */
/** `clock` stops the page's time, which then passes by its test alone. `touch` is a screen without a mouse. @typedef {{theme?: "light" | "dark", width?: number, height?: number, scale?: number, zone?: string, still?: boolean, clock?: boolean, touch?: boolean}} Look */

/** A browser on an empty profile of its own, with one context at a time. */
export class Browser {
  /** @type {import("playwright-core").Browser | null} */
  #browser = null;
  /** @type {import("playwright-core").BrowserContext | null} */
  #context = null;
  /** What the page complained of: errors, and breaches of the content policy. @type {string[]} */
  complaints = [];

  /** @param {Look} [look] @returns {Promise<Page>} */
  async open(look = {}) {
    this.#browser ??= await chromium.launch({
      executablePath: CHROMIUM, headless: true,
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
    });
    await this.#context?.close();
    this.complaints = [];
    this.#context = await this.#browser.newContext({
      viewport: { width: look.width ?? 1280, height: look.height ?? 760 }, deviceScaleFactor: look.scale ?? 1, colorScheme: look.theme ?? "light",
      timezoneId: look.zone ?? "UTC", locale: "en-GB", reducedMotion: look.still ? "reduce" : "no-preference",
      hasTouch: look.touch === true, isMobile: look.touch === true,
    });
    const page = await this.#context.newPage();
    page.on("pageerror", (error) => this.complaints.push(String(error)));
    page.on("console", (message) => {
      // A refused or failed request is logged by the browser itself and is part of the tests.
      if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) this.complaints.push(message.text());
    });
    // Where time stands still no frame comes by itself.
    if (!look.clock) seenThrough(page);
    return page;
  }

  /** @returns {Promise<void>} */
  async close() {
    await this.#browser?.close();
    this.#browser = this.#context = null;
  }

  /** @returns {import("playwright-core").BrowserContext} */
  get context() {
    if (this.#context === null) throw new Error("no page is open");
    return this.#context;
  }
}

/** Waits until what was changed is drawn, and what follows from its size. @param {Page} page @returns {Promise<void>} */
export function settled(page) {
  return page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => requestAnimationFrame(() => done(undefined))))));
}

/** What hands do to a page, by who has the method. */
const HANDS = /** @type {const} */ ({ frame: ["click", "check", "uncheck", "fill", "focus", "hover", "selectOption"], keyboard: ["press", "up", "type"], mouse: ["move", "up", "click", "wheel"] });

/**
 * Lets every touch of the page wait until what came of it is drawn: a test that looks right after it would else see what was
 * there before whenever the machine is busy.
 * @param {Page} page @returns {void}
 */
function seenThrough(page) {
  const owners = { frame: page.mainFrame(), keyboard: page.keyboard, mouse: page.mouse };
  for (const [name, methods] of Object.entries(HANDS)) {
    const owner = /** @type {any} */ (owners)[name];
    for (const method of methods) {
      const touch = owner[method].bind(owner);
      owner[method] = async (/** @type {unknown[]} */ ...how) => {
        const result = await touch(...how);
        await settled(page);
        return result;
      };
    }
  }
}

/** @param {Page} page @param {string} name @returns {Promise<void>} */
export async function shoot(page, name) {
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}

/** @param {Page} page @param {number} x device pixel of the picture @param {number} y @returns {Promise<[number, number, number]>} what the buffer holds there */
export function pixelAt(page, x, y) {
  return page.evaluate(
    ([px, py]) => {
      const canvas = /** @type {HTMLCanvasElement} */ (document.getElementById("picture"));
      const data = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d")).getImageData(px, py, 1, 1).data;
      return /** @type {[number, number, number]} */ ([data[0], data[1], data[2]]);
    },
    [x, y],
  );
}

/** @param {Page} page @param {string} [id] @returns {Promise<{width: number, height: number, data: number[]}>} the whole buffer of a canvas */
export function bufferOf(page, id = "picture") {
  return page.evaluate((name) => {
    const canvas = /** @type {HTMLCanvasElement} */ (document.getElementById(name));
    const { width, height } = canvas;
    const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    return { width, height, data: Array.from(new Uint32Array(context.getImageData(0, 0, width, height).data.buffer)) };
  }, id);
}
