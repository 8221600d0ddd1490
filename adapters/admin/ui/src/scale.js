// @ts-check
/** From a rate to one of 256 levels. Level 0 is "nothing was counted", and nothing else ever is. */

/** @typedef {"log" | "linear"} ScaleKind */
/**
 * `low` is the rate of level 1, `high` that of level 255. `bend` is the power that the way from one to the other is
 * raised to: 1 is straight, less is brighter.
 * @typedef {{kind: ScaleKind, low: number, high: number, bend: number}} Scale
 */
/** Ends of a scale that stays whatever is shown. @typedef {{low: number, high: number}} Ends */

export const TOP_LEVEL = 255;
/** A logarithmic scale spans at least this factor, so that the noise of an even load is not blown up into a pattern. */
const LEAST_SPAN = 1000;

/** @param {number} value above 0 @returns {number} the least of 1, 2, 5 times a power of ten that is not below it */
export function niceCeiling(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  for (const step of [1, 2, 5]) if (value <= step * power * (1 + 1e-12)) return step * power;
  return 10 * power;
}

/** @param {number} value above 0 @returns {number} the greatest of 1, 2, 5 times a power of ten that is not above it */
export function niceFloor(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  for (const step of [5, 2]) if (value >= step * power * (1 - 1e-12)) return step * power;
  return power;
}

/** The brightness of a reader's choice, -4 to 4, as a power. @param {number} brightness @returns {number} */
export const bendOf = (brightness) => 2 ** (-brightness / 2);

/**
 * Ends are rounded to 1, 2, 5 so that the colours stand still while the load breathes.
 * @param {ScaleKind} kind @param {number} minRate the least rate above 0 @param {number} maxRate @param {number} [brightness]
 * @param {Ends | null} [fixed] ends that are taken as they are @returns {Scale}
 */
export function scaleFor(kind, minRate, maxRate, brightness = 0, fixed = null) {
  const bend = bendOf(brightness);
  if (fixed !== null) return { kind, ...fixed, bend };
  const high = maxRate > 0 ? niceCeiling(maxRate) : 1;
  if (kind === "linear") return { kind, low: high / TOP_LEVEL, high, bend };
  const least = minRate > 0 ? Math.min(minRate, high / LEAST_SPAN) : high / LEAST_SPAN;
  return { kind, low: niceFloor(least), high, bend };
}

/** @param {Scale} scale @param {number} rate above 0 @returns {number} how far it is up the scale: 0 to 1 within its ends */
function partOf(scale, rate) {
  const part = scale.kind === "linear" ? rate / scale.high : Math.log(rate / scale.low) / Math.log(scale.high / scale.low);
  return scale.bend === 1 ? part : Math.max(0, part) ** scale.bend;
}

/** @param {Scale} scale @param {number} rate @returns {number} 0 for 0, else 1 to 255 */
export function levelOf(scale, rate) {
  if (!(rate > 0)) return 0;
  return Math.max(1, Math.min(TOP_LEVEL, 1 + Math.round(partOf(scale, rate) * (TOP_LEVEL - 1))));
}

/** @param {Scale} scale @param {Float64Array} rates @returns {Uint8Array} a level for each, in the same order */
export function levelsOf(scale, rates) {
  const levels = new Uint8Array(rates.length);
  if (scale.bend !== 1) {
    for (let i = 0; i < rates.length; i += 1) if (rates[i] > 0) levels[i] = levelOf(scale, rates[i]);
    return levels;
  }
  const top = TOP_LEVEL - 1;
  const factor = scale.kind === "linear" ? top / scale.high : top / Math.log(scale.high / scale.low);
  const offset = scale.kind === "linear" ? 1.5 : 1.5 - Math.log(scale.low) * factor;
  for (let i = 0; i < rates.length; i += 1) {
    const rate = rates[i];
    if (rate > 0) {
      const level = (scale.kind === "linear" ? rate : Math.log(rate)) * factor + offset;
      levels[i] = level < 1 ? 1 : level > TOP_LEVEL ? TOP_LEVEL : level;
    }
  }
  return levels;
}

/** @param {Scale} scale @returns {{at: number, rate: number}[]} the ticks of the legend: where (0 to 1) and which rate */
export function legendTicks(scale) {
  const part = (/** @type {number} */ rate) => (rate <= 0 ? 0 : partOf(scale, rate));
  if (scale.kind === "linear") return [0, 0.25, 0.5, 0.75, 1].map((rest) => ({ at: part(rest * scale.high), rate: rest * scale.high }));
  const every = Math.ceil(Math.log10(scale.high / scale.low) / 6);
  const ticks = [{ at: 0, rate: scale.low }];
  for (let decade = Math.ceil(Math.log10(scale.low)); 10 ** decade < scale.high; decade += every) {
    const at = part(10 ** decade);
    // Room for the texts at both ends.
    if (at > 0.13 && at < 0.85) ticks.push({ at, rate: 10 ** decade });
  }
  return [...ticks, { at: 1, rate: scale.high }];
}
