// @ts-check
/** The page with a token of role read: it works, says that keys are redacted, and nothing in it has what is hidden. */

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Browser, noBrowser, shoot } from "./support/browser.js";
import { startService } from "./support/service.js";

const BINARY = process.env["KEYVIZ_BIN"];
const CANARY = "CaNaRySeCrEt";
const FULL = "full-0123456789abcdef";
const READ = "read-0123456789abcdef";

/** @returns {string | false} why not; throws where that is a failure */
function noBinary() {
  if (BINARY) return noBrowser();
  const reason = "KEYVIZ_BIN does not name the keyviz binary";
  if (process.env["CI"] === "true") throw new Error(reason);
  console.error(`SKIPPED: ${reason}`);
  return reason;
}

/** @param {string} text @returns {boolean} whether it has the canary as it is, in hex or in base64 */
function hasCanary(text) {
  const forms = [CANARY, Buffer.from(CANARY).toString("hex"), ...[0, 1, 2].map((skip) => Buffer.from(CANARY.slice(skip, skip + 9)).toString("base64"))];
  return forms.some((form) => text.toLowerCase().includes(form.toLowerCase()));
}

test("role read sees a picture without what is hidden", { skip: noBinary(), timeout: 120_000 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "keyviz-redaction-"));
  const file = (/** @type {string} */ name, /** @type {string} */ text) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  const lines = Array.from({ length: 2000 }, (_, i) => `${1_700_000_000_000_000 + i * 20_000},write,tenant-${i % 3}/${CANARY}/${String((i * i) % 61).padStart(2, "0")},1`);
  const trace = file("trace.csv", `ts_us,op,key,count\n${lines.join("\n")}\n`);
  const service = await startService(String(BINARY), [
    "replay", trace, "--step", "1s", "--listen", "127.0.0.1:0", "--quiet", "--admin-audit-file", join(folder, "audit.log"),
    "--admin-token-file", file("full", FULL), "--admin-read-token-file", file("read", READ),
  ]);
  const browser = new Browser();
  try {
    for (const [token, hidden] of /** @type {[string, boolean][]} */ ([[FULL, false], [READ, true]])) {
      const page = await browser.open();
      /** @type {Promise<string>[]} */
      const bodies = [];
      page.on("response", (response) => {
        if (response.url().includes("/api/") && response.status() === 200) bodies.push(response.text().catch(() => ""));
      });
      await page.goto(service.url);
      await page.fill("#token", token);
      await page.click("#token-form button");
      await page.waitForSelector("#legend .ramp", { timeout: 30_000 });
      const box = await page.locator("#picture").boundingBox();
      assert.ok(box !== null);
      const seen = new Set();
      for (let down = 0.02; down < 1; down += 0.04) {
        await page.mouse.move(box.x + box.width / 2, box.y + box.height * down);
        seen.add(await page.locator("#cell .key").first().textContent({ timeout: 2000 }).catch(() => ""));
      }
      assert.ok(seen.size > 10, `rows are told apart: ${[...seen].join(" ")}`);
      await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
      // The keys of the cell: shown to the one, and to the other why not and what to do.
      await page.waitForFunction(() => document.querySelector("#hot ol, #hot p:not([role=status])") !== null);
      if (hidden) assert.match(await page.innerText("#hot"), /role read, which shows load, not keys\. A token of the role full/);
      else assert.ok((await page.locator("#hot .hot-keys li").count()) > 0);
      // The hottest ranges: redacted as the picture is.
      await page.keyboard.press("t");
      await page.waitForSelector("#top tbody tr");
      assert.equal(await page.locator("#top-body [data-kind=redacted]").count(), hidden ? 1 : 0);
      const hottest = await page.innerText("#top tbody");
      if (hidden) assert.match(hottest, /tenant-\d~\d+ to /);
      assert.equal(hasCanary(hottest), !hidden, hottest);
      const told = (await page.content()) + [...seen].join(" ") + page.url();
      assert.equal(hasCanary(told), !hidden);
      assert.equal(hasCanary((await Promise.all(bodies)).join("\n")), !hidden, "in what the page was sent");
      assert.equal(await page.locator("#lines [data-kind=redacted]").count(), hidden ? 1 : 0);
      if (hidden) {
        assert.match(await page.innerText("#lines"), /Keys are redacted[\s\S]*first 8 bytes/);
        assert.ok([...seen].some((key) => /^tenant-\d~\d+$/.test(String(key))), [...seen].join(" "));
        await shoot(page, "role-read");
      }
      assert.deepEqual(browser.complaints, []);
    }
  } finally {
    await browser.close();
    await service.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
