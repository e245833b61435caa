/**
 * "People", the owner's: who lives here and how much they keep, who is invited,
 * and inviting somebody by a link that is handed over.
 */
import { exactly, timeElement } from '../components/format.js';
import { icon } from '../components/icon.js';
import { build, element } from '../components/template.js';
import { t } from '../text/text.js';
import { around } from './settings-devices.js';
import { troubleView } from './settings.js';
import { copyFrom, emailOf, wireForm } from './setup-parts.js';

/** @typedef {import('../components/qr.js').QrCode} QrCode */
/** @typedef {{id:string, email:string, name:string, role:string, lastSeen:string|null, items:number, devices:number}} Person */
/** @typedef {{id:string, email:string, name:string, expires:string}} Invitation */
/** @typedef {Invitation & {link:string, qr:string[]}} NewInvitation its link is told only now */

/** @type {import('./settings.js').Show} */
export async function show(body, { api, session, say, signal }) {
  const built = build('people');
  const email = built.part('email', HTMLInputElement);
  const name = built.part('name', HTMLInputElement);
  await refresh();
  if (signal.aborted) return;
  body.append(built.root);
  wireForm(built.part('invite'), {
    signal,
    place: () => email,
    async submit() {
      const wanted = { email: emailOf(email), name: name.value.trim() };
      const made = /** @type {NewInvitation} */ (await api.post('/latchkey/invitations', wanted));
      email.value = name.value = '';
      showLink(made);
      await refresh();
    },
  });

  async function refresh() {
    const { people, invitations } = await api.get('/latchkey/people');
    built
      .part('people')
      .replaceChildren(...people.map((/** @type {Person} */ one) => personRow(one, session.email)));
    built.part('alone').hidden = people.length > 1 || invitations.length > 0;
    built.part('waiting').hidden = invitations.length === 0;
    built.part('invitations').replaceChildren(...invitations.map(invitationRow));
  }

  /** @param {NewInvitation} made */
  function showLink(made) {
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

  /** @param {Invitation} invitation */
  function invitationRow({ id, email: whom, name: called, expires }) {
    const line = element('p', 'soft', t('people.expires', { when: exactly(expires) }));
    const item = thing('clock', called || whom, called ? [element('p', 'soft', whom), line] : [line]);
    const button = element('button', 'button', t('people.revoke'));
    button.type = 'button';
    button.setAttribute('aria-label', t('people.revoke.of', { email: whom }));
    button.addEventListener('click', async () => {
      button.disabled = true;
      try {
        await api.delete(`/latchkey/invitations/${encodeURIComponent(id)}`);
        built.part('made').replaceChildren();
        await refresh();
        say(t('people.revoked', { email: whom }));
        email.focus();
      } catch (error) {
        button.disabled = false;
        item.append(troubleView(error));
      }
    });
    item.append(button);
    return item;
  }
}

/** @param {Person} person @param {string} me */
function personRow({ email, name, role, lastSeen, items, devices }, me) {
  const tags = [email === me ? 'people.you' : '', role === 'owner' ? 'people.owner' : ''].filter(Boolean);
  const line = element(
    'p',
    'soft',
    `${t('people.items', { count: items })} · ${t('people.devices', { count: devices })} · `,
  );
  if (lastSeen) line.append(...around(t('people.seen', { when: '\0' }), timeElement(lastSeen)));
  else line.append(t('people.never'));
  const item = thing('identity', name || email, [...(name ? [element('p', 'soft', email)] : []), line]);
  const title = item.querySelector('.thing-name');
  for (const tag of tags) title?.append(' ', element('span', 'tag', t(tag)));
  return item;
}

/** @param {string} symbol @param {string} name @param {HTMLElement[]} lines */
function thing(symbol, name, lines) {
  const item = element('li', 'group-row thing');
  const words = element('div', 'thing-words');
  words.append(icon(symbol), element('p', 'thing-name', name), ...lines);
  item.append(words);
  return item;
}
