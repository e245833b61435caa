/**
 * Backups in words: what a job is at, how a copy was proved, which command an
 * answer of the house asks for. Values in, sentences out; no page.
 */
import { ago } from '../components/format.js';
import { knows, t } from '../text/backup.js';
import { bytesText } from './bytes.js';
import { HERE } from './backup-model.js';

/** @typedef {import('./backup-model.js').Job} Job @typedef {import('./backup-model.js').Target} Target */
/** @typedef {import('./backup-model.js').Place} Place */

/** The name of a place. @param {string} id @param {Pick<Target, 'id'|'name'>[]} targets */
export function placeName(id, targets) {
  if (id === HERE) return t('backup.place.here');
  return targets.find((target) => target.id === id)?.name ?? '';
}

/**
 * What a job is at, and how far.
 * @param {Job} job @param {Target[]} targets
 * @returns {{text: string, bytes: string}}
 */
export function jobText({ phase, target, done, total }, targets) {
  const place = target ? placeName(target, targets) : '';
  const which = { copying: '', sending: 'to', reading: 'from', checking: '', done: '', failed: '' }[phase];
  const key = `backup.job.${phase}`;
  const text = place && which ? t(`${key}.${which}`, { place }) : t(key);
  const bytes = total > 0 ? t('backup.job.bytes', { done: bytesText(done), total: bytesText(total) }) : '';
  return { text, bytes };
}

/** Why a backup was made. @param {string} why */
export function whyText(why) {
  return knows(`backup.why.${why}`) ? t(`backup.why.${why}`) : '';
}

/**
 * How a copy stands in its places: those of which the same is to be said
 * together, in the order of their first.
 * @param {Place[]} places @param {Pick<Target, 'id'|'name'>[]} targets @param {number} [now] ms
 * @returns {{state: string, text: string, names: string[], proved: string|null}[]}
 */
export function proofsOf(places, targets, now = Date.now()) {
  /** @type {Map<string, {state: string, text: string, names: string[], proved: string|null}>} */
  const groups = new Map();
  for (const place of places) {
    const { state, text } = proofOf(place, now);
    const group = groups.get(`${state} ${text}`) ?? { state, text, names: [], proved: place.proved };
    group.names.push(placeName(place.target, targets));
    groups.set(`${state} ${text}`, group);
  }
  return [...groups.values()];
}

/**
 * How a copy in one place stands.
 * @param {Place} place @param {number} [now] ms
 * @returns {{state: 'opened'|'digest'|'unproved'|'bad'|'here', text: string}}
 */
export function proofOf({ target, proved, depth, bad }, now = Date.now()) {
  if (bad) return { state: 'bad', text: t('backup.copy.bad') };
  // Nobody relies on that one, so that nothing is amiss.
  if (!proved && target === HERE) return { state: 'here', text: t('backup.copy.here') };
  if (!proved) return { state: 'unproved', text: t('backup.copy.unproved') };
  const state = depth === 'opened' ? 'opened' : 'digest';
  return { state, text: t(`backup.copy.${state}`, { ago: ago(proved, now) }) };
}
