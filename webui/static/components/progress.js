// progress: <progress-bar>, and the rule that nothing shows progress in the
// first 300 ms: what is that quick should not flicker.
import { t } from '../text/sentences.js';

const patience = 300; // ms before a bar is worth a look

/** The element. Property value: 0..1, or null where the end isn't known. */
export class ProgressBar extends HTMLElement {
  connectedCallback() {
    if (this.firstChild) return;
    this.setAttribute('role', 'progressbar');
    if (!this.hasAttribute('aria-label')) this.setAttribute('aria-label', t('progress.label'));
    this.setAttribute('aria-valuemin', '0');
    this.setAttribute('aria-valuemax', '100');
    this.append(document.createElement('span'));
  }

  /** @param {number | null} part */
  set value(part) {
    const bar = /** @type {HTMLElement | null} */ (this.firstElementChild);
    if (part === null) {
      this.removeAttribute('value');
      this.removeAttribute('aria-valuenow');
      if (bar) bar.style.transform = '';
      return;
    }
    this.setAttribute('value', String(part));
    this.setAttribute('aria-valuenow', String(Math.round(part * 100)));
    if (bar) bar.style.transform = `scaleX(${part})`;
  }
}

/**
 * Shows an element while a promise runs, but only once it has run for 300 ms.
 * Resolves and rejects as the promise does.
 * @template T
 * @param {Promise<T>} promise
 * @param {HTMLElement} shown hidden before and after
 * @returns {Promise<T>}
 */
export async function whileSlow(promise, shown) {
  const timer = setTimeout(() => (shown.hidden = false), patience);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    shown.hidden = true;
  }
}
