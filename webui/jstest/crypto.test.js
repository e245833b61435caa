import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBase64, fromHex, random, toBase64, toHex } from '../static/crypto/bytes.js';
import { importKey, open, openText, parse, seal, SealError, sealText } from '../static/crypto/enc-string.js';
import * as kdf from '../static/crypto/kdf.js';
import { keyId } from '../static/crypto/key-id.js';
import { makePair, openFor, openPrivateKey, sealFor } from '../static/crypto/rsa.js';
import { argon2, vectors } from './fakes/vectors.js';

const bytes = (hex) => fromHex(hex);
const refuses = (promise, why, name) =>
  assert.rejects(promise, (error) => error instanceof SealError && error.why === why, `${name}: want ${why}`);

test('base64 comes back as it was, and nothing else is taken for it', () => {
  for (let length = 0; length < 70; length++) {
    const raw = random(length);
    const text = toBase64(raw);
    assert.equal(text, Buffer.from(raw).toString('base64'));
    assert.deepEqual(fromBase64(text), raw);
  }
  for (const bad of [
    'A',
    'AA',
    'AAA',
    'AA=',
    'A===',
    'AB==',
    'AAB=',
    'AA AA===',
    'AA-_',
    'é===',
    '====',
    '=AAA',
    'AA=A',
  ]) {
    assert.equal(fromBase64(bad), null, bad);
  }
});

test('hexadecimal comes back as it was', () => {
  assert.equal(toHex(bytes('00ff10AB')), '00ff10ab');
  for (const bad of ['0', 'xx', '0 ']) assert.equal(fromHex(bad), null, bad);
});

test('a master password gives the keys of the known answers', async (t) => {
  const derive = await argon2();
  for (const v of vectors('kdf.json', 'chains').chains) {
    await t.test(v.name, async () => {
      assert.equal(kdf.normalEmail(v.email), v.salt);
      const master = await kdf.masterKey(v.password, v.salt, v.kdf, derive);
      assert.equal(toHex(master), v.masterKey);
      assert.equal(await kdf.serverHash(master, v.password), v.serverHash);
      assert.equal(await kdf.localHash(master, v.password), v.localHash);
      assert.equal(toHex(await kdf.stretch(master)), v.stretched);
    });
  }
});

test('Argon2id agrees with the reference', async (t) => {
  const derive = await argon2();
  for (const v of vectors('argon2.json', 'derivations').derivations) {
    await t.test(v.name, async () => {
      assert.equal(toHex(await derive(bytes(v.password), bytes(v.salt), v.kdf)), v.key);
    });
  }
});

test('the stretched key is HKDF-Expand', async (t) => {
  for (const v of vectors('hkdf.json', 'keys').keys) {
    await t.test(v.name, async () => assert.equal(toHex(await kdf.stretch(bytes(v.masterKey))), v.stretched));
  }
});

test('settings outside of the bounds are not obeyed', async (t) => {
  for (const v of vectors('kdf.json', 'settings').settings) {
    await t.test(v.name, () => assert.equal(kdf.isAcceptable(v.kdf), v.acceptable));
  }
  for (const odd of [
    {},
    { kdf: 0 },
    { kdf: 1, kdfIterations: '6', kdfMemory: 32, kdfParallelism: 4 },
    null,
    { kdf: 0, kdfIterations: 6e5 + 0.5 },
  ]) {
    assert.equal(kdf.isAcceptable(kdf.kdfOf(odd)), false, JSON.stringify(odd));
  }
});

test('settings are read in both forms of the wire', () => {
  const house = { type: 1, iterations: 6, memory: 32, parallelism: 4 };
  assert.deepEqual(kdf.kdfOf({ kdf: 1, kdfIterations: 6, kdfMemory: 32, kdfParallelism: 4 }), house);
  assert.deepEqual(
    kdf.kdfOf({ kdf: 0, kdfSettings: { kdfType: 1, iterations: 6, memory: 32, parallelism: 4 } }),
    house,
  );
  assert.deepEqual(kdf.kdfOf({ kdf: { kdfType: 0, iterations: 600000, memory: null, parallelism: null } }), {
    type: 0,
    iterations: 600000,
    memory: null,
    parallelism: null,
  });
});

test('a change of settings is told from a weakening', async (t) => {
  for (const v of vectors('kdf.json', 'changes').changes) {
    await t.test(v.name, () => assert.equal(kdf.isLower(v.before, v.now), v.lower));
  }
});

test('EncStrings of the known answers open, and seal to the same text', async (t) => {
  for (const v of vectors('encstring.json', 'good').good) {
    await t.test(v.name, async () => {
      const key = await importKey(bytes(v.key));
      assert.equal(toHex(await open(v.text, key)), v.plain);
      assert.equal(await seal(bytes(v.plain), key, bytes(v.iv)), v.text);
      assert.notEqual(await seal(bytes(v.plain), key), v.text, 'the iv is fresh');
    });
  }
});

test('other EncStrings are refused, each for its reason', async (t) => {
  for (const v of vectors('encstring.json', 'bad').bad) {
    await t.test(v.name, async () => refuses(open(v.text, await importKey(bytes(v.key))), v.why, v.name));
  }
  for (const odd of [null, undefined, 2, {}, ['2.a|b|c']]) assert.throws(() => parse(odd), SealError);
});

test('another key gives no plain text', async (t) => {
  for (const v of vectors('encstring.json', 'otherKey').otherKey) {
    await t.test(v.name, async () => {
      const key = await importKey(bytes(v.key));
      const plain = await open(v.text, key).then(toHex, (error) => error.why);
      assert.notEqual(plain, v.plain);
      if (v.why) assert.equal(plain, v.why);
    });
  }
});

test('what is no UTF-8 is no text', async () => {
  const key = await importKey(random(64));
  await refuses(openText(await seal(new Uint8Array([0xff, 0xfe]), key), key), 'text', 'bytes');
  assert.equal(await openText(await sealText('Grüße 🔑', key), key), 'Grüße 🔑');
  assert.equal(
    await openText(await sealText('\ufeffmark', key), key),
    '\ufeffmark',
    'a byte order mark is text',
  );
});

test('keys have 64 bytes, and can not be read back', async () => {
  await assert.rejects(importKey(random(32)), SealError);
  const key = await importKey(random(64));
  await assert.rejects(crypto.subtle.exportKey('raw', key.enc));
  await assert.rejects(crypto.subtle.exportKey('raw', key.mac));
});

test('key ids are the known answers', async (t) => {
  for (const v of vectors('keyid.json', 'keys').keys) {
    await t.test(v.name, async () => assert.equal(await keyId(bytes(v.key)), v.id));
  }
});

test('EncStrings of type 4 open with the private key', async (t) => {
  const file = vectors('rsa.json', 'good', 'bad');
  const userKey = await importKey(bytes(file.pair.userKey));
  const privateKey = await openPrivateKey(file.pair.wrappedPrivateKey, userKey);
  for (const v of file.good) {
    await t.test(v.name, async () => assert.equal(toHex(await openFor(v.text, privateKey)), v.plain));
  }
  for (const v of file.bad) {
    await t.test(`${v.name} is refused`, () => refuses(openFor(v.text, privateKey), v.why, v.name));
  }
});

test('a new pair fits together', async () => {
  const userKey = await importKey(random(64));
  const pair = await makePair(userKey);
  const privateKey = await openPrivateKey(pair.wrappedPrivateKey, userKey);
  const secret = random(64);
  assert.deepEqual(await openFor(await sealFor(secret, pair.publicKey), privateKey), secret);
  await assert.rejects(crypto.subtle.exportKey('pkcs8', privateKey));
});
