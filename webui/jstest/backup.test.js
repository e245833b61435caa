/** Backups and restores without a page: the one sentence, how places and copies stand, what is asked how often. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

// Before the modules make their clocks.
process.env.TZ = 'Europe/Berlin';
const { t } = await import('../static/text/backup.js');
const { atWork, backupsOf, depthOf, HERE, nextText, partOf, safePlaces, stateOf, truthOf, whenText } =
  await import('../static/views/backup-model.js');
const { jobText, placeName, proofOf, proofsOf, whyText } = await import('../static/views/backup-words.js');
const { watchBackups } = await import('../static/views/backup-watch.js');

const NOW = new Date('2026-11-20T09:30:00+01:00');
const LAST_NIGHT = '2026-11-20T02:12:00Z'; // 03:12 here
const each = (context, table, run) =>
  Promise.all(table.map(([name, ...row]) => context.test(name, () => run(...row))));

const target = (id, name, more = {}) => ({
  id,
  kind: 'folder',
  name,
  fields: {},
  sameDisk: false,
  lastGood: LAST_NIGHT,
  lastTried: LAST_NIGHT,
  problem: null,
  count: 3,
  bytes: 3e6,
  ...more,
});
const copy = (made, places, more = {}) => ({
  name: `latchkey-1a2b3c4d-${made}.age`,
  made,
  bytes: 1e6,
  why: 'daily',
  places: places.map(([id, depth = 'opened', proved = made]) => ({ target: id, proved, depth })),
  ...more,
});
const usb = target('u', 'USB disk');
const cloud = target('c', 'Nextcloud');
const house = (more) => backupsOf({ kit: true, ...more });

test('the one sentence tells the truth', async (context) => {
  const both = copy(LAST_NIGHT, [['u'], ['c'], [HERE]]);
  await each(
    context,
    [
      [
        'opened in two places',
        { targets: [usb, cloud], copies: [both] },
        'good',
        'Last backup last night at 03:12, proved by opening it, on USB disk and Nextcloud.',
      ],
      [
        'only compared in one of them',
        { targets: [usb, cloud], copies: [copy(LAST_NIGHT, [['u'], ['c', 'digest']])] },
        'good',
        'Last backup last night at 03:12, read back whole, on USB disk and Nextcloud.',
      ],
      [
        'not proved at all',
        { targets: [usb], copies: [copy(LAST_NIGHT, [['u', '', null]])] },
        'look',
        'Last backup last night at 03:12, not proved yet, on USB disk.',
      ],
      [
        'one place behind',
        { targets: [usb, cloud], copies: [copy(LAST_NIGHT, [['u']])] },
        'look',
        'Last backup last night at 03:12, proved by opening it, on USB disk.',
        t('backup.truth.behind', { count: 1, names: 'Nextcloud' }),
      ],
      ['no kit', { kit: false, targets: [usb], copies: [both] }, 'hand', t('backup.truth.nokit')],
      ['no place', { copies: [copy(LAST_NIGHT, [[HERE]])] }, 'hand', t('backup.truth.nowhere')],
      [
        'only the disk of the house',
        { targets: [target('u', 'Folder', { sameDisk: true })], copies: [both] },
        'hand',
        t('backup.truth.samedisk'),
      ],
      [
        'a place that got nothing yet',
        { targets: [usb], copies: [copy(LAST_NIGHT, [[HERE]])] },
        'hand',
        t('backup.truth.notyet', { names: 'USB disk' }),
      ],
      [
        'a copy that is known to be damaged',
        { targets: [usb], copies: [{ ...both, places: [{ ...both.places[0], bad: true }] }] },
        'hand',
        t('backup.truth.notyet', { names: 'USB disk' }),
      ],
      [
        'three days old',
        { targets: [usb], copies: [copy('2026-11-17T02:12:00Z', [['u']])] },
        'look',
        'Last backup on Tuesday at 03:12, proved by opening it, on USB disk.',
        t('backup.truth.old'),
      ],
      [
        'a month old',
        { targets: [usb], copies: [copy('2026-10-17T02:12:00Z', [['u']])] },
        'hand',
        'Last backup on 17 October at 04:12, proved by opening it, on USB disk.',
        t('backup.truth.old'),
      ],
    ],
    (all, verdict, text, more) => {
      const truth = truthOf(house(all), NOW);
      assert.equal(truth.text, text);
      assert.equal(truth.verdict, verdict);
      if (more) assert.equal(truth.more, more);
    },
  );
});

test('a moment is said as people say it', async (context) => {
  await each(
    context,
    [
      ['in the small hours', '2026-11-20T02:12:00Z', 'last night at 03:12'],
      ['this morning', '2026-11-20T07:05:00Z', 'today at 08:05'],
      ['yesterday', '2026-11-19T20:00:00Z', 'yesterday at 21:00'],
      ['this week', '2026-11-16T20:00:00Z', 'on Monday at 21:00'],
      ['a week ago', '2026-11-13T20:00:00Z', 'on 13 November at 21:00'],
      ['another year', '2025-12-24T20:00:00Z', 'on 24 December 2025 at 21:00'],
      ['by a clock that went back', '2026-11-21T20:00:00Z', 'today at 21:00'],
    ],
    (iso, want) => assert.equal(whenText(iso, NOW), want),
  );
  const night = new Date('2026-11-20T04:00:00+01:00');
  assert.equal(whenText(LAST_NIGHT, night), 'today at 03:12', 'while it is still night');
  assert.equal(nextText('2026-11-21T02:10:00Z', NOW), 'The next one is made tonight, about 03:10.');
  assert.equal(nextText('2026-11-20T13:10:00Z', NOW), 'The next one is made today, about 14:10.');
  assert.equal(nextText('2026-11-21T13:10:00Z', NOW), 'The next one is made tomorrow, about 14:10.');
  assert.equal(nextText('2026-11-20T07:00:00Z', NOW), t('backup.next.now'));
  assert.equal(nextText(null, NOW), '');
});

test('copies: the newest first, and what lies here is none', () => {
  const all = house({
    targets: [usb],
    copies: [copy('2026-11-18T02:12:00Z', [['u']]), copy(LAST_NIGHT, [[HERE], ['gone']])],
  });
  assert.deepEqual(
    all.copies.map(({ made }) => made),
    [LAST_NIGHT, '2026-11-18T02:12:00Z'],
  );
  assert.deepEqual(safePlaces(all.copies[0], all), []);
  assert.deepEqual(
    safePlaces(all.copies[1], all).map(({ name }) => name),
    ['USB disk'],
  );
  assert.equal(depthOf([]), '');
});

test('a place says how it fares', () => {
  assert.deepEqual(stateOf(usb, NOW), { state: 'ok', text: 'Last one last night at 03:12', hint: '' });
  assert.equal(stateOf(target('u', 'x', { lastGood: null }), NOW).state, 'new');
  assert.equal(stateOf(target('u', 'x', { sameDisk: true }), NOW).state, 'warn');
  const problem = { code: 'target.notplugged', text: 'The disk is not plugged in.', hint: 'Plug it in.' };
  assert.deepEqual(stateOf(target('u', 'x', { problem }), NOW), {
    state: 'bad',
    text: 'The disk is not plugged in. Last one last night at 03:12.',
    hint: 'Plug it in.',
  });
});

test('a job says what it is at, where, and how far', () => {
  const job = { id: 'j', kind: 'backup', why: 'asked', phase: 'sending', target: 'u', done: 5e5, total: 1e6 };
  assert.deepEqual(jobText(job, [usb]), { text: 'Sending it to USB disk …', bytes: '500 KB of 1 MB' });
  assert.equal(jobText({ ...job, target: '' }, [usb]).text, 'Sending it …');
  assert.equal(jobText({ ...job, phase: 'reading' }, [usb]).text, 'Reading it back from USB disk …');
  assert.deepEqual(jobText({ ...job, phase: 'checking', total: 0 }, [usb]), {
    text: t('backup.job.checking'),
    bytes: '',
  });
  assert.equal(partOf(job), 0.5);
  assert.equal(partOf({ done: 3, total: 0 }), null);
  assert.equal(partOf({ done: 3, total: 2 }), 1);
  assert.deepEqual(
    ['copying', 'checking', 'done', 'failed'].map((phase) => atWork({ ...job, phase })),
    [true, true, false, false],
  );
});

test('a copy says how it was proved', () => {
  const now = Date.parse(LAST_NIGHT) + 3_600_000;
  const place = { target: 'u', proved: LAST_NIGHT, depth: 'opened' };
  assert.deepEqual(proofOf(place, now), { state: 'opened', text: 'opened 1 hour ago' });
  assert.deepEqual(proofOf({ ...place, depth: 'digest' }, now), {
    state: 'digest',
    text: 'read back 1 hour ago',
  });
  assert.equal(proofOf({ ...place, proved: null, depth: '' }, now).state, 'unproved');
  assert.equal(proofOf({ ...place, bad: true }, now).state, 'bad');
  assert.equal(proofOf({ target: HERE, proved: null, depth: '' }, now).state, 'here');
  const here = { target: HERE, proved: null, depth: '' };
  const other = { ...place, target: 'c' };
  assert.deepEqual(
    proofsOf([here, place, other], [usb, cloud], now).map(({ names, text }) => [...names, text]),
    [
      [t('backup.place.here'), t('backup.copy.here')],
      ['USB disk', 'Nextcloud', 'opened 1 hour ago'],
    ],
    'what is the same is said once',
  );
  assert.equal(placeName(HERE, []), t('backup.place.here'));
  assert.equal(placeName('gone', [usb]), '');
  assert.equal(whyText('rotation'), t('backup.why.rotation'));
  assert.equal(whyText('yet unknown'), '');
});

test('while a job runs only the job is asked for; when it ends, everything once more', async (context) => {
  context.mock.timers.enable({ apis: ['setTimeout'] });
  const job = { id: 'j', kind: 'backup', why: 'asked', phase: 'copying', target: '', done: 0, total: 10 };
  const answers = {
    '/latchkey/backups': [{ kit: true }, { kit: true, targets: [usb] }],
    '/latchkey/backups/progress': [
      { ...job, done: 5 },
      { ...job, phase: 'done', ended: LAST_NIGHT },
    ],
  };
  const asked = [];
  const api = {
    async get(path, options) {
      assert.deepEqual(options, { unasked: true }, 'nobody pressed anything');
      asked.push(path);
      return answers[path].shift();
    },
  };
  const seen = Object.assign(new EventTarget(), { hidden: false });
  globalThis.document = seen;
  const told = [];
  const leaving = new AbortController();
  const watch = watchBackups({ api, told: (all, ended) => told.push([all, ended]), signal: leaving.signal });
  const pass = async (ms) => {
    context.mock.timers.tick(ms);
    for (let i = 0; i < 10; i++) await Promise.resolve();
  };
  await watch.first();
  assert.equal(told.at(-1)[0].running, null);
  watch.begun(job);
  assert.equal(told.at(-1)[0].running.phase, 'copying');
  await pass(1000);
  assert.equal(told.at(-1)[0].running.done, 5);
  await pass(1000);
  assert.equal(told.at(-1)[0].running, null);
  assert.equal(told.at(-1)[1].phase, 'done');
  assert.equal(told.at(-1)[0].targets.length, 1);
  assert.deepEqual(asked, [
    '/latchkey/backups',
    '/latchkey/backups/progress',
    '/latchkey/backups/progress',
    '/latchkey/backups',
  ]);
  await pass(5000);
  assert.equal(asked.length, 4, 'at rest it is not looked at every second');
  leaving.abort();
  delete globalThis.document;
});
