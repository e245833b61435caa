// The connector pages, opened as Bitwarden's clients open them and as strangers would. An extension of the test's
// own stands for theirs; a key in software (the DevTools' virtual authenticator) answers.
/* global CredentialsContainer, PublicKeyCredential -- inside the page */
import { chromium } from 'playwright-core';
import { ask, hear, PATIENCE, same, tell, Teller, want } from './teller.mjs';
import { look } from './views.mjs';

const config = await hear();
const teller = new Teller(config);
const host = new URL(config.url).hostname;
const context = await chromium.launchPersistentContext(config.profile, {
  executablePath: config.chromium,
  viewport: { width: 1280, height: 860 },
  ignoreDefaultArgs: ['--disable-extensions'],
  args: [
    `--disable-extensions-except=${config.extension}`,
    `--load-extension=${config.extension}`,
    '--disable-features=Translate,OptimizationHints,MediaRouter,DisableLoadExtensionCommandLineSwitch',
    '--disable-component-update',
    '--disable-background-networking',
    ...(config.root ? ['--no-sandbox'] : []),
  ],
});
context.setDefaultTimeout(PATIENCE);

// What is asked of a key, in whichever frame, is told on the console.
await context.addInitScript(() => {
  const real = CredentialsContainer.prototype.get;
  CredentialsContainer.prototype.get = function get(options) {
    console.log(`ASKED ${Object.keys(options.publicKey).sort().join(' ')}`);
    return real.call(this, options);
  };
});
let asked = [];
const complaints = [];
context.on('console', (message) => {
  const text = message.text();
  if (text.startsWith('ASKED ')) asked.push(text.slice('ASKED '.length));
  else if (message.type() === 'error' || /Content Security Policy|Trusted/.test(text)) complaints.push(text);
});

let credential = null; // the key's own half, put into each tab's authenticator

/** A tab with a key in it that is touched at once, or never. */
async function tab(url, { touched = true } = {}) {
  const page = await context.newPage();
  teller.page = page;
  asked = [];
  const cdp = await context.newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      ctap2Version: 'ctap2_1',
      transport: 'usb',
      hasResidentKey: true,
      hasUserVerification: true,
      hasPrf: true,
      isUserVerified: true,
      automaticPresenceSimulation: touched,
    },
  });
  if (credential) await cdp.send('WebAuthn.addCredential', { authenticatorId, credential });
  await page.goto(url);
  const save = async () => {
    const { credentials } = await cdp.send('WebAuthn.getCredentials', { authenticatorId });
    [credential] = credentials;
  };
  return { page, cdp, save, close: () => page.close() };
}

const pack = (value) => Buffer.from(JSON.stringify(value)).toString('base64');

/** The address of a connector page, as libs/common of bitwarden/clients puts it together (v=1). */
function address(name, options, { parent = '', more = {} } = {}) {
  const query = new URLSearchParams({
    data: pack(options),
    parent: encodeURIComponent(parent),
    btnText: encodeURIComponent('Read key'),
    v: '1',
    ...more,
  });
  return `${config.url}/${name}.html?${query}`;
}

/** The second factor's options, fresh. */
async function options(purpose = 'use-key') {
  const said = await ask('use', { with: { purpose } });
  want(said.options, `no options: ${JSON.stringify(said)}`);
  return said.options;
}

/** Puts a connector page into a page and hears what it says there. */
async function frame(
  page,
  src,
  { allow = `publickey-credentials-get ${config.url}`, width = 500, height = 220 } = {},
) {
  await page.evaluate(
    ({ src, allow, width, height }) => {
      globalThis.heard = [];
      addEventListener('message', ({ origin, data }) => globalThis.heard.push({ origin, data }));
      const frame = document.createElement('iframe');
      Object.assign(frame, { src, allow, width, height });
      frame.sandbox.add('allow-scripts', 'allow-same-origin');
      document.body.append(frame);
    },
    { src, allow, width, height },
  );
  const inner = page.frameLocator('iframe');
  await inner.locator('h1').waitFor({ state: 'attached' });
  return inner;
}

const heard = (page) => page.evaluate(() => globalThis.heard);

/** Waits until the page has heard a text that begins so. */
async function until(page, beginning) {
  await page.waitForFunction(
    (beginning) => globalThis.heard.some(({ data }) => String(data).startsWith(beginning)),
    beginning,
  );
  return (await heard(page)).find(({ data }) => data.startsWith(beginning));
}

const client = `${config.listed}/page.html`;
const only = 'allowCredentials challenge rpId timeout userVerification';

try {
  await teller.step('a key is added on the house’s own page', async () => {
    const { page, save, close } = await tab('about:blank');
    await page.route(`${config.url}/settings`, (route) =>
      route.fulfill({ contentType: 'text/html', body: '<!doctype html>' }),
    );
    await page.goto(`${config.url}/settings`);
    const { options: wanted, token } = await ask('add', { with: { purpose: 'add-key' } });
    const answer = await page.evaluate(async (wanted) => {
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON(wanted);
      return (await navigator.credentials.create({ publicKey })).toJSON();
    }, wanted);
    const { refused } = await ask('added', { with: { purpose: 'add-key', token, answer } });
    same(refused, undefined, 'refused');
    await save();
    await close();
  });

  await teller.step('no key can be made on a connector page', async () => {
    const { page, close } = await tab(`${config.url}/webauthn-fallback-connector.html`);
    const { options: wanted } = await ask('add', { with: { purpose: 'add-key' } });
    const name = await page.evaluate(async (wanted) => {
      const publicKey = PublicKeyCredential.parseCreationOptionsFromJSON({
        ...wanted,
        excludeCredentials: [],
      });
      return navigator.credentials.create({ publicKey }).then(
        () => 'made',
        (error) => error.name,
      );
    }, wanted);
    same(name, 'NotAllowedError', 'the browser says');
    await close();
  });

  await teller.step('the listed extension gets an answer in its frame, and the house takes it', async () => {
    const { page, save, close } = await tab(client);
    await frame(page, address('webauthn-connector', await options(), { parent: `${client}#/2fa` }));
    await until(page, 'info|ready');
    const { origin, data } = await until(page, 'success|');
    same(origin, config.url, 'it comes from');
    same(data.split('|').length, 2, 'parts of what it says');
    same(asked.join(), only, 'asked of the key');
    const answer = JSON.parse(data.slice('success|'.length));
    const stale = await ask('used', { with: { purpose: 'use-key', answer, strangers: true } });
    same(stale.refused, 'passkey.origin', 'a house that lists only the official clients');
    const { refused } = await ask('used', { with: { purpose: 'use-key', answer } });
    same(refused, undefined, 'refused');
    const again = await ask('used', { with: { purpose: 'use-key', answer } });
    same(again.refused, 'passkey.challenge', 'the same answer once more');
    await save();
    await close();
  });

  await teller.step('an extension of WebAuthn in the question never reaches the key', async () => {
    const { page, save, close } = await tab(client);
    const extensions = { prf: { eval: { first: 'A'.repeat(43) } }, hmacCreateSecret: true };
    const question = { ...(await options()), extensions, publicKey: { extensions } };
    await frame(page, address('webauthn-connector', question, { parent: client }));
    const { data } = await until(page, 'success|');
    same(asked.join(), only, 'asked of the key');
    const answer = JSON.parse(data.slice('success|'.length));
    same(JSON.stringify(answer.extensions), '{}', 'what it tells of extensions');
    same((await ask('used', { with: { purpose: 'use-key', answer } })).refused, undefined, 'refused');
    await save();
    await close();
  });

  await teller.step('a passkey’s sign-in question is no question for the frame', async () => {
    const { page, close } = await tab(client);
    await frame(page, address('webauthn-connector', await options('sign-in'), { parent: client }));
    const { data } = await until(page, 'error|');
    want(/can’t be read/.test(data), data);
    same(asked.length, 0, 'times a key was asked');
    await close();
  });

  await teller.step('and even with a key named, its answer in a frame signs nobody in', async () => {
    const { page, save, close } = await tab(client);
    const { allowCredentials } = await options();
    const { challenge, ...rest } = await options('sign-in');
    await frame(
      page,
      address('webauthn-connector', { ...rest, challenge, allowCredentials }, { parent: client }),
    );
    const { data } = await until(page, 'success|');
    const answer = JSON.parse(data.slice('success|'.length));
    const { refused } = await ask('used', { with: { purpose: 'sign-in', answer } });
    same(refused, 'passkey.origin', 'refused');
    await save();
    await close();
  });

  for (const [who, parent] of [
    ['who says who it is', () => `${config.stranger}/`],
    ['who says that it is the extension', () => client],
    ['who says that it is the desktop app', () => 'bw-desktop-file://bundle/index.html'],
    ['who says that it is the house', () => `${config.url}/`],
    ['who says nothing', () => ''],
  ]) {
    await teller.step(`a stranger ${who} hears nothing, and no key is asked`, async () => {
      const { page, close } = await tab(config.stranger);
      const inner = await frame(page, address('webauthn-connector', await options(), { parent: parent() }), {
        allow: 'publickey-credentials-get *',
      });
      await inner.locator('#state', { hasText: 'isn’t Bitwarden’s' }).waitFor();
      await page.evaluate(() => {
        for (const word of ['start', 'stop', 'start']) {
          document.querySelector('iframe').contentWindow.postMessage(word, '*');
        }
      });
      await page.waitForTimeout(200); // for something to come that must not
      same(JSON.stringify(await heard(page)), '[]', 'heard');
      same(asked.length, 0, 'times a key was asked');
      want(!(await inner.locator('#use').isVisible()), 'there is a button to be lured to');
      await close();
    });
  }

  await teller.step('a stranger between the extension and the house hears nothing either', async () => {
    const { page, close } = await tab(client);
    const src = address('webauthn-connector', await options(), { parent: client });
    await page.evaluate((stranger) => {
      const between = document.createElement('iframe');
      Object.assign(between, { src: stranger, allow: 'publickey-credentials-get *' });
      document.body.append(between);
    }, config.stranger);
    const between =
      page.frames().find((one) => one.url().startsWith(config.stranger)) ??
      (await page.waitForEvent('framenavigated'));
    await between.waitForLoadState();
    await between.evaluate((src) => {
      globalThis.heard = [];
      addEventListener('message', ({ data }) => globalThis.heard.push(data));
      const frame = document.createElement('iframe');
      Object.assign(frame, { src, allow: 'publickey-credentials-get *' });
      document.body.append(frame);
    }, src);
    await page
      .frameLocator('iframe')
      .frameLocator('iframe')
      .locator('#state', { hasText: 'isn’t Bitwarden’s' })
      .waitFor();
    same(JSON.stringify(await between.evaluate(() => globalThis.heard)), '[]', 'heard');
    same(asked.length, 0, 'times a key was asked');
    await close();
  });

  for (const name of ['webauthn-fallback-connector', 'webauthn-mobile-connector', 'index']) {
    await teller.step(`${name}.html can’t be framed at all`, async () => {
      const { page, close } = await tab(client);
      await page.evaluate((src) => {
        const frame = document.createElement('iframe');
        frame.src = src;
        document.body.append(frame);
      }, `${config.url}/${name}.html`);
      await page.waitForFunction(() => document.querySelector('iframe').contentDocument === null);
      await page.waitForTimeout(300);
      const inner = page.frames().find((one) => one !== page.mainFrame());
      want(!inner.url().startsWith(config.url), `it shows ${inner.url()}`);
      complaints.splice(0, complaints.length, ...complaints.filter((text) => !/frame-ancestors/.test(text)));
      await close();
    });
  }

  await teller.step('the client can stop a question and put it again', async () => {
    const { page, cdp, close } = await tab(client, { touched: false });
    const inner = await frame(page, address('webauthn-connector', await options(), { parent: client }));
    await inner.getByText('Waiting for your key').waitFor();
    const post = (word) =>
      page.evaluate(
        ([word, to]) => document.querySelector('iframe').contentWindow.postMessage(word, to),
        [word, config.url],
      );
    await post('stop');
    await inner.getByText('Waiting for your key').waitFor({ state: 'hidden' });
    want(!(await heard(page)).some(({ data }) => data.startsWith('error|')), 'stopping was told as an error');
    await post('start');
    await inner.getByText('Waiting for your key').waitFor();
    same(asked.length, 2, 'times a key was asked');
    await cdp.send('WebAuthn.disable');
    await close();
  });

  await teller.step('a key that is not the person’s is told as such, and can be tried again', async () => {
    const { page, close } = await tab(client);
    const question = await options();
    question.allowCredentials = [{ type: 'public-key', id: 'A'.repeat(27) }];
    question.timeout = 30_000;
    const inner = await frame(page, address('webauthn-connector', question, { parent: client }));
    const { data } = await until(page, 'error|');
    want(/No key answered/.test(data), data);
    await inner.getByRole('button', { name: 'Use your key' }).waitFor();
    await close();
  });

  await teller.step('the extension’s content script hears the tab of its own', async () => {
    const { page, save, close } = await tab(
      address('webauthn-fallback-connector', await options(), {
        parent: 'moz-extension://5f0e6e4e-1111-2222-3333-444455556666/popup/index.html',
        more: { locale: 'de' },
      }),
    );
    await look(page, config.shots, 'connector-tab');
    same(asked.length, 0, 'times a key was asked before anybody pressed');
    await page.getByText('Don’t ask again').click();
    await page.getByRole('button', { name: 'Use your key' }).click();
    await page.getByText('this tab can be closed').waitFor();
    await page.waitForFunction(() => document.documentElement.dataset.heard);
    const said = JSON.parse(await page.evaluate(() => document.documentElement.dataset.heard));
    same(said.command, 'webAuthnResult', 'command');
    same(said.remember, true, 'remember');
    same(said.referrer, host, 'referrer');
    same(asked.join(), only, 'asked of the key');
    const { refused } = await ask('used', { with: { purpose: 'use-key', answer: JSON.parse(said.data) } });
    same(refused, undefined, 'refused');
    await look(page, config.shots, 'connector-tab-done');
    await save();
    await close();
  });

  await teller.step(
    'a phone’s app is answered by its own scheme, whatever the address asks for',
    async () => {
      const data = {
        data: JSON.stringify(await options()),
        callbackUri: 'https://evil.test/callback',
        headerText: 'Send your password to evil.test',
        btnText: 'Go',
        btnReturnText: 'Return',
        mobile: true,
      };
      const query = new URLSearchParams({
        data: pack(data),
        parent: 'https://evil.test',
        client: 'mobile',
        v: '2',
        deeplinkScheme: 'https',
      });
      const { page, cdp, save, close } = await tab(`${config.url}/webauthn-mobile-connector.html?${query}`);
      const gone = [];
      await cdp.send('Page.enable');
      cdp.on('Page.frameRequestedNavigation', ({ url }) => gone.push(url));
      await look(page, config.shots, 'connector-phone');
      want(!(await page.getByText('evil.test').count()), 'it shows what the address brings');
      await page.getByRole('button', { name: 'Use your key' }).click();
      const back = page.getByRole('link', { name: 'Back to the app' });
      const to = await back.getAttribute('href');
      const callback = 'bitwarden://webauthn-callback?data=';
      want(to.startsWith(callback), to);
      want(
        gone.every((url) => url.startsWith(callback)),
        `it goes to ${gone}`,
      );
      same(asked.join(), only, 'asked of the key');
      const answer = JSON.parse(decodeURIComponent(to.slice(callback.length)));
      same((await ask('used', { with: { purpose: 'use-key', answer } })).refused, undefined, 'refused');
      await look(page, config.shots, 'connector-phone-done');
      await save();
      await close();
    },
  );

  await teller.step('newer apps open the frame’s page for the same, by itself', async () => {
    const query = new URLSearchParams({
      data: pack({ data: JSON.stringify(await options()), mobile: true }),
      client: 'mobile',
      v: '2',
      deeplinkScheme: 'bitwarden',
    });
    const { page, save, close } = await tab(`${config.url}/webauthn-connector.html?${query}`);
    same(asked.length, 0, 'times a key was asked before anybody pressed');
    await page.getByRole('button', { name: 'Use your key' }).click();
    const to = await page.getByRole('link', { name: 'Back to the app' }).getAttribute('href');
    want(to.startsWith('bitwarden://webauthn-callback?data='), to);
    await save();
    await close();
  });

  for (const name of ['webauthn-connector', 'webauthn-fallback-connector', 'webauthn-mobile-connector']) {
    await teller.step(`${name}.html, opened by a person, says what it is for`, async () => {
      const { page, close } = await tab(`${config.url}/${name}.html`);
      await page.getByText('There is nothing to do here').waitFor();
      await look(page, config.shots, `${name}-alone`);
      await close();
    });
  }

  await teller.step('in a frame it looks right in both themes, narrow and wide', async () => {
    const { page, close } = await tab(client, { touched: false });
    await page.evaluate(() => {
      document.documentElement.lang = 'en';
      document.title = 'A client';
      const [meta, main, title] = ['meta', 'main', 'h1'].map((name) => document.createElement(name));
      Object.assign(meta, { name: 'viewport', content: 'width=device-width' });
      title.textContent = 'A client';
      document.head.append(meta);
      main.append(title);
      document.body.append(main);
    });
    await frame(page, address('webauthn-connector', await options(), { parent: client }), {
      width: 320,
      height: 150,
    });
    await page.evaluate(() => {
      const frame = document.querySelector('iframe');
      frame.title = 'Second step';
      document.querySelector('main').append(frame.cloneNode());
      frame.remove();
    });
    await page.frameLocator('iframe').getByText('Waiting for your key').waitFor();
    await look(page, config.shots, 'connector-frame');
    await close();
  });

  await teller.step('the pages broke no rule of their own', async () => {
    const real = complaints.filter((text) => !/Failed to load resource|frame-ancestors/.test(text));
    want(real.length === 0, real.join('\n'));
  });
} catch (error) {
  tell({ step: 'it comes to its end', trouble: String(error.stack ?? error) });
} finally {
  await context.close();
}
process.exit(0);
