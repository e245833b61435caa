/**
 * Makes passwords and passphrases. Every choice comes from the browser's
 * cryptographic randomness, without modulo bias.
 */
import { words as loadWords } from './words.js';

/** @typedef {import('./types.js').PasswordOptions} PasswordOptions */
/** @typedef {import('./types.js').PassphraseOptions} PassphraseOptions */

const SETS = Object.freeze({
  lower: 'abcdefghijklmnopqrstuvwxyz',
  upper: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  digits: '0123456789',
  symbols: '!@#$%^&*-_=+?.:;~',
});
const ALIKE = /[0Oo1lI]/g;

/** @type {Readonly<PasswordOptions>} */
export const PASSWORD_DEFAULTS = Object.freeze({
  length: 20,
  lower: true,
  upper: true,
  digits: true,
  symbols: true,
  unambiguous: false,
});

/** Five words of 7,776 are 64 bits. @type {Readonly<PassphraseOptions>} */
export const PASSPHRASE_DEFAULTS = Object.freeze({
  words: 5,
  separator: '-',
  capitals: false,
  number: false,
});

export const LENGTHS = Object.freeze({ password: [5, 128], words: [3, 20] });

/**
 * A number chosen evenly from 0 up to, and without, bound.
 * @param {number} bound 1..2^32
 */
export function below(bound) {
  // What lies over the last whole multiple of bound is thrown away.
  const limit = 2 ** 32 - (2 ** 32 % bound);
  const one = new Uint32Array(1);
  do crypto.getRandomValues(one);
  while (one[0] >= limit);
  return one[0] % bound;
}

/** The sets that the options ask for. @param {PasswordOptions} options @returns {string[]} */
function setsOf(options) {
  const names = /** @type {(keyof typeof SETS)[]} */ (Object.keys(SETS));
  const chosen = names.filter((name) => options[name]).map((name) => SETS[name]);
  const sets = chosen.length > 0 ? chosen : [SETS.lower];
  return options.unambiguous ? sets.map((set) => set.replace(ALIKE, '')) : sets;
}

/** @param {number} value @param {readonly number[]} range */
function clamp(value, [low, high]) {
  return Math.min(high, Math.max(low, Math.floor(value) || low));
}

/**
 * A password with at least one character of each chosen set, and any such
 * password as likely as any other. @param {Partial<PasswordOptions>} [options]
 */
export function password(options = {}) {
  const all = { ...PASSWORD_DEFAULTS, ...options };
  const sets = setsOf(all);
  const letters = sets.join('');
  const length = clamp(all.length, LENGTHS.password);
  for (;;) {
    let made = '';
    while (made.length < length) made += letters[below(letters.length)];
    if (sets.every((set) => [...made].some((letter) => set.includes(letter)))) return made;
  }
}

/**
 * Words chosen from the EFF's long list. @param {Partial<PassphraseOptions>} [options]
 * @param {readonly string[]} [list] @returns {Promise<string>} throws Problem words.missing
 */
export async function passphrase(options = {}, list) {
  const all = { ...PASSPHRASE_DEFAULTS, ...options };
  const from = list ?? (await loadWords());
  const count = clamp(all.words, LENGTHS.words);
  const made = Array.from({ length: count }, () => from[below(from.length)]);
  if (all.capitals) made.forEach((word, i) => (made[i] = word[0].toUpperCase() + word.slice(1)));
  if (all.number) made[below(count)] += String(below(10));
  return made.join(all.separator);
}

/**
 * How many bits of chance are in what the options make. @param {Partial<PasswordOptions & PassphraseOptions>} options
 * @param {number} [listLength] for passphrases @returns {number}
 */
export function bits(options, listLength = 7776) {
  if (options.words !== undefined) {
    const count = clamp(options.words, LENGTHS.words);
    return count * Math.log2(listLength) + (options.number ? Math.log2(10 * count) : 0);
  }
  const all = { ...PASSWORD_DEFAULTS, ...options };
  return clamp(all.length, LENGTHS.password) * Math.log2(setsOf(all).join('').length);
}
