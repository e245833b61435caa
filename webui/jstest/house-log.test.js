/** The log: what is asked, in the address and in the request; and following it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { daysOf, hashOf, paramsOf, queryOf, timesOf } from '../static/views/house-log-query.js';
import { followIn } from '../static/views/house-log-follow.js';

const of = (text) => queryOf(new URLSearchParams(text));
const local = (year, month, day) => new Date(year, month - 1, day).toISOString();

test('what is asked', async (t) => {
  await t.test('is read from the address, without what asks nothing', () => {
    assert.deepEqual(of('text=+owl+&kind=&outcome=refused&limit=9&before=x'), {
      text: 'owl',
      outcome: 'refused',
    });
  });
  await t.test('makes the same address again', () => {
    const hash = '#/house/log?text=a+b%26c&address=2001%3Adb8%3A%3A%2F32';
    assert.equal(hashOf(of(hash.split('?')[1])), hash);
    assert.equal(hashOf({}), '#/house/log');
    assert.equal(hashOf({ text: '', kind: undefined }), '#/house/log');
  });
  await t.test('goes into the request with what the page adds', () => {
    assert.equal(
      String(paramsOf({ kind: 'ban' }, { limit: '100', before: 'c' })),
      'kind=ban&limit=100&before=c',
    );
  });
});

test('the days of a search', async (t) => {
  const query = { since: local(2026, 11, 4), until: local(2026, 11, 6) };
  await t.test('include the last one whole', () => {
    assert.deepEqual(daysOf(query), { from: '2026-11-04', to: '2026-11-05' });
    assert.deepEqual(daysOf({}), { from: '', to: '' });
    assert.deepEqual(daysOf({ since: 'no time' }), { from: '', to: '' });
  });
  await t.test('become times again', () => {
    assert.deepEqual(timesOf({}, '2026-11-04', '2026-11-05'), query);
  });
  await t.test('may be open at one end', () => {
    assert.deepEqual(timesOf({}, '2026-11-04', ''), { since: query.since, until: undefined });
    assert.deepEqual(timesOf({}, '', '2026-11-05'), { since: undefined, until: query.until });
    assert.deepEqual(timesOf(query, '', ''), { since: undefined, until: undefined });
  });
  await t.test('leave exact times alone while nobody changes them', () => {
    const exact = { since: '2026-11-04T10:11:12.000Z', until: '2026-11-04T12:00:00.000Z' };
    const { from, to } = daysOf(exact);
    assert.deepEqual(timesOf(exact, from, to), exact);
    assert.notDeepEqual(timesOf(exact, from, '2026-12-24'), exact);
  });
});

/** A log that is followed: a switch, and a house whose answers stand in a list. */
function stage(t, answers = []) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const box = Object.assign(new EventTarget(), { checked: false });
  const said = { textContent: '' };
  const leaving = new AbortController();
  const seen = { visibilityState: 'visible' };
  const troubles = [];
  let asked = 0;
  const follow = followIn(
    { part: (name) => (name === 'follow' ? box : said) },
    {
      async more() {
        asked++;
        const next = answers.shift();
        if (next) throw next;
      },
      trouble: (error) => troubles.push(error),
      signal: leaving.signal,
      seen,
    },
  );
  const turn = async (on) => {
    box.checked = on;
    box.dispatchEvent(new Event('change'));
    await settle();
  };
  const pass = async (ms) => {
    t.mock.timers.tick(ms);
    await settle();
  };
  return { follow, box, said, seen, troubles, turn, pass, leave: () => leaving.abort(), asked: () => asked };
}
const settle = async () => {
  for (let i = 0; i < 8; i++) await Promise.resolve();
};

test('following the log', async (t) => {
  await t.test('asks at once and each three seconds, while it is on', async (t) => {
    const s = stage(t);
    s.follow.resume();
    await s.pass(10_000);
    assert.equal(s.asked(), 0);
    await s.turn(true);
    assert.equal(s.asked(), 1);
    await s.pass(3000);
    await s.pass(3000);
    assert.equal(s.asked(), 3);
    await s.turn(false);
    await s.pass(10_000);
    assert.equal(s.asked(), 3);
  });
  await t.test('rests while another search is loaded, and while nobody looks', async (t) => {
    const s = stage(t);
    s.follow.resume();
    await s.turn(true);
    s.follow.pause();
    await s.pass(10_000);
    assert.equal(s.asked(), 1);
    s.follow.resume();
    s.seen.visibilityState = 'hidden';
    await s.pass(3000);
    assert.equal(s.asked(), 1);
    s.seen.visibilityState = 'visible';
    await s.pass(3000);
    assert.equal(s.asked(), 2);
  });
  await t.test('ends when the proof has grown old, and says so', async (t) => {
    const s = stage(t, [Object.assign(new Error('stale'), { code: 'proof.stale' })]);
    s.follow.resume();
    await s.turn(true);
    assert.equal(s.box.checked, false);
    assert.match(s.said.textContent, /five minutes/);
    await s.pass(10_000);
    assert.deepEqual([s.asked(), s.troubles.length], [1, 0]);
  });
  await t.test('goes on after a house that was away, and tells other troubles', async (t) => {
    const away = Object.assign(new Error('away'), { offline: true });
    const broken = new Error('broken');
    const s = stage(t, [away, broken]);
    s.follow.resume();
    await s.turn(true);
    await s.pass(3000);
    await s.pass(3000);
    assert.deepEqual([s.asked(), s.troubles], [3, [broken]]);
  });
  await t.test('ends with its page', async (t) => {
    const s = stage(t);
    s.follow.resume();
    await s.turn(true);
    s.leave();
    await s.pass(10_000);
    assert.equal(s.asked(), 1);
  });
});
