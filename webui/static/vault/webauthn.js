/**
 * Whether keys and passkeys can be asked on this page. Small, because the door
 * needs it on every visit; authenticator.js does the asking.
 */

/** Whether this browser knows WebAuthn, and the page has a name: it works under no address. */
export function canAsk() {
  const host = globalThis.location?.hostname ?? '';
  return typeof globalThis.PublicKeyCredential === 'function' && !/^[\d.]+$|:/.test(host);
}

/** Whether a passkey can be asked here: its name is this host, or the end of it. @param {{rpId:string}} passkey */
export function worksHere({ rpId }) {
  const host = globalThis.location?.hostname ?? '';
  return host === rpId || host.endsWith(`.${rpId}`);
}
