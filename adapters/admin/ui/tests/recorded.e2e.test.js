// @ts-check
/** The page that the binary writes to a file: opened from the disk, it shows everything and asks nobody. */

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { Browser, noBrowser, shoot } from "./support/browser.js";

const BINARY = process.env["KEYVIZ_BIN"];

/** @returns {string | false} why not; throws where that is a failure */
function noBinary() {
  if (BINARY) return noBrowser();
  const reason = "KEYVIZ_BIN does not name the keyviz binary";
  if (process.env["CI"] === "true") throw new Error(reason);
  console.error(`SKIPPED: ${reason}; build it and run KEYVIZ_BIN=target/release/keyviz npm run e2e`);
  return reason;
}

/** Keys that want to end the script they stand in, to be markup, or to turn text around. */
const HOSTILE = ["</script><script>window.pwned=1</script>", "<!--<script>", "<img src=x onerror=window.pwned=1>", "\u202eevil\u202c", "\u2028line", "a&amp;b"];

/** @returns {string} a minute, 20 operations a second, 3 of 4 of them reads */
function trace() {
  const lines = ["ts_us,op,key:hex"];
  for (let n = 0; n < 1200; n += 1) {
    const key = n % 3 === 0 ? HOSTILE[(n / 3) % HOSTILE.length] : `user:${String((n * 7) % 100).padStart(3, "0")}`;
    lines.push(`${n * 50_000},${n % 4 === 0 ? "w" : "r"},${Buffer.from(key).toString("hex")}`);
  }
  return lines.join("\n");
}

test("a recorded page opens from a disk", { skip: noBinary(), timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "keyviz-recorded-"));
  const browser = new Browser();
  try {
    // The name is a foreign text too.
    const [from, to] = [join(folder, "<b>t.csv"), join(folder, "page.html")];
    writeFileSync(from, trace());
    execFileSync(String(BINARY), ["replay", from, "--step", "1s", "--quiet", "--html", to]);
    for (const theme of /** @type {const} */ (["light", "dark"])) {
      const page = await browser.open({ theme });
      /** @type {string[]} */
      const asked = [];
      page.on("request", (request) => asked.push(request.url()));
      await page.goto(pathToFileURL(to).href);
      await page.waitForSelector("#legend .ramp");
      const fact = (/** @type {string} */ name) => page.evaluate((wanted) => [...document.querySelectorAll("#accounts dt")].find((one) => one.textContent === wanted)?.nextElementSibling?.textContent, name);
      assert.match(await page.innerText("#notice"), /Recorded[\s\S]*A recorded picture of .*<b>t\.csv, made \d{4}-.* asks no server/);
      assert.equal(await page.innerText("#live"), "recorded picture");
      assert.deepEqual([await fact("Shown ops"), await fact("Columns")], ["1,200", "60"]);
      assert.equal(await page.isVisible("#pause"), false, "nothing to pause");
      await shoot(page, `recorded-${theme}`);

      await page.check("#series input[value=writes]", { force: true });
      await page.waitForFunction(() => document.querySelector("#accounts")?.textContent?.includes("Shown writes"));
      assert.equal(await fact("Shown writes"), "300");
      await page.selectOption("#rows", "64");
      await page.waitForFunction(() => /Rows64(?!\d)/.test(String(document.querySelector("#accounts")?.textContent)));
      assert.match(new URL(page.url()).hash, /series=writes&rows=64/);
      await page.reload();
      await page.waitForSelector("#legend .ramp");
      await page.waitForFunction(() => /Rows64(?!\d)/.test(String(document.querySelector("#accounts")?.textContent)));

      await page.waitForTimeout(1500);
      assert.deepEqual([...new Set(asked.map((url) => new URL(url).protocol))], ["file:"], "nobody is asked");
      assert.equal(new Set(asked.map((url) => url.split("#")[0])).size, 1, "and no other file");
      assert.equal(await page.evaluate(() => /** @type {any} */ (window).pwned), undefined);
      assert.equal(await page.evaluate(() => document.querySelectorAll("img[onerror], #title b, #notice b b").length), 0);
      assert.deepEqual(browser.complaints, []);
    }
  } finally {
    await browser.close();
    rmSync(folder, { recursive: true });
  }
});
