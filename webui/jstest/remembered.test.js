import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { importKey } from '../static/crypto/enc-string.js';
import { random } from '../static/crypto/bytes.js';
import { recall, remember } from '../static/vault/remembered.js';
import { closePages, login, oneOfEach, page, PASSWORD, EMAIL, signedIn } from './fakes/people.js';

after(closePages);

/** Counts what is decrypted while work runs. */
async function decryptions(work) {
  const real = crypto.subtle.decrypt;
  let count = 0;
  crypto.subtle.decrypt = function counted(...args) {
    count++;
    return real.apply(this, args);
  };
  try {
    await work();
  } finally {
    crypto.subtle.decrypt = real;
  }
  return count;
}

const rows = (vault) =>
  vault.items.map(({ name, subtitle, login: part }) => [name, subtitle, part?.uris ?? null]);

test('after a lock the list is drawn from one piece, the same as before', async () => {
  const { session, vault } = await signedIn();
  for (let i = 0; i < 20; i++) await vault.save({ ...login(), name: `Place ${i}`, notes: `note ${i}` });
  for (const item of oneOfEach()) await vault.save(item);
  session.lock();
  await session.unlock(PASSWORD); // what was saved meanwhile is read once more
  await vault.whenReady();
  const before = rows(vault);
  session.lock();
  assert.equal(vault.items.length, 0);
  const count = await decryptions(() => session.unlock(PASSWORD));
  await vault.whenReady();
  assert.deepEqual(rows(vault), before);
  assert.ok(count < 8, `${count} decryptions for ${before.length} items`);
  assert.equal(vault.search('note 13', { place: 'all' })[0]?.name, 'Place 13');
});

test('an item that was changed elsewhere while locked is read anew', async () => {
  const { house, session, vault } = await signedIn();
  const saved = await vault.save({ ...login(), name: 'Old name' });
  session.lock();
  await session.unlock(PASSWORD);
  await vault.whenReady();
  session.lock();
  const other = page({ house });
  await other.session.signIn(EMAIL, PASSWORD);
  await other.vault.whenReady();
  await other.vault.save({ ...(await other.vault.open(saved.id)), name: 'New name' });
  await session.unlock(PASSWORD);
  await vault.whenReady();
  await vault.refresh();
  assert.deepEqual(
    vault.items.map((item) => item.name),
    ['New name'],
  );
});

test('what another key sealed, or nobody, is no memory', async () => {
  const [mine, theirs] = await Promise.all([importKey(random(64)), importKey(random(64))]);
  assert.equal((await recall(await remember([], theirs), mine)).size, 0);
  assert.equal((await recall('2.damaged', mine)).size, 0);
  assert.equal((await recall('', mine)).size, 0);
});
