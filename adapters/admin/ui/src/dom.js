// @ts-check
/** The few helpers the page needs to make elements. Text only ever goes in as text. */

/** @param {string} id @returns {HTMLElement} @throws {Error} where the page has none: it and its modules do not fit together */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`the page has no element ${id}`);
  return element;
}

/** @template {HTMLElement} T @param {string} id @param {new () => T} kind @returns {T} */
export function byIdAs(id, kind) {
  const element = byId(id);
  if (!(element instanceof kind)) throw new Error(`the element ${id} is of another kind`);
  return element;
}

/**
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {Record<string, string>} attributes `text` is the text content @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "text") element.textContent = value;
    else element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

/** @param {string} name @param {string} value @param {{warn?: boolean, title?: string}} [how] @returns {HTMLElement} a line of a list of facts */
export function fact(name, value, { warn = false, title = "" } = {}) {
  return make("div", {}, make("dt", title === "" ? { text: name } : { text: name, title }), make("dd", warn ? { text: value, class: "warn" } : { text: value }));
}

/** @param {string} text @param {() => void} press @param {Record<string, string>} [attributes] @returns {HTMLButtonElement} */
export function button(text, press, attributes = {}) {
  const element = make("button", { type: "button", ...attributes, text });
  element.addEventListener("click", press);
  return element;
}

/** @param {string} text @returns {Promise<boolean>} whether it is on the clipboard */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // Without TLS, and not on loopback, a browser has no clipboard object; the old way still works.
    const area = make("textarea", { class: "spoken" });
    area.value = text;
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}

/** @param {string} text @param {string} name what is copied @param {string} copied @returns {HTMLButtonElement} says for a moment what came of a press */
export function copyButton(text, name, copied) {
  const say = (/** @type {string} */ words) => {
    copy.textContent = words;
    // What is read out begins with what is seen.
    copy.setAttribute("aria-label", `${words}: ${name}`);
  };
  const copy = button(text, async () => {
    say((await copyText(copied)) ? "Copied" : "Not allowed");
    setTimeout(() => say(text), 1500);
  }, { "aria-label": `${text}: ${name}`, title: copied.length > 300 ? name : copied, class: "small" });
  return copy;
}
