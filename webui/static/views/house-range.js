/**
 * Which days are looked at: 7, 30, 90, a year, or from one day to another.
 */
import { t } from '../text/house.js';
import { between, isoDay, lastDays } from './house-fold.js';

/** @typedef {import('./house-fold.js').Span} Span */

/** Days of the presets, as they stand in the markup. */
const FIRST = '30';

/**
 * @param {import('../components/template.js').Built} built of t-house-use
 * @param {(span: Span) => void} chosen hears each span, the first at once
 * @param {AbortSignal} signal
 */
export function rangeIn(built, chosen, signal) {
  const form = built.part('range', HTMLFormElement);
  const from = built.part('from', HTMLInputElement);
  const to = built.part('to', HTMLInputElement);
  const error = built.part('range-error');
  const tell = () => {
    const preset = String(new FormData(form).get('days'));
    const own = preset === 'own';
    built.part('own').hidden = !own;
    error.textContent = '';
    const now = new Date();
    for (const field of [from, to]) field.max = isoDay(now);
    const span = own ? between(from.value, to.value, now) : lastDays(Number(preset), now);
    if (!span) {
      error.textContent = t('house.range.wrong');
      return;
    }
    if (!own) {
      from.value = isoDay(span.since);
      to.value = isoDay(span.until);
    }
    chosen(span);
  };
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('change', tell, { signal });
  for (const box of form.querySelectorAll('input[name=days]')) {
    const radio = /** @type {HTMLInputElement} */ (box);
    radio.checked = radio.value === FIRST;
  }
  tell();
}
