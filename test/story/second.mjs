// The second person, and what the two see of each other; and the settings of both.
import { t } from '../../webui/static/text/house.js';
import { same, tell, want } from './teller.mjs';
import { choosePassword } from './wizard.mjs';
import { secretsOf } from './people.mjs';

const sections = [
  'you',
  'security',
  'devices',
  'activity',
  'appearance',
  'import',
  'export',
  'delete',
  'reach',
  'house',
];

/** The owner looks at every section of the settings. */
export async function settings(teller) {
  const { page, config } = teller;
  for (const name of sections) {
    await teller.step(`settings, ${name}, are shown`, async () => {
      await page.goto(`${config.url}/#/settings/${name}`);
      await page
        .getByRole('heading', { name: t(`settings.${name}`), exact: true })
        .first()
        .waitFor();
      await page.waitForLoadState('networkidle');
      const trouble = await page.locator('[role=alert]').allTextContents();
      want(
        trouble.every((text) => text.trim() === ''),
        trouble.join(),
      );
    });
    await teller.view(`settings-${name}`);
  }
}

/** The owner makes an invitation and gives its link. */
export async function invite(teller, vault, guest) {
  const { page, config } = teller;
  let link = '';
  await teller.step('the owner makes an invitation link', async () => {
    tell({ names: [guest.email, guest.name] });
    await page.goto(`${config.url}/#/settings/people`); // as it was called before
    await page.waitForURL(/#\/house\/people$/);
    await page.getByText(t('people.invite.title'), { exact: true }).click();
    await page.getByLabel(t('people.invite.email')).fill(guest.email);
    const [answer] = await Promise.all([
      page.waitForResponse(
        (r) => r.url().endsWith('/latchkey/invitations') && r.request().method() === 'POST',
      ),
      vault.button('people.invite.go').click(),
    ]);
    link = (await answer.json()).link;
    await page.getByText(t('people.link.title', { email: guest.email })).waitFor();
  });
  await teller.view('settings-invited');
  return link;
}

/** The second person joins, sees nothing, and keeps one item. */
export async function second(teller, vault, link, guest, item) {
  const { page, config } = teller;
  await teller.step('the second person opens the link', async () => {
    await page.goto(link.replace(/^https?:\/\/[^/]+/, config.url));
    await page.getByRole('heading', { name: t('join.title') }).waitFor();
  });
  await teller.view('join');
  await teller.step('joins, and finds an empty vault', async () => {
    tell({ typed: [guest.password, ...secretsOf(item)] });
    await page.locator('[data-part=name]').fill(guest.name);
    await choosePassword(page, guest.password);
    await vault.button('join.make').click();
    await vault.open();
    await page.getByText(t('empty.all')).waitFor();
  });
  await teller.step('keeps an item of their own, and sees nothing else', async () => {
    await vault.add(item);
    await page.goto(`${config.url}/#/vault/all`);
    await vault.search('');
    same((await vault.names()).join(), item.name, 'the list');
  });
  await teller.step('is no owner: the house is not among the places', async () => {
    await page.goto(`${config.url}/#/settings`);
    await page.getByText(t('settings.security'), { exact: true }).first().waitFor();
    same(await page.locator('[data-nav=house]:visible').count(), 0, 'links to the house');
  });
}
