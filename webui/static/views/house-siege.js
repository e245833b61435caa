/**
 * Bans and sieges in words: who is shut out and for what, who is being guessed
 * at and what that means for them. Pure.
 */
import { t } from '../text/house.js';
import { longText, wordOf } from './house-words.js';

/** Times counts the bans before that are remembered, this one included. @typedef {{prefix:string, why?:string, since?:string, until?:string, times?:number, tries?:number}} AnyBan */
/** @typedef {{prefix:string, why:string, since:string, until:string, times:number, tries:number}} Ban */
/** @typedef {{account:string, id?:string, since:string, tries:number, places:number, wait:number}} Siege account: a name, '' where nobody here is called so; wait: seconds until a stranger may try again */

/** Seconds; a shorter wait is not worth a sentence. */
const LONG = 30;

/** Whole addresses need no length behind them. */
const ALONE = /\/(?:32|128)$/;

/**
 * @param {AnyBan} ban
 * @returns {{who: string, why: string}}
 */
export function banText({ prefix, why = '', times = 0, tries = 0 }) {
  const [address, bits] = prefix.replace(ALONE, '').split('/');
  const who = bits ? t('house.bans.network', { network: `${address}/${bits}` }) : address;
  const what = wordOf('house.bans.why', why || 'request');
  const known = what === why ? t('house.bans.why.other') : what;
  const parts = [tries > 0 ? t('house.bans.tries', { what: known, count: tries }) : known];
  if (times > 1) parts.push(t('house.bans.times', { nth: nth(times) }));
  return { who, why: parts.join(' · ') };
}

/** How long until then, from now. @param {string} until @param {number} [now] ms */
export function leftText(until, now = Date.now()) {
  const seconds = (new Date(until).getTime() - now) / 1000;
  return seconds > 0 ? t('house.left', { time: longText(seconds) }) : t('house.left.over');
}

/**
 * @param {Siege} siege
 * @returns {{text: string, hint: string}}
 */
export function siegeText({ account, tries, places, wait }) {
  const which = account === '' ? 'unknown' : 'known';
  const values = {
    name: account,
    places: t('house.siege.places', { count: places }),
    tries: t('house.siege.tries', { count: tries }),
    wait: longText(wait),
  };
  const hint = [t(`house.siege.${which}.hint`, values)];
  if (which === 'known' && wait >= LONG) hint.push(t('house.siege.wait', values));
  return { text: t(`house.siege.${which}`, values), hint: hint.join(' ') };
}

const ordinal = new Intl.PluralRules('en', { type: 'ordinal' });

/** "3rd" @param {number} n */
function nth(n) {
  const ends = /** @type {Record<string, string>} */ ({ one: 'st', two: 'nd', few: 'rd', other: 'th' });
  return `${n}${ends[ordinal.select(n)]}`;
}
