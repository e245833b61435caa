/**
 * The identifier of a user key: the first 16 bytes of its COSE key thumbprint
 * (RFC 9679) with SHA-256. It tells keys apart and nothing about them.
 */
import { concat, toHex, wipe } from './bytes.js';

/** CBOR of {1: 4, -1: bytes(64)}: a symmetric COSE_Key; the key's bytes follow. */
const COSE_SYMMETRIC = new Uint8Array([0xa2, 0x01, 0x04, 0x20, 0x58, 0x40]);

/** @param {Uint8Array} key 64 bytes @returns {Promise<string>} 32 hexadecimal digits */
export async function keyId(key) {
  const encoded = concat(COSE_SYMMETRIC, key);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', encoded));
  wipe(encoded);
  return toHex(digest.subarray(0, 16));
}
