/**
 * How many backups are kept, and at which hour one is made: settings of the
 * house, each of which saves itself.
 */
import { build } from '../components/template.js';
import { t } from '../text/backup.js';
import { showValues } from './settings-values.js';

/** @param {HTMLElement} place @param {import('./view.js').Deps} deps */
export async function showPlan(place, deps) {
  const built = build('backup-plan');
  const wanted = (/** @type {string} */ key) => key.startsWith('backup.');
  await showValues(built.part('values'), deps, wanted, { 'backup.hour': hours() });
  place.append(built.root);
  const span = () => (built.part('span').textContent = spanText(built.root));
  built.root.addEventListener('change', span);
  span();
}

/** The hours of a day by name, and the one that leaves it to the house. @returns {Record<string, string>} */
function hours() {
  const at = Array.from({ length: 24 }, (_, hour) => `${String(hour).padStart(2, '0')}:00`);
  const named = at.map((time, hour) => [String(hour), t('backup.plan.hour.at', { time })]);
  return { [OWN]: t('backup.plan.hour.own'), ...Object.fromEntries(named) };
}

/** The hour that the house chooses by itself. */
const OWN = '-1';

/** How far back it reaches by the longest of the three. @param {HTMLElement} root */
function spanText(root) {
  const value = (/** @type {string} */ name) => {
    const input = root.querySelector(`#setting-backup-${name}`);
    return input instanceof HTMLInputElement ? Number(input.value) || 0 : 0;
  };
  const [days, weeks, months] = [value('daily'), value('weekly'), value('monthly')];
  const longest = [
    { size: days, text: t('backup.plan.days', { count: days }) },
    { size: weeks * 7, text: t('backup.plan.weeks', { count: weeks }) },
    { size: months * 30.4, text: t('backup.plan.months', { count: months }) },
  ].sort((a, b) => b.size - a.size)[0];
  return longest.size > 0 ? t('backup.plan.span', { time: longest.text }) : '';
}
