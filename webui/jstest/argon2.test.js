import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { Argon2Worker } from '../static/crypto/argon2.js';
import { utf8 } from '../static/crypto/bytes.js';

const KDF = { type: 1, iterations: 6, memory: 32, parallelism: 4 };

/** Workers that answer when they are told to. */
function workers() {
  const started = [];
  const start = () => {
    const worker = Object.assign(new EventTarget(), {
      orders: [],
      ended: false,
      postMessage: (order) => worker.orders.push(order),
      terminate: () => (worker.ended = true),
      say: (data) => worker.dispatchEvent(Object.assign(new Event('message'), { data })),
    });
    started.push(worker);
    return worker;
  };
  return { started, start };
}

test('derives in one worker, each answer to its question', async () => {
  const { started, start } = workers();
  const argon2 = new Argon2Worker(start);
  const password = utf8('secret');
  const first = argon2.derive(password, utf8('salt'), KDF);
  const second = argon2.derive(utf8('other'), utf8('salt'), KDF);
  password.fill(0);
  assert.equal(started.length, 1);
  const [one, two] = started[0].orders;
  assert.equal(new TextDecoder().decode(one.password), 'secret', 'the worker has a copy of its own');
  assert.deepEqual([one.iterations, one.memory, one.parallelism], [6, 32, 4]);
  started[0].say({ ready: true });
  started[0].say({ id: two.id, key: new Uint8Array([2]) });
  started[0].say({ id: one.id, key: new Uint8Array([1]) });
  assert.deepEqual(await first, new Uint8Array([1]));
  assert.deepEqual(await second, new Uint8Array([2]));
  argon2.stop();
});

test('ends the worker when it has rested, and starts another when needed', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  const { started, start } = workers();
  const argon2 = new Argon2Worker(start);
  const derived = argon2.derive(utf8('x'), utf8('s'), KDF);
  mock.timers.tick(60_000);
  assert.equal(started[0].ended, false, 'not while it works');
  const later = argon2.derive(utf8('y'), utf8('s'), KDF);
  started[0].say({ id: started[0].orders[0].id, key: new Uint8Array(32) });
  await derived;
  mock.timers.tick(60_000);
  assert.equal(started[0].ended, false, 'nor while more waits');
  started[0].say({ id: started[0].orders[1].id, key: new Uint8Array(32) });
  await later;
  mock.timers.tick(14_000);
  assert.equal(started[0].ended, false);
  mock.timers.tick(2_000);
  assert.equal(started[0].ended, true);
  argon2.warm();
  assert.equal(started.length, 2);
  mock.timers.tick(60_000);
  assert.equal(started[1].ended, true, 'one that was only warmed ends, too');
  mock.timers.reset();
});

test('a worker that fails rejects what waits', async () => {
  const { started, start } = workers();
  const argon2 = new Argon2Worker(start);
  const waiting = argon2.derive(utf8('x'), utf8('s'), KDF);
  started[0].dispatchEvent(new Event('error'));
  await assert.rejects(waiting, /worker failed/);
  assert.equal(started[0].ended, true);
  const refused = argon2.derive(utf8('x'), utf8('s'), KDF);
  started[1].say({ id: started[1].orders[0].id, error: 'out of memory' });
  await assert.rejects(refused, /out of memory/);
  argon2.stop();
});
