/**
 * Backups, a place of their own (`#/house/backups`): the truth about them, where
 * they go, which copies there are and how each was proved, and what Latchkey may
 * do by itself.
 */
import { build } from '../components/template.js';
import { t } from '../text/backup.js';
import { CopyList } from './backup-copies.js';
import { offerDownload } from './backup-download.js';
import { BackupHead } from './backup-head.js';
import { KeyFold } from './backup-key.js';
import { PlaceList } from './backup-places.js';
import { showPlan } from './backup-plan.js';
import { watchBackups } from './backup-watch.js';
import { needs } from './setup-needs.js';

/** @typedef {import('./backup-model.js').Backups} Backups */
/**
 * What the parts of this page are given.
 * @typedef {object} Desk
 * @property {import('./view.js').Deps} deps
 * @property {BackupHead} head says what went wrong, where no row of its own does
 * @property {(job: import('./backup-model.js').Job|null) => void} begun
 * @property {() => void} refresh looks at once
 * @property {() => Backups} all as it was seen last
 */

/** @param {HTMLElement} root @param {import('./view.js').Deps} deps */
export async function showBackups(root, deps) {
  await needs('backup', 'restore');
  if (deps.signal.aborted) return;
  const built = build('backups');
  /** @type {Backups|null} */
  let last = null;
  const head = new BackupHead(built, deps, (job) => watch.begun(job));
  /** @type {Desk} */
  const desk = {
    deps,
    head,
    begun: (job) => watch.begun(job),
    refresh: () => watch.now(),
    all: () => /** @type {Backups} */ (last),
  };
  const parts = [new PlaceList(built, desk), new CopyList(built, desk), new KeyFold(built, desk)];
  const watch = watchBackups({
    api: deps.api,
    signal: deps.signal,
    told(all, ended) {
      last = all;
      head.draw(all, ended);
      built.part('places-section').hidden = !all.kit;
      built.part('copies-section').hidden = !all.kit;
      for (const part of parts) part.draw(all);
    },
  });
  built.part('download').addEventListener('click', () => void offerDownload(desk));
  await Promise.all([watch.first(), showPlan(built.part('plan'), deps)]);
  if (deps.signal.aborted) return;
  root.replaceChildren(built.root);
  root.scrollTop = 0;
  document.title = t('app.title', { where: t('house.backups') });
  built.part('title').focus({ preventScroll: true });
}
