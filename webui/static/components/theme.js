// theme: light or dark, by the system or by a remembered choice.
import { recall, remember } from '../vault/device.js';

/** @typedef {'system' | 'light' | 'dark'} Theme */

/** The remembered choice. @returns {Theme} */
export function theme() {
  const choice = recall('theme');
  return choice === 'light' || choice === 'dark' ? choice : 'system';
}

/** Remembers a choice on this device and applies it. @param {Theme} choice */
export function chooseTheme(choice) {
  remember('theme', choice);
  applyTheme();
}

/** Applies the remembered choice to the page and to the browser's own bars. */
export function applyTheme() {
  const choice = theme();
  if (choice === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = choice;
  for (const meta of document.querySelectorAll('meta[name="theme-color"]')) {
    const own = meta.getAttribute('data-theme');
    meta.setAttribute('media', choice === 'system' ? `(prefers-color-scheme: ${own})` : own === choice ? 'all' : 'not all');
  }
}
