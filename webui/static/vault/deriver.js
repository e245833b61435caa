/**
 * Derives master keys and tells how far it is. How long a derivation takes is
 * known only once this browser did one: until then, progress is null.
 */
import { ARGON2ID, masterKey } from '../crypto/kdf.js';
import { Problem } from './problem.js';

/**
 * @typedef {import('../crypto/bytes.js').Bytes} Bytes
 * @typedef {import('./types.js').Kdf} Kdf
 * @typedef {import('../crypto/kdf.js').Argon2} Argon2
 */

const TICK = 80;
/** An estimate never claims to be done. */
const ALMOST = 0.97;

/** One browser's derivations. */
export class Deriver {
  /** Milliseconds per unit of work, by type of KDF. @type {Map<number, number>} */
  #pace = new Map();

  /** @param {Argon2} argon2 @param {(done:number|null) => void} tell */
  constructor(argon2, tell) {
    this.argon2 = argon2;
    this.tell = tell;
  }

  /**
   * @param {string} password @param {string} salt @param {Kdf} kdf
   * @returns {Promise<Bytes>} the 32-byte master key, for the caller to wipe; throws Problem derive.failed
   */
  async derive(password, salt, kdf) {
    const started = performance.now();
    const work = workOf(kdf);
    const pace = this.#pace.get(kdf.type);
    const share = () =>
      pace === undefined ? null : Math.min(ALMOST, (performance.now() - started) / (pace * work));
    this.tell(pace === undefined ? null : 0);
    const ticking = setInterval(() => this.tell(share()), TICK);
    try {
      const master = await masterKey(password, salt, kdf, this.argon2);
      this.#pace.set(kdf.type, (performance.now() - started) / work);
      return master;
    } catch (cause) {
      throw new Problem('derive.failed', {}, cause);
    } finally {
      clearInterval(ticking);
      this.tell(1);
    }
  }
}

/** @param {Kdf} kdf */
function workOf(kdf) {
  return kdf.type === ARGON2ID ? kdf.iterations * (kdf.memory ?? 0) : kdf.iterations;
}
