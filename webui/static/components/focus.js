// focus: where the focus was before the page locked, so that it can be given
// back after the unlock; and where it goes when a view arrives. Elements that
// come back with a view carry a steady data-focus name.

/** @type {string | null} */
let kept = null;

/** Keeps the name of what has the focus now. */
export function rememberFocus() {
  kept = document.activeElement?.closest('[data-focus]')?.getAttribute('data-focus') ?? null;
}

/**
 * Gives the focus back: to the named element, else to the view's own first
 * choice ([data-home-focus]), else to the view itself. On touch a field is not
 * chosen for somebody: it would bring up the keyboard.
 * @param {HTMLElement} root
 */
export function restoreFocus(root) {
  const named = kept && root.querySelector(`[data-focus="${CSS.escape(kept)}"]`);
  kept = null;
  if (!named && root.contains(document.activeElement)) return;
  const home = matchMedia('(pointer: coarse)').matches ? null : root.querySelector('[data-home-focus]');
  const target = named || home || root;
  if (target instanceof HTMLElement) target.focus({ preventScroll: true });
}
