/**
 * Who lives here: when each was last seen, how they prove themselves, how much
 * they keep (counts, never what), where they are signed in; the owner's acts on
 * each; who is invited.
 */
import { timeElement } from '../components/format.js';
import { icon } from '../components/icon.js';
import { openMenu } from '../components/menu.js';
import { build, element } from '../components/template.js';
import { t } from '../text/house.js';
import { entriesFor } from './house-acts.js';
import { everybodyIn } from './house-everybody.js';
import { invitationsIn } from './house-invite.js';
import { secondOf, whereOf } from './house-model.js';
import { bytesText } from './house-words.js';
import { around } from './settings-devices.js';
import { troubleView } from './settings.js';
import { paintTile } from './tile.js';

/**
 * @typedef {object} Person
 * @property {string} id
 * @property {string} email
 * @property {string} name
 * @property {'owner'|'member'} role
 * @property {string} created
 * @property {string|null} lastSeen
 * @property {number} items
 * @property {number} folders
 * @property {number} bytes
 * @property {number} devices
 * @property {number} sessions
 * @property {boolean} disabled
 * @property {string[]} second      'totp', 'webauthn'
 * @property {number} passkeys
 * @property {boolean} secondRequired
 * @property {boolean} apiKey
 * @property {boolean} me
 */
/** @typedef {{id:string, email:string, name:string, role?:string, expires:string}} Invitation */
/** @typedef {{people: Person[], invitations: Invitation[], secondForAll: boolean}} People */

/** @type {import('./house.js').Show} */
export async function show(place, deps) {
  const built = build('house-people');
  const draw = (/** @type {People} */ all) => {
    const rows = all.people.map((one) => personRow(one, all, deps, refresh));
    const focused = built.part('people').querySelector('[data-focus]:focus')?.getAttribute('data-focus');
    built.part('people').replaceChildren(...rows);
    built.part('alone').hidden = all.people.length > 1 || all.invitations.length > 0;
    drawInvitations(all.invitations);
    drawEverybody(all);
    const again = focused && built.root.querySelector(`[data-focus="${CSS.escape(focused)}"]`);
    if (again instanceof HTMLElement) again.focus();
  };
  const refresh = async () => {
    const all = /** @type {People} */ (await deps.api.get('/latchkey/people'));
    if (!deps.signal.aborted) draw(all);
  };
  const drawInvitations = invitationsIn(built, deps, refresh);
  const drawEverybody = everybodyIn(built, deps, refresh);
  await refresh();
  place.replaceChildren(built.root);
}

/**
 * @param {Person} person @param {People} all @param {import('./view.js').Deps} deps
 * @param {() => Promise<void>} refresh
 */
function personRow(person, all, deps, refresh) {
  const built = build('house-person');
  const name = person.name || person.email;
  paintTile(built.part('tile'), { name });
  built.part('name').textContent = name;
  built.part('tags').append(...tagsOf(person));
  built.part('email').textContent = person.name ? person.email : '';
  built.part('seen').append(...seenOf(person));
  const { strong, first, others } = secondOf(person);
  built.part('factor').append(icon(strong ? 'shield' : 'warn'), first);
  built.part('factors').textContent = others;
  built.part('second').classList.toggle('is-weak', !strong);
  const keeps = person.items > 0;
  built.part('items').textContent = keeps
    ? t('people.items', { count: person.items })
    : t('house.person.nothing');
  built.part('bytes').textContent = keeps ? bytesText(person.bytes) : '';
  built.part('where').textContent = whereOf(person);
  built.root.classList.toggle('is-off', person.disabled);
  const more = built.part('more');
  more.dataset.focus = `person:${person.id}`;
  more.setAttribute('aria-label', t('house.person.more', { name }));
  const failed = (/** @type {unknown} */ error) => {
    built.root.querySelector('.field')?.remove();
    if (error) built.root.append(troubleView(error));
  };
  more.addEventListener('click', () => openMenu(more, entriesFor(person, all, deps, refresh, failed)));
  return built.root;
}

/** @param {Person} person */
function tagsOf({ me, role, disabled }) {
  const keys = [me && 'people.you', role === 'owner' && 'people.owner', disabled && 'house.person.disabled'];
  return keys.flatMap((key) => (key ? [element('span', 'tag', t(key))] : []));
}

/** @param {Person} person */
function seenOf({ lastSeen }) {
  // The house's zero time stands for never.
  if (!lastSeen || !(Date.parse(lastSeen) > 0)) return [t('people.never')];
  return around(t('people.seen', { when: '\0' }), timeElement(lastSeen));
}
