import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asText, cells, groups, keyGroups, mismatches, PREFIX, reading } from '../static/views/kit-key.js';
import { t } from '../static/text/text.js';

const body = '0123456789'.repeat(5) + 'ACDEFGHJ';
const kit = {
  id: 'kit-1',
  house: 'h',
  houseName: 'Haus am Bach',
  made: '2026-11-20T12:00:00Z',
  recoveryKey: PREFIX + body,
  recoveryRecipient: 'age1x',
  signingKey: 'latchkey-sign-abcdefgh',
  email: 'anna@example.org',
};

test('a key is cut into groups of four and loses no character', () => {
  assert.deepEqual(groups('abcdefghij'), ['abcd', 'efgh', 'ij']);
  assert.deepEqual(groups(''), []);
  assert.equal(keyGroups(kit).join(''), body);
  assert.equal(keyGroups(kit).length, 15);
});

test('a position is found on the sheet by its group and its place', () => {
  assert.deepEqual(cells(kit, [0, 7, 57]), [
    { position: 0, group: 1, place: 1, of: 4 },
    { position: 7, group: 2, place: 4, of: 4 },
    { position: 57, group: 15, place: 2, of: 2 },
  ]);
});

test('what is typed is read as the key writes it', () => {
  assert.equal(reading(' q'), 'Q');
  assert.equal(reading('o'), '0', 'the key has no O, so that it can only be a zero');
  assert.equal(reading(''), '');
});

test('only the groups that differ are named, each once and in order', () => {
  const positions = [9, 0, 2, 57];
  const right = positions.map((position) => body[position]).join('');
  assert.deepEqual(mismatches(kit, positions, right), []);
  assert.deepEqual(mismatches(kit, positions, `X${right.slice(1)}`), [3]);
  assert.deepEqual(mismatches(kit, positions, `${right[0]}XX${right[3]}`), [1]);
  assert.deepEqual(mismatches(kit, positions, 'XXXX'), [1, 3, 15]);
});

test('the saved file holds the keys whole and no other line is wider than a page', () => {
  const text = asText(kit, { made: '20 November 2026', address: 'https://pi.local:8443' }, t);
  for (const part of [kit.recoveryKey, kit.signingKey, kit.houseName, kit.email, 'https://pi.local:8443']) {
    assert.ok(text.includes(part), `the file lacks ${part}`);
  }
  for (const line of text.split('\n')) {
    assert.ok(line.length <= 72 || line === kit.recoveryKey, `too wide: ${line}`);
  }
  assert.doesNotMatch(text, /\{\w+\}|kit\.sheet/, 'a sentence was left unfilled');
});

test('the saved file says to delete the token of a public name, before the new kit is made', () => {
  const facts = { made: '20 November 2026', address: 'https://keys.example.org' };
  const token = t('kit.sheet.theft.token', { provider: 'Cloudflare', name: 'keys.example.org' });
  const text = asText(kit, { ...facts, token }, t).replace(/\s+/g, ' ');
  assert.ok(text.includes(`4. ${token} 5. `), text);
  assert.doesNotMatch(asText(kit, facts, t), /Cloudflare|5\. /);
});
