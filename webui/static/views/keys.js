// keys: the keyboard of the vault. Single letters act only while nothing is
// being typed, and can be turned off (WCAG 2.1.4); every other printable key
// goes to the search.
import { openDialog } from '../components/dialog.js';
import { build, element } from '../components/template.js';

/** @typedef {import('./view.js').Deps} Deps @typedef {import('./vault.js').VaultView} VaultView */

/** Each key, what it does, and the key of its sentence.
 * @type {[string, string, (view: VaultView, deps: Deps) => unknown][]} */
const table = [
  ['/', 'keys.search', ({ list }) => (list.search.focus(), list.search.select())],
  ['c', 'keys.password', (view) => view.copy('login.password', 'row.password')],
  ['u', 'keys.username', (view) => view.copy('login.username', 'row.username')],
  ['t', 'keys.code', (view) => view.copy('login.totp', 'row.totp')],
  ['n', 'keys.new', (view) => view.add(null)],
  ['e', 'keys.edit', (view) => editShown(view)],
  ['l', 'keys.lock', (_view, deps) => deps.session.lock()],
  ['?', 'keys.help', (_view, deps) => showKeys(deps)],
];
/** Keys that are no letters and stay when letters are off. */
const always = ['/', '?'];

/** @type {[string, string][]} */
const others = [
  ['↑ ↓', 'keys.arrows'],
  ['Enter', 'keys.enter'],
  ['Space', 'keys.choose'],
  ['Ctrl Enter', 'keys.save'],
  ['Esc', 'keys.back'],
];

/**
 * Listens until the view leaves.
 * @param {VaultView} view @param {Deps} deps
 */
export function listenToKeys(view, deps) {
  document.addEventListener('keydown', (event) => onKey(event, view, deps), { signal: deps.signal });
}

/** @param {KeyboardEvent} event @param {VaultView} view @param {Deps} deps */
function onKey(event, view, deps) {
  if (event.defaultPrevented || event.isComposing || busy()) return;
  if (event.key === 'Escape') return back(event, view);
  if ((event.ctrlKey || event.metaKey) && (event.key === 'Enter' || event.key === 's') && view.page.editing) {
    event.preventDefault();
    return void view.page.save();
  }
  if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
  const found = table.find(([key]) => key === event.key);
  if (found && (always.includes(found[0]) || lettersOn(deps))) {
    event.preventDefault();
    return void found[2](view, deps);
  }
  if (event.key.length === 1 && event.key !== ' ' && !view.page.editing) view.list.search.focus(); // the letter follows the focus
}

/** Whether a dialog or a menu has the keys. */
function busy() {
  return document.querySelector('dialog[open], .menu') !== null;
}

/** @param {EventTarget | null} target */
function typing(target) {
  return target instanceof HTMLElement && target.matches('input:not([type=checkbox]), textarea, select');
}

/** @param {KeyboardEvent} event @param {VaultView} view */
function back(event, view) {
  event.preventDefault();
  if (view.page.editing) return void view.page.cancel();
  if (view.list.chosen) return view.list.stopChoosing();
  if (view.page.shown && !view.list.list.host.contains(document.activeElement)) {
    if (view.built.root.contains(document.activeElement) && matchMedia('(min-width: 37.5em)').matches) {
      return view.list.list.host.focus();
    }
  }
  if (view.page.shown) view.back();
}

/** @param {VaultView} view */
function editShown(view) {
  const id = view.page.reading?.item.id ?? view.list.active?.id;
  const item = id ? view.deps.vault.get(id) : undefined;
  if (item && !item.deleted && !item.broken) view.go([item.id, 'edit'], { replace: view.page.shown !== '' });
}

/** @param {Deps} deps */
function lettersOn({ session }) {
  return Object(session.remember.get('view')).letters !== false;
}

/** Shows all keys, and the switch that turns the letters off. @param {Deps} deps */
export function showKeys(deps) {
  const { text, session } = deps;
  const built = build('keys');
  const list = built.part('list');
  const rows = [...table.map(([key, what]) => [key, what]), ...others];
  for (const [key, what] of rows) {
    const term = element('dt');
    term.append(...key.split(' ').map((one) => element('kbd', '', one)));
    list.append(term, element('dd', '', text(what)));
  }
  const letters = built.part('letters', HTMLInputElement);
  letters.checked = lettersOn(deps);
  letters.addEventListener('change', () => {
    session.remember.set('view', { ...Object(session.remember.get('view')), letters: letters.checked });
  });
  return openDialog(built, (close) => built.part('close').addEventListener('click', () => close(null)));
}
