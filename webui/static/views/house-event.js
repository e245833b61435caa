/**
 * A line of the log as a sentence: who did what, how, and how it ended. Where
 * the log names nobody it says "somebody". Pure.
 */
import { knows, t } from '../text/house.js';
import { countText, wordOf } from './house-words.js';

/** @typedef {{id?: string, name?: string, pseudonym?: string, machine?: boolean}} Named */
/**
 * One line of GET /latchkey/log.
 * @typedef {object} Event
 * @property {string} time
 * @property {string} kind
 * @property {string} outcome  'ok' or a problem's code
 * @property {string} [method]
 * @property {Named} [who]     whose it is
 * @property {Named} [actor]   who did it, where that is somebody else
 * @property {string} [device]
 * @property {number} [deviceType]
 * @property {string} [address]
 * @property {string} [country]
 * @property {number} [ms]
 * @property {string} [detail]
 * @property {number} [count]  how many times; 0 and none is once
 * @property {{requests: number, refused: number, errors: number}} [tally]
 */

/** Whether it went well. @param {Pick<Event, 'outcome'>} event */
export function wentWell({ outcome }) {
  return outcome === '' || outcome === 'ok' || outcome === 'done';
}

/** @param {Named|undefined} named @returns {string} '' for nobody */
export function nameOf(named) {
  if (named?.machine) return t('house.event.machine');
  return named?.name || named?.pseudonym || '';
}

/**
 * What happened.
 * @param {Event} event
 * @param {string} [who] how the one whose it is is called
 * @returns {string}
 */
export function sentenceOf(event, who = nameOf(event.who) || t('house.event.somebody')) {
  if (event.tally) return requestsText(event.tally);
  const by = nameOf(event.actor) || who;
  const said = t(keyOf(event), { who, by, detail: event.detail, kind: event.kind, why: whyOf(event) });
  const failed = !wentWell(event) && !isProof(event.kind);
  const whole = failed ? t('house.event.failed', { said }) : said;
  // A name is written as it is, a sentence begins with a capital.
  const named = [who, by].some((name) => name === nameOf(event.who) && name !== '' && whole.startsWith(name));
  return named ? whole : whole.charAt(0).toLocaleUpperCase('en') + whole.slice(1);
}

/** The sentence that fits best. @param {Event} event */
function keyOf(event) {
  const { kind, outcome, method = '', detail = '' } = event;
  const act = detail.replaceAll(' ', '-');
  const fitting =
    !wentWell(event) && isProof(kind)
      ? [`house.event.refused.${outcome}`, `house.event.refused.by.${method}`, 'house.event.refused']
      : [
          ...(kind === 'signin' ? [`house.event.signin.${method}`] : []),
          ...(kind === 'ban' && whyOf(event) ? ['house.event.ban.because'] : []),
          ...(detail ? [`house.event.${kind}.${act}`, `house.event.${kind}.with`] : []),
          `house.event.${kind}`,
        ];
  return fitting.find(knows) ?? 'house.event.other';
}

/** What somebody was shut out for. @param {Event} event */
function whyOf({ kind, method = '' }) {
  return kind === 'ban' && knows(`house.bans.why.${method}`) ? t(`house.bans.why.${method}`) : '';
}

/** Kinds in which somebody proves who they are. @param {string} kind */
function isProof(kind) {
  return kind === 'signin' || kind === 'refused' || kind === 'token';
}

/** @param {NonNullable<Event['tally']>} tally */
function requestsText({ requests, refused, errors }) {
  const parts = [countText('requests', requests)];
  if (refused > 0) parts.push(countText('refused', refused));
  if (errors > 0) parts.push(countText('errors', errors));
  return t('house.event.requests', { counted: parts.join(', ') });
}

/** What a sentence doesn't say already: how it ended, where that is more than "refused". @param {Event} event */
export function codeOf({ outcome, method = '' }) {
  if (wentWell({ outcome })) return '';
  if (knows(`house.event.refused.${outcome}`) || knows(`house.event.refused.by.${method}`)) return '';
  return wordOf('house.outcome', outcome);
}
