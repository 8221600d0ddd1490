// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";

// A zone with a change of offset, set before the first use of a local time.
process.env["TZ"] = "Europe/Berlin";
const { clockText, dateText, fieldTime, fieldValue, instantText, spanText, timeTicks, zoneText } = await import("../../src/time_text.js");
const { boundsOf, usualRange, viewOf } = await import("../../src/time_range.js");

/** @type {import("../../src/time_text.js").TimeStyle} */
const UTC = { zone: "utc", originMs: null };
/** @type {import("../../src/time_text.js").TimeStyle} */
const LOCAL = { zone: "local", originMs: null };
const AT = Date.UTC(2026, 10, 21, 3, 12, 4, 250);

test("times in UTC, in the local zone, and from an origin", () => {
  assert.equal(instantText(AT, UTC), "2026-11-21 03:12:04.250");
  assert.equal(instantText(AT, LOCAL), "2026-11-21 04:12:04.250");
  assert.equal(dateText(Date.UTC(2026, 10, 20, 23, 30), LOCAL), "2026-11-21");
  assert.equal(clockText(7_384_000, { zone: "utc", originMs: 0 }, "second"), "+02:03:04");
  assert.equal(clockText(90_000_000, { zone: "utc", originMs: 0 }, "minute"), "+25:00", "longer than a day is not wrapped");
  assert.equal(spanText(AT - 250, AT + 750, UTC), "2026-11-21 03:12:04 – 03:12:05");
  assert.equal(spanText(Date.UTC(2026, 10, 20, 23), Date.UTC(2026, 10, 21, 1), UTC), "2026-11-20 23:00:00 – 2026-11-21 01:00:00");
  assert.equal(zoneText(AT, UTC), "UTC");
  assert.equal(zoneText(AT, LOCAL), "UTC+01:00");
  assert.equal(zoneText(Date.UTC(2026, 6, 1), LOCAL), "UTC+02:00");
});

test("ticks counted from a start have seconds, so that no minute is taken for an hour", () => {
  const texts = timeTicks(0, 300_000, 6, { zone: "utc", originMs: 0 }).map(({ text }) => text);
  assert.deepEqual(texts, ["+00:00:00", "+00:01:00", "+00:02:00", "+00:03:00", "+00:04:00", "+00:05:00"]);
  assert.equal(timeTicks(AT, AT + 3_600_000, 6, UTC)[0].text, "03:20");
});

test("the fields of the picker and back, in both zones", () => {
  const whole = AT - 250;
  for (const zone of /** @type {const} */ (["utc", "local"])) assert.equal(fieldTime(fieldValue(whole, zone), zone), whole);
  assert.equal(fieldValue(whole, "local"), "2026-11-21T04:12:04");
  assert.ok(Number.isNaN(fieldTime("", "utc")));
});

test("ticks are at round times of the shown zone, in order, no more than asked", () => {
  for (const style of [UTC, LOCAL, { zone: /** @type {const} */ ("utc"), originMs: AT }]) {
    for (const span of [2000, 60_000, 300_000, 3_600_000, 6 * 3_600_000, 86_400_000, 7 * 86_400_000, 400 * 86_400_000]) {
      const ticks = timeTicks(AT, AT + span, 10, style);
      assert.ok(ticks.length >= 2 && ticks.length <= 11, `${span}: ${ticks.length}`);
      for (let i = 1; i < ticks.length; i += 1) assert.ok(ticks[i].ms > ticks[i - 1].ms);
      assert.ok(ticks.every((tick) => tick.ms >= AT && tick.ms <= AT + span));
    }
  }
  assert.deepEqual(timeTicks(AT, AT + 3_600_000, 7, UTC).map((tick) => tick.text), ["03:20", "03:30", "03:40", "03:50", "04:00", "04:10"]);
});

test("midnight is a tick with the date, also across the change of the zone's offset", () => {
  const from = Date.UTC(2026, 9, 24, 0, 0);
  const ticks = timeTicks(from, from + 3 * 86_400_000, 8, LOCAL).filter((tick) => tick.strong);
  assert.deepEqual(ticks.map((tick) => tick.text), ["2026-10-25", "2026-10-26", "2026-10-27"]);
  assert.deepEqual(ticks.map((tick) => new Date(tick.ms).toISOString()), ["2026-10-24T22:00:00.000Z", "2026-10-25T23:00:00.000Z", "2026-10-26T23:00:00.000Z"]);
});

/** @param {Partial<import("../../src/time_range.js").Clock>} changes @returns {import("../../src/time_range.js").Clock} */
const clock = (changes = {}) => ({ mode: "live", nowMs: 10_000_400, stepMs: 1000, historyFromMs: 9_000_000, lastFlushMs: 10_000_300, ...changes });
const asked = (/** @type {import("../../src/time_range.js").RangeName} */ range, fromMs = 0, toMs = 0) => ({ range, fromMs, toMs });

test("a following view ends with the open window and begins no earlier than history", () => {
  assert.deepEqual(viewOf(asked("5m"), clock()), { fromMs: 9_701_000, toMs: 10_001_000, follows: true, clipped: false });
  assert.deepEqual(viewOf(asked("1h"), clock()), { fromMs: 9_000_000, toMs: 10_001_000, follows: true, clipped: true });
  assert.deepEqual(viewOf(asked("all"), clock()), { fromMs: 9_000_000, toMs: 10_001_000, follows: true, clipped: false });
  assert.equal(viewOf(asked("1h"), clock({ historyFromMs: 9_999_000 })).fromMs, 9_971_000, "30 windows at least");
  assert.equal(viewOf(asked("1h"), clock({ historyFromMs: null })).fromMs, 9_971_000);
});

test("absolute times are taken as they are; a trace ends where it ends", () => {
  assert.deepEqual(viewOf(asked("custom", 5, 900_000), clock()), { fromMs: 5, toMs: 900_000, follows: false, clipped: false });
  const trace = viewOf(asked("all"), clock({ mode: "static", lastFlushMs: 9_500_000 }));
  assert.deepEqual(trace, { fromMs: 9_000_000, toMs: 9_500_000, follows: false, clipped: false });
});

test("the bounds sent name every window that overlaps the view, by its end", () => {
  assert.deepEqual(boundsOf(viewOf(asked("custom", 5000, 9000), clock()), clock()), { fromUnixMs: 5001, toUnixMs: 10_000 });
  assert.equal(boundsOf(viewOf(asked("1h"), clock()), clock()).toUnixMs, 0, "the open end");
});

test("who has not chosen gets a few hundred windows", () => {
  assert.deepEqual([1000, 10_000, 60_000, 600_000, 3_600_000].map((stepMs) => usualRange(clock({ stepMs }))), ["5m", "1h", "1h", "24h", "7d"]);
  assert.equal(usualRange(clock({ mode: "static" })), "all");
});
