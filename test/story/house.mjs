// The owner's day on the owner's page: how the house fares, who lives there, what it is used for, who was turned
// away; the log searched, followed and saved; a ban lifted; a member disabled and enabled.
import { join } from 'node:path';
import { t } from '../../webui/static/text/house.js';
import '../../webui/static/text/second.js';
import { ask, hear, launch, person, same, tell, Teller, want } from './teller.mjs';
import { Vault } from './vault.mjs';
import { look } from './views.mjs';

const config = await hear();
const teller = new Teller(config);
const browser = await launch(config);
const { page, watch } = await person(browser, config);
teller.page = page;
const vault = new Vault(page);
const me = { email: config.email, password: config.password };
const { member } = config;

const button = (key, values) => page.getByRole('button', { name: t(key, values), exact: true });
const dialog = page.locator('dialog');
const section = (name) => page.locator(`[data-section=${name}]`);
const toast = (key, values) => page.locator('.toast').getByText(t(key, values)).waitFor();
const view = (name) =>
  teller.step(`${name} has no fault that axe-core knows, in both themes and three widths`, () =>
    look(page, config.shots, name),
  );

/** Says who it is. */
async function prove() {
  await dialog.locator('password-field input').fill(me.password);
  await dialog.getByRole('button', { name: t('proof.go'), exact: true }).click();
  await dialog.waitFor({ state: 'detached' });
}

/** Opens the page at a section of it, and waits for its parts. */
async function open(name = '') {
  await page.goto(`${config.url}/#/house/${name}`);
  await section('use').locator('.score-plot svg').waitFor();
  await section('keeping').locator('.setting').first().waitFor();
  await section('bans').locator('h2').waitFor();
}

/** The menu of somebody, and one of its acts. */
async function act(key) {
  await button('house.person.more', { name: 'barnaby.thistlewick' }).click();
  await page.getByRole('menuitem', { name: t(key), exact: true }).click();
}

/** The whole page on one picture, for a person to judge: it is taller than a screen. */
async function whole() {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const width of [360, 768, 1280]) {
      await page.setViewportSize({ width, height: 900 });
      await page.waitForTimeout(100);
      const height = await page.locator('.stage').evaluate((stage) => stage.scrollHeight);
      await page.setViewportSize({ width, height: height + 80 });
      await page.waitForTimeout(100);
      await page.screenshot({ path: join(config.shots, `house-whole-${colorScheme}-${width}.png`) });
    }
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  await page.setViewportSize({ width: 1280, height: 860 });
}

const wide = () => page.locator('.stage').evaluate((stage) => stage.scrollWidth - stage.clientWidth);

async function content(download) {
  const chunks = [];
  for await (const chunk of await download.createReadStream()) {
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

try {
  await teller.step('the owner finds the house beside the vault', async () => {
    await vault.signIn(config.url, me);
    await page
      .locator('.rail')
      .getByRole('link', { name: t('nav.house'), exact: true })
      .click();
    await section('health').locator('h2').waitFor();
    await section('use').locator('.score-plot svg').waitFor();
    same(await section('people').locator('.person').count(), 2, 'people');
  });
  await teller.step('an account under attack is told in plain words', async () => {
    const text = await section('bans').locator('.sieges').textContent();
    want(/Somebody is guessing barnaby\.thistlewick’s password from \d+ addresses\./.test(text), text);
  });
  await view('house');
  await teller.step('the whole page is drawn for somebody to judge', whole);
  await teller.step('it fits 320 pixels, and text of twice the size', async () => {
    const beyond = {};
    for (const [width, size] of [
      [320, ''],
      [360, '200%'],
    ]) {
      await page.setViewportSize({ width, height: 740 });
      await page.evaluate((size) => (document.documentElement.style.fontSize = size), size);
      await page.waitForTimeout(200);
      beyond[`${width} ${size}`] = await wide();
    }
    await page.evaluate(() => (document.documentElement.style.fontSize = ''));
    await page.setViewportSize({ width: 1280, height: 860 });
    want(
      Object.values(beyond).every((pixels) => pixels === 0),
      `pixels beyond the screen: ${JSON.stringify(beyond)}`,
    );
  });

  await teller.step('use: the chart says in its table what it draws', async () => {
    await open('use');
    const sum = (await section('use').locator('.score-label.is-refused .score-sum').textContent()).replace(
      /\D/g,
      '',
    );
    want(Number(sum) >= 20, `${sum} refused`); // those that are folded come with the next line
    await page.getByText(t('house.table'), { exact: true }).click();
    const cell = section('use').locator('[data-part=days-table] tbody tr').first().locator('td').nth(2);
    same((await cell.textContent()).replace(/\D/g, ''), sum, 'the table of today');
  });
  await teller.step('use: a day is looked at by the arrow keys, and leads to its lines', async () => {
    const plot = section('use').locator('.score-plot');
    await plot.focus();
    await page.keyboard.press('End');
    const said = await plot.getAttribute('aria-valuetext');
    want(/\d+ refused/.test(said), said);
    await section('use')
      .getByRole('link', { name: t('house.score.log') })
      .waitFor();
    await page.keyboard.press('Escape');
  });
  await teller.step('use: any range of days, by week, by hour of the week', async () => {
    const range = section('use').locator('[data-part=range]');
    for (const days of ['7', '90', '365', 'own']) {
      await range.locator(`input[value="${days}"]`).check({ force: true });
      await section('use').locator('.score-plot svg').waitFor();
    }
    await range.locator('[data-part=to]').fill('2020-01-02');
    await range.locator('[data-part=from]').fill('2020-01-01');
    await section('use').getByText('1 Jan to 2 Jan 2020').waitFor();
    await range.locator('input[value="30"]').check({ force: true });
    await section('use').locator('[data-part=grain] input[value=week]').check({ force: true });
    await section('use').locator('[data-part=measure] input[value=refused]').check({ force: true });
    await section('use').locator('.heat-light.is-refused').first().waitFor();
  });

  await teller.step('a network that is shut out says why, and is let in again', async () => {
    await open('bans');
    const row = section('bans').locator('.ban', { hasText: config.shut });
    want((await row.textContent()).includes(t('house.bans.why.password')), await row.textContent());
    await row.getByRole('button').click();
    await toast('house.bans.lifted', { count: 1 });
    await row.waitFor({ state: 'detached' });
  });
  await teller.step('an address is let in for ten minutes', async () => {
    await page.getByText(t('house.admit'), { exact: true }).click();
    await page.getByLabel(t('house.admit.address')).fill('not an address');
    await button('house.admit.go').click();
    await section('bans').locator('.error:not(:empty)').waitFor();
    await page.getByLabel(t('house.admit.address')).fill('203.0.113.77');
    await button('house.admit.go').click();
    await section('bans').locator('.admitted li', { hasText: '203.0.113.77' }).waitFor();
  });

  await teller.step('the log is opened from a number, and shows the lines behind it', async () => {
    await open('use');
    await section('use').getByRole('link', { name: config.shut, exact: true }).click();
    await page.locator('tr.event').first().waitFor();
    const rows = await page.locator('tr.event').allTextContents();
    want(rows.length > 0 && rows.every((row) => row.includes(config.shut)), rows.join('\n'));
  });
  await teller.step('the log is searched by person and outcome', async () => {
    await button('house.log.clear').click();
    await page.getByLabel(t('house.log.who')).selectOption({ label: 'barnaby.thistlewick' });
    await page.getByLabel(t('house.log.how')).selectOption('refused');
    await page.waitForURL(/account=.*outcome=refused/);
    await page.locator('tr.event').first().waitFor();
    await page.locator('tr.event:not(.is-refused)').first().waitFor({ state: 'detached' });
    await page.getByLabel(t('house.log.text')).fill('no such line at all');
    await page.getByText(t('house.log.none')).waitFor();
    await page.getByLabel(t('house.log.text')).fill('');
    await page.locator('tr.event').first().waitFor();
  });
  await view('house-log');
  await teller.step('the log is followed: what happens now comes in by itself', async () => {
    await page.goto(`${config.url}/#/house/log?kind=signin`);
    await page.locator('tr.event.is-refused').first().waitFor({ state: 'detached' });
    await page.locator('tr.event').first().waitFor();
    const before = await page.locator('tr.event').count();
    await page.locator('.log-tools .switch').click();
    same((await ask('member')).status, 200, 'the member’s sign-in');
    await page.locator('tr.event').nth(before).waitFor();
    const row = await page.locator('tr.event').first().textContent();
    want(row.includes('barnaby.thistlewick signed in'), row);
    await page.locator('.log-tools .switch').click();
  });
  await teller.step('the log is saved as a table and for programs', async () => {
    await page.goto(`${config.url}/#/house/log?outcome=refused`);
    await page.locator('tr.event').first().waitFor();
    for (const [format, looks] of [
      ['csv', /^time,kind,outcome[^\n]*\r\n\d{4}-/],
      ['jsonl', /^\{"time":"\d{4}-/],
    ]) {
      await button('house.log.save').click();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('menuitem', { name: t(`house.log.save.${format}`) }).click(),
      ]);
      const text = await content(download);
      want(looks.test(text), `${format} begins with ${text.slice(0, 120)}`);
      want(text.split('\n').length > 10, `${format} has ${text.split('\n').length} lines`);
    }
  });

  await teller.step('removing somebody names what is lost, and is left', async () => {
    await open('people');
    await act('house.act.remove');
    const text = await dialog.textContent();
    want(text.includes(t('people.items', { count: 3 })), text);
    await button('ask.cancel').click();
    await dialog.waitFor({ state: 'detached' });
  });
  await teller.step('a member is disabled, and can’t get in', async () => {
    await act('house.act.disable');
    await dialog.getByRole('button', { name: t('house.act.disable'), exact: true }).click();
    await toast('house.act.disable.done', { name: 'barnaby.thistlewick' });
    await section('people').getByText(t('house.person.disabled')).waitFor();
    same((await ask('member')).status, 400, 'the member’s sign-in');
  });
  await view('house-disabled');
  await teller.step('and is enabled, and can again', async () => {
    await act('house.act.enable');
    await toast('house.act.enable.done', { name: 'barnaby.thistlewick' });
    same((await ask('member')).status, 200, 'the member’s sign-in');
  });
  await teller.step('a second step is required of a member', async () => {
    await act('house.act.require');
    await dialog.getByRole('button', { name: t('house.act.require'), exact: true }).click();
    await section('people').getByText(t('house.second.missing')).waitFor();
    await act('house.act.excuse');
    await section('people').getByText(t('house.second.missing')).waitFor({ state: 'detached' });
  });
  await teller.step('an invitation is made and taken back', async () => {
    await page.getByText(t('people.invite.title'), { exact: true }).click();
    await page.getByLabel(t('people.invite.email')).fill('cousin.marmaduke@lanternmail.test');
    await button('people.invite.go').click();
    await page.locator('.people-link qr-code svg').waitFor();
    await page
      .getByRole('button', { name: t('people.revoke.of', { email: 'cousin.marmaduke@lanternmail.test' }) })
      .click();
    await page.locator('.is-invited').waitFor({ state: 'detached' });
  });
  await teller.step('how long the log is kept is changed, and the truth about backups told', async () => {
    await open('keeping');
    await section('keeping').locator('#setting-journal-days').fill('120');
    await page.keyboard.press('Tab');
    await page.locator('.toast').waitFor();
    await section('backup').locator('.backup-said').waitFor();
    await section('keeping').getByText(t('house.version'), { exact: true }).waitFor();
  });
  await teller.step('without a fresh proof the log stays shut until it is given', async () => {
    await page.route('**/latchkey/log?*', (route) =>
      route.fulfill({
        status: 400,
        json: { message: 'stale', problem: { code: 'proof.stale', text: 'stale', hint: '', values: {} } },
      }),
    );
    await page.goto(`${config.url}/#/house/log`);
    await dialog.waitFor();
    await page.keyboard.press('Escape');
    await page.getByText(t('house.log.locked')).waitFor();
    await page.unroute('**/latchkey/log?*');
    await button('house.log.prove').click();
    if (await dialog.isVisible()) {
      await prove();
    }
    await page.locator('tr.event').first().waitFor();
  });

  const guest = await person(browser, config);
  await teller.step('a member finds no house, in the places or at its address', async () => {
    teller.page = guest.page;
    const theirs = new Vault(guest.page);
    await theirs.signIn(config.url, member);
    same(await guest.page.locator('[data-nav=house]:visible').count(), 0, 'links to the house');
    await guest.page.goto(`${config.url}/#/house`);
    await guest.page.getByText(t('app.missing')).waitFor();
  });
  await teller.step('the pages asked nobody else for anything, and broke no rule of their own', async () => {
    const strangers = [watch, guest.watch].flatMap((one) => one.strangers);
    want(strangers.length === 0, `they asked ${strangers.join(', ')}`);
    const complaints = [watch, guest.watch].flatMap((one) => one.take([/Failed to load resource/]));
    want(complaints.length === 0, complaints.join('\n'));
  });
} catch (error) {
  tell({ step: 'the story comes to its end', trouble: String(error.stack ?? error) });
} finally {
  await browser.close();
}
process.exit(0);
