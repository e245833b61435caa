/**
 * Taking a backup out as a file of this device: a fresh one, or a copy that
 * lies somewhere. It wants the master password with the request, since the file
 * holds all of the house.
 */
import { askPassword } from '../components/dialog.js';
import { t } from '../text/backup.js';
import { houseOf } from './restore-model.js';
import { download } from './setup-parts.js';

/** @typedef {import('./house-backups.js').Desk} Desk */

/** ms; a large house over a slow line is a matter of hours. */
const PATIENCE = 12 * 3_600_000;

/** A fresh one. @param {Desk} desk */
export function offerDownload(desk) {
  return take(desk, {}, fileName(houseOf(desk.all().copies[0]?.name ?? '')));
}

/** One that lies somewhere. @param {Desk} desk @param {string} name @param {string} target */
export function downloadCopy(desk, name, target) {
  return take(desk, { name, target }, name);
}

/** @param {Desk} desk @param {object} which @param {string} file */
async function take({ deps, head }, which, file) {
  const { session, api, say } = deps;
  let masterPasswordHash = '';
  const typed = await askPassword({
    title: t('backup.download.title'),
    text: t('backup.download.text'),
    action: t('backup.download.go'),
    verify: async (password) => (masterPasswordHash = await session.verifyPassword(password)),
  });
  if (typed === null) return;
  await head.run(async () => {
    const body = { ...which, masterPasswordHash };
    const options = { headers: { Accept: '*/*' }, timeout: PATIENCE, file: true };
    download(file, 'application/octet-stream', await api.post('/latchkey/backups/download', body, options));
    say(t('backup.download.done', { file }));
  });
}

/** As the house names them; before the first one its number isn't known here. @param {string} house */
function fileName(house) {
  const now = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  return ['latchkey', house, `${now}.age`].filter(Boolean).join('-');
}
