// @ts-check
/** Finding: the hottest ranges, going to a key, a route or a name, labels, the detail of a cell and its hot keys. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { noBrowser } from "../support/browser.js";
import { everyLook, look } from "../support/looks.js";
import { LAST, Visit, at, choice } from "../support/visit.js";
import { STEP, base64, busyMatrix, redacted } from "../support/answers.js";
import { base64url } from "../../src/key.js";
import { redactionText } from "../../src/redaction.js";

const skip = noBrowser();
const HOSTILE = "<img src=x onerror=\"document.title='owned'\">\u202e\u001b[31m";
/** As it may be shown. */
const SHOWN = "<img src=x onerror=\"document.title='owned'\">\\xe2\\x80\\xae\\x1b[31m";
const calm = busyMatrix(16, 300);
const named = { ...calm, rows: calm.rows.map((/** @type {any} */ row, /** @type {number} */ i) => ({ ...row, ...(i < 4 ? { name: "small" } : i < 6 ? { name: HOSTILE } : {}), raft_group_ids: row.values.map(() => 40 + i), leader_terms: row.values.map(() => 7) })) };
const bytes = (/** @type {number} */ row) => Buffer.from(String(calm.rows[row].start), "base64");

/** @param {Record<string, unknown>} more @returns {Record<string, unknown>} */
function topRow(more) {
  return {
    bucket_id: "route:11", route_id: "11", start: calm.rows[10].start, end: calm.rows[10].end, middle: null, aggregate: false, sub_bucket: 0, sub_buckets: 1,
    raft_group_id: 50, leader_term: 3, value: 900, rate: 900, share: 0.45, before: 450, before_rate: 450, split: "mydb split --region 11 --at 'orders/x'", ...more,
  };
}
const top = {
  series: "ops", generated_at: "2026-11-21T03:12:30Z", ranges: 16,
  now: { start_unix_ms: LAST - 2 * STEP, end_unix_ms: LAST - STEP, covers_ms: STEP, state: "complete", total: 2000, rate: 2000 },
  before: { start_unix_ms: LAST - 3 * STEP, end_unix_ms: LAST - 2 * STEP, covers_ms: STEP, state: "complete", total: 1000, rate: 1000 },
  rows: [
    topRow({}),
    topRow({ bucket_id: "route:18446744073709551615", route_id: "18446744073709551615", start: base64("\u202e<b>"), end: null, rate: 400, share: 0.2, before: 0, before_rate: 0, name: HOSTILE, split: null }),
    topRow({ bucket_id: "virtual:9", aggregate: true, rate: 100, share: 0.05, before: null, before_rate: null, raft_group_id: 0, split: null }),
    topRow({ bucket_id: "route:3", start: calm.rows[2].start, end: calm.rows[2].end, rate: 50, share: 0.025, before: 51, before_rate: 51 }),
    topRow({ bucket_id: "route:4", rate: 20, share: 0.01, before: 80, before_rate: 80 }),
    topRow({ bucket_id: "route:5", rate: 1000, share: 0.01, before: 10, before_rate: 10 }),
  ],
};

describe("find", { skip }, () => {
  const visit = new Visit("tz=utc&refresh=60");
  const { server, browser } = visit;
  const serve = (/** @type {Record<string, any>} */ others, /** @type {Record<string, unknown>} */ changes = {}) => visit.serve(named, others, changes);

  for (const theme of /** @type {const} */ (["light", "dark"])) {
    test(`the hottest ranges: rate, share, change, owner; bounds and a split command to copy (${theme})`, async () => {
      serve({ top });
      const page = await visit.open({ theme, height: 1000 });
      assert.equal(await page.isVisible("#top"), true, "open where there is room");
      const asked = visit.asked("top")[0];
      assert.deepEqual([asked?.query.get("series"), asked?.query.get("limit")], ["ops", "50"]);
      assert.match(await page.innerText("#top-body"), /2026-11-21 03:12:29 – 03:12:30: 2 k ops\/s on 16 ranges/);
      const rows = await page.evaluate(() => [...document.querySelectorAll("#top tbody tr")].map((row) => /** @type {HTMLElement} */ (row).innerText.replaceAll(/\s+/g, " ")));
      assert.equal(rows.length, 6);
      assert.match(rows[0], /^1 orders\/eu\/customer-06250 to orders\/eu\/customer-06875 ?route 11 900 ops\/s 45 % ▲ \+100 % 50, term 3 from to split command$/);
      assert.match(rows[1], /^2 <img src=x onerror="document\.title='owned'">\\xe2\\x80\\xae\\x1b\[31m \\xe2\\x80\\xae<b> to \(no upper bound\) ?route 18446744073709551615 .*▲ from 0/);
      assert.match(rows[2], /several routes together .* not known – from to no split$/);
      assert.match(rows[3], /▼ −2 %/);
      assert.match(rows[4], /▼ −75 %/);
      assert.match(rows[5], /▲ ×100/);
      // What stands in a cell of the table stands in no other, however long a name is.
      const over = await page.evaluate(() => [...document.querySelectorAll("#top tbody td")].flatMap((cell) => {
        const box = cell.getBoundingClientRect();
        return [...cell.children].filter((child) => child.getBoundingClientRect().right > box.right + 1 || child.getBoundingClientRect().bottom > box.bottom + 1).map((child) => child.textContent);
      }));
      assert.deepEqual(over, []);
      await look(page, `top-${theme}`);
      await browser.context.grantPermissions(["clipboard-read", "clipboard-write"]);
      for (const [name, copied] of [["from", "orders/eu/customer-06250"], ["to", "orders/eu/customer-06875"], ["split command", "mydb split --region 11 --at 'orders/x'"]]) {
        await page.locator("#top tbody tr").first().locator(".copies").getByText(name, { exact: true }).click();
        await page.waitForFunction(() => document.querySelector("#top tbody tr .copies")?.textContent?.includes("Copied"));
        assert.equal(await page.evaluate(() => navigator.clipboard.readText()), copied);
        await page.waitForFunction(() => !document.querySelector("#top tbody tr .copies")?.textContent?.includes("Copied"));
      }
      assert.doesNotMatch(await page.title(), /^owned/);
      assert.deepEqual(browser.complaints, []);
    });
  }

  test("ranges of keyviz's own have no ids to show, and where nobody owns them no column says so", async () => {
    const rows = top.rows.map((row) => ({ ...row, raft_group_id: 0, leader_term: 0 }));
    const shown = async (/** @type {Record<string, unknown>} */ changes) => {
      serve({ top: { ...top, ...changes } });
      const page = await visit.open({ height: 1000 });
      return [await page.innerText("#top thead"), await page.innerText("#top tbody tr")].map((text) => text.replaceAll(/\s+/g, " ").trim());
    };
    const owned = await shown({});
    assert.match(owned[0], /against before group copy$/i);
    const [head, first] = await shown({ own_ranges: true, rows });
    assert.match(head, /against before copy$/i);
    assert.match(first, /^1 orders\/eu\/customer-06250 to orders\/eu\/customer-06875 900 ops\/s 45 % ▲ \+100 % from to split command$/);
  });

  test("a hot range is shown in the map by a press, and the table opens and closes with T", async () => {
    serve({ top });
    const page = await visit.open();
    assert.equal(await page.isVisible("#top"), false, "a low window is the map's");
    assert.equal(visit.asked("top").length > 0, false, "and is not asked for");
    await page.keyboard.press("t");
    await page.waitForSelector("#top tbody tr");
    assert.equal(choice(page).get("top"), "1");
    await page.locator("#top .range").first().click();
    assert.equal(choice(page).get("find"), base64url(bytes(10)));
    const [frame, plot] = await Promise.all([page.locator("#cross-found").boundingBox(), page.locator("#picture").boundingBox()]);
    if (frame === null || plot === null) throw new Error("no frame");
    assert.ok(Math.abs(frame.y - (plot.y + (10 / 16) * plot.height)) < 3 && Math.abs(frame.height - plot.height / 16) < 3);
    assert.match(await page.innerText("#found"), /Row of orders\/eu\/customer-06250/);
    assert.match(String(await page.textContent("#found-spoken")), /Framed: the row of orders\/eu\/customer-06250/);
    await look(page, "found-light");
    await page.click("#found button");
    assert.equal(await page.isVisible("#cross-found"), false);
    assert.equal(choice(page).has("find"), false);
    await page.click("#top-toggle");
    assert.equal(await page.isVisible("#top"), false);
    assert.equal(choice(page).get("top"), "0");
  });

  test("the table says what is the case: being asked for, nothing in the window, no window, refused, not fresh", async () => {
    let answer = /** @type {any} */ ("hang");
    serve({ top: () => answer });
    const page = await browser.open({ height: 1000 });
    await page.goto(`${server.url}#tz=utc&refresh=1&top=1`);
    await page.waitForSelector("#top-toggle");
    const says = (/** @type {RegExp} */ words) => page.waitForFunction((source) => new RegExp(source).test(document.querySelector("#top-body")?.textContent ?? ""), words.source);
    answer = { status: 200, body: { ...top, rows: [], ranges: 0 } };
    await page.reload();
    await says(/No ops in this window/);
    answer = { status: 200, body: { ...top, now: null, before: null, rows: [] } };
    await says(/No window is recorded yet/);
    answer = { status: 200, body: top };
    await says(/customer-06250/);
    answer = { status: 503, body: { error: "busy", message: "8 pictures are being built" } };
    await says(/no longer fresh: 8 pictures are being built/);
    assert.equal(await page.isVisible("#top tbody tr"), true, "the last one stays");
    answer = { status: 200, body: { rows: 7 } };
    await says(/no longer fresh: .*rows is not a list/);
    assert.equal(await page.isVisible("#message"), false, "the picture goes on");
  });

  test("redacted ranges: the table says so, and its bounds are neither found in the map nor copied", async () => {
    const shown = (/** @type {string} */ start) => topRow({ start: base64(start), end: base64("orders/e~3"), split: null });
    for (const [policy, start, places] of /** @type {const} */ ([["prefix:8", "orders/e~2", true], ["hmac", "02~0123456789abcdef", true], ["hex", "6f7264657273", false]])) {
      visit.serve(redacted(named, policy), { top: { ...top, redaction: policy, rows: [shown(start)] } }, { role: "read", redaction: policy });
      const page = await visit.open({ height: 1000 });
      await page.waitForSelector("#top tbody tr");
      assert.equal(await page.innerText("#top-body [data-kind=redacted]"), `Keys are redacted. ${redactionText(policy)}`);
      assert.match((await page.innerText("#top tbody tr")).replaceAll(/\s+/g, " "), new RegExp(`^1 ${start} to orders/e~3 ?route 11 900 ops/s 45 % ▲ \\+100 % 50, term 3${places ? "$" : " from to$"}`));
      assert.equal(await page.locator("#top tbody button").count(), places ? 0 : 3);
      await look(page, `top-redacted-${policy.replace(":", "-")}-light`);
    }
    serve({ top });
    const page = await visit.open({ height: 1000 });
    await page.waitForSelector("#top tbody tr");
    assert.equal(await page.locator("#top-body [data-kind=redacted]").count(), 0);
  });

  test("a server that does not rank has no such button", async () => {
    serve({});
    const page = await visit.open({ height: 1000 });
    assert.deepEqual([await page.isVisible("#top"), await page.isVisible("#top-toggle")], [false, false]);
  });

  test("go to a key, a route, a name: its row is framed, and a link keeps it", async () => {
    const names = { names: [{ prefix: base64("orders/eu/customer-05"), name: "fifth" }, { prefix: base64("orders/eu/customer-09"), name: HOSTILE }, { prefix: base64("zzz"), name: "Orders, old" }] };
    serve({ names });
    const page = await visit.open();
    const arrive = async (/** @type {string} */ text) => {
      await page.keyboard.press("/");
      await page.waitForSelector("#goto-text:focus");
      await page.fill("#goto-text", text);
      await page.keyboard.press("Enter");
    };
    const found = (/** @type {string} */ key) => page.waitForFunction((find) => new URLSearchParams(location.hash.slice(1)).get("find") === find, base64url(Buffer.from(key)));
    const named = (/** @type {string} */ prefix) => page.waitForFunction((find) => new URLSearchParams(location.hash.slice(1)).get("find") === find, `${base64url(Buffer.from(prefix))}.`);
    const framed = async (/** @type {number} */ row, /** @type {string} */ text) => {
      await page.waitForFunction((begins) => document.querySelector("#found")?.textContent?.startsWith(begins), text);
      const [frame, plot] = await Promise.all([page.locator("#cross-found").boundingBox(), page.locator("#picture").boundingBox()]);
      assert.ok(frame !== null && plot !== null && Math.abs(frame.y - (plot.y + (row / 16) * plot.height)) < 3, `row ${row}`);
    };
    await arrive("orders/eu/customer-0100");
    await found("orders/eu/customer-0100");
    assert.equal(await page.isVisible("#goto"), false);
    await arrive("0x6f72");
    await found("or");
    await arrive("route:11");
    await found("orders/eu/customer-06250");
    await arrive("12");
    await found("orders/eu/customer-06875");
    await arrive("fifth");
    await named("orders/eu/customer-05");
    await framed(8, "Row of orders/eu/customer-05");
    await arrive("zzz");
    await found("zzz");
    await framed(15, "Row of zzz (a key: no name and no route is called so)");
    assert.equal(await page.textContent("#found-spoken"), "Framed: the row of zzz (a key: no name and no route is called so).");
    await arrive("key:zzz");
    await framed(15, "Row of zzz");
    await arrive("a\\x00b");
    await found("a\0b");
    await arrive("route:999");
    await page.waitForFunction(() => /No such route/.test(document.querySelector("#goto-error")?.textContent ?? ""));
    await page.fill("#goto-text", "a\\q");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => /That is no name/.test(document.querySelector("#goto-error")?.textContent ?? ""));
    await page.fill("#goto-text", "o");
    assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll("#goto-names b")].map((one) => one.textContent)), ["Orders, old", SHOWN]);
    await everyLook(page, "goto");
    await page.locator("#goto-names button").first().click();
    await named("zzz");
    await page.reload();
    await page.waitForSelector("#cross-found", { state: "visible" });
    assert.equal(choice(page).get("find"), `${base64url(Buffer.from("zzz"))}.`);
    assert.deepEqual(browser.complaints, []);
  });

  test("where keys are redacted a route is looked for among the rows shown, not in another answer with other places", async () => {
    const ranges = { ...calm, axis: "range", rows: calm.rows.map((/** @type {any} */ row, /** @type {number} */ i) => ({ ...row, bucket_id: `range:${i}@a` })) };
    visit.serve(ranges, {}, { role: "read", redaction: "prefix:8" });
    const page = await visit.open();
    const before = visit.asked().length;
    const ask = async () => {
      await page.keyboard.press("/");
      await page.fill("#goto-text", "route:11");
      await page.keyboard.press("Enter");
    };
    await ask();
    await page.waitForFunction(() => /Keys are redacted.*choose Routes/.test(document.querySelector("#goto-error")?.textContent ?? ""));
    assert.equal(visit.asked().length, before, "no other answer is asked for");
    assert.equal(choice(page).has("find"), false);
    await page.keyboard.press("Escape");
    visit.serve(calm, {}, { role: "read", redaction: "prefix:8" });
    await page.check("#axis input[value=route]");
    await visit.quiet(page);
    await page.focus("#picture");
    await ask();
    await page.waitForFunction((find) => new URLSearchParams(location.hash.slice(1)).get("find") === find, base64url(bytes(10)));
  });

  test("a key outside of the keys shown leads back to all of them", async () => {
    serve({});
    const page = await visit.open({ fragment: `tz=utc&refresh=60&start=${base64url(bytes(2))}&end=${base64url(bytes(6))}` });
    await page.keyboard.press("/");
    await page.fill("#goto-text", "orders/eu/customer-09999");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => !location.hash.includes("start="));
    await page.waitForSelector("#cross-found", { state: "visible" });
    await page.keyboard.press("Backspace");
    await page.waitForFunction(() => location.hash.includes("start="));
  });

  test("names stand beside the rows they cover, and their borders in the map, as text", async () => {
    serve({});
    const page = await visit.open();
    assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll("#keys b")].map((one) => one.textContent)), ["small", `${SHOWN.slice(0, 60)}…`]);
    assert.equal(await page.locator("#borders i").count(), 2);
    const [line, plot] = await Promise.all([page.locator("#borders i").first().boundingBox(), page.locator("#picture").boundingBox()]);
    assert.ok(Math.abs((line?.y ?? 0) - ((plot?.y ?? 0) + (4 / 16) * (plot?.height ?? 0))) < 2);
    await page.mouse.move(...(await at(page, 0.5, 2.5 / 16)));
    assert.match(await page.innerText("#cell"), /Name\s*small/);
    await everyLook(page, "names");
    assert.deepEqual(browser.complaints, []);
  });

  test("100 000 names: found while typing, without a pause", async () => {
    const names = { names: Array.from({ length: 100_000 }, (_, i) => ({ prefix: base64(`t${i}/`), name: `table ${i}` })) };
    serve({ names });
    const page = await visit.open();
    await page.keyboard.press("/");
    await page.fill("#goto-text", "table 9999");
    await page.waitForFunction(() => document.querySelector("#goto-names b")?.textContent === "table 9999");
    const took = await page.evaluate(() => {
      const field = /** @type {HTMLInputElement} */ (document.getElementById("goto-text"));
      return ["9", "9 9", "9 99", "e 99", "e 9"].map((text) => {
        const began = performance.now();
        field.value = text;
        field.dispatchEvent(new Event("input"));
        return performance.now() - began;
      });
    });
    // What the quickest letter takes is the page's; what others take beyond that is the machine's.
    assert.ok(Math.min(...took) < 200, `${took} ms`);
  });

  test("a cell tells group, term, width, both sums, and draws its row over time", async () => {
    serve({});
    const page = await visit.open();
    await page.mouse.move(...(await at(page, 0.5, 10.5 / 16)));
    const text = await page.innerText("#cell");
    for (const words of [/Group\s*50, term 7/, /Column\s*1 s, complete/, /All rows then\s*[\d.]+ k? ?ops\/s/, /Row on average\s*[\d.]+ (k )?ops\/s/, /Route\s*11/]) assert.match(text, words);
    const line = page.locator("#cell svg.sparkline");
    assert.match(String(await line.getAttribute("aria-label")), /This row over time, at most [\d.]+ k? ?ops\/s/);
    assert.ok(((await line.locator("path.over").getAttribute("d")) ?? "").length > 300);
  });

  test("the hot keys of a pinned cell, with what is not sure of them; or why there are none", async () => {
    /** @type {any} */
    let answer = { status: 200, body: { series: "writes", keys: [{ key_b64: base64("orders/1"), count: 900 }, { key_b64: base64(HOSTILE), count: 300 }, { key_b64: "", count: 120, error: 0 }], approximate: true, sample_rate: 16, sampled_n: 125, operations: 2000, dropped_samples: 0, skipped_long_keys: 0, unsampled_ops: 0, degraded: false, error_bound: 100 } };
    const read = { status: 200, body: { series: "reads", keys: [{ key_b64: base64("orders/7"), count: 4830 }], approximate: true, sample_rate: 16, sampled_n: 440, operations: 7000, dropped_samples: 0, skipped_long_keys: 0, unsampled_ops: 0, degraded: false, error_bound: 0 } };
    serve({ hotkeys: (/** @type {URLSearchParams} */ query) => (query.get("series") === "reads" && answer.status === 200 ? read : answer) });
    const page = await visit.open();
    await page.mouse.click(...(await at(page, 0.5, 9.5 / 16)));
    await page.waitForSelector("#hot .hot-keys li");
    const asked = visit.asked("hotkeys")[0]?.query;
    assert.deepEqual([asked?.get("series"), asked?.get("route_id"), asked?.get("start"), asked?.get("top")], ["writes", "10", null, "10"]);
    assert.equal(Number(asked?.get("to_unix_ms")) - Number(asked?.get("from_unix_ms")), 1, "of this column");
    const text = await page.innerText("#hot");
    for (const words of [/Hot keys, writes/i, /orders\/1[\s\S]*800 to 900, 45 %/, /<img src=x[\s\S]*200 to 300, 15 %/, /\(empty key\)[\s\S]*about 120, 6 %/, /Hot keys, reads\s*orders\/7[\s\S]*about 4,830, 69 %/i, /One in about 16 operations was looked at/]) assert.match(text, words);
    assert.doesNotMatch(text, /Degraded/);
    await browser.context.grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.locator("#hot li button").nth(1).click();
    await page.waitForSelector("#hot >> text=Copied");
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), SHOWN, "a key is copied escaped");
    assert.deepEqual(visit.asked("hotkeys").map((one) => one.query.get("series")), ["writes", "reads"], "of all operations both are asked for");
    await everyLook(page, "hot-keys");
    answer = { status: 200, body: { ...answer.body, degraded: true, dropped_samples: 17, skipped_long_keys: 4 } };
    await page.keyboard.press("Escape");
    await page.mouse.click(...(await at(page, 0.4, 10.5 / 16)));
    await page.waitForFunction(() => /Degraded, a key may be missing: 17 samples were dropped, 4 operations had keys too long to follow/.test(document.querySelector("#hot")?.textContent ?? ""));
    answer = { status: 200, body: { ...answer.body, operations: 3, degraded: false, keys: [{ key_b64: base64("orders/1"), count: 16, error: 0 }] } };
    await page.keyboard.press("Escape");
    await page.mouse.click(...(await at(page, 0.5, 10.5 / 16)));
    await page.waitForFunction(() => /about 3, 100 %/.test(document.querySelector("#hot")?.textContent ?? ""), undefined);
    for (const [code, words] of [["hotkeys_disabled", "Keys are not sampled here"], ["no_sketch", "not hot enough"], ["expired", "no longer kept"], ["below_threshold", "No key stands out"], ["no_snapshot", "come with the next column"], ["out_of_snapshot_window", "No keys were kept for this time"], ["forbidden", "shows load, not keys"], ["forbidden_role", "role read, which shows load, not keys"], ["redacted", "redacted on this server for every token"], ["something_new", "could not be had: because"]]) {
      answer = { status: /^(forbidden|redacted)/.test(code) ? 403 : 404, body: { error: code, message: "because" } };
      await page.keyboard.press("Escape");
      await page.mouse.click(...(await at(page, 0.5, 10.5 / 16)));
      await page.waitForFunction((wanted) => document.querySelector("#hot")?.textContent?.includes(wanted), words);
    }
    assert.equal(await page.locator("#hot h3").count(), 1, "a reason for both is said once");
    for (const [series, wanted] of [["read_bytes", "reads"], ["writes", "writes"]]) {
      const before = visit.asked("hotkeys").length;
      await page.check(`#series input[value=${series}]`);
      await visit.quiet(page);
      assert.deepEqual(visit.asked("hotkeys").slice(before).map((one) => one.query.get("series")), [wanted], series);
    }
    assert.equal(await page.isVisible("#message"), false, "the picture goes on");
    assert.doesNotMatch(await page.title(), /^owned/);
    assert.deepEqual(browser.complaints, []);
  });

  test("labels: all together, only one, a row for each", async () => {
    serve({}, { labels: ["redis", "s3"] });
    const page = await visit.open();
    const last = () => visit.asked().at(-1)?.query;
    assert.deepEqual([last()?.get("label"), last()?.get("split_labels")], [null, "0"]);
    await page.selectOption("#label", "s3");
    await visit.quiet(page);
    assert.deepEqual([last()?.get("label"), choice(page).get("label")], ["s3", "s3"]);
    await page.selectOption("#label", "*");
    await visit.quiet(page);
    assert.deepEqual([last()?.get("label"), last()?.get("split_labels"), choice(page).get("split")], [null, "1", "1"]);
    await page.check("#axis input[value=route]");
    await visit.quiet(page);
    assert.deepEqual([last()?.get("axis"), last()?.get("split_labels")], ["route", "1"]);
    await page.selectOption("#label", "");
    await visit.quiet(page);
    assert.deepEqual([last()?.get("axis"), last()?.get("split_labels")], ["route", "0"], "by routes a server splits where nothing is said");
    await page.goto(`${server.url}#label=nosuch`);
    await page.reload();
    await page.waitForSelector("#legend .ramp");
    assert.equal(last()?.get("label"), null, "a label that this server does not have is not asked for");
  });

  test("a row with a label says it where it is pointed at, as text", async () => {
    const label = "<b>s3</b>";
    const rows = calm.rows.slice(0, 2).map((/** @type {any} */ row, /** @type {number} */ i) => (i === 0 ? { ...row, bucket_id: "route:1:s3", label } : { ...row, bucket_id: "route:1", start: calm.rows[0].start, end: calm.rows[0].end }));
    visit.serve({ ...calm, rows }, {}, { labels: ["s3"] });
    const page = await visit.open({ fragment: "tz=utc&refresh=60&split=1" });
    await page.mouse.move(...(await at(page, 0.5, 0.25)));
    assert.match(await page.innerText("#cell"), /Label\s*<b>s3<\/b>/);
    await look(page, "label-light");
    await page.mouse.move(...(await at(page, 0.5, 0.75)));
    await page.waitForFunction(() => !document.querySelector("#cell")?.textContent?.includes("Label"));
    assert.match(await page.innerText("#cell"), /Route\s*1\b/);
  });

  test("beside the picture a label is whole where keys are long, and is not said where all rows have it", async () => {
    const row = (/** @type {number} */ i, /** @type {string} */ label) => ({ ...calm.rows[i], bucket_id: `route:${i}:${label}`, label, start: base64(`orders/eu/customer-of-a-long-name-${i}`), end: null });
    visit.serve({ ...calm, rows: [row(1, "db1"), row(1, "db2"), row(2, "db1"), row(2, "db2")] }, {}, { labels: ["db1", "db2"] });
    const page = await visit.open({ fragment: "tz=utc&refresh=60&split=1" });
    const lines = () => page.evaluate(() => [...document.querySelectorAll("#keys .labelled")].map((one) => {
      const [key, label] = one.children;
      return [label.textContent, label.scrollWidth <= label.clientWidth, label.getBoundingClientRect().left >= key.getBoundingClientRect().right];
    }));
    assert.deepEqual(await lines(), ["db1", "db2", "db1", "db2"].map((label) => [label, true, true]));
    await look(page, "labels-light");
    visit.serve({ ...calm, rows: [row(1, "db1"), row(2, "db1")] }, {}, { labels: ["db1", "db2"] });
    await page.selectOption("#label", "db1");
    await visit.quiet(page);
    await page.waitForFunction(() => document.querySelectorAll("#keys span").length === 2);
    assert.deepEqual(await lines(), []);
    await look(page, "label-only-light");
  });

  test("without labels there is no such control", async () => {
    serve({});
    const page = await visit.open();
    assert.equal(await page.isVisible("#label-field"), false);
  });
});
