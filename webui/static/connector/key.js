/**
 * Asks the key, and writes its answer as Bitwarden's clients hand it to the
 * house: a text of which they read nothing. Whatever an extension said stays
 * here.
 */
import { toBase64Url } from '../crypto/bytes.js';

/** Why no key answered: a sentence of text/en-connector.js. */
export class Unanswered extends Error {
  /** @param {string} sentence @param {unknown} [cause] */
  constructor(sentence, cause) {
    super(sentence, { cause });
    this.sentence = sentence;
  }
}

/**
 * @param {PublicKeyCredentialRequestOptions} publicKey @param {AbortSignal} [signal]
 * @returns {Promise<string>} JSON; throws Unanswered
 */
export async function answerOf(publicKey, signal) {
  if (typeof globalThis.PublicKeyCredential !== 'function' || !navigator.credentials) {
    throw new Unanswered('connector.unable');
  }
  let said;
  try {
    said = await navigator.credentials.get({ publicKey, signal });
  } catch (error) {
    // Browsers tell little, on purpose: refused, absent and too slow are all NotAllowedError.
    throw new Unanswered(
      Object(error).name === 'SecurityError' ? 'connector.name' : 'connector.silent',
      error,
    );
  }
  if (!said) throw new Unanswered('connector.silent');
  const { rawId, response } = /** @type {any} */ (said);
  const id = text(rawId);
  return JSON.stringify({
    id,
    rawId: id,
    type: 'public-key',
    extensions: {},
    response: {
      authenticatorData: text(response.authenticatorData),
      clientDataJson: text(response.clientDataJSON),
      signature: text(response.signature),
    },
  });
}

/** @param {ArrayBuffer} buffer */
function text(buffer) {
  return toBase64Url(new Uint8Array(buffer));
}
