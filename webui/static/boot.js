// boot: makes the session and the vault, then keeps view and address together:
// what needs an open vault waits behind the unlock view, at the same address.
import { applyTheme } from './components/theme.js';
import { followFocus, rememberFocus, restoreFocus } from './components/focus.js';
import { whileSlow } from './components/progress.js';
import { say, sayError } from './components/toast.js';
import { knows, t } from './text/sentences.js';
import { openSession } from './vault/opening.js';
import { Shell } from './views/shell.js';

/** @typedef {import('./views/view.js').Deps} Deps @typedef {import('./views/view.js').Route} Route */

/** One line of the table: where a view lives, whether it stands in the shell behind the lock, and is there for owners only.
 * @typedef {{ load: () => Promise<{ mount: import('./views/view.js').Mount }>, open: boolean, owner?: boolean }} Place */

/** @type {Record<string, Place>} */
const places = {
  vault: { load: () => import('./views/vault.js'), open: true },
  generator: { load: () => import('./views/generator.js'), open: true },
  settings: { load: () => import('./views/settings.js'), open: true },
  house: { load: () => import('./views/house.js'), open: true, owner: true },
  setup: { load: () => import('./views/setup.js'), open: false },
  'finish-signup': { load: () => import('./views/join.js'), open: false },
  reached: { load: () => import('./views/reached.js'), open: false },
};
/** @type {Place} */
const unlock = { load: () => import('./views/unlock.js'), open: false };
/** @type {Place} */
const enrol = { load: () => import('./views/enrol.js'), open: false };
/** @type {Place} */
const missing = { load: () => import('./views/missing.js'), open: false };

/** Starts the page. */
export function start() {
  const session = openSession();
  applyTheme(session.remember);
  session.watch(window);
  followFocus();
  new Pages(session).run();
}

class Pages {
  /** @type {AbortController | null} */
  #leaving = null;
  /** @type {Place | null} */
  #shown = null;
  /** @type {Shell | null} */
  #shell = null;
  /** Why it was locked last, '' where the person did it. */
  #reason = '';
  /** @type {Route} */
  #route = routeOf(location.hash);

  /** @param {import('./vault/session.js').Session} session */
  constructor(session) {
    this.session = session;
    this.app = /** @type {HTMLElement} */ (document.getElementById('app'));
  }

  run() {
    addEventListener('hashchange', () => this.show());
    let state = this.session.state;
    this.session.addEventListener('change', (event) => {
      if (this.session.state === state) return;
      this.#reason = /** @type {CustomEvent} */ (event).detail?.reason ?? '';
      if (/open|enrol/.test(state) && this.session.state !== 'open') this.#locked();
      state = this.session.state;
      this.show();
    });
    this.session.api.onStale = async () => {
      const { prove } = await import('./views/prove.js');
      return prove(this, { anew: true });
    };
    this.show();
    void places.vault.load(); // while the password is typed
  }

  /** Shows the view of the address, or lets the view that is there follow it. */
  show() {
    if (/^#?\/?$/.test(location.hash) && this.session.state === 'open')
      return this.navigate('#/vault', { replace: true });
    const parsed = routeOf(location.hash);
    const place = this.#placeFor(parsed);
    if (place === this.#shown && place !== unlock) {
      Object.assign(this.#route, { parts: parsed.parts, query: parsed.query });
      this.#shell?.follow(parsed.parts);
      this.#route.dispatchEvent(new Event('change'));
      return;
    }
    if (place === this.#shown) return;
    this.#route = parsed;
    void this.#swap(place);
  }

  /** @param {string} hash @param {{ replace?: boolean }} [options] */
  navigate(hash, { replace = false } = {}) {
    if (hash === location.hash) return;
    if (!replace) return void (location.hash = hash);
    history.replaceState(history.state, '', hash);
    this.show();
  }

  /** @param {Route} route @returns {Place} */
  #placeFor(route) {
    if (this.session.state === 'enrol') return enrol;
    const name = route.parts[0] ?? '';
    const place = name === '' ? unlock : (places[name] ?? missing);
    if (place.open && this.session.state !== 'open') return unlock;
    return place.owner && this.session.profile?.role !== 'owner' ? missing : place;
  }

  /** @param {Place} place */
  async #swap(place) {
    this.#leaving?.abort();
    const leaving = (this.#leaving = new AbortController());
    this.#shown = place;
    const bar = /** @type {HTMLElement} */ (document.getElementById('loading'));
    try {
      const view = await whileSlow(place.load().catch(unreachable), bar);
      if (leaving.signal.aborted) return;
      this.#nameIt();
      const root = this.#rootFor(place);
      await view.mount(root, this.#deps(leaving.signal));
      if (!leaving.signal.aborted && place !== unlock) restoreFocus(root);
    } catch (error) {
      if (leaving.signal.aborted) return;
      this.#shown = null; // the next try begins anew
      sayError(error);
    }
  }

  #nameIt() {
    const key = `nav.${this.#route.parts[0]}`;
    document.title = knows(key) ? t('app.title', { where: t(key) }) : t('app.name');
  }

  /** @param {Place} place */
  #rootFor(place) {
    if (place.open) {
      this.#shell ??= new Shell(this.app, this.#deps(AbortSignal.any([])));
      this.#shell.follow(this.#route.parts);
      return this.#shell.stage();
    }
    this.#shell?.close();
    this.#shell = null;
    this.app.replaceChildren();
    return this.app;
  }

  #locked() {
    rememberFocus();
    for (const dialog of document.querySelectorAll('dialog')) dialog.close();
    document.getElementById('toasts')?.replaceChildren();
  }

  /** @param {AbortSignal} signal @returns {Deps} */
  #deps(signal) {
    return {
      session: this.session,
      vault: this.session.vault,
      api: this.session.api,
      text: t,
      navigate: (hash, options) => this.navigate(hash, options),
      say,
      signal,
      route: this.#route,
      reason: this.#reason,
    };
  }
}

/** A module that can't be fetched is a house that can't be reached. @param {unknown} cause @returns {never} */
function unreachable(cause) {
  throw Object.assign(new Error('boot: loading a view', { cause }), { offline: true });
}

/** @param {string} hash @returns {Route} */
function routeOf(hash) {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const parts = path.split('/').filter(Boolean).map(decodeURIComponent);
  return Object.assign(new EventTarget(), { parts, query: new URLSearchParams(query) });
}
