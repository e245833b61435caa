/**
 * What is asked of the log, as it stands in the address of the page, in the
 * fields and in the request: one set of names for all three. Pure.
 */
import { between, isoDay } from './house-fold.js';

/** What can be asked; '' or missing asks nothing. @typedef {Partial<Record<Name, string>>} Query */
/** @typedef {'text'|'account'|'kind'|'outcome'|'address'|'device'|'since'|'until'} Name */

/** @type {readonly Name[]} */
export const NAMES = Object.freeze([
  'text',
  'account',
  'kind',
  'outcome',
  'address',
  'device',
  'since',
  'until',
]);

/** The kinds of event that the house tells, as the field offers them. */
export const KINDS = Object.freeze([
  'signin',
  'refused',
  'signout',
  'token',
  'ban',
  'unban',
  'admit',
  'admin',
  'invited',
  'joined',
  'password',
  'kdf',
  'second',
  'passkey',
  'apikey',
  'device',
  'settings',
  'setup',
  'kit',
  'export',
  'backup',
  'deleted',
  'requests',
  'unreadable',
]);

/** The kinds of device that the house tells apart. */
export const DEVICES = Object.freeze(['phone', 'browser', 'extension', 'desktop', 'cli', 'other']);

/** @param {URLSearchParams} params of the address @returns {Query} */
export function queryOf(params) {
  const found = NAMES.map((name) => [name, (params.get(name) ?? '').trim()]);
  return Object.fromEntries(found.filter(([, value]) => value !== ''));
}

/** The address of a search. @param {Query} query */
export function hashOf(query) {
  const params = paramsOf(query).toString();
  return params ? `#/house/log?${params}` : '#/house/log';
}

/** @param {Query} query @param {Record<string, string>} [more] cursors and the like */
export function paramsOf(query, more = {}) {
  const asked = NAMES.flatMap((name) => (query[name] ? [[name, query[name] ?? '']] : []));
  return new URLSearchParams([...asked, ...Object.entries(more)]);
}

/**
 * The days of a query, for two date fields: the last day is the one that the
 * last moment lies in.
 * @param {Query} query @returns {{from: string, to: string}} 'YYYY-MM-DD' or ''
 */
export function daysOf({ since, until }) {
  const day = (/** @type {string|undefined} */ text, /** @type {number} */ back) => {
    const time = text ? Date.parse(text) : NaN;
    return Number.isNaN(time) ? '' : isoDay(new Date(time - back));
  };
  return { from: day(since, 0), to: day(until, 1) };
}

/**
 * The times of two date fields. Where the fields still say what the query
 * said, its own exact times stay.
 * @param {Query} before @param {string} from @param {string} to
 * @returns {Pick<Query, 'since'|'until'>}
 */
export function timesOf(before, from, to) {
  const said = daysOf(before);
  if (said.from === from && said.to === to) return { since: before.since, until: before.until };
  const far = new Date(8.64e15); // the last moment that a Date can name
  const span = between(from || to, to || from, far);
  return {
    since: from && span ? span.since.toISOString() : undefined,
    until: to && span ? span.until.toISOString() : undefined,
  };
}
