// The machine is lost and comes back: the owner gives the backups a disk, sees one proved, takes a file along; on a new
// machine the wizard's "I have a backup" brings everything back from that file and the recovery kit.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { t } from '../../webui/static/text/backup.js';
import '../../webui/static/text/restore.js';
import '../../webui/static/text/second.js';
import { ask, hear, launch, person, same, tell, Teller, want } from './teller.mjs';
import { Vault } from './vault.mjs';
import { look } from './views.mjs';

const config = await hear();
const teller = new Teller(config);
const browser = await launch(config);
const me = { email: config.email, password: config.password };
const old = await person(browser, config);
let { page } = old;
teller.page = page;
let vault = new Vault(page);
const file = (name) => join(config.files, name);
const KIT = file('kit.txt');
const BACKUP = file('latchkey-1a2b3c4d-20261120T031500Z.age');

const button = (key, values) => page.getByRole('button', { name: t(key, values), exact: true });
const heading = (key) => page.getByRole('heading', { name: t(key), exact: true });
const box = (name) => page.getByRole('textbox', { name, exact: true });
const section = (name) => page.locator(`[data-section=${name}]`);
const found = (key) => page.locator('.backup-form .check', { hasText: t(key) });
const dialog = () => page.locator('dialog');
const toast = (key, values) => page.locator('.toast').getByText(t(key, values)).waitFor();
const view = (name) =>
  teller.step(`${name} has no fault that axe-core knows, in both themes and three widths`, () =>
    look(page, config.shots, name),
  );
const save = async (act, as) => {
  const [download] = await Promise.all([page.waitForEvent('download'), act()]);
  await download.saveAs(as);
};
async function prove() {
  await dialog().locator('password-field input').fill(me.password);
  await page.keyboard.press('Enter');
  await dialog().waitFor({ state: 'detached' });
}
async function narrow(name) {
  const beyond = {};
  for (const [width, size] of [
    [320, ''],
    [360, '200%'],
  ]) {
    await page.setViewportSize({ width, height: 740 });
    await page.evaluate((size) => (document.documentElement.style.fontSize = size), size);
    await page.waitForTimeout(150);
    const pixels = await page.evaluate(() => {
      const stage = document.querySelector('.stage') ?? document.documentElement;
      return stage.scrollWidth - stage.clientWidth;
    });
    if (pixels > 0) beyond[`${name} ${width} ${size}`] = pixels;
  }
  await page.evaluate(() => (document.documentElement.style.fontSize = ''));
  await page.setViewportSize({ width: 1280, height: 860 });
  same(JSON.stringify(beyond), '{}', 'pixels beyond the screen');
}

try {
  await teller.step('without a kit the page says that there are no backups', async () => {
    await vault.signIn(config.url, me);
    await page.goto(`${config.url}/#/house/backups`);
    await page.getByText(t('backup.truth.nokit')).waitFor();
  });
  await teller.step('a kit is made and saved', async () => {
    await page.getByRole('link', { name: t('backup.kit.make') }).click();
    await page.locator('summary', { hasText: t('kit.again') }).click();
    await page.locator('[data-part=kit-password] input').fill(me.password);
    const answer = page.waitForResponse(
      (r) => r.url().endsWith('/latchkey/kit') && r.request().method() === 'POST',
    );
    await page.locator('[data-part=kit-form] [type=submit]').click();
    const { kit, ask: asked } = await (await answer).json();
    tell({ typed: [kit.recoveryKey] });
    await save(() => button('kit.savefile').click(), KIT);
    await button('kit.have').click();
    const cells = page.locator('.kit-cells input');
    const body = kit.recoveryKey.replace('AGE-SECRET-KEY-1', '');
    for (const [i, at] of asked.positions.entries()) await cells.nth(i).fill(body[at]);
    await button('kit.ask.check').click();
    await toast('kit.ask.right');
  });
  await teller.step('the page tells that no copy lies outside of this machine', async () => {
    await page.goto(`${config.url}/#/house/backups`);
    await page.getByText(t('backup.truth.nowhere'), { exact: true }).waitFor();
  });
  await view('backups-none');

  await teller.step('a folder that is not there is told beside its field', async () => {
    await button('backup.place.add').click();
    await page.locator('.place-kinds input[value=folder]').check();
    await box('Folder').fill('/nowhere/at/all');
    await button('backup.form.check').click();
    if (
      await dialog()
        .isVisible()
        .catch(() => false)
    )
      await prove();
    await page.locator('.backup-form .error:not(:empty)').waitFor();
  });
  await teller.step('a folder on the disk of the house counts as no copy, and it says so', async () => {
    await box('Folder').fill(config.same);
    await button('backup.form.check').click();
    await found('place.found.samedisk').waitFor();
    await button('backup.form.save.same').waitFor();
  });
  await teller.step('a folder on another disk is checked, then used', async () => {
    await box('Folder').fill(config.disk);
    await button('backup.form.check').click();
    await found('place.found.ok').waitFor();
    same(await found('place.found.samedisk').count(), 0, 'warnings of the same disk');
    await button('backup.form.save').click();
    await toast('backup.place.saved', { name: t('backup.name.folder') });
    await page.locator('.backup-place', { hasText: config.disk }).waitFor();
  });
  await teller.step('a backup is made, and is proved by opening it', async () => {
    await button('backup.now').click();
    await toast('backup.job.done');
    const said = page.locator('.is-backups .backup-said');
    await said.getByText(t('backup.proof.opened')).waitFor();
    const text = await said.textContent();
    want(text.includes(t('backup.name.folder')), text);
    await page.locator('.backup-truth[data-verdict=good]').waitFor();
  });
  await view('backups');
  await teller.step('it fits 320 pixels, and text of twice the size', () => narrow('backups'));
  await teller.step('the owner’s page says the same in one sentence', async () => {
    await page.goto(`${config.url}/#/house/backup`);
    await section('backup').locator('.backup-said').getByText(t('backup.proof.opened')).waitFor();
    await page.goto(`${config.url}/#/house/backups`);
    await page.locator('.backup-copy').first().waitFor();
  });
  await teller.step('a copy is proved once more by its digest, and its menu works by keyboard', async () => {
    const more = page.locator('.backup-copy').first().locator('[data-part=menu]');
    await more.focus();
    await page.keyboard.press('Enter');
    await page.getByRole('menuitem').first().waitFor();
    await page
      .getByRole('menuitem', { name: t('backup.copy.prove.on', { place: t('backup.name.folder') }) })
      .focus();
    await page.keyboard.press('Enter');
    await toast('backup.job.proved');
  });
  await teller.step('with the kit’s key kept, a copy is opened at any time', async () => {
    await page.locator('[data-part=key-fold] > summary').click();
    await box(t('backup.key.field')).fill('AGE-SECRET-KEY-1QQQQ');
    await page.getByText(t('restore.kit.short', { count: 54, left: 54 })).waitFor();
    const { readKit } = await import('../../webui/static/views/kit-read.js');
    const { readFileSync } = await import('node:fs');
    await box(t('backup.key.field')).fill(readKit(readFileSync(KIT, 'utf8')).recovery.toLowerCase());
    await page.getByText(t('restore.kit.right')).waitFor();
    await page.locator('[data-part=key-fold] password-field input').fill(me.password);
    await button('backup.key.go').click();
    await toast('backup.key.kept');
    await button('backup.key.forget').waitFor();
  });
  await view('backups-key');
  await teller.step('how many are kept is changed, and how far back that reaches is said', async () => {
    await page.locator('summary', { hasText: t('backup.plan') }).click();
    await page.locator('#setting-backup-monthly').fill('24');
    await page.keyboard.press('Tab');
    await page.getByText(t('backup.plan.span', { time: t('backup.plan.months', { count: 24 }) })).waitFor();
    await page.locator('#setting-backup-hour').selectOption('3');
    await page.locator('.toast').waitFor();
  });
  await teller.step('a backup is downloaded, after the password', async () => {
    await button('backup.download').click();
    await dialog().locator('password-field input').fill(me.password);
    await save(
      () =>
        dialog()
          .getByRole('button', { name: t('backup.download.go'), exact: true })
          .click(),
      BACKUP,
    );
    await page
      .locator('.toast')
      .getByText(/latchkey-[0-9a-f]{8}-\d{8}T\d{6}Z\.age/)
      .waitFor();
  });

  let link;
  await teller.step('the machine is lost; a new one shows its first screen', async () => {
    ({ link } = await ask('lose'));
    const next = await person(browser, { ...config, url: config.newUrl });
    ({ page } = next);
    old.next = next;
    teller.page = page;
    vault = new Vault(page);
    await page.goto(link);
    await heading('setup.welcome.title').waitFor();
  });
  await view('restore-welcome');
  await teller.step('“I have a backup” asks for the kit', async () => {
    await page.locator('[data-part=restore]').click();
    await heading('restore.kit.title').waitFor();
    await button('first.continue').click();
    await page.locator('.error:not(:empty)').waitFor();
  });
  await teller.step('a file that is no kit is told, and a slip of the pen, with its group', async () => {
    writeFileSync(file('diary.txt'), 'Dear diary');
    await page.locator('[data-part=file]').setInputFiles(file('diary.txt'));
    await page.getByText(t('restore.kit.file.wrong')).waitFor();
    const typed = '4y8k h7gn 2wsz 5ql8 neyv qrlu 6qc9 dumv wdtx r4wn k5dv 0vt6 c7ks rf47 6p';
    await box(t('restore.kit.recovery')).fill(typed);
    await page.getByText(t('restore.kit.slip', { group: 7 })).waitFor();
  });
  await view('restore-kit');
  await teller.step('it fits 320 pixels, and text of twice the size', () => narrow('restore-kit'));
  await teller.step('the kit’s file is taken', async () => {
    await page.locator('[data-part=file]').setInputFiles(KIT);
    await page.getByText(t('restore.kit.file.right')).waitFor();
    await button('first.continue').click();
    await heading('restore.where.title').waitFor();
  });
  await teller.step('a file that is no backup is refused, and nothing was changed', async () => {
    writeFileSync(file('holiday.age'), Buffer.alloc(300_000, 65));
    await page.locator('input[value=file]').check();
    await page.locator('[data-part=file]').setInputFiles(file('holiday.age'));
    await button('restore.where.read').click();
    await heading('restore.failed.title').waitFor();
    await page.getByText(t('restore.failed.nothing')).waitFor();
  });
  await view('restore-failed');
  await teller.step('the disk of the old machine shows its backups by date', async () => {
    await button('restore.failed.other').click();
    await page.locator('input[value=folder]').check();
    await box('Folder').fill(config.disk);
    await button('restore.where.look').click();
    await heading('restore.pick.title').waitFor();
    want((await page.locator('input[name=restore-pick]').count()) > 0, 'no backup is listed');
  });
  await view('restore-pick');
  await teller.step('the downloaded file is sent and read', async () => {
    await button('first.back').click();
    await page.locator('input[value=file]').check();
    await page.locator('[data-part=file]').setInputFiles(BACKUP);
    await button('restore.where.read').click();
    await heading('restore.found.title').waitFor();
    const facts = await page.locator('.restore-facts').textContent();
    want(facts.includes(t('restore.found.people') + '2'), facts);
    want(facts.includes(t('restore.found.items') + String(config.items + 1)), facts);
  });
  await view('restore-found');
  await teller.step('a reload finds it again, and it goes on only after the warning', async () => {
    await page.reload();
    await heading('restore.found.title').waitFor();
    await button('restore.found.go').click();
    await page.getByText(t('restore.warn.needed')).waitFor();
    await page.locator('[data-part=exported]').check();
  });
  await teller.step('the house comes back by itself', async () => {
    await button('restore.found.go').click();
    await heading('restore.back.title').waitFor({ timeout: 60_000 });
  });
  await teller.step('the owner signs in, and everything is readable', async () => {
    await button('restore.back.go').click();
    await page.waitForURL((url) => url.protocol === 'https:');
    await page.locator('[data-part=email]').fill(me.email);
    await page.locator('password-field input').fill(me.password);
    await vault.button('unlock.signin').click();
    await vault.open();
    await vault.count(config.items);
    for (let i = 0; i < config.items; i++) {
      const two = String(i).padStart(2, '0');
      await vault.check({
        type: 1,
        name: `Lapwing ${two}`,
        username: 'reader',
        password: `curlew-${two}-samphire-marsh`,
      });
    }
  });
  await teller.step('so does the member', async () => {
    const guest = await person(browser, { ...config, url: config.newUrl });
    const theirs = new Vault(guest.page);
    await theirs.signIn(config.newUrl, config.member);
    await theirs.check({
      type: 1,
      name: 'Rowing club',
      username: 'oarsman',
      password: 'sculls-by-the-boathouse',
    });
    await guest.context.close();
  });
  await teller.step('the house says that it waits for the old machine to be off', async () => {
    await page.goto(`${config.newUrl}/#/house`);
    await page.getByText(t('restored.title')).waitFor();
    await page.locator('.house-section [data-code="restored.pending"]').waitFor();
    await section('use').locator('.score-plot svg').waitFor();
  });
  await view('restored');
  await teller.step('the owner says so, and it waits no longer', async () => {
    await button('restored.go').click();
    await dialog()
      .getByRole('button', { name: t('restored.go'), exact: true })
      .click();
    await page.getByText(t('restored.title')).waitFor({ state: 'detached' });
    await toast('restored.done');
    await page.goto(`${config.newUrl}/#/vault/all`);
    await page.goto(`${config.newUrl}/#/house`);
    await page.locator('.health-verdict').waitFor();
    await section('backup').locator('.backup-said').waitFor();
    same(await page.getByText(t('restored.title')).count(), 0, 'notices that still wait');
    same(await page.locator('[data-code="restored.pending"]').count(), 0, 'conditions that still wait');
  });
  await teller.step(
    'what was saved since is gone when the owner goes back to a copy of the list',
    async () => {
      await vault.add({ type: 2, name: 'Written later', notes: 'after-the-restore-of-the-house' });
      await page.goto(`${config.newUrl}/#/house/backups`);
      const copy = page.locator('.backup-copy', { hasText: t('backup.name.folder') }).first();
      await copy.locator('[data-part=menu]').click();
      await page.getByRole('menuitem', { name: t('backup.copy.restore') }).click();
      await heading('restore.kit.title').waitFor();
      await page.locator('[data-part=file]').setInputFiles(KIT);
      await page.getByText(t('restore.kit.file.right')).waitFor();
      await button('first.continue').click();
      await prove();
      await heading('restore.found.title').waitFor();
      await page.getByText(t('restore.found.means.old')).waitFor();
    },
  );
  await view('restore-owner');
  await teller.step('it asks once more who it is, and comes back by itself', async () => {
    await page.locator('[data-part=exported]').check();
    await button('restore.found.go').click();
    await prove();
    await page.locator('[data-part=email]').waitFor({ timeout: 60_000 });
    await vault.signIn(config.newUrl, me);
    await vault.count(config.items);
    same((await vault.search('Written later')).length, 0, 'items of later');
  });
  await teller.step('the pages asked nobody else for anything, and broke no rule of their own', async () => {
    const watches = [old.watch, old.next.watch];
    const strangers = watches.flatMap((one) => one.strangers);
    want(strangers.length === 0, `they asked ${strangers.join(', ')}`);
    const complaints = watches.flatMap((one) => one.take([/Failed to load resource/]));
    want(complaints.length === 0, complaints.join('\n'));
  });
} catch (error) {
  tell({ step: 'the story comes to its end', trouble: String(error.stack ?? error) });
} finally {
  await browser.close();
}
process.exit(0);
