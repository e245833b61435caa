/**
 * A worker that derives keys with Argon2id (hash-wasm), one at a time. Only
 * this script's response may compile WebAssembly. It keeps nothing.
 */
import '../vendor/argon2.js';

/** @typedef {{id:number, password:Uint8Array, salt:Uint8Array, iterations:number, memory:number, parallelism:number}} Order */

const scope = /** @type {any} */ (globalThis);

scope.addEventListener('message', async (/** @type {MessageEvent<Order>} */ event) => {
  const { id, password, salt, iterations, memory, parallelism } = event.data;
  try {
    const key = await scope.hashwasm.argon2id({
      password,
      salt,
      iterations,
      parallelism,
      memorySize: memory * 1024,
      hashLength: 32,
      outputType: 'binary',
    });
    scope.postMessage({ id, key }, [key.buffer]);
  } catch (error) {
    scope.postMessage({ id, error: String(error) });
  } finally {
    password.fill(0);
  }
});

// Told once, so that whoever started the worker knows that its imports loaded.
scope.postMessage({ ready: true });
