/**
 * "This box": the checks of the machine, each a line with a mark and one
 * sentence that appears as it is known. It changes nothing.
 */
import { build, element } from '../components/template.js';
import { icon } from '../components/icon.js';
import { announce } from '../components/toast.js';
import { messageOf } from '../components/problem.js';
import { showWelcome } from './setup-welcome.js';
import { t } from '../text/text.js';

/** @typedef {{code:string, state:'ok'|'warn'|'bad', text:string, hint:string}} Check */

const EXPECTED = ['address', 'clock', 'disk', 'seal', 'page'];
const MARKS = { ok: 'check', warn: 'warn', bad: 'close' };
/** ms between two lines: slow enough to be read as five answers, quick enough not to wait for. */
const PACE = 130;

/** @param {import('./setup.js').Wizard} wizard */
export function showWhere(wizard) {
  const built = build('setup-where');
  const list = built.part('checks');
  const go = built.part('go', HTMLButtonElement);
  go.addEventListener('click', () => wizard.go('reach'));
  built.part('back').addEventListener('click', () => showWelcome(wizard));
  built.part('again').addEventListener('click', () => look());
  wizard.present(built.root);
  void look();

  async function look() {
    built.part('verdict').textContent = '';
    built.part('again').hidden = true;
    go.hidden = false;
    go.setAttribute('aria-disabled', 'true');
    go.disabled = true;
    list.replaceChildren(...EXPECTED.map(waiting));
    try {
      const { checks } = await wizard.deps.api.get('/latchkey/setup/checks');
      await reveal(list, checks, wizard.deps.signal);
      if (list.isConnected) conclude(checks);
    } catch (error) {
      fail(error);
    }
  }

  /** @param {Check[]} checks */
  function conclude(checks) {
    const worst = checks.some((c) => c.state === 'bad')
      ? 'bad'
      : checks.some((c) => c.state === 'warn')
        ? 'warn'
        : 'ok';
    const words = t(`setup.where.${worst}`);
    built.part('verdict').textContent = words;
    built.part('again').hidden = worst === 'ok';
    go.hidden = worst === 'bad';
    go.disabled = false;
    go.removeAttribute('aria-disabled');
    announce([...checks.map((c) => c.text), words].join(' '));
  }

  /** @param {unknown} error */
  function fail(error) {
    if (Object(error).status === 404) return wizard.lost();
    const { text, hint } = messageOf(error);
    list.replaceChildren(line({ code: 'failed', state: 'bad', text, hint }));
    built.part('again').hidden = false;
    go.hidden = true;
    announce(`${text} ${hint}`);
  }
}

/** @param {string} code */
function waiting(code) {
  const item = element('li', 'check is-waiting');
  item.append(element('span', 'check-mark'), element('p', '', t(`setup.check.${code}`)));
  return item;
}

/** @param {Check} check */
function line({ state, text, hint }) {
  const item = element('li', `check is-${state}`);
  const mark = element('span', 'check-mark');
  mark.append(icon(MARKS[state]), element('span', 'visually-hidden', t(`setup.check.${state}`)));
  const words = element('p', '', text);
  if (hint && state !== 'ok') words.append(element('span', 'hint', hint));
  item.append(mark, words);
  return item;
}

/** @param {HTMLElement} list @param {Check[]} checks @param {AbortSignal} signal */
async function reveal(list, checks, signal) {
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
  for (const [i, check] of checks.entries()) {
    if (!still) await new Promise((resolve) => setTimeout(resolve, PACE));
    if (signal.aborted) return;
    const old = list.children[i];
    if (old) old.replaceWith(line(check));
    else list.append(line(check));
  }
  while (list.children.length > checks.length) list.lastElementChild?.remove();
}
