// focus: where the focus was before the page locked, so that it can be given
// back after the unlock; and where it goes when a view arrives. Elements that
// come back with a view carry a steady data-focus name.

/** The name of what had the focus last. @type {string | null} */
let last = null;
/** The name to give the focus back to. @type {string | null} */
let kept = null;

/** Follows the focus: by the time that the page knows of a lock, its rows are gone already. */
export function followFocus() {
  document.addEventListener('focusin', ({ target }) => {
    last = /** @type {Element} */ (target).closest('[data-focus]')?.getAttribute('data-focus') ?? null;
  });
}

/** Keeps the name of what had the focus last. */
export function rememberFocus() {
  kept = last;
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
