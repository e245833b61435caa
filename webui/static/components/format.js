// format: dates and counts as people say them.
import { element } from './template.js';

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const exact = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const units = [
  ['year', 31_557_600],
  ['month', 2_629_800],
  ['week', 604_800],
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
];

/**
 * "3 minutes ago", "yesterday", "just now".
 * @param {string | number | Date} date @param {number} [now] ms
 */
export function ago(date, now = Date.now()) {
  const seconds = (new Date(date).getTime() - now) / 1000;
  const unit = units.find(([, size]) => Math.abs(seconds) >= size);
  return unit ? relative.format(Math.trunc(seconds / unit[1]), unit[0]) : 'just now';
}

/**
 * A <time> that says how long ago, with the exact moment on hover.
 * @param {string | number | Date} date
 */
export function timeElement(date) {
  const at = new Date(date);
  const made = element('time', '', ago(at));
  made.dateTime = at.toISOString();
  made.title = exact.format(at);
  return made;
}

/**
 * The exact moment in the reader's own way.
 * @param {string | number | Date} date
 */
export function exactly(date) {
  return exact.format(new Date(date));
}
