/**
 * What a check of a place found: that it can be written, how much room there
 * is, that it is the disk of the house; a server's fingerprint to be compared;
 * the one command that lets the service write to a folder.
 */
import { icon } from '../components/icon.js';
import { build, element } from '../components/template.js';
import { t } from '../text/restore.js';
import { bytesText } from './bytes.js';
import { copyFrom, Refusal } from './setup-parts.js';

/**
 * What the house answers to a check.
 * @typedef {object} Look
 * @property {boolean} sameDisk
 * @property {number} freeBytes -1 where that isn't known
 * @property {string} hostKey '' for none
 * @property {boolean} compare nothing was tried yet: first a person compares the host key
 * @property {string} text
 * @property {string} hint
 * @property {Record<string, string>} fields the place's, completed
 */

/** The lines of a check. @param {Look} look @returns {HTMLElement} */
export function foundView({ sameDisk, freeBytes, text, hint, compare }) {
  const list = element('ul', 'checks');
  if (compare) {
    list.append(line('warn', t('place.found.compare'), t('place.found.compare.hint')));
    return list;
  }
  list.append(line('ok', t('place.found.ok'), ''));
  if (freeBytes >= 0) list.append(line('ok', t('place.found.free', { size: bytesText(freeBytes) }), ''));
  if (sameDisk) list.append(line('warn', t('place.found.samedisk'), t('place.found.samedisk.hint')));
  else if (text) list.append(line(hint ? 'warn' : 'ok', text, hint));
  return list;
}

/** @param {'ok'|'warn'} state @param {string} text @param {string} hint */
function line(state, text, hint) {
  const item = element('li', `check is-${state}`);
  const mark = element('span', 'check-mark');
  mark.append(icon(state === 'ok' ? 'check' : 'warn'));
  const words = element('p', '', text);
  if (hint) words.append(element('span', 'hint', hint));
  item.append(mark, words);
  return item;
}

/** A fingerprint that a person compares, before anybody signs in there. */
export class HostKey {
  /** @param {string} key */
  constructor(key) {
    this.key = key;
    const built = build('place-hostkey');
    this.root = built.root;
    this.same = built.part('same', HTMLInputElement);
    built.part('key').textContent = key;
  }

  /** Refuses to go on before it was compared. */
  need() {
    if (!this.same.checked) throw new Refusal(this.same, 'place.hostkey.needed');
  }
}

/** One command to run on the machine. @param {string} command @returns {HTMLElement} */
export function commandView(command) {
  const built = build('place-command');
  built.part('command').textContent = command;
  const button = built.part('copy');
  button.addEventListener('click', () => void copyFrom(button, command));
  return built.root;
}
