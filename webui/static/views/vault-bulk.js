// vault-bulk: what can be done with several items at once. What can be undone
// is done and undone by the toast; what is lost for ever is asked, with its count.
import { ask } from '../components/dialog.js';
import { icon } from '../components/icon.js';
import { openMenu } from '../components/menu.js';
import { element } from '../components/template.js';
import { sayError } from '../components/toast.js';

/** @typedef {import('./view.js').Deps} Deps */

/** Acts on ids, with the words and the undo of each act. */
export class Acts {
  /** @param {Deps} deps */
  constructor(deps) {
    this.deps = deps;
  }

  /** @param {string[]} ids */
  trash(ids) {
    return this.#do(ids, 'trashed', (vault) => vault.trash(ids));
  }

  /** @param {string[]} ids */
  restore(ids) {
    return this.#do(ids, 'restored', (vault) => vault.restore(ids));
  }

  /** @param {string[]} ids */
  archive(ids) {
    return this.#do(ids, 'archived', (vault) => vault.archive(ids));
  }

  /** @param {string[]} ids */
  unarchive(ids) {
    return this.#do(ids, 'unarchived', (vault) => vault.unarchive(ids));
  }

  /** @param {string[]} ids @param {string | null} folderId */
  move(ids, folderId) {
    return this.#do(ids, 'moved', (vault) => vault.move(ids, folderId));
  }

  /** Deletes all that is in the trash for ever, after asking. */
  emptyTrash() {
    const ids = this.deps.vault.search('', { place: 'trash' }).map(({ id }) => id);
    return this.remove(ids, 'remove.trash');
  }

  /**
   * Deletes for ever, after asking.
   * @param {string[]} ids @param {string} [title] a key; its text is key + ".text"
   * @returns {Promise<boolean>} whether it was done
   */
  async remove(ids, title = 'remove.title') {
    const { vault, text, say } = this.deps;
    const count = ids.length;
    const name = vault.get(ids[0])?.name ?? '';
    const sure = await ask({
      title: text(title, { count, name }),
      text: text(title === 'remove.title' ? 'remove.text' : `${title}.text`, { count }),
      action: text('remove.action', { count }),
      loss: true,
    });
    if (!sure) return false;
    try {
      await vault.remove(ids);
      say(text('done.removed', { count }));
      return true;
    } catch (error) {
      sayError(error);
      return false;
    }
  }

  /**
   * Acts at once and offers the undo; a refusal takes the words back.
   * @param {string[]} ids @param {string} key
   * @param {(vault: Deps['vault']) => Promise<() => Promise<void>>} act
   */
  async #do(ids, key, act) {
    const { vault, text, say } = this.deps;
    const values = { count: ids.length, name: vault.get(ids[0])?.name ?? '' };
    const doing = act(vault);
    const undo = async () => {
      try {
        await (
          await doing
        )();
      } catch (error) {
        sayError(error);
      }
    };
    say(text(`done.${key}`, values), { undo });
    await doing.catch(sayError);
  }
}

/**
 * A menu of folders to move to.
 * @param {HTMLElement} button @param {Deps} deps @param {(folderId: string | null) => unknown} run
 */
export function openFolderMenu(button, { vault, text }, run) {
  openMenu(button, [
    ...vault.folders.map(({ id, name }) => ({ text: name, icon: 'folder', run: () => run(id) })),
    ...(vault.folders.length ? [null] : []),
    { text: text('place.nofolder'), icon: 'folder-none', run: () => run(null) },
  ]);
}

/** The bar under the list while several are being chosen. */
export class BulkBar {
  /** @param {HTMLElement} host @param {Deps} deps @param {import('./vault-list.js').VaultList} list */
  constructor(host, deps, list) {
    this.host = host;
    this.deps = deps;
    this.list = list;
    this.acts = new Acts(deps);
  }

  /** Shows the count and what can be done in this place. */
  draw() {
    const { chosen } = this.list;
    const toggle = this.list.part('choose');
    toggle.setAttribute('aria-pressed', String(chosen !== null));
    this.host.hidden = chosen === null;
    if (!chosen) return void this.host.replaceChildren();
    const { text } = this.deps;
    const focused = this.host.contains(document.activeElement)
      ? document.activeElement?.getAttribute('aria-label')
      : null;
    const all = this.#button('all', 'select', () => this.list.chooseAll());
    const count = element('span', 'grow', text('bulk.count', { count: chosen.size }));
    count.setAttribute('role', 'status');
    const acts = this.#actions().map(([key, name, run]) => {
      const button = this.#button(key, name, () => run([...chosen], button));
      button.disabled = chosen.size === 0;
      return button;
    });
    this.host.replaceChildren(
      count,
      all,
      ...acts,
      this.#button('done', 'close', () => this.list.stopChoosing()),
    );
    if (focused) {
      /** @type {HTMLElement | null} */ (
        this.host.querySelector(`[aria-label="${CSS.escape(focused)}"]`)
      )?.focus();
    }
  }

  /** @returns {[string, string, (ids: string[], button: HTMLElement) => unknown][]} */
  #actions() {
    const { acts } = this;
    const after =
      (/** @type {(ids: string[]) => Promise<unknown>} */ act) => (/** @type {string[]} */ ids) => {
        this.list.stopChoosing();
        this.list.list.host.focus();
        return act(ids);
      };
    const remove = async (/** @type {string[]} */ ids) => {
      if (await acts.remove(ids)) this.list.stopChoosing();
    };
    if (this.list.place === 'trash')
      return [
        ['restore', 'restore', after((ids) => acts.restore(ids))],
        ['remove', 'trash', remove],
      ];
    const away = this.list.place === 'archive' ? 'unarchive' : 'archive';
    return [
      [
        'move',
        'move',
        (ids, button) => openFolderMenu(button, this.deps, (id) => after((all) => acts.move(all, id))(ids)),
      ],
      [away, away, after((ids) => acts[away](ids))],
      ['trash', 'trash', after((ids) => acts.trash(ids))],
    ];
  }

  /** @param {string} key @param {string} name @param {() => unknown} run */
  #button(key, name, run) {
    const button = element('button', 'button icon');
    button.type = 'button';
    button.title = this.deps.text(`bulk.${key}`);
    button.setAttribute('aria-label', button.title);
    button.append(icon(name));
    button.addEventListener('click', run);
    return button;
  }
}
