/** Which of the backups that lie in a place: by date, the newest chosen. */
import { ago } from '../components/format.js';
import { build, element } from '../components/template.js';
import { t } from '../text/restore.js';
import { bytesText } from './bytes.js';
import { houseOf, severalHouses } from './restore-model.js';
import { dayText } from './restore-words.js';
import { wireForm } from './setup-parts.js';

/** @typedef {import('./restore-model.js').Found} Found @typedef {import('./restore-model.js').Lying} Lying */

/** So many are shown at first. */
const FIRST = 6;

/**
 * @param {import('./restore.js').Restoring} restoring
 * @param {import('./place-fields.js').PlaceConfig} place @param {Found} found @param {AbortSignal} signal
 */
export function showPick(restoring, place, { copies, fields }, signal) {
  const built = build('restore-pick');
  const several = severalHouses(copies);
  const list = built.part('list');
  const more = built.part('more');
  built.part('lead').textContent = t('restore.pick.lead', { count: copies.length });
  const choices = copies.map((copy, i) => choiceOf(copy, i === 0, several));
  list.append(...choices.slice(0, FIRST));
  more.hidden = choices.length <= FIRST;
  more.textContent = t('restore.pick.more', { count: choices.length - FIRST });
  more.addEventListener('click', () => {
    more.hidden = true;
    list.append(...choices.slice(FIRST));
    choices[FIRST].querySelector('input')?.focus();
  });
  built.part('back').addEventListener('click', () => void restoring.toWhere());
  wireForm(built.root, {
    signal,
    async submit() {
      const chosen = /** @type {HTMLInputElement|null} */ (list.querySelector('input:checked'));
      const name = chosen?.value ?? copies[0].name;
      await restoring.toRead({ fetch: { name, kind: place.kind, fields: { ...place.fields, ...fields } } });
    },
  });
  restoring.present(built.root);
}

/** @param {Lying} copy @param {boolean} first @param {boolean} several */
function choiceOf({ name, made, bytes }, first, several) {
  const choice = element('label', 'choice');
  const radio = element('input');
  radio.type = 'radio';
  radio.name = 'restore-pick';
  radio.value = name;
  radio.checked = first;
  const words = element('span');
  const title = element('strong', '', dayText(made));
  if (first) title.append(' ', element('span', 'tag', t('restore.pick.newest')));
  const facts = [t('restore.pick.size', { size: bytesText(bytes), ago: ago(made) })];
  if (several) facts.push(t('restore.pick.house', { house: houseOf(name) }));
  words.append(title, element('span', 'hint', facts.join(' · ')));
  choice.append(radio, words);
  return choice;
}
