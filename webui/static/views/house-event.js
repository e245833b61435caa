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
  if (named?.machine) return t('event.machine');
  return named?.name || named?.pseudonym || '';
}

/**
 * What happened.
 * @param {Event} event
 * @param {string} [who] how the one whose it is is called
 * @returns {string}
 */
export function sentenceOf(event, who = nameOf(event.who) || t('event.somebody')) {
  const { kind, method = '', detail = '' } = event;
  if (event.tally) return requestsText(event.tally);
  const by = nameOf(event.actor) || who;
  const values = { who, by, detail };
  if (!wentWell(event) && isProof(kind)) return refusedText(event, values);
  if (kind === 'signin' || kind === 'token') {
    const how = knows(`event.${kind}.${method}`) ? `event.${kind}.${method}` : `event.${kind}`;
    return t(how, values);
  }
  if (kind === 'admin')
    return t(knows(`event.admin.${detail}`) ? `event.admin.${detail}` : 'event.admin', values);
  const other = event.actor && nameOf(event.actor) !== nameOf(event.who) && knows(`event.${kind}.by`);
  const key = other ? `event.${kind}.by` : `event.${kind}`;
  const said = knows(key) ? t(key, values) : t('event.other', { ...values, kind });
  return wentWell(event) ? said : t('event.failed', { said });
}

/** Kinds in which somebody proves who they are. @param {string} kind */
function isProof(kind) {
  return kind === 'signin' || kind === 'refused' || kind === 'token';
}

/** @param {Event} event @param {{who: string, by: string, detail: string}} values */
function refusedText({ outcome, method = '' }, values) {
  for (const key of [`event.refused.${outcome}`, `event.refused.by.${method}`]) {
    if (knows(key)) return t(key, values);
  }
  return t('event.refused', values);
}

/** @param {NonNullable<Event['tally']>} tally */
function requestsText({ requests, refused, errors }) {
  const parts = [countText('requests', requests)];
  if (refused > 0) parts.push(countText('refused', refused));
  if (errors > 0) parts.push(countText('errors', errors));
  return t('event.requests', { counted: parts.join(', ') });
}

/** The code of what a sentence doesn't say already. @param {Event} event */
export function codeOf(event) {
  if (wentWell(event)) return '';
  const said = wordOf('house.outcome', event.outcome);
  return knows(`event.refused.${event.outcome}`) ? '' : said;
}
