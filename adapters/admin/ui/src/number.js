// @ts-check
/** Numbers as a reader wants them: three significant digits for rates, every digit for counts, one unit for times. */

const DECIMAL = ["", " k", " M", " G", " T", " P", " E"];
const BYTES = [" B", " kB", " MB", " GB", " TB", " PB", " EB"];
const MEMORY = [" B", " KiB", " MiB", " GiB", " TiB"];

/** @param {number} value at least 0 @returns {string} three significant digits, no exponent, no trailing zeros of a fraction */
function threeDigits(value) {
  if (value >= 100) return String(Math.round(value));
  if (value > 0 && value < 0.001) return "<0.001";
  const digits = value >= 10 ? 1 : value >= 1 ? 2 : 3;
  return value.toFixed(digits).replace(/\.?0+$/, "");
}

/** @param {number} value @param {number} base @param {string[]} units @returns {string} */
function withUnit(value, base, units) {
  let rank = 0;
  let rest = value;
  // 999.5 would be shown as 1000: that is the next unit's 1.
  while (rest >= base - 0.5 && rank < units.length - 1) {
    rest /= base;
    rank += 1;
  }
  return threeDigits(rest) + units[rank];
}

/** @param {number} value @param {boolean} isBytes @returns {string} such as `1.24 k` or `3.5 MB`: powers of 1000, as the scale has decades */
export function formatAmount(value, isBytes) {
  return withUnit(value, 1000, isBytes ? BYTES : DECIMAL);
}

/** @param {number} bytes @returns {string} such as `84 MiB`: powers of 1024, as memory is given out */
export function formatMemory(bytes) {
  return withUnit(bytes, 1024, MEMORY);
}

/** @param {number} count @returns {string} every digit, in groups of three; what a double no longer holds exactly says so */
export function formatCount(count) {
  const digits = count < 1e21 ? String(BigInt(Math.round(count))) : count.toExponential(3);
  const grouped = digits.replace(/\B(?=(\d{3})+$)/g, ",");
  return count > Number.MAX_SAFE_INTEGER ? `about ${grouped}` : grouped;
}

/** @param {number} part @param {number} whole @returns {string} such as `12 %`; a part that is not 0 never reads as 0 %, nor a lesser part as 100 % */
export function formatShare(part, whole) {
  if (whole <= 0 || part <= 0) return "0 %";
  const percent = (100 * part) / whole;
  if (percent < 0.1) return "<0.1 %";
  if (part < whole && percent > 99.9) return ">99.9 %";
  return `${percent < 10 ? Number(percent.toFixed(1)) : Math.floor(percent)} %`;
}

/** @param {number} ms @returns {string} such as `800 ms`, `42 s`, `3 min 5 s`, `2 h 10 min`, `6 d 4 h` */
export function formatDuration(ms) {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return ms < 10_000 && ms % 1000 !== 0 ? `${(ms / 1000).toFixed(1)} s` : `${seconds} s`;
  const pair = /** @param {number} high @param {string} a @param {number} low @param {string} b */ (high, a, low, b) =>
    low === 0 ? `${high} ${a}` : `${high} ${a} ${low} ${b}`;
  if (seconds < 3600) return pair(Math.floor(seconds / 60), "min", seconds % 60, "s");
  if (seconds < 86_400) return pair(Math.floor(seconds / 3600), "h", Math.floor(seconds / 60) % 60, "min");
  return pair(Math.floor(seconds / 86_400), "d", Math.floor(seconds / 3600) % 24, "h");
}
