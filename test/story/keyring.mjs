// Keys and passkeys in software: the DevTools' virtual authenticators of one page, and codes as an app makes them.
import { createHmac } from 'node:crypto';

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** How long a code lasts, in ms. */
export const STEP = 30_000;

/** RFC 6238's code of a step, counted from 1970. */
export function code(secret, step) {
  const bits = [...secret.toUpperCase().replace(/[^A-Z2-7]/g, '')]
    .map((one) => base32.indexOf(one).toString(2).padStart(5, '0'))
    .join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', key).update(counter).digest();
  const at = mac[19] & 15;
  return String((mac.readUInt32BE(at) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** The authenticators of one page. One is there at a time, so that it is clear which is asked. */
export class Keyring {
  static async of(page) {
    const ring = new Keyring();
    ring.cdp = await page.context().newCDPSession(page);
    await ring.cdp.send('WebAuthn.enable');
    return ring;
  }

  /** Puts an authenticator in, and takes the one before out. */
  async insert(options) {
    await this.take();
    const { authenticatorId } = await this.cdp.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        ctap2Version: 'ctap2_1',
        automaticPresenceSimulation: true,
        hasUserVerification: true,
        isUserVerified: true,
        ...options,
      },
    });
    this.id = authenticatorId;
  }

  /** A key that is plugged in: no place for passkeys. */
  plug() {
    return this.insert({ transport: 'usb', hasResidentKey: false });
  }

  /** What a device has in itself: keeps passkeys, with or without a PRF. */
  own({ prf }) {
    return this.insert({ transport: 'internal', hasResidentKey: true, hasPrf: prf });
  }

  async take() {
    if (this.id) await this.cdp.send('WebAuthn.removeVirtualAuthenticator', { authenticatorId: this.id });
    this.id = '';
  }

  /** Whether somebody touches it when it asks. */
  async touched(enabled) {
    await this.cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId: this.id, enabled });
  }

  /** Whether the PIN, finger or face is right. */
  async verified(isUserVerified) {
    await this.cdp.send('WebAuthn.setUserVerified', { authenticatorId: this.id, isUserVerified });
  }

  async credentials() {
    const answer = await this.cdp.send('WebAuthn.getCredentials', { authenticatorId: this.id });
    return answer.credentials;
  }

  /** Sets every credential's counter, as a copy of the key made earlier would have it. */
  async count(signCount) {
    const all = await this.credentials();
    await this.forget();
    for (const credential of all) {
      await this.cdp.send('WebAuthn.addCredential', {
        authenticatorId: this.id,
        credential: { ...credential, signCount },
      });
    }
  }

  /** The key loses all that it has. */
  async forget() {
    await this.cdp.send('WebAuthn.clearCredentials', { authenticatorId: this.id });
  }
}
