import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fromBase64Url, fromHex, random, toBase64, toBase64Url, toHex } from '../static/crypto/bytes.js';
import { importKey, open, openText, SealError, sealText } from '../static/crypto/enc-string.js';
import { stretch } from '../static/crypto/kdf.js';
import { beginUnlock, endUnlock, openUnlock, passkeyKey, prfSalt } from '../static/crypto/passkey-keys.js';
import { sealFor } from '../static/crypto/rsa.js';
import { vectors } from './fakes/vectors.js';

const file = vectors('passkey.json', 'good', 'bad');

test('the salt is the wire’s', async () => {
  assert.equal(toHex(await prfSalt()), file.salt);
});

test('a passkey opens the user key of the known answers', async (t) => {
  for (const v of file.good) {
    await t.test(v.name, async () => {
      const prf = fromHex(v.prf);
      assert.equal(toHex(await stretch(prf)), v.stretched);
      const userKey = await openUnlock(v, await passkeyKey(prf));
      assert.equal(toHex(userKey), v.userKey);
      assert.equal(toBase64(await open(v.encryptedPublicKey, await importKey(userKey))), file.publicKey);
    });
  }
  for (const v of file.bad) {
    await t.test(`${v.name} is refused`, async () => {
      await assert.rejects(
        async () => openUnlock(v, await passkeyKey(fromHex(v.prf))),
        (error) => error instanceof SealError && error.why === v.why,
      );
    });
  }
});

test('what is made for a passkey opens by it, and its public half serves a rotation', async () => {
  const userKey = random(64);
  const key = await importKey(userKey);
  const passkey = await passkeyKey(random(32));
  const unlock = await endUnlock(await beginUnlock(userKey, key), passkey);
  assert.deepEqual(await openUnlock(unlock, passkey), userKey);
  assert.equal(await openText(await sealText('x', key), await importKey(userKey)), 'x');
  const spki = await open(unlock.encryptedPublicKey, key);
  const next = random(64);
  const rotated = { ...unlock, encryptedUserKey: await sealFor(next, toBase64(spki)) };
  assert.deepEqual(await openUnlock(rotated, passkey), next);
  await assert.rejects(async () => openUnlock(unlock, await passkeyKey(random(32))), SealError);
});

test('base64url comes back as it was, and nothing else is taken for it', () => {
  for (let length = 0; length < 40; length++) {
    const raw = random(length);
    assert.deepEqual(fromBase64Url(toBase64Url(raw)), raw);
  }
  for (const bad of ['A', 'AA==', 'AA+A', 'AA/A', 'AB', 'AA A', null, undefined, 7]) {
    assert.equal(fromBase64Url(bad), null, String(bad));
  }
});
