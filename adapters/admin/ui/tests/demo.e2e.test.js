// @ts-check
/** The real service: within 15 s of the first picture there are at least 10 columns, and the picture moves. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Browser, noBrowser, shoot } from "./support/browser.js";
import { startService } from "./support/service.js";

const BINARY = process.env["KEYVIZ_BIN"];

/** @returns {string | false} why not; throws where that is a failure */
function noDemo() {
  if (BINARY) return noBrowser();
  const reason = "KEYVIZ_BIN does not name the keyviz binary";
  if (process.env["CI"] === "true") throw new Error(reason);
  console.error(`SKIPPED: ${reason}; build it and run KEYVIZ_BIN=target/release/keyviz npm run e2e`);
  return reason;
}

/** The hot keys of a cell are what the service answers: pins cells of the newest whole columns until one has keys. @param {import("playwright-core").Page} page @returns {Promise<void>} */
async function showsHotKeys(page) {
  // Beneath a hand that looks closely, a picture that moves on would be another one.
  await page.click("#pause");
  // Of all operations there would be two lists.
  await page.check("#series input[value=writes]");
  await page.waitForFunction(() => document.querySelector(".ramp-unit")?.textContent?.startsWith("writes"));
  const box = await page.locator("#picture").boundingBox();
  assert.ok(box !== null);
  // The window that is open may have no column yet.
  let across = 0.99;
  for (; across > 0; across -= 0.01) {
    await page.mouse.move(box.x + box.width * across, box.y + box.height * 0.5);
    if (/Column\s*1 s, complete/.test(await page.innerText("#cell"))) break;
  }
  for (let down = 0.02; down < 1; down += 0.06) {
    const answered = page.waitForResponse((response) => response.url().includes("/hotkeys?"));
    await page.mouse.click(box.x + box.width * across, box.y + box.height * down);
    const response = await answered;
    const body = await response.json();
    await page.waitForFunction(() => document.querySelector("#hot ol, #hot p:not([role=status])") !== null);
    if (response.status() !== 200 || body.keys.length === 0) {
      assert.match(await page.innerText("#hot"), /not hot enough|No key|come with the next column|no longer kept/);
      await page.keyboard.press("Escape");
      continue;
    }
    const shown = await page.evaluate(() => [...document.querySelectorAll("#hot .hot-keys li")].map((one) => [one.querySelector("code")?.textContent ?? "", one.querySelector(".muted")?.textContent ?? ""]));
    assert.equal(shown.length, body.keys.length);
    for (const [i, one] of body.keys.entries()) {
      assert.equal(shown[i][0], Buffer.from(one.key_b64, "base64").toString(), "the demo's keys are plain");
      const most = body.operations > 0 ? Math.min(one.count, body.operations) : one.count;
      assert.ok(shown[i][1].includes(most.toLocaleString("en-US")), `${shown[i][1]} of ${one.count}`);
    }
    await shoot(page, "demo-hot-keys");
    return;
  }
  assert.fail("no cell has hot keys");
}

test("the demo shows a moving picture", { skip: noDemo(), timeout: 300_000 }, async () => {
  const demo = await startService(String(BINARY), ["demo", "--listen", "127.0.0.1:0"]);
  const browser = new Browser();
  try {
    const page = await browser.open();
    await page.goto(demo.url);
    await page.waitForFunction(() => document.querySelector("#legend .ramp") !== null && /** @type {HTMLElement} */ (document.getElementById("message")).hidden, null, { timeout: 120_000 });
    await shoot(page, "demo-first");
    const columns = () => page.evaluate(() => {
      const names = [...document.querySelectorAll("#accounts dt")];
      const value = names.find((name) => name.textContent === "Columns")?.nextElementSibling?.textContent ?? "0";
      return Number.parseInt(value.replaceAll(",", ""), 10);
    });
    // Columns from before somebody came to look are not those that the demo shows.
    const [first, before] = [Date.now(), await columns()];
    await page.waitForFunction((least) => {
      const name = [...document.querySelectorAll("#accounts dt")].find((one) => one.textContent === "Columns");
      return Number.parseInt((name?.nextElementSibling?.textContent ?? "0").replaceAll(",", ""), 10) >= least;
    }, before + 10, { timeout: 15_000 - (Date.now() - first) });
    assert.ok((await columns()) >= before + 10);
    await shoot(page, "demo");
    const one = await page.locator("#picture").screenshot();
    await page.waitForTimeout(3000);
    const other = await page.locator("#picture").screenshot();
    assert.ok(!one.equals(other), "two pictures 3 s apart differ");
    assert.equal(await page.isVisible("#notice"), true, "the phase says what to see");
    assert.match(await page.innerText("#live"), /^live/);
    await showsHotKeys(page);
    assert.deepEqual(browser.complaints, []);
  } finally {
    await browser.close();
    const code = await demo.stop();
    console.log(demo.output());
    assert.equal(code, 0, "it ends in order when asked to");
  }
});
