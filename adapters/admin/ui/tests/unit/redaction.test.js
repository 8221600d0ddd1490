// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { namesPlaces, redactionNotes, redactionText } from "../../src/redaction.js";
import { decodeStatus } from "../../src/status.js";

test("each policy is said, and none is silent", () => {
  assert.match(redactionText("prefix:8"), /^Of longer keys the first 8 bytes are shown/);
  assert.match(redactionText("prefix:1"), /the first byte is shown/);
  assert.match(redactionText("prefix:0"), /nothing is shown/);
  assert.match(redactionText("hmac"), /hash/);
  assert.match(redactionText("hex"), /hex digits/);
  assert.match(redactionText("later"), /redacts keys \(later\)/, "a newer server's policy is not passed over");
  assert.equal(redactionText("none") + redactionText(""), "", "an older server says nothing of it");
});

test("only role read is told that a token shows more", () => {
  const notes = (/** @type {object} */ more) => redactionNotes(decodeStatus({ enabled: true, ...more }, 0));
  assert.deepEqual(notes({}), []);
  assert.match(notes({ role: "read", redaction: "prefix:8" })[0]?.next ?? "", /role full/);
  assert.equal(notes({ role: "full", redaction: "hex" })[0]?.next, "");
});

test("a place in one answer is none in another", () => {
  assert.deepEqual(["", "none", "hex", "prefix:8", "prefix:0", "hmac", "later"].map(namesPlaces), [false, false, false, true, true, true, true]);
});
