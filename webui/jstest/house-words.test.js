/** The owner's page in words and numbers: what a person reads. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { actsFor } from '../static/views/house-acts.js';
import { codeOf, sentenceOf } from '../static/views/house-event.js';
import { binsOf } from '../static/views/house-fold.js';
import { linesOf, secondOf, verdictOf, whereOf } from '../static/views/house-model.js';
import { banText, leftText, siegeText } from '../static/views/house-siege.js';
import * as words from '../static/views/house-words.js';

/** @param {[name: string, ...rest: any[]][]} table */
async function each(t, table, run) {
  for (const [name, ...rest] of table) await t.test(name, () => run(...rest));
}

test('sizes', async (t) => {
  await each(
    t,
    [
      ['nothing', 0, '0 B'],
      ['bytes', 999, '999 B'],
      ['the first of a unit', 1000, '1 KB'],
      ['one digit behind the point while there is room', 1449, '1.4 KB'],
      ['none for more than ten', 88_120, '88 KB'],
      ['never 1,000 of one', 999_600, '1 MB'],
      ['large ones', 2_510_000_000, '2.5 GB'],
    ],
    (bytes, want) => assert.equal(words.bytesText(bytes), want),
  );
});

test('how long', async (t) => {
  await each(
    t,
    [
      ['a moment', 0.2, '1 second'],
      ['seconds', 80, '80 seconds'],
      ['minutes', 172, '3 minutes'],
      ['hours', 3 * 3600, '3 hours'],
      ['days', 7 * 86_400, '7 days'],
    ],
    (seconds, want) => assert.equal(words.longText(seconds), want),
  );
  assert.deepEqual([0, 0.2, 71.4, 2345].map(words.tookText), ['', '1 ms', '71 ms', '2.3 s']);
});

test('days and hours have their names', () => {
  const [day] = binsOf([], { since: new Date(2026, 10, 4), until: new Date(2026, 10, 5) }, 'day', 1);
  assert.equal(words.binText(day, 'day'), 'Wednesday, 4 November 2026');
  const [part, whole] = binsOf(
    [],
    { since: new Date(2026, 10, 4), until: new Date(2026, 10, 16) },
    'week',
    1,
  );
  assert.equal(words.binText(part, 'week'), 'Part of a week: 4 Nov to 8 Nov 2026');
  assert.equal(words.binText(whole, 'week'), 'The week of 9 Nov to 15 Nov 2026');
  assert.equal(
    words.spanText({ since: new Date(2025, 11, 30), until: new Date(2026, 0, 3) }),
    '30 Dec 2025 to 2 Jan 2026',
  );
  assert.equal(words.spanText({ since: new Date(2026, 0, 2), until: new Date(2026, 0, 3) }), '2 Jan 2026');
  assert.equal(words.hourText(23), '23:00 to 00:00');
  assert.deepEqual([0, 1, 6].map(words.weekdayName), ['Sunday', 'Monday', 'Saturday']);
  assert.deepEqual(
    [words.countryText('DE'), words.countryText(''), words.countryText('?')],
    ['Germany', '', '?'],
  );
});

const anna = { id: 'a', name: 'Anna' };
const otto = { id: 'o', name: 'Otto' };
const event = (more) => ({
  time: '2026-11-21T10:00:00Z',
  kind: 'signin',
  outcome: 'ok',
  who: anna,
  actor: {},
  ...more,
});

test('a line of the log', async (t) => {
  await each(
    t,
    [
      ['says how somebody signed in', { method: 'passkey' }, 'Anna signed in with a passkey'],
      ['without a way that has words', { method: 'owl' }, 'Anna signed in'],
      [
        'names nobody where the log does not',
        { who: {}, method: 'totp' },
        'Somebody signed in with an authenticator code',
      ],
      [
        'keeps the pseudonym of who is gone',
        { kind: 'signout', who: { pseudonym: 'p-1f' } },
        'p-1f signed out',
      ],
      [
        'says what was wrong',
        { kind: 'refused', outcome: 'signin.wrong', method: 'password' },
        'A wrong password for Anna',
      ],
      [
        'says the outcome before the way',
        { kind: 'refused', outcome: 'attempts.many', method: 'code' },
        'A try for Anna was stopped at the door',
      ],
      [
        'of an unknown account',
        { kind: 'refused', outcome: 'signin.wrong', method: 'password', who: {} },
        'A wrong password for somebody',
      ],
      ['of an unknown way', { kind: 'refused', outcome: 'new.code', method: 'owl' }, 'Anna was refused'],
      ['says who did it', { kind: 'admin', detail: 'disabled', actor: otto }, 'Otto disabled Anna'],
      [
        'says what a command did',
        { kind: 'admin', detail: 'second factor reset', actor: { machine: true } },
        'A command on the machine reset the second step of Anna',
      ],
      [
        'says acts that have no words yet',
        { kind: 'admin', detail: 'painted', actor: otto },
        'Otto did something as an owner about Anna: painted',
      ],
      [
        'says why a network was shut out',
        { kind: 'ban', method: 'password', detail: '192.0.2.7/32', who: {} },
        '192.0.2.7/32 was shut out: it guessed passwords',
      ],
      [
        'says who let it in again',
        { kind: 'unban', detail: '192.0.2.7/32', who: otto },
        'Otto let 192.0.2.7/32 in again',
      ],
      [
        'says that all were',
        { kind: 'unban', detail: 'all', who: {}, actor: { machine: true } },
        'A command on the machine let everybody in again',
      ],
      [
        'counts an hour',
        { kind: 'requests', who: {}, tally: { requests: 1204, refused: 1, errors: 2 } },
        '1,204 requests, 1 refused, 2 faults of the house in one hour',
      ],
      [
        'says what failed beside proofs',
        { kind: 'export', outcome: 'disk.full' },
        'Anna exported the vault, and it did not go well',
      ],
      ['of a kind from a newer house', { kind: 'owl' }, 'Anna: owl'],
    ],
    (more, want) => assert.equal(sentenceOf(event(more)), want),
  );
  await t.test('tells the code only where the sentence leaves it open', () => {
    assert.equal(codeOf(event({})), '');
    assert.equal(codeOf(event({ kind: 'refused', outcome: 'signin.wrong', method: 'password' })), '');
    assert.equal(codeOf(event({ kind: 'refused', outcome: 'second.wrong', method: 'owl' })), 'Wrong code');
    assert.equal(codeOf(event({ kind: 'refused', outcome: 'new.code', method: 'owl' })), 'new.code');
  });
});

test('who is shut out', async (t) => {
  await each(
    t,
    [
      [
        'an address',
        { prefix: '192.0.2.7/32', why: 'password', times: 1, tries: 30 },
        '192.0.2.7',
        'guessed passwords, 30 tries',
      ],
      [
        'an address of IPv6',
        { prefix: '2001:db8::1/128', why: 'code', times: 2, tries: 1 },
        '2001:db8::1',
        'guessed codes of a second step, one try · the 2nd time',
      ],
      [
        'a network',
        { prefix: '2001:db8::/48', why: 'request', times: 11, tries: 0 },
        'Network 2001:db8::/48',
        'sent more requests than anybody needs · the 11th time',
      ],
      [
        'for what has no words yet',
        { prefix: '192.0.2.7/32', why: 'owl', times: 3, tries: 2 },
        '192.0.2.7',
        'guessed, 2 tries · the 3rd time',
      ],
    ],
    (ban, who, why) => assert.deepEqual(banText(ban), { who, why }),
  );
  assert.equal(leftText('2026-01-01T02:00:00Z', Date.parse('2026-01-01T00:00:00Z')), '2 hours left');
  assert.equal(leftText('2026-01-01T00:00:00Z', Date.parse('2026-01-01T00:00:01Z')), 'over now');
});

test('an account under attack, in plain words', () => {
  const siege = { account: 'Anna', id: 'a', since: '', tries: 20_311, places: 812, wait: 172 };
  assert.equal(siegeText(siege).text, 'Somebody is guessing Anna’s password from 812 addresses.');
  assert.match(
    siegeText(siege).hint,
    /^20,311 tries so far\. Anna’s own devices get in; a new device must be at home/,
  );
  assert.match(siegeText(siege).hint, /Strangers wait 3 minutes/);
  assert.doesNotMatch(siegeText({ ...siege, wait: 1 }).hint, /wait/);
  const nobody = siegeText({ ...siege, account: '', places: 1 });
  assert.equal(
    nobody.text,
    'Somebody is guessing the password of an account that is not here, from one address.',
  );
  assert.doesNotMatch(nobody.hint, /own devices/);
});

const line = (state, code = 'door') => ({ code, state, text: '' });

test('how the house fares', async (t) => {
  await each(
    t,
    [
      ['good', [line('ok')], [], 'good'],
      ['good with something to know', [line('ok')], ['notice'], 'good'],
      ['worth a look', [line('warn')], [], 'look'],
      ['worth a look for a condition', [line('ok')], ['notice', 'warning'], 'look'],
      ['at work', [line('working'), line('warn')], [], 'working'],
      ['in need of a hand, whatever else', [line('working'), line('bad')], [], 'hand'],
      ['in need of a hand for a condition', [line('ok')], ['trouble'], 'hand'],
    ],
    (lines, severities, want) =>
      assert.equal(
        verdictOf(
          lines,
          severities.map((severity) => ({ severity })),
        ),
        want,
      ),
  );
  await t.test('at home only, it says just that', () => {
    const told = linesOf({ mode: 'home', plan: { name: '' }, lines: [line('bad')] });
    assert.deepEqual([told.length, told[0].code, told[0].state], [1, 'home', 'ok']);
  });
  await t.test('the clock is a line only where it is wrong', () => {
    const reach = { mode: 'public', plan: { name: 'a.example' } };
    const codes = (state) =>
      linesOf({ ...reach, lines: [line('ok'), line(state, 'clock')] }).map(({ code }) => code);
    assert.deepEqual([codes('ok'), codes('bad')], [['door'], ['door', 'clock']]);
  });
});

const person = (more = {}) => ({
  id: 'a',
  email: 'anna@x.test',
  name: 'Anna',
  role: 'member',
  created: '',
  lastSeen: null,
  items: 3,
  folders: 0,
  bytes: 10,
  devices: 1,
  sessions: 1,
  disabled: false,
  second: [],
  passkeys: 0,
  secondRequired: false,
  apiKey: false,
  me: false,
  ...more,
});

test('how somebody proves themselves', async (t) => {
  await each(
    t,
    [
      ['by a password', {}, { strong: false, first: 'Password only', others: '' }],
      [
        'by a passkey beside it, which is no second step',
        { passkeys: 1 },
        { strong: false, first: 'Password only', others: '1 passkey' },
      ],
      [
        'by nothing yet of what is asked',
        { secondRequired: true },
        { strong: false, first: 'Has to set one up', others: '' },
      ],
      [
        'by several',
        { second: ['totp', 'webauthn'], passkeys: 2 },
        { strong: true, first: 'Authenticator app', others: 'Security key, 2 passkeys' },
      ],
    ],
    (more, want) => assert.deepEqual(secondOf(person(more)), want),
  );
  assert.equal(whereOf(person({ sessions: 0 })), 'signed in nowhere');
  assert.equal(whereOf(person()), 'on 1 device');
  assert.equal(whereOf(person({ sessions: 3 })), 'on 1 device, 3 sign-ins');
});

test('what an owner can do about somebody', async (t) => {
  const me = person({ id: 'o', role: 'owner', me: true });
  const other = person({ id: 'p', role: 'owner' });
  const keys = (one, people) => actsFor(one, people).map((group) => group.map(({ key }) => key).join(' '));
  await each(
    t,
    [
      ['a member', person(), [me], ['signout require', 'owner', 'disable remove']],
      ['who is signed in nowhere', person({ sessions: 0 }), [me], ['require', 'owner', 'disable remove']],
      [
        'with a second step that is asked',
        person({ second: ['totp'], secondRequired: true }),
        [me],
        ['signout excuse reset', 'owner', 'disable remove'],
      ],
      [
        'who is disabled',
        person({ disabled: true, sessions: 0 }),
        [me],
        ['require', 'owner', 'enable remove'],
      ],
      ['another owner', other, [me, other], ['signout require', 'member', 'disable remove']],
      ['oneself, the last owner', me, [me], ['require']],
      ['oneself with a second step', { ...me, second: ['totp'] }, [], ['require']],
      [
        'the last owner, where one has just ceased to be one',
        other,
        [{ ...me, role: 'member' }],
        ['signout require'],
      ],
      ['oneself beside another owner', me, [me, other], ['require', 'member']],
      ['oneself beside an owner who is disabled', me, [me, { ...other, disabled: true }], ['require']],
    ],
    (one, people, want) => assert.deepEqual(keys(one, [...new Set([...people, one])]), want),
  );
});
