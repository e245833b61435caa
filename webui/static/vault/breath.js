/**
 * Lets the page breathe during long work: the browser draws and answers keys
 * between two slices.
 */

/** A slice leaves room for a frame (16.7 ms) beside it; far below the 50 ms that a person notices. */
const SLICE = 20;

/** Gives way once a slice has passed. */
export class Breath {
  #since = performance.now();

  /** @returns {Promise<void>} at once, or after the page had its turn */
  async take() {
    if (performance.now() - this.#since < SLICE) return;
    await pause();
    this.#since = performance.now();
  }
}

/** @returns {Promise<void>} */
export function pause() {
  const scheduler = /** @type {any} */ (globalThis).scheduler;
  if (typeof scheduler?.yield === 'function') return scheduler.yield();
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/**
 * Runs work over a list, some at a time, breathing between.
 * @template T @param {readonly T[]} list @param {(element:T, index:number) => Promise<void>} work
 * @param {{together?:number, onDone?:(done:number) => void, stopped?:() => boolean}} [options]
 *   together: WebCrypto answers from other threads, so a few at a time hide the way there and back
 */
export async function eachInSlices(list, work, options = {}) {
  const { together = 40, onDone = () => {}, stopped = () => false } = options;
  const breath = new Breath();
  for (let at = 0; at < list.length; at += together) {
    if (stopped()) return;
    const slice = list.slice(at, at + together);
    await Promise.all(slice.map((element, i) => work(element, at + i)));
    onDone(Math.min(1, (at + together) / list.length));
    await breath.take();
  }
}
