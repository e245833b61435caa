import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { ApiError } from '../static/net/api.js';
import { House } from './fakes/house.js';
import { memoryShelf } from '../static/vault/drafts.js';
import { closePages, EMAIL, login, page, PASSWORD, signedIn, typed } from './fakes/people.js';
import {
  changeKdf,
  changePassword,
  deleteAccount,
  register,
  signOutEverywhere,
} from '../static/vault/account-acts.js';

after(closePages);

const HOUSE = { kdfType: 1, iterations: 6, memory: 32, parallelism: 4 };
const WEAK = { kdfType: 0, iterations: 600_000, memory: null, parallelism: null };
const code = (wanted) => (error) => {
  assert.equal(error.code, wanted, error.stack);
  assert.ok(error.text && error.hint, 'two sentences');
  return true;
};

/** Two ends of what one browser's tabs say to each other. */
function tabs() {
  const ends = [0, 1].map(() => ({ onmessage: null, close() {} }));
  ends[0].postMessage = (data) => ends[1].onmessage?.({ data });
  ends[1].postMessage = (data) => ends[0].onmessage?.({ data });
  return ends;
}

test('registering tells the server of keys, and of no password', async () => {
  const { house, session } = page();
  await register(session, { email: ' Alice@Example.test ', name: 'Alice', password: PASSWORD, token: 'T' });
  const [{ path, body }] = house.requests;
  assert.equal(path, '/identity/accounts/register/finish');
  assert.equal(body.email, EMAIL);
  assert.equal(body.emailVerificationToken, 'T');
  assert.deepEqual(body.masterPasswordUnlock.kdf, HOUSE);
  assert.equal(body.masterPasswordUnlock.salt, EMAIL);
  assert.equal(body.masterPasswordHash, body.masterPasswordAuthentication.masterPasswordAuthenticationHash);
  assert.equal(body.userSymmetricKey, body.masterPasswordUnlock.masterKeyWrappedUserKey);
  assert.match(body.masterPasswordUnlock.containedKeyId, /^[0-9a-f]{32}$/);
  assert.doesNotMatch(JSON.stringify(house.requests), new RegExp(PASSWORD));
});

test('signing in opens the vault', async () => {
  const { house, session, vault } = await signedIn();
  assert.equal(session.state, 'open');
  assert.equal(session.email, EMAIL);
  assert.equal(session.profile.name, 'Alice');
  assert.equal(session.kdf.memory, 32);
  await vault.save(login());
  const other = page({ house });
  const states = [];
  const parts = new Set();
  other.session.addEventListener('change', (event) => states.push(event.detail.state));
  other.session.addEventListener('progress', (event) => parts.add(event.detail.part));
  house.take();
  await other.session.signIn(EMAIL.toUpperCase(), PASSWORD);
  assert.deepEqual(house.take(), [
    'POST /identity/accounts/prelogin/password',
    'POST /identity/connect/token',
    'GET /api/sync?excludeDomains=true',
  ]);
  assert.deepEqual(states, ['open']);
  assert.deepEqual([...parts], ['derive', 'fetch', 'open']);
  assert.deepEqual(
    other.vault.items.map((item) => item.name),
    ['GitHub'],
  );
});

test('a wrong password says so, and nothing is remembered', async () => {
  const { house, box, session } = page();
  await register(session, { email: EMAIL, name: '', password: PASSWORD });
  await assert.rejects(session.signIn(EMAIL, 'wrong'), code('signin.wrong'));
  await assert.rejects(session.signIn('nobody@example.test', 'wrong'), code('signin.wrong'));
  assert.equal(session.state, 'out');
  assert.equal(box.getItem('latchkey.email'), null);
  assert.equal(house.requests.filter(({ path }) => path.startsWith('/api')).length, 0);
});

test('weak settings are not obeyed: nothing is sent', async () => {
  for (const kdf of [
    { kdfType: 0, iterations: 599_999, memory: null, parallelism: null },
    { kdfType: 1, iterations: 1, memory: 64, parallelism: 4 },
    { kdfType: 1, iterations: 6, memory: 4096, parallelism: 4 },
    { kdfType: 7, iterations: 6, memory: 64, parallelism: 4 },
    {},
  ]) {
    const { house, session } = page();
    house.accounts.set(EMAIL, { kdf, salt: EMAIL });
    await assert.rejects(session.signIn(EMAIL, PASSWORD, { acceptKdf: true }), code('kdf.weak'));
    assert.deepEqual(house.take(), ['POST /identity/accounts/prelogin/password']);
  }
});

test('settings lower than those last seen here are asked about', async () => {
  const { house, session } = await signedIn();
  await session.signOut();
  house.accounts.get(EMAIL).kdf = WEAK;
  house.take();
  await assert.rejects(session.signIn(EMAIL, PASSWORD), (error) => {
    assert.deepEqual(error.values, {
      before: 'Argon2id, 6 passes, 32 MiB, 4 lanes',
      now: 'PBKDF2, 600000 rounds',
    });
    return code('kdf.changed')(error);
  });
  assert.deepEqual(house.take(), ['POST /identity/accounts/prelogin/password']);
  // The password is right only under the settings that it was made with.
  await assert.rejects(session.signIn(EMAIL, PASSWORD, { acceptKdf: true }), code('signin.wrong'));
  await assert.rejects(
    session.signIn(EMAIL, PASSWORD),
    code('kdf.changed'),
    'a refused sign-in is not remembered',
  );
  house.accounts.get(EMAIL).kdf = { ...HOUSE, iterations: 7 };
  await assert.rejects(session.signIn(EMAIL, PASSWORD), code('signin.wrong'), 'higher ones go through');
});

test('a wrapped key that does not open is told from a wrong password', async (t) => {
  for (const [wrapped, wanted] of [
    ['0.AAAAAAAAAAAAAAAAAAAAAA==|AAAAAAAAAAAAAAAAAAAAAA==', 'enc.old'],
    ['2.nonsense', 'keys.broken'],
    [`2.${'A'.repeat(22)}==|${'A'.repeat(22)}==|${'A'.repeat(43)}=`, 'keys.broken'],
    [undefined, 'keys.broken'],
  ]) {
    await t.test(`${wrapped}`, async () => {
      const { house, session, api } = await signedIn();
      await session.signOut();
      house.accounts.get(EMAIL).wrapped = wrapped;
      await assert.rejects(session.signIn(EMAIL, PASSWORD), code(wanted));
      assert.equal(session.state, 'out');
      assert.equal(api.signedIn, false);
    });
  }
});

test('locking forgets, unlocking needs no request', async () => {
  const { house, session, vault } = await signedIn();
  const item = await vault.save(login());
  await vault.saveFolder({ name: 'Work' });
  house.take();
  session.lock();
  assert.equal(session.state, 'locked');
  assert.deepEqual([vault.items.length, vault.folders.length, vault.ready], [0, 0, false]);
  await assert.rejects(vault.open(item.id), code('locked'));
  await assert.rejects(vault.save(login()), code('locked'));
  await assert.rejects(session.unlock('wrong'), code('unlock.wrong'));
  assert.equal(session.state, 'locked');
  house.offline = true;
  await session.unlock(PASSWORD);
  assert.equal(session.state, 'open');
  assert.deepEqual(
    vault.items.map(({ name }) => name),
    ['GitHub'],
  );
  assert.deepEqual(
    vault.folders.map(({ name }) => name),
    ['Work'],
  );
  assert.deepEqual(typed(await vault.open(item.id)), typed(item));
});

test('after an unlock, what others changed comes in', async () => {
  const { house, session, vault } = await signedIn();
  await vault.save(login());
  const other = page({ house });
  await other.session.signIn(EMAIL, PASSWORD);
  session.lock();
  await other.vault.save(login('Later'));
  await session.unlock(PASSWORD);
  await vault.refresh();
  assert.deepEqual(
    vault.items.map(({ name }) => name),
    ['GitHub', 'Later'],
  );
});

test('locking and signing out reach the other tabs', async () => {
  const house = new House();
  const [one, two] = tabs();
  const first = await signedIn({ house, channel: one });
  const second = page({ house, channel: two });
  await second.session.signIn(EMAIL, PASSWORD);
  const reasons = [];
  second.session.addEventListener('change', (event) =>
    reasons.push(`${event.detail.state} ${event.detail.reason}`),
  );
  first.session.lock();
  assert.equal(second.session.state, 'locked');
  await first.session.unlock(PASSWORD);
  await second.session.unlock(PASSWORD);
  await first.session.signOut();
  assert.equal(second.session.state, 'out');
  assert.deepEqual(reasons, ['locked tab', 'open ', 'out signout']);
});

test('a session that ended at the server closes the vault, and keeps the drafts', async () => {
  const { house, session, vault, shelf } = await signedIn();
  await vault.drafts.set('new', login('Draft'));
  house.endSessions();
  const reasons = [];
  session.addEventListener('change', (event) => reasons.push(event.detail.reason));
  await assert.rejects(vault.refresh(), ApiError);
  assert.deepEqual([session.state, ...reasons], ['out', 'expired']);
  assert.equal(shelf.length, 1);
  await session.signIn(EMAIL, PASSWORD);
  assert.equal((await vault.drafts.get('new')).name, 'Draft');
});

test('an access token that ended is renewed without anybody noticing', async () => {
  const { house, vault, session } = await signedIn();
  house.endAccess();
  await vault.save(login());
  assert.equal(session.state, 'open');
  assert.deepEqual(house.take(), ['POST /api/ciphers', 'POST /identity/connect/token', 'POST /api/ciphers']);
});

test('drafts survive a lock and a reload, sealed, and go with a sign-out', async () => {
  const house = new House();
  const shelf = memoryShelf();
  const { session, vault } = await signedIn({ house, shelf });
  await vault.drafts.set('edit', { name: 'half typed' });
  assert.doesNotMatch(shelf.getItem(shelf.key(0)), /half typed/);
  session.lock();
  await assert.rejects(vault.drafts.get('edit'), code('locked'));
  await assert.rejects(vault.drafts.set('edit', {}), code('locked'));
  const reloaded = page({ house, shelf });
  await reloaded.session.signIn(EMAIL, PASSWORD);
  assert.deepEqual(await reloaded.vault.drafts.get('edit'), { name: 'half typed' });
  assert.equal(await reloaded.vault.drafts.get('other'), null);
  shelf.setItem(shelf.key(0), '2.broken');
  assert.equal(await reloaded.vault.drafts.get('edit'), null);
  await reloaded.vault.drafts.set('second', 1);
  await reloaded.vault.drafts.drop('second');
  await reloaded.session.signOut();
  assert.equal(shelf.length, 0);
});

test('the browser keeps no secret', async () => {
  const { box, session, vault } = await signedIn();
  await vault.save(login());
  session.lockTimer = { minutes: 3, onBlur: true, onClose: false };
  const kept = Array.from(
    { length: box.length },
    (_, i) => `${box.key(i)}=${box.getItem(box.key(i))}`,
  ).sort();
  assert.deepEqual(
    kept.map((line) => line.replace(/kdf\.[0-9a-f]{32}/, 'kdf.X').replace(/[0-9a-f-]{36}/, 'UUID')),
    [
      'latchkey.device="UUID"',
      'latchkey.email="alice@example.test"',
      'latchkey.kdf.X={"type":1,"iterations":6,"memory":32,"parallelism":4}',
      'latchkey.lock={"minutes":3,"onBlur":true,"onClose":false}',
    ],
  );
});

test('a new password opens, the old one does not', async () => {
  const { house, session, vault } = await signedIn();
  const item = await vault.save(login());
  house.take();
  await assert.rejects(changePassword(session, 'wrong', 'next password'), code('password.wrong'));
  assert.deepEqual(house.take(), [], 'a wrong password is found out here');
  await changePassword(session, PASSWORD, 'next password');
  assert.deepEqual(house.take(), ['POST /api/accounts/password']);
  assert.equal(session.state, 'open');
  await vault.favourite(item.id, true);
  session.lock();
  await assert.rejects(session.unlock(PASSWORD), code('unlock.wrong'));
  await session.unlock('next password');
  await session.signOut();
  await assert.rejects(session.signIn(EMAIL, PASSWORD), code('signin.wrong'));
  await session.signIn(EMAIL, 'next password');
  assert.deepEqual(typed(await vault.open(item.id)), { ...typed(item), favourite: true });
});

test('a new KDF opens, and is the one last seen here', async () => {
  const { house, session } = await signedIn();
  const next = { type: 1, iterations: 3, memory: 64, parallelism: 4 };
  await assert.rejects(changeKdf(session, PASSWORD, { ...next, iterations: 1 }), code('kdf.weak'));
  assert.deepEqual(house.take(), []);
  await changeKdf(session, PASSWORD, next);
  const [{ body }] = house.requests;
  assert.deepEqual(body.unlockData.kdf, { kdfType: 1, iterations: 3, memory: 64, parallelism: 4 });
  assert.equal(body.unlockData.salt, EMAIL);
  assert.deepEqual(session.kdf, next);
  await session.signOut();
  await session.signIn(EMAIL, PASSWORD);
  assert.equal(session.state, 'open');
});

test('dangerous acts prove the password here first', async () => {
  const { house, session } = await signedIn();
  for (const act of [
    () => signOutEverywhere(session, 'wrong'),
    () => deleteAccount(session, 'wrong'),
    () => session.verifyPassword('wrong'),
  ]) {
    await assert.rejects(act(), code('password.wrong'));
  }
  assert.deepEqual(house.take(), []);
  assert.equal(await session.verifyPassword(PASSWORD), house.account.hash);
  await signOutEverywhere(session, PASSWORD);
  assert.equal(session.state, 'out');
  await session.signIn(EMAIL, PASSWORD);
  house.take();
  await deleteAccount(session, PASSWORD);
  assert.deepEqual(house.take(), ['DELETE /api/accounts']);
  assert.equal(session.state, 'out');
});

test('a new name shows', async () => {
  const { session } = await signedIn();
  await session.rename('Alice B.');
  assert.equal(session.profile.name, 'Alice B.');
});

test('signing out works without the server', async () => {
  const { house, session, api } = await signedIn();
  house.offline = true;
  await session.signOut();
  assert.deepEqual([session.state, api.signedIn, session.email], ['out', false, EMAIL]);
  await session.forget();
  assert.equal(session.email, '');
});

test('without the server, signing in says so', async () => {
  const { house, session } = page();
  house.offline = true;
  await assert.rejects(session.signIn(EMAIL, PASSWORD), code('offline'));
});

test('the window drives the lock', async (t) => {
  const MINUTE = 60_000;
  const watched = async (settings, at = { now: 1e12 }) => {
    const made = await signedIn({ now: () => at.now });
    const window = new EventTarget();
    made.session.lockTimer = settings;
    made.session.watch(window);
    t.after(() => made.session.lock());
    return { ...made, window, at };
  };
  await t.test('a key after too long a rest locks', async () => {
    const { session, window, at } = await watched({ minutes: 5, onBlur: false, onClose: true });
    at.now += 4 * MINUTE;
    window.dispatchEvent(new Event('keydown'));
    at.now += 4 * MINUTE;
    window.dispatchEvent(new Event('focus'));
    assert.equal(session.state, 'open');
    at.now += MINUTE;
    window.dispatchEvent(new Event('visibilitychange'));
    assert.equal(session.state, 'locked');
  });
  await t.test('losing the focus locks, if asked', async () => {
    const { session, window } = await watched({ minutes: 5, onBlur: true, onClose: true });
    window.dispatchEvent(new Event('blur'));
    assert.equal(session.state, 'locked');
  });
  await t.test('closing ends the session, if asked', async () => {
    const { house, session, window } = await watched({ minutes: 5, onBlur: false, onClose: true });
    window.dispatchEvent(new Event('pagehide'));
    assert.equal(session.state, 'out');
    assert.deepEqual(house.take(), ['DELETE /latchkey/session']);
  });
  await t.test('closing leaves it, if not', async () => {
    const { house, session, window } = await watched({ minutes: 5, onBlur: false, onClose: false });
    window.dispatchEvent(new Event('pagehide'));
    assert.equal(session.state, 'open');
    assert.deepEqual(house.take(), []);
  });
});
