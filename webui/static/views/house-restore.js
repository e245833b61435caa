/**
 * `#/house/restore`: going back to a backup on the owner's page, from a file,
 * any place, or a copy that was chosen in the list.
 */
import { build } from '../components/template.js';
import { t } from '../text/backup.js';
import '../text/restore.js';
import { Restoring } from './restore.js';
import { troubleView } from './settings.js';
import { needs } from './setup-needs.js';
import { present } from './setup-parts.js';

/** @param {HTMLElement} root @param {import('./view.js').Deps} deps */
export async function showRestore(root, deps) {
  await needs('backup', 'restore');
  if (deps.signal.aborted) return;
  const built = build('restore-page');
  const stage = built.part('stage');
  const { query } = deps.route;
  const [name, target] = [query.get('name'), query.get('target')];
  root.replaceChildren(built.root);
  root.scrollTop = 0;
  document.title = t('app.title', { where: t('backup.restore') });
  const lost = (/** @type {unknown} */ error) => stage.replaceChildren(troubleView(error));
  const restoring = new Restoring({
    deps,
    present(view) {
      present(stage, view);
      root.scrollTop = 0;
    },
    leave: () => deps.navigate('#/house/backups'),
    remember: () => {},
    lost,
    owner: true,
    wanted: name && target ? { name, target } : null,
  });
  await restoring.begin().catch(lost);
}
