/**
 * Backups on the owner's page: the one sentence that tells the truth about
 * them, and making one. Places, copies and the rest stand at `#/house/backups`.
 */
import { build } from '../components/template.js';
import '../text/backup.js';
import { BackupHead } from './backup-head.js';
import { watchBackups } from './backup-watch.js';
import { needs } from './setup-needs.js';

/** @type {import('./house.js').Show} */
export async function show(place, deps) {
  await needs('backup');
  if (deps.signal.aborted) return;
  const built = build('house-backup');
  const { api, signal } = deps;
  const head = new BackupHead(built, deps, (job) => watch.begun(job));
  const watch = watchBackups({
    api,
    signal,
    told(all, ended) {
      head.draw(all, ended);
      built.part('all').classList.toggle('main', all.kit && all.targets.length === 0);
    },
  });
  await watch.first();
  if (!signal.aborted) place.replaceChildren(built.root);
}
