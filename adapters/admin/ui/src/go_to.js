// @ts-check
/** Going to a key, a route or a name: a small dialog, and where what was typed lies. */

import { base64url, bytesOfBase64, textOfWords } from "./key.js";
import { byId, byIdAs, make } from "./dom.js";
import { formatKey } from "./key_format.js";
import { parseKey } from "./key_parse.js";

/** @typedef {{prefix: Uint8Array, name: string}} KeyName */
/** What was found: its first key. `begins` where it is all keys that begin so, `unknown` where it is a key for want of a name or a route. @typedef {{key: Uint8Array, begins?: boolean, unknown?: boolean}} Found */
/** @typedef {{format: () => import("./key_format.js").KeyFormat, names: () => Promise<KeyName[]>, route: (id: string) => Promise<Found | null>, routesHidden: () => boolean, go: (found: Found) => void}} Around */

/** Names that are offered while somebody types. */
const OFFERED = 8;

/** @param {any} body the answer of `/names` @returns {KeyName[]} by prefix; what is not understood is left out */
export function decodeNames(body) {
  if (!Array.isArray(body?.names)) return [];
  return body.names.flatMap((/** @type {any} */ one) => {
    if (typeof one?.prefix !== "string" || typeof one?.name !== "string") return [];
    try {
      return [{ prefix: bytesOfBase64(one.prefix), name: textOfWords(one.name) }];
    } catch {
      return [];
    }
  });
}

/** @param {readonly KeyName[]} names @param {string} text @returns {KeyName[]} those that begin with it first, then those that hold it */
export function matchingNames(names, text) {
  const wanted = text.toLowerCase();
  if (wanted === "") return [];
  /** @type {[KeyName[], KeyName[]]} */
  const found = [[], []];
  for (const one of names) {
    const at = one.name.toLowerCase().indexOf(wanted);
    if (at >= 0 && found[at === 0 ? 0 : 1].length < OFFERED) found[at === 0 ? 0 : 1].push(one);
  }
  return [...found[0], ...found[1]].slice(0, OFFERED);
}

/** The dialog. */
export class GoTo {
  #dialog = byIdAs("goto", HTMLDialogElement);
  #field = byIdAs("goto-text", HTMLInputElement);
  /** @type {KeyName[]} */
  #names = [];

  /** @param {Around} around */
  constructor(around) {
    this.around = around;
    this.#field.addEventListener("input", () => this.#offer());
    byId("goto-form").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#submit();
    });
    byId("goto-close").addEventListener("click", () => this.#dialog.close());
  }

  /** @returns {Promise<void>} */
  async open() {
    this.#say("");
    this.#dialog.showModal();
    this.#field.select();
    this.#names = await this.around.names();
    this.#offer();
  }

  /** @param {string} text @returns {void} */
  #say(text) {
    byId("goto-error").textContent = text;
  }

  /** @returns {void} */
  #offer() {
    this.#say("");
    const offered = matchingNames(this.#names, this.#field.value.trim());
    byId("goto-names").replaceChildren(...offered.map((one) => {
      const item = make("button", { type: "button" }, make("b", { text: one.name }), " ", make("span", { class: "key muted", text: formatKey(one.prefix, this.around.format()) }));
      item.addEventListener("click", () => this.#arrive({ key: one.prefix, begins: true }));
      return make("li", {}, item);
    }));
  }

  /** @param {Found} found @returns {void} */
  #arrive(found) {
    this.#dialog.close();
    this.around.go(found);
  }

  /** @returns {Promise<void>} */
  async #submit() {
    const text = this.#field.value.trim();
    const found = text === "" ? null : await this.#find(text);
    if (found !== null) this.#arrive(found);
    else if (/^route:/.test(text)) this.#say(this.around.routesHidden() ? "Keys are redacted, so a route is found where the rows are routes: choose Routes." : "No such route is among the rows of this time.");
    else this.#say(text === "" ? "Write a key, a route or a name." : "That is no name, no route of this time, and no key in the format that is shown.");
  }

  /** A name as it is written, a route by its number, else a key. @param {string} text @returns {Promise<Found | null>} */
  async #find(text) {
    const named = this.#names.find((one) => one.name === text);
    if (named !== undefined) return { key: named.prefix, begins: true };
    const route = /^(?:route:)?(\d{1,20})$/.exec(text);
    if (route !== null) {
      const found = await this.around.route(route[1]).catch(() => null);
      if (found !== null || text.startsWith("route:")) return found;
    }
    const key = parseKey(text.replace(/^key:/, ""), this.around.format());
    return key === null ? null : { key, unknown: !text.startsWith("key:") };
  }
}

/** @param {readonly import("./matrix.js").Row[]} rows @param {string} route @returns {Found | null} */
export function routeAmong(rows, route) {
  const row = rows.find((one) => one.route === route);
  return row === undefined ? null : { key: row.start };
}

/** @param {Found} found @returns {string} as the fragment holds it */
export const findOf = (found) => (found.key.length === 0 ? "." : `${base64url(found.key)}${found.begins ? "." : ""}`);
