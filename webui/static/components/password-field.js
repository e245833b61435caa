// password-field: <password-field> is an input for a password with a button to
// reveal it and, with the attribute meter, a line that teaches by saying how
// long guessing would take. It never keeps the password anywhere else.
import { t } from '../text/sentences.js';
import { build } from './template.js';

/**
 * The element. Attributes: label (a key of the sentences), autocomplete
 * ("current-password" or "new-password"), meter, required. Property value.
 * Events: the input's own "input" and "change" bubble. Wrap it in .field.
 */
export class PasswordField extends HTMLElement {
  /** @type {HTMLInputElement | null} */
  #input = null;

  connectedCallback() {
    if (this.#input) return;
    const built = build('password-field');
    const input = built.part('input', HTMLInputElement);
    this.#input = input;
    input.id = `password-${crypto.randomUUID()}`;
    input.autocomplete = /** @type {AutoFill} */ (this.getAttribute('autocomplete') ?? 'off');
    input.required = this.hasAttribute('required');
    built.part('label', HTMLLabelElement).htmlFor = input.id;
    built.part('label').textContent = t(this.getAttribute('label') ?? 'password.label');
    this.append(built.root);
    this.#wireReveal(built, input);
    if (this.hasAttribute('meter')) this.#wireMeter(built, input);
  }

  get value() {
    return this.#input?.value ?? '';
  }

  set value(text) {
    if (!this.#input) return;
    this.#input.value = text;
    this.#input.dispatchEvent(new Event('input', { bubbles: true }));
  }

  /** @override @param {FocusOptions} [options] */
  focus(options) {
    this.#input?.focus(options);
  }

  /** @param {import("./template.js").Built} built @param {HTMLInputElement} input */
  #wireReveal(built, input) {
    const button = built.part('reveal');
    button.addEventListener('click', () => {
      const shown = input.type === 'password';
      input.type = shown ? 'text' : 'password';
      button.setAttribute('aria-pressed', String(shown));
      built.part('eye').setAttribute('name', shown ? 'eye-off' : 'eye');
    });
  }

  /** @param {import("./template.js").Built} built @param {HTMLInputElement} input */
  #wireMeter(built, input) {
    const meter = built.part('meter');
    const words = built.part('meter-text');
    meter.hidden = false;
    words.textContent = t('strength.hint');
    input.setAttribute('aria-describedby', (words.id = `${input.id}-meter`));
    input.addEventListener('input', async () => {
      const { strength } = await import('../vault/strength.js');
      const { score, seconds } = strength(input.value);
      meter.dataset.score = input.value ? String(score) : '';
      words.textContent = input.value ? guessing(seconds) : t('strength.hint');
    });
  }
}

const steps = /** @type {const} */ ([
  [1, 'strength.now'],
  [60, 'strength.seconds'],
  [3600, 'strength.minutes'],
  [86_400, 'strength.hours'],
  [86_400 * 60, 'strength.days'],
  [86_400 * 365 * 2, 'strength.months'],
  [86_400 * 365 * 100, 'strength.years'],
]);

/**
 * How long guessing would take, as a sentence. seconds: at the rate that
 * strength() assumes.
 * @param {number} seconds
 */
export function guessing(seconds) {
  const step = steps.find(([limit]) => seconds < limit);
  return t(step ? step[1] : 'strength.centuries');
}
