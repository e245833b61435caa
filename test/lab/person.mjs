// A person with a browser in one of the lab's networks: somebody at home who sets the house up, or somebody far away
// who opens it. lab.sh starts this inside a namespace; config says which person and what they know. One JSON object
// a line in both directions, as in the story.
import { chromium } from 'playwright-core';
import { t } from '../../webui/static/text/reach.js';
import { ask, hear, same, tell, Teller, want } from '../story/teller.mjs';
import { Vault } from '../story/vault.mjs';
import { choosePassword } from '../story/wizard.mjs';

/** The name's part takes a while: a record, and two certificates that the authority checks. */
const NAME_PATIENCE = 120_000;

const config = await hear();
const browser = await chromium.launch({
  executablePath: config.chromium,
  env: { ...process.env, HOME: config.home },
  args: ['--no-sandbox', '--disable-component-update', '--disable-background-networking'],
});
const context = await browser.newContext({ acceptDownloads: true, viewport: { width: 1280, height: 900 } });
context.setDefaultTimeout(30_000);
const page = await context.newPage();
const teller = new Teller(config);
teller.page = page;

const button = (key) => page.getByRole('button', { name: t(key), exact: true });
const heading = (key, values) => page.getByRole('heading', { name: t(key, values) });

/** The fields that had to be typed in, by what they are for. */
const typed = [];
async function type(what, locator, text) {
  typed.push(what);
  await locator.fill(text);
}

/** Sets the house up on the public path, from the printed link to the last screen. */
async function setUp({ link, choice, owner, moved }) {
  let kit;
  page.on('response', async (response) => {
    if (response.url().endsWith('/latchkey/kit') && response.request().method() === 'POST' && response.ok()) {
      kit = await response.json();
    }
  });
  await teller.step('the printed link opens the wizard, which asks how to be reached', async () => {
    await page.goto(link);
    await page.locator('[data-part=begin]').click();
    await heading('setup.where.title').waitFor();
    await button('first.continue').click();
    await heading('setup.reach.title').waitFor();
    await page.locator('input[name=reach][value=domain]').check();
    await button('first.continue').click();
    await heading('reach.name.domain.title').waitFor();
  });
  await teller.step('a name and one credential are all that it wants for the name', async () => {
    await type('name', page.locator('[data-part=name]'), choice.name);
    const provider = page.locator('select[data-part=provider]');
    if (choice.guessed) {
      await page.waitForFunction(
        ([select, id]) => select.value === id,
        [await provider.elementHandle(), choice.provider],
      );
    } else {
      await provider.selectOption(choice.provider);
    }
    const [credential] = Object.values(choice.credentials);
    await type('credential', page.locator('[data-part=credentials] input:visible').first(), credential);
    await button('reach.name.go').click();
    await heading('reach.progress.title', { name: choice.name }).waitFor();
  });
  await teller.step('the record and the certificates come, with their progress on the screen', async () => {
    await page.locator('.actions [data-part=go]:visible').waitFor({ timeout: NAME_PATIENCE });
    await page.locator('.actions [data-part=go]').click();
  });
  if (moved) {
    await moveTo(moved);
  }
  await teller.step('only then the owner chooses a password', async () => {
    await type('e-mail', page.locator('[data-part=email]'), owner.email);
    typed.push('password', 'password again');
    await choosePassword(page, owner.password);
    await button('setup.owner.make').click();
    await heading('kit.title').waitFor({ timeout: 60_000 });
  });
  await teller.step('the recovery kit is kept and asked back', async () => {
    await Promise.all([page.waitForEvent('download'), button('kit.savefile').click()]);
    await button('kit.have').click();
    const cells = page.locator('.kit-cells input');
    const body = kit.kit.recoveryKey.replace('AGE-SECRET-KEY-1', '');
    typed.push('characters of the kit');
    for (const [i, at] of kit.ask.positions.entries()) {
      await cells.nth(i).fill(body[at]);
    }
    await button('kit.ask.check').click();
    await heading('reach.door.title').waitFor();
  });
  await teller.step('the door opens, and turns green when somebody came from outside', async () => {
    await page.locator('.reach-proof-url [data-part=url]').waitFor();
    const { url } = await ask('outside', {
      url: await page.locator('.reach-proof-url [data-part=url]').textContent(),
    });
    want(url !== '', 'nobody came from outside');
    await page.locator('.actions [data-part=go]:visible').click({ timeout: 60_000 });
    await heading('setup.done.title').waitFor();
    await page.getByText(url, { exact: true }).first().waitFor();
  });
  await teller.step(`all of it took at most six inputs`, async () => {
    want(typed.length <= 6, `it took ${typed.length}: ${typed.join(', ')}`);
    tell({ typed });
  });
}

/** Goes on at the house's own name, whose certificate every browser trusts. */
function moveTo(name) {
  return teller.step('it moves to the trusted name, without a warning or a link to type', async () => {
    await heading('reach.move.title').waitFor();
    await page.waitForFunction(
      (wanted) => document.querySelector('[data-part=go]')?.textContent?.includes(`https://${wanted}`),
      name,
      { timeout: NAME_PATIENCE },
    );
    await page.locator('[data-part=go]:visible').click();
    await page.waitForURL((url) => url.protocol === 'https:' && url.hostname === name);
    await heading('setup.owner.title').waitFor();
    want(!page.url().includes('token'), `the address bar still shows ${page.url()}`);
  });
}

/** Opens the house from far away, signs in and reads an item. */
async function visit({ url, proof, owner, item }) {
  if (proof) {
    await teller.step('a phone outside opens the address of the code', async () => {
      await page.goto(proof);
      await heading('reached.title').waitFor();
    });
    return;
  }
  const vault = new Vault(page);
  await teller.step('the page opens far away, trusted, in a secure context', async () => {
    await page.goto(url);
    want(await page.evaluate(() => window.isSecureContext), 'it is no secure context');
    same(new URL(page.url()).origin, new URL(url).origin, 'where the page is');
  });
  await teller.step('the owner signs in there and reads an item', async () => {
    await vault.signIn(url, owner);
    await vault.check(item);
  });
}

try {
  await { setUp, visit }[config.role](config);
} finally {
  await browser.close();
}
process.exit(0);
