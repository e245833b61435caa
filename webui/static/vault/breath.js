/**
 * Lets the page breathe during long work: the browser draws and answers keys
 * between two slices.
 */

/** A slice leaves room for a frame (16.7 ms) beside it; far below the 50 ms that a person notices. */
const SLICE = 20;

/** Gives way once a slice has passed; all who work at the same time wait together. */
export class Breath {
  #since = performance.now();
  /** @type {Promise<void>|null} */
  #pausing = null;

  /** @returns {Promise<void>|null} null: go on; otherwise the page has its turn first */
  take() {
    if (this.#pausing === null && performance.now() - this.#since >= SLICE) {
      this.#pausing = pause().then(() => {
        this.#since = performance.now();
        this.#pausing = null;
      });
    }
    return this.#pausing;
  }
}

/** @returns {Promise<void>} */
export function pause() {
  const scheduler = /** @type {any} */ (globalThis).scheduler;
  if (typeof scheduler?.yield === 'function') return scheduler.yield();
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** WebCrypto answers from other threads; so many under way hide the way there and back. */
const LANES = 64;
/** How often progress is told: a bar of 10,000 items moves 156 times. */
const TELL = 64;

/**
 * Runs work over a list, some at a time, breathing between. The first failure
 * ends it. @template T
 * @param {readonly T[]} list @param {(element:T, index:number) => Promise<void>} work
 * @param {{onDone?:(done:number) => void, stopped?:() => boolean}} [options] onDone: told 0..1
 */
export async function eachInSlices(list, work, { onDone = () => {}, stopped = () => false } = {}) {
  const breath = new Breath();
  let next = 0;
  let done = 0;
  const lane = async () => {
    while (next < list.length && !stopped()) {
      const at = next++;
      try {
        await work(list[at], at);
      } catch (error) {
        next = list.length;
        throw error;
      }
      if (++done % TELL === 0) onDone(done / list.length);
      await breath.take();
    }
  };
  await Promise.all(Array.from({ length: Math.min(LANES, list.length) }, lane));
  if (!stopped()) onDone(1);
}
