// A new encryption key, on the real page: one browser makes it and goes on, another is signed out and comes back.
import { t } from '../../webui/static/text/text.js';
import '../../webui/static/text/second.js';
import '../../webui/static/text/rotate.js';
import { Keyring } from './keyring.mjs';
import { hear, launch, person, same, tell, Teller, want } from './teller.mjs';
import { Vault } from './vault.mjs';
import { look } from './views.mjs';

const config = await hear();
const teller = new Teller(config);
const browser = await launch(config);
const me = { email: config.email, password: config.password };
const rows = ['', 'login.password', 'notes', 'card.cardholderName', 'identity.company', 'ssh.privateKey'];
const kept = config.items.filter(({ trashed }) => !trashed);
/** One of each type, with and without a key of its own. */
const some = kept.slice(-10);
const later = { type: 2, name: 'Saxifrage', notes: 'written-after-the-turnstone' };
const half = 'half-a-thought-of-knots';
tell({ typed: [me.password, ...config.items.map(({ secret }) => secret), later.notes, half] });

const enter = async () => {
  const one = await person(browser, config);
  return { ...one, vault: new Vault(one.page) };
};
const here = await enter();
const there = await enter();
const fold = here.page.locator('details', { has: here.page.getByText(t('settings.rotate.title')) });
const form = fold.locator('form');
const view = (name) =>
  teller.step(`${name} has no fault that axe-core knows, in both themes and three widths`, () =>
    look(here.page, config.shots, name),
  );

/** Every item is listed, and those that are looked at say what was typed into them. */
async function readable({ page, vault }, more = []) {
  await page.goto(`${page.url().split('#')[0]}#/vault/all`);
  await vault.open();
  await page.locator('input[type=search]').fill('');
  const names = new Set();
  const list = page.locator('.list-pane [data-part=list]');
  for (let i = 0; i < 8 && names.size < kept.length + more.length; i++) {
    for (const name of await vault.names()) names.add(name);
    await list.evaluate((element) => element.scrollBy(0, element.clientHeight * 0.8));
    await page.waitForTimeout(60);
  }
  for (const { name } of [...kept, ...more]) want(names.has(name), `${name} is not listed`);
  for (const { type, name, secret } of some) await vault.check({ name, ...shown(type, secret) });
  for (const item of more) await vault.check(item);
  await page.goto(`${page.url().split('#')[0]}#/vault/trash`);
  await vault.count(config.items.length - kept.length);
  const gone = (await vault.names()).sort().join();
  const wanted = config.items.filter(({ trashed }) => trashed).map(({ name }) => name);
  same(gone, wanted.sort().join(), 'what lies in the trash');
  for (const name of ['Cellar', 'Attic']) {
    want(await page.getByText(`${name} of Kindlewood`).first().isVisible(), `no folder ${name}`);
  }
}

/** The secret, in the place where Vault.check looks for it. */
function shown(type, secret) {
  const [part, field] = rows[type].split('.');
  if (type === 1) return { type, username: 'reader', password: secret };
  return field ? { type, [part]: { [field]: secret } } : { type, notes: secret };
}

async function typeAnew({ page, vault }, reason) {
  await page.getByText(reason).waitFor();
  await page.locator('password-field input').fill(me.password);
  await vault.button('unlock.signin').click();
  await vault.open();
}

try {
  teller.page = there.page;
  await teller.step('another browser is signed in, with a passkey that opens the vault', async () => {
    await there.vault.signIn(config.url, me);
    const keyring = await Keyring.of(there.page);
    await keyring.own({ prf: true });
    await there.page.goto(`${config.url}/#/settings/security`);
    await there.vault.button('passkeys.add').click();
    const dialog = there.page.locator('dialog');
    await dialog.locator('password-field input').fill(me.password);
    await dialog.getByRole('button', { name: t('proof.go'), exact: true }).click();
    await dialog.getByLabel(t('key.name')).fill('Finger');
    await dialog.getByRole('button', { name: t('passkey.go') }).click();
    await there.page.locator('li.thing', { hasText: 'Finger' }).getByText(t('passkey.opens')).waitFor();
    await there.page.goto(`${config.url}/#/vault/all`);
  });
  teller.page = here.page;
  await teller.step('here an edit is left unsaved', async () => {
    await here.vault.signIn(config.url, me);
    await here.vault.go(some[1].name);
    await here.vault.button('item.edit').click();
    await here.vault.edit('notes').fill(half);
    await here.page.waitForTimeout(400); // the draft is sealed after a rest of 200 ms
  });
  await teller.step('the settings say what a new key is for, and what it does', async () => {
    await here.page.goto(`${config.url}/#/settings/security`);
    await here.page.getByText(t('settings.rotate.title')).click();
    await fold.getByText(t('rotate.what.signout')).waitFor();
    await fold.evaluate((element) => {
      const up = () => element.scrollIntoView();
      addEventListener('resize', () => requestAnimationFrame(up));
      up();
    });
  });
  await view('rotate');
  await teller.step('a wrong password is told', async () => {
    await form.locator('password-field input').fill('somebody else entirely');
    await fold.getByRole('button', { name: t('rotate.go') }).click();
    await form.locator('.error:not(:empty)').waitFor();
  });
  await teller.step('the right one makes the key, and says so', async () => {
    await form.locator('password-field input').fill(me.password);
    await fold.getByRole('button', { name: t('rotate.go') }).click();
    await fold.getByText(t('rotate.done'), { exact: true }).waitFor();
    await fold.getByText(t('rotate.done.items', { count: config.items.length })).waitFor();
    want(!(await fold.locator('[data-part=lost]').isVisible()), 'a passkey lost its unlock');
  });
  await view('rotate-done');
  await teller.step('everything is readable here, without a reload', () => readable(here));
  await teller.step('what was left unsaved is there, and can be saved', async () => {
    await here.page.goto(`${config.url}/#/vault/all`);
    await here.vault.go(some[1].name);
    await here.vault.button('item.edit').click();
    await here.page.getByText(t('edit.draft')).waitFor();
    same(await here.vault.edit('notes').inputValue(), half, 'the draft');
    await here.vault.edit('notes').fill(some[1].secret);
    await here.vault.saved(() => here.vault.button('item.save').click());
    await here.vault.add(later);
  });
  await teller.step('it locks, and opens by the password', async () => {
    await here.vault.lock();
    await here.vault.unlock(me.password);
    await here.vault.check(later);
  });

  teller.page = there.page;
  await teller.step('the other browser was signed out, and reads everything by the password', async () => {
    await there.page.evaluate(() => dispatchEvent(new Event('online')));
    await typeAnew(there, t('unlock.reason.expired'));
    await readable(there, [later]);
  });
  await teller.step('and by the passkey alone', async () => {
    await there.page.goto('about:blank');
    await there.page.goto(`${config.url}/#/`);
    await there.vault.button('unlock.passkey').click();
    await there.vault.open();
    await readable(there, [later]);
  });
  await teller.step('the pages asked nobody else for anything, and broke no rule of their own', async () => {
    for (const { watch } of [here, there]) {
      want(watch.strangers.length === 0, `they asked ${watch.strangers.join(', ')}`);
      const complaints = watch.take([/Failed to load resource/]);
      want(complaints.length === 0, complaints.join('\n'));
      watch.deliver();
    }
  });
} catch (error) {
  tell({ step: 'the story comes to its end', trouble: String(error.stack ?? error) });
} finally {
  await browser.close();
}
process.exit(0);
