/** Makes the session of this browser out of what the browser has. */
import { Argon2Worker } from '../crypto/argon2.js';
import { Api } from '../net/api.js';
import { describeBrowser } from './browser.js';
import { openShelf } from './drafts.js';
import { Remember } from './remember.js';
import { Session } from './session.js';

/** @returns {Session} */
export function openSession() {
  const browser = describeBrowser(globalThis.navigator.userAgent);
  const remember = Remember.open();
  const { device: deviceId, deviceToken } = remember;
  const api = new Api({ deviceType: browser.type, deviceId, deviceToken });
  const worker = new Argon2Worker();
  return new Session({
    api,
    remember,
    argon2: (password, salt, kdf) => worker.derive(password, salt, kdf),
    warm: () => worker.warm(),
    shelf: openShelf(),
    channel: new BroadcastChannel('latchkey'),
    deviceName: browser.name,
  });
}
