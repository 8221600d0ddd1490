// @ts-check
/** A visit to the page: recorded answers, a browser, and what a test needs of hands, eyes and time. */

import { after, before } from "node:test";
import { Browser, settled } from "./browser.js";
import { NOT_FOUND, TestServer, queryOf } from "./server.js";
import { NOW, STEP, status } from "./answers.js";
import { answerOf } from "../../src/recorded.js";

/** @typedef {import("playwright-core").Page} Page */
/** @typedef {import("./server.js").Query} Query */
/** @typedef {import("./browser.js").Look & {fragment?: string}} Look */

/** The end of the last column. */
export const LAST = Math.floor(NOW / STEP) * STEP + STEP;
/** The longest that anything is waited for. */
const PATIENCE_MS = 30_000;
const TURN_MS = 10;

/** A server and a browser for the tests of the suite in which it is made. */
export class Visit {
  server = new TestServer();
  browser = new Browser();
  /** The requests of a page that are under way. @type {WeakMap<Page, Set<import("playwright-core").Request>>} */
  #running = new WeakMap();
  /** What the page that is open asked for. The one before may still be asking while it is closed, and is not heard here. @type {Query[]} */
  #asked = [];

  /** @param {string} fragment what is opened where a test says nothing else */
  constructor(fragment) {
    this.fragment = fragment;
    before(() => this.server.start());
    after(async () => {
      await this.browser.close();
      await this.server.stop();
    });
  }

  /**
   * Cuts what is asked for out of one picture.
   * @param {any} whole @param {Record<string, any>} [others] what other paths answer: a body, or a function of the query
   * @param {Record<string, unknown>} [changes] to the status @returns {void}
   */
  serve(whole, others = {}, changes = {}) {
    const known = status({ history_from_unix_ms: LAST - 300 * STEP, ...changes });
    this.server.answers = ({ path, query }) => {
      if (path === "status") return { status: 200, body: known };
      const other = others[path];
      if (typeof other === "function") return other(query);
      if (other !== undefined) return { status: 200, body: other };
      if (path !== "matrix") return NOT_FOUND;
      const of = (/** @type {string} */ name) => query.get(name) ?? "";
      const cut = answerOf(whole, { fromUnixMs: Number(of("from_unix_ms")), toUnixMs: Number(of("to_unix_ms")), rows: Number(of("rows")), start: of("start"), end: of("end") });
      return { status: 200, body: { ...cut, series: of("series") } };
    };
  }

  /** @param {Look} [look] @returns {Promise<Page>} with its picture */
  async open(look = {}) {
    const page = await this.browser.open(look);
    const running = new Set();
    /** @type {Query[]} */
    const asked = [];
    this.#running.set(page, running);
    this.#asked = asked;
    page.on("request", (request) => {
      running.add(request);
      const query = queryOf(request.url());
      if (query !== null) asked.push(query);
    });
    page.on("requestfinished", (request) => running.delete(request));
    page.on("requestfailed", (request) => running.delete(request));
    if (look.clock) {
      // It runs until it is stopped, and is stopped only at an instant that is still to come.
      await page.clock.install({ time: NOW - 600_000 });
      await page.clock.pauseAt(NOW);
    }
    await page.goto(`${this.server.url}#${look.fragment ?? this.fragment}`);
    if (look.clock) {
      await this.quiet(page);
      await this.pass(page, 100);
    }
    await page.waitForSelector("#legend .ramp");
    if (!look.clock) await settled(page);
    return page;
  }

  /** @param {string} [path] @returns {Query[]} what the page asked for since it was opened, in its order */
  asked(path = "matrix") {
    return this.#asked.filter((one) => one.path === path);
  }

  /** Waits until nothing is under way, and nothing follows from the last answer. @param {Page} page @returns {Promise<void>} */
  async quiet(page) {
    for (let still = 0; still < 5; still = this.#isQuiet(page) ? still + 1 : 0) {
      await until(() => this.#isQuiet(page), "all requests are answered");
      await page.evaluate(() => new Promise((done) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = done;
        port2.postMessage(0);
      }));
    }
  }

  /** Lets a stopped page's time pass, waiting for the answer to whatever it asks on the way. @param {Page} page @param {number} ms @returns {Promise<void>} */
  async pass(page, ms) {
    for (let left = ms; left > 0; left -= TURN_MS) {
      await page.clock.runFor(Math.min(TURN_MS, left));
      if (!this.#isQuiet(page)) await this.quiet(page);
    }
  }

  /** @param {Page} page @returns {boolean} */
  #isQuiet(page) {
    return this.#running.get(page)?.size === 0;
  }
}

/** Waits for something outside of the page. @param {() => boolean} check @param {string} what @returns {Promise<void>} @throws where it does not come */
export async function until(check, what) {
  for (const began = Date.now(); !check();) {
    if (Date.now() - began > PATIENCE_MS) throw new Error(`not so within ${PATIENCE_MS / 1000} s: ${what}`);
    await new Promise((done) => setTimeout(done, TURN_MS));
  }
}

/** Waits until the picture has as many pixels as its place on the screen: what it says of places is then true. @param {Page} page @returns {Promise<void>} */
export async function fitted(page) {
  await page.waitForFunction(() => {
    const canvas = /** @type {HTMLCanvasElement} */ (document.getElementById("picture"));
    const box = canvas.getBoundingClientRect();
    return canvas.width === Math.round(box.width * devicePixelRatio) && canvas.height === Math.round(box.height * devicePixelRatio);
  });
}

/** @param {Page} page @returns {URLSearchParams} what the reader chose */
export function choice(page) {
  return new URLSearchParams(new URL(page.url()).hash.slice(1));
}

/** @param {Page} page @param {number} across 0 to 1 @param {number} down 0 to 1 @returns {Promise<[number, number]>} a point of the picture */
export async function at(page, across, down) {
  const box = await page.locator("#picture").boundingBox();
  if (box === null) throw new Error("no picture");
  return [box.x + box.width * across, box.y + box.height * down];
}
