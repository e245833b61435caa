/** Second factors, passkeys and proofs: what is sent, what is kept, and what opens. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { memoryShelf } from '../static/vault/drafts.js';
import { makePasskey } from '../static/vault/passkey-make.js';
import { challenge, proveByPasskey, proveByPassword } from '../static/vault/proving.js';
import { digitsOf, isWhole, wireCode } from '../static/views/code-field.js';
import { Factors, FakeAuthenticator } from './fakes/authenticator.js';
import { House } from './fakes/house.js';
import { closePages, EMAIL, login, page, PASSWORD, signedIn } from './fakes/people.js';

after(closePages);

const code = (wanted) => (error) => {
  assert.equal(error.code, wanted, error.stack);
  return true;
};

/** Somebody with factors of their own, signed out, at a browser that remembers nothing. */
async function guarded(factors = {}) {
  const made = await signedIn();
  await made.vault.save(login());
  await made.session.signOut();
  made.house.factors = Object.assign(new Factors(), factors);
  made.house.take();
  const box = memoryShelf();
  return { ...page({ house: made.house, box }), box };
}

const grants = (house) =>
  house.requests.filter(({ path }) => path.endsWith('/token')).map(({ body }) => body);

test('a second factor follows the password, which is derived and typed once', async () => {
  const { house, session, vault } = await guarded({ wanted: { 0: '123456' } });
  await assert.rejects(session.signIn(EMAIL, PASSWORD), (error) => {
    assert.deepEqual(error.providers, { 0: null });
    return code('second.wanted')(error);
  });
  assert.equal(session.state, 'out');
  await assert.rejects(
    session.answerSecond({ provider: 0, token: '000000', remember: false }),
    code('second.wrong'),
  );
  await session.answerSecond({ provider: 0, token: '123456', remember: false });
  assert.equal(session.state, 'open');
  assert.deepEqual(
    vault.items.map(({ name }) => name),
    ['GitHub'],
  );
  assert.deepEqual(
    grants(house).map(({ twoFactorToken }) => twoFactorToken),
    [undefined, '000000', '123456'],
  );
  await assert.rejects(
    session.answerSecond({ provider: 0, token: '123456', remember: false }),
    code('second.over'),
  );
});

test('going back forgets what was made of the password', async () => {
  const { session } = await guarded({ wanted: { 0: '123456' } });
  await assert.rejects(session.signIn(EMAIL, PASSWORD), code('second.wanted'));
  session.cancelSecond();
  await assert.rejects(
    session.answerSecond({ provider: 0, token: '123456', remember: false }),
    code('second.over'),
  );
});

test('a browser that is remembered is spared the second factor, until the house forgets it', async () => {
  const { house, session, box } = await guarded({ wanted: { 0: '123456' } });
  await assert.rejects(session.signIn(EMAIL, PASSWORD), code('second.wanted'));
  await session.answerSecond({ provider: 0, token: '123456', remember: true });
  await session.signOut();
  house.factors.wanted[5] = 'spared';
  await session.signIn(EMAIL, PASSWORD);
  assert.equal(session.state, 'open');
  await session.signOut();
  house.factors.wanted[5] = 'other';
  house.take();
  await assert.rejects(session.signIn(EMAIL, PASSWORD), code('second.wanted'));
  session.cancelSecond();
  await assert.rejects(session.signIn(EMAIL, PASSWORD), code('second.wanted'));
  session.cancelSecond();
  assert.deepEqual(
    grants(house).map(({ twoFactorProvider }) => twoFactorProvider),
    ['5', undefined],
    'what is no longer good is sent once',
  );
  const kept = Array.from({ length: box.length }, (_, i) => box.key(i)).join();
  assert.doesNotMatch(kept, /alice/, 'whom it is for stands in no name');
});

test('the device’s own token goes to the token endpoint, and nowhere else', async () => {
  const house = new House();
  const { session, api } = await signedIn({ house });
  api.deviceToken = session.remember.deviceToken;
  assert.match(api.deviceToken, /^[\w-]{43}$/);
  assert.equal(session.remember.deviceToken, api.deviceToken, 'made once');
  house.endAccess();
  await session.vault.refresh();
  const held = house.requests.filter(({ headers }) => headers.has('Latchkey-Device'));
  assert.deepEqual(
    held.map(({ path }) => path),
    ['/identity/connect/token'],
  );
  assert.equal(held[0].headers.get('Latchkey-Device'), api.deviceToken);
});

test('a passkey with a PRF signs in and opens the vault; nothing of the PRF is sent', async () => {
  const authenticator = new FakeAuthenticator();
  const { house, session } = await signedIn();
  await session.vault.save(login());
  house.factors = new Factors();
  const half = await proveByPassword(session, PASSWORD, true);
  assert.deepEqual(await makePasskey(session, { name: 'Finger', half }), {
    asked: true,
    opens: true,
    again: null,
  });
  await session.signOut();
  const other = page({ house });
  await other.session.signInByPasskey(async () => false);
  assert.deepEqual([other.session.state, other.session.email], ['open', EMAIL]);
  assert.deepEqual(
    other.vault.items.map(({ name }) => name),
    ['GitHub'],
  );
  other.session.lock();
  house.offline = true;
  await other.session.unlockByPasskey();
  assert.equal(other.session.state, 'open', 'without a request');
  house.offline = false;
  const outputs = await Promise.all(
    authenticator.asked
      .filter(({ publicKey }) => publicKey.extensions.prf)
      .map(({ publicKey }) =>
        crypto.subtle.digest(
          'SHA-256',
          new Uint8Array([...authenticator.seed, ...publicKey.extensions.prf.eval.first]),
        ),
      ),
  );
  const sent = JSON.stringify(house.requests.map(({ body }) => body));
  assert.ok(outputs.length >= 3);
  for (const output of outputs) {
    const bytes = Buffer.from(output);
    for (const shape of ['base64', 'base64url', 'hex'])
      assert.ok(!sent.includes(bytes.toString(shape)), shape);
  }
});

test('a passkey without a PRF says who it is, and the master password opens', async () => {
  new FakeAuthenticator({ prf: false });
  const { house, session } = await signedIn();
  await session.vault.save(login());
  house.factors = new Factors();
  const half = await proveByPassword(session, PASSWORD, true);
  assert.deepEqual(await makePasskey(session, { name: 'Tablet', half }), {
    asked: true,
    opens: false,
    again: null,
  });
  await session.signOut();
  const reasons = [];
  session.addEventListener('change', ({ detail }) => reasons.push(`${detail.state} ${detail.reason}`));
  await session.signInByPasskey(async () => false);
  assert.deepEqual(reasons, ['locked passkey']);
  await assert.rejects(session.unlock('not this one'), code('unlock.wrong'));
  await session.unlock(PASSWORD);
  assert.deepEqual(
    session.vault.items.map(({ name }) => name),
    ['GitHub'],
  );
});

test('a PRF that speaks only when the passkey is used is asked once more', async () => {
  new FakeAuthenticator({ atCreate: false });
  const { house, session } = await signedIn();
  house.factors = new Factors();
  const made = await makePasskey(session, {
    name: 'Later',
    half: await proveByPassword(session, PASSWORD, true),
  });
  assert.equal(made.opens, false);
  await made.again(new AbortController().signal);
  session.lock();
  await session.unlockByPasskey();
  assert.equal(session.state, 'open');
});

test('an unlock that was swapped by the server opens nothing, and the password is asked', async () => {
  new FakeAuthenticator();
  const { house, session } = await signedIn();
  house.factors = new Factors();
  await makePasskey(session, { name: 'A', half: await proveByPassword(session, PASSWORD, true) });
  await session.signOut();
  house.factors.passkeys[0].encryptedPrivateKey = `2.${'A'.repeat(22)}==|${'A'.repeat(22)}==|${'A'.repeat(43)}=`;
  await session.signInByPasskey(async () => false);
  assert.equal(session.state, 'locked');
  await session.unlock(PASSWORD);
  session.lock();
  await assert.rejects(session.unlockByPasskey(), code('passkey.broken'));
});

test('a KDF lower than last seen is asked about at a passkey’s sign-in, too', async () => {
  new FakeAuthenticator();
  const { house, session } = await signedIn();
  house.factors = new Factors();
  await makePasskey(session, { name: 'A', half: await proveByPassword(session, PASSWORD, true) });
  await session.signOut();
  house.accounts.get(EMAIL).kdf = { kdfType: 0, iterations: 600_000, memory: null, parallelism: null };
  await assert.rejects(
    session.signInByPasskey(async () => false),
    code('kdf.changed'),
  );
  assert.equal(session.state, 'out');
  await session.signInByPasskey(async ({ now }) => now.startsWith('PBKDF2'));
  assert.equal(session.state, 'open');
});

test('what goes wrong with a key is told in two sentences', async () => {
  const authenticator = new FakeAuthenticator();
  const { house, session } = await signedIn();
  house.factors = new Factors();
  await session.signOut();
  for (const [name, wanted] of [
    ['NotAllowedError', 'webauthn.silent'],
    ['AbortError', 'webauthn.silent'],
    ['SecurityError', 'webauthn.name'],
    ['InvalidStateError', 'webauthn.already'],
    ['NotSupportedError', 'webauthn.missing'],
  ]) {
    authenticator.fails = name;
    await assert.rejects(
      session.signInByPasskey(async () => false),
      (error) => code(wanted)(error) && assert.ok(error.text && error.hint) === undefined,
    );
  }
  delete globalThis.PublicKeyCredential;
  assert.equal(await challenge(session, false), null, 'a browser without WebAuthn is asked for nothing');
});

test('an act that wants a fresh proof asks once for all, and is done again', async () => {
  const { house, session, api } = await signedIn();
  house.factors = new Factors();
  let asked = 0;
  api.onStale = async () => {
    asked++;
    await proveByPassword(session, PASSWORD, false);
    return true;
  };
  assert.equal(session.proof.fresh, false);
  const answers = await Promise.all([api.post('/latchkey/stale'), api.post('/latchkey/stale')]);
  assert.deepEqual([answers, asked], [[{ done: true }, { done: true }], 1]);
  assert.equal(session.proof.fresh, true);
  assert.equal(session.proof.token, 'proof-1');
  house.factors.proofs = [];
  api.onStale = async () => false;
  await assert.rejects(api.post('/latchkey/stale'), code('proof.stale'));
});

test('a proof is over after minutes, and when the page locks', async () => {
  const at = { now: 1e12 };
  const { house, session } = await signedIn({ now: () => at.now });
  house.factors = new Factors();
  await assert.rejects(proveByPassword(session, 'wrong', false), code('password.wrong'));
  assert.deepEqual(house.factors.proofs, [], 'a wrong password is found out here');
  await proveByPassword(session, PASSWORD, false);
  at.now += 6 * 60_000;
  assert.deepEqual([session.proof.fresh, session.proof.token], [false, 'proof-1']);
  at.now += 4 * 60_000;
  assert.equal(session.proof.token, '');
  await proveByPassword(session, PASSWORD, false);
  session.lock();
  assert.equal(session.proof.token, '');
});

test('a passkey proves who sits here, and can seal for another', async () => {
  new FakeAuthenticator();
  const { house, session } = await signedIn();
  house.factors = new Factors();
  await makePasskey(session, { name: 'A', half: await proveByPassword(session, PASSWORD, true) });
  const { signal } = new AbortController();
  const half = await proveByPasskey(session, await challenge(session, true), true, signal);
  assert.match(half.encryptedUserKey, /^4\./);
  assert.equal(await proveByPasskey(session, await challenge(session, false), false, signal), null);
  const [, shown] = house.factors.proofs;
  assert.equal(shown.passkey.token, 'T');
  assert.deepEqual(shown.passkey.deviceResponse.extensions, { credProps: { rk: true } });
});

test('who must add a second factor first gets in after that, at sign-in and in the middle', async () => {
  const { house, session, vault } = await guarded();
  house.factors.missing = true;
  await session.signIn(EMAIL, PASSWORD);
  assert.deepEqual([session.state, session.proof.token], ['enrol', 'proof-1']);
  await session.enrolled();
  assert.equal(session.state, 'enrol', 'it is asked again while there is none');
  house.factors.missing = false;
  await session.enrolled();
  assert.deepEqual([session.state, vault.items.length], ['open', 1]);
  house.factors.missing = true;
  await assert.rejects(vault.refresh(), code('second.missing'));
  assert.equal(session.state, 'enrol');
  session.lock();
  assert.equal(session.state, 'locked');
  house.factors.missing = false;
  await session.unlock(PASSWORD);
  assert.equal(session.state, 'open');
});

test('six digits submit themselves, however they are typed', () => {
  const input = new EventTarget();
  input.value = '';
  const got = [];
  let wanted = true;
  wireCode(
    input,
    (digits) => got.push(digits),
    () => wanted,
  );
  for (const text of ['12345', '123 45', '123 456', 'code: 654321!', '9999999']) {
    input.value = text;
    input.dispatchEvent(new Event('input'));
  }
  wanted = false;
  input.value = 'aaaa 1111';
  input.dispatchEvent(new Event('input'));
  assert.deepEqual(got, ['123456', '654321', '999999']);
  assert.equal(input.value, 'aaaa 1111', 'a recovery code stays as it is');
  assert.deepEqual([isWhole('12345'), isWhole(digitsOf('123 456'))], [false, true]);
});
