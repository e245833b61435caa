/** Folding hours into days, weeks and hours of the week, in zones whose clocks change. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  between,
  binsOf,
  busiest,
  daysIn,
  firstDayOf,
  grainOf,
  isoDay,
  lastDays,
  meanOf,
  midnight,
  none,
  totals,
  weekOf,
  weekStart,
} from '../static/views/house-fold.js';

const MONDAY = 1;
const SUNDAY = 0;

/** Runs with another time zone, as a browser elsewhere would. */
function inZone(zone, run) {
  const before = process.env.TZ;
  process.env.TZ = zone;
  try {
    return run();
  } finally {
    process.env.TZ = before ?? '';
    if (before === undefined) delete process.env.TZ;
  }
}

const hour = (iso, more = { signIns: 1 }) => ({ t: Date.parse(iso) / 1000, ...none(), ...more });
const span = (since, until) => ({ since: new Date(since), until: new Date(until) });
const signIns = (bins) => bins.map(({ sums }) => sums.signIns);

/** Every hour of a span, one sign-in each. */
function everyHour({ since, until }) {
  const hours = [];
  for (let t = since.getTime(); t < until.getTime(); t += 3_600_000) {
    hours.push(hour(new Date(t).toISOString()));
  }
  return hours;
}

test('days', async (t) => {
  const table = [
    ['have 24 hours on the usual days', 'UTC', '2026-03-02T00:00:00Z', '2026-03-05T00:00:00Z', [24, 24, 24]],
    [
      'have 23 hours when the clock goes forward',
      'Europe/Berlin',
      '2026-03-27T23:00:00Z',
      '2026-03-30T22:00:00Z',
      [24, 23, 24],
    ],
    [
      'have 25 hours when it goes back',
      'Europe/Berlin',
      '2026-10-23T22:00:00Z',
      '2026-10-26T23:00:00Z',
      [24, 25, 24],
    ],
    [
      'begin at 1 where the clock skips midnight',
      'Africa/Cairo',
      '2026-04-22T22:00:00Z',
      '2026-04-25T21:00:00Z',
      [24, 23, 24],
    ],
    [
      'take in an hour where it begins, where the zone is half an hour off',
      'Asia/Kolkata',
      '2026-03-01T18:30:00Z',
      '2026-03-03T18:30:00Z',
      [24, 24],
    ],
    [
      'hold where the clock changes by half an hour',
      'Australia/Lord_Howe',
      '2026-04-03T13:00:00Z',
      '2026-04-06T13:30:00Z',
      [24, 25, 24],
    ],
    [
      'hold a quarter of an hour off, behind the date line',
      'Pacific/Chatham',
      '2026-06-01T11:15:00Z',
      '2026-06-03T11:15:00Z',
      [24, 24],
    ],
  ];
  for (const [name, zone, since, until, want] of table) {
    await t.test(name, () =>
      inZone(zone, () => {
        const whole = span(since, until);
        const from = new Date(Math.ceil(whole.since.getTime() / 3_600_000) * 3_600_000);
        const bins = binsOf(everyHour({ since: from, until: whole.until }), whole, 'day', MONDAY);
        assert.deepEqual(signIns(bins), want);
        assert.ok(bins.every((bin) => bin.whole));
        assert.ok(bins.slice(1).every((bin, i) => bins[i].end.getTime() === bin.start.getTime()));
        assert.equal(daysIn(whole), want.length);
      }),
    );
  }
  await t.test('without anything are there, too', () =>
    inZone('UTC', () => {
      const bins = binsOf(
        [hour('2026-03-03T10:00:00Z')],
        span('2026-03-01T00:00:00Z', '2026-03-05T12:00:00Z'),
        'day',
        MONDAY,
      );
      assert.deepEqual(signIns(bins), [0, 0, 1, 0, 0]);
      assert.deepEqual(
        bins.map(({ whole }) => whole),
        [true, true, true, true, false],
      );
    }),
  );
  await t.test('lose no hour that the house counts to the first or the last', () =>
    inZone('Asia/Kolkata', () => {
      // The span begins at the day's own midnight, within the house's hour.
      const bins = binsOf(
        [hour('2026-03-01T18:00:00Z'), hour('2026-03-03T19:00:00Z')],
        span('2026-03-01T18:30:00Z', '2026-03-03T18:30:00Z'),
        'day',
        MONDAY,
      );
      assert.deepEqual(signIns(bins), [1, 1]);
    }),
  );
});

test('weeks', async (t) => {
  const table = [
    [
      'begin on Monday here',
      'UTC',
      MONDAY,
      '2026-03-02T00:00:00Z',
      '2026-03-16T00:00:00Z',
      [168, 168],
      [true, true],
    ],
    [
      'begin on Sunday elsewhere',
      'UTC',
      SUNDAY,
      '2026-03-02T00:00:00Z',
      '2026-03-16T00:00:00Z',
      [144, 168, 24],
      [false, true, false],
    ],
    [
      'have an hour less when the clock goes forward',
      'America/New_York',
      MONDAY,
      '2026-03-02T05:00:00Z',
      '2026-03-16T04:00:00Z',
      [167, 168],
      [true, true],
    ],
    [
      'have an hour more when it goes back, and part of one says so',
      'America/New_York',
      MONDAY,
      '2026-10-26T04:00:00Z',
      '2026-11-03T05:00:00Z',
      [169, 24],
      [true, false],
    ],
  ];
  for (const [name, zone, firstDay, since, until, want, whole] of table) {
    await t.test(name, () =>
      inZone(zone, () => {
        const all = span(since, until);
        const bins = binsOf(everyHour(all), all, 'week', firstDay);
        assert.deepEqual(signIns(bins), want);
        assert.deepEqual(
          bins.map((bin) => bin.whole),
          whole,
        );
      }),
    );
  }
  await t.test('say which part of them is meant', () =>
    inZone('UTC', () => {
      const [bin] = binsOf([], span('2026-03-04T00:00:00Z', '2026-03-06T00:00:00Z'), 'week', MONDAY);
      assert.deepEqual(
        [isoDay(bin.start), isoDay(bin.from), isoDay(bin.to), isoDay(bin.end)],
        ['2026-03-02', '2026-03-04', '2026-03-06', '2026-03-09'],
      );
    }),
  );
});

test('hours of the week', async (t) => {
  const cellsOf = (zone, since, until, hours) =>
    inZone(zone, () => {
      const all = span(since, until);
      return weekOf(hours ?? everyHour(all), all, MONDAY);
    });
  await t.test('come by once a week each', () => {
    const week = cellsOf('UTC', '2026-03-02T00:00:00Z', '2026-03-16T00:00:00Z');
    assert.equal(week.length, 7);
    assert.ok(week.flat().every(({ times, sums }) => times === 2 && sums.signIns === 2));
    assert.deepEqual(
      week.map(([cell]) => cell.weekday),
      [1, 2, 3, 4, 5, 6, 0],
    );
  });
  await t.test('one that the clock skips does not come by', () => {
    const week = cellsOf('Europe/Berlin', '2026-03-22T23:00:00Z', '2026-03-29T22:00:00Z');
    assert.equal(week[6][2].times, 0);
    assert.equal(meanOf(week[6][2], 'signIns'), 0);
    assert.equal(week[6][1].times, 1);
    assert.equal(week[6][3].times, 1);
  });
  await t.test('one that it repeats comes by twice, and the mean knows', () => {
    const week = cellsOf('Europe/Berlin', '2026-10-18T22:00:00Z', '2026-10-25T23:00:00Z');
    assert.equal(week[6][2].times, 2);
    assert.equal(week[6][2].sums.signIns, 2);
    assert.equal(meanOf(week[6][2], 'signIns'), 1);
  });
  await t.test('the hour of a person is the one on their wall', () => {
    const at = [hour('2026-07-01T18:00:00Z')];
    const found = (zone) => {
      const cell = cellsOf(zone, '2026-06-29T00:00:00Z', '2026-07-06T00:00:00Z', at)
        .flat()
        .find(({ sums }) => sums.signIns > 0);
      return [cell.weekday, cell.hour];
    };
    assert.deepEqual(found('UTC'), [3, 18]);
    assert.deepEqual(found('Europe/Berlin'), [3, 20]);
    assert.deepEqual(found('Asia/Kolkata'), [3, 23]);
    assert.deepEqual(found('Pacific/Auckland'), [4, 6]);
  });
  await t.test('a busy hour that came by seldom is busier than a quiet one that came often', () => {
    const week = cellsOf('UTC', '2026-03-02T00:00:00Z', '2026-03-10T00:00:00Z', [
      hour('2026-03-02T08:00:00Z', { signIns: 3 }), // Monday 8 came by twice
      hour('2026-03-09T08:00:00Z', { signIns: 2 }),
      hour('2026-03-04T20:00:00Z', { signIns: 4 }), // Wednesday 20 once
    ]);
    const best = busiest(week, 'signIns');
    assert.deepEqual([best.weekday, best.hour], [3, 20]);
    assert.equal(busiest(week, 'bans'), null);
  });
});

test('spans', async (t) => {
  const now = new Date('2026-03-29T12:34:00Z');
  await t.test('the last seven days begin at a midnight, across a clock change too', () =>
    inZone('Europe/Berlin', () => {
      const { since, until } = lastDays(7, now);
      assert.equal(since.toISOString(), '2026-03-22T23:00:00.000Z');
      assert.equal(until, now);
      assert.equal(daysIn({ since, until }), 7);
    }),
  );
  const days = [
    ['take both days in', '2026-03-01', '2026-03-03', '2026-03-01T00:00:00.000Z', '2026-03-04T00:00:00.000Z'],
    [
      'may be given backwards',
      '2026-03-03',
      '2026-03-01',
      '2026-03-01T00:00:00.000Z',
      '2026-03-04T00:00:00.000Z',
    ],
    ['end now at the latest', '2026-03-29', '2026-12-31', '2026-03-29T00:00:00.000Z', now.toISOString()],
  ];
  for (const [name, from, to, since, until] of days) {
    await t.test(`from one day to another ${name}`, () =>
      inZone('UTC', () => {
        const got = between(from, to, now);
        assert.deepEqual([got.since.toISOString(), got.until.toISOString()], [since, until]);
      }),
    );
  }
  for (const [from, to] of [
    ['', '2026-03-01'],
    ['2026-02-30', '2026-03-01'],
    ['2026-03-01', 'yesterday'],
    ['2026-04-01', '2026-04-02'],
  ]) {
    await t.test(`${from || 'nothing'} to ${to} is no span`, () =>
      inZone('UTC', () => assert.equal(between(from, to, now), null)),
    );
  }
  await t.test('a year is shown by week, three months by day', () =>
    inZone('UTC', () => {
      assert.equal(grainOf(lastDays(365, now)), 'week');
      assert.equal(grainOf(lastDays(90, now)), 'day');
    }),
  );
});

test('sums', () => {
  const sums = totals([hour('2026-03-01T00:00:00Z', { requests: 3, bans: 1 }), { t: 0, requests: 4 }]);
  assert.deepEqual(sums, { requests: 7, signIns: 0, refused: 0, errors: 0, bans: 1 });
});

test('the week begins as the reader is used to', () => {
  inZone('UTC', () => {
    assert.equal(firstDayOf('de-DE'), MONDAY);
    assert.equal(firstDayOf('en-US'), SUNDAY);
    assert.equal(isoDay(weekStart(new Date('2026-03-08T12:00:00Z'), MONDAY)), '2026-03-02');
    assert.equal(isoDay(weekStart(new Date('2026-03-08T12:00:00Z'), SUNDAY)), '2026-03-08');
    assert.equal(isoDay(midnight(new Date('2026-02-28T12:00:00Z'), 1)), '2026-03-01');
  });
});
