// vault-list: the middle column: search, the list of a place, and the choosing
// of several. It tells the vault view what was opened and never shows a secret.
import { build } from '../components/template.js';
import { icon } from '../components/icon.js';
import { WindowedList } from '../components/windowed-list.js';
import { BulkBar } from './vault-bulk.js';
import { placeIcon, placeName } from './places.js';
import { paintTile } from './tile.js';

/** @typedef {import('./view.js').Deps} Deps @typedef {import('../vault/types.js').Summary} Summary */

/**
 * @typedef {object} ListHooks
 * @property {(id: string, how: 'look' | 'enter') => void} open look: shown, the focus stays in the list where there is room; enter: gone to
 * @property {(button: HTMLElement | null) => void} add
 */

/** The column. */
export class VaultList {
  place = 'all';
  /** The item that is shown. @type {string | null} */
  shown = null;
  /** Chosen ids; null while nothing is being chosen. @type {Set<string> | null} */
  chosen = null;
  #anchor = 0;
  #drawn = false;

  /** @param {HTMLElement} host @param {Deps} deps @param {ListHooks} hooks */
  constructor(host, deps, hooks) {
    this.deps = deps;
    this.hooks = hooks;
    const built = build('vault-list');
    this.part = built.part;
    this.search = built.part('search', HTMLInputElement);
    host.replaceChildren(...built.root.childNodes);
    this.list = this.#makeList(built.part('list'));
    this.bulk = new BulkBar(built.part('bulk'), deps, this);
    this.#wire();
  }

  /** Goes to a place; the search is kept only where it is the same place. @param {string} place */
  goTo(place) {
    if (place === this.place && this.#drawn) return;
    if (place !== this.place) {
      this.search.value = '';
      this.stopChoosing();
    }
    this.place = place;
    this.#drawn = true;
    this.update({ fresh: true });
  }

  /**
   * Draws what the place and the search give now.
   * @param {{ fresh?: boolean }} [options] fresh: another place or query, so from its beginning
   */
  update({ fresh = false } = {}) {
    const { vault, text } = this.deps;
    const query = this.search.value.trim();
    const keep = fresh ? undefined : this.list.items[this.list.active]?.id;
    const items = vault.search(query, { place: this.place });
    const at = keep === undefined ? -1 : items.findIndex(({ id }) => id === keep);
    this.list.show(items, query && at < 0 ? 0 : at, { fromTop: fresh });
    this.part('title').textContent = placeName(this.place, this.deps);
    this.part('count').textContent = text(query ? 'list.found' : 'list.count', { count: items.length });
    this.part('empty-trash').hidden = this.place !== 'trash' || items.length === 0 || Boolean(query);
    this.#drawEmpty(items.length === 0, query);
    if (this.chosen) this.bulk.draw();
  }

  /** Marks the item that is shown and makes it the active one. @param {string | null} id */
  show(id) {
    this.shown = id;
    const at = this.list.items.findIndex((item) => item.id === id);
    if (at >= 0) this.list.activate(at);
    else this.list.refresh();
  }

  /** The item under the active row. @returns {Summary | undefined} */
  get active() {
    return this.list.items[this.list.active];
  }

  /** Starts to choose several. */
  startChoosing() {
    this.chosen ??= new Set();
    this.list.host.setAttribute('aria-multiselectable', 'true');
    this.list.host.classList.add('choosing');
    this.bulk.draw();
    this.list.refresh();
  }

  stopChoosing() {
    this.chosen = null;
    this.list.host.removeAttribute('aria-multiselectable');
    this.list.host.classList.remove('choosing');
    this.bulk.draw();
    this.list.refresh();
  }

  /** @param {number} index @param {boolean} [range] from the last one chosen up to here */
  choose(index, range = false) {
    this.startChoosing();
    const chosen = /** @type {Set<string>} */ (this.chosen);
    const from = range ? Math.min(this.#anchor, index) : index;
    const to = range ? Math.max(this.#anchor, index) : index;
    const on = range || !chosen.has(this.list.items[index].id);
    for (let at = from; at <= to; at++) {
      if (on) chosen.add(this.list.items[at].id);
      else chosen.delete(this.list.items[at].id);
    }
    this.#anchor = index;
    this.bulk.draw();
    this.list.refresh();
  }

  /** Everything that is listed. */
  chooseAll() {
    this.startChoosing();
    this.chosen = new Set(this.list.items.map(({ id }) => id));
    this.bulk.draw();
    this.list.refresh();
  }

  /** @param {HTMLElement} host */
  #makeList(host) {
    return new WindowedList(host, {
      makeRow: () => build('row').root,
      fillRow: (row, /** @type {Summary} */ item) => this.#fillRow(row, item),
      onMove: (index, _cause, event) => {
        if (/** @type {KeyboardEvent} */ (event).shiftKey) this.choose(index, true);
        else if (!this.chosen && beside()) this.hooks.open(this.list.items[index].id, 'look');
      },
      onOpen: (index, event) => {
        const { shiftKey = false, ctrlKey = false, metaKey = false } = /** @type {MouseEvent} */ (event);
        if (this.chosen || shiftKey || ctrlKey || metaKey) this.choose(index, shiftKey);
        else {
          this.#anchor = index;
          this.hooks.open(this.list.items[index].id, event instanceof KeyboardEvent ? 'enter' : 'look');
        }
      },
      lender: this.search,
      signal: this.deps.signal,
    });
  }

  #wire() {
    const { signal } = this.deps;
    this.search.addEventListener('input', () => this.update({ fresh: true }));
    this.part('clear').addEventListener('click', () => {
      this.search.value = '';
      this.update();
      this.search.focus();
    });
    this.search.addEventListener('keydown', (event) => this.#searchKey(event));
    this.list.host.addEventListener('keydown', (event) => {
      if (event.key !== ' ' || this.list.active < 0) return;
      event.preventDefault();
      this.choose(this.list.active, event.shiftKey);
    });
    this.list.host.addEventListener('contextmenu', (event) => {
      const row = /** @type {HTMLElement | null} */ (Object(event.target).closest?.('[role="option"]'));
      if (!row || !matchMedia('(pointer: coarse)').matches) return;
      event.preventDefault();
      this.choose(Number(row.dataset.index));
    });
    this.part('menu').addEventListener('click', () => {
      this.list.host.dispatchEvent(new CustomEvent('open-places', { bubbles: true }));
    });
    for (const name of ['add', 'add-float']) {
      this.part(name).addEventListener('click', () => this.hooks.add(this.part(name)));
    }
    this.part('empty-trash').addEventListener('click', async () => {
      if (!(await this.bulk.acts.emptyTrash())) return;
      this.stopChoosing();
      this.search.focus();
    });
    this.part('choose').addEventListener('click', () =>
      this.chosen ? this.stopChoosing() : this.startChoosing(),
    );
    this.deps.vault.addEventListener('change', () => this.update(), { signal });
  }

  /** The arrows and Enter of the search field are the list's. @param {KeyboardEvent} event */
  #searchKey(event) {
    if (event.isComposing) return;
    if (event.key === 'Escape' && this.search.value) {
      this.search.value = '';
      this.update();
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const text = ['Home', 'End'].includes(event.key) || (event.shiftKey && event.key.startsWith('Arrow'));
    if (text || !this.list.key(event)) return;
    if (event.key.startsWith('Arrow')) this.list.host.focus();
  }

  /** @param {HTMLElement} row @param {Summary} item */
  #fillRow(row, item) {
    const [tile, words, marks] = /** @type {HTMLCollectionOf<HTMLElement>} */ (row.children);
    const [name, sub] = /** @type {HTMLCollectionOf<HTMLElement>} */ (words.children);
    const [star, clip] = /** @type {HTMLCollectionOf<HTMLElement>} */ (marks.children);
    paintTile(tile, item);
    name.textContent = item.name || this.deps.text('item.unnamed');
    sub.textContent = item.broken ? this.deps.text('item.broken') : item.subtitle;
    star.hidden = !item.favourite;
    clip.hidden = !item.attachments;
    const on = this.chosen ? this.chosen.has(item.id) : item.id === this.shown;
    row.setAttribute('aria-selected', String(on));
  }

  /** @param {boolean} empty @param {string} query */
  #drawEmpty(empty, query) {
    const { text } = this.deps;
    const box = this.part('empty');
    const hadFocus = document.activeElement === this.list.host;
    box.hidden = !empty;
    this.list.host.hidden = empty;
    if (!empty) return;
    const key = query ? 'search' : this.place.startsWith('folder:') ? 'folder' : this.place;
    this.part('empty-icon').replaceChildren(icon(query ? 'search' : placeIcon(this.place)));
    this.part('empty-text').textContent = text(`empty.${key}`, { query });
    const button = this.part('empty-action');
    const kind = ['archive', 'trash', 'favourites', 'other'].includes(this.place) && !query;
    button.hidden = kind;
    button.textContent = text(query ? 'empty.everywhere' : 'empty.add');
    if (query && this.place === 'all') button.textContent = text('empty.clear');
    // A lock empties the list, too, but then the view leaves before this comes to run.
    if (hadFocus)
      queueMicrotask(() => this.deps.signal.aborted || (button.hidden ? this.search : button).focus());
    button.onclick = () => {
      if (!query) return this.hooks.add(button);
      if (this.place === 'all') this.search.value = '';
      else return this.#searchEverywhere(query);
      this.update();
      this.search.focus();
    };
  }

  /** @param {string} query */
  #searchEverywhere(query) {
    this.goTo('all');
    this.deps.navigate('#/vault/all');
    this.search.value = query;
    this.update();
    this.search.focus();
  }
}

/** Whether the item stands beside the list rather than over it. */
export function beside() {
  return matchMedia('(min-width: 37.5em)').matches;
}
