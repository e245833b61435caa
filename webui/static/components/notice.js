// notice: the line that tells an owner what is wrong with the house, wherever
// in the page they are: the gravest of what stands on the health board, and the
// way to all of it. It never blocks the page.
import { t } from '../text/sentences.js';
import { icon } from './icon.js';
import { element } from './template.js';

/**
 * @typedef {object} Condition
 * @property {string} code
 * @property {'trouble'|'warning'|'notice'} severity
 * @property {string} text
 */

const where = '#/house'; // shows every condition with what to do

/** Asks now and then, and shows the first answer that matters. */
export class Notice {
  #line = /** @type {HTMLElement} */ (document.getElementById('notice'));
  #shown = '';
  #there = false;

  /**
   * @param {() => Promise<Condition[]>} ask the gravest first
   * @param {AbortSignal} signal takes the line away
   */
  constructor(ask, signal) {
    this.ask = ask;
    this.signal = signal;
    signal.addEventListener('abort', () => this.#show(''));
  }

  /** Where the page is: beside the whole board there is no need of a line. @param {string[]} parts */
  follow(parts) {
    const there = `#/${parts.join('/')}`.startsWith(where);
    const left = this.#there && !there;
    this.#there = there;
    if (there) this.#show('');
    else if (left) void this.look();
  }

  /** Asks once and shows or hides the line. Where no answer comes, the offline line speaks. */
  async look() {
    const conditions = await this.ask().catch(() => null);
    if (conditions === null || this.signal.aborted) return;
    const gravest = conditions.find(({ severity }) => severity !== 'notice');
    this.#show(this.#there ? '' : (gravest?.text ?? ''));
  }

  /** @param {string} text '' for none */
  #show(text) {
    if (text === this.#shown) return;
    this.#shown = text;
    this.#line.hidden = text === '';
    this.#line.replaceChildren();
    if (text === '') return;
    const link = element('a', 'button quiet', t('app.notice'));
    link.href = where;
    this.#line.append(icon('warn'), element('span', '', text), link);
  }
}
