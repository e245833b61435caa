/**
 * How the house fares: the lines of the public path, the same as Settings,
 * Reach, shows, and whatever stands on the health board with what to do.
 */
import { timeElement } from '../components/format.js';
import { icon } from '../components/icon.js';
import { build, element } from '../components/template.js';
import { t } from '../text/house.js';
import { linesOf, verdictOf } from './house-model.js';
import { getReach } from './reach-api.js';
import { Lines } from './reach-lines.js';
import { follow } from './reach-poll.js';
import { around } from './settings-devices.js';

/** @typedef {{code:string, severity:'notice'|'warning'|'trouble', text:string, hint:string, since:string}} Condition */
/** @typedef {import('./reach-model.js').Reach} Reach */

/** ms between two looks at lines that rest. */
const EVERY = 15_000;

/** @type {import('./house.js').Show} */
export async function show(place, { api, signal }) {
  const built = build('house-health');
  const lines = new Lines(built.part('lines'));
  const [reach, { conditions }] = await Promise.all([getReach(api), api.get('/latchkey/health')]);
  if (signal.aborted) return;
  const draw = (/** @type {Reach} */ now, /** @type {Condition[]} */ standing) => {
    lines.show(linesOf(now));
    const shown = standing.map(conditionView);
    built.part('conditions').replaceChildren(...shown);
    built.part('conditions').hidden = shown.length === 0;
    const verdict = verdictOf(linesOf(now), standing);
    built.part('verdict').textContent = t(`house.health.${verdict}`);
    built.root.dataset.verdict = verdict;
  };
  place.replaceChildren(built.root);
  /** @type {Condition[]} */
  let standing = conditions ?? [];
  follow({
    ask: async () => {
      standing = (await api.get('/latchkey/health')).conditions ?? [];
      return getReach(api);
    },
    told: (now) => draw(now, standing),
    pace: () => EVERY,
    signal,
  }).take(reach);
}

/** @param {Condition} condition */
function conditionView({ code, severity, text, hint, since }) {
  const item = element('li', `check ${severity === 'trouble' ? 'is-bad' : 'is-warn'}`);
  item.dataset.code = code;
  const mark = element('span', 'check-mark');
  mark.append(icon(severity === 'notice' ? 'info' : 'warn'));
  mark.append(element('span', 'visually-hidden', t(`settings.health.${severity}`)));
  const words = element('p', '', text);
  const more = element('span', 'hint', `${hint} `);
  more.append('(', ...around(t('settings.health.since', { when: '\0' }), timeElement(since)), ')');
  words.append(more);
  item.append(mark, words);
  return item;
}
