/**
 * Rows that are drawn anew when something turned: whoever has the focus in one
 * of them keeps it, and nothing moves under an open menu.
 */

/** Whether a menu is open now. */
export function menuOpen() {
  return document.querySelector('.menu:popover-open') !== null;
}

/**
 * Puts new rows in the place of the old ones.
 * @param {HTMLElement} list @param {HTMLElement[]} rows each with a steady data-row
 */
export function putRows(list, rows) {
  const held = list.contains(document.activeElement) ? document.activeElement : null;
  const row = held?.closest('[data-row]')?.getAttribute('data-row');
  list.replaceChildren(...rows);
  const same = row && list.querySelector(`[data-row="${CSS.escape(row)}"] button`);
  if (same instanceof HTMLElement) same.focus();
}
