// The first run, as the person at the box meets it: the printed link on http://localhost, step by step.
import { t } from '../../webui/static/text/text.js';
import { same, tell, want } from './teller.mjs';

const button = (page, key) => page.getByRole('button', { name: t(key), exact: true });

/** Types a new master password twice and ticks the warning. */
export async function choosePassword(page, password) {
  const fields = page.locator('password-field input');
  await fields.nth(0).fill(password);
  await fields.nth(1).fill(password);
  await page.locator('[data-part=understood]').check();
}

/** The kit's answer to the six questions, by the key that the server sent. */
function answers(kit, positions) {
  const body = kit.recoveryKey.replace('AGE-SECRET-KEY-1', '');
  return positions.map((at) => body[at]);
}

export async function wizard(teller, owner) {
  const { page, config } = teller;
  let kit;
  page.on('response', async (response) => {
    if (response.url().endsWith('/latchkey/kit') && response.request().method() === 'POST' && response.ok()) {
      kit = await response.json();
    }
  });

  await teller.step('without the link, the page at home says what to do', async () => {
    await page.goto(config.local);
    await page.getByText(t('setup.home.title')).waitFor();
  });
  await teller.step('the printed link opens the wizard, and its token leaves the address bar', async () => {
    await page.goto(config.link);
    await page.getByRole('heading', { name: t('setup.welcome.title') }).waitFor();
    want(!page.url().includes('token'), `the address bar still shows ${page.url()}`);
  });
  await teller.view('setup-welcome');
  await teller.step('it looks around, and each check answers', async () => {
    await page.locator('[data-part=begin]').click();
    await page.getByRole('heading', { name: t('setup.where.title') }).waitFor();
    await page.locator('.checks li').nth(4).waitFor();
  });
  await teller.view('setup-where');
  await teller.step('it asks how to be reached', async () => {
    await button(page, 'first.continue').click();
    await page.getByRole('heading', { name: t('setup.reach.title') }).waitFor();
  });
  await teller.view('setup-reach');
  await teller.step(
    'nothing is chosen for a person: going on without a choice is refused beside the choices',
    async () => {
      await button(page, 'first.continue').click();
      await page.locator('.error:not(:empty)').waitFor();
    },
  );
  await teller.step('what was answered stays answered: a reload goes on where it was', async () => {
    await page.getByRole('radio', { name: t('setup.reach.home') }).check();
    await button(page, 'first.continue').click();
    await page.getByRole('heading', { name: t('setup.owner.title') }).waitFor();
    await page.reload();
    await page.getByRole('heading', { name: t('setup.owner.title') }).waitFor();
  });
  await teller.view('setup-owner');
  await teller.step('a password that is easy to guess is refused beside its field', async () => {
    await page.locator('[data-part=email]').fill(owner.email);
    await choosePassword(page, 'password1234');
    await button(page, 'setup.owner.make').click();
    await page.locator('.error:not(:empty)').first().waitFor();
  });
  await teller.step('the owner makes an account', async () => {
    tell({ typed: [owner.password], names: [owner.email, owner.name] });
    await choosePassword(page, owner.password);
    await button(page, 'setup.owner.make').click();
    await page.getByRole('heading', { name: t('kit.title') }).waitFor({ timeout: 60_000 });
  });
  await teller.view('setup-kit');
  await teller.step('the recovery kit is saved as a file that holds its key', async () => {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      button(page, 'kit.savefile').click(),
    ]);
    const chunks = [];
    for await (const chunk of await download.createReadStream()) {
      chunks.push(chunk);
    }
    const text = Buffer.concat(chunks).toString('utf8').replace(/\s+/g, '');
    want(
      kit && text.includes(kit.kit.recoveryKey.slice('AGE-SECRET-KEY-1'.length, 30)),
      'the file has no recovery key',
    );
    await button(page, 'kit.have').click();
    await page.locator('.kit-cells input').nth(5).waitFor();
  });
  await teller.view('setup-kit-ask');
  await teller.step('wrong characters of it are refused', async () => {
    const cells = page.locator('.kit-cells input');
    const right = answers(kit.kit, kit.ask.positions);
    for (const [i, letter] of right.entries()) {
      await cells.nth(i).fill(i === 0 ? (letter === 'Q' ? 'P' : 'Q') : letter);
    }
    await button(page, 'kit.ask.check').click();
    await page.locator('.error:not(:empty)').first().waitFor();
  });
  await teller.step('the right ones end the wizard', async () => {
    const cells = page.locator('.kit-cells input');
    for (const [i, letter] of answers(kit.kit, kit.ask.positions).entries()) {
      await cells.nth(i).fill(letter);
    }
    await button(page, 'kit.ask.check').click();
    await page.getByRole('heading', { name: t('setup.done.title') }).waitFor();
  });
  await teller.view('setup-done');
  await teller.step('the link is spent: another browser gets nothing by it', async () => {
    const answer = await page.request.post(`${config.local}/latchkey/setup/claim`, {
      data: { token: new URL(config.link.replace('/#', '')).searchParams.get('token') },
    });
    same(answer.status(), 404, 'the spent token');
  });
  await teller.step('the last button opens the vault, over TLS', async () => {
    await button(page, 'setup.done.open').click();
    await page.waitForURL((url) => url.protocol === 'https:' || url.hash.startsWith('#/vault'));
  });
}
