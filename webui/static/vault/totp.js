/**
 * One-time codes from a login's key: TOTP (RFC 6238) and Steam's variant. The
 * key may be plain base32, an otpauth:// link, or steam://KEY.
 */
import { Problem } from './problem.js';

/**
 * @typedef {import('./types.js').Code} Code
 * @typedef {{secret:Uint8Array<ArrayBuffer>, algorithm:'SHA-1'|'SHA-256'|'SHA-512', digits:number, period:number, steam:boolean}} Totp
 */

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** Steam's own letters: none that look alike. */
const STEAM = '23456789BCDFGHJKMNPQRTVWXY';
const STEAM_LENGTH = 5;

/** @type {Record<string, Totp['algorithm']>} */
const ALGORITHMS = { SHA1: 'SHA-1', SHA256: 'SHA-256', SHA512: 'SHA-512' };

/**
 * Reads a key in any of its forms. @param {string} text
 * @returns {Totp} throws Problem totp.secret
 */
export function parseTotp(text) {
  const trimmed = text.trim();
  if (/^otpauth:/i.test(trimmed)) return parseLink(trimmed);
  const steam = /^steam:\/\/(.*)$/i.exec(trimmed);
  return {
    secret: base32(steam ? steam[1] : trimmed),
    algorithm: 'SHA-1',
    digits: steam ? STEAM_LENGTH : 6,
    period: 30,
    steam: steam !== null,
  };
}

/** @param {string} link https://github.com/google/google-authenticator/wiki/Key-Uri-Format @returns {Totp} */
function parseLink(link) {
  const url = tryUrl(link);
  if (!url || !/^otpauth:\/\/totp(\/|\?|$)/i.test(link)) throw new Problem('totp.secret');
  const query = url.searchParams;
  const algorithm = ALGORITHMS[(query.get('algorithm') ?? 'SHA1').toUpperCase().replace('-', '')];
  const digits = Number(query.get('digits') ?? 6);
  const period = Number(query.get('period') ?? 30);
  const sane = Number.isInteger(digits) && digits >= 5 && digits <= 10;
  if (!algorithm || !sane || !Number.isInteger(period) || period < 1 || period > 3600) {
    throw new Problem('totp.secret');
  }
  return { secret: base32(query.get('secret') ?? ''), algorithm, digits, period, steam: false };
}

/** @param {string} link @returns {URL|null} */
function tryUrl(link) {
  try {
    return new URL(link);
  } catch {
    return null;
  }
}

/**
 * Reads base32 as sites print it: any case, with spaces, dashes and padding.
 * @param {string} text @returns {Uint8Array<ArrayBuffer>}
 */
function base32(text) {
  const letters = text.toUpperCase().replace(/[\s-]/g, '').replace(/=+$/, '');
  const bytes = [];
  let held = 0;
  let bits = 0;
  for (const letter of letters) {
    const value = BASE32.indexOf(letter);
    if (value < 0) throw new Problem('totp.secret');
    held = ((held << 5) | value) & 0xfff;
    bits += 5;
    if (bits >= 8) {
      bits -= 8;
      bytes.push((held >> bits) & 0xff);
    }
  }
  if (bytes.length === 0) throw new Problem('totp.secret');
  return new Uint8Array(bytes);
}

/**
 * The code of a moment. @param {string} text the key @param {number} now milliseconds since 1970
 * @returns {Promise<Code>} throws Problem totp.secret
 */
export async function totp(text, now) {
  const { secret, algorithm, digits, period, steam } = parseTotp(text);
  const seconds = Math.floor(now / 1000);
  const number = await truncated(secret, algorithm, Math.floor(seconds / period));
  return {
    code: steam ? steamCode(number) : String(number % 10 ** digits).padStart(digits, '0'),
    digits,
    period,
    left: period - (seconds % period),
  };
}

/**
 * HOTP's dynamic truncation (RFC 4226, 5.3). @param {Uint8Array<ArrayBuffer>} secret
 * @param {Totp['algorithm']} hash @param {number} counter @returns {Promise<number>} 31 bits
 */
async function truncated(secret, hash, counter) {
  const message = new DataView(new ArrayBuffer(8));
  message.setUint32(0, Math.floor(counter / 2 ** 32));
  message.setUint32(4, counter >>> 0);
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash }, false, ['sign']);
  const mac = new DataView(await crypto.subtle.sign('HMAC', key, message));
  const at = mac.getUint8(mac.byteLength - 1) & 0x0f;
  return mac.getUint32(at) & 0x7fffffff;
}

/** @param {number} number */
function steamCode(number) {
  let code = '';
  for (let rest = number; code.length < STEAM_LENGTH; rest = Math.floor(rest / STEAM.length)) {
    code += STEAM[rest % STEAM.length];
  }
  return code;
}
