/**
 * The owner's page in words: spans, days, sizes, what an event was, why
 * somebody is shut out. Numbers in, sentences out; no page.
 */
import { knows, t } from '../text/house.js';

export { bytesText } from './bytes.js';

/** @typedef {import('./house-fold.js').Bin} Bin @typedef {import('./house-fold.js').Span} Span */
/** @typedef {import('./house-fold.js').Grain} Grain @typedef {import('./house-fold.js').Sums} Sums */
/** @typedef {import('./house-fold.js').Measure} Measure @typedef {import('./house-fold.js').Cell} Cell */

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' });
const dayYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' });
const dayLong = new Intl.DateTimeFormat('en-GB', {
  weekday: 'long',
  day: 'numeric',
  month: 'long',
  year: 'numeric',
});
const dayName = new Intl.DateTimeFormat('en-GB', { weekday: 'short', day: 'numeric' });
const month = new Intl.DateTimeFormat('en-GB', { month: 'short' });
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'long', timeZone: 'UTC' });
const weekdayShort = new Intl.DateTimeFormat('en-GB', { weekday: 'short', timeZone: 'UTC' });

/** A Sunday in UTC, to name the days of the week by. */
const SUNDAY = Date.UTC(2026, 0, 4);
const DAY = 86_400_000;

/** @param {number} n 0 Sunday .. 6 Saturday */
export const weekdayName = (n) => weekday.format(SUNDAY + n * DAY);
/** @param {number} n */
export const weekdayShortName = (n) => weekdayShort.format(SUNDAY + n * DAY);
/** @param {Date} date 'Tue 4' */
export const dayTick = (date) => dayName.format(date);
/** @param {Date} date 'Nov' */
export const monthTick = (date) => month.format(date);
/** @param {Date} date '4 Nov' */
export const dayShort = (date) => day.format(date);
/** @param {Date} date 'Tuesday 4 November 2026' */
export const dayFull = (date) => dayLong.format(date);

/** "20:00 to 21:00" of an hour of the day. @param {number} hour */
export function hourText(hour) {
  const two = (/** @type {number} */ n) => `${String(n).padStart(2, '0')}:00`;
  return t('house.hours', { from: two(hour), to: two((hour + 1) % 24) });
}

/** The last moment of a span lies in its last day, not in the one after. @param {Span} span */
export function spanText({ since, until }) {
  const last = new Date(until.getTime() - 1);
  const from = since.getFullYear() === last.getFullYear() ? day : dayYear;
  if (since.toDateString() === last.toDateString()) return dayYear.format(last);
  return t('house.span', { from: from.format(since), to: dayYear.format(last) });
}

/** A day or a week by its name. @param {Bin} bin @param {Grain} grain */
export function binText(bin, grain) {
  if (grain === 'day') return dayFull(bin.start);
  const text = spanText({ since: bin.from, until: bin.to });
  return bin.whole ? t('house.week', { days: text }) : t('house.week.part', { days: text });
}

/** @param {Measure} measure @param {number} count "42 sign-ins" */
export const countText = (measure, count) => t(`house.count.${measure}`, { count });

/** Everything that a day or a week had, in one line. @param {Sums} sums @param {Measure[]} measures */
export function sumsText(sums, measures) {
  return measures.map((measure) => countText(measure, sums[measure])).join(', ');
}

/** "3 minutes", "2 hours", for how long something takes. @param {number} seconds */
export function longText(seconds) {
  /** @type {[string, number][]} */
  const units = [
    ['days', 86_400],
    ['hours', 3600],
    ['minutes', 60],
    ['seconds', 1],
  ];
  const [unit, size] = units.find(([, size]) => seconds >= size * 1.5) ?? units[3];
  return t(`house.long.${unit}`, { count: Math.max(1, Math.round(seconds / size)) });
}

/** How long a request took. @param {number} ms '' where nobody measured */
export function tookText(ms) {
  if (!ms) return '';
  return ms < 995 ? `${Math.max(1, Math.round(ms))} ms` : `${(ms / 1000).toFixed(1)} s`;
}

const regions = new Intl.DisplayNames('en', { type: 'region' });

/** The name of a country. @param {string|undefined} code two letters */
export function countryText(code) {
  try {
    return code ? (regions.of(code) ?? code) : '';
  } catch {
    return code ?? ''; // not a region that this browser knows
  }
}

/** A word of the house's that has a sentence here, or itself. @param {string} stem @param {string} word */
export function wordOf(stem, word) {
  return knows(`${stem}.${word}`) ? t(`${stem}.${word}`) : word;
}
