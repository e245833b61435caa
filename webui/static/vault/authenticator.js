/**
 * Asks the browser for a key or passkey (WebAuthn), and puts what it says into
 * the JSON that the house reads. What the PRF extension gives opens the vault:
 * it is handed to the caller only, and never put into that JSON.
 */
import { fromBase64Url, toBase64Url } from '../crypto/bytes.js';
import { Problem } from './problem.js';
import { canAsk } from './webauthn.js';

/**
 * @typedef {import('../crypto/bytes.js').Bytes} Bytes
 * @typedef {{answer:object, prf:Bytes|null}} Said answer: for the house; prf: 32 bytes for the caller to wipe
 */

/**
 * Asks for one of the keys that the options name, or for any passkey.
 * @param {any} options of the house, in WebAuthn's JSON form
 * @param {{salt?:Bytes|null, signal?:AbortSignal}} [how] salt: for the PRF, null where it is not wanted; signal: ends the question
 * @returns {Promise<Said>} throws Problem webauthn.*
 */
export async function ask(options, { salt = null, signal } = {}) {
  const { publicKey = options } = options;
  const wanted = {
    ...publicKey,
    challenge: bytes(publicKey.challenge),
    allowCredentials: publicKey.allowCredentials?.map(named),
    extensions: prfInput(salt),
  };
  const said = await during(() => navigator.credentials.get({ publicKey: wanted, signal }));
  const { authenticatorData, clientDataJSON, signature, userHandle } = said.response;
  return {
    answer: outer(said, {
      authenticatorData: text(authenticatorData),
      clientDataJSON: text(clientDataJSON),
      signature: text(signature),
      userHandle: userHandle ? text(userHandle) : null,
    }),
    prf: prfOutput(said),
  };
}

/**
 * Has a key make a new credential.
 * @param {any} options as above @param {{salt?:Bytes|null, signal?:AbortSignal}} [how] as above
 * @returns {Promise<Said & {id:string, transports:string[], canPrf:boolean}>}
 *   canPrf: it has a PRF; some tell its output only when asked later. Throws Problem webauthn.*
 */
export async function make(options, { salt = null, signal } = {}) {
  const { publicKey = options } = options;
  const wanted = {
    ...publicKey,
    challenge: bytes(publicKey.challenge),
    user: { ...publicKey.user, id: bytes(publicKey.user.id) },
    excludeCredentials: publicKey.excludeCredentials?.map(named),
    extensions: { ...publicKey.extensions, ...prfInput(salt) },
  };
  const said = await during(() => navigator.credentials.create({ publicKey: wanted, signal }));
  const { attestationObject, clientDataJSON } = said.response;
  const transports = said.response.getTransports?.() ?? [];
  const prf = prfOutput(said);
  return {
    answer: outer(said, {
      attestationObject: text(attestationObject),
      clientDataJSON: text(clientDataJSON),
      transports,
    }),
    id: text(said.rawId),
    transports,
    prf,
    canPrf: prf !== null || said.getClientExtensionResults().prf?.enabled === true,
  };
}

/** @param {any} said @param {object} response */
function outer(said, response) {
  const id = text(said.rawId);
  const attachment = said.authenticatorAttachment ?? undefined;
  // Only what the house may know of the extensions: that there is a PRF, and never what it gave.
  const { credProps, prf } = said.getClientExtensionResults();
  const extensions = { ...(credProps && { credProps }), ...(prf?.enabled && { prf: { enabled: true } }) };
  return { id, rawId: id, type: said.type, authenticatorAttachment: attachment, extensions, response };
}

/** @param {any} credential */
function named({ id, type = 'public-key', transports }) {
  return { id: bytes(id), type, ...(transports?.length && { transports }) };
}

/** @param {Bytes|null} salt */
function prfInput(salt) {
  return salt ? { prf: { eval: { first: salt } } } : {};
}

/** @param {any} said @returns {Bytes|null} */
function prfOutput(said) {
  const first = said.getClientExtensionResults().prf?.results?.first;
  return first ? new Uint8Array(first) : null;
}

/**
 * Runs a ceremony and names what goes wrong. Browsers tell little, on purpose:
 * refused, absent, too slow and unknown are all NotAllowedError.
 * @param {() => Promise<any>} ceremony @returns {Promise<any>}
 */
async function during(ceremony) {
  if (!canAsk()) throw new Problem('webauthn.missing');
  try {
    const said = await ceremony();
    if (said) return said;
  } catch (error) {
    const { name } = Object(error);
    if (name === 'InvalidStateError') throw new Problem('webauthn.already', {}, error);
    if (name === 'SecurityError') throw new Problem('webauthn.name', {}, error);
    if (name === 'NotSupportedError' || name === 'ConstraintError')
      throw new Problem('webauthn.missing', {}, error);
    if (name === 'TypeError') throw error; // ours
    throw new Problem('webauthn.silent', {}, error);
  }
  throw new Problem('webauthn.silent');
}

/** @param {unknown} encoded @returns {Bytes} */
function bytes(encoded) {
  return fromBase64Url(encoded) ?? new Uint8Array();
}

/** @param {ArrayBuffer} buffer */
function text(buffer) {
  return toBase64Url(new Uint8Array(buffer));
}
