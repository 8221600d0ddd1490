// @ts-check
/** Elements that stay while they only move: text is laid out once, not once a frame. */

/** `key` tells what it is, its look included; equal keys are one element. @typedef {{key: string, make: () => HTMLElement, x?: number, y?: number}} Item */
/** An element and where it is: asking the element itself would make a text of its style each time. @typedef {{element: HTMLElement, place: string, seen: number}} Held */

/** @type {WeakMap<HTMLElement, Map<string, Held>>} */
const held = new WeakMap();
let turn = 0;

/** @param {HTMLElement} into @param {readonly Item[]} items what stands in it from now on, placed from its upper left corner in whole CSS pixels @returns {void} */
export function keep(into, items) {
  const all = held.get(into) ?? new Map();
  held.set(into, all);
  turn += 1;
  /** @type {HTMLElement[]} */
  const added = [];
  for (const { key, make, x = 0, y = 0 } of items) {
    let one = all.get(key);
    if (one === undefined) {
      one = { element: make(), place: "", seen: 0 };
      all.set(key, one);
      added.push(one.element);
    } else if (one.seen === turn) continue;
    one.seen = turn;
    const place = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
    if (one.place !== place) one.element.style.transform = one.place = place;
  }
  for (const [key, { element, seen }] of all) {
    if (seen === turn) continue;
    element.remove();
    all.delete(key);
  }
  if (added.length > 0) into.append(...added);
}
