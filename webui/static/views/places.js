// places: the list of places with their counts, in the column of a wide screen
// and in the drawer of a narrower one; folders are made, renamed and removed here.
import { ask, askText } from '../components/dialog.js';
import { drawMark, icon } from '../components/icon.js';
import { openMenu } from '../components/menu.js';
import { build, element } from '../components/template.js';
import { sayError } from '../components/toast.js';

/** @typedef {import('./view.js').Deps} Deps @typedef {import('../vault/types.js').Folder} Folder */

/** The kinds of items in the order in which the page names them. */
export const kinds = /** @type {const} */ (['login', 'card', 'identity', 'note', 'ssh']);

/**
 * The icon of a place.
 * @param {string} place
 */
export function placeIcon(place) {
  if (place.startsWith('folder:')) return 'folder';
  return { all: 'vault', favourites: 'star', nofolder: 'folder-none' }[place] ?? place;
}

/**
 * The name of a place.
 * @param {string} place @param {Deps} deps
 */
export function placeName(place, { vault, text }) {
  if (!place.startsWith('folder:')) return text(`place.${place}`);
  return vault.folders.find(({ id }) => id === place.slice(7))?.name ?? text('place.nofolder');
}

/** The places, drawn into as many hosts as there are (the column, an open drawer). */
export class Places {
  /** @type {Set<HTMLElement>} */
  #hosts = new Set();
  #here = '';
  /** @type {Record<string, number>} */
  #counts = {};

  /** @param {HTMLElement} host @param {Deps} deps */
  constructor(host, deps) {
    this.deps = deps;
    this.#hosts.add(host);
    deps.vault.addEventListener('change', () => this.#draw(), { signal: deps.signal });
    this.#draw();
  }

  /** @param {string[]} parts */
  follow(parts) {
    const here = parts[0] === 'vault' ? (parts[1] ?? 'all') : '';
    if (here === this.#here) return;
    this.#here = here;
    this.#draw();
  }

  /** Opens the drawer over a screen that has no column. */
  openDrawer() {
    const built = build('drawer');
    const dialog = element('dialog', 'drawer');
    dialog.setAttribute('aria-label', this.deps.text('nav.label'));
    drawMark(/** @type {Element} */ (built.root.querySelector('.mark')));
    const host = built.part('places');
    dialog.append(built.root);
    document.body.append(dialog);
    this.#hosts.add(host);
    this.#draw();
    const before = document.activeElement;
    dialog.addEventListener('close', () => {
      this.#hosts.delete(host);
      dialog.remove();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
    });
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog || Object(event.target).closest?.('a.place')) dialog.close();
    });
    built.part('close').addEventListener('click', () => dialog.close());
    built.part('lock').addEventListener('click', () => this.deps.session.lock());
    dialog.showModal();
  }

  #draw() {
    this.#counts = this.deps.vault.counts();
    for (const host of this.#hosts) this.#drawInto(host);
  }

  /** @param {HTMLElement} host */
  #drawInto(host) {
    const focused = host.contains(document.activeElement)
      ? document.activeElement?.getAttribute('data-focus')
      : null;
    const { folders } = this.deps.vault;
    const built = build('places');
    const fill = (/** @type {string} */ part, /** @type {string[]} */ places) =>
      built.part(part).append(...places.map((place) => this.#row(place)));
    fill('main', ['all', 'favourites']);
    fill('types', [...kinds, ...(this.#count('other') ? ['other'] : [])]);
    fill('folders', [...folders.map(({ id }) => `folder:${id}`), ...(folders.length ? ['nofolder'] : [])]);
    fill('rest', ['archive', 'trash']);
    built.part('add').addEventListener('click', () => this.#addFolder());
    host.replaceChildren(...built.root.childNodes);
    if (focused) {
      /** @type {HTMLElement | null} */ (
        host.querySelector(`[data-focus="${CSS.escape(focused)}"]`)
      )?.focus();
    }
  }

  /** @param {string} place */
  #count(place) {
    return this.#counts[place] ?? 0;
  }

  /** @param {string} place */
  #row(place) {
    const row = element('li', 'place-row');
    const link = element('a', 'place');
    link.href = `#/vault/${encodeURIComponent(place)}`;
    link.dataset.focus = `place:${place}`;
    if (place === this.#here) link.setAttribute('aria-current', 'page');
    const count = this.#count(place);
    link.append(icon(placeIcon(place)), element('span', '', placeName(place, this.deps)));
    if (count) link.append(this.#countOf(count));
    row.append(link);
    const folder = this.deps.vault.folders.find(({ id }) => place === `folder:${id}`);
    if (folder) row.append(this.#folderButton(folder));
    return row;
  }

  /** @param {number} count */
  #countOf(count) {
    const shown = element('span', 'count', count.toLocaleString());
    shown.append(element('span', 'visually-hidden', ` ${this.deps.text('places.items', { count })}`));
    return shown;
  }

  /** @param {Folder} folder */
  #folderButton(folder) {
    const { text } = this.deps;
    const button = element('button', 'button icon');
    button.type = 'button';
    button.append(icon('more'));
    button.dataset.focus = `folder-menu:${folder.id}`;
    button.setAttribute('aria-label', text('places.menu', { name: folder.name }));
    button.setAttribute('aria-haspopup', 'menu');
    button.addEventListener('click', () =>
      openMenu(button, [
        { text: text('places.rename'), icon: 'edit', run: () => this.#rename(folder) },
        { text: text('places.remove'), icon: 'trash', loss: true, run: () => this.#remove(folder) },
      ]),
    );
    return button;
  }

  async #addFolder() {
    const { text, vault, navigate } = this.deps;
    const name = await askText({
      title: text('folder.add'),
      label: text('folder.name'),
      action: text('folder.make'),
    });
    if (!name) return;
    try {
      const folder = await vault.saveFolder({ name });
      navigate(`#/vault/${encodeURIComponent(`folder:${folder.id}`)}`);
    } catch (error) {
      sayError(error);
    }
  }

  /** @param {Folder} folder */
  async #rename({ id, name }) {
    const { text, vault, say } = this.deps;
    const next = await askText({
      title: text('folder.rename'),
      label: text('folder.name'),
      action: text('item.save'),
      value: name,
    });
    if (!next || next === name) return;
    await vault.saveFolder({ id, name: next }).then(() => say(text('folder.renamed')), sayError);
  }

  /** @param {Folder} folder */
  async #remove({ id, name }) {
    const { text, vault, say, navigate } = this.deps;
    const count = this.#count(`folder:${id}`);
    const sure = await ask({
      title: text('folder.remove', { name }),
      text: text('folder.remove.text', { count }),
      action: text('folder.remove.action'),
      loss: true,
    });
    if (!sure) return;
    if (this.#here === `folder:${id}`) navigate('#/vault/all');
    await vault.removeFolder(id).then(() => say(text('folder.removed', { name })), sayError);
  }
}
