/** The markup and the sentences fit together: whatever a template or a module names is there. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { knows } from '../static/text/sentences.js';

const root = new URL('../static/', import.meta.url);
const read = (name) => readFileSync(new URL(name, root), 'utf8');
const texts = readdirSync(new URL('text/', root));
for (const name of texts) await import(new URL(`text/${name}`, root).href);
const pages = ['index.html', ...readdirSync(new URL('parts/', root)).map((name) => `parts/${name}`)];
const modules = ['views', 'components'].flatMap((folder) =>
  readdirSync(new URL(`${folder}/`, root)).map((name) => `${folder}/${name}`),
);
const all = (text, pattern) => [...text.matchAll(pattern)].map(([, found]) => found);

test('every text that a template names is a sentence', async (t) => {
  for (const page of pages) {
    await t.test(page, () => {
      const keys = all(
        read(page),
        /(?:data-(?:text|label|placeholder|title)|<password-field[^>]* label)="([^"]+)"/g,
      );
      assert.ok(keys.length > 0, 'nothing was found to be looked at');
      assert.deepEqual(
        keys.filter((key) => !knows(key)),
        [],
      );
    });
  }
});

test('no two templates have one name', () => {
  const names = pages.flatMap((page) => all(read(page), /<template id="([^"]+)"/g));
  assert.deepEqual(
    names.filter((name, i) => names.indexOf(name) !== i),
    [],
  );
});

test('every template that a module builds is there, and each is built by one', () => {
  const there = new Set(pages.flatMap((page) => all(read(page), /<template id="t-([^"]+)"/g)));
  const built = new Set(modules.flatMap((name) => all(read(name), /\bbuild\('([^']+)'\)/g)));
  assert.deepEqual(
    [...built].filter((name) => !there.has(name)),
    [],
  );
  assert.deepEqual(
    [...there].filter((name) => !built.has(name)),
    [],
  );
});

test('no key stands in two files of sentences', () => {
  const keys = texts
    .filter((name) => name.startsWith('en'))
    .flatMap((name) => all(read(`text/${name}`), /^ {2}'([^']+)':/gm));
  assert.deepEqual(
    keys.filter((key, i) => keys.indexOf(key) !== i),
    [],
  );
});

test('every whole key that a module says is a sentence', () => {
  for (const name of modules) {
    const keys = all(read(name), /(?<![\w.])t\(\s*'([^']+[^.'])'/g);
    const missing = keys.filter((key) => !knows(key) && !knows(`${key}.one`));
    assert.deepEqual(missing, [], name);
  }
});

test('no sentence of a part that is loaded later stands there for nothing', () => {
  const text = [...pages, ...modules].map(read).join('\n');
  const stems = all(text, /[`'"]([a-z]+\.[\w-][\w.-]*)/g);
  const keys = ['reach', 'second', 'rotate', 'house', 'backup', 'restore']
    .flatMap((name) => all(read(`text/en-${name}.js`), /^ {2}'([^']+)':/gm))
    .filter((key) => !key.startsWith('problem.')); // told by the house's codes
  const unused = keys.filter((key) => {
    const base = key.replace(/\.(one|other|hint)$/, '');
    // A key may be put together: reach.step.${code}, or which = 'reach.door' and ${which}.title.
    const covers = (stem) => stem.endsWith('.') || !(knows(stem) || knows(`${stem}.one`));
    return !stems.some((stem) => stem === key || stem === base || (covers(stem) && base.startsWith(stem)));
  });
  assert.deepEqual(unused, []);
});
