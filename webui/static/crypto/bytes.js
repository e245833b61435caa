/**
 * Bytes and their text forms: UTF-8, base64, hexadecimal, base64url. Pure; it
 * decodes strictly, because what it reads comes from outside.
 */

/** Bytes that WebCrypto accepts. @typedef {Uint8Array<ArrayBuffer>} Bytes */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BAD = 255;
const REVERSE = reverse(ALPHABET);

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** @param {string} alphabet */
function reverse(alphabet) {
  const table = new Uint8Array(128).fill(BAD);
  for (let i = 0; i < alphabet.length; i++) table[alphabet.charCodeAt(i)] = i;
  return table;
}

/** @param {string} text @returns {Bytes} */
export function utf8(text) {
  return /** @type {Bytes} */ (encoder.encode(text));
}

/** Reads UTF-8; throws a TypeError where it is none. @param {Uint8Array} bytes */
export function fromUtf8(bytes) {
  return decoder.decode(bytes);
}

/** Standard base64 with padding. @param {Uint8Array} bytes */
export function toBase64(bytes) {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const left = bytes.length - i;
    const n = (bytes[i] << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    text += ALPHABET[n >> 18] + ALPHABET[(n >> 12) & 63];
    text += left > 1 ? ALPHABET[(n >> 6) & 63] : '=';
    text += left > 2 ? ALPHABET[n & 63] : '=';
  }
  return text;
}

/**
 * Reads standard padded base64, strictly: no white space, no missing padding,
 * no stray bits. The vault decodes 100,000 short strings when it opens, for
 * which this loop is faster than atob.
 * @param {string} text @returns {Bytes|null} null where it is not base64
 */
export function fromBase64(text) {
  const { length } = text;
  if (length % 4 !== 0) return null;
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0;
  const bytes = new Uint8Array((length / 4) * 3 - padding);
  const whole = length - padding;
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < whole; i++) {
    const code = text.charCodeAt(i);
    const value = code < 128 ? REVERSE[code] : BAD;
    if (value === BAD) return null;
    held = (held << 6) | value;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      bytes[at++] = held >> bits;
      held &= (1 << bits) - 1;
    }
  }
  return held === 0 ? bytes : null;
}

/** Base64url without padding. @param {Uint8Array} bytes */
export function toBase64Url(bytes) {
  return toBase64(bytes).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

/**
 * Reads base64url without padding, as strictly. @param {unknown} text
 * @returns {Bytes|null} null where it is none
 */
export function fromBase64Url(text) {
  if (typeof text !== 'string' || /[^\w-]/.test(text)) return null;
  const padded = text + '='.repeat((4 - (text.length % 4)) % 4);
  return fromBase64(padded.replaceAll('-', '+').replaceAll('_', '/'));
}

/** @param {Uint8Array} bytes */
export function toHex(bytes) {
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}

/** @param {string} text @returns {Bytes|null} null where it is not hexadecimal */
export function fromHex(text) {
  if (text.length % 2 !== 0 || !/^[0-9a-f]*$/i.test(text)) return null;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return bytes;
}

/** @param {...Uint8Array} parts @returns {Bytes} */
export function concat(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** @param {number} length @returns {Bytes} */
export function random(length) {
  return crypto.getRandomValues(new Uint8Array(length));
}

/**
 * Overwrites secret bytes once they have served. JavaScript may have moved
 * copies elsewhere; this shortens the time, it does not promise.
 * @param {...(Uint8Array|null|undefined)} parts
 */
export function wipe(...parts) {
  for (const part of parts) part?.fill(0);
}
