/**
 * The fields of a provider's credential: at most one is typed where the
 * provider needs only one, with where to click for it said beside; what is
 * optional is folded away.
 */
import { build, element } from '../components/template.js';
import { t } from '../text/reach.js';
import { credentialOf } from './reach-model.js';
import { Refusal } from './setup-parts.js';

/** @typedef {import('./reach-model.js').Provider} Provider @typedef {import('./reach-model.js').Field} Field */
/** @typedef {import('../components/password-field.js').PasswordField} PasswordField */
/** @typedef {{field: Field, control: HTMLInputElement|PasswordField}} Shown */

/** The fields of one provider, in a place of their own. */
export class Credentials {
  /** @type {Shown[]} */
  #shown = [];
  #kept = false;

  /** @param {HTMLElement} place */
  constructor(place) {
    this.place = place;
  }

  /**
   * Shows the fields of a provider; none without one.
   * @param {Provider|undefined} provider
   * @param {boolean} kept the house holds a credential of this provider already
   */
  show(provider, kept) {
    this.#kept = kept;
    this.#shown = [];
    const fields = provider?.fields ?? [];
    const needed = fields.filter(({ optional }) => !optional);
    const more = fields.filter(({ optional }) => optional);
    const views = needed.map((field, i) => this.#view(field, i === 0 ? provider : undefined));
    if (more.length > 0) views.push(this.#fold(more));
    this.place.replaceChildren(...views);
  }

  /** @param {Field[]} fields */
  #fold(fields) {
    const fold = element('details', 'fold');
    const body = element('div', 'setup-fields');
    body.append(...fields.map((field) => this.#view(field)));
    fold.append(element('summary', '', t('reach.credential.more')), body);
    return fold;
  }

  /** @param {Field} field @param {Provider} [provider] says where to get it */
  #view(field, provider) {
    const built = build('reach-credential');
    const control = field.secret ? secretControl(field) : plainControl(field, built.part('place'));
    built.part('place').append(control);
    const hint = [field.help, this.#kept && !field.optional ? t('reach.credential.kept') : ''];
    built.part('hint').textContent = hint.filter(Boolean).join(' ');
    if (provider?.help) {
      built.part('how').hidden = false;
      built.part('help').textContent = provider.help;
      const site = built.part('site', HTMLAnchorElement);
      site.hidden = !/^https:\/\//.test(provider.site ?? '');
      if (!site.hidden) site.href = provider.site ?? '';
      if (site.href) built.part('site-text').textContent = t('reach.credential.site', { host: site.host });
    }
    this.#shown.push({ field, control });
    return built.root;
  }

  /**
   * What was typed, by the provider's keys; undefined where all was left empty
   * because the house keeps what it has. Refuses a field that is missing.
   * @returns {Record<string, string>|undefined}
   */
  read() {
    /** @type {Record<string, string>} */
    const typed = {};
    for (const { field, control } of this.#shown) {
      const value = credentialOf(control.value);
      if (value !== '') typed[field.key] = value;
    }
    if (this.#kept && Object.keys(typed).length === 0) return undefined;
    const missing = this.#shown.find(({ field }) => !field.optional && !typed[field.key]);
    if (missing) throw new Refusal(missing.control, 'reach.credential.needed');
    return typed;
  }

  /** Where a problem of the credential is shown. @returns {HTMLElement|null} */
  get control() {
    return this.#shown.find(({ field }) => field.secret)?.control ?? this.#shown[0]?.control ?? null;
  }

  /** Nothing of it stays in the page. */
  clear() {
    for (const { control } of this.#shown) control.value = '';
  }
}

/** @param {Field} field */
function secretControl(field) {
  const control = /** @type {PasswordField} */ (document.createElement('password-field'));
  control.setAttribute('label', field.title);
  control.setAttribute('autocomplete', 'off');
  // A key block is copied in several lines; a field of one line would run them together.
  control.addEventListener('paste', (event) => {
    const text = event.clipboardData?.getData('text') ?? '';
    const input = event.target;
    if (!/[\r\n]/.test(text.trim()) || !(input instanceof HTMLInputElement)) return;
    event.preventDefault();
    input.setRangeText(
      text.trim().replace(/\s*[\r\n]+\s*/g, ' '),
      input.selectionStart ?? 0,
      input.selectionEnd ?? 0,
      'end',
    );
    input.dispatchEvent(new Event('input', { bubbles: true }));
  });
  return control;
}

/** @param {Field} field @param {HTMLElement} place */
function plainControl(field, place) {
  const input = element('input', 'input');
  input.id = `credential-${crypto.randomUUID()}`;
  input.autocomplete = 'off';
  input.autocapitalize = 'none';
  input.spellcheck = false;
  const label = element('label', 'label', field.title);
  label.htmlFor = input.id;
  place.append(label);
  return input;
}
