/**
 * Another name, in two steps: first whose passkeys would stop working, then,
 * when that was seen, the change itself. Nothing happens before.
 */
import { build, element } from '../components/template.js';
import { t } from '../text/reach.js';
import { getReach } from './reach-api.js';
import { Lines } from './reach-lines.js';
import { nameOf } from './reach-model.js';
import { typed } from './settings-security.js';
import { needed, Refusal, wireForm } from './setup-parts.js';

/** @typedef {import('./reach-model.js').Reach} Reach @typedef {import('./reach-model.js').Line} Line */
/** @typedef {import('../components/password-field.js').PasswordField} PasswordField */
/** @typedef {{passkeys: number, people: ({name?: string, email?: string, passkeys?: number}|string)[], findings?: Line[]}} Loss */

/**
 * @param {Reach} reach @param {import('./view.js').Deps} deps
 * @param {(reach: Reach) => void} changed
 * @returns {HTMLElement}
 */
export function renameForm(reach, { api, session, say, signal }, changed) {
  const built = build('reach-rename');
  const name = built.part('name', HTMLInputElement);
  const password = /** @type {PasswordField} */ (built.part('password'));
  const submit = built.part('submit');
  const suffixes = reach.providers.find(({ id }) => id === reach.plan.provider)?.suffixes ?? [];
  /** What was agreed to be looked at; '' before, and again when the name is touched. */
  let seen = '';
  const begin = () => {
    seen = '';
    built.part('loss').hidden = true;
    built.part('stop').hidden = true;
    submit.textContent = t('reach.rename.look');
    submit.classList.remove('loss');
  };
  begin();
  name.placeholder = reach.plan.name;
  name.addEventListener('input', begin, { signal });
  built.part('stop').addEventListener('click', () => {
    name.value = '';
    password.value = '';
    begin();
    name.focus();
  });
  wireForm(built.root, {
    session,
    signal,
    place: (code) => (code === 'password.wrong' ? password : code.startsWith('reach.name') ? name : null),
    async submit() {
      needed(name);
      const next = nameOf(name.value, suffixes);
      if (next === reach.plan.name) throw new Refusal(name, 'reach.rename.same');
      const masterPasswordHash = await session.verifyPassword(typed(password));
      const { provider, door, port, challenge, challengeName } = reach.plan;
      const body = { name: next, provider, door, port, challenge, challengeName, masterPasswordHash };
      if (seen !== next) {
        const loss = /** @type {Loss} */ (
          await api.post('/latchkey/reach/rename', { ...body, confirm: false })
        );
        seen = next;
        showLoss(built, loss, next);
        return;
      }
      await api.post('/latchkey/reach/rename', { ...body, confirm: true });
      say(t('reach.change.started'));
      changed(await getReach(api));
    },
  });
  return built.root;
}

/** @param {import('../components/template.js').Built} built @param {Loss} loss @param {string} next */
function showLoss(built, { passkeys, people, findings = [] }, next) {
  const box = built.part('loss');
  const some = passkeys > 0;
  box.hidden = false;
  box.classList.toggle('is-none', !some);
  built.part('loss-title').textContent = some
    ? t('reach.rename.loss', { count: passkeys })
    : t('reach.rename.none');
  built.part('people').hidden = !some;
  built.part('people').replaceChildren(...people.map((one) => element('li', '', personText(one))));
  built.part('loss-hint').textContent = some
    ? t('reach.rename.loss.hint')
    : t('reach.rename.none.hint', { url: `https://${next}` });
  new Lines(built.part('findings')).show(findings);
  built.part('findings').hidden = findings.length === 0;
  built.part('stop').hidden = false;
  const submit = built.part('submit');
  submit.textContent = t('reach.rename.go', { name: next });
  submit.classList.toggle('loss', some);
  box.focus();
}

/** @param {Loss['people'][number]} person */
function personText(person) {
  if (typeof person === 'string') return person;
  const who = person.name || person.email || '';
  return person.passkeys ? t('reach.rename.person', { who, count: person.passkeys }) : who;
}
