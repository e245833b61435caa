/**
 * The form of a public name, in the wizard and in the settings: the name, who
 * keeps it, one credential, and below them the plan that follows. What a path
 * can't give is said before anything is typed.
 */
import { build, element } from '../components/template.js';
import { knows, t } from '../text/reach.js';
import { Credentials } from './reach-credentials.js';
import { Elsewhere } from './reach-elsewhere.js';
import { nameOf, providersFor, WATCH } from './reach-model.js';
import { Preview, timeText } from './reach-plan.js';
import { Refusal } from './setup-parts.js';

/** @typedef {import('./reach-model.js').Reach} Reach @typedef {import('./reach-model.js').Way} Way */
/** @typedef {import('./reach-model.js').Provider} Provider */
/** @typedef {Record<string, unknown> & {name: string, provider: string}} Choice what check and apply are sent */

/** Speaks the protocol of many, so that it stands below those that have a name. */
const GENERIC = 'dyndns2';

/** The form of one way. */
export class ReachForm {
  /** Whether a person chose the provider; a guess does not overrule them. */
  #chosen = false;

  /**
   * @param {object} what
   * @param {import('../net/api.js').Api} what.api
   * @param {Reach} what.reach
   * @param {Way} what.way
   * @param {AbortSignal} what.signal
   * @param {boolean} [what.fixed] the name stays as it is
   */
  constructor({ api, reach, way, signal, fixed = false }) {
    this.reach = reach;
    this.way = way;
    this.fixed = fixed;
    this.built = build('reach-form');
    this.root = this.built.root;
    this.name = this.built.part('name', HTMLInputElement);
    this.select = this.built.part('provider', HTMLSelectElement);
    this.credentials = new Credentials(this.built.part('credentials'));
    this.elsewhere = new Elsewhere(this.built, reach.providers, () => this.#look(true));
    this.providers = providersFor(way, reach.providers);
    const place = this.built.part('plan');
    this.preview = new Preview(place, api, reach.providers, signal, (checked) => this.#guess(checked.plan));
    this.#fill();
    this.#wire(signal);
    this.#turn();
    this.#look(true);
  }

  /** The provider that is chosen, '' for none yet. */
  get provider() {
    if (this.way === 'proxy') return '';
    if (this.way === 'domain') return this.select.value;
    const radio = /** @type {HTMLInputElement|null} */ (this.root.querySelector('[name=free]:checked'));
    return radio?.value ?? '';
  }

  #fill() {
    const { built, way, reach, fixed } = this;
    const present = reach.plan.provider;
    built.part('name-label').textContent = t('reach.name.label');
    built.part('name-hint').textContent = fixed ? '' : t(`reach.name.${way}.hint`);
    built.part('name').closest('.field')?.toggleAttribute('hidden', fixed);
    built.part('provider-field').hidden = way !== 'domain';
    built.part('provider-hint').textContent = t('reach.provider.hint');
    built.part('free').hidden = way !== 'free';
    this.name.value = reach.plan.name;
    this.name.placeholder = way === 'free' ? '' : 'keys.example.org';
    if (way === 'domain') this.#fillSelect(present);
    if (way === 'free') this.#fillCards(present);
    this.#chosen = this.provider !== '' && reach.plan.name !== '';
  }

  /** @param {string} present */
  #fillSelect(present) {
    const option = (/** @type {string} */ id, /** @type {string} */ title) =>
      new Option(title, id, id === present, id === present);
    const named = this.providers.filter(({ id }) => id !== GENERIC);
    const generic = this.providers.filter(({ id }) => id === GENERIC);
    const many = element('optgroup');
    many.label = t('reach.provider.many');
    many.append(...named.map(({ id, title }) => option(id, title)));
    const others = element('optgroup');
    others.label = t('reach.provider.others');
    others.append(...generic.map(({ id, title }) => option(id, title)));
    others.append(option(WATCH, t('reach.provider.watch')));
    this.select.append(option('', t('reach.provider.choose')), many, others);
  }

  /** @param {string} present */
  #fillCards(present) {
    const known = this.providers.some(({ id }) => id === present);
    const first = known ? present : this.providers[0]?.id;
    this.built.part('free-list').append(...this.providers.map((one) => freeCard(one, one.id === first)));
  }

  /** @param {AbortSignal} signal */
  #wire(signal) {
    this.name.addEventListener('input', () => this.#look(), { signal });
    this.name.addEventListener('change', () => this.#look(true), { signal });
    for (const part of ['provider', 'free']) {
      this.built.part(part).addEventListener('change', () => this.#choose(), { signal });
    }
  }

  #choose() {
    this.#chosen = this.provider !== '';
    this.built.part('provider-hint').textContent = t('reach.provider.hint');
    this.#turn();
    this.#look(true);
  }

  /** Another provider: its fields, its limits, its ending of the name. */
  #turn() {
    const id = this.provider;
    const provider = this.providers.find((one) => one.id === id);
    const kept = this.reach.credentialsSet && id !== '' && id === this.reach.plan.provider;
    this.credentials.show(provider, kept);
    const suffix = provider?.suffixes?.[0];
    const ending = this.built.part('suffix');
    ending.hidden = this.way !== 'free' || !suffix;
    ending.textContent = suffix ? `.${suffix}` : '';
    const limits = limitsOf(provider, id, this.way);
    this.built.part('limits').hidden = limits.length === 0;
    this.built.part('limits-text').replaceChildren(...limits.map((text) => element('p', '', text)));
    this.elsewhere.offer(id === WATCH || provider?.certificate === false, this.reach.plan);
  }

  /** @param {boolean} [atOnce] */
  #look(atOnce = false) {
    const name = this.#name();
    this.built.part('suffix').classList.toggle('is-over', this.name.value.includes('.'));
    this.elsewhere.name(name);
    this.preview.ask({ ...this.#common(name), ...this.elsewhere.plain() }, atOnce);
  }

  #name() {
    const suffixes = this.providers.find(({ id }) => id === this.provider)?.suffixes ?? [];
    return nameOf(this.name.value, this.way === 'free' ? suffixes : []);
  }

  /** @param {string} name */
  #common(name) {
    const { door, port } = this.reach.plan;
    const kept = door === 'manual' ? { door, port } : { door: 'auto' };
    return { name, provider: this.provider, ...(this.way === 'proxy' ? { door: 'proxy' } : kept) };
  }

  /** The name servers may tell who looks after the zone. @param {{provider: string}} plan */
  #guess({ provider }) {
    const known = this.providers.some(({ id }) => id === provider);
    if (this.way !== 'domain' || this.#chosen || !known || this.select.value === provider) return;
    this.select.value = provider;
    this.built.part('provider-hint').textContent = t('reach.provider.guessed');
    this.#turn();
    this.#look(true);
  }

  /**
   * What is to be applied; refuses what is missing beside its field.
   * @returns {Choice}
   */
  read() {
    const name = this.#name();
    if (name === '') throw new Refusal(this.name, 'reach.name.needed');
    if (this.way === 'domain' && this.provider === '')
      throw new Refusal(this.select, 'reach.provider.needed');
    const credentials = this.credentials.read();
    this.preview.stop();
    return { ...this.#common(name), ...this.elsewhere.read(), ...(credentials ? { credentials } : {}) };
  }

  /** The control that a problem of the house belongs to. @param {string} code */
  place(code) {
    if (code.startsWith('reach.name')) return this.fixed ? null : this.name;
    if (code.startsWith('reach.challenge')) return this.elsewhere.control;
    return code.startsWith('provider.') || code.startsWith('reach.credential')
      ? this.credentials.control
      : null;
  }
}

/** @param {Provider} provider @param {boolean} checked */
function freeCard({ id, title, subnames, certificate, minTtlSeconds }, checked) {
  const card = element('label', 'choice');
  const radio = element('input');
  radio.type = 'radio';
  radio.name = 'free';
  radio.value = id;
  radio.checked = checked;
  const words = element('span');
  const own = `reach.free.${id}`;
  const facts = element('span', 'reach-cans');
  facts.append(
    can(subnames, t(subnames ? 'reach.can.lan' : 'reach.cannot.lan')),
    can(certificate, t(certificate ? 'reach.can.certificate' : 'reach.cannot.certificate', { title })),
    can(true, t('reach.can.ttl', { time: timeText(Math.max(60, minTtlSeconds)) })),
  );
  words.append(element('strong', '', title), element('span', 'hint', knows(own) ? t(own) : ''), facts);
  card.append(radio, words);
  return card;
}

/** @param {boolean} yes @param {string} text */
function can(yes, text) {
  return element('span', yes ? 'reach-can' : 'reach-can is-not', text);
}

/** What is said before anything is typed. @param {Provider|undefined} provider @param {string} id @param {Way} way */
function limitsOf(provider, id, way) {
  if (id === WATCH) return [t('reach.watch.certificate')];
  if (!provider || way === 'free') return [];
  const limits = [];
  if (!provider.certificate) limits.push(t('reach.cannot.certificate', { title: provider.title }));
  if (!provider.subnames) limits.push(t('reach.cannot.lan'));
  return limits;
}
