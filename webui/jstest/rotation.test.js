/** A new user key: what is sealed anew, what stops it, and how the open page goes on. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { fromBase64, random, toBase64 } from '../static/crypto/bytes.js';
import { importKey, open, openText, seal, sealText, SealError } from '../static/crypto/enc-string.js';
import { keyId } from '../static/crypto/key-id.js';
import { beginUnlock, endUnlock, openUnlock, passkeyKey } from '../static/crypto/passkey-keys.js';
import { Drafts, memoryShelf } from '../static/vault/drafts.js';
import { newKey } from '../static/vault/new-key.js';
import { Problem } from '../static/vault/problem.js';
import { rewrapAll, rewrapCipher } from '../static/vault/rotation.js';
import { closePages, EMAIL, login, oneOfEach, page, PASSWORD, signedIn, typed } from './fakes/people.js';

after(closePages);

async function keyPair() {
  const [oldRaw, raw] = [random(64), random(64)];
  const [old, next] = await Promise.all([importKey(oldRaw), importKey(raw)]);
  return { oldRaw, old, next, raw, id: await keyId(raw) };
}

/** What the server adds to a body. */
const server = {
  object: 'cipherDetails',
  id: 'c1',
  organizationId: null,
  organizationUseTotp: false,
  folderId: 'f1',
  favorite: true,
  edit: true,
  viewPassword: true,
  permissions: { delete: true, restore: true },
  collectionIds: [],
  attachments: null,
  revisionDate: '2026-01-02T03:04:05.123456Z',
  creationDate: '2026-01-01T00:00:00.000000Z',
  deletedDate: null,
  archivedDate: '2026-01-03T00:00:00.000000Z',
};

/** Opens every text of a value that opens, so that two sealings of one thing compare. */
async function opened(value, key) {
  if (typeof value === 'string') return openText(value, key).catch(() => value);
  if (Array.isArray(value)) return Promise.all(value.map((one) => opened(one, key)));
  if (value === null || typeof value !== 'object') return value;
  const pairs = Object.entries(value).map(async ([name, one]) => [name, await opened(one, key)]);
  return Object.fromEntries(await Promise.all(pairs));
}

const flat = (value) => (Object(value) === value ? Object.values(value).flatMap(flat) : [value]);
const sealedTexts = (value) => flat(value).filter((one) => /^2\..*\|/.test(String(one)));

test('every sealed text of an item without a key of its own is sealed anew, whatever its name', async (t) => {
  const keys = await keyPair();
  const s = (text) => sealText(text, keys.old);
  const shapes = {
    'a login with all that it can have': {
      type: 1,
      name: await s('GitHub'),
      notes: await s('notes'),
      reprompt: 1,
      key: null,
      data: null,
      login: {
        username: await s('bob'),
        password: await s('secret'),
        totp: await s('GEZDGNBVGY3TQOJQ'),
        uri: await s('https://a.test'),
        uris: [{ uri: await s('https://a.test'), match: 3, uriChecksum: await s('sum') }],
        passwordRevisionDate: '2026-01-01T00:00:00Z',
        autofillOnPageLoad: true,
        fido2Credentials: [
          {
            credentialId: await s('id'),
            counter: await s('0'),
            keyValue: await s('key'),
            creationDate: '2026-01-01',
          },
        ],
      },
      fields: [{ type: 1, name: await s('pin'), value: await s('1234'), linkedId: null }],
      passwordHistory: [{ password: await s('older'), lastUsedDate: '2025-01-01T00:00:00Z' }],
    },
    'a note': { type: 2, name: await s('Note'), notes: await s('text'), secureNote: { type: 0 } },
    'a card': { type: 3, name: await s('Card'), card: { number: await s('4111'), code: null } },
    'an identity': { type: 4, name: await s('Me'), identity: { ssn: await s('1'), email: '' } },
    'an SSH key': { type: 5, name: await s('Key'), sshKey: { privateKey: await s('PRIVATE') } },
    'a kind that is newer than this page': {
      type: 7,
      name: await s('Licence'),
      driversLicense: { number: await s('L1'), deep: [{ er: [await s('x'), 7, '10.5', 'plain words'] }] },
    },
    'unknown members': {
      type: 2,
      name: await s('N'),
      data: await s('{"blob":1}'),
      shiny: await s('new'),
      colour: 'red',
      size: 2.5,
      version: '2.0',
    },
  };
  for (const [what, body] of Object.entries(shapes)) {
    await t.test(what, async () => {
      const anew = await rewrapCipher({ ...server, ...body }, keys);
      const { id, folderId, favorite, archivedDate, organizationId, lastKnownRevisionDate, ...rest } = anew;
      assert.deepEqual(await opened(rest, keys.next), await opened(body, keys.old));
      assert.deepEqual(
        [id, folderId, favorite, archivedDate, organizationId, lastKnownRevisionDate],
        ['c1', 'f1', true, server.archivedDate, null, server.revisionDate],
      );
      const [before, now] = [sealedTexts(body), sealedTexts(anew)];
      assert.equal(now.length, before.length);
      assert.ok(before.length > 0 && now.every((text) => !before.includes(text)), 'something stayed');
    });
  }
});

test('of an item with a key of its own only that is sealed anew', async () => {
  const keys = await keyPair();
  const itemKey = random(64);
  const inner = await importKey(itemKey);
  const body = {
    type: 1,
    name: await sealText('Bank', inner),
    key: await seal(itemKey, keys.old),
    login: { password: await sealText('secret', inner) },
    encryptedByKeyId: await keyId(keys.oldRaw),
    shiny: await sealText('x', inner),
  };
  const anew = await rewrapCipher({ ...server, ...body }, keys);
  assert.deepEqual(await open(anew.key, keys.next), itemKey);
  assert.deepEqual([anew.name, anew.login, anew.shiny], [body.name, body.login, body.shiny]);
  assert.equal(anew.encryptedByKeyId, keys.id);
  await assert.rejects(() => open(anew.key, keys.old), SealError);
});

/** Another byte somewhere in the middle. */
const altered = (text) => text.slice(0, 30) + (text[30] === 'A' ? 'B' : 'A') + text.slice(31);

test('what does not open stops it, and the item is named where it can be', async (t) => {
  const keys = await keyPair();
  const other = await importKey(random(64));
  const s = (text) => sealText(text, keys.old);
  const name = await s('Bank');
  const cases = {
    'a text that was altered': [{ name, notes: altered(await s('n')) }, 'rotation.item'],
    'a text under another key': [{ name, login: { totp: await sealText('n', other) } }, 'rotation.item'],
    'a text cut in half': [{ name, login: { password: (await s('n')).slice(0, 50) } }, 'rotation.item'],
    'a text without a MAC': [{ name, card: { code: '0.AAAA|BBBB' } }, 'rotation.item'],
    'the same without its number': [{ name, card: { code: 'AAAA|BBBB' } }, 'rotation.item'],
    'a kind of sealing that this page does not know': [{ name, shiny: '7.AAAA' }, 'rotation.item'],
    'a whole that is sealed in no way known here': [{ name, data: 'opaque words' }, 'rotation.item'],
    'an unknown name, deep inside': [{ name, x: [{ y: [altered(await s('n'))] }] }, 'rotation.item'],
    'an item key that was altered': [
      { name, key: altered(await seal(random(64), keys.old)) },
      'rotation.unnamed',
    ],
    'an item key that is none': [{ name, key: await s('short') }, 'rotation.unnamed'],
    'the name itself': [{ name: altered(name) }, 'rotation.unnamed'],
    'files under the user key': [
      { name, attachments: [{ id: 'a', fileName: await s('f') }] },
      'rotation.attachment',
    ],
  };
  for (const [what, [body, code]] of Object.entries(cases)) {
    await t.test(what, async () => {
      await assert.rejects(
        () => rewrapCipher({ ...server, type: 1, ...body }, keys),
        (error) =>
          error instanceof Problem &&
          error.code === code &&
          error.values.name === (code === 'rotation.unnamed' ? '' : 'Bank'),
      );
    });
  }
});

test('folders, the private key and the passkeys come along, or stop it', async (t) => {
  const keys = await keyPair();
  const prf = random(32);
  const unlock = await endUnlock(await beginUnlock(keys.oldRaw, keys.old), await passkeyKey(prf));
  const passkeys = [
    { id: 'p1', name: 'phone', ...unlock },
    { id: 'p2', name: 'plain', encryptedUserKey: null, encryptedPublicKey: null },
  ];
  const privateKey = await seal(random(1200), keys.old);
  const folders = [{ id: 'f1', name: await sealText('Home', keys.old), revisionDate: 'x', object: 'folder' }];
  const all = await rewrapAll(keys, { ciphers: [], folders }, { privateKey, passkeys });
  assert.deepEqual(await open(all.privateKey, keys.next), await open(privateKey, keys.old));
  assert.deepEqual(Object.keys(all.folders[0]), ['id', 'name']);
  assert.equal(await openText(all.folders[0].name, keys.next), 'Home');
  assert.equal(all.passkeys.length, 1);
  const [phone] = all.passkeys;
  assert.deepEqual(await openUnlock({ ...unlock, ...phone }, await passkeyKey(prf)), keys.raw);
  const spki = await open(unlock.encryptedPublicKey, keys.old);
  assert.equal(toBase64(await open(phone.encryptedPublicKey, keys.next)), toBase64(spki));
  const bad = {
    'rotation.folder': [{ folders: [{ id: 'f', name: altered(folders[0].name) }] }, {}],
    'rotation.pair': [{}, { privateKey: altered(privateKey) }],
    'rotation.passkey': [
      {},
      { passkeys: [{ ...passkeys[0], encryptedPublicKey: altered(unlock.encryptedPublicKey) }] },
    ],
    'rotation.send': [{ sends: [{}] }, {}],
  };
  for (const [code, [sync, account]] of Object.entries(bad)) {
    await t.test(code, () =>
      assert.rejects(
        rewrapAll(keys, { ciphers: [], folders, ...sync }, { privateKey, passkeys, ...account }),
        (error) => error.code === code,
      ),
    );
  }
  await t.test('a pair without a private half', () =>
    assert.rejects(rewrapAll(keys, { ciphers: [], folders }, { privateKey: null, passkeys }), Problem),
  );
});

const quiet = () => {};
const rotate = (session) => newKey(session, PASSWORD, quiet, [0, 0]);
const post = 'POST /api/accounts/key-management/rotate-user-account-keys';

/** A page with one item of each kind, one in the trash, a folder and a draft. */
async function furnished(options) {
  const made = await signedIn(options);
  const { vault } = made;
  const folder = await vault.saveFolder({ name: 'Travel' });
  for (const item of oneOfEach()) await vault.save({ ...item, folderId: folder.id });
  const gone = await vault.save(login('Gone'));
  await vault.trash([gone.id]);
  made.items = () => Promise.all(vault.items.map(async ({ id }) => typed(await vault.open(id))));
  return made;
}

test('an open page goes on with the new key, and so does whoever signs in after it', async () => {
  const { house, session, vault, api, items } = await furnished();
  const [first] = vault.items;
  await vault.drafts.set('item:x', { name: 'half done' });
  const half = await vault.open(first.id); // an edit that began before
  const before = await items();
  const old = { wrapped: house.account.wrapped, privateKey: house.account.privateKey };
  const parts = [];
  const said = await newKey(session, PASSWORD, ({ part }) => parts.push(part), [0]);
  assert.deepEqual(said, { items: before.length, lost: [], open: true });
  assert.deepEqual([...new Set(parts)], ['fetch', 'seal', 'send', 'open']);
  assert.notEqual(house.account.wrapped, old.wrapped);
  assert.notEqual(house.account.privateKey, old.privateKey);
  await vault.whenReady();
  assert.deepEqual(await items(), before);
  assert.deepEqual(
    vault.folders.map(({ name }) => name),
    ['Travel'],
  );
  assert.deepEqual(await vault.drafts.get('item:x'), { name: 'half done' });
  assert.equal((await vault.save({ ...half, name: 'Done' })).name, 'Done');
  assert.ok(api.signedIn);
  session.lock();
  await session.unlock(PASSWORD);
  await vault.whenReady();
  assert.equal(vault.items.length, before.length);
  assert.ok(vault.items.every(({ broken }) => !broken));
  assert.deepEqual(await vault.drafts.get('item:x'), { name: 'half done' }, 'after a lock');
  const elsewhere = page({ house });
  await elsewhere.session.signIn(EMAIL, PASSWORD);
  await elsewhere.vault.whenReady();
  assert.deepEqual(
    elsewhere.vault.items.map(({ name, broken }) => [name, broken]),
    vault.items.map(({ name }) => [name, false]),
  );
});

test('a wrong password asks the house for nothing', async () => {
  const { house, session } = await furnished();
  house.take();
  await assert.rejects(newKey(session, 'wrong', quiet), (error) => error.code === 'password.wrong');
  assert.deepEqual(house.take(), []);
});

test('one broken item stops it before anything is sent', async () => {
  const { house, session, vault, items } = await furnished();
  const [{ id, name }] = vault.items;
  const { key } = house.ciphers.get(id);
  const before = await items();
  house.touch(id, { key: null });
  const state = JSON.stringify([...house.ciphers.values(), house.account]);
  house.take();
  await assert.rejects(rotate(session), (error) => error.code === 'rotation.unnamed');
  assert.ok(!house.take().includes(post));
  assert.equal(JSON.stringify([...house.ciphers.values(), house.account]), state);
  house.touch(id, { key });
  await vault.refresh();
  assert.deepEqual(await items(), before, name);
});

test('what changed meanwhile is fetched, and it is tried once more', async (t) => {
  await t.test('once is enough', async () => {
    const { house, session, vault } = await furnished();
    const other = page({ house });
    await other.session.signIn(EMAIL, PASSWORD);
    const [{ id }] = vault.items;
    let left = 1;
    house.beforeRotation = () => left-- > 0 && house.touch(id, { favorite: true });
    house.take();
    await rotate(session);
    assert.equal(house.take().filter((line) => line === post).length, 2);
    assert.equal(vault.get(id).favourite, true);
  });
  await t.test('a second time it says so', async () => {
    const { house, session, vault, items } = await furnished();
    const before = await items();
    house.beforeRotation = () => house.touch(vault.items[0].id, {});
    await assert.rejects(rotate(session), (error) => error.code === 'rotation.incomplete');
    assert.deepEqual(await items(), before);
  });
});

test('where no answer came, the house is asked which key it has', async (t) => {
  /** Lets the rotation through, or not, and loses its answer. */
  const losing = (house, api, { arrives, silent }) => {
    const real = house.send;
    api.send = async (url, init) => {
      if (url.endsWith('rotate-user-account-keys')) {
        if (arrives) await real(url, init);
        house.offline = silent;
        throw new TypeError('fetch failed');
      }
      return real(url, init);
    };
  };
  await t.test('it was done', async () => {
    const { house, session, api, items } = await furnished();
    const before = await items();
    losing(house, api, { arrives: true, silent: false });
    assert.equal((await rotate(session)).open, true);
    assert.deepEqual(await items(), before);
  });
  await t.test('it was not', async () => {
    const { house, session, api, items } = await furnished();
    const before = await items();
    losing(house, api, { arrives: false, silent: false });
    await assert.rejects(rotate(session), (error) => error.offline === true);
    assert.equal(session.state, 'open');
    assert.deepEqual(await items(), before);
  });
  await t.test('nobody says: the page signs out rather than guess', async () => {
    const { house, session, api } = await furnished();
    losing(house, api, { arrives: true, silent: true });
    await assert.rejects(rotate(session), (error) => error.code === 'rotation.unknown');
    assert.equal(session.state, 'out');
  });
});

test('the answer names passkeys that were added meanwhile', async () => {
  const { house, session } = await furnished();
  house.beforeRotation = () => house.passkeys.push({ id: 'p', name: 'new one', encryptedUserKey: '4.x' });
  assert.deepEqual((await rotate(session)).lost, ['new one']);
});

test('other tabs are signed out, and a page that locked meanwhile signs in again', async () => {
  const said = [];
  const channel = { postMessage: (message) => said.push(message), onmessage: null, close() {} };
  const { house, session } = await furnished({ channel });
  house.beforeRotation = () => session.lock();
  assert.equal((await rotate(session)).open, false);
  assert.equal(session.state, 'out');
  assert.ok(said.some(({ kind, reason, id }) => kind === 'out' && reason === 'expired' && id));
  const other = { postMessage() {}, onmessage: null, close() {} };
  const tab = await signedIn({ channel: other });
  let why = '';
  tab.session.addEventListener('change', ({ detail }) => (why = detail.reason));
  other.onmessage({ data: { kind: 'out', id: tab.session.profile.id, reason: 'expired' } });
  assert.equal(tab.session.state, 'out');
  assert.equal(why, 'expired');
});

test('a save that was waiting is not sent under the old key', async () => {
  const { house, session, vault } = await furnished();
  const [{ id }] = vault.items;
  const item = await vault.open(id);
  let waiting;
  house.beforeRotation = () => {
    waiting ??= assert.rejects(
      vault.save({ ...item, name: 'Late' }),
      (error) => error.code === 'key.changed',
    );
  };
  await rotate(session);
  await waiting;
  await vault.refresh();
  assert.notEqual(vault.get(id).name, 'Late');
  assert.equal(vault.get(id).broken, false);
  assert.equal((await vault.save({ ...item, name: 'Again' })).name, 'Again');
});

test('drafts are sealed anew, and those of a key that is gone stay what they are', async () => {
  const { old, next } = await keyPair();
  const shelf = memoryShelf();
  const drafts = new Drafts(shelf);
  drafts.open('me', old);
  await drafts.set('a', { x: 1 });
  shelf.setItem('latchkey.draft.me.b', '2.gone');
  await drafts.reseal(old, next);
  assert.deepEqual(await drafts.get('a'), { x: 1 });
  assert.equal(await drafts.get('b'), null);
  assert.equal(await openText(shelf.getItem('latchkey.draft.me.a'), next), '{"x":1}');
  assert.ok(fromBase64(shelf.getItem('latchkey.draft.me.a').slice(2).split('|')[0]));
});
