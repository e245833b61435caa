// item-tools: what stands over an item's rows: its kind and folder, the star,
// the menu of what can be done with it, and a word where it is not in its place.
import { icon } from '../components/icon.js';
import { openMenu } from '../components/menu.js';
import { element } from '../components/template.js';
import { sayError } from '../components/toast.js';
import { kindOf } from './item-shape.js';
import { openFolderMenu } from './vault-bulk.js';

/** @typedef {import('./view.js').Deps} Deps @typedef {import('../vault/types.js').Item} Item @typedef {import('./item-page.js').PageHooks} PageHooks */
/** @typedef {import('../components/template.js').Built} Built */

/**
 * Its kind and its folder.
 * @param {Item} item @param {Deps} deps
 */
export function subtitle(item, { text, vault }) {
  const folder = vault.folders.find(({ id }) => id === item.folderId);
  return [text(`kind.${kindOf(item.type)}`), folder?.name].filter(Boolean).join(' · ');
}

/**
 * Says where it is when that is not where items live.
 * @param {HTMLElement} host @param {Item} item @param {Deps} deps
 */
export function showState(host, item, { text }) {
  const where = item.deleted ? 'trash' : item.archived ? 'archive' : '';
  const state = item.broken ? 'broken' : where;
  host.hidden = state === '';
  if (state)
    host.replaceChildren(
      icon(item.broken ? 'warn' : 'info'),
      element('span', '', text(`item.state.${state}`)),
    );
}

/**
 * A star that turns the item's favourite on and off.
 * @param {HTMLElement} star @param {Item} item changed in place @param {() => void} changed
 */
export function wireStar(star, item, changed) {
  const draw = () => {
    star.setAttribute('aria-pressed', String(item.favourite));
    star.firstElementChild?.setAttribute('name', item.favourite ? 'star-full' : 'star');
  };
  draw();
  star.addEventListener('click', () => {
    item.favourite = !item.favourite;
    draw();
    changed();
  });
}

/**
 * The line over an item that is read.
 * @param {Built} built of t-item @param {Item} item @param {Deps} deps @param {PageHooks} hooks
 */
export function wireTools(built, item, deps, hooks) {
  built.part('back').addEventListener('click', () => hooks.back());
  wireStar(
    built.part('star'),
    item,
    () => void deps.vault.favourite(item.id, item.favourite).catch(sayError),
  );
  const edit = built.part('edit', HTMLButtonElement);
  edit.hidden = Boolean(item.deleted || item.broken);
  edit.addEventListener('click', () => hooks.go([item.id, 'edit'], { replace: true }));
  const more = built.part('more');
  more.addEventListener('click', () => openMenu(more, entries(more, item, deps, hooks)));
}

/**
 * @param {HTMLElement} button @param {Item} item @param {Deps} deps @param {PageHooks} hooks
 * @returns {import('../components/menu.js').Entry[]}
 */
function entries(button, item, deps, { acts, back }) {
  const { text } = deps;
  const ids = [item.id];
  const away = (/** @type {() => Promise<unknown>} */ act) => () => {
    back();
    return act();
  };
  if (item.deleted) {
    const remove = async () => void ((await acts.remove(ids)) && back());
    return [
      { text: text('item.restore'), icon: 'restore', run: away(() => acts.restore(ids)) },
      { text: text('item.remove'), icon: 'trash', loss: true, run: remove },
    ];
  }
  const move = () => openFolderMenu(button, deps, (id) => acts.move(ids, id));
  return [
    { text: text('item.move'), icon: 'move', run: move },
    item.archived
      ? { text: text('item.unarchive'), icon: 'unarchive', run: away(() => acts.unarchive(ids)) }
      : { text: text('item.archive'), icon: 'archive', run: away(() => acts.archive(ids)) },
    null,
    { text: text('item.trash'), icon: 'trash', loss: true, run: away(() => acts.trash(ids)) },
  ];
}
