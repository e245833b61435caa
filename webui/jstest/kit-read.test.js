/** Reading a kit back: forgiving where there is one reading, exact about where a slip is. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { asText } from '../static/views/kit-key.js';
import { kitText, readKit, readRecovery, readSigning } from '../static/views/kit-read.js';
import { t } from '../static/text/text.js';

/** Made by age for this test, and used nowhere. */
const KEY = 'AGE-SECRET-KEY-14Y8KH7GN2WSZ5QL8NEYVQRLU6PC9DUMVWDTXR4WNK5DV0VT6C7KSRF476P';
const BODY = KEY.slice('AGE-SECRET-KEY-1'.length);
const SIGN = 'latchkey-sign-q5Zt0vXcJm2RrL7wY3bNpK9aHd_GfTe1QxUo4s-VhAE';
const kit = {
  id: 'kit-1',
  house: 'h',
  houseName: 'Haus am Bach',
  made: '2026-11-20T12:00:00Z',
  recoveryKey: KEY,
  recoveryRecipient: 'age1x',
  signingKey: SIGN,
  email: 'anna@example.org',
};
const grouped = BODY.match(/.{1,4}/g) ?? [];
const put = (at, one) => BODY.slice(0, at) + one + BODY.slice(at + 1);
const other = (at) => (BODY[at] === 'Q' ? 'P' : 'Q');

test('a recovery key is right however it was written down', async (context) => {
  const ways = {
    whole: KEY,
    'without its beginning': BODY,
    'in lower case': KEY.toLowerCase(),
    'in groups': grouped.join(' '),
    'in groups with dashes': grouped.join('-'),
    'in lines': grouped.join('\n'),
    'with the numbers of the sheet': grouped.map((group, i) => `${i + 1} ${group}`).join('  '),
    'with a dot behind each number': grouped.map((group, i) => `${i + 1}. ${group}`).join('\n'),
    'with O for 0': BODY.replaceAll('0', 'O'),
    'with I, 1 and B for L and 8': BODY.replace('L', 'I').replace('L', '1').replace('8', 'b'),
    'with spaces within its beginning': KEY.replaceAll('-', ' - '),
    'within a sentence': `The key is ${KEY}. Keep it.`,
  };
  for (const [name, typed] of Object.entries(ways)) {
    await context.test(name, () => {
      const { state, key } = readRecovery(typed);
      assert.equal(state, 'right');
      assert.equal(key, KEY);
    });
  }
});

test('what is wrong with a recovery key is said as it is typed', async (context) => {
  const ways = [
    ['nothing yet', '', { state: 'empty', count: 0 }],
    ['only the beginning', 'AGE-SECRET-KEY-1', { state: 'empty', count: 0 }],
    ['half of it', grouped.slice(0, 7).join(' '), { state: 'short', count: 28, of: 58 }],
    ['one more', `${BODY}Q`, { state: 'long', count: 59 }],
    ['a letter that no key has', put(3, 'Ä'), { state: 'stranger', odd: 'Ä' }],
    ['one wrong character', put(25, other(25)), { state: 'slip', group: 7 }],
    [
      'two that changed places',
      put(9, BODY[10]).slice(0, 10) + BODY[9] + BODY.slice(11),
      { state: 'slip', group: 3 },
    ],
    ['the last group', put(57, other(57)), { state: 'slip', group: 15 }],
    ['three wrong characters', put(2, other(2)).slice(0, 30) + 'QPZR' + BODY.slice(34), { state: 'wrong' }],
  ];
  for (const [name, typed, want] of ways) {
    await context.test(name, () => {
      const read = readRecovery(typed);
      assert.equal(read.key, '');
      for (const [field, value] of Object.entries(want)) assert.equal(read[field], value, field);
    });
  }
});

test('a signing key is taken in groups, and its letters as they are', () => {
  const body = SIGN.slice('latchkey-sign-'.length);
  assert.equal(readSigning(SIGN).key, SIGN);
  assert.equal(readSigning(body.match(/.{1,4}/g).join(' ')).key, SIGN);
  assert.equal(readSigning(`LATCHKEY-SIGN-${body}`).key, SIGN);
  assert.equal(readSigning(body.toLowerCase()).key === SIGN, false);
  assert.equal(readSigning('').state, 'empty');
  assert.deepEqual(readSigning(body.slice(0, 12)), { state: 'short', key: '', count: 12, of: 43 });
  assert.equal(readSigning(`${body}x`).state, 'long');
  assert.equal(readSigning(body.replace('_', '/')).odd, '/');
  assert.equal(readSigning(`${body.slice(0, -1)}F`).state, 'slip', 'two bits too many');
});

test('a kit’s file holds both keys, and so does its printed sheet', () => {
  const file = asText(kit, { made: '20 November 2026', address: 'https://keys.example.org' }, t);
  assert.deepEqual(readKit(file), { recovery: KEY, signing: SIGN });
  const sheet = `The recovery key\n${grouped.join('\n')}\nIt begins with AGE-SECRET-KEY-1 and is written ${KEY}`;
  assert.deepEqual(readKit(sheet), { recovery: KEY, signing: '' });
  assert.deepEqual(readKit(file.replaceAll('\n', '\r\n')), { recovery: KEY, signing: SIGN });
  assert.deepEqual(readKit('Dear diary'), { recovery: '', signing: '' });
  assert.deepEqual(readKit(kitText({ recovery: KEY, signing: SIGN })), { recovery: KEY, signing: SIGN });
});
