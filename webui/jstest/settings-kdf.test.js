import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HOUSE_KDF, isAcceptable } from '../static/crypto/kdf.js';
import { iconOf, kindOf } from '../static/views/settings-device-kind.js';
import { LIMITS, presetOf, PRESETS, refused, same, say } from '../static/views/settings-kdf.js';
import { t } from '../static/text/text.js';

test('every preset is one that the page and the house accept', () => {
  for (const { name, kdf } of PRESETS) {
    assert.ok(isAcceptable(kdf), name);
    assert.equal(presetOf(kdf), name);
  }
  assert.ok(same(PRESETS[0].kdf, HOUSE_KDF), 'the house standard is what new accounts get');
});

test('own numbers are held between the floor and the ceiling', () => {
  assert.deepEqual([LIMITS.memory.min, LIMITS.iterations.min, LIMITS.parallelism.min], [19, 2, 1]);
  const good = { type: 1, iterations: 3, memory: 64, parallelism: 4 };
  assert.deepEqual(refused(good), []);
  assert.equal(presetOf(good), 'own');
  for (const name of Object.keys(LIMITS)) {
    const { min, max } = LIMITS[name];
    assert.deepEqual(refused({ ...good, [name]: min }), [], `${name} at its floor`);
    assert.deepEqual(refused({ ...good, [name]: max }), [], `${name} at its ceiling`);
    for (const bad of [min - 1, max + 1, min + 0.5, Number.NaN, null]) {
      assert.deepEqual(refused({ ...good, [name]: bad }), [name], `${name} of ${bad}`);
    }
  }
  assert.ok(isAcceptable({ ...good, memory: LIMITS.memory.min, iterations: LIMITS.iterations.min }));
});

test('a setting is said in words', () => {
  assert.equal(say(HOUSE_KDF, t), 'Argon2id, 32 MiB, 6 passes, 4 lanes');
  assert.equal(say(PRESETS[2].kdf, t), 'PBKDF2, 600,000 rounds');
});

test('a device is named by the number that its client sends', () => {
  assert.deepEqual([0, 1, 2, 8, 10, 25, 99].map(kindOf), [
    'android',
    'ios',
    'extension',
    'desktop',
    'web',
    'cli',
    'other',
  ]);
  assert.deepEqual([0, 10, 25].map(iconOf), ['phone', 'device', 'ssh']);
});
