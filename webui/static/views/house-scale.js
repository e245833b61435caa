/**
 * What the charts reckon: where bars begin, which days the axis names, how
 * large a square is. Pure; px in, px out.
 */

/** @typedef {import('./house-fold.js').Bin} Bin @typedef {import('./house-fold.js').Grain} Grain */

/** A bar is never broader than so many px, however few there are. */
const BROADEST = 34;
/** Below so many px a bar would be a hair; then the bars become one shape. */
export const HAIR = 2.5;

/**
 * The places of n bars on a width. Whole device pixels, so that edges are
 * crisp, unless too much of the width would go to waste.
 * @param {number} n @param {number} width @param {number} [ratio] device pixels per px
 * @returns {{slot: number, gap: number, left: number}} left: what stays free before the first
 */
export function slots(n, width, ratio = 1) {
  const raw = width / Math.max(1, n);
  const whole = Math.floor(raw * ratio) / ratio;
  const slot = whole > 0 && (raw - whole) * n <= width * 0.04 ? whole : raw;
  const gap =
    slot < HAIR
      ? 0
      : Math.max(slot - BROADEST, Math.min(6, Math.max(1, Math.round(slot * 0.24 * ratio) / ratio)));
  return { slot, gap, left: width - slot * n };
}

/** One of something is no peak: a staff holds so many at least. */
const LEAST = 4;

/**
 * How high a value stands. What happened at all is seen, however little.
 * @param {number} value @param {number} most @param {number} height
 */
export function heightOf(value, most, height) {
  if (value <= 0 || most <= 0) return 0;
  return Math.max(1.5, (value / Math.max(most, LEAST)) * height);
}

/** @typedef {{at: number, kind: 'day'|'month'|'year'}} Tick at: number of the bin */

/**
 * Which bins the axis names: days of a week, weeks of a month, months of a
 * year; as many as there is room for.
 * @param {readonly Pick<Bin, 'start'>[]} bins @param {Grain} grain
 * @param {number} slot px of one bin @param {number} room px that a name takes
 * @returns {Tick[]}
 */
export function ticksOf(bins, grain, slot, room) {
  if (grain === 'day' && bins.length <= 45) {
    const every = [1, 2, 7, 14].find((days) => days * slot >= room) ?? bins.length;
    // Counted from the end, so that today has its name.
    return bins.flatMap((_, at) => ((bins.length - 1 - at) % every === 0 ? [{ at, kind: 'day' }] : []));
  }
  const months = bins.flatMap((bin, at) =>
    at > 0 && bin.start.getMonth() !== bins[at - 1].start.getMonth() ? [at] : [],
  );
  const mean =
    months.length > 1 ? ((months[months.length - 1] - months[0]) / (months.length - 1)) * slot : Infinity;
  const every = [1, 2, 3, 6, 12].find((step) => step * mean >= room) ?? 12;
  return months
    .filter((at) => bins[at].start.getMonth() % every === 0)
    .map((at) => ({ at, kind: bins[at].start.getMonth() === 0 ? 'year' : 'month' }));
}

/**
 * The share of a square's side: its area is what is read.
 * @param {number} value @param {number} most
 */
export function sideOf(value, most) {
  if (value <= 0 || most <= 0) return 0;
  return Math.max(0.22, Math.sqrt(value / most));
}

/**
 * The bar of a rank in parts of the longest: what was refused is its end.
 * Requests are counted apart, and only the busiest callers' by name, so that
 * there may be more refusals than requests.
 * @param {{ok: number, refused: number, requests?: number}} one
 */
export function lengthOf({ ok, refused, requests = 0 }) {
  return Math.max(requests, ok + refused);
}

/**
 * @param {{ok: number, refused: number, requests?: number}} one @param {number} most the longest
 * @returns {{came: number, away: number}} 0..100
 */
export function sharesOf(one, most) {
  const share = (/** @type {number} */ n) => (most > 0 && n > 0 ? Math.max(0.6, (n / most) * 100) : 0);
  return { came: share(lengthOf(one) - one.refused), away: share(one.refused) };
}
