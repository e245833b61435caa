/**
 * Letting Latchkey keep the recovery key, sealed, so that it can open old
 * copies to prove them; what that gives and what it costs is said before.
 */
import { build } from '../components/template.js';
import { t } from '../text/backup.js';
import { declined } from './house-proof.js';
import { KeyField } from './restore-key.js';
import { typed } from './settings-security.js';
import { wireForm } from './setup-parts.js';

/** @typedef {import('../components/password-field.js').PasswordField} PasswordField */

export class KeyFold {
  /** @param {import('../components/template.js').Built} built of t-backups @param {import('./house-backups.js').Desk} desk */
  constructor(built, desk) {
    const { api, session, say, signal } = desk.deps;
    this.page = built;
    this.built = build('backup-key');
    built.part('key').append(this.built.root);
    const { part } = this.built;
    const key = new KeyField('recovery', t('backup.key.field'));
    const password = /** @type {PasswordField} */ (part('password'));
    part('key').replaceWith(key.root);
    wireForm(part('off'), {
      session,
      signal,
      place: (code) =>
        code === 'password.wrong' ? password : /^(kit|backup)\./.test(code) ? key.area : null,
      async submit() {
        const recoveryKey = key.read();
        const masterPasswordHash = await session.verifyPassword(typed(password));
        await api.put('/latchkey/backups/key', { recoveryKey, masterPasswordHash });
        key.clear();
        password.value = '';
        say(t('backup.key.kept'));
        desk.refresh();
      },
    });
    wireForm(part('on'), {
      signal,
      async submit() {
        try {
          await api.delete('/latchkey/backups/key');
        } catch (error) {
          if (declined(error)) return;
          throw error;
        }
        say(t('backup.key.forgotten'));
        desk.refresh();
      },
    });
  }

  /** @param {import('./backup-model.js').Backups} all */
  draw({ key, kit }) {
    this.page.part('key-fold').hidden = !kit;
    this.page.part('key-title').textContent = t(key ? 'backup.key.on' : 'backup.key');
    this.built.part('off').hidden = key;
    this.built.part('on').hidden = !key;
  }
}
