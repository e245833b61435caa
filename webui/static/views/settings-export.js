/**
 * "Export": everything as a file on this device, after the master password was
 * proven. That it was made is told to the house, for the list of activity.
 */
import { build } from '../components/template.js';
import { strength } from '../vault/strength.js';
import { exportCsv, exportEncrypted, exportJson } from '../vault/transfer.js';
import { t } from '../text/text.js';
import { typed } from './settings-security.js';
import { download, newPassword, wireForm } from './setup-parts.js';

/** @typedef {import('../components/password-field.js').PasswordField} PasswordField */
/** @typedef {'locked'|'json'|'csv'} FileKind */

/** @type {import('./settings.js').Show} */
export function show(body, { api, session, vault, say, signal }) {
  const built = build('settings-export');
  const form = /** @type {HTMLFormElement} */ (built.root);
  const password = /** @type {PasswordField} */ (built.part('password'));
  const [first, again] = /** @type {PasswordField[]} */ ([
    ...built.part('file-password').querySelectorAll('password-field'),
  ]);
  built.part('lead').textContent = t('settings.export.lead', {
    count: vault.items.filter((item) => item.deleted === null).length,
  });
  const kind = () => /** @type {FileKind} */ (new FormData(form).get('kind'));
  const draw = () => {
    built.part('file-password').hidden = kind() !== 'locked';
    built.part('warning').hidden = kind() === 'locked';
  };
  form.addEventListener('change', draw, { signal });
  draw();
  wireForm(form, {
    session,
    signal,
    place: (code) => (code === 'password.wrong' ? password : null),
    async submit(_form, progress) {
      const chosen = kind();
      const own = chosen === 'locked' ? newPassword(first, again, strength(first.value)) : '';
      await session.verifyPassword(typed(password));
      const onDone = (/** @type {number} */ done) => progress({ part: 'open', done });
      const content = await contentOf(chosen, own, onDone);
      const name = `latchkey-${new Date().toISOString().slice(0, 10)}.${chosen === 'csv' ? 'csv' : 'json'}`;
      download(name, chosen === 'csv' ? 'text/csv' : 'application/json', content);
      for (const field of [password, first, again]) field.value = '';
      say(t('settings.export.done', { file: name }));
      // The file is here already; that the house could not be told must not look like a failed export.
      await api.post('/latchkey/activity', { kind: 'export' }).catch(() => {});
    },
  });
  body.append(form);

  /** @param {FileKind} chosen @param {string} own @param {(done: number) => void} onDone */
  function contentOf(chosen, own, onDone) {
    if (chosen === 'csv') return exportCsv(vault, onDone);
    if (chosen === 'json') return exportJson(vault, onDone);
    return exportEncrypted(vault, own, (...secret) => session.derive(...secret), onDone);
  }
}
