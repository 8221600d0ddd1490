// @ts-check
/** A key as somebody typed or pasted it: the forms in which the page writes keys. */

/** @param {string} hex @returns {Uint8Array | null} */
function bytesOfHex(hex) {
  if (hex.length % 2 !== 0 || /[^0-9a-f]/i.test(hex)) return null;
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) => Number.parseInt(hex.slice(2 * i, 2 * i + 2), 16));
}

/** @param {readonly Uint8Array[]} parts @returns {Uint8Array} */
function joined(parts) {
  const all = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** @param {string} text `\xNN` is a byte, `\\` a backslash @returns {Uint8Array | null} null where a backslash stands before anything else */
function bytesOfText(text) {
  const encoder = new TextEncoder();
  /** @type {Uint8Array[]} */
  const parts = [];
  let rest = text;
  while (rest !== "") {
    const at = rest.indexOf("\\");
    if (at !== 0) {
      parts.push(encoder.encode(at < 0 ? rest : rest.slice(0, at)));
      rest = at < 0 ? "" : rest.slice(at);
      continue;
    }
    const byte = /^\\x([0-9a-f]{2})/i.exec(rest);
    if (byte === null && !rest.startsWith("\\\\")) return null;
    parts.push(byte === null ? encoder.encode("\\") : Uint8Array.of(Number.parseInt(byte[1], 16)));
    rest = rest.slice(byte === null ? 2 : 4);
  }
  return joined(parts);
}

/** @param {string} text `7`, `7/42`, `7/0x00` @returns {Uint8Array | null} */
function bytesOfNumbers(text) {
  const parts = text.split("/").map((part) => {
    if (part.startsWith("0x")) return bytesOfHex(part.slice(2));
    if (!/^\d{1,20}$/.test(part) || BigInt(part) > 0xffff_ffff_ffff_ffffn) return null;
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(part));
    return bytes;
  });
  return parts.includes(null) ? null : joined(/** @type {Uint8Array[]} */ (parts));
}

/** @param {string} text @returns {Uint8Array | null} */
function bytesOfUuid(text) {
  const found = /^([0-9a-f]{8})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{4})-([0-9a-f]{12})(?:\/0x([0-9a-f]*))?$/i.exec(text);
  return found === null ? null : bytesOfHex(found.slice(1).join(""));
}

/** @param {string} text @param {import("./key_format.js").KeyFormat} format the one that is shown @returns {Uint8Array | null} null where it is no key in it; hex is one in every format */
export function parseKey(text, format) {
  if (text.startsWith("0x")) return bytesOfHex(text.slice(2));
  if (format === "u64be") return bytesOfNumbers(text);
  if (format === "uuid") return bytesOfUuid(text);
  return format === "hex" ? bytesOfHex(text) : bytesOfText(text);
}
