/**
 * The recovery kit: its file, or its two keys typed from the sheet. Where the
 * file was right nothing has to be typed; what is typed is judged at once.
 */
import { showProblem, clearProblem } from '../components/problem.js';
import { build } from '../components/template.js';
import { t } from '../text/restore.js';
import { kitText, readKit } from './kit-read.js';
import { KeyField } from './restore-key.js';
import { Refusal, wireForm } from './setup-parts.js';

/** A kit is a page of text; anything larger is some other file. */
const LARGEST = 200_000; // bytes

/** @param {import('./restore.js').Restoring} restoring @param {AbortSignal} signal */
export function showKit(restoring, signal) {
  const built = build('restore-kit');
  const { stage, keys } = restoring;
  const file = built.part('file', HTMLInputElement);
  const fold = built.part('fold', HTMLDetailsElement);
  const recovery = new KeyField('recovery');
  const signing = new KeyField('signing');
  built.part('keys').append(recovery.root, signing.root);
  built.part('hint').textContent = t('restore.kit.file.name', { name: t('kit.file') });
  built.part('without').hidden = stage.owner;
  recovery.show(keys.recovery);
  signing.show(keys.signing);
  fold.open = keys.recovery !== '';
  file.addEventListener('change', () => void choose());
  built.part('back').addEventListener('click', () => {
    restoring.next();
    stage.leave();
  });
  wireForm(built.root, {
    session: stage.owner ? stage.deps.session : undefined,
    signal,
    place: (code) => (code.startsWith('kit.') ? recovery.area : null),
    async submit() {
      if (!fold.open && recovery.reading.state === 'empty') throw new Refusal(file, 'restore.kit.needed');
      fold.open ||= recovery.reading.state !== 'right' || signing.reading.state !== 'right';
      restoring.keys = { recovery: recovery.read(), signing: signing.read() };
      const question = {
        title: t('restore.kit.proof'),
        text: t('restore.kit.proof.text'),
        action: t('first.continue'),
      };
      const body = await restoring.proven({ kit: kitText(restoring.keys) }, question);
      if (!body) return;
      const state = await restoring.api.post('/latchkey/restore', body);
      if (!signal.aborted) await restoring.taken(state);
    },
  });
  restoring.present(built.root);

  async function choose() {
    const chosen = file.files?.[0];
    built.part('chosen').textContent = chosen?.name ?? '';
    built.part('found').textContent = '';
    clearProblem(file);
    const found = await keysOf(chosen);
    if (found.recovery) recovery.show(found.recovery);
    if (found.signing) signing.show(found.signing);
    if (found.recovery && found.signing) {
      built.part('found').textContent = t('restore.kit.file.right');
      return;
    }
    fold.open = true;
    if (found.recovery || found.signing) built.part('found').textContent = t('restore.kit.file.half');
    else if (chosen) showProblem(file, new Refusal(file, 'restore.kit.file.wrong'));
  }
}

/** Both keys of a file, each '' where it has none. @param {File|undefined} file */
async function keysOf(file) {
  if (!file || file.size > LARGEST) return { recovery: '', signing: '' };
  return readKit(await file.text());
}
