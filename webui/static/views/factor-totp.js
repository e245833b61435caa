/**
 * Sets up an authenticator app: shows its key as a QR code and as text, and
 * takes a code of it as the sign that it works.
 */
import { copy } from '../components/clipboard.js';
import { openDialog } from '../components/dialog.js';
import { clearProblem, showProblem } from '../components/problem.js';
import { build } from '../components/template.js';
import { t } from '../text/second.js';
import { digitsOf, isWhole, wireCode } from './code-field.js';
import { factorProof } from './prove.js';
import { inGroups, showRecovery } from './recovery.js';
import { needs } from './setup-needs.js';

/** @typedef {import('./view.js').Deps} Deps */
/** @typedef {import('../components/qr.js').QrCode} QrCode */
/** @typedef {{key:string, uri:string, qr:string[], userVerificationToken:string}} Offer */

/**
 * Resolves whether it was set up. A recovery code that comes with it is shown first.
 * @param {Pick<Deps, 'session'|'api'|'say'>} deps @returns {Promise<boolean>} rejects where the house refuses
 */
export async function setUpTotp(deps) {
  const userVerificationToken = await factorProof(deps);
  if (userVerificationToken === null) return false;
  await needs('second');
  const offer = await deps.api.post('/api/two-factor/get-authenticator', { userVerificationToken });
  const made = await showOffer(deps, offer);
  if (made === null) return false;
  if (made.recoveryCode) await showRecovery(deps, made.recoveryCode);
  deps.say(t('totp.on'));
  return true;
}

/** @param {Pick<Deps, 'api'|'say'>} deps @param {Offer} offer @returns {Promise<{recoveryCode?:string}|null>} */
function showOffer({ api, say }, { key, uri, qr, userVerificationToken }) {
  const built = build('totp-add');
  const picture = /** @type {QrCode} */ (built.part('qr'));
  picture.setAttribute('label', t('totp.qr'));
  picture.rows = qr;
  built.part('link', HTMLAnchorElement).href = uri;
  built.part('key').textContent = inGroups(key);
  const code = built.part('code', HTMLInputElement);
  const go = built.part('go', HTMLButtonElement);
  built.part('copy').addEventListener('click', () =>
    copy(key).then(
      () => say(t('generator.copied')),
      (error) => showProblem(code, error),
    ),
  );
  return openDialog(built, (close) => {
    const submit = async () => {
      if (go.disabled) return;
      clearProblem(code);
      const token = digitsOf(code.value);
      if (!isWhole(token)) return showProblem(code, { code: 'second.digits' });
      go.disabled = true;
      try {
        close(await api.put('/api/two-factor/authenticator', { key, token, userVerificationToken }));
      } catch (error) {
        go.disabled = false;
        showProblem(code, error);
      }
    };
    wireCode(code, submit);
    built.root.addEventListener('submit', (event) => {
      event.preventDefault();
      void submit();
    });
    built.part('cancel').addEventListener('click', () => close(null));
  });
}
