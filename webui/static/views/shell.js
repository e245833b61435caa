// shell: what stands around every view behind the lock: the column of places,
// the bar of a small screen, the lines that say what is wrong, and the regular
// look at the server for news. It knows no item.
import { build } from '../components/template.js';
import { Notice } from '../components/notice.js';
import { Offline } from '../components/offline.js';
import { drawMark } from '../components/icon.js';
import { Places } from './places.js';

/** @typedef {import('./view.js').Deps} Deps */

const newsEvery = 60_000; // ms between two conditional syncs of a page that is looked at

/** The frame around the views. */
export class Shell {
  #closing = new AbortController();

  /** @param {HTMLElement} app @param {Deps} deps */
  constructor(app, deps) {
    this.deps = deps;
    const built = build('shell');
    this.main = built.part('stage');
    this.bar = built.part('bar');
    this.rail = built.part('rail');
    for (const mark of built.root.querySelectorAll('.mark')) drawMark(mark);
    app.replaceChildren(built.root);
    const signal = this.#closing.signal;
    this.places = new Places(built.part('places'), { ...deps, signal });
    built.part('menu').addEventListener('click', () => this.places.openDrawer());
    this.main.addEventListener('open-places', () => this.places.openDrawer());
    for (const button of built.root.querySelectorAll('[data-lock]')) {
      button.addEventListener('click', () => deps.session.lock());
    }
    this.notice = new Notice(() => this.#conditions(), signal);
    void this.notice.look();
    this.#watch(signal);
  }

  /** An empty stage for the next view. */
  stage() {
    this.main.replaceChildren();
    this.main.scrollTop = 0;
    return this.main;
  }

  /** Marks where the page is. @param {string[]} parts */
  follow(parts) {
    for (const link of this.rail.parentElement?.querySelectorAll('[data-nav=house]') ?? []) {
      /** @type {HTMLElement} */ (link).hidden = this.deps.session.profile?.role !== 'owner';
    }
    for (const link of this.rail.parentElement?.querySelectorAll('[data-nav]') ?? []) {
      if (link.getAttribute('data-nav') === parts[0]) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    this.places.follow(parts);
    this.notice.follow(parts);
  }

  /** Leaves; the page is locked or somewhere else. */
  close() {
    this.#closing.abort();
  }

  /** What is wrong with the house, for who can mend it. @returns {Promise<import('../components/notice.js').Condition[]>} */
  async #conditions() {
    if (this.deps.session.profile?.role !== 'owner') return [];
    return (await this.deps.api.get('/latchkey/health')).conditions;
  }

  /** Asks for news when the page comes to the front, each minute, and when the network is back. @param {AbortSignal} signal */
  #watch(signal) {
    const offline = new Offline(() => this.deps.vault.refresh(), signal);
    const look = () => {
      if (document.visibilityState !== 'visible') return;
      void offline.look();
      void this.notice.look();
    };
    document.addEventListener('visibilitychange', look, { signal });
    addEventListener('online', look, { signal });
    addEventListener('offline', look, { signal });
    const timer = setInterval(look, newsEvery);
    signal.addEventListener('abort', () => clearInterval(timer));
  }
}
