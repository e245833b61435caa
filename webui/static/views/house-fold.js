/**
 * Folds the hours of GET /latchkey/usage by day, week and hour of the week, in
 * the time zone of this browser. A day of a clock change has 23 or 25 hours
 * and is one day all the same. Pure but for the time zone.
 */

/**
 * What happened in one hour, as the house counts it: t is where the hour
 * begins, in unix seconds. Hours in which nothing happened are left out.
 * @typedef {{t:number} & Sums} Hour
 */
/** @typedef {{requests:number, signIns:number, refused:number, errors:number, bans:number}} Sums */
/** @typedef {keyof Sums} Measure */
/** @typedef {{since: Date, until: Date}} Span since <= t < until */
/** @typedef {'day'|'week'} Grain */

/**
 * A day or a week: where it begins and ends, and which part of it lies in the span.
 * @typedef {object} Bin
 * @property {Date} start
 * @property {Date} end   the next one's start
 * @property {Date} from  start, or where the span begins
 * @property {Date} to    end, or where the span ends
 * @property {boolean} whole
 * @property {Sums} sums
 */
/**
 * One hour of the week over a span: times is how often it came by.
 * @typedef {{weekday:number, hour:number, sums:Sums, times:number}} Cell
 */

/** @type {readonly Measure[]} */
export const MEASURES = Object.freeze(['requests', 'signIns', 'refused', 'errors', 'bans']);

const HOUR = 3_600_000; // ms

/** More than so many days are shown by week at first: a bar a day would be a hair. */
const DAYS_BY_DAY = 120;

/** @returns {Sums} */
export function none() {
  return { requests: 0, signIns: 0, refused: 0, errors: 0, bans: 0 };
}

/** @param {Sums} into @param {Sums} from */
function addTo(into, from) {
  for (const measure of MEASURES) into[measure] += from[measure] ?? 0;
}

/** @param {readonly Hour[]} hours */
export function totals(hours) {
  const sums = none();
  for (const hour of hours) addTo(sums, hour);
  return sums;
}

/**
 * The midnight that begins a day, so many days on. Where the clock skips
 * midnight the day begins when it says.
 * @param {Date} date @param {number} [days]
 */
export function midnight(date, days = 0) {
  return new Date(date.getFullYear(), date.getMonth(), date.getDate() + days);
}

/**
 * The midnight that begins a week.
 * @param {Date} date @param {number} firstDay 0 Sunday .. 6 Saturday
 */
export function weekStart(date, firstDay) {
  return midnight(date, -((date.getDay() - firstDay + 7) % 7));
}

/**
 * The last so many days, today included.
 * @param {number} days @param {Date} now
 * @returns {Span}
 */
export function lastDays(days, now) {
  return { since: midnight(now, 1 - days), until: now };
}

/**
 * From one day to another, both included, in whichever order they came.
 * @param {string} from 'YYYY-MM-DD' @param {string} to @param {Date} now nothing lies behind it
 * @returns {Span|null} null where one is no day or all of it is still to come
 */
export function between(from, to, now) {
  const [first, last] = [dayOf(from), dayOf(to)].sort((a, b) => Number(a) - Number(b));
  if (!first || !last || first >= now) return null;
  const end = midnight(last, 1);
  return { since: first, until: end < now ? end : now };
}

/** @param {string} text @returns {Date|null} */
function dayOf(text) {
  const [, year, month, day] = /^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? [];
  if (!year) return null;
  const date = new Date(Number(year), Number(month) - 1, Number(day));
  return date.getMonth() === Number(month) - 1 && date.getDate() === Number(day) ? date : null;
}

/** 'YYYY-MM-DD' of a date here. @param {Date} date */
export function isoDay(date) {
  const two = (/** @type {number} */ n) => String(n).padStart(2, '0');
  return `${String(date.getFullYear()).padStart(4, '0')}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
}

/** How many days a span touches. @param {Span} span */
export function daysIn({ since, until }) {
  let days = 0;
  for (let day = midnight(since); day < until; day = midnight(day, 1)) days++;
  return days;
}

/** What a span is shown by at first. @param {Span} span @returns {Grain} */
export function grainOf(span) {
  return daysIn(span) > DAYS_BY_DAY ? 'week' : 'day';
}

/**
 * Every day or week of a span, in order, those without anything included. An
 * hour belongs to where it begins, also where the zone's days begin between
 * two hours of the house's.
 * @param {readonly Hour[]} hours @param {Span} span @param {Grain} grain @param {number} firstDay of a week
 * @returns {Bin[]}
 */
export function binsOf(hours, span, grain, firstDay) {
  const startOf = (/** @type {Date} */ date) =>
    grain === 'week' ? weekStart(date, firstDay) : midnight(date);
  const step = grain === 'week' ? 7 : 1;
  /** @type {Map<number, Bin>} */
  const bins = new Map();
  for (let start = startOf(span.since); start < span.until; start = midnight(start, step)) {
    const end = midnight(start, step);
    const from = start < span.since ? span.since : start;
    const to = end > span.until ? span.until : end;
    const whole = from === start && to === end;
    bins.set(start.getTime(), { start, end, from, to, whole, sums: none() });
  }
  const last = [...bins.values()].at(-1);
  for (const hour of hours) {
    const start = startOf(new Date(hour.t * 1000)).getTime();
    // The hour in which the span begins counts whole, also where it began the day before.
    const bin = bins.get(start) ?? (start < span.since.getTime() ? first(bins) : last);
    if (bin) addTo(bin.sums, hour);
  }
  return [...bins.values()];
}

/** @param {Map<number, Bin>} bins */
function first(bins) {
  return bins.values().next().value;
}

/**
 * The hours of the week, by weekday in the order of the week, then by hour of
 * the day. times counts real hours: one that the clock repeats came by twice,
 * one that it skips not at all.
 * @param {readonly Hour[]} hours @param {Span} span @param {number} firstDay
 * @returns {Cell[][]} 7 x 24
 */
export function weekOf(hours, span, firstDay) {
  const week = Array.from({ length: 7 }, (_, row) =>
    Array.from({ length: 24 }, (_, hour) => ({
      weekday: (firstDay + row) % 7,
      hour,
      sums: none(),
      times: 0,
    })),
  );
  const cellAt = (/** @type {number} */ time) => {
    const date = new Date(time);
    return week[(date.getDay() - firstDay + 7) % 7][date.getHours()];
  };
  const begin = Math.floor(span.since.getTime() / HOUR) * HOUR;
  for (let time = begin; time < span.until.getTime(); time += HOUR) cellAt(time).times++;
  for (const hour of hours) addTo(cellAt(hour.t * 1000).sums, hour);
  return week;
}

/**
 * How much came in each time that hour came by.
 * @param {Cell} cell @param {Measure} measure
 */
export function meanOf({ sums, times }, measure) {
  return times === 0 ? 0 : sums[measure] / times;
}

/**
 * The fullest hour of the week.
 * @param {Cell[][]} week @param {Measure} measure
 * @returns {Cell|null} null where nothing happened
 */
export function busiest(week, measure) {
  let best = null;
  for (const cell of week.flat()) {
    if (meanOf(cell, measure) > (best ? meanOf(best, measure) : 0)) best = cell;
  }
  return best;
}

/**
 * On which day a week begins where this reader lives; Monday where the browser
 * doesn't know.
 * @param {string} locale @returns {number} 0 Sunday .. 6 Saturday
 */
export function firstDayOf(locale) {
  const about = /** @type {any} */ (new Intl.Locale(locale));
  const { firstDay = 1 } = about.getWeekInfo?.() ?? about.weekInfo ?? {};
  return firstDay % 7;
}
