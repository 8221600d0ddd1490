// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT, choiceOf, fragmentOf } from "../../src/fragment.js";

test("nothing chosen is nothing written", () => {
  assert.deepEqual(choiceOf(""), DEFAULT);
  assert.equal(fragmentOf(DEFAULT), "");
});

test("every choice survives the way into the URL and back", () => {
  /** @type {import("../../src/fragment.js").Choice} */
  const choice = { series: "write_bytes", axis: "route", range: "custom", fromMs: 1_700_000_000_000, toMs: 1_700_000_600_500, scale: "linear", rows: 128, zone: "utc", refreshMs: 5000, paused: true, theme: "dark", pin: "route:18446744073709551615:redis#3~0a1b2c3d", pinMs: 1_700_000_000_999, keyFrom: "b3JkZXJzLw", keyTo: "_-8", palette: "cividis", brightness: -3, fixLow: 0.05, fixHigh: 20_000, format: "u64be", top: "1", find: "YQ", label: "s3", split: true, hide: "leader-change,split" };
  assert.deepEqual(choiceOf(`#${fragmentOf(choice)}`), choice);
  for (const range of /** @type {const} */ (["5m", "1h", "6h", "24h", "7d", "all"])) assert.equal(choiceOf(fragmentOf({ ...DEFAULT, range })).range, range);
  assert.match(fragmentOf(choice), /from=2023-11-14T22:13:20Z/);
});

test("times may be written either way", () => {
  assert.deepEqual([choiceOf("from=1000&to=2000").fromMs, choiceOf("from=2026-11-21T03:00:00Z&to=2026-11-21T04:00:00Z").range], [1000, "custom"]);
});

test("what is not understood is a default", () => {
  for (const fragment of ["series=nonsense", "axis=diagonal", "rows=7", "rows=-1", "scale=cubic", "refresh=0.001", "from=9&to=3", "from=x&to=y", "from=1&to=99999999999999999999", "pin=route:1", "pin=a&at=b", "theme=pink", "%%%", "range=custom"]) {
    assert.deepEqual(choiceOf(fragment), DEFAULT, fragment);
  }
});

test("what is not understood is a default", () => {
  for (const fragment of ["start=a", "start=***", "end=%3Cb%3E", "palette=rainbow", "bright=9", "bright=0.5", "fix=5,1", "fix=1", "fix=0,3", "fix=1,2,3", "keys=base64", "top=2", "find=*", "find=..", "find=YQ..", "find=.YQ", "label=A%20b", "split=yes", "hide=Split", "hide=a,,b", `start=${"a".repeat(5000)}`]) {
    assert.deepEqual(choiceOf(fragment), DEFAULT, fragment);
  }
});
