// menu: a popup menu on a button. Arrow keys, Home, End, first letters; Esc
// and Tab close it; the focus goes back to the button.
import { element } from './template.js';
import { icon } from './icon.js';

/** An entry, or null for a line between entries.
 * @typedef {{ text: string, icon?: string, loss?: boolean, run: () => unknown } | null} Entry */

/**
 * Opens a menu beside a button.
 * @param {HTMLElement} button
 * @param {Entry[]} entries
 */
export function openMenu(button, entries) {
  const menu = element('div', 'menu');
  menu.setAttribute('role', 'menu');
  menu.setAttribute('aria-label', button.getAttribute('aria-label') ?? button.textContent ?? '');
  menu.popover = 'auto';
  menu.append(...entries.map((entry) => (entry ? item(entry, menu) : element('hr'))));
  // Inside the landmark of its button, so that a screen reader knows where it is.
  (button.closest('dialog, nav, main') ?? document.body).append(menu);
  button.setAttribute('aria-expanded', 'true');
  menu.addEventListener('toggle', (event) => {
    if (/** @type {ToggleEvent} */ (event).newState === 'open') return;
    button.setAttribute('aria-expanded', 'false');
    if (menu.contains(document.activeElement) || document.activeElement === document.body) button.focus();
    menu.remove();
  });
  menu.addEventListener('keydown', (event) => onKey(menu, event));
  menu.showPopover();
  place(menu, button);
  menu.querySelector('button')?.focus();
}

/** @param {NonNullable<Entry>} entry @param {HTMLElement} menu */
function item(entry, menu) {
  const button = element('button', entry.loss ? 'loss' : '');
  button.type = 'button';
  button.tabIndex = -1;
  button.setAttribute('role', 'menuitem');
  if (entry.icon) button.append(icon(entry.icon));
  button.append(element('span', '', entry.text));
  button.addEventListener('click', () => {
    menu.hidePopover();
    entry.run();
  });
  return button;
}

/** @param {HTMLElement} menu @param {KeyboardEvent} event */
function onKey(menu, event) {
  event.stopPropagation();
  const items = [...menu.querySelectorAll('button')];
  const here = items.indexOf(/** @type {HTMLButtonElement} */ (document.activeElement));
  const to = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: items.length - 1 }[event.key];
  if (event.key === 'Tab') menu.hidePopover();
  else if (to !== undefined) items[(to + items.length) % items.length]?.focus();
  else if (event.key.length === 1) startingWith(items, here, event.key)?.focus();
  else return;
  if (to !== undefined) event.preventDefault();
}

/** @param {HTMLButtonElement[]} items @param {number} here @param {string} letter */
function startingWith(items, here, letter) {
  const order = [...items.slice(here + 1), ...items.slice(0, here + 1)];
  return order.find((button) => button.textContent?.toLowerCase().startsWith(letter.toLowerCase()));
}

/** Below the button, its right edges together, kept inside the window. @param {HTMLElement} menu @param {HTMLElement} button */
function place(menu, button) {
  const at = button.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const left = at.left + width < innerWidth - 8 ? at.left : at.right - width;
  const below = at.bottom + 4 + height <= innerHeight - 8;
  menu.style.left = `${Math.max(8, left)}px`;
  menu.style.top = `${below ? at.bottom + 4 : Math.max(8, at.top - height - 4)}px`;
}
