/**
 * "A certificate all the same": where the name's provider can't hold the proof
 * that a certificate needs, another one can, by a CNAME. Folded away; nobody
 * has to know of it.
 */
import { t } from '../text/reach.js';
import { Credentials } from './reach-credentials.js';
import { nameOf } from './reach-model.js';
import { needed } from './setup-parts.js';

/** @typedef {import('./reach-model.js').Provider} Provider @typedef {import('./reach-model.js').Plan} Plan */

/** The fold of a form. */
export class Elsewhere {
  /**
   * @param {import('../components/template.js').Built} built the form
   * @param {Provider[]} providers @param {() => void} changed
   */
  constructor(built, providers, changed) {
    this.fold = built.part('elsewhere');
    this.select = built.part('challenge', HTMLSelectElement);
    this.target = built.part('challenge-name', HTMLInputElement);
    this.hint = built.part('challenge-hint');
    this.credentials = new Credentials(built.part('challenge-credentials'));
    this.providers = providers.filter(({ certificate }) => certificate);
    this.select.append(
      new Option(t('reach.elsewhere.none'), ''),
      ...this.providers.map(({ id, title }) => new Option(title, id)),
    );
    this.target.closest('.field')?.toggleAttribute('hidden', true);
    this.select.addEventListener('change', () => {
      this.#turn();
      changed();
    });
  }

  /** Shows the fold, or puts it away. @param {boolean} needed @param {Plan} plan */
  offer(needed, plan) {
    this.fold.hidden = !needed;
    const kept = needed && this.providers.some(({ id }) => id === plan.challenge);
    this.select.value = kept ? plan.challenge : '';
    this.#turn();
  }

  #turn() {
    const provider = this.providers.find(({ id }) => id === this.select.value);
    this.target.closest('.field')?.toggleAttribute('hidden', !provider);
    this.credentials.show(provider, false);
  }

  /** The name whose proof it is. @param {string} name */
  name(name) {
    this.hint.textContent = t('reach.elsewhere.hint', { name: name || 'keys.example.org' });
  }

  /** What is chosen, without secrets. @returns {Record<string, string>} */
  plain() {
    if (this.fold.hidden || this.select.value === '') return {};
    return { challenge: this.select.value, challengeName: nameOf(this.target.value) };
  }

  /** What is to be applied; refuses what is missing. @returns {Record<string, unknown>} */
  read() {
    const plain = this.plain();
    if (!plain.challenge) return {};
    needed(this.target);
    const challengeCredentials = this.credentials.read();
    return { ...plain, challengeCredentials };
  }

  /** Where a problem of the proof is shown. */
  get control() {
    return this.fold.hidden ? null : this.target;
  }
}
