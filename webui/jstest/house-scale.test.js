/** What the charts reckon. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HAIR, heightOf, lengthOf, sharesOf, sideOf, slots, ticksOf } from '../static/views/house-scale.js';

/** @param {[name: string, ...rest: any[]][]} table */
async function each(t, table, run) {
  for (const [name, ...rest] of table) await t.test(name, () => run(...rest));
}

test('bars stand side by side', async (t) => {
  await each(
    t,
    [
      ['on whole pixels where little is lost', 30, 820, 1, 27],
      ['on half ones where the screen has them', 90, 830, 2, 9],
      ['between them where much would be lost', 90, 870, 1, 870 / 90],
      ['as hairs', 365, 600, 1, 600 / 365],
    ],
    (n, width, ratio, slot) => {
      const got = slots(n, width, ratio);
      assert.equal(got.slot, slot);
      assert.ok(Math.abs(got.left + got.slot * n - width) < 0.001, 'they end where the width does');
      assert.equal(got.gap === 0, got.slot < HAIR);
      assert.ok(got.gap < got.slot);
    },
  );
  await t.test('and are never broader than a bar should be', () => {
    const { slot, gap } = slots(7, 850);
    assert.ok(slot - gap <= 34, `${slot - gap} px`);
  });
});

test('the height of a bar', async (t) => {
  await each(
    t,
    [
      ['is all there is for the most', 80, 80, 48, 48],
      ['is nothing for nothing', 0, 80, 48, 0],
      ['is seen, however little', 1, 10_000, 48, 1.5],
      ['is no peak for one of something', 1, 1, 48, 12],
    ],
    (value, most, height, want) => assert.equal(heightOf(value, most, height), want),
  );
});

const days = (n, from = new Date(2026, 0, 1)) =>
  Array.from({ length: n }, (_, i) => ({
    start: new Date(from.getFullYear(), from.getMonth(), from.getDate() + i),
  }));

test('the axis names', async (t) => {
  await t.test('every day of a week', () => {
    assert.equal(ticksOf(days(7), 'day', 100, 60).length, 7);
  });
  await t.test('days so far apart that their names fit, the last of them today', () => {
    const ticks = ticksOf(days(30), 'day', 10, 60);
    assert.deepEqual(
      ticks.map(({ at }) => at),
      [1, 8, 15, 22, 29],
    );
  });
  await t.test('months in a long span, and the year where it begins', () => {
    const ticks = ticksOf(days(90, new Date(2025, 10, 15)), 'day', 9, 60);
    assert.deepEqual(
      ticks.map(({ kind }) => kind),
      ['month', 'year', 'month'],
    );
  });
  await t.test('each third month where there is little room', () => {
    const ticks = ticksOf(days(365), 'day', 0.8, 60);
    assert.deepEqual(
      ticks.map(({ at }) => new Date(2026, 0, 1 + at).getMonth()),
      [3, 6, 9],
    );
  });
});

test('a window is read by its area', () => {
  assert.equal(sideOf(100, 100), 1);
  assert.equal(sideOf(25, 100), 0.5);
  assert.equal(sideOf(0, 100), 0);
  assert.equal(sideOf(1, 100_000), 0.22);
});

test('a rank', async (t) => {
  await t.test('is as long as its requests, the refused at the end', () => {
    const one = { ok: 10, refused: 25, requests: 100 };
    assert.equal(lengthOf(one), 100);
    assert.deepEqual(sharesOf(one, 200), { came: 37.5, away: 12.5 });
  });
  await t.test('counts its events where the house counted fewer requests by name', () => {
    assert.deepEqual(sharesOf({ ok: 10, refused: 30, requests: 5 }, 40), { came: 25, away: 75 });
  });
  await t.test('shows what there is of little', () => {
    assert.deepEqual(sharesOf({ ok: 0, refused: 1 }, 10_000), { came: 0, away: 0.6 });
    assert.deepEqual(sharesOf({ ok: 0, refused: 0 }, 0), { came: 0, away: 0 });
  });
});
