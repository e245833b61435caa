import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { HOUSE_KDF } from '../static/crypto/kdf.js';
import {
  exportCsv,
  exportEncrypted,
  exportJson,
  importBitwarden,
  parseBitwarden,
} from '../static/vault/transfer.js';
import { closePages, login, oneOfEach, signedIn, typed } from './fakes/people.js';

after(closePages);

const code = (wanted) => (error) => {
  assert.equal(error.code, wanted, error.stack);
  return true;
};

/** A vault with an item of each kind, one in a folder, one in the trash. */
async function filled() {
  const made = await signedIn();
  const folder = await made.vault.saveFolder({ name: 'Work' });
  for (const item of oneOfEach())
    await made.vault.save({ ...item, folderId: item.type === 1 ? folder.id : null });
  const gone = await made.vault.save(login('Trashed'));
  await made.vault.trash([gone.id]);
  return made;
}

/** What was typed, without where it lies. */
const content = (items) =>
  items.map((item) => ({ ...typed(item), folderId: 0 })).sort((a, b) => (a.name < b.name ? -1 : 1));

test('an export is imported again as it was', async (t) => {
  const { vault, session } = await filled();
  const all = content((await vault.openAll()).filter((item) => item.deleted === null));
  const plain = await exportJson(vault);
  const sealed = await exportEncrypted(vault, 'file password', (...args) => session.derive(...args));
  for (const [name, text, password] of [
    ['plain', plain, undefined],
    ['under a password', sealed, 'file password'],
  ]) {
    await t.test(name, async () => {
      const { vault: other, session: theirs, house } = await signedIn();
      const done = await importBitwarden(other, text, password, (...args) => theirs.derive(...args));
      assert.deepEqual(done, { items: 5, folders: 1, skipped: 0 });
      assert.deepEqual(content(await other.openAll()), all);
      const [work] = other.folders;
      assert.deepEqual(
        other.search('', { place: `folder:${work.id}` }).map((item) => item.name),
        ['Login'],
      );
      await importBitwarden(other, text, password, (...args) => theirs.derive(...args));
      assert.equal(other.folders.length, 1, 'a folder of that name is used again');
      assert.equal(house.ciphers.size, 10);
    });
  }
});

test("the plain export is Bitwarden's", async () => {
  const { vault } = await filled();
  const file = JSON.parse(await exportJson(vault));
  assert.equal(file.encrypted, false);
  assert.deepEqual(
    file.folders.map((folder) => folder.name),
    ['Work'],
  );
  assert.equal(file.items.length, 5, 'the trash is left out');
  const byName = Object.fromEntries(file.items.map((item) => [item.name, item]));
  assert.equal(byName.Login.login.password, 'password of Login');
  assert.deepEqual(byName.Login.login.uris[1], { match: 3, uri: 'https://second.example.test/login' });
  assert.equal(byName.Login.folderId, file.folders[0].id);
  assert.deepEqual(byName.Note.secureNote, { type: 0 });
  assert.equal(byName.Card.card.number, '4111111111111111');
  assert.equal(byName.Identity.identity.passportNumber, 'P123');
  assert.equal(byName.SSH.sshKey.keyFingerprint, 'SHA256:x');
  assert.equal(byName.Login.organizationId, null);
});

test('the protected export shows nothing, and opens by its password only', async () => {
  const { vault, session } = await filled();
  const derive = (...args) => session.derive(...args);
  const text = await exportEncrypted(vault, 'file password', derive);
  const file = JSON.parse(text);
  assert.doesNotMatch(text, /password of|notes of|secret note/);
  assert.deepEqual([file.encrypted, file.passwordProtected], [true, true]);
  assert.deepEqual(
    [file.kdfType, file.kdfIterations, file.kdfMemory, file.kdfParallelism],
    [HOUSE_KDF.type, HOUSE_KDF.iterations, HOUSE_KDF.memory, HOUSE_KDF.parallelism],
  );
  assert.match(file.encKeyValidation_DO_NOT_EDIT, /^2\./);
  await assert.rejects(parseBitwarden(text, 'wrong', derive), code('transfer.password'));
  await assert.rejects(parseBitwarden(text), code('transfer.password'));
  const other = await exportEncrypted(vault, 'file password', derive);
  assert.notEqual(JSON.parse(other).salt, file.salt);
});

test('CSV has the logins and notes', async () => {
  const { vault } = await filled();
  const lines = (await exportCsv(vault)).split('\r\n');
  assert.equal(
    lines[0],
    'folder,favorite,type,name,notes,fields,reprompt,login_uri,login_username,login_password,login_totp',
  );
  const text = lines.join('\r\n');
  assert.match(text, /Work,,login,Login,notes of Login,"plain: seen\nhidden: unseen/);
  assert.match(text, /,,note,Note,a secret note,,0,,,,/);
  assert.doesNotMatch(text, /Trashed|4111/);
});

test('files that are something else are refused', async (t) => {
  const { session, house, vault } = await signedIn();
  const derive = (...args) => session.derive(...args);
  const sealed = { encrypted: true, passwordProtected: true, salt: 's', kdfType: 0, kdfIterations: 600000 };
  for (const [name, text, wanted] of [
    ['no JSON', 'folder,favorite', 'transfer.format'],
    ['a number', '5', 'transfer.format'],
    ['nothing', '', 'transfer.format'],
    ['no items', '{"folders":[]}', 'transfer.format'],
    ['bound to an account', '{"encrypted":true,"data":"2.x"}', 'transfer.encrypted'],
    [
      'no EncString inside',
      JSON.stringify({ ...sealed, data: 'x', encKeyValidation_DO_NOT_EDIT: 'x' }),
      'transfer.format',
    ],
    [
      'of an old type inside',
      JSON.stringify({ ...sealed, data: '0.x', encKeyValidation_DO_NOT_EDIT: '0.x' }),
      'transfer.format',
    ],
    ['a KDF without end', JSON.stringify({ ...sealed, kdfIterations: 1e12 }), 'transfer.format'],
    [
      'a KDF without bounds',
      JSON.stringify({ ...sealed, kdfType: 1, kdfIterations: 3, kdfMemory: 1e6, kdfParallelism: 4 }),
      'transfer.format',
    ],
    ['an unknown KDF', JSON.stringify({ ...sealed, kdfType: 9 }), 'transfer.format'],
  ]) {
    await t.test(name, () => assert.rejects(importBitwarden(vault, text, 'p', derive), code(wanted)));
  }
  assert.deepEqual(house.take(), [], 'nothing was sent');
});

test('odd values in a file are left out, and unknown kinds are counted', async () => {
  const { folders, items, skipped } = await parseBitwarden(
    JSON.stringify({
      folders: [null, { id: 'f', name: 'F' }, { id: 5 }],
      items: [
        null,
        { type: 6, name: 'Bank account' },
        {
          type: 1,
          name: 7,
          notes: null,
          fields: 'x',
          login: { uris: [null, { uri: '' }, { uri: 'https://a.test', match: 'x' }], password: { a: 1 } },
          favorite: 'yes',
        },
        { type: 2, name: 'N', passwordHistory: [{ password: 'p', lastUsedDate: 'never' }, {}] },
        { type: 3 },
      ],
    }),
  );
  assert.deepEqual(folders, [{ id: 'f', name: 'F' }]);
  assert.equal(skipped, 2);
  const [first, second, third] = items;
  assert.deepEqual(
    [first.name, first.notes, first.fields, first.favourite, first.login.password],
    ['7', '', [], false, ''],
  );
  assert.deepEqual(first.login.uris, [{ uri: 'https://a.test', match: null }]);
  assert.deepEqual(second.history, [{ password: 'p', date: '1970-01-01T00:00:00.000Z' }]);
  assert.equal(third.card.number, '');
});
