// The vault, used by a person with a keyboard and a mouse.
import { t } from '../../webui/static/text/text.js';
import { PATIENCE, same, want } from './teller.mjs';

const kinds = ['', 'login', 'note', 'card', 'identity', 'ssh'];

/** What is typed where: the path of a row and its text. */
function rows(item) {
  const of = (stem, values) => Object.entries(values ?? {}).map(([name, text]) => [`${stem}.${name}`, text]);
  const login = item.type === 1 ? { username: item.username, password: item.password } : {};
  return [
    ...of('login', login),
    ...(item.uri ? [['login.uris.0.uri', item.uri]] : []),
    ...of('card', item.card),
    ...of('identity', item.identity),
    ...of('ssh', item.ssh),
    ...(item.notes ? [['notes', item.notes]] : []),
  ];
}

/** One person's page with the vault on it. */
export class Vault {
  constructor(page) {
    this.page = page;
  }

  /** The rows that are shown; the list keeps others, hidden, for later. */
  get rows() {
    return this.page.locator('[data-part=list] [role=option]:visible');
  }

  /** Waits until so many rows are shown. */
  async count(rows) {
    await this.rows.nth(rows - 1).waitFor();
    await this.rows.nth(rows).waitFor({ state: 'detached' });
  }

  edit(path) {
    return this.page.locator(`[data-focus="edit:${path}"]`);
  }

  fact(path) {
    return this.page.locator(`[data-focus="fact:${path}"]`);
  }

  button(key) {
    return this.page.getByRole('button', { name: t(key), exact: true });
  }

  async signIn(url, { email, password }) {
    await this.page.goto(url);
    await this.page.locator('[data-part=email]').fill(email);
    await this.page.locator('password-field input').fill(password);
    await this.button('unlock.signin').click();
    await this.open();
  }

  async unlock(password) {
    await this.page.locator('password-field input').fill(password);
    await this.button('unlock.open').click();
    await this.open();
  }

  /** Waits until the vault is drawn. */
  async open() {
    await this.page.locator('.list-pane [data-part=title]').waitFor({ timeout: 60_000 });
  }

  async lock() {
    await this.page.locator('.rail [data-lock]').click();
    await this.page.getByRole('heading', { name: t('unlock.title.locked') }).waitFor();
  }

  async add(item) {
    await this.page.goto(`${this.page.url().split('#')[0]}#/vault/all/new/${kinds[item.type]}`);
    await this.edit('name').fill(item.name);
    for (const [path, text] of rows(item)) {
      const field = this.edit(path);
      if ((await field.evaluate((element) => element.tagName)) === 'SELECT') {
        await field.selectOption(text);
      } else {
        await field.fill(text);
      }
    }
    await this.saved(() => this.button('item.save').click());
  }

  /** Does what saves, and waits until the server has acknowledged it. */
  async saved(act) {
    const [answer] = await Promise.all([
      this.page.waitForResponse(
        (r) => /\/api\/ciphers/.test(r.url()) && ['POST', 'PUT'].includes(r.request().method()),
      ),
      act(),
    ]);
    want(answer.ok(), `the save was answered by ${answer.status()}: ${await answer.text()}`);
  }

  /** Searches, and gives the names that are listed. */
  async search(words) {
    const field = this.page.locator('input[type=search]');
    await field.fill('');
    await field.fill(words);
    return this.names();
  }

  names() {
    return this.rows.locator('.row-name').allTextContents();
  }

  /** Opens an item by its name. */
  async go(name) {
    await this.search(name);
    await this.rows.filter({ hasText: name }).first().click();
    await this.page.locator('h2.item-name', { hasText: name }).waitFor();
  }

  /** Wants an item to show everything that was typed into it. */
  async check(item) {
    await this.go(item.name);
    for (const [path, text] of rows(item)) {
      const fact = this.page.locator('.fact', { has: this.fact(path) });
      await fact.waitFor({ timeout: PATIENCE });
      const reveal = fact.getByRole('button', { name: t('row.reveal'), exact: true });
      if ((await reveal.count()) > 0) {
        await reveal.click();
      }
      const shown = await fact
        .locator('[data-part=value]')
        .evaluate((element) => element.title || element.textContent);
      if (!/^card\.(expMonth|brand)$/.test(path)) {
        same(shown, text, `${item.name}, ${path}`);
      }
    }
  }

  clipboard() {
    return this.page.evaluate(() => navigator.clipboard.readText());
  }
}
