/**
 * Follows the log: asks for what came since, now and then, while somebody looks
 * and the switch is on. A proof that has grown old ends it, and the switch says so.
 */
import { t } from '../text/house.js';

/** ms between two looks. */
const EVERY = 3000;

/**
 * @param {import('../components/template.js').Built} built of t-house-log
 * @param {object} what
 * @param {() => Promise<unknown>} what.more asks once
 * @param {(error: unknown) => void} what.trouble
 * @param {AbortSignal} what.signal
 * @param {{visibilityState: string}} [what.seen] a page that is looked at, or not
 */
export function followIn(built, { more, trouble, signal, seen = document }) {
  const box = /** @type {HTMLInputElement} */ (built.part('follow'));
  const said = built.part('follow-said');
  let paused = true;
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;

  const plan = () => {
    clearTimeout(timer);
    if (box.checked && !paused && !signal.aborted) timer = setTimeout(look, EVERY);
  };

  async function look() {
    if (seen.visibilityState !== 'visible') return plan();
    try {
      await more();
    } catch (error) {
      if (signal.aborted) return;
      if (Object(error).code === 'proof.stale') {
        box.checked = false;
        said.textContent = t('house.log.follow.stale');
        return;
      }
      if (!Object(error).offline) trouble(error);
    }
    plan();
  }

  box.addEventListener(
    'change',
    () => {
      said.textContent = box.checked ? t('house.log.follow.on') : '';
      if (!box.checked) clearTimeout(timer);
      else if (!paused) void look();
    },
    { signal },
  );
  signal.addEventListener('abort', () => clearTimeout(timer));
  return {
    /** While another search is loaded. */
    pause() {
      paused = true;
      clearTimeout(timer);
    },
    resume() {
      paused = false;
      plan();
    },
  };
}
