/**
 * Where the backup is: a file on this device, a copy that the house keeps, or a
 * place of any kind, filled in as when one is added.
 */
import { clearProblem } from '../components/problem.js';
import { build, element } from '../components/template.js';
import { announce } from '../components/toast.js';
import { t } from '../text/restore.js';
import { bytesText } from './bytes.js';
import { PlaceFields } from './place-fields.js';
import { foundView, HostKey } from './place-found.js';
import { foundOf, withHostKey } from './restore-model.js';
import { Refusal, wireForm } from './setup-parts.js';

/** @typedef {import('./restore.js').Restoring} Restoring */

/** @param {Restoring} restoring @param {AbortSignal} signal */
export async function showWhere(restoring, signal) {
  const { api } = restoring;
  const { kinds } = await api.get('/latchkey/restore/kinds');
  if (signal.aborted) return;
  const built = build('restore-where');
  const file = built.part('file', HTMLInputElement);
  /** What is to be compared before the next look. @type {HostKey|null} */
  let key = null;
  const fields = new PlaceFields({ kinds, changed: () => compare(null) });
  const ways = built.part('ways');
  // One list of all ways; the form of a place is told which of its kinds was chosen.
  fields.list.closest('.field')?.remove();
  ways.append(wayOf('file', t('restore.where.file'), t('restore.where.file.what')));
  ways.append(
    ...kinds.map((/** @type {import('./backup-model.js').Kind} */ kind) => wayOf(kind.id, kind.title)),
  );
  built.part('place').append(fields.root);
  ways.addEventListener('change', turn);
  file.addEventListener('change', () => {
    const chosen = file.files?.[0];
    clearProblem(file);
    built.part('chosen').textContent = chosen
      ? t('restore.where.chosen', { name: chosen.name, size: bytesText(chosen.size) })
      : '';
  });
  built.part('back').addEventListener('click', () => restoring.toKit());
  wireForm(built.root, { signal, submit });
  turn();
  restoring.present(built.root);

  function way() {
    return /** @type {HTMLInputElement|null} */ (ways.querySelector('input:checked'))?.value ?? '';
  }

  function turn() {
    const chosen = way();
    const place = chosen !== '' && chosen !== 'file';
    built.part('file-field').hidden = chosen !== 'file';
    built.part('place').hidden = !place;
    fields.choose(place ? chosen : '');
    compare(null);
    const what = chosen === 'file' ? 'restore.where.read' : 'restore.where.look';
    built.part('go').textContent = chosen === '' ? t('first.continue') : t(what);
  }

  /** @param {import('./place-found.js').Look|null} look null: there is nothing to compare any more */
  function compare(look) {
    key = look && new HostKey(look.hostKey);
    if (!look || !key) return built.part('hostkey').replaceChildren();
    const view = foundView(look);
    built.part('hostkey').replaceChildren(view, key.root);
    announce(view.textContent ?? '');
  }

  async function submit() {
    if (way() === '') throw new Refusal(built.part('none'), 'restore.where.needed');
    if (way() === 'file') return restoring.toRead({ file: fileOf(file) });
    key?.need();
    const place = withHostKey(fields.read(), key);
    try {
      const answer = await api.post(restoring.path('/list'), place);
      const found = foundOf(answer);
      if (signal.aborted) return;
      if (found.compare) return compare(answer);
      if (found.copies.length === 0) throw new Refusal(built.part('none'), 'restore.pick.none');
      await restoring.toPick(place, found);
    } catch (error) {
      if (Object(error).code === 'restore.gone') return restoring.toKit();
      if (Object(error).code === 'target.hostkey') compare(null); // another one answers now: compared anew
      fields.refuse(error);
    }
  }
}

/** @param {HTMLInputElement} input */
function fileOf(input) {
  const file = input.files?.[0];
  if (!file) throw new Refusal(input, 'restore.where.file.needed');
  if (file.size === 0) throw new Refusal(input, 'restore.where.file.empty');
  return file;
}

/** @param {string} value @param {string} title @param {string} [what] */
function wayOf(value, title, what = '') {
  const choice = element('label', 'choice');
  const radio = element('input');
  radio.type = 'radio';
  radio.name = 'restore-way';
  radio.value = value;
  const words = element('span');
  words.append(element('strong', '', title), element('span', 'hint', what));
  choice.append(radio, words);
  return choice;
}
