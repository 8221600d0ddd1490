// @ts-check
/** Elements that stay while they only move: text is laid out once, not once a frame. */

/** `key` tells what it is, its look included; equal keys are one element. @typedef {{key: string, make: () => HTMLElement, x?: number, y?: number, height?: number}} Item */

/** @type {WeakMap<HTMLElement, Map<string, HTMLElement>>} */
const held = new WeakMap();

/** @param {HTMLElement} into @param {readonly Item[]} items what stands in it from now on, placed from its upper left corner in CSS pixels @returns {void} */
export function keep(into, items) {
  const before = held.get(into) ?? new Map();
  /** @type {Map<string, HTMLElement>} */
  const after = new Map();
  for (const item of items) {
    if (after.has(item.key)) continue;
    const element = before.get(item.key) ?? item.make();
    const place = `translate(${item.x ?? 0}px, ${item.y ?? 0}px)`;
    if (element.style.transform !== place) element.style.transform = place;
    if (item.height !== undefined && element.style.height !== `${item.height}px`) element.style.height = `${item.height}px`;
    after.set(item.key, element);
  }
  for (const [key, element] of before) if (!after.has(key)) element.remove();
  const added = [...after.values()].filter((element) => element.parentElement !== into);
  if (added.length > 0) into.append(...added);
  held.set(into, after);
}
