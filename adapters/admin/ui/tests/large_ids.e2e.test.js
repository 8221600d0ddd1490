// @ts-check
/** Route ids beyond what a double holds, from a real server through the page and its URL: digit for digit. */

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { Browser, noBrowser, shoot } from "./support/browser.js";
import { startService } from "./support/service.js";

const EXAMPLE = join(process.env["KEYVIZ_EXAMPLES"] ?? "", "embedded");
/** As the server has them, by key: 2^53, 2^53 + 1 and 2^63 + 1. */
const ROUTES = ["9007199254740992", "9007199254740993", "9223372036854775809"];

/** @returns {string | false} why not; throws where that is a failure */
function noExample() {
  if (existsSync(EXAMPLE)) return noBrowser();
  const reason = "KEYVIZ_EXAMPLES does not name the folder of keyviz-admin's example `embedded`";
  if (process.env["CI"] === "true") throw new Error(reason);
  console.error(`SKIPPED: ${reason}; cargo build -p keyviz-admin --examples, then KEYVIZ_EXAMPLES=target/debug/examples`);
  return reason;
}

test("a route of 2^63 + 1 is that in the inspector, the URL and on the wire", { skip: noExample(), timeout: 120_000 }, async () => {
  const service = await startService(EXAMPLE, []);
  const browser = new Browser();
  try {
    const page = await browser.open();
    await page.goto(`${service.url}#axis=route&paused=1`);
    await page.waitForSelector("#legend .ramp", { timeout: 30_000 });
    // Paused, so that the picture stands still while it is pointed at; it has its first column once there is a ramp.
    const box = await page.locator("#picture").boundingBox();
    assert.ok(box !== null);
    const rowAt = async (/** @type {number} */ row) => {
      const y = box.y + (box.height * (row + 0.5)) / ROUTES.length;
      for (let across = 0.995; across > 0; across -= 0.01) {
        const x = box.x + box.width * across;
        await page.mouse.move(x, y);
        if (/Route/.test(await page.innerText("#cell"))) return { x, y };
      }
      throw new Error(`no cell in row ${row}: ${await page.innerText("#cell")}`);
    };
    for (const [row, id] of ROUTES.entries()) {
      await rowAt(row);
      assert.match(await page.innerText("#cell"), new RegExp(`Route\\s*${id}\\b`));
    }
    const cell = await rowAt(2);
    await page.mouse.click(cell.x, cell.y);
    assert.match(await page.innerText("#cell"), /Route\s*9223372036854775809\b/);
    const pinned = () => new URLSearchParams(new URL(page.url()).hash.slice(1)).get("pin");
    assert.equal(pinned(), "route:9223372036854775809");
    await shoot(page, "large-ids");

    // A link with it shows it again.
    await page.reload();
    await page.waitForSelector("#legend .ramp", { timeout: 30_000 });
    await page.waitForFunction(() => /Route\s*9223372036854775809\b/.test(document.getElementById("cell")?.innerText ?? ""), null, { timeout: 10_000 });
    assert.equal(pinned(), "route:9223372036854775809");

    // What JavaScript reads of the answer and writes again still names the routes.
    const told = await page.evaluate(async () => {
      const answer = await (await fetch("api/v1/keyviz/matrix?axis=route")).json();
      const again = JSON.parse(JSON.stringify(answer));
      return again.rows.map((/** @type {{bucket_id: string}} */ row) => row.bucket_id);
    });
    assert.deepEqual(told, ROUTES.map((id) => `route:${id}`));
    assert.deepEqual(browser.complaints, []);
  } finally {
    await browser.close();
    assert.equal(await service.stop(), 0, service.output());
  }
});
