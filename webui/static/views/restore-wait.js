/**
 * The swap: the house ends and starts again as the one of the backup. Whoever
 * waits here hears when it answers; where this browser no longer knows its
 * certificate, the page has to be opened anew.
 */
import { ago } from '../components/format.js';
import { build } from '../components/template.js';
import { announce } from '../components/toast.js';
import { t } from '../text/restore.js';

/** ms between two looks, and until the page owns up to not reaching it. */
const EVERY = 1000;
const AWAY = 15_000;

/** @param {import('./restore.js').Restoring} restoring @param {string} made @param {AbortSignal} signal */
export function showWait(restoring, made, signal) {
  const { api, stage } = restoring;
  const built = build('restore-wait');
  const open = built.part('open', HTMLAnchorElement);
  let unreached = 0;
  open.href = '/';
  if (stage.owner) built.part('lead').textContent = t('restore.wait.owner');
  restoring.present(built.root);
  const timer = setInterval(() => void look(), EVERY);
  signal.addEventListener('abort', () => clearInterval(timer));

  async function look() {
    try {
      // An owner's session ends with the old house; the wizard's house has had no owner.
      if (stage.owner) await api.get('/latchkey/restore', { unasked: true });
      else if ((await api.get('/latchkey/state')).ready) back();
      unreached = 0;
    } catch (error) {
      // The page locks itself as the session ends, and what it holds in memory is of the house before.
      if (Object(error).status === 401) return location.assign('/');
      if (signal.aborted) return;
      unreached += EVERY;
      if (unreached < AWAY || !open.hidden) return;
      built.part('lead').textContent = t('restore.wait.away');
      built.part('bar').hidden = true;
      open.hidden = false;
      announce(t('restore.wait.away'));
    }
  }

  function back() {
    restoring.next();
    showBack(restoring, made);
  }
}

/** @param {import('./restore.js').Restoring} restoring @param {string} made */
function showBack(restoring, made) {
  const built = build('restore-back');
  built.part('lead').textContent = t('restore.back.lead', { when: ago(made) });
  // What this page holds in memory is of the house before: a fresh one begins with nothing.
  built.part('go').addEventListener('click', () => location.assign('/'));
  restoring.present(built.root);
}
