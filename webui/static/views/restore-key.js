/**
 * A field for one key of the recovery kit: forgiving in how it is typed, and
 * exact in what is not as on the sheet, with each letter.
 */
import { build } from '../components/template.js';
import { t } from '../text/restore.js';
import { readRecovery, readSigning } from './kit-read.js';
import { sayingOf } from './restore-words.js';
import { Refusal } from './setup-parts.js';

/** @typedef {import('./kit-read.js').Read} Read */

export class KeyField {
  /** @param {'recovery'|'signing'} which @param {string} [label] */
  constructor(which, label = t(`restore.kit.${which}`)) {
    this.which = which;
    const built = build('restore-key');
    this.root = built.root;
    this.area = built.part('key', HTMLTextAreaElement);
    this.said = built.part('said');
    this.area.id = `restore-key-${which}`;
    built.part('label', HTMLLabelElement).htmlFor = this.area.id;
    built.part('label').textContent = label;
    built.part('hint').textContent = t(`restore.kit.${which}.hint`);
    built.part('hint').id = `${this.area.id}-hint`;
    this.area.setAttribute('aria-describedby', `${this.area.id}-hint`);
    this.area.addEventListener('input', () => this.#say());
  }

  /** What was typed so far. @returns {Read} */
  get reading() {
    return this.which === 'recovery' ? readRecovery(this.area.value) : readSigning(this.area.value);
  }

  #say() {
    const { reading } = this;
    this.said.textContent = sayingOf(reading, this.which);
    this.said.classList.toggle('is-right', reading.state === 'right');
    this.said.classList.toggle('is-wrong', /stranger|slip|wrong|long/.test(reading.state));
  }

  /** Shows a key that was found elsewhere. @param {string} key */
  show(key) {
    this.area.value = key;
    this.#say();
  }

  /** The key; refuses beside it what is none. */
  read() {
    const { state, key } = this.reading;
    if (state === 'empty') throw new Refusal(this.area, 'restore.kit.empty');
    if (state !== 'right') throw new Refusal(this.area, 'restore.kit.unready');
    return key;
  }

  /** Nothing of it stays in the page. */
  clear() {
    this.show('');
  }
}
