/**
 * What an owner can do about somebody: each act says before what it means,
 * names what is lost and how many, and is proven by the password where the
 * house wants that.
 */
import { ask } from '../components/dialog.js';
import { t } from '../text/house.js';
import { bytesText } from './house-words.js';
import { declined } from './house-proof.js';

/** @typedef {import('./view.js').Deps} Deps */
/** @typedef {import('./house-people.js').Person} Person @typedef {import('./house-people.js').People} People */
/** @typedef {import('../components/menu.js').Entry} Entry */

/**
 * One act: how it is called, what it asks before, and what it does.
 * @typedef {object} Act
 * @property {string} key      of its words: house.act.KEY, .title, .text, .done
 * @property {string} icon
 * @property {boolean} [loss]  something is gone afterwards
 * @property {boolean} [plain] asks nothing before
 * @property {(path: string, api: Deps['api']) => Promise<unknown>} run
 */

/** @type {Record<string, Act>} */
const ACTS = {
  signOut: { key: 'signout', icon: 'lock', run: (path, api) => api.post(`${path}/sign-out`) },
  require: {
    key: 'require',
    icon: 'shield',
    run: (path, api) => api.put(path, { secondRequired: true }),
  },
  excuse: {
    key: 'excuse',
    icon: 'shield',
    plain: true,
    run: (path, api) => api.put(path, { secondRequired: false }),
  },
  reset: { key: 'reset', icon: 'refresh', run: (path, api) => api.post(`${path}/reset-second`) },
  owner: { key: 'owner', icon: 'house', run: (path, api) => api.put(path, { role: 'owner' }) },
  member: { key: 'member', icon: 'identity', run: (path, api) => api.put(path, { role: 'member' }) },
  disable: { key: 'disable', icon: 'close', run: (path, api) => api.put(path, { disabled: true }) },
  enable: {
    key: 'enable',
    icon: 'check',
    plain: true,
    run: (path, api) => api.put(path, { disabled: false }),
  },
  remove: { key: 'remove', icon: 'trash', loss: true, run: (path, api) => api.delete(path) },
};

/**
 * Which acts there are for somebody, in groups. Oneself is not signed out,
 * disabled or removed here, and the last owner stays one.
 * @param {Person} person @param {Person[]} people
 * @returns {Act[][]}
 */
export function actsFor(person, people) {
  const owners = people.filter(({ role, disabled }) => role === 'owner' && !disabled).length;
  const lastOwner = person.role === 'owner' && owners < 2;
  const second = [
    ...(person.secondRequired ? [ACTS.excuse] : [ACTS.require]),
    ...(person.second.length > 0 && !person.me ? [ACTS.reset] : []),
  ];
  const role = person.role === 'member' ? [ACTS.owner] : lastOwner ? [] : [ACTS.member];
  if (person.me) return [second, role].filter((group) => group.length > 0);
  const away = person.disabled ? [ACTS.enable] : lastOwner ? [] : [ACTS.disable];
  const out = person.sessions > 0 ? [ACTS.signOut] : [];
  return [[...out, ...second], role, [...away, ...(lastOwner ? [] : [ACTS.remove])]].filter(
    (group) => group.length > 0,
  );
}

/**
 * What the words of an act are filled with.
 * @param {Person} person
 */
function valuesOf(person) {
  const factors = person.second.length;
  return {
    name: person.name || person.email,
    items: t('people.items', { count: person.items }),
    folders: t('house.folders', { count: person.folders }),
    bytes: bytesText(person.bytes),
    devices: t('people.devices', { count: person.devices }),
    sessions: t('house.person.sessions', { count: person.sessions }),
    factors: t('house.factors', { count: factors }),
    passkeys: t('house.second.passkeys', { count: person.passkeys }),
  };
}

/**
 * The entries of somebody's menu.
 * @param {Person} person @param {People} all @param {Deps} deps
 * @param {() => Promise<void>} refresh
 * @param {(error: unknown) => void} failed shows what went wrong beside the person; null takes it away
 * @returns {Entry[]}
 */
export function entriesFor(person, { people }, deps, refresh, failed) {
  const values = valuesOf(person);
  const groups = actsFor(person, people).map((acts) =>
    acts.map((act) => ({
      text: t(`house.act.${act.key}`),
      icon: act.icon,
      loss: act.loss,
      run: () => void go(act, person, values, deps, refresh, failed),
    })),
  );
  return groups.flatMap((group, i) => (i > 0 ? [null, ...group] : group));
}

/**
 * @param {Act} act @param {Person} person @param {Record<string, string>} values @param {Deps} deps
 * @param {() => Promise<void>} refresh @param {(error: unknown) => void} failed
 */
async function go(act, person, values, deps, refresh, failed) {
  const stem = `house.act.${act.key}`;
  const question = {
    title: t(`${stem}.title`, values),
    text: textOf(act, person, values),
    action: t(stem),
    loss: act.loss,
  };
  if (!act.plain && !(await ask(question))) return;
  failed(null);
  try {
    const path = `/latchkey/people/${encodeURIComponent(person.id)}`;
    await act.run(path, deps.api);
    deps.say(t(`${stem}.done`, values));
    await refresh();
  } catch (error) {
    if (!declined(error)) failed(error);
  }
}

/** @param {Act} act @param {Person} person @param {Record<string, string>} values */
function textOf(act, person, values) {
  const stem = `house.act.${act.key}.text`;
  const parts = [t(act.key === 'remove' && person.items === 0 ? `${stem}.empty` : stem, values)];
  if (act.key === 'reset' && person.passkeys > 0) parts.push(t(`${stem}.passkeys`, values));
  if (act.key === 'require' && person.second.length === 0) parts.push(t(`${stem}.missing`, values));
  return parts.join(' ');
}
