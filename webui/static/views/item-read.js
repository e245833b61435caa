// item-read: an item's page for reading: its rows, each copied by a touch, and
// what happened to it at the foot. It holds the open item only while it is shown.
import { showCharacters } from '../components/characters.js';
import { copy } from '../components/clipboard.js';
import { exactly, timeElement } from '../components/format.js';
import { icon } from '../components/icon.js';
import { build, element } from '../components/template.js';
import { announce, sayError } from '../components/toast.js';
import { showCode } from '../components/totp-ring.js';
import { totp } from '../vault/totp.js';
import { knows } from '../text/sentences.js';
import { addressToOpen, linkedPath, rowsOf, valueAt } from './item-shape.js';

/** @typedef {import('./view.js').Deps} Deps @typedef {import('../vault/types.js').Item} Item @typedef {import('./item-shape.js').Row} Row */

const dots = '••••••••••';
const copiedFor = 1600; // ms that "Copied" stands in the row

/** Fills a host with an item's rows. */
export class ItemRead {
  /** @type {Map<string, HTMLElement>} path -> its row */
  #rows = new Map();

  /**
   * @param {HTMLElement} host @param {Item} item @param {Deps} deps
   * @param {{ prove: () => Promise<boolean>, signal: AbortSignal }} options prove: asks the password again where the item wants it
   */
  constructor(host, item, deps, { prove, signal }) {
    this.item = item;
    this.deps = deps;
    this.prove = prove;
    this.signal = signal;
    const rows = rowsOf(item).filter((row) => valueAt(item, this.#pathOf(row)) !== '' || row.what === 'yes');
    host.replaceChildren(...rows.map((row) => this.#row(row)), ...this.#passkeys(), this.#foot());
  }

  /** Copies what stands at a path; false where there is nothing. @param {string} path */
  async copyPath(path) {
    const value = valueAt(this.item, path);
    if (value === '') return false;
    const secret = path !== 'login.username';
    if (secret && !(await this.prove())) return true;
    try {
      await copy(path === 'login.totp' ? (await totp(value, Date.now())).code : value);
      this.#sayCopied(path);
    } catch (error) {
      sayError(error);
    }
    return true;
  }

  /** @param {Row} row */
  #pathOf(row) {
    if (row.what !== 'linked') return row.path;
    return linkedPath(this.item.fields[/** @type {number} */ (row.fixed)].linkedId) || row.path;
  }

  /** @param {Row} row */
  labelOf({ label, fixed }) {
    return fixed === undefined && knows(label) ? this.deps.text(label) : label || this.deps.text('row.field');
  }

  /** @param {Row} row */
  #row(row) {
    const built = build('fact');
    const path = this.#pathOf(row);
    const value = valueAt(this.item, path);
    const main = built.part('main', HTMLButtonElement);
    const shown = built.part('value');
    built.part('label').textContent = this.labelOf(row);
    built.root.dataset.what = row.what;
    main.dataset.focus = `fact:${row.path}`;
    main.addEventListener('click', () => this.copyPath(path));
    this.#rows.set(path, built.root);
    shown.classList.toggle('mono', Boolean(row.mono));
    if (row.what === 'secret' || (row.what === 'linked' && path.endsWith('password')))
      this.#hide(built, value);
    else if (row.what === 'totp') this.#code(shown, value);
    else if (row.what === 'yes') shown.textContent = this.deps.text(value === 'true' ? 'yes' : 'no');
    else if (row.what === 'uri') this.#address(built, row, value);
    else if (row.what === 'pick') shown.textContent = this.#picked(row, value);
    else if (row.mono) showCharacters(shown, value);
    else shown.textContent = value;
    return built.root;
  }

  /** @param {Row} row @param {string} value */
  #picked({ options = [] }, value) {
    return this.deps.text(options.find(([option]) => option === value)?.[1] ?? value);
  }

  /** @param {import('../components/template.js').Built} built @param {string} value */
  #hide(built, value) {
    const shown = built.part('value');
    const hidden = element('span', 'visually-hidden', this.deps.text('row.hidden'));
    const bullets = element('span', 'dots', dots);
    bullets.setAttribute('aria-hidden', 'true');
    shown.append(hidden, bullets);
    const button = this.#button('row.reveal', 'eye', async () => {
      const reveal = button.getAttribute('aria-pressed') !== 'true';
      if (reveal && !(await this.prove())) return;
      button.setAttribute('aria-pressed', String(reveal));
      button.firstElementChild?.setAttribute('name', reveal ? 'eye-off' : 'eye');
      if (reveal) showCharacters(shown, value);
      else shown.replaceChildren(hidden, bullets);
    });
    button.setAttribute('aria-pressed', 'false');
    built.part('side').append(button);
  }

  /** @param {HTMLElement} shown @param {string} secret */
  #code(shown, secret) {
    if (!this.item.reprompt) return showCode(shown, secret, this.signal);
    shown.textContent = '••• •••';
  }

  /** @param {import('../components/template.js').Built} built @param {Row} row @param {string} value */
  #address(built, row, value) {
    const at = Number(row.path.split('.')[2]);
    const uri = /** @type {NonNullable<Item['login']>} */ (this.item.login).uris[at];
    built.part('value').textContent = value.replace(/^https?:\/\/(www\.)?/i, '').replace(/\/$/, '');
    built.part('value').title = value;
    if (uri.suspect) {
      built.part('side').before(element('p', 'fact-note', this.deps.text('row.uri.suspect')));
    }
    const href = addressToOpen(uri);
    if (!href) return;
    const link = element('a', 'button icon');
    link.href = href;
    link.target = '_blank';
    link.rel = 'noopener noreferrer';
    link.title = this.deps.text('row.open');
    link.setAttribute('aria-label', this.deps.text('row.open.label', { address: value }));
    link.append(icon('open'));
    built.part('side').append(link);
  }

  /** @param {string} key @param {string} name @param {() => unknown} run */
  #button(key, name, run) {
    const button = element('button', 'button icon');
    button.type = 'button';
    button.title = this.deps.text(key);
    button.setAttribute('aria-label', button.title);
    button.append(icon(name));
    button.addEventListener('click', run);
    return button;
  }

  #passkeys() {
    return (this.item.login?.passkeys ?? []).map((key) => {
      const row = element('div', 'fact plain');
      const main = element('div', 'fact-main');
      const { text } = this.deps;
      main.append(
        element('span', 'label', text('row.passkey')),
        element(
          'span',
          'value',
          text('row.passkey.text', { user: key.userName || key.userDisplayName, site: key.rpId }),
        ),
      );
      row.append(main, icon('passkey'));
      return row;
    });
  }

  #foot() {
    const { text } = this.deps;
    const { item } = this;
    const foot = element('footer', 'item-foot');
    if (item.history.length) foot.append(this.#history());
    const dates = element('p', 'soft item-dates');
    const add = (/** @type {string} */ key, /** @type {string | null | undefined} */ date) => {
      if (!date) return;
      const part = element('span', '', `${text(key)} `);
      part.append(timeElement(date));
      dates.append(part, ' ');
    };
    add('date.created', item.created);
    add('date.changed', item.revision);
    add('date.password', item.login?.passwordRevision);
    add('date.archived', item.archived);
    add('date.deleted', item.deleted);
    foot.append(dates);
    return foot;
  }

  #history() {
    const details = element('details', 'history');
    details.append(
      element('summary', '', this.deps.text('history.title', { count: this.item.history.length })),
    );
    for (const { password, date } of this.item.history) {
      const built = build('fact');
      built.part('label').textContent = exactly(date);
      built.part('value').classList.add('mono');
      this.#hide(built, password);
      built.part('main').addEventListener('click', async () => {
        if (!(await this.prove())) return;
        await copy(password).then(() => this.#flash(built.root), sayError);
      });
      details.append(built.root);
    }
    return details;
  }

  /** @param {string} path */
  #sayCopied(path) {
    const row = this.#rows.get(path);
    if (row) this.#flash(row);
  }

  /** @param {HTMLElement} row */
  #flash(row) {
    const { text } = this.deps;
    const label = row.querySelector('.label')?.textContent ?? '';
    announce(text('row.copied.said', { what: label }));
    row.classList.add('copied');
    setTimeout(() => row.classList.remove('copied'), copiedFor);
  }
}
