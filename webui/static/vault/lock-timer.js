/**
 * Decides when an open vault locks: after minutes without a touch, when the
 * window loses the focus, when the page closes. It knows no keys; it calls
 * `lock` and tells others' touches apart from its own by `touched`.
 */

/** @typedef {import('./types.js').LockSettings} LockSettings */

/** @type {Readonly<LockSettings>} */
export const LOCK_DEFAULTS = Object.freeze({ minutes: 10, onBlur: false, onClose: true });

/** Often enough that nobody sees the difference, seldom enough to cost nothing. */
const LOOK = 5_000;
const MINUTE = 60_000;

/** @param {any} value what was remembered @returns {LockSettings} */
export function lockSettings(value) {
  const minutes = Number(value?.minutes ?? LOCK_DEFAULTS.minutes);
  return {
    minutes: Number.isFinite(minutes) && minutes >= 0 ? minutes : LOCK_DEFAULTS.minutes,
    onBlur: Boolean(value?.onBlur ?? LOCK_DEFAULTS.onBlur),
    onClose: Boolean(value?.onClose ?? LOCK_DEFAULTS.onClose),
  };
}

/** Watches one open vault. */
export class LockTimer {
  #last = 0;
  #running = false;
  /** @type {ReturnType<typeof setInterval>|undefined} */
  #looking;

  /**
   * @param {object} deps
   * @param {(reason:'timer'|'blur') => void} deps.lock
   * @param {() => void} deps.touched tells other tabs, at most every few seconds
   * @param {() => number} [deps.now] milliseconds; a wall clock, because a sleeping machine stops the other ones
   */
  constructor({ lock, touched, now = Date.now }) {
    this.lock = lock;
    this.touched = touched;
    this.now = now;
    /** @type {LockSettings} */
    this.settings = lockSettings(undefined);
  }

  /**
   * Watches a window. @param {EventTarget} target window
   * @param {() => void} leave called when the page is closed, or put aside @param {AbortSignal} [signal]
   */
  watch(target, leave, signal) {
    const listen = (/** @type {string} */ kind, /** @type {(event:any) => void} */ act) =>
      target.addEventListener(kind, act, { signal, passive: true, capture: true });
    for (const kind of ['pointerdown', 'keydown', 'wheel', 'touchstart']) {
      listen(kind, () => this.touch());
    }
    // Focus events of elements come by here, too; only the window's own count.
    listen('blur', (event) => event.target === target && this.blur());
    listen('focus', () => this.look());
    listen('visibilitychange', () => this.look());
    listen('pagehide', () => leave());
  }

  /** The vault was opened. */
  start() {
    this.#running = true;
    this.#last = this.now();
    clearInterval(this.#looking);
    this.#looking = setInterval(() => this.look(), LOOK);
  }

  /** The vault was closed. */
  stop() {
    this.#running = false;
    clearInterval(this.#looking);
  }

  /** The person did something here. A touch that comes too late locks: the machine has slept. */
  touch() {
    if (!this.#running || this.look()) return;
    const now = this.now();
    const tell = now - this.#last > LOOK;
    this.#last = now;
    if (tell) this.touched();
  }

  /** The person did something in another tab. */
  touchedElsewhere() {
    if (this.#running && !this.look()) this.#last = this.now();
  }

  /** The window lost the focus. */
  blur() {
    if (this.#running && this.settings.onBlur) this.lock('blur');
  }

  /** Locks if it is time. @returns {boolean} whether it locked */
  look() {
    if (!this.#running || this.settings.minutes === 0) return false;
    const now = this.now();
    if (now < this.#last) this.#last = now; // the clock was set back
    if (now - this.#last < this.settings.minutes * MINUTE) return false;
    this.lock('timer');
    return true;
  }
}
