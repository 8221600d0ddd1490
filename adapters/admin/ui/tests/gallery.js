// @ts-check
/** Writes `shots/gallery.html`: every picture that the tests took, by what it shows, to be looked at. */

import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { SHOTS } from "./support/browser.js";

if (existsSync(SHOTS)) {
  const names = readdirSync(SHOTS).filter((name) => name.endsWith(".png")).sort();
  /** @type {Map<string, string[]>} */
  const groups = new Map();
  for (const name of names) {
    const subject = name.replace(/\.png$/, "").replace(/-(light|dark)(-3840|-\dx)?$/, "");
    groups.set(subject, [...(groups.get(subject) ?? []), name]);
  }
  const figure = (/** @type {string} */ name) => `<figure><a href="${name}"><img loading="lazy" src="${name}" alt="${name}"></a><figcaption>${name}</figcaption></figure>`;
  const sections = [...groups].map(([subject, shots]) => `<section><h2>${subject}</h2><div>${shots.map(figure).join("")}</div></section>`);
  writeFileSync(join(SHOTS, "gallery.html"), `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>keyviz: the page in pictures</title><style>
body { margin: 20px; background: #888; color: #fff; font: 14px sans-serif; }
section div { display: grid; grid-template-columns: repeat(auto-fill, minmax(620px, 1fr)); gap: 14px; }
figure { margin: 0; } img { width: 100%; display: block; border: 1px solid #444; } figcaption { font-size: 12px; }
</style></head><body><h1>${names.length} pictures</h1>${sections.join("\n")}</body></html>
`);
  console.log(`${names.length} pictures in ${join(SHOTS, "gallery.html")}`);
}
