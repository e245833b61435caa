/**
 * Finds items as the person types: words in any order, capitals and accents
 * ignored. Texts are folded once, when an item is opened, so that a keystroke
 * over 10,000 items is nothing but substring tests.
 */

/** Letters that Unicode does not take apart, as people type them on plain keyboards. */
const PLAIN = new Map(
  Object.entries({
    ß: 'ss',
    æ: 'ae',
    œ: 'oe',
    ø: 'o',
    ł: 'l',
    đ: 'd',
    ð: 'd',
    þ: 'th',
    ı: 'i',
    ς: 'σ',
  }),
);
const BEYOND_ASCII = /[^ -~\s]/;
const MARKS = /\p{M}+/gu;
const SPECIAL = /[ßæœøłđðþıς]/gu;

/** Makes texts comparable: lower case, without marks. @param {string} text */
export function fold(text) {
  const lower = text.toLowerCase();
  if (!BEYOND_ASCII.test(lower)) return lower;
  return lower
    .normalize('NFD')
    .replace(MARKS, '')
    .replace(SPECIAL, (letter) => PLAIN.get(letter) ?? letter);
}

/** The folded words of a query. @param {string} query */
export function wordsOf(query) {
  return fold(query)
    .split(/\s+/u)
    .filter((word) => word !== '');
}

/**
 * What is searched of an item, folded. The line break keeps a word from
 * matching across two texts.
 * @param {readonly string[]} texts
 */
export function haystack(texts) {
  return fold(texts.filter((text) => text !== '').join('\n'));
}

/**
 * How well an item answers a query: 0 its name begins with the first word,
 * 1 its name has all words, 2 its other texts have them, -1 not at all.
 * @param {string} name folded @param {string} hay folded, with the name @param {readonly string[]} words folded
 */
export function rank(name, hay, words) {
  let inName = true;
  for (const word of words) {
    if (!name.includes(word)) {
      inName = false;
      if (!hay.includes(word)) return -1;
    }
  }
  if (!inName) return 2;
  return words.length > 0 && name.startsWith(words[0]) ? 0 : 1;
}

/**
 * Picks the entries that answer a query, best first, otherwise in the order
 * that they came in. An empty query picks all.
 * @template {{name:string, hay:string}} E @param {Iterable<E>} entries @param {string} query @returns {E[]}
 */
export function find(entries, query) {
  const words = wordsOf(query);
  if (words.length === 0) return [...entries];
  /** @type {Record<number, E[]>} */
  const ranks = { 0: [], 1: [], 2: [] };
  for (const entry of entries) {
    ranks[rank(entry.name, entry.hay, words)]?.push(entry);
  }
  return [...ranks[0], ...ranks[1], ...ranks[2]];
}
