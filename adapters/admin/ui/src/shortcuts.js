// @ts-check
/** The keys that work wherever the focus is, but in a field. */

/** @typedef {{undo: () => void, reset: () => void, help: () => void, goTo: () => void, top: () => void, zoom: (factor: number) => void, pan: (dx: number, dy: number) => void}} Actions */

/** @type {Record<string, (actions: Actions) => void>} */
const KEYS = {
  Backspace: (actions) => actions.undo(),
  r: (actions) => actions.reset(),
  R: (actions) => actions.reset(),
  "?": (actions) => actions.help(),
  "/": (actions) => actions.goTo(),
  t: (actions) => actions.top(),
  T: (actions) => actions.top(),
  "+": (actions) => actions.zoom(0.5),
  "=": (actions) => actions.zoom(0.5),
  "-": (actions) => actions.zoom(2),
};
/** With Shift. @type {Record<string, [number, number]>} */
const WAYS = { ArrowLeft: [-0.2, 0], ArrowRight: [0.2, 0], ArrowUp: [0, -0.2], ArrowDown: [0, 0.2] };

/** @param {EventTarget | null} target @returns {boolean} whether what is typed there is text */
const takesText = (target) => target instanceof HTMLSelectElement || target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && !["radio", "checkbox", "range", "button"].includes(target.type));

/** @param {Actions} actions @returns {void} */
export function listenForKeys(actions) {
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || takesText(event.target) || document.querySelector("dialog[open]") !== null) return;
    const way = event.shiftKey && !(event.target instanceof HTMLInputElement) ? WAYS[event.key] : undefined;
    if (way !== undefined) actions.pan(...way);
    else if (KEYS[event.key] !== undefined) KEYS[event.key](actions);
    else return;
    event.preventDefault();
  });
}
