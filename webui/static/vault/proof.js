/**
 * The last proof of who sits here, given to the house by a password or a passkey.
 * It keeps what stands for it, in memory, and asks nobody.
 */

/** @typedef {{masterPasswordHash:string}|{passkey:{token:string, deviceResponse:object}}} Evidence */

/** Milliseconds that a proof serves for changes of factors; the house lets it serve for ten minutes. */
const SERVES = 9 * 60_000;

/** Milliseconds that it counts as fresh for everything else; the house counts five minutes. */
const FRESH = 4.5 * 60_000;

/** What was proved in one session. */
export class Proof {
  #token = '';
  #given = -Infinity;

  /** @param {import('../net/api.js').Api} api @param {() => number} now milliseconds */
  constructor(api, now) {
    this.api = api;
    this.now = now;
    api.onProofEnded = () => this.forget(); // by a new stamp, say; the next change asks
  }

  /** Tells the house afresh who sits here. @param {Evidence} evidence @returns {Promise<void>} throws ApiError */
  async give(evidence) {
    const answer = await this.api.post('/latchkey/proof', evidence);
    this.#token = String(answer?.userVerificationToken ?? '');
    this.#given = this.now();
  }

  /** Whether an act of an owner needs no other now. */
  get fresh() {
    return this.now() - this.#given < FRESH;
  }

  /** What a change of factors shows for it (userVerificationToken); '' where it is over. */
  get token() {
    return this.now() - this.#given < SERVES ? this.#token : '';
  }

  /** The session is over, or the page locked. */
  forget() {
    this.#token = '';
    this.#given = -Infinity;
  }
}
