/**
 * Shows the recovery code, to be copied or printed. It lives in this dialog's
 * closure and goes with it.
 */
import { copy } from '../components/clipboard.js';
import { openDialog } from '../components/dialog.js';
import { exactly } from '../components/format.js';
import { clearProblem, showProblem } from '../components/problem.js';
import { build } from '../components/template.js';
import { say } from '../components/toast.js';
import { t } from '../text/second.js';
import { needs } from './setup-needs.js';

/** @typedef {import('./view.js').Deps} Deps */

/**
 * @param {Pick<Deps, 'session'>} deps @param {string} code
 */
export async function showRecovery({ session }, code) {
  await needs('second');
  const built = build('recovery');
  const shown = inGroups(code);
  const place = built.part('code');
  place.textContent = shown;
  built.part('copy').addEventListener('click', async () => {
    clearProblem(place);
    try {
      await copy(shown);
      say(t('generator.copied'));
    } catch (error) {
      showProblem(place, error);
    }
  });
  built.part('print').addEventListener('click', () => print());
  const closing = new AbortController();
  printOnly(slipOf(shown, session.email), closing.signal);
  await openDialog(built, (close) => built.part('done').addEventListener('click', () => close(true)));
  closing.abort();
}

/** A code in groups of four, as it is read from paper. @param {string} code */
export function inGroups(code) {
  return code.match(/.{1,4}/g)?.join(' ') ?? '';
}

/** @param {string} code @param {string} email @returns {HTMLElement} */
function slipOf(code, email) {
  const built = build('slip');
  built.part('code').textContent = code;
  built.part('who').textContent = email;
  built.part('where').textContent = location.origin;
  built.part('made').textContent = exactly(Date.now());
  return built.root;
}

/**
 * While the browser prints, the slip stands alone in the document.
 * @param {HTMLElement} slip @param {AbortSignal} signal
 */
function printOnly(slip, signal) {
  const clear = () => slip.remove();
  addEventListener('beforeprint', () => document.body.append(slip), { signal });
  addEventListener('afterprint', clear, { signal });
  signal.addEventListener('abort', clear);
}
