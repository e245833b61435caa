/**
 * Adds a passkey, and gives one its unlock. Where the device has no PRF the
 * passkey proves who somebody is and opens nothing, and that is said.
 */
import { openDialog } from '../components/dialog.js';
import { clearProblem, showProblem } from '../components/problem.js';
import { build } from '../components/template.js';
import { t } from '../text/second.js';
import { describeBrowser } from '../vault/browser.js';
import { giveUnlock, makePasskey } from '../vault/passkey-make.js';
import { askNamed, freshName } from './factor-key.js';
import { factorProof, proveAndSeal } from './prove.js';
import { needs } from './setup-needs.js';

/** @typedef {import('./view.js').Deps} Deps */
/** @typedef {import('../vault/passkey-make.js').Made} Made */

/**
 * Resolves whether one was added.
 * @param {Pick<Deps, 'session'|'say'>} deps @param {string[]} names of those that are there
 * @returns {Promise<boolean>} rejects where the house refuses
 */
export async function addPasskey({ session, say }, names) {
  const half = await proveAndSeal({ session });
  if (half === null) return false;
  await needs('second');
  const words = {
    title: t('passkey.title'),
    lead: t('passkeys.lead'),
    name: freshName(describeBrowser(navigator.userAgent).name, names),
    go: t('passkey.go'),
    unlock: true,
  };
  let name = '';
  /** @type {Made|null} */
  const made = await askNamed(
    words,
    (given, unlock, signal) => {
      name = given;
      return makePasskey(session, { name, half: unlock ? half : null, signal });
    },
    t('passkey.waiting'),
  );
  if (made === null) return false;
  const opens = made.again ? await useOnce(name, made.again) : made.opens;
  if (opens || !made.asked) say(t(opens ? 'passkey.added' : 'passkey.added.signs', { name }));
  else if (!made.again) await tellNoPrf(name);
  return true;
}

/**
 * Gives a passkey that is there its unlock. Resolves whether it has it now.
 * @param {Pick<Deps, 'session'|'say'>} deps @param {{id:string, name:string}} passkey @returns {Promise<boolean>}
 */
export async function givePasskeyUnlock({ session, say }, { name }) {
  const half = await proveAndSeal({ session });
  if (half === null) return false;
  await needs('second');
  const given = await useOnce(name, (signal) => giveUnlock(session, half, signal));
  if (given) say(t('passkey.given', { name }));
  return given;
}

/** What a passkey is removed by. @param {Pick<Deps, 'session'|'api'>} deps @param {string} id @returns {Promise<boolean>} */
export async function removePasskey(deps, id) {
  const userVerificationToken = await factorProof(deps);
  if (userVerificationToken === null) return false;
  await deps.api.post(`/api/webauthn/${encodeURIComponent(id)}/delete`, { userVerificationToken });
  return true;
}

/** Has the person use a passkey once. @param {string} name @param {(signal:AbortSignal) => Promise<unknown>} use @returns {Promise<boolean>} */
async function useOnce(name, use) {
  const built = said('passkey.again.title', 'passkey.again', name);
  const go = built.part('go', HTMLButtonElement);
  go.textContent = t('passkey.again.go');
  built.part('skip').textContent = t('passkey.again.skip');
  const text = built.part('text');
  const left = new AbortController();
  const done = await openDialog(built, (close) => {
    built.part('skip').addEventListener('click', () => close(null));
    go.addEventListener('click', async () => {
      clearProblem(text);
      go.disabled = true;
      try {
        await use(left.signal);
        close(true);
      } catch (error) {
        go.disabled = false;
        showProblem(text, error);
      }
    });
  });
  left.abort();
  return done === true;
}

/** @param {string} name */
async function tellNoPrf(name) {
  const built = said('passkey.noprf.title', 'passkey.noprf', name);
  built.part('go').textContent = t('passkey.noprf.ok');
  built.part('skip').hidden = true;
  await openDialog(built, (close) => built.part('go').addEventListener('click', () => close(true)));
}

/** @param {string} title @param {string} text keys of sentences @param {string} name */
function said(title, text, name) {
  const built = build('passkey-said');
  built.part('title').textContent = t(title);
  built.part('text').textContent = t(text, { name });
  return built;
}
