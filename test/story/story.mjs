// The whole story, told to the real page. See teller.mjs for how it speaks with the Go side.
import { hear, launch, person, tell, Teller, want } from './teller.mjs';
import { owner } from './people.mjs';
import { look } from './views.mjs';
import { wizard } from './wizard.mjs';

const config = await hear();
const teller = new Teller(config);
teller.view = (name) =>
  teller.step(`${name} has no fault that axe-core knows, in both themes and three widths`, () =>
    look(teller.page, config.shots, name),
  );
const browser = await launch(config);
try {
  const first = await person(browser, config);
  teller.page = first.page;
  await wizard(teller, owner);
  first.watch.deliver();
  await teller.step('the page asked nobody else for anything, and broke no rule of its own', async () => {
    want(first.watch.strangers.length === 0, `it asked ${first.watch.strangers.join(', ')}`);
    const complaints = first.watch.take();
    want(complaints.length === 0, complaints.join('\n'));
  });
} catch (error) {
  tell({ step: 'the story comes to its end', trouble: String(error.stack ?? error) });
} finally {
  await browser.close();
}
process.exit(0);
