// toast: says what was done, to eyes (a toast) and to screen readers (a live
// region that stays in the page). With an undo it stays longer.
import { build } from './template.js';
import { messageOf } from './problem.js';

const stay = 4000; // ms; read at leisure
const stayWithUndo = 9000; // ms; long enough to notice a slip

/** Where the focus was when the toast came; it goes back there. @type {Element | null} */
let before = null;

/**
 * Says something in passing.
 * @param {string} message
 * @param {{ undo?: () => unknown, quiet?: boolean }} [options] quiet: for screen readers only
 */
export function say(message, { undo, quiet = false } = {}) {
  announce(message);
  if (quiet) return;
  const built = build('toast');
  built.part('text').textContent = message;
  const button = built.part('undo');
  button.hidden = !undo;
  const host = /** @type {HTMLElement} */ (document.getElementById('toasts'));
  before = document.activeElement;
  host.replaceChildren(built.root);
  raise(host);
  const timer = setTimeout(() => built.root.remove(), undo ? stayWithUndo : stay);
  built.part('close').addEventListener('click', () => dismiss(built.root, timer));
  button.addEventListener('click', () => {
    dismiss(built.root, timer);
    undo?.();
  });
}

/** Takes back what was said: it did not come true. */
export function unsay() {
  document.getElementById('toasts')?.replaceChildren();
}

/**
 * Says a problem that belongs to no field: text and hint.
 * @param {unknown} error
 */
export function sayError(error) {
  const { text, hint } = messageOf(error);
  say(hint ? `${text} ${hint}` : text);
}

/**
 * Tells screen readers only.
 * @param {string} message
 */
export function announce(message) {
  const live = /** @type {HTMLElement} */ (document.getElementById('live'));
  live.textContent = '';
  requestAnimationFrame(() => (live.textContent = message));
}

/** @param {HTMLElement} toast @param {ReturnType<typeof setTimeout>} timer */
function dismiss(toast, timer) {
  clearTimeout(timer);
  const hadFocus = toast.contains(document.activeElement);
  toast.remove();
  if (!hadFocus) return;
  const next = before?.isConnected ? before : document.querySelector('[data-focus="list"], main');
  if (next instanceof HTMLElement) next.focus();
}

/** Above an open dialog, too: the top layer is a stack, so show it anew. @param {HTMLElement} host */
function raise(host) {
  if (!host.showPopover) return;
  if (host.matches(':popover-open')) host.hidePopover();
  host.showPopover();
}
