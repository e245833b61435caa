// Measures the page in Chromium with one person's 10,000 items. Gets one JSON object on stdin, gives one on stdout.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

let input = '';
for await (const chunk of process.stdin) {
  input += chunk;
}
const config = JSON.parse(input);
const median = (all) => [...all].sort((a, b) => a - b)[Math.floor(all.length / 2)];
const browser = await chromium.launch({
  executablePath: config.chromium,
  args: config.root ? ['--no-sandbox'] : [],
});

// Runs in the page before its own scripts: notes when work is ordered and done, and every block.
function watch() {
  const marks = { ordered: 0, key: 0, drawn: 0, copied: 0, pressed: 0, blocks: [], presses: [] };
  window.bench = marks;
  const Plain = window.Worker;
  window.Worker = class extends Plain {
    constructor(...args) {
      super(...args);
      super.addEventListener('message', ({ data }) => {
        if (data?.key) {
          marks.key = performance.now();
          const look = () => {
            if (document.querySelector('[role="option"]')) {
              marks.drawn = performance.now();
            } else {
              requestAnimationFrame(look);
            }
          };
          requestAnimationFrame(look);
        }
      });
    }
    postMessage(...args) {
      if (args[0]?.iterations) {
        marks.ordered = performance.now();
      }
      super.postMessage(...args);
    }
  };
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) {
      marks.blocks.push([entry.startTime, entry.duration]);
    }
  }).observe({ type: 'longtask' });
  const write = Clipboard.prototype.writeText;
  Clipboard.prototype.writeText = function (...args) {
    marks.copied = performance.now();
    return write.apply(this, args);
  };
  addEventListener(
    'keydown',
    (event) => {
      marks.pressed = event.timeStamp;
      // A message sent from a frame's callback arrives when that frame has been drawn.
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => marks.presses.push(performance.now() - event.timeStamp);
        port2.postMessage(0);
      });
    },
    { capture: true },
  );
}

// The library by itself, in an empty page: what the page's derivation is compared with, in turns with it.
const empty = await browser.newPage();
await empty.goto('about:blank');
await empty.evaluate(
  readFileSync(createRequire(import.meta.url).resolve('hash-wasm/dist/argon2.umd.min.js'), 'utf8'),
);

async function alone() {
  await empty.bringToFront();
  const took = await empty.evaluate(async (kdf) => {
    const begun = performance.now();
    await window.hashwasm.argon2id({
      password: new Uint8Array(28).fill(97),
      salt: new Uint8Array(32).fill(7),
      iterations: kdf.iterations,
      parallelism: kdf.parallelism,
      memorySize: kdf.memory * 1024,
      hashLength: 32,
      outputType: 'binary',
    });
    return performance.now() - begun;
  }, config.kdf);
  await page.bringToFront();
  return took;
}

const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 1280, height: 860 } });
await context.grantPermissions(['clipboard-read', 'clipboard-write']);
context.setDefaultTimeout(120_000);
await context.addInitScript(watch);
const page = await context.newPage();
// The page's own files, its worker's among them; not what it asks the API.
const weighed = [];
const weigh = (request) => {
  if (!/^\/(api|identity|latchkey)\//.test(new URL(request.url()).pathname)) {
    weighed.push(request.sizes().then(({ responseBodySize }) => [request.url(), responseBodySize]));
  }
};
context.on('requestfinished', weigh);

const marks = () => page.evaluate(() => window.bench);
const password = page.locator('password-field input').first();
await page.goto(config.url);
await page.locator('input[type=email]').fill(config.email);
await password.fill(config.password);
await page.keyboard.press('Enter');
await page.waitForFunction(() => window.bench.drawn > 0);
const signIn = await marks();
context.off('requestfinished', weigh);
const files = await Promise.all(weighed);

const derived = [];
const drawn = [];
const blocks = [];
const library = [];
await alone();
for (let round = 0; round < 7; round++) {
  library.push(await alone());
  await page.locator('[data-lock]').first().click();
  await password.fill(config.password);
  await page.evaluate(() => Object.assign(window.bench, { key: 0, drawn: 0, blocks: [] }));
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => window.bench.drawn > 0);
  const now = await marks();
  derived.push(now.key - now.ordered);
  drawn.push(now.drawn - now.key);
  await page.waitForTimeout(1500);
  const after = await marks();
  // What began and ended while the key was derived; the drawing of the list is a figure of its own.
  const during = after.blocks.filter(([start, length]) => start >= now.ordered && start + length <= now.key);
  blocks.push(Math.max(0, ...during.map(([, length]) => length)));
}

const nodes = await page.evaluate(() => document.querySelectorAll('*').length);
await page.locator('input[type=search]').first().click();
await page.evaluate(() => (window.bench.presses = []));
for (const letter of 'user12 mail') {
  await page.keyboard.press(letter === ' ' ? 'Space' : letter);
  await page.waitForTimeout(120);
}
const presses = (await marks()).presses;
const found = await page.locator('[role=option]').count();

const copies = [];
let requests = 0;
await page.keyboard.press('Enter');
await page.locator('[data-focus="fact:login.password"]').waitFor();
page.on('request', () => requests++);
for (let round = 0; round < 5; round++) {
  await page.evaluate(() => Object.assign(window.bench, { copied: 0 }));
  await page.evaluate(() => document.activeElement?.blur());
  await page.keyboard.press('c');
  await page.waitForFunction(() => window.bench.copied > 0);
  const now = await marks();
  copies.push(now.copied - now.pressed);
}

const result = {
  signIn: signIn.drawn - signIn.key,
  library: median(library),
  derived: median(derived),
  times: median(derived.map((took, i) => took / library[i])),
  drawn: median(drawn),
  block: Math.max(...blocks),
  press: median(presses),
  worstPress: Math.max(...presses),
  found,
  copy: median(copies),
  requests,
  nodes,
  weight: files.reduce((sum, [, size]) => sum + size, 0),
  worker: files.some(([url]) => url.endsWith('argon2.js')),
};
await browser.close();
process.stdout.write(JSON.stringify(result));
