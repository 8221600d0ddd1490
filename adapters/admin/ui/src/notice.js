// @ts-check
/** The host's notice: what to see now. */

import { formatDuration } from "./number.js";
import { make } from "./dom.js";

/** @param {HTMLElement} into @param {import("./status.js").Notice | null} notice @param {number} serverNowMs @returns {void} */
export function drawNotice(into, notice, serverNowMs) {
  const key = notice === null ? "" : JSON.stringify([notice.id, notice.title, notice.text, notice.sinceMs]);
  if (into.dataset["held"] !== key) {
    into.dataset["held"] = key;
    into.hidden = notice === null;
    into.replaceChildren(...(notice === null ? [] : [make("b", { text: notice.title }), make("span", { text: notice.text }), make("span", { class: "rest", "aria-live": "off", "aria-hidden": "true" })]));
  }
  const rest = into.querySelector(".rest");
  if (rest === null || notice === null) return;
  const left = notice.untilMs === null ? 0 : notice.untilMs - serverNowMs;
  rest.textContent = left > 0 ? `${formatDuration(Math.ceil(left / 1000) * 1000)} left` : "";
}
