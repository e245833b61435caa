/**
 * Who is invited and not here yet, and inviting somebody by a link that is
 * handed over.
 */
import { exactly } from '../components/format.js';
import { build, element } from '../components/template.js';
import { t } from '../text/house.js';
import { declined } from './house-proof.js';
import { troubleView } from './settings.js';
import { copyFrom, emailOf, wireForm } from './setup-parts.js';
import { paintTile } from './tile.js';

/** @typedef {import('../components/qr.js').QrCode} QrCode */
/** @typedef {import('../components/template.js').Built} Built @typedef {import('./view.js').Deps} Deps */
/** @typedef {import('./house-people.js').Invitation} Invitation */
/** @typedef {Invitation & {link:string, qr:string[]}} NewInvitation its link is told only now */

/**
 * @param {Built} built of t-house-people @param {Deps} deps @param {() => Promise<void>} refresh
 * @returns {(invitations: Invitation[]) => void} draws them
 */
export function invitationsIn(built, deps, refresh) {
  const email = built.part('email', HTMLInputElement);
  const name = built.part('name', HTMLInputElement);
  const role = built.part('role', HTMLSelectElement);
  role.append(new Option(t('people.role.member'), 'member'), new Option(t('people.role.owner'), 'owner'));
  wireForm(built.part('invite'), {
    signal: deps.signal,
    place: (code) => (/email|address|account|invit/.test(code) ? email : null),
    async submit() {
      const wanted = { email: emailOf(email), name: name.value.trim(), role: role.value };
      const made = /** @type {NewInvitation} */ (
        await deps.api.post('/latchkey/invitations', wanted).catch(quietly)
      );
      if (!made) return;
      email.value = name.value = '';
      role.value = 'member';
      showLink(built, made);
      await refresh();
    },
  });
  return (invitations) => {
    built.part('waiting').hidden = invitations.length === 0;
    const rows = invitations.map((one) => invitationRow(one, built, deps, refresh));
    built.part('invitations').replaceChildren(...rows);
  };
}

/** Thinking better of it is no trouble. @param {unknown} error */
function quietly(error) {
  if (!declined(error)) throw error;
  return null;
}

/** @param {Built} built @param {NewInvitation} made */
function showLink(built, made) {
  const view = build('people-link');
  view.part('title').textContent = t('people.link.title', { email: made.email });
  view.part('lead').textContent = t('people.link.lead', { when: exactly(made.expires) });
  view.part('link').textContent = made.link;
  const code = /** @type {QrCode} */ (view.part('qr'));
  code.setAttribute('label', t('people.link.qr', { email: made.email }));
  code.rows = made.qr;
  const copy = view.part('copy');
  copy.addEventListener('click', () => copyFrom(copy, made.link));
  built.part('made').replaceChildren(view.root);
  view.part('title').focus();
}

/** @param {Invitation} invitation @param {Built} built @param {Deps} deps @param {() => Promise<void>} refresh */
function invitationRow({ id, email, name, role, expires }, built, deps, refresh) {
  const row = build('house-invited');
  paintTile(row.part('tile'), { name: name || email });
  row.part('name').textContent = name || email;
  if (role === 'owner') row.part('tags').append(element('span', 'tag', t('people.owner')));
  row.part('line').textContent = [name ? email : '', t('people.expires', { when: exactly(expires) })]
    .filter(Boolean)
    .join(' · ');
  const button = row.part('revoke', HTMLButtonElement);
  button.setAttribute('aria-label', t('people.revoke.of', { email }));
  button.addEventListener('click', async () => {
    button.disabled = true;
    row.root.querySelector('.field')?.remove();
    try {
      await deps.api.delete(`/latchkey/invitations/${encodeURIComponent(id)}`);
      built.part('made').replaceChildren();
      await refresh();
      deps.say(t('people.revoked', { email }));
      built.part('title').focus();
    } catch (error) {
      button.disabled = false;
      if (!declined(error)) row.root.append(troubleView(error));
    }
  });
  return row.root;
}
