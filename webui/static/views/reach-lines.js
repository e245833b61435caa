/**
 * The lines of the public path: what stands (address, name, door, certificate,
 * clock), what is being done, what a test found. A mark, one sentence, and what
 * to do where something is to be done. Only what changed is drawn anew.
 */
import { icon } from '../components/icon.js';
import { element } from '../components/template.js';
import { knows, t } from '../text/reach.js';
import { changed } from './reach-model.js';

/** @typedef {import('./reach-model.js').Line} Line @typedef {import('./reach-model.js').Step} Step */

const LOOKS = Object.freeze({
  ok: { look: 'ok', mark: 'check' },
  done: { look: 'ok', mark: 'check' },
  warn: { look: 'warn', mark: 'warn' },
  bad: { look: 'bad', mark: 'close' },
  failed: { look: 'bad', mark: 'close' },
  working: { look: 'working', mark: '' },
  waiting: { look: 'waiting', mark: '' },
});

/**
 * One line. A step that did not speak yet says what it will do.
 * @param {Line|Step} line
 * @returns {HTMLLIElement}
 */
export function lineView({ code, state, text, hint }) {
  const { look, mark } = LOOKS[state] ?? LOOKS.waiting;
  const item = element('li', `check is-${look}`);
  item.dataset.code = code;
  const sign = element('span', 'check-mark');
  if (mark) sign.append(icon(mark));
  sign.append(element('span', 'visually-hidden', t(`reach.state.${state}`)));
  const coming = `reach.step.${code}`;
  const words = element('p', '', text || (knows(coming) ? t(coming) : code));
  if (hint && look !== 'ok') words.append(element('span', 'hint', hint));
  item.append(sign, words);
  return item;
}

/** A list of lines that follows newer and newer answers. */
export class Lines {
  /** @type {(Line|Step)[]} */
  #shown = [];

  /** @param {HTMLElement} list */
  constructor(list) {
    this.list = list;
  }

  /**
   * Shows the lines; those that stayed the same stay untouched.
   * @param {(Line|Step)[]} lines
   * @returns {(Line|Step)[]} the lines that changed, for who announces them
   */
  show(lines) {
    const places = changed(lines, this.#shown);
    for (const i of places) {
      const view = lineView(lines[i]);
      const old = this.list.children[i];
      if (old) old.replaceWith(view);
      else this.list.append(view);
    }
    while (this.list.children.length > lines.length) this.list.lastElementChild?.remove();
    this.#shown = lines;
    return places.map((i) => lines[i]);
  }
}

/**
 * What a screen reader hears of the lines that changed: not that something waits.
 * @param {(Line|Step)[]} lines
 */
export function spokenLines(lines) {
  return lines
    .filter(({ state, text }) => state !== 'waiting' && text)
    .map(({ text, hint, state }) => (hint && state !== 'ok' && state !== 'done' ? `${text} ${hint}` : text))
    .join(' ');
}
