// @ts-check
/** Messages on the page: one in place of the picture, the others as lines above it. */

import { button, make } from "./dom.js";
import { formatDuration } from "./number.js";
import { isTokenText } from "./api.js";

/** @typedef {import("./page_state.js").Message} Message */
/** @typedef {import("./page_state.js").Action} Action */
/** @typedef {{act: (action: Action) => void, token: (token: string) => void}} Handlers */

/** @param {string} text @returns {(Node | string)[]} with the flags of a command line as what they are, each in one piece */
const worded = (text) => text.split(/(--[a-z][a-z-]+)/).map((part) => (part.startsWith("--") ? make("code", { text: part }) : part));

/** @param {number} ms left @returns {string} */
const countdownText = (ms) => (ms <= 0 ? "any moment" : formatDuration(Math.ceil(ms / 1000) * 1000));

/** Shows messages; keeps the elements of one that did not change, so that a half-typed token stays. */
export class MessageView {
  #held = "";

  /** @param {HTMLElement} block @param {HTMLElement} lines @param {Handlers} handlers */
  constructor(block, lines, handlers) {
    this.block = block;
    this.lines = lines;
    this.handlers = handlers;
  }

  /** @param {readonly Message[]} messages @param {number} serverNowMs @returns {void} */
  show(messages, serverNowMs) {
    // Ages and countdowns are put in apart, as a new text each second would be read out each second.
    const shape = JSON.stringify(messages.map((message) => ({ ...message, text: "" })));
    if (shape !== this.#held) {
      this.#held = shape;
      const first = messages[0]?.blocks ? messages[0] : null;
      this.block.hidden = first === null;
      this.block.dataset["kind"] = first?.kind ?? "";
      this.block.replaceChildren(...(first === null ? [] : [this.#card(first)]));
      this.lines.replaceChildren(...messages.filter((message) => message !== first).map((message) => this.#line(message)));
    }
    for (const message of messages) {
      for (const node of document.querySelectorAll(`[data-text-of="${message.kind}"]`)) if (node.textContent !== message.text) node.replaceChildren(...worded(message.text));
      if (message.countdownToMs === undefined) continue;
      const left = countdownText(message.countdownToMs - serverNowMs);
      for (const node of document.querySelectorAll(`[data-countdown-of="${message.kind}"]`)) node.textContent = left;
    }
  }

  /** @param {Message} message @returns {HTMLElement} */
  #card(message) {
    const card = make("div", { role: "status" }, make("h2", { text: message.title }), make("p", { "data-text-of": message.kind }, ...worded(message.text)));
    if (message.countdownToMs !== undefined) card.append(make("div", { class: "countdown", role: "timer", "aria-live": "off", "data-countdown-of": message.kind }));
    card.append(make("p", { class: "muted" }, ...worded(message.next)));
    if (message.code !== undefined) card.append(make("pre", { text: message.code }));
    if (message.asksToken) card.append(this.#tokenForm());
    const { action } = message;
    if (action !== undefined) card.append(make("div", { class: "actions" }, button(action.label, () => this.handlers.act(action), { class: "main" })));
    return card;
  }

  /** @param {Message} message @returns {HTMLElement} */
  #line(message) {
    const line = make("div", { "data-kind": message.kind }, make("b", { text: message.title }), make("span", { "data-text-of": message.kind }, ...worded(message.text)));
    if (message.countdownToMs !== undefined) line.append(make("span", {}, "It closes in ", make("span", { role: "timer", "aria-live": "off", "data-countdown-of": message.kind }), "."));
    line.append(make("span", { class: "muted" }, ...worded(message.next)));
    const { action } = message;
    if (action !== undefined) line.append(button(action.label, () => this.handlers.act(action)));
    return line;
  }

  /** @returns {HTMLFormElement} */
  #tokenForm() {
    const field = make("input", { type: "password", id: "token", autocomplete: "off", spellcheck: "false", "aria-describedby": "token-error" });
    const error = make("span", { id: "token-error", class: "warn", role: "alert" });
    const form = make("form", { id: "token-form" }, make("label", { for: "token", text: "Token" }), field, make("button", { type: "submit", class: "main", text: "Use it" }), error);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const token = field.value.trim();
      if (isTokenText(token)) this.handlers.token(token);
      else error.textContent = token === "" ? "Nothing was entered." : "A token has no spaces and no letters beyond ASCII: this is not one.";
    });
    queueMicrotask(() => field.focus());
    return form;
  }
}
