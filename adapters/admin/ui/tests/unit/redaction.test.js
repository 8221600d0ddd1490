// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { linkNotes, namesPlaces, redactionNotes, redactionText } from "../../src/redaction.js";
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

test("who opens a link is told where its bounds are others' than theirs", () => {
  const key = (/** @type {string} */ text) => new TextEncoder().encode(text);
  const kinds = (/** @type {string} */ policy, /** @type {(string | null)[]} */ ...bounds) => linkNotes(bounds.map((text) => (text === null ? null : key(text))), policy).map((note) => note.kind);
  for (const policy of ["", "none", "hex"]) {
    assert.deepEqual(kinds(policy, "orders/1", null), [], policy);
    assert.deepEqual(kinds(policy, "orders/1~07", null), ["link_of_places"]);
    assert.deepEqual(kinds(policy, null, "orders/1~7"), ["link_of_places"]);
    assert.deepEqual(kinds(policy, "07~0123456789abcdef", null), ["link_of_places"], "hmac");
    assert.deepEqual(kinds(policy, "a~b", "~", `${"x".repeat(70_000)}7`), []);
  }
  assert.deepEqual(kinds("prefix:8", "orders/1~07", "orders/2"), [], "its own places");
  assert.deepEqual(kinds("prefix:8", "orders/1", null), [], "no longer than what is shown");
  assert.deepEqual(kinds("prefix:8", "orders/12", null), ["link_of_keys"]);
  assert.match(linkNotes([key("orders/12")], "prefix:8")[0]?.text ?? "", /the first 8 bytes of them/);
  assert.deepEqual([kinds("prefix:0", "o"), kinds("hmac", "o")], [["link_of_keys"], []]);
});

test("a place in one answer is none in another", () => {
  assert.deepEqual(["", "none", "hex", "prefix:8", "prefix:0", "hmac", "later"].map(namesPlaces), [false, false, false, true, true, true, true]);
});
