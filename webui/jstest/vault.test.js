import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { ApiError } from '../static/net/api.js';
import { blank, checksum } from '../static/vault/cipher.js';
import { openText, importKey, open } from '../static/crypto/enc-string.js';
import { stretchedKey, masterKey } from '../static/crypto/kdf.js';
import {
  closePages,
  EMAIL,
  login,
  oneOfEach,
  page,
  PASSWORD,
  quickArgon2,
  signedIn,
  typed,
} from './fakes/people.js';

after(closePages);

const code = (wanted) => (error) => {
  assert.equal(error.code, wanted, error.stack);
  return true;
};
const names = (items) => items.map((item) => item.name);

/** The user key, as only a test may have it. */
async function userKeyOf(house) {
  const { salt, kdf, wrapped } = house.accounts.get(EMAIL);
  const own = {
    type: kdf.kdfType,
    iterations: kdf.iterations,
    memory: kdf.memory,
    parallelism: kdf.parallelism,
  };
  const master = await masterKey(PASSWORD, salt, own, quickArgon2);
  return importKey(await open(wrapped, await stretchedKey(master)));
}

/** Another page of the same person, signed in. */
async function another(house) {
  const made = page({ house });
  await made.session.signIn(EMAIL, PASSWORD);
  await made.vault.whenReady();
  return made;
}

test('items of every kind come back as they were typed', async (t) => {
  const { house, vault } = await signedIn();
  for (const item of oneOfEach()) {
    await t.test(item.name, async () => {
      const saved = await vault.save(item);
      assert.deepEqual(typed(saved), typed(item));
      const { vault: elsewhere } = await another(house);
      assert.deepEqual(typed(await elsewhere.open(saved.id)), typed(item));
      assert.equal(elsewhere.get(saved.id)?.broken, false);
    });
  }
});

test('nothing that was typed reaches the server in clear', async () => {
  const { house, vault } = await signedIn();
  for (const item of oneOfEach()) await vault.save(item);
  await vault.saveFolder({ name: 'Folder name' });
  const told = JSON.stringify(house.requests);
  // Long enough, or with a space, that no random base64 holds them.
  for (const secret of [
    'password of',
    'notes of',
    'GEZDGNBVGY3TQOJQ',
    'example.test',
    '4111111111111111',
    'PRIVATE',
    'ssh-ed25519',
    'Folder name',
    'secret note',
  ]) {
    assert.ok(!told.includes(secret), `${secret} was told`);
  }
});

test('a new item has a key of its own, and its addresses a checksum', async () => {
  const { house, vault } = await signedIn();
  const saved = await vault.save(login());
  const raw = house.ciphers.get(saved.id);
  const itemKey = await importKey(await open(raw.key, await userKeyOf(house)));
  assert.equal(await openText(raw.login.password, itemKey), 'password of GitHub');
  assert.equal(
    await openText(raw.login.uris[0].uriChecksum, itemKey),
    await checksum('https://github.example.test'),
  );
  assert.equal(await checksum('https://github.com'), 'mW4fcUsI6XHseeO+poYofmZEHwQxd5maE9vFRtj+QCo=');
});

test('an address whose checksum is wrong is marked', async () => {
  const { house, vault } = await signedIn();
  const saved = await vault.save(login());
  const raw = structuredClone(house.ciphers.get(saved.id));
  raw.login.uris[0].uri = raw.login.password; // what a server could do
  delete raw.login.uris[1].uriChecksum;
  house.touch(saved.id, { login: raw.login });
  await vault.refresh();
  const { uris } = (await vault.open(saved.id)).login;
  assert.deepEqual(
    uris.map((uri) => uri.suspect),
    [true, true],
  );
});

test('fields of other clients go back as they came', async (t) => {
  const { house, vault } = await signedIn();
  const first = await vault.save(login());
  const raw = structuredClone(house.ciphers.get(first.id));
  raw.data = 'a sealed blob';
  raw.encryptedByKeyId = 'abc';
  raw.login.autofillOnPageLoad = true;
  raw.login.future = { deep: [1, null] };
  raw.login.uris[0].response = null;
  raw.fields[0].future = 7;
  raw.login.uri = raw.login.uris[0].uri;
  raw.archivedDate = '2026-01-01T00:00:00.000000Z';
  house.ciphers.set(first.id, raw);
  const { vault: elsewhere } = await another(house);
  const sent = async (change) => {
    const item = await elsewhere.open(first.id);
    change(item);
    house.take();
    house.requests = [];
    await elsewhere.save(item);
    return house.requests[0].body;
  };
  await t.test('when nothing changed, everything is the same text', async () => {
    const before = structuredClone(house.ciphers.get(first.id));
    const body = await sent(() => {});
    for (const name of [
      'type',
      'key',
      'name',
      'notes',
      'data',
      'encryptedByKeyId',
      'login',
      'fields',
      'passwordHistory',
      'reprompt',
      'archivedDate',
    ]) {
      assert.deepEqual(body[name], before[name], name);
    }
    for (const name of [
      'id',
      'revisionDate',
      'creationDate',
      'deletedDate',
      'edit',
      'viewPassword',
      'permissions',
      'attachments',
      'collectionIds',
      'object',
    ]) {
      assert.ok(!(name in body), `${name} is the server's`);
    }
    assert.equal(body.lastKnownRevisionDate, before.revisionDate);
  });
  await t.test('when one field changed, only that one is sealed anew', async () => {
    const before = structuredClone(house.ciphers.get(first.id));
    const body = await sent((item) => (item.login.username = 'robert'));
    assert.notEqual(body.login.username, before.login.username);
    assert.deepEqual({ ...body.login, username: 0 }, { ...before.login, username: 0 });
    assert.equal(body.name, before.name);
    assert.deepEqual(body.fields, before.fields);
  });
  await t.test('when lists are put in another order, their elements are the same', async () => {
    const before = structuredClone(house.ciphers.get(first.id));
    const body = await sent((item) => {
      item.fields.reverse();
      item.login.uris.reverse();
      item.login.uris[1].match = 1;
      item.fields.push({ type: 0, name: 'more', value: 'x', linkedId: null });
    });
    assert.deepEqual(body.fields.slice(0, 4), before.fields.toReversed());
    assert.equal(body.fields.length, 5);
    assert.deepEqual(body.login.uris, [before.login.uris[1], { ...before.login.uris[0], match: 1 }]);
    assert.equal(body.login.uri, body.login.uris[0].uri, 'the first address, for old clients');
  });
  await t.test('an emptied field is null', async () => {
    const body = await sent((item) => {
      item.notes = '';
      item.login.totp = '';
    });
    assert.deepEqual([body.notes, body.login.totp], [null, null]);
  });
  await t.test('a kind that we do not know keeps its part', async () => {
    house.touch(first.id, { type: 7, driversLicense: { number: raw.name }, login: null });
    await elsewhere.refresh();
    assert.equal(elsewhere.get(first.id)?.kind, 'other');
    const body = await sent((item) => (item.name = 'Licence'));
    assert.deepEqual([body.type, body.driversLicense.number, body.login], [7, raw.name, null]);
  });
});

test('passkeys are kept as they are', async () => {
  const { house, vault } = await signedIn();
  const item = login();
  const text = Object.fromEntries(
    [
      'credentialId',
      'keyType',
      'keyAlgorithm',
      'keyCurve',
      'keyValue',
      'rpId',
      'userHandle',
      'userName',
      'counter',
      'rpName',
      'userDisplayName',
      'discoverable',
    ].map((name) => [name, `${name}!`]),
  );
  item.login.passkeys = [{ ...text, creationDate: '2026-01-01T00:00:00.000Z' }];
  const saved = await vault.save(item);
  assert.deepEqual(saved.login.passkeys, item.login.passkeys);
  assert.equal(vault.get(saved.id).login.passkeys, 1);
  const before = structuredClone(house.ciphers.get(saved.id).login.fido2Credentials);
  await vault.save({ ...saved, name: 'Renamed' });
  assert.deepEqual(house.ciphers.get(saved.id).login.fido2Credentials, before);
});

test('a changed password is kept in the history', async () => {
  const { vault } = await signedIn();
  let item = await vault.save(login());
  assert.deepEqual(item.history, []);
  for (const password of ['one', 'two', 'three', 'four', 'five', 'six']) {
    item.login.password = password;
    item = await vault.save(item);
  }
  assert.deepEqual(
    item.history.map((old) => old.password),
    ['five', 'four', 'three', 'two', 'one'],
  );
  assert.match(item.history[0].date, /^\d{4}-/);
  assert.match(item.login.passwordRevision, /^\d{4}-/);
});

test('a save shows at once, and stays when the server took it', async () => {
  const { house, vault } = await signedIn();
  const seen = [];
  vault.addEventListener('change', () => seen.push(vault.items.map((item) => [item.name, item.pending])));
  let open;
  house.gate = new Promise((resolve) => (open = resolve));
  const saving = vault.save(login());
  assert.deepEqual(seen, [[['GitHub', true]]]);
  const [shown] = vault.items;
  assert.match(shown.id, /^new:/);
  assert.deepEqual(typed(await vault.open(shown.id)), typed(login()), 'it can be looked at already');
  assert.deepEqual(names(vault.search('github')), ['GitHub']);
  open();
  const saved = await saving;
  assert.deepEqual(seen.at(-1), [['GitHub', false]]);
  assert.equal(vault.get(shown.id), undefined);
  assert.equal(vault.get(saved.id)?.name, 'GitHub');
  assert.equal(vault.items.length, 1);
});

test('what the server refuses is taken back', async (t) => {
  const { house, vault } = await signedIn();
  const saved = await vault.save(login());
  await t.test('a new item goes', async () => {
    house.failing.set('POST /api/ciphers', 400);
    await assert.rejects(vault.save(login('New')), ApiError);
    assert.deepEqual(names(vault.items), ['GitHub']);
  });
  await t.test('an edited one shows as it was', async () => {
    house.offline = true;
    await assert.rejects(vault.save({ ...saved, name: 'Edited' }), code('offline'));
    house.offline = false;
    assert.deepEqual(names(vault.items), ['GitHub']);
    assert.equal(vault.get(saved.id)?.pending, false);
    assert.deepEqual(names(vault.search('edited')), []);
  });
  await t.test('a trashed one comes back', async () => {
    house.failing.set('PUT /api/ciphers/delete', 500);
    await assert.rejects(vault.trash([saved.id]), ApiError);
    assert.equal(vault.get(saved.id)?.deleted, null);
  });
  await t.test('a removed one comes back', async () => {
    house.failing.set('DELETE /api/ciphers', 500);
    await assert.rejects(vault.remove([saved.id]), ApiError);
    assert.equal(vault.get(saved.id)?.name, 'GitHub');
  });
  await t.test('and the next one goes through', async () => {
    await vault.save({ ...saved, name: 'Edited' });
    assert.deepEqual(names(vault.items), ['Edited']);
  });
});

test('a newer version is not overwritten, unless asked', async () => {
  const { house, vault } = await signedIn();
  const mine = await vault.save(login());
  const { vault: elsewhere } = await another(house);
  const theirs = await elsewhere.open(mine.id);
  theirs.notes = 'newer';
  await elsewhere.save(theirs);
  mine.name = 'Mine';
  await assert.rejects(vault.save(mine), code('item.changed'), 'found out by the server');
  house.take();
  await assert.rejects(vault.save(mine), code('item.changed'), 'found out here');
  assert.deepEqual(house.take(), []);
  assert.equal(vault.get(mine.id)?.name, 'GitHub');
  const forced = await vault.revert(mine);
  assert.deepEqual([forced.name, forced.notes], ['Mine', 'notes of GitHub']);
});

test('a mark set meanwhile does not stand in the way of an edit', async () => {
  const { vault } = await signedIn();
  const editing = await vault.save(login());
  await vault.favourite(editing.id, true);
  const folder = await vault.saveFolder({ name: 'Work' });
  await vault.move([editing.id], folder.id);
  const saved = await vault.save({ ...editing, name: 'Edited', favourite: true, folderId: folder.id });
  assert.equal(saved.name, 'Edited');
  await assert.rejects(vault.save({ ...editing, name: 'Twice' }), code('item.changed'), 'but an edit does');
});

test('an edit can be undone', async () => {
  const { vault } = await signedIn();
  const before = await vault.save(login());
  await vault.save({ ...before, name: 'Oops', notes: '' });
  const back = await vault.revert(before);
  assert.deepEqual(typed(back), typed(before));
});

test('marks change at once, and each has its undo', async (t) => {
  const { house, vault } = await signedIn();
  const ids = [];
  for (const name of ['A', 'B', 'C']) ids.push((await vault.save(login(name))).id);
  const work = await vault.saveFolder({ name: 'Work' });
  const home = await vault.saveFolder({ name: 'Home' });
  await vault.move([ids[0]], home.id);
  const inPlace = (place) => names(vault.search('', { place }));
  const cases = [
    ['trash', () => vault.trash(ids.slice(1)), 'trash', ['B', 'C']],
    ['archive', () => vault.archive(ids.slice(1)), 'archive', ['B', 'C']],
    ['move', () => vault.move(ids, work.id), `folder:${work.id}`, ['A', 'B', 'C']],
    ['favourite', () => vault.favourite(ids[1], true), 'favourites', ['B']],
  ];
  for (const [name, act, place, want] of cases) {
    await t.test(name, async () => {
      const before = vault.counts();
      house.take();
      const acting = act();
      assert.deepEqual(inPlace(place), want, 'at once');
      assert.deepEqual(inPlace(place).length, vault.counts()[place]);
      const undo = await acting;
      assert.equal(house.take().length, 1, 'one request');
      assert.deepEqual(inPlace(place), want, 'still');
      const { vault: elsewhere } = await another(house);
      assert.deepEqual(names(elsewhere.search('', { place })), want, 'elsewhere');
      await undo();
      assert.deepEqual(vault.counts(), before, 'undone');
      const again = await another(house);
      assert.deepEqual(again.vault.counts(), before, 'undone elsewhere');
    });
  }
  await t.test('what was marked can be edited', async () => {
    const undo = await vault.trash([ids[0]]);
    await undo();
    await vault.move([ids[0]], null);
    const item = await vault.open(ids[0]);
    const saved = await vault.save({ ...item, name: 'A2', folderId: null });
    assert.equal(saved.name, 'A2');
  });
  await t.test('removing is for ever', async () => {
    await vault.remove([ids[1], ids[2]]);
    assert.deepEqual(names(vault.items), ['A2']);
    assert.equal(house.ciphers.size, 1);
  });
  await t.test('what is not there asks for nothing', async () => {
    house.take();
    await vault.trash(['unknown']);
    assert.deepEqual(house.take(), []);
    await assert.rejects(vault.open('unknown'), code('item.gone'));
    await assert.rejects(vault.save({ ...login(), id: 'unknown' }), code('item.gone'));
  });
});

test('folders', async () => {
  const { house, vault } = await signedIn();
  const b = await vault.saveFolder({ name: 'Zebra' });
  await vault.saveFolder({ name: 'ärger' });
  await vault.saveFolder({ id: b.id, name: 'Apple' });
  assert.deepEqual(names(vault.folders), ['Apple', 'ärger']);
  const item = await vault.save(login('X', { folderId: b.id }));
  assert.equal(vault.counts()[`folder:${b.id}`], 1);
  await vault.removeFolder(b.id);
  assert.deepEqual(names(vault.folders), ['ärger']);
  assert.equal(vault.get(item.id)?.folderId, null);
  const saved = await vault.save({ ...item, folderId: null, name: 'Y' });
  assert.equal(saved.name, 'Y');
  const { vault: elsewhere } = await another(house);
  assert.deepEqual(names(elsewhere.folders), ['ärger']);
});

test('a broken item hides nothing else, and is not saved over', async (t) => {
  const { house, vault } = await signedIn();
  const good = await vault.save(login('Good'));
  const bad = await vault.save(login('Bad'));
  const raw = house.ciphers.get(bad.id);
  for (const [name, change] of [
    ['its name is of another key', { name: house.ciphers.get(good.id).name }],
    ['its key is of an old type', { key: '0.AAAAAAAAAAAAAAAAAAAAAA==|AAAAAAAAAAAAAAAAAAAAAA==' }],
    ['its name is no EncString', { name: 'clear' }],
    ['it belongs to an organisation', { organizationId: 'o' }],
    ['its notes were altered', { notes: raw.notes.replace(/.$/, raw.notes.endsWith('A') ? 'B' : 'A') }],
    ['its login is odd', { login: { uris: 'x', username: 5, fido2Credentials: {} } }],
  ]) {
    await t.test(name, async () => {
      house.ciphers.set(bad.id, { ...raw, ...change });
      const { vault: elsewhere } = await another(house);
      assert.equal(elsewhere.items.length, 2);
      assert.deepEqual(typed(await elsewhere.open(good.id)), typed(good));
      const item = await elsewhere.open(bad.id);
      assert.equal(item.broken, true);
      let told = 0;
      elsewhere.addEventListener('change', () => told++);
      await assert.rejects(elsewhere.save(item), code('item.broken'));
      assert.equal(told, 0, 'not even for a moment');
      await assert.rejects(elsewhere.save({ ...item, broken: false }), code('item.broken'));
    });
  }
});

test('items of older clients, without a key of their own, are read and kept so', async () => {
  const { house } = await signedIn();
  const userKey = await userKeyOf(house);
  const { sealText } = await import('../static/crypto/enc-string.js');
  const seal = (text) => sealText(text, userKey);
  house.ciphers.set('old', {
    id: 'old',
    type: 1,
    key: null,
    name: await seal('Old'),
    notes: null,
    fields: null,
    passwordHistory: null,
    login: {
      username: await seal('u'),
      password: await seal('p'),
      totp: null,
      uris: [{ uri: await seal('https://x.test'), match: null }],
      fido2Credentials: null,
    },
    revisionDate: '2020-01-01T00:00:00.000000Z',
    creationDate: '2020-01-01T00:00:00.000000Z',
    deletedDate: null,
    favorite: false,
    folderId: null,
    reprompt: 0,
  });
  const { vault: elsewhere } = await another(house);
  const item = await elsewhere.open('old');
  assert.deepEqual(
    [item.login.password, item.login.uris[0].suspect, item.fields, item.history],
    ['p', undefined, [], []],
  );
  await elsewhere.save({ ...item, notes: 'n' });
  const raw = house.ciphers.get('old');
  assert.equal(raw.key, null);
  assert.equal(await openText(raw.notes, userKey), 'n');
  assert.equal(raw.login.fido2Credentials, null);
});

test('the list is drawn before the rest is read', async () => {
  const { house, vault } = await signedIn();
  await vault.save(login());
  const { session, vault: elsewhere } = page({ house });
  let drawn;
  let told = 0;
  session.addEventListener('change', () => {
    drawn = [names(elsewhere.items), elsewhere.ready];
    elsewhere.addEventListener('change', () => told++);
  });
  await session.signIn(EMAIL, PASSWORD);
  assert.deepEqual(drawn, [['GitHub'], false]);
  const [item] = elsewhere.items;
  assert.deepEqual([item.subtitle, item.login.hasPassword, item.login.hasTotp], ['bob', true, true]);
  assert.doesNotMatch(JSON.stringify({ ...item, raw: null }), /password of|notes of|GEZDG|unseen/);
  await elsewhere.whenReady();
  assert.deepEqual([elsewhere.ready, told], [true, 1]);
  assert.deepEqual(names(elsewhere.search('notes of')), ['GitHub']);
  assert.deepEqual(names(elsewhere.search('second.example')), ['GitHub']);
  assert.deepEqual(names(elsewhere.search('password of')), [], 'passwords are not searched');
  assert.doesNotMatch(JSON.stringify({ ...elsewhere.items[0], raw: null }), /password of|GEZDG|unseen/);
});

test('one value is opened for a copy', async () => {
  const { house, vault } = await signedIn();
  const saved = [];
  for (const item of oneOfEach()) saved.push(await vault.save(item));
  house.take();
  assert.equal(await vault.secret(saved[0].id, 'password'), 'password of Login');
  assert.equal(await vault.secret(saved[1].id, 'notes'), 'a secret note');
  assert.equal(await vault.secret(saved[2].id, 'number'), '4111111111111111');
  assert.equal(await vault.secret(saved[4].id, 'privateKey'), 'PRIVATE');
  assert.equal(await vault.secret(saved[1].id, 'password'), '');
  assert.deepEqual(house.take(), [], 'without a request');
});

test('a sync takes in what others changed', async (t) => {
  const { house, vault } = await signedIn();
  const kept = await vault.save(login('Kept'));
  const gone = await vault.save(login('Gone'));
  await vault.refresh();
  house.take();
  await t.test('nothing changed: one short answer', async () => {
    assert.equal(await vault.refresh(), false);
    assert.deepEqual(house.take(), ['GET /api/sync?excludeDomains=true']);
  });
  await t.test('new, changed and gone items', async () => {
    const { vault: elsewhere } = await another(house);
    await elsewhere.save(login('Added'));
    await elsewhere.save({ ...(await elsewhere.open(kept.id)), name: 'Renamed', notes: 'other words' });
    await elsewhere.remove([gone.id]);
    assert.equal(await vault.refresh(), true);
    assert.deepEqual(names(vault.items), ['Added', 'Renamed']);
    assert.deepEqual(names(vault.search('other words')), ['Renamed']);
    assert.deepEqual(names(vault.search('notes of kept')), []);
  });
  await t.test('a save under way goes on being shown', async () => {
    let open;
    house.gate = new Promise((resolve) => (open = resolve));
    const refreshing = vault.refresh();
    const saving = vault.save({ ...(await vault.open(kept.id)), name: 'Mine' });
    house.touch(kept.id, { favorite: true });
    open();
    await refreshing;
    assert.equal(vault.get(kept.id)?.name, 'Mine');
    await saving;
    assert.equal(vault.get(kept.id)?.name, 'Mine');
  });
});

test('a sync that lacks its lists is no empty vault', async () => {
  const { house, vault } = await signedIn();
  await vault.save(login('Kept'));
  const { getIfChanged } = vault.api;
  for (const body of [null, {}, { ciphers: [] }, { ciphers: null, folders: [] }]) {
    vault.api.getIfChanged = async () => ({ changed: true, body, etag: '"x"' });
    await assert.rejects(vault.refresh(), code('sync.broken'));
    assert.deepEqual(names(vault.items), ['Kept']);
  }
  vault.api.getIfChanged = getIfChanged;
  const { session, api } = page({ house });
  api.getIfChanged = async () => ({ changed: true, body: null, etag: '' });
  await assert.rejects(session.signIn(EMAIL, PASSWORD), code('sync.broken'));
  assert.equal(session.state, 'out');
});

test('many items come in by one request', async () => {
  const { house, vault } = await signedIn();
  const folder = await vault.saveFolder({ name: 'Work' });
  const items = Array.from({ length: 120 }, (_, i) =>
    login(`Item ${i}`, { folderId: i % 2 ? folder.id : null }),
  );
  house.take();
  const done = [];
  await vault.saveMany(items, (share) => done.push(share));
  assert.deepEqual(house.take(), ['POST /api/ciphers/import', 'GET /api/sync?excludeDomains=true']);
  assert.equal(vault.items.length, 120);
  assert.equal(vault.counts()[`folder:${folder.id}`], 60);
  assert.equal(done.at(-1), 1);
  assert.deepEqual(typed(await vault.open(vault.items[0].id)), typed(items[0]));
});

test('items are in the order of their names, and a new list comes with each change', async () => {
  const { vault } = await signedIn();
  for (const name of ['b', 'Ä', 'C', 'a']) await vault.save(Object.assign(blank(2), { name }));
  assert.deepEqual(names(vault.items).slice(2), ['b', 'C']);
  assert.deepEqual(names(vault.items).slice(0, 2).sort(), ['a', 'Ä']);
  const { items } = vault;
  assert.equal(vault.items, items);
  await vault.save(Object.assign(blank(2), { name: 'd' }));
  assert.notEqual(vault.items, items);
});
