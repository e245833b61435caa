// generator-panel: makes passwords and passphrases by options that this device
// remembers. The secrets themselves are never kept.
import { showCharacters } from '../components/characters.js';
import { openDialog } from '../components/dialog.js';
import { guessing } from '../components/password-field.js';
import { build } from '../components/template.js';
import {
  LENGTHS,
  PASSPHRASE_DEFAULTS,
  PASSWORD_DEFAULTS,
  bits,
  passphrase,
  password,
} from '../vault/generator.js';

/** @typedef {import('./view.js').Deps} Deps */
/** @typedef {import('../vault/types.js').PasswordOptions & import('../vault/types.js').PassphraseOptions & { kind: 'password' | 'passphrase' }} Options */

const guessesPerSecond = 1e4; // as strength() assumes: Argon2id on a rack of graphics cards

/** The remembered options. @param {Deps} deps @returns {Options} */
function optionsOf({ session }) {
  return {
    kind: 'password',
    ...PASSWORD_DEFAULTS,
    ...PASSPHRASE_DEFAULTS,
    ...Object(session.remember.get('generator')),
  };
}

/** @param {Options} options */
function make(options) {
  return options.kind === 'password' ? Promise.resolve(password(options)) : passphrase(options);
}

/**
 * A secret by the remembered options.
 * @param {Deps} deps
 */
export function makeSecret(deps) {
  return make(optionsOf(deps));
}

/** The panel: the secret, another one, and the options. */
export class GeneratorPanel {
  secret = '';

  /** @param {Deps} deps */
  constructor(deps) {
    this.deps = deps;
    this.options = optionsOf(deps);
    this.built = build('generator-panel');
    this.root = this.built.root;
    this.#wire();
    this.#show();
    void this.renew();
  }

  /** Makes another one. */
  async renew() {
    this.secret = await make(this.options);
    showCharacters(this.built.part('secret'), this.secret);
    const strength = bits(
      this.options.kind === 'password' ? without(this.options, 'words') : without(this.options, 'length'),
    );
    this.built.part('strength').textContent =
      `${this.deps.text('generator.bits', { bits: Math.floor(strength) })} ${guessing(2 ** (strength - 1) / guessesPerSecond)}`;
  }

  #wire() {
    const { built } = this;
    built.part('again').addEventListener('click', () => this.renew());
    for (const input of this.#inputs()) {
      input.addEventListener('input', () => {
        this.#take(input);
        this.#show();
        this.deps.session.remember.set('generator', this.options);
        void this.renew();
      });
    }
  }

  /** @returns {HTMLInputElement[]} */
  #inputs() {
    return [...this.root.querySelectorAll('input')];
  }

  /** @param {HTMLInputElement} input */
  #take(input) {
    const options = /** @type {Record<string, unknown>} */ (this.options);
    if (input.type === 'checkbox') options[input.name] = input.checked;
    else if (input.type === 'range') options[input.name] = Number(input.value);
    else if (input.type !== 'radio' || input.checked)
      options[input.name.replace(/^option-/, '')] = input.value;
    const { lower, upper, digits, symbols } = this.options;
    if (!lower && !upper && !digits && !symbols) this.options.lower = true;
  }

  /** Puts the options into the controls. */
  #show() {
    const options = /** @type {Record<string, unknown>} */ (this.options);
    const { built } = this;
    for (const input of this.#inputs()) {
      const value = options[input.name.replace(/^option-/, '')];
      if (input.type === 'checkbox') input.checked = Boolean(value);
      else if (input.type === 'radio') input.checked = input.value === value;
      else input.value = String(value);
    }
    const isPassword = this.options.kind === 'password';
    built.part('password-options').hidden = !isPassword;
    built.part('passphrase-options').hidden = isPassword;
    built.part('length-text').textContent = this.deps.text('generator.length', {
      count: this.options.length,
    });
    built.part('words-text').textContent = this.deps.text('generator.words', { count: this.options.words });
    const limit = (/** @type {string} */ part, /** @type {readonly number[]} */ range) => {
      const input = built.part(part, HTMLInputElement);
      input.min = String(range[0]);
      input.max = String(Math.min(range[1], part === 'length' ? 64 : 12));
      input.value = String(part === 'length' ? this.options.length : this.options.words);
    };
    limit('length', LENGTHS.password);
    limit('words', LENGTHS.words);
  }
}

/** @param {Options} options @param {'words' | 'length'} key @returns {Partial<Options>} */
function without(options, key) {
  const rest = /** @type {Partial<Options>} */ ({ ...options });
  delete rest[key];
  return rest;
}

/**
 * The panel as a dialog. Resolves with the chosen secret, or null.
 * @param {Deps} deps
 * @returns {Promise<string | null>}
 */
export function openGenerator(deps) {
  const panel = new GeneratorPanel(deps);
  const built = build('generator-dialog');
  built.part('panel').replaceWith(panel.root);
  return openDialog(built, (/** @type {(secret: string | null) => void} */ close) => {
    built.part('cancel').addEventListener('click', () => close(null));
    built.part('use').addEventListener('click', () => close(panel.secret));
  });
}
