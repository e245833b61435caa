/**
 * Guesses how many guesses a good cracker needs for a password. It looks for
 * what people do (common passwords, words, names, years, keyboard rows,
 * repeats, sequences), takes the cheapest way to explain the whole password,
 * and counts the rest as plain chance. An estimate, never a promise.
 */
import { COMMON, ROWS } from './habits.js';

/** @typedef {import('./types.js').Strength} Strength */
/**
 * @typedef {object} Match a part that is explained
 * @property {number} from @property {number} to  exclusive
 * @property {number} cost log10 of the guesses
 * @property {string} why  text key of the warning it stands for, '' for none
 */

/** What a rack of graphics cards tries each second against our Argon2id. */
export const GUESSES_PER_SECOND = 1e4;
const MOST = 30;
/** log10 of the guesses for one letter of something that can be spoken. */
const PER_SPOKEN = 0.9;
/** Longer ones are strong or they repeat; the rest is not looked at. */
const LONGEST = 128;

/** Below each, in log10 of guesses: at once, a day, four months, 300 years. */
const STEPS = [7, 9, 11, 14];

const LEET = new Map(
  Object.entries({ 0: 'o', 1: 'i', 3: 'e', 4: 'a', 5: 's', 7: 't', 8: 'b', '@': 'a', $: 's', '!': 'i' }),
);

const RANKS = new Map(COMMON.map((word, i) => [word, i + 1]));
/** Dictionaries are looked up by length; the longest word of the EFF list has 9 letters, of ours 12. */
const LONGEST_WORD = 14;

/**
 * @param {string} password
 * @param {{words?:readonly string[]|ReadonlySet<string>, email?:string, name?:string, house?:string}} [about]
 *   words: the word list, once it is loaded; the others are what a guesser would try first
 * @returns {Strength}
 */
export function strength(password, about = {}) {
  const text = password.slice(0, LONGEST);
  if (text === '') return verdict(0, '');
  const own = ownWords(about);
  const list = about.words instanceof Set ? about.words : new Set(about.words ?? []);
  const matches = [
    ...dictionary(text, own, list),
    ...repeats(text),
    ...sequences(text),
    ...rows(text),
    ...years(text),
    ...speech(text),
    ...seams(text),
  ];
  const { cost, way } = cheapest(text, matches);
  const worst = way.filter((match) => match.why !== '').sort((a, b) => span(b) - span(a))[0];
  return verdict(cost, worst?.why ?? (text.length < 8 ? 'strength.short' : ''));
}

/** @param {Match} match */
function span(match) {
  return match.to - match.from;
}

/** @param {number} log10 @param {string} why @returns {Strength} */
function verdict(log10, why) {
  const capped = Math.min(log10, MOST);
  const score = /** @type {0|1|2|3|4} */ (STEPS.filter((step) => capped >= step).length);
  const guesses = 10 ** capped;
  return {
    score,
    guesses,
    seconds: guesses / GUESSES_PER_SECOND,
    key: `strength.${score}`,
    warning: score < 3 ? why : '',
  };
}

/** @param {{email?:string, name?:string, house?:string}} about */
function ownWords({ email = '', name = '', house = '' }) {
  const parts = `${email} ${name} ${house}`.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  return new Set(parts.filter((part) => part.length >= 3));
}

/**
 * Words of the lists, as they are, with figures for letters, or backwards.
 * @param {string} text @param {ReadonlySet<string>} own @param {ReadonlySet<string>} list @returns {Match[]}
 */
function dictionary(text, own, list) {
  const lower = text.toLowerCase();
  const plain = [...lower].map((letter) => LEET.get(letter) ?? letter).join('');
  /** @type {Match[]} */
  const found = [];
  if (plain.length !== text.length) return found; // letters that change their length in lower case
  for (let from = 0; from < text.length; from++) {
    const end = Math.min(text.length, from + Math.max(LONGEST_WORD, 3));
    for (let to = from + 3; to <= end; to++) {
      const asIs = lower.slice(from, to);
      const word = plain.slice(from, to);
      const backwards = [...word].reverse().join('');
      const forms = /** @type {[string, number][]} */ ([
        [asIs, 0],
        [word, 0.5],
        [backwards, 0.5],
      ]);
      for (const [form, extra] of forms) {
        const rank = rankOf(form, own, list);
        if (rank === null) continue;
        const cost = Math.log10(rank.guesses) + extra + capitals(text.slice(from, to));
        found.push({ from, to, cost, why: rank.why });
      }
    }
  }
  return found;
}

/** @param {string} word @param {ReadonlySet<string>} own @param {ReadonlySet<string>} list */
function rankOf(word, own, list) {
  if (own.has(word)) return { guesses: 5, why: 'strength.own' };
  const common = RANKS.get(word);
  if (common !== undefined) return { guesses: Math.max(2, common), why: 'strength.common' };
  return list.has(word) ? { guesses: list.size, why: '' } : null;
}

/** What capitals add: little where people put them. @param {string} part */
function capitals(part) {
  if (part === part.toLowerCase()) return 0;
  if (part === part.toUpperCase() || /^\p{Lu}[^\p{Lu}]*$/u.test(part)) return 0.3;
  const upper = [...part].filter((letter) => letter !== letter.toLowerCase()).length;
  return Math.max(0.6, upper * Math.log10(part.length));
}

/** The same piece again and again: costs the piece, and how often. @param {string} text @returns {Match[]} */
function repeats(text) {
  /** @type {Match[]} */
  const found = [];
  for (let from = 0; from < text.length; from++) {
    for (let size = 1; size <= (text.length - from) / 2; size++) {
      let to = from + size;
      while (text.slice(to, to + size) === text.slice(from, from + size)) to += size;
      const times = (to - from) / size;
      if (times < 2 || to - from < 3) continue;
      const piece = text.slice(from, from + size);
      found.push({ from, to, cost: chance(piece) * size + Math.log10(times), why: 'strength.repeat' });
    }
  }
  return found;
}

/** abcd, 4321, aceg: steps of the same width. @param {string} text @returns {Match[]} */
function sequences(text) {
  /** @type {Match[]} */
  const found = [];
  const codes = [...text].map((letter) => letter.codePointAt(0) ?? 0);
  if (codes.length !== text.length) return found;
  for (let from = 0; from + 2 < codes.length; from++) {
    const step = codes[from + 1] - codes[from];
    if (step === 0 || Math.abs(step) > 2) continue;
    let to = from + 2;
    while (to < codes.length && codes[to] - codes[to - 1] === step) to++;
    if (to - from >= 3) {
      const cost = Math.log10(20 * (to - from)) + (Math.abs(step) > 1 ? 0.5 : 0);
      found.push({ from, to, cost, why: 'strength.sequence' });
    }
  }
  return found;
}

/** Keys that lie side by side. @param {string} text @returns {Match[]} */
function rows(text) {
  /** @type {Match[]} */
  const found = [];
  const lower = text.toLowerCase();
  for (let from = 0; from + 2 < lower.length; from++) {
    for (const row of ROWS) {
      let to = from + 3;
      if (!row.includes(lower.slice(from, to))) continue;
      while (to < lower.length && row.includes(lower.slice(from, to + 1))) to++;
      const cost = Math.log10(60 * (to - from)) + capitals(text.slice(from, to));
      found.push({ from, to, cost, why: 'strength.row' });
    }
  }
  return found;
}

/** Years, and dates written in figures. @param {string} text @returns {Match[]} */
function years(text) {
  /** @type {Match[]} */
  const found = [];
  for (const { index, 1: year } of text.matchAll(/(?=(19\d\d|20[0-4]\d))/g)) {
    found.push({ from: index, to: index + year.length, cost: Math.log10(120), why: 'strength.year' });
  }
  const date = /\d{1,2}[-./ ]?\d{1,2}[-./ ]?(19|20)?\d\d/g;
  for (const match of text.matchAll(date)) {
    const [day, month] = match[0].split(/[-./ ]/).map(Number);
    const plausible = match[0].length >= 6 && !(day > 31 || month > 31);
    if (plausible) {
      const to = match.index + match[0].length;
      found.push({ from: match.index, to, cost: Math.log10(365 * 120), why: 'strength.year' });
    }
  }
  return found;
}

/**
 * Runs of letters that can be spoken: words that are on no list of ours, and
 * names. A letter of a language tells a guesser about three bits, not five.
 * @param {string} text @returns {Match[]}
 */
function speech(text) {
  /** @type {Match[]} */
  const found = [];
  for (const run of text.matchAll(/[\p{L}0134578@$!]{4,}/gu)) {
    const letters = run[0].match(/\p{L}/gu)?.length ?? 0;
    const plain = [...run[0].toLowerCase()].map((letter) => LEET.get(letter) ?? letter).join('');
    const vowels = plain.match(/[aeiouyäöüéèà]/g)?.length ?? 0;
    const share = vowels / plain.length;
    const spoken = share > 0.2 && share < 0.7 && !/[^aeiouyäöüéèà]{4}/.test(plain);
    if (!spoken || letters < (plain.length * 2) / 3) continue;
    const cost = PER_SPOKEN * plain.length + capitals(run[0]) + (letters < plain.length ? 0.5 : 0);
    found.push({ from: run.index, to: run.index + run[0].length, cost, why: '' });
  }
  return found;
}

/** What people put between words. @param {string} text @returns {Match[]} */
function seams(text) {
  return Array.from(text.matchAll(/[ ._-]/g), ({ index }) => ({
    from: index,
    to: index + 1,
    cost: 0.3,
    why: '',
  }));
}

/** log10 of the characters that a guesser would try in each place of this text. @param {string} text */
function chance(text) {
  let pool = 0;
  if (/[a-z]/.test(text)) pool += 26;
  if (/[A-Z]/.test(text)) pool += 26;
  if (/[0-9]/.test(text)) pool += 10;
  if (/[ -/:-@[-`{-~]/.test(text)) pool += 33;
  if (/[^ -~]/.test(text)) pool += 100;
  return Math.log10(Math.max(10, pool));
}

/**
 * The cheapest way through the text, in matches and single characters. Each
 * change of part costs a little: the guesser must find out where the parts are.
 * @param {string} text @param {readonly Match[]} matches @returns {{cost:number, way:Match[]}}
 */
function cheapest(text, matches) {
  const single = chance(text);
  const SEAM = Math.log10(2);
  /** @type {{cost:number, last:Match|null}[]} */
  const best = [{ cost: 0, last: null }];
  for (let to = 1; to <= text.length; to++) {
    best[to] = { cost: best[to - 1].cost + single, last: null };
    for (const match of matches) {
      if (match.to !== to) continue;
      const cost = best[match.from].cost + match.cost + (match.from > 0 ? SEAM : 0);
      if (cost < best[to].cost) best[to] = { cost, last: match };
    }
  }
  /** @type {Match[]} */
  const way = [];
  for (let to = text.length; to > 0;) {
    const { last } = best[to];
    if (last) way.push(last);
    to = last ? last.from : to - 1;
  }
  return { cost: best[text.length].cost, way };
}
