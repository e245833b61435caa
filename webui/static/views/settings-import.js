/**
 * "Import": reads a Bitwarden export on this device, says what is in it, and
 * lets it in. Only sealed items leave the device.
 */
import { build, element } from '../components/template.js';
import { importBitwarden, parseBitwarden } from '../vault/transfer.js';
import { t } from '../text/text.js';
import { Refusal, wireForm } from './setup-parts.js';

/** @typedef {import('../components/password-field.js').PasswordField} PasswordField */

/** Bytes; 10,000 full items are about 10 MB, so more than this is some other file. */
const LARGEST = 50_000_000;

/** @type {import('./settings.js').Show} */
export function show(body, { session, vault, signal }) {
  const built = build('settings-import');
  const file = built.part('file', HTMLInputElement);
  const password = /** @type {PasswordField} */ (built.part('password'));
  const derive = (/** @type {Parameters<typeof session.derive>} */ ...secret) => session.derive(...secret);
  let text = '';
  file.addEventListener('change', () => void choose(), { signal });
  wireForm(built.root, {
    session,
    signal,
    place: (code) => (code === 'transfer.password' ? password : file),
    async submit(_form, progress) {
      if (text === '') text = await read(file);
      const secret = password.value || undefined;
      const onDone = (/** @type {number} */ done) => progress({ part: 'save', done });
      const { items, folders, skipped } = await importBitwarden(vault, text, secret, derive, onDone);
      if (items === 0 && folders === 0) throw new Refusal(file, 'settings.import.empty');
      finish(items, skipped);
    },
  });
  body.append(built.root);

  // What is in the file is said before anything is let in.
  async function choose() {
    text = '';
    built.part('found').textContent = '';
    built.part('password-field').hidden = true;
    built.part('chosen').textContent = file.files?.[0]?.name ?? t('settings.import.none');
    try {
      text = await read(file);
      const { items } = await parseBitwarden(text);
      built.part('found').textContent = t('settings.import.found', { count: items.length });
    } catch (error) {
      if (Object(error).code === 'transfer.password') built.part('password-field').hidden = false;
      // Any other trouble is told when the person asks for the import.
    }
  }

  /** @param {number} count @param {number} skipped */
  function finish(count, skipped) {
    text = '';
    file.value = password.value = '';
    built.part('chosen').textContent = t('settings.import.none');
    built
      .part('found')
      .replaceChildren(
        element('strong', '', t('settings.import.done', { count })),
        ' ',
        skipped > 0 ? `${t('settings.import.skipped', { count: skipped })} ` : '',
        t('settings.import.delete'),
      );
    built.part('password-field').hidden = true;
  }
}

/** @param {HTMLInputElement} input @returns {Promise<string>} */
async function read(input) {
  const file = input.files?.[0];
  if (!file) throw new Refusal(input, 'first.needed');
  if (file.size > LARGEST) throw new Refusal(input, 'settings.import.big');
  return file.text();
}
