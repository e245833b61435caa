// item-edit: the rows of an item as fields, in the places where they were read.
// Every change becomes a draft, so that a lock or a reload loses nothing.
import { build, element } from '../components/template.js';
import { icon } from '../components/icon.js';
import { openMenu } from '../components/menu.js';
import { EditRow } from './item-edit-row.js';
import { kindOf, putAt, rowsOf, valueAt } from './item-shape.js';

/** @typedef {import('./view.js').Deps} Deps @typedef {import('../vault/types.js').Item} Item @typedef {import('./item-shape.js').Row} Row */

const draftAfter = 80; // ms of rest before what was typed is sealed away

/** Fills a form with an item's fields and keeps its copy of the item true. */
export class ItemEdit {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  changed = false;

  /**
   * @param {HTMLElement} host @param {Item} item changed in place as it is typed
   * @param {Deps} deps @param {{ draft: string, signal: AbortSignal }} options draft: the key of its draft
   */
  constructor(host, item, deps, { draft, signal }) {
    this.host = host;
    this.item = item;
    this.deps = deps;
    this.draft = draft;
    this.fresh = item.id === '';
    this.signal = signal;
    if (this.fresh && item.login && item.login.uris.length === 0)
      this.item.login?.uris.push({ uri: '', match: null });
    this.#order = this.#firstOrder();
    this.draw();
    signal.addEventListener('abort', () => clearTimeout(this.#timer));
  }

  /** Paths in the order of the rows. What was filled when the edit began comes first and so stays where it was read. @type {string[]} */
  #order;

  #firstOrder() {
    const rows = rowsOf(this.item);
    if (this.fresh) return rows.map(({ path }) => path);
    const filled = (/** @type {Row} */ row) => valueAt(this.item, row.path) !== '' || row.what === 'yes';
    return [...rows.filter(filled), ...rows.filter((row) => !filled(row))].map(({ path }) => path);
  }

  /** Draws every row. @param {string} [focusPath] the row to go to */
  draw(focusPath) {
    const rows = rowsOf(this.item);
    const place = (/** @type {Row} */ { path }) => {
      const at = this.#order.indexOf(path);
      return at < 0 ? this.#order.length : at;
    };
    rows.sort((a, b) => place(a) - place(b));
    this.host.replaceChildren(
      ...rows.map((row) => new EditRow(row, this).root),
      this.#adders(),
      this.#foot(),
    );
    if (focusPath) this.focus(focusPath);
  }

  /** @param {string} path */
  focus(path) {
    /** @type {HTMLElement | null} */ (
      this.host.querySelector(`[data-focus="edit:${CSS.escape(path)}"]`)
    )?.focus();
  }

  /** Takes a typed value. @param {string} path @param {string} value */
  put(path, value) {
    putAt(this.item, path, value);
    this.touch();
  }

  /** Something of the item was changed: keep it as a draft soon. */
  touch() {
    this.changed = true;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.keep(), draftAfter);
  }

  /** Keeps the draft now. */
  async keep() {
    clearTimeout(this.#timer);
    if (!this.changed) return;
    await this.deps.vault.drafts.set(this.draft, this.item).catch(() => {}); // locked in between: the last one stands
  }

  /** Stops keeping and forgets the draft. */
  async drop() {
    clearTimeout(this.#timer);
    this.changed = false;
    await this.deps.vault.drafts.drop(this.draft);
  }

  /** Takes an address or a custom field away. @param {Row} row */
  remove({ path, fixed }) {
    const at = fixed ?? Number(path.split('.')[2]);
    const list = fixed === undefined ? this.item.login?.uris : this.item.fields;
    list?.splice(at, 1);
    const stem = path.startsWith('fields') ? 'fields' : 'login.uris';
    const tail = stem === 'fields' ? 'value' : 'uri';
    this.#order = this.#order
      .filter((known) => known !== path)
      .map((known) => shifted(known, stem, tail, at));
    this.touch();
    this.draw();
    /** @type {HTMLElement | null} */ (this.host.querySelector('.adders button'))?.focus();
  }

  #adders() {
    const { text } = this.deps;
    const box = element('div', 'adders');
    const add = (/** @type {string} */ key, /** @type {(button: HTMLElement) => void} */ run) => {
      const button = element('button', 'button quiet', text(key));
      button.type = 'button';
      button.prepend(icon('plus'));
      button.addEventListener('click', () => run(button));
      box.append(button);
    };
    if (this.item.login) add('edit.add.uri', () => this.#addUri());
    add('edit.add.field', (button) =>
      openMenu(button, [
        { text: text('edit.field.text'), icon: 'note', run: () => this.#addField(0) },
        { text: text('edit.field.hidden'), icon: 'eye-off', run: () => this.#addField(1) },
        { text: text('edit.field.yes'), icon: 'select', run: () => this.#addField(2) },
      ]),
    );
    return box;
  }

  #addUri() {
    const uris = /** @type {NonNullable<Item['login']>} */ (this.item.login).uris;
    const path = `login.uris.${uris.push({ uri: '', match: null }) - 1}.uri`;
    const last = this.#order.findLastIndex((known) => known.startsWith('login.'));
    this.#order.splice(last + 1, 0, path);
    this.draw(path);
  }

  /** @param {0 | 1 | 2} type */
  #addField(type) {
    const field = { type, name: '', value: type === 2 ? 'false' : '', linkedId: null };
    const at = this.item.fields.push(field) - 1;
    const notes = this.#order.indexOf('notes');
    this.#order.splice(notes < 0 ? this.#order.length : notes, 0, `fields.${at}.value`);
    this.touch();
    this.draw(`fields.${at}.name`);
  }

  #foot() {
    const built = build('edit-foot');
    const folder = built.part('folder', HTMLSelectElement);
    const { vault, text } = this.deps;
    const options = [{ id: '', name: text('place.nofolder') }, ...vault.folders];
    folder.append(
      ...options.map(({ id, name }) => new Option(name, id, false, id === (this.item.folderId ?? ''))),
    );
    folder.addEventListener('change', () => {
      this.item.folderId = folder.value || null;
      this.touch();
    });
    const reprompt = built.part('reprompt', HTMLInputElement);
    reprompt.checked = this.item.reprompt;
    reprompt.addEventListener('change', () => {
      this.item.reprompt = reprompt.checked;
      this.touch();
    });
    return built.root;
  }

  /** Makes the item ready to be saved: what was added and left empty goes, a login without a name takes its site's. */
  finish() {
    const { item } = this;
    if (item.login) item.login.uris = item.login.uris.filter(({ uri }) => uri.trim() !== '');
    item.fields = item.fields.filter(({ name, value, type }) => name || (value && type !== 2));
    item.name = item.name.trim();
    if (!item.name) item.name = nameFrom(item);
    return item;
  }
}

/** The path of what moved up when the one at an index went. @param {string} path @param {string} stem @param {string} tail @param {number} gone */
function shifted(path, stem, tail, gone) {
  if (!path.startsWith(`${stem}.`)) return path;
  const at = Number(path.slice(stem.length + 1).split('.')[0]);
  return at > gone ? `${stem}.${at - 1}.${tail}` : path;
}

/** A name for an item that was given none, '' where nothing tells one. @param {Item} item */
function nameFrom(item) {
  const uri = item.login?.uris[0]?.uri ?? '';
  const host = uri
    .replace(/^[a-z][a-z\d+.-]*:\/\//i, '')
    .split(/[/?#:]/)[0]
    .replace(/^www\./, '');
  if (host) return host;
  if (kindOf(item.type) === 'identity')
    return `${item.identity?.firstName ?? ''} ${item.identity?.lastName ?? ''}`.trim();
  return kindOf(item.type) === 'card' ? (item.card?.brand ?? '') : '';
}
