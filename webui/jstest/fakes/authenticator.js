/** An authenticator for tests: stands in for navigator.credentials, and the house's side of passkeys and factors. */
import { random, toBase64Url } from '../../static/crypto/bytes.js';

const bytes = (text) => new TextEncoder().encode(text).buffer;

/** Makes the browser of this process one that has such an authenticator. */
export class FakeAuthenticator {
  /** @param {{prf?:boolean, atCreate?:boolean}} [has] atCreate: the PRF tells its output when the passkey is made */
  constructor({ prf = true, atCreate = true } = {}) {
    Object.assign(this, { prf, atCreate });
    this.seed = random(32);
    this.ids = [];
    this.asked = [];
    /** Thrown by the next ceremony. @type {string} */
    this.fails = '';
    globalThis.PublicKeyCredential = class {};
    globalThis.navigator ??= {};
    globalThis.location ??= { hostname: 'localhost' };
    Object.defineProperty(globalThis.navigator, 'credentials', {
      configurable: true,
      value: { create: (options) => this.create(options), get: (options) => this.get(options) },
    });
  }

  async create({ publicKey }) {
    this.#note('create', publicKey);
    const id = random(16);
    this.ids.push(toBase64Url(id));
    const results = this.prf && this.atCreate ? await this.#output(publicKey) : undefined;
    return this.#credential(
      id,
      { enabled: this.prf, results },
      {
        attestationObject: bytes('attestation'),
        clientDataJSON: bytes('{}'),
        getTransports: () => ['internal'],
      },
    );
  }

  async get({ publicKey, signal }) {
    this.#note('get', publicKey, signal);
    const named = publicKey.allowCredentials?.map(({ id }) => toBase64Url(new Uint8Array(id))) ?? [];
    const id = this.ids.find((one) => named.length === 0 || named.includes(one));
    if (!id) throw new DOMException('no such key', 'NotAllowedError');
    const results = this.prf ? await this.#output(publicKey) : undefined;
    return this.#credential(
      Buffer.from(id, 'base64url'),
      { results },
      {
        authenticatorData: bytes('data'),
        clientDataJSON: bytes('{}'),
        signature: bytes('signature'),
        userHandle: bytes('person'),
      },
    );
  }

  #note(kind, publicKey, signal) {
    this.asked.push({ kind, publicKey, signal });
    const fails = this.fails;
    this.fails = '';
    if (fails) throw new DOMException('refused', fails);
  }

  async #output(publicKey) {
    const salt = publicKey.extensions.prf?.eval.first;
    if (!salt) return undefined;
    const first = await crypto.subtle.digest('SHA-256', new Uint8Array([...this.seed, ...salt]));
    return { first };
  }

  #credential(rawId, prf, response) {
    return {
      type: 'public-key',
      rawId: new Uint8Array(rawId).buffer,
      authenticatorAttachment: 'platform',
      response,
      getClientExtensionResults: () => ({ credProps: { rk: true }, prf }),
    };
  }
}

/** The routes of factors and passkeys, beside a House's own; give it to House.extra. */
export class Factors {
  passkeys = [];
  proofs = [];
  /** Codes that are right as second factors, by the wire's number; none: nothing is wanted. */
  wanted = null;
  missing = false;
  #token = '';

  /** @returns {{status?:number, json?:any}|null} */
  answer = (method, path, body, house) => {
    switch (`${method} ${path}`) {
      case 'GET /identity/accounts/webauthn/assertion-options':
      case 'POST /latchkey/proof/options':
      case 'POST /api/webauthn/assertion-options':
        return {
          json: { options: { challenge: 'AAAA', rpId: 'localhost', allowCredentials: [] }, token: 'T' },
        };
      case 'POST /api/webauthn/attestation-options':
        return {
          json: { options: { challenge: 'AAAA', rp: { id: 'localhost' }, user: { id: 'AAAA' } }, token: 'T' },
        };
      case 'POST /api/webauthn':
        this.passkeys.push({ ...body, id: body.deviceResponse.id });
        return { json: {} };
      case 'PUT /api/webauthn':
        Object.assign(
          this.passkeys.find(({ id }) => id === body.deviceResponse.id),
          body,
        );
        return { json: {} };
      case 'POST /latchkey/proof':
        if (body.masterPasswordHash && body.masterPasswordHash !== house.account.hash)
          return refused('password.wrong');
        this.proofs.push(body);
        this.#token = `proof-${this.proofs.length}`;
        return { json: { until: 'soon', userVerificationToken: this.#token } };
      case 'POST /latchkey/stale':
        return this.proofs.length > 0 ? { json: { done: true } } : refused('proof.stale');
    }
    return null;
  };

  /** What a sync tells of the passkeys that open the vault. */
  get options() {
    return this.passkeys
      .filter(({ encryptedUserKey }) => encryptedUserKey)
      .map(({ id, encryptedPrivateKey, encryptedUserKey }) => ({
        credentialId: id,
        encryptedPrivateKey,
        encryptedUserKey,
        transports: ['internal'],
        rpId: 'localhost',
      }));
  }

  /** Judges the second factor of a password grant. @returns {{status:number, json:any}|null} null: let in */
  second({ twoFactorProvider, twoFactorToken }) {
    if (this.wanted === null) return null;
    if (!twoFactorToken || (twoFactorProvider === '5' && this.wanted[5] !== twoFactorToken)) {
      const ways = Object.fromEntries(
        Object.keys(this.wanted)
          .filter((n) => n !== '5')
          .map((n) => [n, null]),
      );
      return {
        status: 400,
        json: {
          error: 'invalid_grant',
          error_description: 'Two factor required.',
          TwoFactorProviders2: ways,
        },
      };
    }
    return this.wanted[twoFactorProvider] === twoFactorToken ? null : refused('second.wrong');
  }
}

function refused(code) {
  return { status: 400, json: { problem: { code, text: 'No.', hint: 'Try again.', values: {} } } };
}
