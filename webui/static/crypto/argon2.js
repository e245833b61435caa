/**
 * Argon2id by way of a worker, so that the page never stands still. The worker
 * is ended a while after its last work: WebAssembly memory grows and is never
 * given back, and it held a password.
 */
import { argon2WorkerUrl } from './worker-url.js';

/**
 * @typedef {import('./bytes.js').Bytes} Bytes
 * @typedef {import('../vault/types.js').Kdf} Kdf
 * @typedef {{resolve:(key:Bytes) => void, reject:(error:Error) => void}} Waiting
 */

/** Unlocking often follows signing in or changing a password within seconds. */
const IDLE = 15_000;

/** Starts workers and talks to one. */
export class Argon2Worker {
  /** @type {Worker|null} */
  #worker = null;
  /** @type {Map<number, Waiting>} */
  #waiting = new Map();
  #next = 1;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #idle;

  /** @param {() => Worker} [start] stands in for the real worker in tests */
  constructor(start = () => new Worker(argon2WorkerUrl(), { type: 'module', name: 'argon2' })) {
    this.start = start;
  }

  /**
   * @param {Bytes} password @param {Bytes} salt @param {Kdf} kdf memory in MiB
   * @returns {Promise<Bytes>} 32 bytes; rejects where the worker could not be run
   */
  derive(password, salt, kdf) {
    clearTimeout(this.#idle);
    const worker = (this.#worker ??= this.#begin());
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      // A copy goes over: the caller wipes its own.
      worker.postMessage({
        id,
        password: password.slice(),
        salt,
        iterations: kdf.iterations,
        memory: kdf.memory,
        parallelism: kdf.parallelism,
      });
    });
  }

  /** Loads the worker ahead of the first derivation (while the password is typed). */
  warm() {
    this.#worker ??= this.#begin();
    this.#rest();
  }

  /** Ends the worker at once; what waits is rejected. */
  stop() {
    this.#fail(new Error('argon2: stopped'));
  }

  #begin() {
    const worker = this.start();
    worker.addEventListener('message', (event) => this.#take(event.data));
    worker.addEventListener('error', () => this.#fail(new Error('argon2: the worker failed')));
    return worker;
  }

  /** @param {{id?:number, key?:Bytes, error?:string}} answer */
  #take({ id, key, error }) {
    const waiting = id === undefined ? undefined : this.#waiting.get(id);
    if (id === undefined || waiting === undefined) return;
    this.#waiting.delete(id);
    if (key) waiting.resolve(key);
    else waiting.reject(new Error(`argon2: ${error}`));
    this.#rest();
  }

  #rest() {
    clearTimeout(this.#idle);
    if (this.#waiting.size === 0) this.#idle = setTimeout(() => this.stop(), IDLE);
  }

  /** @param {Error} error */
  #fail(error) {
    clearTimeout(this.#idle);
    this.#worker?.terminate();
    this.#worker = null;
    for (const waiting of this.#waiting.values()) waiting.reject(error);
    this.#waiting.clear();
  }
}
