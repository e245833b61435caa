// Second factors and passkeys, on the real page: adding them, signing in by them, losing them.
import { t } from '../../webui/static/text/text.js';
import '../../webui/static/text/second.js';
import { code, Keyring, STEP } from './keyring.mjs';
import { ask, hear, launch, person, same, tell, Teller, want } from './teller.mjs';
import { Vault } from './vault.mjs';
import { look } from './views.mjs';
import { choosePassword } from './wizard.mjs';

const config = await hear();
const teller = new Teller(config);
const browser = await launch(config);
const origins = { ...config, local: config.other };
const { page, watch } = await person(browser, origins);
teller.page = page;
const vault = new Vault(page);
const keyring = await Keyring.of(page);
const me = { email: config.email, password: config.password };
const item = {
  type: 1,
  name: 'Lanternfish library',
  username: 'reader-of-tides',
  password: 'Qw!lanternfish-77',
};
tell({ typed: [me.password, item.password, item.username] });

const named = (name) => page.getByRole('button', { name, exact: true });
const button = (key, values) => named(t(key, values));
const dialog = page.locator('dialog');
const toast = (key, values) => page.locator('.toast').getByText(t(key, values)).waitFor();
const view = (name, on = page) =>
  teller.step(`${name} has no fault that axe-core knows, in both themes and three widths`, () =>
    look(on, config.shots, name),
  );

async function gone() {
  await dialog.first().waitFor({ state: 'detached' });
}

async function settings() {
  await page.goto(`${config.url}/#/settings/security`);
  await page.getByRole('heading', { name: t('factors.title') }).waitFor();
}

/** The row of a factor, by its name. */
const row = (name) =>
  page
    .locator('li.thing')
    .filter({ has: page.locator('.thing-name', { hasText: name }) })
    .first();

async function choose(name, key) {
  await named(t('key.more', { name })).click();
  await page.getByRole('menuitem', { name: t(key), exact: true }).click();
}

/** Says who it is, where that is asked. */
async function prove(password = me.password) {
  await dialog.locator('password-field input').fill(password);
  await dialog.getByRole('button', { name: t('proof.go'), exact: true }).click();
}

async function typePassword(url = config.url) {
  await page.goto(`${url}/#/`);
  await page.locator('[data-part=email]').fill(me.email);
  await page.locator('password-field input').fill(me.password);
  await button('unlock.signin').click();
}

/** Reloading ends what the page had in memory: it has to sign in again. */
async function reload(url = config.url) {
  await page.goto('about:blank');
  await page.goto(`${url}/#/`);
  await page.locator('password-field input').waitFor();
}

async function secondStep(way) {
  const lead = page.getByText(t(`second.${way}.lead`));
  await page.getByRole('heading', { name: t('second.title') }).waitFor();
  if (await lead.isVisible()) return;
  await button('second.other').click();
  await page.getByRole('menuitem', { name: t(`second.${way}`), exact: true }).click();
  await lead.waitFor();
}

const codeField = page.locator('[data-part=code]');
const problem = (text) => page.locator('.error').getByText(text).first().waitFor();

let secret = '';
let recovery = '';
let next = 0;

/** A code that was not used yet; waits for one where it must. The house takes each once, a step early or late. */
async function fresh() {
  const oldest = Math.floor((Date.now() + 2000) / STEP) - 1;
  const step = Math.max(next, oldest);
  next = step + 1;
  await page.waitForTimeout(Math.max(0, (step - 1) * STEP - Date.now() + 100));
  return code(secret, step);
}

try {
  await teller.step('without a second factor the password is enough', async () => {
    await vault.signIn(config.url, me);
    await vault.add(item);
    await settings();
    await page.getByText(t('factors.totp.off')).waitFor();
  });

  await teller.step('a change of factors asks who it is, and a wrong password is told', async () => {
    await named(`${t('factors.setup')}: ${t('second.totp')}`).click();
    await dialog.getByRole('heading', { name: t('ask.password.title') }).waitFor();
    await prove('somebody else entirely');
    await dialog.locator('.error:not(:empty)').waitFor();
  });
  await view('prove');
  await teller.step('the authenticator app’s key is shown as a picture and as text', async () => {
    await prove();
    await dialog.getByRole('heading', { name: t('totp.title') }).waitFor();
    await dialog.locator('qr-code svg').waitFor();
    await dialog.getByText(t('totp.manual')).click();
    secret = (await dialog.locator('[data-part=key]').textContent()).replaceAll(' ', '');
    same(secret.length, 32, 'characters of the key');
  });
  await view('totp-add');
  await teller.step('a wrong code is told beside it', async () => {
    await codeField.fill('000000');
    await dialog.locator('.error:not(:empty)').waitFor();
  });
  await teller.step('six digits submit themselves, however they are pasted', async () => {
    const digits = await fresh();
    await codeField.fill('');
    await codeField.pressSequentially(`${digits.slice(0, 3)} ${digits.slice(3)}`);
    await dialog.getByRole('heading', { name: t('recovery.title') }).waitFor();
    recovery = (await dialog.locator('[data-part=code]').textContent()).trim();
    same(recovery.replaceAll(' ', '').length, 32, 'characters of the recovery code');
  });
  await view('recovery');
  await teller.step('the recovery code is copied, and printed alone', async () => {
    await dialog.getByRole('button', { name: t('recovery.copy') }).click();
    await page.waitForFunction(async (wanted) => (await navigator.clipboard.readText()) === wanted, recovery);
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    await page.emulateMedia({ media: 'print' });
    await page.locator('.slip').waitFor();
    want(!(await dialog.isVisible()), 'the dialog is printed, too');
    await page.screenshot({ path: `${config.shots}/recovery-print.png` });
    await page.emulateMedia({ media: 'screen' });
    await page.evaluate(() => dispatchEvent(new Event('afterprint')));
    await button('recovery.done').click();
    await toast('totp.on');
  });

  await teller.step('a security key gets a name and is there; nothing was asked again', async () => {
    await keyring.plug();
    await button('factors.keys.add').click();
    await dialog.getByLabel(t('key.name')).fill('Blue key');
    await dialog.getByRole('button', { name: t('key.go') }).click();
    await toast('key.added', { name: 'Blue key' });
    await row('Blue key').waitFor();
  });
  await teller.step('the same key is not added twice', async () => {
    await button('factors.keys.add').click();
    await dialog.getByRole('button', { name: t('key.go') }).click();
    await dialog.locator('.error:not(:empty)').waitFor();
  });
  await view('key-add');
  await teller.step('it can be renamed', async () => {
    await dialog.getByRole('button', { name: t('ask.cancel') }).click();
    await gone();
    await choose('Blue key', 'key.rename');
    await dialog.locator('input').fill('Blue key at home');
    await dialog.getByRole('button', { name: t('key.rename') }).click();
    await row('Blue key at home').waitFor();
  });
  await view('security-factors');

  await teller.step('signing in asks the key, and it opens the vault', async () => {
    await reload();
    await typePassword();
    await vault.open();
  });
  await teller.step('a key that nobody touches waits, and there is another way', async () => {
    await keyring.touched(false);
    await reload();
    await typePassword();
    await page.getByText(t('second.key.waiting')).waitFor();
  });
  await view('second-key');
  await teller.step('a code does as well; a wrong one is told', async () => {
    await secondStep('totp');
    await codeField.fill('123456');
    await problem(t('problem.second.wrong'));
  });
  await view('second-totp');
  await teller.step('the right one signs in by itself, and this browser is remembered', async () => {
    await page.getByText(t('second.remember')).click();
    await codeField.fill(await fresh());
    await vault.open();
    await reload();
    await typePassword();
    await vault.open();
  });
  await teller.step('devices show what is spared, and can be renamed', async () => {
    await page.goto(`${config.url}/#/settings/devices`);
    await page.getByText(t('devices.spared'), { exact: true }).waitFor();
    const name = await page.locator('.thing-name').first().textContent();
    const first = name
      .split(/\s{2,}/)[0]
      .replace(t('devices.this'), '')
      .replace(t('devices.spared'), '')
      .trim();
    await named(t('devices.more', { name: first })).click();
    await page.getByRole('menuitem', { name: t('devices.rename') }).click();
    await dialog.locator('input').fill('Kitchen laptop');
    await dialog.getByRole('button', { name: t('devices.rename') }).click();
    await page.getByText('Kitchen laptop').first().waitFor();
  });
  await view('devices');
  await teller.step('what is remembered can be forgotten, and then a code is wanted', async () => {
    await settings();
    await button('factors.remembered.go').click();
    await toast('factors.remembered.done');
    await reload();
    await typePassword();
    await secondStep('totp');
  });
  await teller.step('going back leads to the password', async () => {
    await button('second.back').click();
    await page.locator('password-field input').waitFor();
    same(await page.locator('password-field input').inputValue(), '', 'what is in the field');
  });
  await teller.step('a key whose counter goes backwards is refused, and says why', async () => {
    await keyring.count(1);
    await keyring.touched(true);
    await typePassword();
    await problem('counter went backwards');
  });
  await teller.step('a key that lost what it knew says nothing, and another way is open', async () => {
    await keyring.forget();
    await button('second.key.go').click();
    await problem('Nothing came from your key');
    await secondStep('recovery');
    await codeField.fill('aaaa bbbb cccc dddd');
    await button('second.recovery.go').click();
    await page.locator('.error:not(:empty)').first().waitFor();
  });
  await view('second-recovery');
  await teller.step('the recovery code signs in, and turns the second step off', async () => {
    await codeField.fill(recovery);
    await button('second.recovery.go').click();
    await toast('second.recovery.done');
    await page.getByText(t('factors.totp.off')).waitFor();
    same(await row('Blue key at home').count(), 0, 'keys that are left');
    await reload();
    await typePassword();
    await vault.open();
  });

  await teller.step('everybody else is signed out at once', async () => {
    await page.goto(`${config.url}/#/settings/devices`);
    await button('devices.others').click();
    await dialog.getByRole('button', { name: t('devices.others') }).click();
    await toast('devices.others.done');
    await button('devices.others').waitFor({ state: 'detached' });
  });

  await teller.step('a passkey with a PRF signs in and opens the vault', async () => {
    await keyring.own({ prf: true });
    await settings();
    await button('passkeys.add').click();
    await prove();
    await dialog.getByRole('heading', { name: t('passkey.title') }).waitFor();
  });
  await view('passkey-add');
  await teller.step('it is made, and says what it can', async () => {
    await dialog.getByLabel(t('key.name')).fill('Laptop finger');
    await dialog.getByRole('button', { name: t('passkey.go') }).click();
    await toast('passkey.added', { name: 'Laptop finger' });
    await row('Laptop finger').getByText(t('passkey.opens')).waitFor();
  });
  await view('security-passkeys');
  await teller.step('a locked page opens by it, even when the house is away', async () => {
    await vault.lock();
    await page.context().setOffline(true);
    try {
      await button('unlock.passkey.open').click();
      await page.getByRole('heading', { name: t('settings.security'), exact: true }).waitFor();
      await page.goto(`${config.url}/#/vault/all`);
      await vault.check(item);
    } finally {
      await page.context().setOffline(false);
    }
  });
  await teller.step('and signs in where no password is typed', async () => {
    await reload();
  });
  await view('unlock-passkey');
  await teller.step('with the vault open at the end', async () => {
    await button('unlock.passkey').click();
    await vault.open();
    await vault.check(item);
  });
  await teller.step('it proves who somebody is, too', async () => {
    await settings();
    await named(`${t('factors.show')}: ${t('factors.recovery')}`).click();
    await button('proof.passkey').click();
    await dialog.getByRole('heading', { name: t('recovery.title') }).waitFor();
    await button('recovery.done').click();
    await gone();
  });
  await teller.step('a finger that is not right opens nothing', async () => {
    await keyring.verified(false);
    await reload();
    await button('unlock.passkey').click();
    await problem('Nothing came from your key');
    await keyring.verified(true);
  });
  await teller.step(
    'under another name of the house it is not asked, and the list says where it works',
    async () => {
      await reload(config.other);
      await typePassword(config.other);
      await vault.open();
      await page.goto(`${config.other}/#/settings/security`);
      await row('Laptop finger')
        .getByText(t('key.elsewhere', { name: 'localhost' }))
        .waitFor();
      await vault.lock();
      await button('unlock.open').waitFor();
      want(!(await button('unlock.passkey.open').isVisible()), 'the passkey is offered');
      await page.locator('password-field input').fill(me.password);
      await button('unlock.open').click();
      await page.getByRole('heading', { name: t('factors.title') }).waitFor();
    },
  );
  await view('security-elsewhere');

  await teller.step('a passkey without a PRF is added, and it is said what it can’t', async () => {
    await reload();
    await typePassword();
    await vault.open();
    await settings();
    await keyring.own({ prf: false });
    await button('passkeys.add').click();
    await prove();
    await dialog.getByLabel(t('key.name')).fill('Old tablet');
    await dialog.getByRole('button', { name: t('passkey.go') }).click();
    await dialog.getByRole('heading', { name: t('passkey.noprf.title') }).waitFor();
  });
  await view('passkey-noprf');
  await teller.step('it signs in, and the master password opens the vault', async () => {
    await button('passkey.noprf.ok').click();
    await row('Old tablet').getByText(t('passkey.signs')).waitFor();
    await reload();
    await button('unlock.passkey').click();
    await page.getByText(t('unlock.reason.passkey')).first().waitFor();
  });
  await view('unlock-noprf');
  await teller.step('a wrong password does not, the right one does', async () => {
    await vault.unlock('not the one at all').catch(() => {});
    await page.locator('.error:not(:empty)').first().waitFor();
    await vault.unlock(me.password);
    await vault.check(item);
  });
  await teller.step('a removed passkey is one no more', async () => {
    await settings();
    await choose('Old tablet', 'key.remove');
    await dialog.getByRole('button', { name: t('key.remove') }).click();
    await prove();
    await toast('key.removed', { name: 'Old tablet' });
    await reload();
    await button('unlock.passkey').click();
    await problem('This passkey belongs to no account here');
  });

  await teller.step('the API key for the command line is shown after a proof, and made anew', async () => {
    await typePassword();
    await vault.open();
    await settings();
    await page.getByText(t('apikey.title')).click();
    await button('apikey.show').click();
    await prove();
    await page.locator('[data-part=secret]').waitFor();
    const before = await page.locator('[data-part=secret]').textContent();
    want(/^user\.[0-9a-f-]{36}$/.test(await page.locator('[data-part=id]').textContent()), 'no client_id');
    await button('apikey.again').click();
    await dialog.getByRole('button', { name: t('apikey.again') }).click();
    await toast('apikey.again.done');
    want((await page.locator('[data-part=secret]').textContent()) !== before, 'it is the old key');
  });
  await view('security-apikey');

  const guest = {
    email: 'nellie.marchbanks@meadowmail.test',
    password: 'eleven copper owls reading by moonshine',
  };
  tell({ typed: [guest.password] });
  const second = await person(browser, origins);
  teller.page = second.page;
  const their = new Vault(second.page);
  const enrolling = second.page.getByRole('heading', { name: t('enrol.title') });
  await teller.step('who must add a second factor is asked for it while the vault is open', async () => {
    const { link } = await ask('invite', { email: guest.email });
    await second.page.goto(link.replace(/^https?:\/\/[^/]+/, config.url));
    await second.page.getByRole('heading', { name: t('join.title') }).waitFor();
    await second.page.locator('[data-part=name]').fill('Nellie Marchbanks');
    await choosePassword(second.page, guest.password);
    await their.button('join.make').click();
    await their.open();
    await ask('require', { email: guest.email });
    await second.page.evaluate(() => dispatchEvent(new Event('online')));
    await enrolling.waitFor();
  });
  await view('enrol', second.page);
  await teller.step('and at the next sign-in, before anything opens', async () => {
    await second.page.goto('about:blank');
    await second.page.goto(`${config.url}/#/vault/all`);
    await second.page.locator('[data-part=email]').fill(guest.email);
    await second.page.locator('password-field input').fill(guest.password);
    await their.button('unlock.signin').click();
    await enrolling.waitFor();
  });
  await teller.step('with a factor added, the vault opens', async () => {
    await their.button('factors.setup').click();
    const box = second.page.locator('dialog');
    await box.getByText(t('totp.manual')).click();
    const key = await box.locator('[data-part=key]').textContent();
    await box.locator('[data-part=code]').fill(code(key, Math.floor(Date.now() / STEP)));
    await box.getByRole('heading', { name: t('recovery.title') }).waitFor();
    await their.button('recovery.done').click();
    await their.open();
  });

  await teller.step('the pages asked nobody else for anything, and broke no rule of their own', async () => {
    const both = [watch, second.watch];
    const strangers = both.flatMap((one) => one.strangers);
    want(strangers.length === 0, `they asked ${strangers.join(', ')}`);
    const complaints = both.flatMap((one) =>
      one.take([/Failed to load resource/, /ERR_INTERNET_DISCONNECTED/]),
    );
    want(complaints.length === 0, complaints.join('\n'));
  });
  watch.deliver();
} catch (error) {
  tell({ step: 'the story comes to its end', trouble: String(error.stack ?? error) });
} finally {
  await browser.close();
}
process.exit(0);
