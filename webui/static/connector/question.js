/**
 * What a Bitwarden client asks of a connector page, read from the page's
 * address and trusted in nothing: whoever makes the address can be a stranger.
 * Only what follows from it reaches the key: challenge, rpId, the credentials
 * that may answer, timeout and user verification; never an extension, so that
 * no address can have a key evaluate its PRF. Texts that the address brings
 * are not shown. Pure: no page here.
 */
import { fromBase64, fromBase64Url, fromUtf8 } from '../crypto/bytes.js';

/** @typedef {import('../crypto/bytes.js').Bytes} Bytes */

/**
 * @typedef {object} Question
 * @property {PublicKeyCredentialRequestOptions} options
 * @property {boolean} mobile the answer goes to a phone's app
 */

/** The question in an address can't be read, or asks for what we don't do. */
export class Garbled extends Error {}

/** No client asks with more than a few hundred characters a key. */
const LONGEST = 64 * 1024;

/**
 * Reads the question of one of the two protocols: v=1 has WebAuthn's options in
 * data, v=2 has an object in data that has them as text.
 * @param {URLSearchParams} query @param {string} host the page's own host name
 * @returns {Question} throws Garbled
 */
export function questionOf(query, host) {
  const data = object(unpack(query.get('data') ?? ''));
  if (query.get('v') === '1') return { options: optionsOf(data, host), mobile: false };
  const inner = typeof data.data === 'string' ? object(data.data) : data.data;
  const mobile =
    data.mobile === true ||
    data.callbackUri != null ||
    query.get('client') === 'mobile' ||
    query.has('deeplinkScheme');
  return { options: optionsOf(Object(inner), host), mobile };
}

/**
 * The origin of the page that says it frames us; its address arrives encoded
 * once or twice. Compared as text, because not every browser knows the origin
 * of every scheme.
 * @param {URLSearchParams} query @returns {string} "" where there is none
 */
export function parentOf(query) {
  let address = query.get('parent') ?? '';
  try {
    if (address.includes('%')) address = decodeURIComponent(address);
  } catch {
    return '';
  }
  return /^[a-z][a-z0-9+.-]*:\/\/[^/?#\\\s]+/.exec(address)?.[0] ?? '';
}

/**
 * Whether those who frame us are one page, and a listed one. Some browsers name
 * them (location.ancestorOrigins); where they do, what the address says of the
 * parent has to be true.
 * @param {string} parent of parentOf @param {string[]} listed @param {string[]|null} ancestors
 */
export function mayFrame(parent, listed, ancestors) {
  if (parent === '' || !listed.includes(parent)) return false;
  return ancestors === null || (ancestors.length === 1 && ancestors[0] === parent);
}

/** @param {string} packed base64 of UTF-8, in which a form may have made spaces of plus signs */
function unpack(packed) {
  if (packed.length > LONGEST) throw new Garbled('too long');
  const plain = packed.replaceAll(' ', '+');
  const bytes = fromBase64(plain) ?? fromBase64Url(plain.replace(/=+$/, ''));
  if (!bytes) throw new Garbled('not base64');
  try {
    return fromUtf8(bytes);
  } catch {
    throw new Garbled('not UTF-8');
  }
}

/** @param {string} text @returns {Record<string, any>} */
function object(text) {
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Garbled('not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Garbled('not an object');
  return value;
}

/**
 * @param {Record<string, any>} data @param {string} host
 * @returns {PublicKeyCredentialRequestOptions}
 */
function optionsOf(data, host) {
  const { rpId, allowCredentials: allow } = data;
  // The page stands under the name itself, or under lan.NAME at home.
  if (typeof rpId !== 'string' || rpId === '' || (rpId !== host && `lan.${rpId}` !== host)) {
    throw new Garbled('another name');
  }
  if (!Array.isArray(allow) || allow.length === 0 || allow.length > 100) throw new Garbled('no keys named');
  return {
    challenge: bytesOf(data.challenge, 16, 1024),
    rpId,
    allowCredentials: allow.map(named),
    timeout: timeoutOf(data.timeout),
    userVerification: verificationOf(data.userVerification),
  };
}

const transports = ['usb', 'nfc', 'ble', 'smart-card', 'hybrid', 'internal'];

/** @param {any} credential @returns {PublicKeyCredentialDescriptor} */
function named(credential) {
  const id = bytesOf(Object(credential).id, 1, 1023);
  const said = Object(credential).transports;
  const known = Array.isArray(said) ? transports.filter((one) => said.includes(one)) : [];
  const hints = /** @type {AuthenticatorTransport[]} */ (known);
  return { type: 'public-key', id, ...(hints.length > 0 && { transports: hints }) };
}

/** @param {unknown} encoded @param {number} least @param {number} most @returns {Bytes} */
function bytesOf(encoded, least, most) {
  const bytes = typeof encoded === 'string' ? fromBase64Url(encoded) : null;
  if (!bytes || bytes.length < least || bytes.length > most) throw new Garbled('not the bytes of WebAuthn');
  return bytes;
}

/** Between what a person needs and what a challenge lives. @param {unknown} said milliseconds */
function timeoutOf(said) {
  return typeof said === 'number' && Number.isFinite(said)
    ? Math.min(Math.max(said, 30_000), 300_000)
    : 60_000;
}

/** @param {unknown} said @returns {UserVerificationRequirement} */
function verificationOf(said) {
  return said === 'required' || said === 'preferred' ? said : 'discouraged';
}
