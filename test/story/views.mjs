// Every view is looked at in both themes and three widths: a picture of each for a person to judge, and
// axe-core for what a machine can.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const widths = [
  [360, 740],
  [768, 1024],
  [1280, 860],
];
const themes = ['light', 'dark'];

/** Looks at what is on the page now, from all sides, and throws when axe has something to say. */
export async function look(page, folder, name) {
  const before = page.viewportSize();
  const found = new Map();
  for (const theme of themes) {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    await page.waitForTimeout(150); // for the picture only: a page that turned over is drawn in pieces
    for (const [width, height] of widths) {
      await page.setViewportSize({ width, height });
      await settled(page);
      await page.screenshot({ path: join(folder, `${name}-${theme}-${width}.png`) });
      for (const violation of await violations(page)) {
        found.set(violation, [...(found.get(violation) ?? []), `${theme} ${width}`]);
      }
      const wide = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      );
      if (wide > 0) {
        found.set(`the page is ${wide} px wider than the screen`, [`${theme} ${width}`]);
      }
    }
  }
  await page.emulateMedia({ colorScheme: null, reducedMotion: null });
  await page.setViewportSize(before);
  if (found.size > 0) {
    throw new Error([...found].map(([what, where]) => `${what} [${where.join(', ')}]`).join('\n'));
  }
}

/** Waits for what moves to have moved, and for a frame to be drawn after that. */
async function settled(page) {
  await page.evaluate(async () => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    await frame();
    await frame();
    await Promise.allSettled(document.getAnimations().map((one) => one.finished));
    await frame();
    await frame();
  });
}

async function violations(page) {
  await page.evaluate(`window.axe || (() => { ${axe} })()`);
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const result = await page.evaluate(
    (runOnly) => window.axe.run(document, { runOnly, resultTypes: ['violations'] }),
    tags,
  );
  return result.violations.flatMap((violation) =>
    violation.nodes.map((node) => `${violation.id}: ${node.target.join(' ')}: ${violation.help}`),
  );
}
