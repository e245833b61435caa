/**
 * After a restore, above all else: nothing is published until an owner says
 * that the old machine is off. Empty in every other house.
 */
import { ask } from '../components/dialog.js';
import { messageOf } from '../components/problem.js';
import { build } from '../components/template.js';
import { t } from '../text/backup.js';
import { declined } from './house-proof.js';
import { dayText } from './restore-words.js';
import { needs } from './setup-needs.js';

/** @type {import('./house.js').Show} */
export async function show(place, deps) {
  const { api, say, signal } = deps;
  const { restored } = await api.get('/latchkey/backups');
  if (!restored || signal.aborted) return;
  await needs('backup');
  const built = build('backup-restored');
  built.part('made').textContent = t('restored.made', { when: dayText(restored.made) });
  built.part('go').addEventListener('click', () => void confirm());
  place.replaceChildren(built.root);

  async function confirm() {
    const question = {
      title: t('restored.ask'),
      text: t('restored.ask.text'),
      action: t('restored.go'),
    };
    built.part('trouble').textContent = '';
    if (!(await ask(question))) return;
    try {
      await api.post('/latchkey/restored', {});
      place.replaceChildren();
      say(t('restored.done'));
    } catch (error) {
      if (declined(error)) return;
      const { text, hint } = messageOf(error);
      built.part('trouble').textContent = `${text} ${hint}`.trim();
    }
  }
}
