/**
 * The whole log, `#/house/log?…`: searched, paged without end, followed as it
 * grows, saved as a file. What is asked stands in the page's address. The house
 * wants a fresh proof for it.
 */
import { openMenu } from '../components/menu.js';
import { messageOf } from '../components/problem.js';
import { whileSlow } from '../components/progress.js';
import { build } from '../components/template.js';
import { announce } from '../components/toast.js';
import { t } from '../text/house.js';
import { fieldsIn } from './house-log-fields.js';
import { followIn } from './house-log-follow.js';
import { hashOf, paramsOf, queryOf } from './house-log-query.js';
import { Rows } from './house-log-rows.js';
import { declined } from './house-proof.js';
import { download } from './setup-parts.js';

/** @typedef {import('./house-log-query.js').Query} Query @typedef {import('./house-event.js').Event} Event */
/** @typedef {{events: Event[], next: string, newest: string, naming?: string}} LogPage */

/** Lines in one answer. */
const PAGE = '100';

/** @type {import('./house.js').Show} */
export async function show(place, deps) {
  const log = new Log(place, deps);
  await log.begin();
}

class Log {
  #round = 0;
  #next = '';
  #newest = '';
  #loading = false;
  /** Older lines come by themselves, until something is in the way. */
  #flows = true;
  /** @type {Query} */
  #query = {};

  /** @param {HTMLElement} place @param {import('./view.js').Deps} deps */
  constructor(place, deps) {
    this.deps = deps;
    this.place = place;
    const built = (this.built = build('house-log'));
    this.rows = new Rows(/** @type {HTMLTableElement} */ (built.part('table')), () => this.#query);
  }

  async begin() {
    const { built, deps, place } = this;
    const { signal } = deps;
    const { people } = await deps.api.get('/latchkey/people');
    if (signal.aborted) return;
    place.replaceChildren(built.root);
    this.fields = fieldsIn(built, people, (query) => deps.navigate(hashOf(query), { replace: true }), signal);
    this.follow = followIn(built, {
      more: () => this.#newer(),
      trouble: (error) => this.#trouble(error),
      signal,
    });
    built.part('more').addEventListener('click', () => void this.#older(true));
    built.part('again').addEventListener('click', () => void this.#load());
    built.part('clear').addEventListener('click', () => deps.navigate('#/house/log', { replace: true }));
    const save = built.part('save');
    save.addEventListener('click', () =>
      openMenu(
        save,
        ['csv', 'jsonl'].map((format) => ({
          text: t(`house.log.save.${format}`),
          icon: 'download',
          run: () => void this.#save(format),
        })),
      ),
    );
    this.near = new IntersectionObserver(([{ isIntersecting }]) => {
      if (isIntersecting) void this.#older(false);
    });
    signal.addEventListener('abort', () => this.near?.disconnect());
    deps.route.addEventListener('change', () => this.#asked(), { signal });
    this.#asked();
  }

  /** The address says what is asked. */
  #asked() {
    if (this.deps.route.parts[1] !== 'log') return;
    this.#query = queryOf(this.deps.route.query);
    this.fields?.show(this.#query);
    void this.#load();
  }

  /** @param {Record<string, string>} [more] @param {{unasked?: boolean}} [options] @returns {Promise<LogPage>} */
  #ask(more = {}, options = {}) {
    return this.deps.api.get(`/latchkey/log?${paramsOf(this.#query, { limit: PAGE, ...more })}`, options);
  }

  /** The first page of what is asked. */
  async #load() {
    const { built, deps } = this;
    const mine = ++this.#round;
    this.follow?.pause();
    this.#loading = true;
    this.#state('loading');
    try {
      const page = await whileSlow(this.#ask(), built.part('busy'));
      if (mine !== this.#round || deps.signal.aborted) return;
      this.rows.clear();
      this.rows.append(page.events);
      this.#next = page.next ?? '';
      this.#newest = page.newest ?? '';
      this.#flows = true;
      this.#named(page.naming ?? '');
      this.#state('there');
      announce(t('house.log.found', { count: page.events.length }));
      this.follow?.resume();
    } catch (error) {
      if (mine !== this.#round || deps.signal.aborted) return;
      this.#state('locked');
      if (!declined(error)) this.#trouble(error);
    } finally {
      if (mine === this.#round) this.#loading = false;
    }
  }

  /** @param {boolean} pressed by a person, whose focus then goes on */
  async #older(pressed) {
    if (this.#next === '' || this.#loading) return;
    const mine = this.#round;
    this.#loading = true;
    try {
      // Whoever only scrolls is not asked for a proof.
      const page = await this.#ask({ before: this.#next }, { unasked: !pressed });
      if (mine !== this.#round || this.deps.signal.aborted) return;
      const first = this.rows.append(page.events);
      this.#next = page.next ?? '';
      this.#flows = true;
      this.#state('there');
      if (pressed && first) {
        first.tabIndex = -1;
        first.focus();
      }
    } catch (error) {
      if (mine !== this.#round || this.deps.signal.aborted) return;
      this.#flows = false; // the button asks again
      if (!declined(error)) this.#trouble(error);
      this.#state('there');
    } finally {
      if (mine === this.#round) this.#loading = false;
    }
  }

  /** What came since. Nobody pressed anything, so nobody is asked for a proof. */
  async #newer() {
    if (this.#loading) return;
    const mine = this.#round;
    const page = await this.#ask(this.#newest ? { after: this.#newest } : {}, { unasked: true });
    if (mine !== this.#round || this.deps.signal.aborted) return;
    this.#newest = page.newest || this.#newest;
    if (page.events.length === 0) return;
    this.rows.prepend(page.events);
    this.#state('there');
    announce(t('house.log.new', { count: page.events.length }));
  }

  /** @param {string} format */
  async #save(format) {
    const { deps } = this;
    this.#trouble(null);
    try {
      const path = `/latchkey/log/export?${paramsOf(this.#query, { format })}`;
      const file = await whileSlow(deps.api.file(path), this.built.part('busy'));
      const name = `latchkey-log-${new Date().toISOString().slice(0, 10)}.${format}`;
      download(name, file.type, file);
      deps.say(t('house.log.saved', { file: name }));
    } catch (error) {
      if (!declined(error)) this.#trouble(error);
    }
  }

  /** @param {'loading'|'there'|'none'|'locked'} state */
  #state(state) {
    const { built } = this;
    if (state === 'there' && this.rows.count === 0 && this.#next === '') state = 'none';
    built.root.dataset.state = state;
    built.part('none').hidden = state !== 'none';
    built.part('locked').hidden = state !== 'locked';
    built.part('table').hidden = state === 'none' || state === 'locked';
    built.part('more').hidden = state !== 'there' || this.#next === '';
    built.part('end').hidden = state !== 'there' || this.#next !== '';
    if (state === 'loading') this.#trouble(null);
    // Looked at anew: an answer may be short, or empty, and not be the last one.
    this.near?.unobserve(built.part('more'));
    if (state === 'there' && this.#flows && this.#next !== '') this.near?.observe(built.part('more'));
  }

  /** Under which names the log is kept. @param {string} naming */
  #named(naming) {
    const place = this.built.part('naming');
    place.hidden = naming === '';
    if (naming) place.textContent = t(`house.naming.${naming}`);
  }

  /** @param {unknown} error */
  #trouble(error) {
    const { text, hint } = error ? messageOf(error) : { text: '', hint: '' };
    this.built.part('trouble').textContent = `${text} ${hint}`.trim();
  }
}
