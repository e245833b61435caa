// vault: puts list and item side by side, or one over the other, and keeps them
// and the address together: #/vault/PLACE, /ID, /ID/edit, /new/KIND.
import { openMenu } from '../components/menu.js';
import { build } from '../components/template.js';
import { ItemPage } from './item-page.js';
import { listenToKeys } from './keys.js';
import { kinds } from './places.js';
import { Acts } from './vault-bulk.js';
import { VaultList, beside } from './vault-list.js';

/** @typedef {import('./view.js').Deps} Deps */

/** @type {import('./view.js').Mount} */
export async function mount(root, deps) {
  const view = new VaultView(root, deps);
  deps.route.addEventListener('change', () => view.follow(), { signal: deps.signal });
  listenToKeys(view, deps);
  await view.follow();
}

/** The view; the keys act on it. */
export class VaultView {
  /** Whether the list is one step back in the browser's history. */
  #pushed = false;

  /** @param {HTMLElement} root @param {Deps} deps */
  constructor(root, deps) {
    this.deps = deps;
    this.built = build('vault');
    root.replaceChildren(this.built.root);
    this.acts = new Acts(deps);
    this.page = new ItemPage(this.built.part('item'), deps, {
      back: () => this.back(),
      go: (rest, options) => this.go(rest, options),
      place: () => this.list.place,
      acts: this.acts,
    });
    this.list = new VaultList(this.built.part('list'), deps, {
      open: (id, how) => this.open(id, how),
      add: (button) => this.add(button),
    });
  }

  /** Shows what the address says; resolves when it is shown. */
  async follow() {
    const [, place = 'all', id = '', more = ''] = this.deps.route.parts;
    this.list.goTo(place);
    this.built.root.classList.toggle('has-item', id !== '');
    const had = this.page.shown;
    const showing = this.#show(id, more);
    this.list.show(id && id !== 'new' ? id : null);
    if (id && !beside()) this.page.host.focus();
    if (!id && had && (!beside() || document.activeElement === document.body)) this.list.list.host.focus();
    await showing;
  }

  /** @param {string} id @param {string} more */
  #show(id, more) {
    if (id === 'new') return this.page.newItem(more || 'login');
    if (id && more === 'edit') return this.page.editItem(id);
    if (id) return this.page.showItem(id);
    if (this.page.shown !== '' || !this.page.host.hasChildNodes()) this.page.showNone();
    return undefined;
  }

  /** @param {string[]} rest @param {{ replace?: boolean }} [options] */
  go(rest, options) {
    this.deps.navigate(`#/vault/${[this.list.place, ...rest].map(encodeURIComponent).join('/')}`, options);
  }

  /** Opens an item: beside the list the address is replaced, over it "back" leads back. @param {string} id @param {'look' | 'enter'} how */
  open(id, how) {
    if (!beside()) this.#pushed = true;
    this.go([id], { replace: beside() });
    if (how === 'enter') this.page.host.focus();
  }

  /** Back to the list: by the browser's own way back where that leads there. */
  back() {
    if (this.#pushed) history.back();
    else this.go([], { replace: true });
    this.#pushed = false;
    this.list.list.host.focus();
  }

  /** Begins a new item of the place's kind, or asks for the kind by a menu. @param {HTMLElement | null} button */
  add(button) {
    const { text } = this.deps;
    const here = kinds.find((kind) => kind === this.list.place);
    const begin = (/** @type {string} */ kind) => {
      if (!this.page.shown) this.#pushed = true;
      this.go(['new', kind], { replace: this.page.shown !== '' });
    };
    if (!button || here) return begin(here ?? 'login');
    openMenu(
      button,
      kinds.map((kind) => ({ text: text(`kind.${kind}`), icon: kind, run: () => begin(kind) })),
    );
  }

  /** Copies from the item that is shown, or else from the one under the active row. @param {string} path @param {string} what */
  async copy(path, what) {
    const { text, say } = this.deps;
    const wanted = this.list.active?.id;
    if (wanted && wanted !== this.page.shown && beside()) await this.page.showItem(wanted);
    if (this.page.shown && !(await this.page.copyPath(path))) say(text('copy.none', { what: text(what) }));
  }
}
