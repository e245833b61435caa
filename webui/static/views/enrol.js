/**
 * "First, a second step": what somebody sees who has to add a second factor
 * before their vault opens. There is no way around it but out.
 */
import { drawMark } from '../components/icon.js';
import { clearProblem, showProblem } from '../components/problem.js';
import { build } from '../components/template.js';
import { t } from '../text/second.js';
import { canAsk } from '../vault/webauthn.js';
import { addKey } from './factor-key.js';
import { setUpTotp } from './factor-totp.js';
import { needs } from './setup-needs.js';

/** @type {import('./view.js').Mount} */
export async function mount(root, deps) {
  await needs('second', 'setup', 'settings');
  if (deps.signal.aborted) return;
  const { session, api, say } = deps;
  const built = build('enrol');
  const { part } = built;
  drawMark(part('mark', SVGSVGElement));
  const list = part('totp');
  document.title = t('app.title', { where: t('enrol.title') });

  /** @param {() => Promise<boolean>} add */
  const add = async (add) => {
    clearProblem(list);
    try {
      if (!(await add())) return;
      await session.enrolled();
      say(t('enrol.done'));
    } catch (error) {
      if (!deps.signal.aborted) showProblem(list, error);
    }
  };
  part('totp').addEventListener('click', () => add(() => setUpTotp(deps)));
  part('key').addEventListener('click', () => add(() => addKey(deps, [])));
  part('out').addEventListener('click', () => session.signOut());
  const second = await api.get('/latchkey/second').catch(() => null);
  part('key-row').hidden = !canAsk() || second?.relyingParty?.id === '';
  root.replaceChildren(built.root);
  part('title').focus({ preventScroll: true });
}
