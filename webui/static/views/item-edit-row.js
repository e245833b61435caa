// item-edit-row: one row of an edit: a label, a field of the same size as the
// value that was read, and beside it what helps to fill it.
import { icon } from '../components/icon.js';
import { build, element } from '../components/template.js';
import { messageOf } from '../components/problem.js';
import { knows } from '../text/sentences.js';
import { parseTotp } from '../vault/totp.js';
import { makeSecret, openGenerator } from './generator-panel.js';
import { valueAt } from './item-shape.js';

/** @typedef {import('./item-shape.js').Row} Row @typedef {import('./item-edit.js').ItemEdit} ItemEdit */

const matches = ['', '0', '1', '2', '3', '4', '5'];

/** One row; its root goes into the form. */
export class EditRow {
  /** @param {Row} row @param {ItemEdit} form */
  constructor(row, form) {
    this.row = row;
    this.form = form;
    this.text = form.deps.text;
    const built = build('fact-edit');
    this.root = built.root;
    this.root.dataset.what = row.what;
    this.side = built.part('side');
    this.label = built.part('label', HTMLLabelElement);
    const field = this.#field();
    field.id = `edit-${crypto.randomUUID()}`;
    field.dataset.focus = `edit:${row.path}`;
    this.label.htmlFor = field.id;
    this.field = field;
    built.part('main').append(field);
    this.#nameIt();
    this.#help();
    if (row.fixed !== undefined || row.what === 'uri') this.#remover();
  }

  /** @returns {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} */
  #field() {
    const { what, options, path } = this.row;
    const value = valueAt(this.form.item, path);
    if (what === 'pick') return this.#select(options ?? [], value);
    if (what === 'yes') return this.#yes(value);
    const field = isLong(this.row) ? element('textarea', 'value') : this.#input();
    field.value = value;
    field.classList.toggle('mono', Boolean(this.row.mono));
    field.spellcheck = what === 'lines' && !this.row.mono;
    field.autocomplete = this.row.generated && this.form.fresh ? 'new-password' : 'off';
    if (!(what === 'lines')) field.setAttribute('autocapitalize', 'none');
    field.addEventListener('input', () => this.form.put(path, field.value));
    if (what === 'linked') field.disabled = true;
    return field;
  }

  #input() {
    const { what, mode } = this.row;
    const input = element('input', 'value');
    input.type = what === 'secret' || what === 'totp' ? 'password' : 'text';
    if (mode) input.inputMode = mode;
    return input;
  }

  /** @param {[string, string][]} options @param {string} value */
  #select(options, value) {
    const select = element('select', 'value');
    const known = options.some(([option]) => option === value);
    const all = [['', '–'], ...options, ...(known || !value ? [] : [[value, value]])];
    select.append(...all.map(([option, key]) => new Option(this.text(key), option, false, option === value)));
    select.addEventListener('change', () => this.form.put(this.row.path, select.value));
    return select;
  }

  /** @param {string} value */
  #yes(value) {
    const box = element('input');
    box.type = 'checkbox';
    box.checked = value === 'true';
    box.addEventListener('change', () => this.form.put(this.row.path, String(box.checked)));
    return box;
  }

  /** A custom field's label can be typed; the others have theirs. */
  #nameIt() {
    const { label, fixed } = this.row;
    if (fixed === undefined || this.row.what === 'linked') {
      this.label.textContent = knows(label) ? this.text(label) : label;
      return;
    }
    const name = element('input', 'label-input');
    name.value = label;
    name.placeholder = this.text('edit.label');
    name.setAttribute('aria-label', this.text('edit.label'));
    name.dataset.focus = `edit:fields.${fixed}.name`;
    name.addEventListener('input', () => {
      this.form.put(`fields.${fixed}.name`, name.value);
      this.field.setAttribute('aria-label', name.value || this.text('row.field'));
    });
    this.field.setAttribute('aria-label', label || this.text('row.field'));
    this.label.replaceWith(name);
  }

  #help() {
    const { what, generated } = this.row;
    if (what === 'secret' || what === 'totp') this.#revealer();
    if (generated) this.#generator();
    if (what === 'uri') this.#match();
    if (what === 'totp') this.#checkSecret();
  }

  #revealer() {
    const button = this.#button('row.reveal', 'eye', () =>
      this.reveal(button.getAttribute('aria-pressed') !== 'true'),
    );
    button.setAttribute('aria-pressed', 'false');
    this.revealer = button;
    if (this.field instanceof HTMLTextAreaElement) this.reveal(valueAt(this.form.item, this.row.path) === '');
  }

  /** @param {boolean} on */
  reveal(on) {
    this.revealer?.setAttribute('aria-pressed', String(on));
    this.revealer?.firstElementChild?.setAttribute('name', on ? 'eye-off' : 'eye');
    if (this.field instanceof HTMLInputElement) this.field.type = on ? 'text' : 'password';
    else this.field.classList.toggle('veiled', !on);
  }

  #generator() {
    const use = (/** @type {string} */ secret) => {
      this.field.value = secret;
      this.form.put(this.row.path, secret);
      this.reveal(true);
      this.field.focus();
    };
    this.#button('generator.offer', 'dice', async () => {
      const secret = await openGenerator(this.form.deps);
      if (secret) use(secret);
    });
    if (this.form.fresh && this.field.value === '') void this.#suggest(use);
  }

  /** Offers a strong password where a new login has none. @param {(secret: string) => void} use */
  async #suggest(use) {
    const secret = await makeSecret(this.form.deps).catch(() => '');
    if (!secret || this.field.value !== '') return;
    const button = element('button', 'suggest');
    button.type = 'button';
    button.append(element('span', '', this.text('edit.suggest')), element('span', 'mono', secret));
    button.addEventListener('click', () => use(secret));
    this.root.append(button);
    const hide = () => (button.hidden = this.field.value !== '');
    this.field.addEventListener('input', hide);
    button.addEventListener('click', hide);
  }

  #match() {
    const at = Number(this.row.path.split('.')[2]);
    const uri = this.form.item.login?.uris[at];
    if (!uri) return;
    const select = element('select', 'match');
    select.setAttribute('aria-label', this.text('match.label'));
    const value = uri.match === null ? '' : String(uri.match);
    select.append(
      ...matches.map(
        (match) => new Option(this.text(`match.${match || 'default'}`), match, false, match === value),
      ),
    );
    select.addEventListener('change', () => {
      uri.match = select.value === '' ? null : Number(select.value);
      this.form.touch();
    });
    this.side.append(select);
  }

  /** Says at once, beside it, when a pasted secret can't make codes. */
  #checkSecret() {
    const field = /** @type {HTMLInputElement} */ (this.field);
    field.placeholder = this.text('edit.totp.placeholder');
    const note = element('p', 'fact-note');
    note.setAttribute('role', 'status');
    this.root.append(note);
    const check = () => {
      note.textContent = '';
      try {
        if (field.value.trim()) parseTotp(field.value);
      } catch (error) {
        const { text, hint } = messageOf(error);
        note.textContent = `${text} ${hint}`;
      }
    };
    field.addEventListener('change', check);
    field.addEventListener('paste', () => setTimeout(check));
  }

  #remover() {
    this.#button('edit.remove', 'close', () => this.form.remove(this.row));
  }

  /** @param {string} key @param {string} name @param {() => unknown} run */
  #button(key, name, run) {
    const button = element('button', 'button icon');
    button.type = 'button';
    button.title = this.text(key);
    button.setAttribute('aria-label', button.title);
    button.append(icon(name));
    button.addEventListener('click', run);
    this.side.append(button);
    return button;
  }
}

/** @param {Row} row */
function isLong({ what, path }) {
  return what === 'lines' || path === 'ssh.privateKey';
}
