// offline: the line that says that the house can't be reached, and takes
// itself away when it can. It never blocks the page.
import { t } from '../text/sentences.js';
import { element } from './template.js';
import { icon } from './icon.js';

/** Watches one cheap request. */
export class Offline {
  #line = /** @type {HTMLElement} */ (document.getElementById('offline'));

  /**
   * @param {() => Promise<unknown>} ask a request that rejects with {offline: true} where no answer came
   * @param {AbortSignal} signal takes the line away
   */
  constructor(ask, signal) {
    this.ask = ask;
    signal.addEventListener('abort', () => this.#show(false));
  }

  /** Asks once and shows or hides the line. */
  async look() {
    try {
      await this.ask();
      this.#show(false);
    } catch (error) {
      this.#show(Object(error).offline === true);
    }
  }

  /** @param {boolean} shown */
  #show(shown) {
    if (this.#line.hidden === !shown) return;
    this.#line.hidden = !shown;
    this.#line.replaceChildren();
    if (!shown) return;
    const retry = element('button', 'button quiet', t('app.retry'));
    retry.type = 'button';
    retry.addEventListener('click', () => this.look());
    this.#line.append(icon('cloud-off'), element('span', '', t('app.offline')), retry);
  }
}
