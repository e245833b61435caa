/** The connector pages: what is read from an address, what of it reaches a key, and whom the frame answers. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { Garbled, mayFrame, parentOf, questionOf } from '../static/connector/question.js';
import sentences from '../static/text/en-connector.js';

const host = 'keys.example.org';
const challenge = Buffer.alloc(32, 7).toString('base64url');
const credential = { type: 'public-key', id: 'AAECAw' };
const good = {
  challenge,
  rpId: host,
  allowCredentials: [credential],
  timeout: 60_000,
  userVerification: 'discouraged',
};

const pack = (value) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64');
const first = (options, more = {}) => new URLSearchParams({ data: pack(options), v: '1', ...more });
const second = (data, more = {}) => new URLSearchParams({ data: pack(data), v: '2', ...more });
const allowed = ['allowCredentials', 'challenge', 'rpId', 'timeout', 'userVerification'];

test('both protocols give the same question', () => {
  const one = questionOf(first(good), host);
  const two = questionOf(second({ data: JSON.stringify(good), headerText: 'x', btnText: 'y' }), host);
  const three = questionOf(second({ data: good }), host);
  assert.deepEqual(one, two);
  assert.deepEqual(one, three);
  assert.equal(one.mobile, false);
  assert.equal(one.options.challenge.length, 32);
  assert.deepEqual([...one.options.allowCredentials[0].id], [0, 1, 2, 3]);
});

test('a phone is known by each of its marks', () => {
  const marks = [
    second({ data: JSON.stringify(good), mobile: true }),
    second({ data: JSON.stringify(good), callbackUri: 'https://evil.test/' }),
    second({ data: JSON.stringify(good) }, { client: 'mobile' }),
    second({ data: JSON.stringify(good) }, { deeplinkScheme: 'https' }),
  ];
  for (const query of marks) assert.equal(questionOf(query, host).mobile, true);
});

test('only challenge, rpId, the credentials, timeout and verification reach the key', () => {
  const more = {
    extensions: {
      prf: { eval: { first: 'AAAA' } },
      appid: 'https://evil.test',
      hmacGetSecret: { salt1: 'AAAA' },
    },
    hints: ['security-key'],
    mediation: 'silent',
    __proto__: { extensions: 1 },
  };
  const inside = { ...credential, transports: ['usb', 'evil', 7], extensions: { prf: {} }, x: 1 };
  for (const query of [
    first({ ...good, ...more, allowCredentials: [inside] }),
    second({ data: JSON.stringify({ ...good, ...more, allowCredentials: [inside] }), ...more }),
  ]) {
    const { options } = questionOf(query, host);
    assert.deepEqual(Object.keys(options).sort(), allowed);
    assert.deepEqual(Object.keys(options.allowCredentials[0]).sort(), ['id', 'transports', 'type']);
    assert.deepEqual(options.allowCredentials[0].transports, ['usb']);
    assert.equal('extensions' in options, false);
  }
});

test('user verification and time keep within what WebAuthn and a person know', () => {
  const read = (more) => questionOf(first({ ...good, ...more }), host).options;
  assert.equal(read({ userVerification: 'required' }).userVerification, 'required');
  assert.equal(read({ userVerification: 'none of it' }).userVerification, 'discouraged');
  assert.equal(read({ timeout: 1 }).timeout, 30_000);
  assert.equal(read({ timeout: 1e12 }).timeout, 300_000);
  assert.equal(read({ timeout: '5' }).timeout, 60_000);
});

test('under lan.NAME at home the keys of NAME are asked', () => {
  assert.equal(questionOf(first(good), `lan.${host}`).options.rpId, host);
});

test('what is no question is refused', async (t) => {
  const cases = {
    'no data': new URLSearchParams({ v: '1' }),
    'data that is no base64': new URLSearchParams({ v: '1', data: '%%%' }),
    'data that is no UTF-8': new URLSearchParams({
      v: '1',
      data: Buffer.from([0xff, 0xfe]).toString('base64'),
    }),
    'data that is no JSON': first('hello'),
    'data that is a list': first([good]),
    'data that is null': first('null'),
    'a question without its inner one': second({ headerText: 'x' }),
    'an inner one that is no JSON': second({ data: 'hello' }),
    'no challenge': first({ ...good, challenge: undefined }),
    'a challenge too short to be random': first({ ...good, challenge: 'AAAA' }),
    'a challenge that is no text': first({ ...good, challenge: [1, 2, 3] }),
    'no credentials': first({ ...good, allowCredentials: [] }),
    'credentials that are no list': first({ ...good, allowCredentials: { length: 1 } }),
    'a thousand credentials': first({ ...good, allowCredentials: Array(1000).fill(credential) }),
    'a credential without an id': first({ ...good, allowCredentials: [{ type: 'public-key' }] }),
    'a credential that is null': first({ ...good, allowCredentials: [null] }),
    'another name': first({ ...good, rpId: 'evil.test' }),
    'the name above ours': first({ ...good, rpId: 'example.org' }),
    'no name': first({ ...good, rpId: undefined }),
    'an endless address': new URLSearchParams({ v: '1', data: 'A'.repeat(100_000) }),
  };
  for (const [name, query] of Object.entries(cases)) {
    await t.test(name, () => assert.throws(() => questionOf(query, host), Garbled));
  }
});

test('plus signs survive a form', () => {
  const data = pack({ ...good, x: 'ûûû¾¾¾>>>???' });
  assert.match(data, /\+/, 'the test has no plus sign in it');
  assert.ok(questionOf(new URLSearchParams(`v=1&data=${data}`), host));
});

test('the parent is the origin of an address that was encoded once or twice', () => {
  const address =
    'chrome-extension://nngceckbapebfimnlniiiahkandclblb/popup/index.html?uilocation=popout#/2fa';
  const origin = 'chrome-extension://nngceckbapebfimnlniiiahkandclblb';
  assert.equal(parentOf(new URLSearchParams({ parent: address })), origin);
  assert.equal(parentOf(new URLSearchParams({ parent: encodeURIComponent(address) })), origin);
  const desktop = 'bw-desktop-file://bundle/index.html#/2fa';
  assert.equal(parentOf(new URLSearchParams({ parent: desktop })), 'bw-desktop-file://bundle');
  for (const none of ['', '%', '%E0%A4%A', 'nothing', 'javascript:alert(1)', '//evil.test']) {
    assert.equal(parentOf(new URLSearchParams({ parent: none })), '');
  }
});

test('a frame is answered only under a listed parent that the browser confirms', () => {
  const listed = ['chrome-extension://aaaa', 'bw-desktop-file://bundle'];
  const cases = [
    ['chrome-extension://aaaa', ['chrome-extension://aaaa'], true],
    ['chrome-extension://aaaa', null, true], // a browser that doesn't tell
    ['bw-desktop-file://bundle', ['bw-desktop-file://bundle'], true],
    ['chrome-extension://aaaa', ['https://evil.test'], false],
    ['chrome-extension://aaaa', ['chrome-extension://aaaa', 'https://evil.test'], false],
    ['chrome-extension://aaaa', ['https://evil.test', 'chrome-extension://aaaa'], false],
    ['chrome-extension://aaaa', [], false],
    ['chrome-extension://aaaaa', ['chrome-extension://aaaaa'], false],
    ['https://evil.test', ['https://evil.test'], false],
    ['', [''], false],
    ['null', ['null'], false],
  ];
  for (const [parent, ancestors, want] of cases) {
    assert.equal(mayFrame(parent, listed, ancestors), want, `${parent} under ${ancestors}`);
  }
  assert.equal(mayFrame('chrome-extension://aaaa', [], ['chrome-extension://aaaa']), false);
});

test('every sentence that the pages name is there, and none stands there for nothing', () => {
  const root = new URL('../static/', import.meta.url);
  const read = (name) => readFileSync(new URL(name, root), 'utf8');
  const files = [
    ...readdirSync(root).filter((name) => name.endsWith('-connector.html')),
    ...readdirSync(new URL('connector/', root)).map((name) => `connector/${name}`),
  ];
  assert.ok(files.length >= 9);
  const named = new Set(
    files.flatMap((name) => read(name).match(/(?<=['"])connector\.[a-z]+(\.[a-z]+)?(?=['"])/g) ?? []),
  );
  const there = Object.keys(sentences);
  assert.deepEqual(
    [...named].filter((key) => !there.includes(key)),
    [],
  );
  assert.deepEqual(
    there.filter((key) => !named.has(key.replace(/\.hint$/, ''))),
    [],
  );
});
