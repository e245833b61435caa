/**
 * "Everybody needs a second factor": one switch for the house, which says
 * before whom it will ask.
 */
import { ask } from '../components/dialog.js';
import { messageOf } from '../components/problem.js';
import { t } from '../text/house.js';
import { declined } from './house-proof.js';

/** @typedef {import('./house-people.js').People} People */

/** The setting's key. */
const EVERYBODY = 'second.everyone';

/**
 * @param {import('../components/template.js').Built} built @param {import('./view.js').Deps} deps
 * @param {() => Promise<void>} refresh
 * @returns {(all: People) => void} draws it
 */
export function everybodyIn(built, deps, refresh) {
  const box = built.part('everybody', HTMLInputElement);
  const hint = built.part('everybody-hint');
  /** @type {People} */
  let now;
  box.addEventListener('change', async () => {
    const wanted = box.checked;
    box.checked = !wanted; // until the house says so
    hint.textContent = hintOf(now);
    if (wanted && !(await agreed(now))) return;
    try {
      await deps.api.put('/latchkey/settings', { [EVERYBODY]: wanted });
      deps.say(t(wanted ? 'house.everybody.on' : 'house.everybody.off'));
      await refresh();
    } catch (error) {
      if (declined(error)) return;
      const { text, hint: more } = messageOf(error);
      hint.textContent = `${text} ${more}`;
    }
  });
  return (all) => {
    now = all;
    box.checked = all.secondForAll;
    hint.textContent = hintOf(all);
  };
}

/** Who has none. @param {People} all */
function without({ people }) {
  return people.filter(({ second, disabled }) => second.length === 0 && !disabled);
}

/** @param {People} all */
function hintOf(all) {
  const count = without(all).length;
  if (count === 0) return t('house.everybody.all');
  return t(all.secondForAll ? 'house.everybody.waiting' : 'house.everybody.missing', { count });
}

/** @param {People} all */
function agreed(all) {
  const missing = without(all);
  if (missing.length === 0) return Promise.resolve(true);
  const names = new Intl.ListFormat('en').format(missing.map(({ name, email }) => name || email));
  return ask({
    title: t('house.everybody.title'),
    text: t('house.everybody.text', { names, count: missing.length }),
    action: t('house.everybody.go'),
  });
}
