/**
 * What the owner's page knows without a page: how the house fares in one word,
 * which of its lines to show, how somebody proves themselves.
 */
import { t } from '../text/house.js';
import { wordOf } from './house-words.js';

/** @typedef {import('./reach-model.js').Reach} Reach @typedef {import('./reach-model.js').Line} Line */
/** @typedef {import('./house-people.js').Person} Person */

/**
 * The four of a house with a name, and the clock where it is wrong; a house at
 * home only has one line to say.
 * @param {Pick<Reach, 'mode'|'lines'> & {plan: {name: string}}} reach
 * @returns {Line[]}
 */
export function linesOf({ mode, plan, lines }) {
  const open = mode === 'public' && plan.name !== '';
  if (!open) return [{ code: 'home', state: 'ok', text: t('house.health.home') }];
  return lines.filter(({ code, state }) => code !== 'clock' || state !== 'ok');
}

/**
 * The whole in one word.
 * @param {{state: string}[]} lines @param {{severity: string}[]} conditions
 * @returns {'good'|'look'|'hand'|'working'}
 */
export function verdictOf(lines, conditions) {
  if (lines.some(({ state }) => state === 'bad')) return 'hand';
  if (conditions.some(({ severity }) => severity === 'trouble')) return 'hand';
  if (lines.some(({ state }) => state === 'working')) return 'working';
  const doubt = lines.some(({ state }) => state === 'warn');
  return doubt || conditions.some(({ severity }) => severity === 'warning') ? 'look' : 'good';
}

/**
 * How somebody proves themselves beside the password: in a few words, and what
 * else there is.
 * @param {Pick<Person, 'second'|'passkeys'|'secondRequired'>} person
 * @returns {{strong: boolean, first: string, others: string}}
 */
export function secondOf({ second, passkeys, secondRequired }) {
  const factors = second.map((kind) => wordOf('house.second', kind));
  if (factors.length === 0) factors.push(t(secondRequired ? 'house.second.missing' : 'house.second.none'));
  if (passkeys > 0) factors.push(t('house.second.passkeys', { count: passkeys }));
  const [first, ...others] = factors;
  return { strong: second.length > 0, first, others: others.join(', ') };
}

/** Where somebody is signed in. @param {Pick<Person, 'devices'|'sessions'>} person */
export function whereOf({ devices, sessions }) {
  if (sessions === 0) return t('house.person.out');
  const values = {
    devices: t('people.devices', { count: devices }),
    sessions: t('house.person.sessions', { count: sessions }),
  };
  return t(sessions > devices ? 'house.person.on.more' : 'house.person.on', values);
}
