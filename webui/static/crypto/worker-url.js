/**
 * The page's one Trusted Types policy, 'latchkey'. It lets exactly one script
 * address through, the Argon2 worker's; everything else throws.
 */

/** @type {{createScriptURL:(url:string) => unknown}|null} */
let policy = null;

/** @returns {string} what `new Worker` takes: a TrustedScriptURL where the browser knows them */
export function argon2WorkerUrl() {
  const { href } = new URL('./argon2-worker.js', import.meta.url);
  const types = /** @type {any} */ (globalThis).trustedTypes;
  if (types === undefined) return href;
  // A policy's name may be taken once per page, so it is kept.
  policy ??= types.createPolicy('latchkey', {
    createScriptURL(/** @type {string} */ url) {
      if (url !== href) throw new TypeError(`worker-url: refusing ${url}`);
      return url;
    },
  });
  return /** @type {string} */ (policy?.createScriptURL(href));
}
