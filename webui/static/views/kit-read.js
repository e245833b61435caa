/**
 * Reads a recovery kit back: from its file, from what was pasted, or letter by
 * letter from the sheet. The recovery key carries a checksum (Bech32, BIP 173),
 * so that a slip is found while it is typed, and in which group; the signing
 * key has none. Pure: it knows no DOM and keeps nothing.
 */

/** @typedef {'empty'|'short'|'long'|'stranger'|'slip'|'wrong'|'right'} Reading */

/**
 * What was made of a typed key.
 * @typedef {object} Read
 * @property {Reading} state stranger: a character that no such key has; slip: wrong in one group; wrong: somewhere
 * @property {string} key    as the house wants it, once it is right; '' before
 * @property {number} count  characters so far
 * @property {number} of     characters that it has
 * @property {string} [odd]  the first stranger
 * @property {number} [group] where the slip is, from 1 as on the sheet
 */

const PREFIX = 'AGE-SECRET-KEY-1';
const SIGN = 'latchkey-sign-';

/** Characters behind the prefix: 52 of the key, 6 of its checksum. */
const LENGTH = 58;
/** Characters of 32 bytes in base64url, unpadded. */
const SIGN_LENGTH = 43;
/** Characters of a group on the sheet. */
const GROUP = 4;

/** Bech32's alphabet, in upper case as age writes secret keys: no 1, B, I or O. */
const ALPHABET = 'QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L';
const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** What is read for what the alphabet has not; the checksum judges whether it was so. @type {Record<string, string>} */
const ALIKE = { O: '0', I: 'L', 1: 'L', B: '8' };

/** BIP 173. */
const GENERATOR = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];

/** @param {number[]} values of 5 bits */
function polymod(values) {
  let sum = 1;
  for (const value of values) {
    const top = sum >>> 25;
    sum = ((sum & 0x1ffffff) << 5) ^ value;
    for (const [bit, generator] of GENERATOR.entries()) if ((top >>> bit) & 1) sum ^= generator;
  }
  return sum >>> 0;
}

/** The human-readable part before the 1, expanded; Bech32 reckons in lower case. */
const HEAD = (() => {
  const codes = [...PREFIX.slice(0, -1).toLowerCase()].map((one) => one.charCodeAt(0));
  return [...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31)];
})();

/** @param {string} body 58 characters of the alphabet */
function holds(body) {
  return polymod([...HEAD, ...[...body].map((one) => ALPHABET.indexOf(one))]) === 1;
}

/**
 * The group in which one character, or two neighbours that changed places, are
 * all that is wrong; 0 where it takes more.
 * @param {string} body
 */
function slipIn(body) {
  for (let at = 0; at < body.length; at++) {
    const [before, after] = [body.slice(0, at), body.slice(at + 1)];
    for (const one of ALPHABET) if (holds(before + one + after)) return Math.floor(at / GROUP) + 1;
    if (after && holds(before + after[0] + body[at] + after.slice(1))) return Math.floor(at / GROUP) + 1;
  }
  return 0;
}

/**
 * A recovery key as somebody typed or pasted it: with or without its beginning,
 * in any case, with spaces, with the numbers of the groups.
 * @param {string} typed @returns {Read}
 */
export function readRecovery(typed) {
  const letters = [...lettersOf(typed)].map((one) => ALIKE[one] ?? one).join('');
  const read = { key: '', count: letters.length, of: LENGTH };
  if (letters === '') return { ...read, state: 'empty' };
  const odd = [...letters].find((one) => !ALPHABET.includes(one));
  if (odd) return { ...read, state: 'stranger', odd };
  if (letters.length < LENGTH) return { ...read, state: 'short' };
  if (letters.length > LENGTH) return { ...read, state: 'long' };
  if (holds(letters)) return { ...read, state: 'right', key: PREFIX + letters };
  const group = slipIn(letters);
  return group ? { ...read, state: 'slip', group } : { ...read, state: 'wrong' };
}

/** What follows the beginning that every key has, in upper case. @param {string} typed */
function lettersOf(typed) {
  const text = typed.toUpperCase();
  const begun = /AGE[\s-]*SECRET[\s-]*KEY[\s-]*[1IL]/.exec(text);
  const rest = unnumbered(begun ? text.slice(begun.index + begun[0].length) : text);
  const all = rest.replace(/[\s.,:-]/g, '');
  // Behind a key within a whole sheet there is more of the sheet.
  return begun && all.length > LENGTH ? all.slice(0, LENGTH) : all;
}

/** Takes out the numbers of the groups where each group has its own. @param {string} text */
function unnumbered(text) {
  const words = text.split(/[\s.:]+/).filter(Boolean);
  const numbered = words.length > 1 && words.every((word, i) => i % 2 === 1 || word === String(i / 2 + 1));
  return numbered ? words.filter((_, i) => i % 2 === 1).join('') : text;
}

/**
 * A signing key as somebody typed or pasted it, with or without its beginning.
 * Upper and lower case differ here.
 * @param {string} typed @returns {Read}
 */
export function readSigning(typed) {
  const begun = /latchkey[\s-]*sign[\s-]*/i.exec(typed);
  const rest = begun ? typed.slice(begun.index + begun[0].length) : typed;
  const all = rest.replace(/\s/g, '');
  const letters = begun && all.length > SIGN_LENGTH ? all.slice(0, SIGN_LENGTH) : all;
  const read = { key: '', count: letters.length, of: SIGN_LENGTH };
  if (letters === '') return { ...read, state: 'empty' };
  const odd = [...letters].find((one) => !BASE64URL.includes(one));
  if (odd) return { ...read, state: 'stranger', odd };
  if (letters.length < SIGN_LENGTH) return { ...read, state: 'short' };
  if (letters.length > SIGN_LENGTH) return { ...read, state: 'long' };
  // 32 bytes leave two bits of the last character, which are nought.
  const last = BASE64URL.indexOf(letters[SIGN_LENGTH - 1]);
  if (last % 4 !== 0) return { ...read, state: 'slip', group: Math.ceil(SIGN_LENGTH / GROUP) };
  return { ...read, state: 'right', key: SIGN + letters };
}

/**
 * Both keys of a kit's text, as its file has them or as all of a sheet was
 * pasted; what stands there may also only speak of such a key.
 * @param {string} text
 * @returns {{recovery: string, signing: string}} each '' where it was not found whole
 */
export function readKit(text) {
  const found = (/** @type {RegExp} */ begun, /** @type {(typed: string) => Read} */ read) =>
    [...text.matchAll(begun)].map(({ index }) => read(text.slice(index)).key).find(Boolean) ?? '';
  return {
    recovery: found(/AGE[\s-]*SECRET[\s-]*KEY[\s-]*[1IL]/gi, readRecovery),
    signing: found(/latchkey[\s-]*sign[\s-]*/gi, readSigning),
  };
}

/** The kit as the house reads it. @param {{recovery: string, signing: string}} keys */
export function kitText({ recovery, signing }) {
  return `${recovery}\n${signing}\n`;
}
