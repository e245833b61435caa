/**
 * A restore in words: days, what is not as on the sheet of a kit, the one command
 * that a hint of the house asks for. Values in, sentences out; no page.
 */
import { t } from '../text/restore.js';

/** @typedef {import('./kit-read.js').Read} Read */

const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'long' });
const day = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long' });
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });

/** "Friday 20 November 2026, 03:12". @param {string} iso */
export function dayText(iso) {
  const date = new Date(iso);
  return `${weekday.format(date)} ${day.format(date)}, ${clock.format(date)}`;
}

/** The one command that a hint asks for; '' for none. @param {string} hint */
export function commandIn(hint) {
  return /sudo latchkey .*$/.exec(hint)?.[0].trim() ?? '';
}

/** What is said of a key while it is typed. @param {Read} reading @param {'recovery'|'signing'} which */
export function sayingOf({ state, count, of, odd, group }, which) {
  switch (state) {
    case 'empty':
      return '';
    case 'short':
      return t('restore.kit.short', { count: of - count, left: of - count });
    case 'long':
      return t('restore.kit.long', { count: count - of });
    case 'stranger':
      return t('restore.kit.stranger', { odd });
    case 'slip':
      return t('restore.kit.slip', { group });
    case 'wrong':
      return t('restore.kit.wrong');
    default:
      return t(which === 'signing' ? 'restore.kit.signing.right' : 'restore.kit.right');
  }
}
