/**
 * What is in the backup, before it is taken up: first of all that newer items
 * may still lie on devices; then which house, how old, how much, and what
 * happens next.
 */
import { ago } from '../components/format.js';
import { build, element } from '../components/template.js';
import { t } from '../text/restore.js';
import { bytesText } from './bytes.js';
import { sizeOf } from './restore-model.js';
import { dayText } from './restore-words.js';
import { Refusal, wireForm } from './setup-parts.js';

/** @typedef {import('./restore-model.js').State} State @typedef {import('./restore-model.js').Manifest} Manifest */

/** @param {import('./restore.js').Restoring} restoring @param {State} state @param {AbortSignal} signal */
export function showFound(restoring, { manifest }, signal) {
  const { stage, api } = restoring;
  const built = build('restore-found');
  const what = manifest ?? { made: new Date().toISOString() };
  const when = dayText(what.made);
  const exported = built.part('exported', HTMLInputElement);
  built.part('warning').textContent = t('restore.warn.text', { when });
  built.part('facts').append(...factsOf(what));
  built.part('old').hidden = !stage.owner;
  built.part('back').addEventListener('click', () => void restoring.toWhere());
  wireForm(built.root, {
    session: stage.owner ? stage.deps.session : undefined,
    signal,
    async submit() {
      if (!exported.checked) throw new Refusal(exported, 'restore.warn.needed');
      const question = {
        title: t('restore.found.ask'),
        text: t('restore.found.ask.text', { when }),
        action: t('restore.found.go'),
      };
      const body = await restoring.proven({}, question);
      if (!body) return;
      await api.post(restoring.path('/apply'), body);
      await restoring.toWait(what.made);
    },
  });
  restoring.present(built.root, t('restore.warn'));
}

/** @param {Manifest} manifest */
function factsOf(manifest) {
  const { made, houseName, program, counts = {} } = manifest;
  const number = (/** @type {number|undefined} */ count) => count?.toLocaleString('en') ?? '';
  const size = sizeOf(manifest);
  /** @type {[string, string][]} */
  const facts = [
    ['house', houseName ?? ''],
    ['made', t('restore.found.when', { when: dayText(made), ago: ago(made) })],
    ['people', number(counts.people)],
    ['items', number(counts.items)],
    ['size', size > 0 ? bytesText(size) : ''],
    ['program', program ?? ''],
  ];
  return facts
    .filter(([, value]) => value !== '')
    .map(([key, value]) => {
      const row = element('div');
      row.append(element('dt', '', t(`restore.found.${key}`)), element('dd', '', value));
      return row;
    });
}
