// The whole story, told to the real page. See teller.mjs for how it speaks with the Go side.
import { hear, launch, person, same, tell, Teller, want } from './teller.mjs';
import { day } from './day.mjs';
import { guest, guestItem, owner } from './people.mjs';
import { invite, second, settings } from './second.mjs';
import { Vault } from './vault.mjs';
import { look } from './views.mjs';
import { wizard } from './wizard.mjs';

const config = await hear();
const teller = new Teller(config);
teller.view = (name) =>
  teller.step(`${name} has no fault that axe-core knows, in both themes and three widths`, () =>
    look(teller.page, config.shots, name),
  );
const browser = await launch(config);
const watches = [];
const enter = async () => {
  const one = await person(browser, config);
  watches.push(one.watch);
  teller.page = one.page;
  return one.page;
};
try {
  const first = await enter();
  await wizard(teller, owner);
  const vault = new Vault(first);
  await day(teller, vault, owner);
  await settings(teller);
  const link = await invite(teller, vault, guest);
  await second(teller, new Vault(await enter()), link, guest, guestItem);
  teller.page = first;
  await teller.step('and the owner sees nothing of the second', async () => {
    await first.goto(`${config.url}/#/vault/all`);
    await first.evaluate(() => dispatchEvent(new Event('online')));
    same((await vault.search(guestItem.name)).length, 0, 'items found');
  });
  await teller.step('the pages asked nobody else for anything, and broke no rule of their own', async () => {
    const strangers = watches.flatMap((watch) => watch.strangers);
    want(strangers.length === 0, `they asked ${strangers.join(', ')}`);
    const complaints = watches.flatMap((watch) => watch.take([/Failed to load resource/, /ERR_CONNECTION/]));
    want(complaints.length === 0, complaints.join('\n'));
  });
  watches.forEach((watch) => watch.deliver());
} catch (error) {
  tell({ step: 'the story comes to its end', trouble: String(error.stack ?? error) });
} finally {
  await browser.close();
}
process.exit(0);
