// @ts-check
/** The page's files against each other and against the server that serves them. */

import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import { HEADERS } from "../support/server.js";

const here = (/** @type {string} */ path) => new URL(`../../${path}`, import.meta.url);
const read = (/** @type {string} */ path) => readFileSync(here(path), "utf8");
const files = readdirSync(here("src/"));

test("the test server sends the content policy of the real one", () => {
  const written = /const CSP: &str = "([^"]+)"/.exec(read("../src/headers.rs"))?.[1] ?? "";
  assert.equal(HEADERS["content-security-policy"], written.replace(/\\\n\s*/g, ""));
});

test("every module is used, and every import is of a file that is there", () => {
  const used = new Set(["index.html", ...[...read("src/index.html").matchAll(/"ui\/([\w.]+)"/g)].map((hit) => hit[1])]);
  for (const file of files.filter((name) => name.endsWith(".js"))) {
    for (const [, name] of read(`src/${file}`).matchAll(/from "\.\/([\w.]+)"/g)) {
      assert.ok(files.includes(name), `${file} imports ${name}`);
      used.add(name);
    }
  }
  assert.deepEqual(files.filter((name) => !used.has(name)), []);
});

test("keys and other foreign text never become markup", () => {
  for (const file of files.filter((name) => name.endsWith(".js"))) assert.doesNotMatch(read(`src/${file}`), /innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|DOMParser|\beval\(|new Function/, file);
});

test("nothing is kept outside of memory and the fragment", () => {
  for (const file of files.filter((name) => name.endsWith(".js"))) assert.doesNotMatch(read(`src/${file}`), /localStorage|sessionStorage|indexedDB|document\.cookie/, file);
});

test("modules import downwards: no circle", () => {
  const imports = new Map(files.filter((name) => name.endsWith(".js")).map((file) => [file, [...read(`src/${file}`).matchAll(/^import .* from "\.\/([\w.]+)"/gm)].map((hit) => hit[1])]));
  /** @param {string} file @param {string[]} path @returns {void} */
  const walk = (file, path) => {
    assert.ok(!path.includes(file), [...path, file].join(" > "));
    for (const next of imports.get(file) ?? []) walk(next, [...path, file]);
  };
  walk("main.js", []);
});

test("imports and exports have the one form that a page in a file is made from", () => {
  for (const file of files.filter((name) => name.endsWith(".js"))) {
    for (const line of read(`src/${file}`).split("\n")) {
      if (/^\s*import\b/.test(line)) assert.match(line, /^import \{ \w+(, \w+)* \} from "\.\/\w+\.js";$/, file);
      if (/^\s*export\b/.test(line)) assert.match(line, /^export (const|class|function|async function) \w+/, file);
      // Types stand in comments.
      if (!/^\s*(\/\*\*|\*)/.test(line)) assert.doesNotMatch(line.replace(/\/\*\*.*?\*\//g, ""), /<\/script|<!--|\bimport\(|import\.meta|^await /, file);
    }
  }
});
