/**
 * Adds a security key, or this device's own, as a second factor: a name, a
 * touch, done.
 */
import { openDialog } from '../components/dialog.js';
import { clearProblem, showProblem } from '../components/problem.js';
import { build } from '../components/template.js';
import { t } from '../text/second.js';
import { make } from '../vault/authenticator.js';
import { factorProof } from './prove.js';
import { showRecovery } from './recovery.js';
import { needs } from './setup-needs.js';

/** @typedef {import('./view.js').Deps} Deps */
/** @typedef {import('../components/template.js').Built} Built */

/**
 * Resolves whether one was added.
 * @param {Pick<Deps, 'session'|'api'|'say'>} deps @param {string[]} names of those that are there
 * @returns {Promise<boolean>} rejects where the house refuses
 */
export async function addKey(deps, names) {
  const userVerificationToken = await factorProof(deps);
  if (userVerificationToken === null) return false;
  await needs('second');
  const { api } = deps;
  let name = '';
  const made = await askNamed(
    {
      title: t('key.title'),
      lead: t('key.lead'),
      name: freshName(t('key.name.first'), names),
      go: t('key.go'),
    },
    async (given, _, signal) => {
      name = given;
      const { options } = await api.post('/api/two-factor/get-webauthn-challenge', { userVerificationToken });
      const { answer } = await make(options, { signal });
      return api.put('/api/two-factor/webauthn', { name, deviceResponse: answer, userVerificationToken });
    },
    t('key.waiting'),
  );
  if (made === null) return false;
  if (made.recoveryCode) await showRecovery(deps, made.recoveryCode);
  deps.say(t('key.added', { name }));
  return true;
}

/**
 * Asks for a name, then does what needs the person's hand at their key, as often
 * as it takes. Resolves with what that gave, or null.
 * @param {{title:string, lead:string, name:string, go:string, unlock?:boolean}} words unlock: offer it
 * @param {(name:string, unlock:boolean, signal:AbortSignal) => Promise<any>} act @param {string} waiting said meanwhile
 * @returns {Promise<any>}
 */
export function askNamed({ title, lead, name: proposed, go, unlock = false }, act, waiting) {
  const built = build('key-add');
  const name = built.part('name', HTMLInputElement);
  const button = built.part('go', HTMLButtonElement);
  const opens = built.part('unlock', HTMLInputElement);
  built.part('title').textContent = title;
  built.part('lead').textContent = lead;
  built.part('unlock-field').hidden = !unlock;
  button.textContent = go;
  name.value = proposed;
  name.autofocus = true;
  const left = new AbortController();
  const answer = openDialog(built, (close) => {
    built.part('cancel').addEventListener('click', () => close(null));
    built.root.addEventListener('submit', async (event) => {
      event.preventDefault();
      if (button.disabled) return;
      clearProblem(name);
      const given = name.value.trim();
      if (given === '') return showProblem(name, { code: 'key.nameless' });
      button.disabled = true;
      built.part('waiting').textContent = waiting;
      try {
        close(await act(given, unlock && opens.checked, left.signal));
      } catch (error) {
        showProblem(name, error);
      }
      button.disabled = false;
      built.part('waiting').textContent = '';
    });
  });
  return answer.finally(() => left.abort()); // whoever leaves is not asked for their key any longer
}

/** A name that none has yet: "Security key", "Security key 2". @param {string} name @param {string[]} names */
export function freshName(name, names) {
  let fresh = name;
  for (let n = 2; names.includes(fresh); n++) fresh = `${name} ${n}`;
  return fresh;
}
