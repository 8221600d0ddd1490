// @ts-check
/** The list of what happened beside the picture: which kinds are shown, and lines of many that open to the single ones. */

import { ApiFailure } from "./api.js";
import { button, make } from "./dom.js";
import { decodeEvents, kindText, shownOf, tellerOf, wordsOf, whenOf } from "./event_lane.js";
import { formatCount } from "./number.js";
import { instantText } from "./time_text.js";

/** @typedef {import("./event_lane.js").Annotation} Annotation */
/** @typedef {import("./time_text.js").TimeStyle} TimeStyle */
/** What came of opening a line. @typedef {{events: number, single: Annotation[] | null, failure: string}} Opened */
/** @typedef {{view: {fromMs: number, toMs: number}, style: TimeStyle, hidden: string}} Look */

/** The list's length before it is asked for more. */
const LISTED = 8;
/** Its length at the most, and that of a line that is open. */
const MOST = 100;

/**
 * @param {readonly Annotation[]} events in order of time @param {number} most
 * @returns {Annotation[]} the latest, newest first: of what somebody told as many as there is room for, since it is never hidden behind what keyviz tells of itself
 */
export function listed(events, most) {
  const told = events.filter((event) => !event.own).slice(-most);
  const room = most - told.length;
  const own = room > 0 ? events.filter((event) => event.own).slice(-room) : [];
  return [...told, ...own].sort((a, b) => b.atMs - a.atMs || b.number - a.number);
}

/** @param {readonly Annotation[]} events @returns {[string, number][]} kinds and how many events of each there are, the rarest first */
function countsOf(events) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { kind, events: count } of events) counts.set(kind, (counts.get(kind) ?? 0) + count);
  return [...counts].sort(([a, n], [b, m]) => n - m || (a < b ? -1 : 1));
}

/** @param {Annotation} event @returns {string} what it is, however much it grows */
const nameOf = ({ kind, own, atMs, node, number }) => `${kind} ${own} ${atMs} ${node} ${number}`;

/** Draws the list, and keeps it while nothing changed, so that a press on a button is not lost to a refresh. */
export class EventList {
  #held = "";
  #long = false;
  /** What is open, by name. @type {Map<string, Opened>} */
  #opened = new Map();
  /** @type {[readonly Annotation[], Look] | null} */
  #last = null;

  /**
   * @param {{section: HTMLElement, kinds: HTMLElement, list: HTMLElement}} into @param {import("./api.js").Source} api
   * @param {(hidden: string) => void} hide takes the kinds that are hidden from now on
   */
  constructor(into, api, hide) {
    this.into = into;
    this.api = api;
    this.hide = hide;
  }

  /** @param {readonly Annotation[]} events @param {Look} look @returns {void} */
  show(events, look) {
    this.#last = [events, look];
    const { view, style, hidden } = look;
    const here = events.filter((event) => event.lastMs >= view.fromMs && event.atMs < view.toMs);
    this.#renew(here);
    const shape = JSON.stringify([here, style, hidden, this.#long, [...this.#opened]]);
    if (shape === this.#held) return;
    this.#held = shape;
    this.into.section.hidden = here.length === 0;
    const focused = document.activeElement?.getAttribute("data-name") ?? null;
    this.#kinds(here, hidden);
    this.#lines(here, shownOf(here, hidden), style);
    const again = focused === null ? null : [...this.into.section.querySelectorAll("button")].find((one) => one.getAttribute("data-name") === focused);
    again?.focus({ preventScroll: true });
  }

  /** @returns {void} */
  #again() {
    if (this.#last !== null) this.show(...this.#last);
  }

  /** A switch for each kind, where there are several, or one is hidden. @param {readonly Annotation[]} here @param {string} hidden @returns {void} */
  #kinds(here, hidden) {
    const counts = countsOf(here);
    const off = hidden === "" ? [] : hidden.split(",");
    const others = off.filter((kind) => !counts.some(([one]) => one === kind)).map((kind) => /** @type {[string, number]} */ ([kind, 0]));
    const all = [...counts, ...others];
    this.into.kinds.hidden = all.length < 2 && off.length === 0;
    this.into.kinds.replaceChildren(...all.map(([kind, count]) => {
      const isOff = off.includes(kind);
      const press = () => this.hide((isOff ? off.filter((one) => one !== kind) : [...off, kind]).sort().join(","));
      return button(`${kindText(kind)} ${formatCount(count)}`, press, { class: "small", "aria-pressed": String(!isOff), "data-name": `kind ${kind}`, title: isOff ? "Hidden; press to show" : "Shown; press to hide" });
    }));
  }

  /** @param {readonly Annotation[]} here @param {readonly Annotation[]} shown @param {TimeStyle} style @returns {void} */
  #lines(here, shown, style) {
    const names = new Set(shown.map(nameOf));
    for (const name of this.#opened.keys()) if (!names.has(name)) this.#opened.delete(name);
    const lines = listed(shown, this.#long ? MOST : LISTED);
    /** @type {Node[]} */
    const parts = lines.map((event) => this.#line(event, style));
    const more = shown.length - lines.length;
    if (this.#long || more > 0) {
      const words = !this.#long ? `${formatCount(more)} more` : more > 0 ? `Fewer; ${formatCount(more)} more are not listed` : "Fewer";
      const toggle = button(words, () => {
        this.#long = !this.#long;
        this.#again();
      }, { class: "small", "aria-expanded": String(this.#long), "data-name": "more" });
      if (shown.length > LISTED) parts.push(make("li", {}, toggle));
    }
    if (shown.length === 0 && here.length > 0) parts.push(make("li", { class: "muted", text: "All that happened in this time is of kinds that are hidden." }));
    this.into.list.replaceChildren(...parts);
  }

  /** @param {Annotation} event @param {TimeStyle} style @returns {HTMLElement} */
  #line(event, style) {
    const teller = tellerOf(event);
    const when = `${whenOf(event, style)}${teller === "" ? "" : `, ${teller}`}`;
    const text = event.events > 1 ? this.#opener(event) : make("span", { text: wordsOf(event) });
    const line = make("li", { class: event.own ? "own" : "told" }, make("time", { text: when }), text);
    const opened = this.#opened.get(nameOf(event));
    if (opened === undefined) return line;
    if (opened.single === null) line.append(make("span", { class: "muted", role: "status", text: opened.failure === "" ? "Asking." : opened.failure }));
    else {
      const single = opened.single.slice(0, MOST).map((one) => {
        const told = tellerOf(one);
        return make("li", {}, make("time", { text: `${instantText(one.atMs, style)}${told === "" ? "" : `, ${told}`}` }), make("span", { text: one.text }));
      });
      const more = opened.single.length - single.length;
      if (more > 0) single.push(make("li", { class: "muted", text: `and ${formatCount(more)} more` }));
      line.append(make("ol", {}, ...single));
    }
    return line;
  }

  /** @param {Annotation} event @returns {HTMLElement} */
  #opener(event) {
    const name = nameOf(event);
    return button(wordsOf(event), () => {
      if (!this.#opened.delete(name)) void this.#ask(event, null);
      this.#again();
    }, { class: "opens", "aria-expanded": String(this.#opened.has(name)), "data-name": name, title: `${formatCount(event.events)} events; press for each of them` });
  }

  /** Asks again for what is open and grew since. @param {readonly Annotation[]} here @returns {void} */
  #renew(here) {
    for (const event of here) {
      const opened = this.#opened.get(nameOf(event));
      if (opened !== undefined && opened.events !== event.events) void this.#ask(event, opened.single);
    }
  }

  /** @param {Annotation} event @param {Annotation[] | null} before what is shown until there is an answer @returns {Promise<void>} */
  async #ask(event, before) {
    const name = nameOf(event);
    const { events } = event;
    this.#opened.set(name, { events, single: before, failure: "" });
    const query = { kind: event.kind, fromUnixMs: event.atMs, toUnixMs: event.lastMs + 1, foldMs: 0 };
    /** @type {Opened} */
    let opened;
    try {
      const body = await this.api.events(query, AbortSignal.timeout(20_000));
      opened = { events, single: decodeEvents(body).filter((one) => one.own === event.own), failure: "" };
    } catch (error) {
      opened = { events, single: before, failure: error instanceof ApiFailure ? `There is no answer: ${error.message}.` : "There is no answer." };
    }
    // It may have been closed, or asked for anew, meanwhile.
    if (this.#opened.get(name)?.events !== events) return;
    this.#opened.set(name, opened);
    this.#again();
  }
}
