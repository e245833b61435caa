/** The public path without a page: what was typed, what the house answers, how often it is asked. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  atTrustedName,
  changed,
  credentialOf,
  gravestFirst,
  mustMove,
  nameOf,
  networksOf,
  PACE,
  paceOf,
  progressOf,
  providersFor,
  reachOf,
  since,
  spoken,
  wayOf,
} from '../static/views/reach-model.js';
import { follow } from '../static/views/reach-poll.js';
import { nameIn } from '../static/views/setup-name-in.js';

const each = (t, table, run) => Promise.all(table.map(([name, ...row]) => t.test(name, () => run(...row))));

test('a name', async (t) => {
  await each(
    t,
    [
      ['stays what it is', 'keys.example.org', [], 'keys.example.org'],
      ['is found in a pasted address', ' https://Keys.Example.org:8443/vault?a#b ', [], 'keys.example.org'],
      ['loses the dots around it', '.keys.example.org.', [], 'keys.example.org'],
      ['loses spaces inside', 'keys .example.org', [], 'keys.example.org'],
      ['of one word gets the ending of its provider', 'Smiths', ['duckdns.org'], 'smiths.duckdns.org'],
      ['with an ending keeps it', 'smiths.duckdns.org', ['duckdns.org'], 'smiths.duckdns.org'],
      ['of one word stays alone without a provider', 'smiths', [], 'smiths'],
      ['that is empty gets no ending', '  ', ['duckdns.org'], ''],
    ],
    (typed, suffixes, want) => assert.equal(nameOf(typed, suffixes), want),
  );
});

test('a credential', async (t) => {
  await each(
    t,
    [
      ['loses spaces around it', ' abc ', 'abc'],
      ['loses quotes around it', '"abc"', 'abc'],
      ['loses typographic quotes and the spaces inside them', ' “ abc ” ', 'abc'],
      ['keeps a quote inside', 'key "a" { secret "b"; };', 'key "a" { secret "b"; };'],
      ['keeps one lone quote', '"abc', '"abc'],
    ],
    (typed, want) => assert.equal(credentialOf(typed), want),
  );
});

test('networks', async (t) => {
  await each(
    t,
    [
      ['come one to a line or between commas', '10.0.0.1\nfd00::/8, 192.168.0.0/16', 3, []],
      ['may be none', ' \n', 0, []],
      ['are no names', 'proxy.example.org', 1, ['proxy.example.org']],
      [
        'have numbers in their range',
        '10.0.0.256 10.0.0.0/33 fd00::/129',
        3,
        ['10.0.0.256', '10.0.0.0/33', 'fd00::/129'],
      ],
      ['have no leading zeros', '10.0.0.01', 1, ['10.0.0.01']],
      ['have one gap at most', 'fd00::1::2', 1, ['fd00::1::2']],
      ['have all groups without a gap', '1:2:3:4:5:6:7 1:2:3:4:5:6:7:8', 2, ['1:2:3:4:5:6:7']],
      ['have one slash at most', '10.0.0.0/8/9', 1, ['10.0.0.0/8/9']],
    ],
    (typed, count, wrong) => {
      const got = networksOf(typed);
      assert.deepEqual([got.list.length, got.wrong], [count, wrong]);
    },
  );
});

test('a duration is said as people say it', async (t) => {
  await each(
    t,
    [
      ['70 seconds', 70, { count: 70, unit: 'seconds' }],
      ['two minutes', 120, { count: 2, unit: 'minutes' }],
      ['an hour and ten seconds', 3610, { count: 60, unit: 'minutes' }],
      ['two hours', 7200, { count: 2, unit: 'hours' }],
      ['less than nothing', -4, { count: 0, unit: 'seconds' }],
    ],
    (seconds, want) => assert.deepEqual(spoken(seconds), want),
  );
});

test('a proof says how fresh it is, to the second', async (t) => {
  const now = Date.parse('2026-11-21T12:00:00Z');
  await each(
    t,
    [
      ['seconds', 4, '4 seconds ago'],
      ['a clock that is a little behind', -3, '1 second ago'],
      ['minutes', 185, '3 minutes ago'],
      ['hours', 7300, '2 hours ago'],
      ['days', 200_000, '2 days ago'],
    ],
    (ago, want) => assert.equal(since(new Date(now - ago * 1000).toISOString(), now), want),
  );
});

const providers = [{ id: 'cloudflare' }, { id: 'duckdns', free: true }, { id: 'dyndns2', free: false }];

test('each way has its providers', () => {
  const ids = (way) => providersFor(way, providers).map(({ id }) => id);
  assert.deepEqual([ids('domain'), ids('free'), ids('proxy')], [['cloudflare', 'dyndns2'], ['duckdns'], []]);
});

test('who comes back finds the way of the plan', () => {
  assert.equal(wayOf({ provider: 'duckdns', door: 'auto' }, providers), 'free');
  assert.equal(wayOf({ provider: 'cloudflare', door: 'manual' }, providers), 'domain');
  assert.equal(wayOf({ provider: '', door: 'proxy' }, providers), 'proxy');
  assert.equal(wayOf({ provider: '', door: 'auto' }, providers), 'domain');
});

test('an answer that leaves things out is made whole', () => {
  const reach = reachOf({ mode: 'public', plan: { name: 'a.example' }, history: null });
  assert.equal(reach.plan.lan, '');
  assert.deepEqual([reach.plan.notes, reach.history, reach.lines, reach.proxies], [[], [], [], []]);
  assert.equal(reach.proof.state, 'unknown');
  assert.equal(reachOf({ plan: null }).plan.name, '');
});

const step = (code, state) => ({ code, state, text: '' });
const reachWith = (more) => reachOf({ plan: { name: 'a.example' }, ...more });

test('the work as a whole', async (t) => {
  await each(
    t,
    [
      ['is none without a name', { plan: null }, 'none'],
      [
        'goes on while nothing failed',
        { steps: [step('token', 'done'), step('record', 'waiting')] },
        'working',
      ],
      ['goes on before the first step is known', { steps: [] }, 'working'],
      ['stops where one failed', { steps: [step('token', 'failed'), step('record', 'waiting')] }, 'failed'],
      [
        'is done when the house says so, also where a browser at home is waited for',
        { ready: true, steps: [step('home', 'waiting')] },
        'done',
      ],
    ],
    (more, want) => assert.equal(progressOf(reachWith(more)), want),
  );
});

test('the house is asked often only while something moves', () => {
  assert.equal(paceOf(reachWith({})), PACE.working);
  assert.equal(paceOf(reachWith({ ready: true })), PACE.resting);
  assert.equal(paceOf(reachWith({ ready: true, steps: [step('home', 'working')] })), PACE.resting);
  assert.equal(paceOf(reachWith({ ready: true, lines: [step('door', 'working')] })), PACE.working);
  assert.equal(paceOf(reachOf({ plan: null })), PACE.resting);
});

test('the move to the trusted name', async (t) => {
  const plan = { name: 'a.example', lan: 'lan.a.example', door: 'auto', certificate: true };
  await each(
    t,
    [
      ['is asked of a page under a number', plan, '192.168.1.20', true],
      ['is not asked of the box itself', plan, 'localhost', false],
      ['is done at lan.NAME', plan, 'lan.a.example', false],
      ['is done at NAME', plan, 'a.example', false],
      ['is not asked where a proxy has the certificate', { ...plan, door: 'proxy' }, '192.168.1.20', false],
      ['is not asked where there is no certificate', { ...plan, certificate: false }, '192.168.1.20', false],
      ['is not asked without a name', { ...plan, name: '', lan: '' }, '192.168.1.20', false],
    ],
    (of, host, want) => assert.equal(mustMove(of, host), want),
  );
  await t.test('no host is not the missing lan.NAME', () => {
    assert.equal(atTrustedName({ name: 'a.example', lan: '' }, ''), false);
  });
});

test('only the lines that changed are drawn anew', () => {
  const before = [step('a', 'ok'), step('b', 'working')];
  assert.deepEqual(changed([step('a', 'ok'), step('b', 'ok'), step('c', 'ok')], before), [1, 2]);
});

test('what has something to say stands first, the rest as it came', () => {
  const lines = [step('a', 'ok'), step('b', 'warn'), step('c', 'ok'), step('d', 'bad')];
  assert.deepEqual(
    gravestFirst(lines).map(({ code }) => code),
    ['d', 'b', 'a', 'c'],
  );
});

test('a first name from an address', async (t) => {
  await each(
    t,
    [
      ['has a capital for each word', 'ottoline.quarrington@x.test', 'Ottoline Quarrington'],
      ['leaves out numbers and what stands behind a plus', 'anna_b42+vault@x.test', 'Anna B'],
      ['is the number where there is nothing else', '42@x.test', '42'],
      ['keeps letters of all languages', 'åsa@x.test', 'Åsa'],
    ],
    (email, want) => assert.equal(nameIn(email), want),
  );
});

/** A page that is looked at, and a house that answers what stands next. */
function stage(t, answers) {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const leaving = new AbortController();
  const seen = Object.assign(new EventTarget(), { hidden: false });
  const told = [];
  const failed = [];
  let asked = 0;
  const watch = follow({
    ask: async () => {
      asked++;
      const next = answers.length > 1 ? answers.shift() : answers[0];
      if (next instanceof Error) throw next;
      return next;
    },
    told: (reach) => told.push(reach),
    failed: (error) => failed.push(error),
    signal: leaving.signal,
    seen,
  });
  const pass = async (ms) => {
    t.mock.timers.tick(ms);
    for (let i = 0; i < 5; i++) await Promise.resolve();
  };
  return { watch, seen, told, failed, pass, leave: () => leaving.abort(), asked: () => asked };
}
const working = reachWith({ steps: [step('token', 'working')] });
const ready = reachWith({ ready: true });

test('the poll', async (t) => {
  await t.test('asks each 700 ms while the house works, then rarely', async (t) => {
    const s = stage(t, [working, ready]);
    s.watch.take(working);
    await s.pass(PACE.working - 1);
    assert.equal(s.asked(), 0);
    await s.pass(1);
    await s.pass(PACE.working);
    assert.equal(s.asked(), 2);
    await s.pass(PACE.resting - 1);
    assert.equal(s.asked(), 2);
    await s.pass(1);
    assert.equal(s.asked(), 3);
  });
  await t.test('ends with its view', async (t) => {
    const s = stage(t, [working]);
    s.watch.take(working);
    s.leave();
    await s.pass(60_000);
    assert.deepEqual([s.asked(), s.told.length], [0, 1]);
  });
  await t.test('rests while nobody looks, and asks at once when somebody does', async (t) => {
    const s = stage(t, [working]);
    s.seen.hidden = true;
    s.watch.take(working);
    await s.pass(60_000);
    assert.equal(s.asked(), 0);
    s.seen.hidden = false;
    s.seen.dispatchEvent(new Event('visibilitychange'));
    await s.pass(0);
    assert.equal(s.asked(), 1);
  });
  await t.test('goes on after a house that was away', async (t) => {
    const s = stage(t, [Object.assign(new Error('away'), { status: 0 }), ready]);
    s.watch.take(working);
    await s.pass(PACE.working);
    assert.deepEqual([s.failed.length, s.told.length], [1, 1]);
    await s.pass(2000);
    assert.equal(s.told.length, 2);
  });
  await t.test('ends when the session is gone', async (t) => {
    const s = stage(t, [Object.assign(new Error('gone'), { status: 404 })]);
    s.watch.take(working);
    await s.pass(PACE.working);
    await s.pass(60_000);
    assert.deepEqual([s.asked(), s.failed.length], [1, 1]);
  });
  await t.test('forgets an answer that was overtaken', async (t) => {
    let release = () => {};
    const s = stage(t, [new Promise((resolve) => (release = () => resolve(working)))]);
    s.watch.now();
    s.watch.take(ready);
    release();
    await s.pass(0);
    assert.deepEqual(s.told, [ready]);
  });
});
