/**
 * Looks at the public path, or at another thing that moves by itself, again and again, quickly while something is at
 * work, slowly while it only might change, and not at all while nobody sees it.
 */
import { paceOf } from './reach-model.js';

/** @typedef {import('./reach-model.js').Reach} Reach */

/**
 * @template [T=Reach]
 * @param {object} what
 * @param {() => Promise<T>} what.ask
 * @param {(now: T) => void} what.told hears every answer, changed or not
 * @param {(error: unknown) => void} [what.failed] hears each look that got no answer; the next follows all the same
 * @param {AbortSignal} what.signal ends it
 * @param {(now: T) => number} [what.pace] ms until the next look; that of the public path where it is not said
 * @param {{hidden: boolean} & EventTarget} [what.seen] a page that is looked at, or not
 * @returns {{now: () => void, take: (now: T) => void}} now: look at once; take: an answer that came another way
 */
export function follow({
  ask,
  told,
  failed = () => {},
  signal,
  pace = /** @type {any} */ (paceOf),
  seen = document,
}) {
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;
  let round = 0;

  /** @param {T} reach */
  function take(reach) {
    if (signal.aborted) return;
    round++;
    told(reach);
    plan(pace(reach));
  }

  /** @param {number} delay */
  function plan(delay) {
    clearTimeout(timer);
    if (!signal.aborted) timer = setTimeout(look, delay);
  }

  async function look() {
    clearTimeout(timer);
    if (signal.aborted || seen.hidden) return;
    const mine = ++round;
    try {
      const reach = await ask();
      if (mine === round) take(reach);
    } catch (error) {
      if (mine !== round || signal.aborted) return;
      failed(error);
      // A session that is gone does not come back by asking.
      if (![401, 403, 404].includes(Object(error).status)) plan(AGAIN);
    }
  }

  signal.addEventListener('abort', () => clearTimeout(timer));
  seen.addEventListener('visibilitychange', () => void look(), { signal });
  return { now: () => void look(), take };
}

/** ms until the next look after one that got no answer. */
const AGAIN = 2000;
