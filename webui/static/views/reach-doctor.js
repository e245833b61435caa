/**
 * "Test everything now": asks the house to look at all of it and lists what it
 * found, one line after the other; first what has something to say.
 */
import { whileSlow } from '../components/progress.js';
import { messageOf } from '../components/problem.js';
import { announce } from '../components/toast.js';
import { t } from '../text/reach.js';
import { lineView } from './reach-lines.js';
import { gravestFirst } from './reach-model.js';

/** @typedef {import('./reach-model.js').Line} Line */

/** ms between two lines, as in the wizard's look around. */
const PACE = 90;

/** @param {import('../components/template.js').Built} built the section @param {import('./view.js').Deps} deps */
export function doctorIn(built, { api, signal }) {
  const button = built.part('doctor', HTMLButtonElement);
  const list = built.part('findings');
  const verdict = built.part('doctor-verdict');
  const bar = built.part('doctor-busy');
  button.addEventListener('click', async () => {
    if (button.ariaDisabled === 'true') return;
    button.ariaDisabled = 'true';
    verdict.textContent = '';
    list.replaceChildren();
    list.hidden = true;
    try {
      const { checks } = await whileSlow(api.get('/latchkey/doctor'), bar);
      verdict.textContent = verdictOf(checks);
      announce(verdict.textContent ?? '');
      list.hidden = false;
      await reveal(list, gravestFirst(checks), signal);
    } catch (error) {
      const { text, hint } = messageOf(error);
      verdict.textContent = `${text} ${hint}`;
    }
    button.ariaDisabled = null;
  });
}

/** @param {Line[]} checks */
function verdictOf(checks) {
  const count = checks.filter(({ state }) => state !== 'ok').length;
  return count === 0
    ? t('reach.doctor.good', { count: checks.length })
    : t('reach.doctor.some', { count, all: checks.length });
}

/** @param {HTMLElement} list @param {Line[]} checks @param {AbortSignal} signal */
async function reveal(list, checks, signal) {
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  for (const check of checks) {
    if (signal.aborted) return;
    list.append(lineView(check));
    if (!still) await new Promise((resolve) => setTimeout(resolve, PACE));
  }
}
