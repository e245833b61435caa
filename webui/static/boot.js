// boot: makes the session and the vault, then keeps view and address together:
// what needs an open vault waits behind the unlock view, at the same address.
import { applyTheme } from './components/theme.js';
import { rememberFocus, restoreFocus } from './components/focus.js';
import { say } from './components/toast.js';
import { t } from './text/text.js';
import { Session } from './vault/session.js';
import { Shell } from './views/shell.js';

/** @typedef {import('./views/view.js').Deps} Deps @typedef {import('./views/view.js').Route} Route */

/** One line of the table: where a view lives and whether it stands in the shell behind the lock.
 * @typedef {{ load: () => Promise<{ mount: import('./views/view.js').Mount }>, open: boolean }} Place */

/** @type {Record<string, Place>} */
const places = {
  vault: { load: () => import('./views/vault.js'), open: true },
  generator: { load: () => import('./views/generator.js'), open: true },
  settings: { load: () => import('./views/settings.js'), open: true },
  setup: { load: () => import('./views/setup.js'), open: false },
  'finish-signup': { load: () => import('./views/join.js'), open: false },
};
/** @type {Place} */
const unlock = { load: () => import('./views/unlock.js'), open: false };
/** @type {Place} */
const missing = { load: () => import('./views/missing.js'), open: false };

/** Starts the page. */
export function start() {
  const session = Session.open();
  applyTheme(session.remember);
  session.watch(window);
  new Pages(session).run();
}

class Pages {
  /** @type {AbortController | null} */
  #leaving = null;
  /** @type {Place | null} */
  #shown = null;
  /** @type {Shell | null} */
  #shell = null;
  /** @type {Route} */
  #route = routeOf(location.hash);

  /** @param {Session} session */
  constructor(session) {
    this.session = session;
    this.app = /** @type {HTMLElement} */ (document.getElementById('app'));
  }

  run() {
    addEventListener('hashchange', () => this.show());
    let state = this.session.state;
    this.session.addEventListener('change', () => {
      if (this.session.state === state) return;
      if (state === 'open') this.#locked();
      state = this.session.state;
      this.show();
    });
    this.show();
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
    const name = route.parts[0] ?? '';
    const place = name === '' ? unlock : (places[name] ?? missing);
    return place.open && this.session.state !== 'open' ? unlock : place;
  }

  /** @param {Place} place */
  async #swap(place) {
    this.#leaving?.abort();
    const leaving = (this.#leaving = new AbortController());
    this.#shown = place;
    const view = await place.load();
    if (leaving.signal.aborted) return;
    const root = this.#rootFor(place);
    await view.mount(root, this.#deps(leaving.signal));
    if (leaving.signal.aborted || place === unlock) return;
    restoreFocus(root);
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
    document.title = t('app.name');
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
    };
  }
}

/** @param {string} hash @returns {Route} */
function routeOf(hash) {
  const [path = '', query = ''] = hash.replace(/^#\/?/, '').split('?');
  const parts = path.split('/').filter(Boolean).map(decodeURIComponent);
  return Object.assign(new EventTarget(), { parts, query: new URLSearchParams(query) });
}
