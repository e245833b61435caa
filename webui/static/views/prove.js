/**
 * "Is it you?": asks for the master password or a passkey before something that
 * wants a fresh proof. It knows no act; who asks goes on, or leaves it.
 */
import { openDialog } from '../components/dialog.js';
import { clearProblem, showProblem } from '../components/problem.js';
import { build } from '../components/template.js';
import { t } from '../text/second.js';
import { challenge, proveByPasskey, proveByPassword } from '../vault/proving.js';
import { needs } from './setup-needs.js';

/** @typedef {Pick<import('./view.js').Deps, 'session'>} Asker what is needed of a view's deps */
/** @typedef {import('../crypto/passkey-keys.js').HalfUnlock} HalfUnlock */
/** @typedef {import('../components/password-field.js').PasswordField} PasswordField */

/**
 * Makes sure that the house has a fresh proof: asks unless there was one in the
 * last minutes. Resolves false where the person thought better of it.
 * @param {Asker} asker @param {{text?:string, anew?:boolean}} [how] why it is asked; anew: the last one is over
 * @returns {Promise<boolean>}
 */
export async function prove(asker, { text = t('proof.text'), anew = false } = {}) {
  return (!anew && asker.session.proof.fresh) || (await askWho(asker, text, false)) !== null;
}

/**
 * What a change of factors has to show (userVerificationToken), after asking
 * where the last proof is over. @param {Asker} asker
 * @returns {Promise<string|null>} null where the person thought better of it
 */
export async function factorProof(asker) {
  const { proof } = asker.session;
  if (proof.token === '' && (await askWho(asker, t('proof.factors'), false)) === null) return null;
  return proof.token;
}

/**
 * Asks always, since the user key has to be opened: seals it for a new passkey.
 * @param {Asker} asker @returns {Promise<HalfUnlock|null>} null where the person thought better of it
 */
export async function proveAndSeal(asker) {
  return (await askWho(asker, t('proof.unlock'), true))?.half ?? null;
}

/**
 * @param {Asker} asker @param {string} text @param {boolean} wanted whether an unlock is to be made
 * @returns {Promise<{half:HalfUnlock|null}|null>}
 */
async function askWho({ session }, text, wanted) {
  const [asked] = await Promise.all([challenge(session, wanted), needs('second')]);
  const built = build('prove');
  const field = /** @type {PasswordField} */ (built.part('password'));
  const byPasskey = built.part('passkey', HTMLButtonElement);
  const buttons = [byPasskey, built.part('go', HTMLButtonElement)];
  built.part('text').textContent = text;
  byPasskey.hidden = !asked;
  let question = asked;
  const left = new AbortController();
  for (const kind of ['focusin', 'input']) field.addEventListener(kind, () => session.warm());
  const answer = openDialog(built, (/** @type {(answer:{half:HalfUnlock|null}|null) => void} */ close) => {
    /** @param {() => Promise<HalfUnlock|null>} proving */
    const attempt = async (proving) => {
      clearProblem(field);
      for (const button of buttons) button.disabled = true;
      try {
        close({ half: await proving() });
      } catch (error) {
        showProblem(field, error);
      }
      for (const button of buttons) button.disabled = false;
    };
    built.part('cancel').addEventListener('click', () => close(null));
    built.root.addEventListener('submit', (event) => {
      event.preventDefault();
      if (field.value === '') return showProblem(field, { code: 'unlock.password.needed' });
      void attempt(() => proveByPassword(session, field.value, wanted));
    });
    byPasskey.addEventListener('click', () =>
      attempt(async () => {
        // Each question counts once; browsers want the key asked in the click itself, so the next one is fetched ahead.
        const now = question ?? (await challenge(session, wanted));
        question = null;
        if (!now) throw { code: 'passkey.gone' };
        return proveByPasskey(session, now, wanted, left.signal);
      }),
    );
  });
  return answer.finally(() => left.abort());
}
