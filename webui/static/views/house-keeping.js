/**
 * How it is kept: the recovery kit and what it is for, how long and under which
 * names the log is kept, and which version runs.
 */
import { exactly, timeElement } from '../components/format.js';
import { build, element } from '../components/template.js';
import { t } from '../text/house.js';
import { bytesText } from './house-words.js';
import { around } from './settings-devices.js';
import { showValues } from './settings-values.js';

/** @type {import('./house.js').Show} */
export async function show(place, deps) {
  const built = build('house-keeping');
  const { api, signal } = deps;
  const [{ made }, health] = await Promise.all([
    api.get('/latchkey/kit'),
    api.get('/latchkey/health'),
    showValues(built.part('values'), deps, (key) => key.startsWith('journal.')),
  ]);
  if (signal.aborted) return;
  built.part('kit').textContent = made ? t('house.kit.made', { when: exactly(made) }) : t('house.kit.none');
  built.part('kit-section').classList.toggle('is-missing', !made);
  built.part('facts').append(...factsOf(health));
  place.replaceChildren(built.root);
}

/** @param {{version?: string, started?: string, fileBytes?: number}} health */
function factsOf({ version, started, fileBytes }) {
  /** @type {[string, (string|Node)[]][]} */
  const facts = [];
  if (version) facts.push(['house.version', [version]]);
  if (started) facts.push(['house.started', around('\0', timeElement(started))]);
  if (fileBytes) facts.push(['house.file', [bytesText(fileBytes)]]);
  return facts.flatMap(([key, value]) => {
    const said = element('dd');
    said.append(...value);
    return [element('dt', 'label', t(key)), said];
  });
}
