// The page's side of the story: steps with names, a watched browser, and a line to the Go side, which has the
// house in its hands. One JSON object a line in both directions.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chromium } from 'playwright-core';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

/** Reads one line of the Go side. */
export async function hear() {
  const { value, done } = await lines.next();
  if (done) {
    throw new Error('the Go side went away');
  }
  return JSON.parse(value);
}

/** Says one line to the Go side. */
export function tell(object) {
  process.stdout.write(`${JSON.stringify(object)}\n`);
}

/** Asks the Go side to do something to the house: restart (after kill -9), stop, start, invite. */
export async function ask(what, more = {}) {
  tell({ ask: what, ...more });
  return hear();
}

/** How long anything on the page may take; only a hanging page ever takes so long. */
export const PATIENCE = 20_000;

/** Steps, one after the other; one that fails leaves a picture of what was on the screen. */
export class Teller {
  #failed = 0;
  constructor(config) {
    this.config = config;
    this.page = null;
    mkdirSync(config.shots, { recursive: true });
  }

  async step(name, take) {
    if (this.#failed >= 6) {
      throw new Error(`too many steps failed; this one was not taken: ${name}`);
    }
    try {
      const skip = await take();
      tell({ step: name, skip: typeof skip === 'string' ? skip : '' });
    } catch (error) {
      this.#failed++;
      const file = join(this.config.shots, '..', `failed-${name.replace(/\W+/g, '-')}.png`);
      await this.page?.screenshot({ path: file }).catch(() => {});
      tell({ step: name, trouble: `${error.stack ?? error}\n(screen: ${file})` });
    }
  }
}

/** A browser that trusts the house's root (or, without a home made for that, anybody). */
export function launch(config) {
  return chromium.launch({
    executablePath: config.chromium,
    env: { ...process.env, ...(config.home ? { HOME: config.home } : {}) },
    args: [
      `--host-resolver-rules=${config.map}`,
      '--disable-features=Translate,OptimizationHints,MediaRouter',
      '--disable-component-update',
      '--disable-background-networking',
      ...(config.root ? ['--no-sandbox'] : []),
    ],
  });
}

/** What a watched context did that it must not, and what it sent. */
export class Watch {
  /** Requests to any other place than the house. */
  strangers = [];
  /** What the console and the page complained of. */
  complaints = [];
  #sent = [];

  constructor(context, origins) {
    context.on('request', (request) => {
      const url = request.url();
      if (/^(data|blob):/.test(url)) {
        return;
      }
      if (!origins.includes(new URL(url).origin)) {
        this.strangers.push(url);
      }
      this.#sent.push(url.split('#')[0], JSON.stringify(request.headers()), request.postData() ?? '');
    });
    context.on('console', (message) => {
      if (
        message.type() === 'error' ||
        /Content Security Policy|TrustedHTML|TrustedScript/.test(message.text())
      ) {
        this.complaints.push(`${message.text()} (${message.location().url})`);
      }
    });
    context.on('weberror', (error) => this.complaints.push(String(error.error().stack ?? error.error())));
  }

  /** Hands all that was sent since the last time to the Go side. */
  deliver() {
    tell({ sent: this.#sent.splice(0).join('\n') });
  }

  /** The complaints so far, without those that a test provoked; then forgets them. */
  take(expected = []) {
    return this.complaints.splice(0).filter((text) => !expected.some((pattern) => pattern.test(text)));
  }
}

/** A context as a person has it: own storage, everything watched. */
export async function person(browser, config, options = {}) {
  const context = await browser.newContext({
    ignoreHTTPSErrors: !config.home,
    viewport: { width: 1280, height: 860 },
    acceptDownloads: true,
    ...options,
  });
  await context.grantPermissions(['clipboard-read', 'clipboard-write']).catch(() => {});
  context.setDefaultTimeout(PATIENCE);
  const watch = new Watch(context, [config.url, config.local]);
  const page = await context.newPage();
  return { context, page, watch };
}

/** Throws unless what is so is so. */
export function want(so, otherwise) {
  if (!so) {
    throw new Error(otherwise);
  }
}

/** Throws unless two values are the same. */
export function same(got, wanted, what) {
  want(got === wanted, `${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(wanted)}`);
}
