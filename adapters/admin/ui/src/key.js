// @ts-check
/**
 * Key bytes, and the text that shows them.
 *
 * A key is bytes with no encoding assumed, and whoever writes to the store chooses them. So a key is only ever put on
 * the page as text (`textContent`), and its text holds nothing that draws, reorders or hides: control characters,
 * bidi and zero-width marks, unusual spaces and bytes that are not UTF-8 are escaped. The text is unambiguous: two
 * different keys never show the same.
 */

/** Keys longer than this many characters are cut where they are shown; copying always takes the whole. */
export const SHOWN_LENGTH = 240;

/** @param {string} base64 standard base64 with padding @returns {Uint8Array} @throws {Error} where it is not base64 */
export function bytesOfBase64(base64) {
  const binary = atob(base64);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i += 1) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** @param {Uint8Array} bytes @returns {string} without padding, fit for a URL */
export function base64url(bytes) {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** @param {string} text @returns {Uint8Array | null} null where it is not base64url */
export function bytesOfBase64url(text) {
  try {
    return bytesOfBase64(text.replaceAll("-", "+").replaceAll("_", "/"));
  } catch {
    return null;
  }
}

/** @param {Uint8Array} a @param {Uint8Array} b @returns {number} order of the bytes: below 0, 0, above 0 */
export function compareBytes(a, b) {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i += 1) if (a[i] !== b[i]) return a[i] - b[i];
  return a.length - b.length;
}

// Format (Cf) holds the bidi and zero-width marks; Zs other than U+0020, Zl and Zp are spaces that cannot be told
// apart; Cn and Co have no agreed look; variation selectors and Hangul fillers are letters or marks that draw nothing.
const HIDDEN = /[\p{C}\p{Zl}\p{Zp}\u115f\u1160\u3164\uffa0\u2800\u034f\u17b4\u17b5\u180b-\u180f\ufe00-\ufe0f\u{e0100}-\u{e01ef}]|(?! )\p{Zs}/u;
const MARK = /\p{M}/u;
const STRICT_UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** @param {number} byte @returns {string} */
const hexByte = (byte) => byte.toString(16).padStart(2, "0");
/** @param {Uint8Array} bytes @returns {string} */
const hexOf = (bytes) => Array.from(bytes, hexByte).join("");
/** @param {Uint8Array} bytes @returns {string} */
const escaped = (bytes) => Array.from(bytes, (byte) => `\\x${hexByte(byte)}`).join("");

/** @param {number} lead first byte of a character @returns {number} how many bytes it has in UTF-8; 0 where none starts so */
function utf8Length(lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xc2 && lead < 0xe0) return 2;
  if (lead >= 0xe0 && lead < 0xf0) return 3;
  return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

/** @param {Uint8Array} bytes @param {number} at @returns {{text: string, length: number} | null} the character there, or null */
function characterAt(bytes, at) {
  const length = utf8Length(bytes[at]);
  if (length === 0 || at + length > bytes.length) return null;
  try {
    return { text: STRICT_UTF8.decode(bytes.subarray(at, at + length)), length };
  } catch {
    return null;
  }
}

/**
 * The whole key as text. Printable UTF-8 stands as it is, a backslash is doubled, every other byte is `\xNN`. A key
 * of which more than half had to be escaped is shown as `0x` and hex instead, which is shorter and easier to compare.
 * (A printable key that itself begins with `0x` has its first character escaped, so the two cannot be mixed up.)
 * Spaces at either end are escaped, since nobody sees them. A combining mark needs a base and one mark before it at
 * most, so that marks cannot pile up over the neighbouring lines.
 *
 * @param {Uint8Array} bytes
 * @returns {string} empty for the empty key
 */
export function textOfKey(bytes) {
  let text = "";
  let escapes = 0;
  let marks = 2;
  for (let at = 0; at < bytes.length; ) {
    const character = characterAt(bytes, at);
    const length = character ? character.length : 1;
    const mark = character !== null && MARK.test(character.text);
    marks = mark ? marks + 1 : 0;
    const edgeSpace = character?.text === " " && (at === 0 || at === bytes.length - 1);
    if (character === null || edgeSpace || marks > 2 || HIDDEN.test(character.text)) {
      text += escaped(bytes.subarray(at, at + length));
      escapes += length;
      marks = 2;
    } else {
      text += character.text === "\\" ? "\\\\" : character.text;
    }
    at += length;
  }
  if (escapes > 1 && escapes * 2 > bytes.length) return `0x${hexOf(bytes)}`;
  return text.startsWith("0x") ? `\\x30${text.slice(1)}` : text;
}

/** Words of a host's (names, annotations) as they can be shown: what draws nothing or turns text around is escaped. @param {string} words @returns {string} */
export function textOfWords(words) {
  const encoder = new TextEncoder();
  return Array.from(words, (character) => (HIDDEN.test(character) ? escaped(encoder.encode(character)) : character)).join("");
}

/** @param {string} text @param {number} [limit] @returns {string} the text, cut after `limit` characters with a sign that it was */
export function shortened(text, limit = SHOWN_LENGTH) {
  const characters = Array.from(text);
  return characters.length <= limit ? text : `${characters.slice(0, limit).join("")}…`;
}
