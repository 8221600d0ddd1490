// @ts-check
/**
 * The colours of the picture. A palette is 256 colours: 0 is the plot's surface (nothing counted), 1 to 255 run evenly
 * in CIE lightness, away from the surface, so a hotter cell differs by lightness alone and no colour vision is needed
 * to rank two cells. Hue runs along as a second cue.
 */

/** @typedef {"light" | "dark"} Theme */
/** @typedef {"ember" | "viridis" | "cividis"} PaletteName */
/** @typedef {[number, number, number]} Triple */
/** Colours that are no level; `markInk` is what the terminal marks cells with. @typedef {{surface: Triple, outside: Triple, gapInk: Triple, openInk: Triple, markInk: Triple}} Ground */

/** In the order of the choice. */
export const PALETTES = /** @type {const} */ (["ember", "viridis", "cividis"]);

/** @type {Record<Theme, Ground>} */
const GROUNDS = {
  light: { surface: [255, 255, 255], outside: [238, 240, 243], gapInk: [171, 179, 189], openInk: [255, 255, 255], markInk: [0, 112, 192] },
  dark: { surface: [27, 31, 38], outside: [16, 19, 23], gapInk: [78, 87, 99], openInk: [27, 31, 38], markInk: [64, 196, 255] },
};

/** Anchors: equal steps need no care here, only the way through the colour space is taken from them. @type {Record<PaletteName, Record<Theme, string[]>>} */
const ANCHORS = {
  ember: {
    light: ["#f6c887", "#f2994a", "#dd5a3c", "#a92a62", "#5d1b74", "#1c0b38"],
    dark: ["#4f3596", "#8f2f94", "#cf3f6e", "#ee7445", "#f9b655", "#fdf6c9"],
  },
  viridis: {
    light: ["#a8db34", "#5ec962", "#28ae80", "#21918c", "#2c728e", "#3b528b", "#472d7b", "#2b0040"],
    dark: ["#46409a", "#3d6192", "#3d8090", "#44a288", "#6bc46f", "#add650", "#f4ea7c"],
  },
  cividis: {
    light: ["#dcc95f", "#b8a96a", "#928d78", "#6d6e72", "#475069", "#0a1f45"],
    dark: ["#3d4f7d", "#5f6579", "#827f79", "#aca473", "#d8c660", "#fff19a"],
  },
};

/** @param {number} channel 0 to 255 @returns {number} linear light, 0 to 1 */
function linear(channel) {
  const c = channel / 255;
  return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
}

/** @param {number} light 0 to 1 @returns {number} 0 to 255, not rounded */
function gamma(light) {
  const c = light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
  return 255 * Math.min(1, Math.max(0, c));
}

/** @param {Triple} rgb @returns {number} relative luminance (WCAG), 0 to 1 */
export function luminance([r, g, b]) {
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

const WHITE = { x: 0.95047, z: 1.08883 };
/** @param {number} t @returns {number} */
const labCurve = (t) => (t > 216 / 24389 ? Math.cbrt(t) : (t * 24389) / 27 / 116 + 16 / 116);
/** @param {number} f @returns {number} */
const labInverse = (f) => (f ** 3 > 216 / 24389 ? f ** 3 : (116 * f - 16) / (24389 / 27));

/** @param {Triple} rgb @returns {Triple} CIE L*a*b* (D65) */
export function labOf([r, g, b]) {
  const [lr, lg, lb] = [linear(r), linear(g), linear(b)];
  const fx = labCurve((0.4124564 * lr + 0.3575761 * lg + 0.1804375 * lb) / WHITE.x);
  const fy = labCurve(0.2126729 * lr + 0.7151522 * lg + 0.072175 * lb);
  const fz = labCurve((0.0193339 * lr + 0.119192 * lg + 0.9503041 * lb) / WHITE.z);
  return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
}

/** @param {Triple} lab @returns {Triple} sRGB, clipped, not rounded */
function rgbOf([lightness, a, b]) {
  const fy = (lightness + 16) / 116;
  const [x, y, z] = [WHITE.x * labInverse(fy + a / 500), labInverse(fy), WHITE.z * labInverse(fy - b / 200)];
  return [
    gamma(3.2404542 * x - 1.5371385 * y - 0.4985314 * z),
    gamma(-0.969266 * x + 1.8760108 * y + 0.041556 * z),
    gamma(0.0556434 * x - 0.2040259 * y + 1.0572252 * z),
  ];
}

/** @param {string} hex @returns {Triple} */
function rgbOfHex(hex) {
  const part = (/** @type {number} */ at) => Number.parseInt(hex.slice(at, at + 2), 16);
  return [part(1), part(3), part(5)];
}

/**
 * Whole numbers for a colour. Rounding each channel to the nearest moves lightness by more than a level's step, so of
 * the eight neighbours the one nearest in lightness is taken: that keeps 255 levels strictly apart.
 * @param {Triple} rgb @param {number} lightness @returns {Triple}
 */
function rounded(rgb, lightness) {
  /** @type {Triple} */
  let best = [0, 0, 0];
  let miss = Infinity;
  for (let corner = 0; corner < 8; corner += 1) {
    const candidate = /** @type {Triple} */ (rgb.map((c, i) => Math.min(255, Math.floor(c) + ((corner >> i) & 1))));
    const distance = Math.abs(labOf(candidate)[0] - lightness);
    if (distance < miss) [best, miss] = [candidate, distance];
  }
  return best;
}

/** @param {Theme} theme @param {PaletteName} name @returns {Triple[]} 256 colours */
function colours(theme, name) {
  const { surface } = GROUNDS[theme];
  const path = ANCHORS[name][theme].map((hex) => labOf(rgbOfHex(hex)));
  const [first, last] = [path[0][0], path[path.length - 1][0]];
  const table = [surface];
  for (let level = 1; level < 256; level += 1) {
    const lightness = first + ((last - first) * (level - 1)) / 254;
    let segment = 1;
    while (segment < path.length - 1 && (path[segment][0] - lightness) * Math.sign(last - first) < 0) segment += 1;
    const [from, to] = [path[segment - 1], path[segment]];
    const part = (lightness - from[0]) / (to[0] - from[0]);
    table.push(rounded(rgbOf([lightness, from[1] + part * (to[1] - from[1]), from[2] + part * (to[2] - from[2])]), lightness));
  }
  return table;
}

/** @param {Triple} rgb @returns {number} the pixel as ImageData holds it in a Uint32Array (little-endian, as all that run browsers are) */
export function pixelOf([r, g, b]) {
  return ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0;
}

/** The lattice of a conflict over light and over dark colours: one ink of all would be lost on a level as light as it is. @type {readonly [Triple, Triple]} */
const LATTICE = [[0, 66, 128], [150, 225, 255]];
/** Below this lightness a colour takes the lighter ink. */
const DARK = 55;

/** `lattice` is the ink of a conflict's lattice on each level. @typedef {{theme: Theme, rgb: Triple[], pixels: Uint32Array, lattice: Uint32Array, ground: Ground}} Palette */

/** @type {Map<string, Palette>} */
const made = new Map();

/** @param {Theme} theme @param {PaletteName} [name] @returns {Palette} made once */
export function paletteFor(theme, name = "ember") {
  const key = `${theme} ${name}`;
  let palette = made.get(key);
  if (palette === undefined) {
    const rgb = colours(theme, name);
    palette = { theme, rgb, pixels: Uint32Array.from(rgb, pixelOf), lattice: Uint32Array.from(rgb, (colour) => pixelOf(LATTICE[labOf(colour)[0] < DARK ? 1 : 0])), ground: GROUNDS[theme] };
    made.set(key, palette);
  }
  return palette;
}
