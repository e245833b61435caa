// item-page: the right column: one item, read or edited. It keeps the decrypted
// item only while it shows it.
import { askPassword } from '../components/dialog.js';
import { drawMark } from '../components/icon.js';
import { messageOf } from '../components/problem.js';
import { build, element } from '../components/template.js';
import { sayError, unsay } from '../components/toast.js';
import { blank } from '../vault/cipher.js';
import { ItemRead } from './item-read.js';
import { kindOf, typeOf } from './item-shape.js';
import { showState, subtitle, wireStar, wireTools } from './item-tools.js';
import { paintTile } from './tile.js';

/** @typedef {import('./item-edit.js').ItemEdit} ItemEdit */
/** @typedef {import('./view.js').Deps} Deps @typedef {import('../vault/types.js').Item} Item */

/**
 * @typedef {object} PageHooks
 * @property {() => void} back to the list
 * @property {(rest: string[], options?: { replace?: boolean }) => void} go to an address within the place
 * @property {() => string} place
 * @property {import('./vault-bulk.js').Acts} acts
 */

/** The form comes after the list is drawn: who opens the vault mostly wants to read. */
const loadEdit = () => import('./item-edit.js');
const loadEditAfter = 1500; // ms

/** The column. */
export class ItemPage {
  /** @type {AbortController} */
  #turn = new AbortController();
  /** @type {ItemRead | null} */
  reading = null;
  /** @type {ItemEdit | null} */
  editing = null;
  /** What is shown: an id, 'new', or ''. */
  shown = '';
  /** The item as it was before the edit, for the undo of its save. @type {Item | null} */
  #before = null;
  /** What gets the focus once the item is drawn for reading, by its data-focus. */
  #awaited = '';
  /** The id for which the password was asked again already. */
  #proven = '';

  /** @param {HTMLElement} host @param {Deps} deps @param {PageHooks} hooks */
  constructor(host, deps, hooks) {
    this.host = host;
    this.deps = deps;
    this.hooks = hooks;
    deps.signal.addEventListener('abort', () => this.#leave());
    setTimeout(() => loadEdit().catch(() => {}), loadEditAfter);
    deps.vault.addEventListener(
      'change',
      (event) => this.#follow(/** @type {CustomEvent} */ (event).detail),
      {
        signal: deps.signal,
      },
    );
  }

  /** Shows nothing yet. */
  showNone() {
    this.#begin('');
    const { root } = build('no-item');
    drawMark(/** @type {Element} */ (root.querySelector('.mark')));
    this.host.replaceChildren(root);
  }

  /** Shows an item for reading. @param {string} id */
  async showItem(id) {
    if (this.shown === id && this.reading && !this.editing) return;
    const signal = this.#begin(id);
    try {
      const item = await this.deps.vault.open(id);
      if (!signal.aborted) this.#read(item, signal);
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
    }
  }

  /** Opens an item for editing, from its draft where there is one. @param {string} id */
  async editItem(id) {
    if (this.editing && this.shown === id) return;
    const signal = this.#begin(id);
    try {
      const item = await this.deps.vault.open(id);
      if (signal.aborted) return;
      if (item.broken) {
        this.#read(item, signal);
        return this.deps.say(this.deps.text('item.broken.edit'));
      }
      if (item.reprompt && !(await this.#prove(item))) return this.hooks.go([id], { replace: true });
      this.#before = structuredClone(item);
      const draft = await this.deps.vault.drafts.get(`item:${id}`);
      if (!signal.aborted) await this.#edit(draft ?? item, signal, Boolean(draft));
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
    }
  }

  /** Begins a new item. @param {string} kind */
  async newItem(kind) {
    if (this.editing && this.shown === `new:${kind}`) return;
    const signal = this.#begin(`new:${kind}`);
    const item = blank(typeOf(kind));
    const place = this.hooks.place();
    if (place.startsWith('folder:')) item.folderId = place.slice(7);
    if (place === 'favourites') item.favourite = true;
    try {
      const draft = await this.deps.vault.drafts.get(`item:new:${kind}`);
      if (!signal.aborted) await this.#edit(draft ?? item, signal, Boolean(draft));
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
    }
  }

  /** Copies by letter. @param {string} path @returns {Promise<boolean>} whether there was something */
  async copyPath(path) {
    return (await this.reading?.copyPath(path)) ?? false;
  }

  /** @param {string} shown */
  #begin(shown) {
    this.#leave();
    this.#turn = new AbortController();
    if (this.shown !== shown) this.#proven = '';
    this.shown = shown;
    return this.#turn.signal;
  }

  #leave() {
    void this.editing?.keep();
    this.#turn.abort();
    this.reading = null;
    this.editing = null;
  }

  /** The item changed somewhere else: show it as it is now; an edit is left alone. @param {import('../vault/types.js').Change} change */
  async #follow({ ids, all }) {
    if (!this.reading || this.editing || !(all || ids?.includes(this.shown))) return;
    const { vault } = this.deps;
    if (!vault.get(this.shown)) return;
    if (vault.get(this.shown)?.revision === this.reading.item.revision && !ids?.includes(this.shown)) return;
    const { signal } = this.#turn;
    const item = await vault.open(this.shown).catch(() => null);
    if (item && !signal.aborted && this.reading) this.#read(item, this.#begin(this.shown));
  }

  /** @param {Item} item @param {AbortSignal} signal */
  #read(item, signal) {
    const focused = this.#awaited || this.#focusName();
    this.#awaited = '';
    const built = build('item');
    paintTile(built.part('tile'), item);
    built.part('name').textContent = item.name || this.deps.text('item.unnamed');
    built.part('sub').textContent = subtitle(item, this.deps);
    showState(built.part('state'), item, this.deps);
    this.host.replaceChildren(built.root);
    this.reading = new ItemRead(built.part('rows'), item, this.deps, {
      prove: () => this.#prove(item),
      signal,
    });
    wireTools(built, item, this.deps, this.hooks);
    if (focused) this.#focus(focused);
  }

  /** @param {Item} item @param {AbortSignal} signal @param {boolean} fromDraft */
  async #edit(item, signal, fromDraft) {
    const { ItemEdit } = await loadEdit();
    if (signal.aborted) return;
    const { text } = this.deps;
    const built = build('item-edit');
    const name = built.part('name', HTMLInputElement);
    paintTile(built.part('tile'), item);
    name.value = item.name;
    built.part('sub').textContent = subtitle(item, this.deps);
    const note = built.part('draft');
    note.hidden = !fromDraft;
    this.host.replaceChildren(built.root);
    const form = new ItemEdit(built.part('rows'), item, this.deps, { draft: `item:${this.shown}`, signal });
    form.changed = fromDraft;
    this.editing = form;
    name.addEventListener('input', () => {
      form.put('name', name.value);
      paintTile(built.part('tile'), item);
    });
    built.part('discard').addEventListener('click', () => this.cancel());
    built.part('cancel').addEventListener('click', () => this.cancel());
    wireStar(built.part('star'), item, () => form.touch());
    built.root.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#save(form);
    });
    built.part('heading').textContent = text(item.id ? 'edit.heading' : `new.${kindOf(item.type)}`);
    name.placeholder = text(`name.${kindOf(item.type)}`);
    name.focus();
  }

  /** Saves what is being edited now, if anything is. */
  save() {
    return this.editing ? this.#save(this.editing) : undefined;
  }

  /** Leaves the edit; what was typed comes back by the toast's undo. */
  async cancel() {
    const form = this.editing;
    if (!form) return;
    const { text, say, vault } = this.deps;
    const kept = form.changed ? structuredClone(form.item) : null;
    const place = this.hooks.place();
    await form.drop();
    const id = form.item.id;
    if (id) this.#awaited = 'edit';
    if (id) this.hooks.go([id], { replace: true });
    else this.hooks.back();
    if (!kept) return;
    const undo = async () => {
      await vault.drafts.set(form.draft, kept);
      const rest = id ? [id, 'edit'] : ['new', kindOf(kept.type)];
      this.deps.navigate(`#/vault/${[place, ...rest].map(encodeURIComponent).join('/')}`);
    };
    say(text(id ? 'edit.discarded' : 'edit.discarded.new'), { undo });
  }

  /**
   * Shows the item as saved at once; where the server refuses, the edit comes
   * back with what was typed and the reason beside it.
   * @param {ItemEdit} form @param {boolean} [over] over a newer one
   */
  async #save(form, over = false) {
    const { vault, text, say } = this.deps;
    await form.keep();
    const item = structuredClone(form.finish());
    if (!item.name) return this.#refuse({ code: 'edit.unnamed' });
    if (item.id && !form.changed && !over) return this.cancel();
    const { draft } = form;
    const place = this.hooks.place();
    const before = item.id ? this.#before : null;
    const saving = over ? vault.revert(item) : vault.save(item);
    this.#read(item, this.#begin(item.id || 'saving'));
    if (item.id) this.hooks.go([item.id], { replace: true });
    this.#focus('edit');
    const undo = before ? () => void saving.then(() => vault.revert(before)).catch(sayError) : undefined;
    say(text('edit.saved'), { undo, quiet: !undo });
    try {
      const saved = await saving;
      await vault.drafts.drop(draft);
      if (!item.id && this.shown === 'saving' && !this.deps.signal.aborted) {
        this.shown = saved.id;
        this.#read(saved, this.#begin(saved.id));
        this.hooks.go([saved.id], { replace: true });
      }
    } catch (error) {
      await this.#again(item, draft, place, error);
    }
  }

  /** Back to the edit after a refused save. @param {Item} item @param {string} draft @param {string} place @param {unknown} error */
  async #again(item, draft, place, error) {
    await this.deps.vault.drafts.set(draft, item).catch(() => {});
    const here = this.shown === item.id || this.shown === 'saving';
    if (!here || this.deps.signal.aborted) return sayError(error);
    const rest = item.id ? [item.id, 'edit'] : ['new', kindOf(item.type)];
    unsay();
    this.shown = item.id || `new:${kindOf(item.type)}`;
    await this.#edit(item, this.#begin(this.shown), false);
    if (this.editing) this.editing.changed = true;
    this.deps.navigate(`#/vault/${[place, ...rest].map(encodeURIComponent).join('/')}`, { replace: true });
    this.#refuse(error);
  }

  /** Says at the head of the edit why it was not saved. @param {unknown} error */
  #refuse(error) {
    const { code, text, hint } = messageOf(error);
    const box = /** @type {HTMLElement} */ (this.host.querySelector('.error'));
    box.replaceChildren(element('strong', '', text), hint);
    if (code === 'edit.unnamed')
      /** @type {HTMLElement | null} */ (this.host.querySelector('.item-name'))?.focus();
    if (code !== 'item.changed' || !this.editing) return;
    const form = this.editing;
    const over = element('button', 'button', this.deps.text('edit.over'));
    over.type = 'button';
    over.addEventListener('click', () => this.#save(form, true));
    box.append(over);
  }

  /** @param {unknown} error */
  #failed(error) {
    const built = build('item-failed');
    const { text, hint } = messageOf(error);
    built.part('text').textContent = text;
    built.part('hint').textContent = hint;
    built.part('back').addEventListener('click', () => this.hooks.back());
    this.host.replaceChildren(built.root);
  }

  /** Asks the master password again where the item wants it, once while it is shown. @param {Item} item */
  async #prove(item) {
    if (!item.reprompt || this.#proven === item.id) return true;
    const { text, session } = this.deps;
    const password = await askPassword({
      text: text('prove.text', { name: item.name }),
      action: text('prove.action'),
      verify: (typed) => session.verifyPassword(typed),
    });
    if (password === null) return false;
    this.#proven = item.id;
    return true;
  }

  #focusName() {
    const { activeElement } = document;
    return this.host.contains(activeElement) ? (activeElement?.getAttribute('data-focus') ?? '') : '';
  }

  /** @param {string} name */
  #focus(name) {
    /** @type {HTMLElement | null} */ (
      this.host.querySelector(`[data-focus="${CSS.escape(name)}"]`)
    )?.focus();
  }
}
