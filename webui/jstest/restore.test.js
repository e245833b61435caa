/** Bringing a house back, without a page: which step a state is, how far, what lies in a place. */
import assert from 'node:assert/strict';
import { test } from 'node:test';

// Before the modules make their clocks.
process.env.TZ = 'Europe/Berlin';
const { foundOf, houseOf, isOfKit, progressOf, severalHouses, sizeOf, stepOf, withHostKey } =
  await import('../static/views/restore-model.js');

const { commandIn, dayText, sayingOf } = await import('../static/views/restore-words.js');
const { sending } = await import('../static/net/upload.js');

test('each state of a restore has its view', () => {
  const steps = ['empty', 'waiting', 'reading', 'checking', 'ready', 'failed'].map((phase) =>
    stepOf({ phase }),
  );
  assert.deepEqual(steps, ['kit', 'where', 'read', 'read', 'found', 'failed']);
});

test('the bar shows the slower of sending and reading', () => {
  const reading = { phase: 'reading', done: 30, total: 100 };
  assert.deepEqual(progressOf(reading, { sent: 1, all: 4 }), { part: 0.25, done: 1, total: 4 });
  assert.deepEqual(progressOf(reading, { sent: 4, all: 4 }), { part: 0.3, done: 30, total: 100 });
  assert.deepEqual(progressOf(reading, null), { part: 0.3, done: 30, total: 100 });
  assert.equal(progressOf({ phase: 'reading', done: 3, total: 0 }, null).part, null);
  assert.equal(progressOf({ phase: 'reading', done: 3, total: 2 }, null).part, 1);
  assert.equal(progressOf({ ...reading, phase: 'checking' }, null).part, null);
});

test('a host key goes along only once it was compared', () => {
  const stranger = foundOf({
    compare: true,
    hostKey: 'ssh-ed25519 SHA256:x',
    fields: { hostKey: 'ssh-ed25519 SHA256:x' },
  });
  assert.equal(stranger.compare, true);
  const place = { kind: 'sftp', fields: { host: 'nas', hostKey: '' } };
  assert.deepEqual(withHostKey(place, null), place);
  assert.deepEqual(withHostKey(place, { key: stranger.hostKey }).fields, {
    host: 'nas',
    hostKey: 'ssh-ed25519 SHA256:x',
  });
  assert.equal(place.fields.hostKey, '');
});

test('what lies in a place is told by date and by house', () => {
  const older = { name: 'latchkey-1a2b3c4d-20261119T031500Z.age', made: '2026-11-19T03:15:00Z', bytes: 1 };
  const newer = { name: 'latchkey-99999999-20261120T031500Z.age', made: '2026-11-20T03:15:00Z', bytes: 2 };
  const found = foundOf({ copies: [older, newer], hostKey: 'ssh-ed25519 SHA256:x', fields: { host: 'nas' } });
  assert.deepEqual(
    found.copies.map(({ name }) => houseOf(name)),
    ['99999999', '1a2b3c4d'],
  );
  assert.equal(severalHouses(found.copies), true);
  assert.equal(severalHouses([older, { ...older, made: '2026-11-18T03:15:00Z' }]), false);
  assert.deepEqual(foundOf([older]), { copies: [older], compare: false, hostKey: '', fields: {} });
  assert.deepEqual(foundOf(null), { copies: [], compare: false, hostKey: '', fields: {} });
  assert.equal(houseOf('holiday.jpg'), '');
  assert.equal(
    sizeOf({
      made: '',
      parts: [
        { name: 'a', size: 3 },
        { name: 'b', size: 4 },
      ],
    }),
    7,
  );
  assert.equal(sizeOf({ made: '' }), 0);
  assert.equal(dayText('2026-11-20T02:12:00Z'), 'Friday 20 November 2026, 03:12');
});

test('a trouble of the kit leads back to the kit', () => {
  const codes = [
    'kit.unreadable',
    'backup.kit',
    'backup.signer',
    'backup.truncated',
    'target.unreachable',
    '',
  ];
  assert.deepEqual(
    codes.map((code) => isOfKit({ code })),
    [true, true, true, false, false, false],
  );
  assert.equal(isOfKit(null), false);
});

test('the command of a hint is found, and only that', () => {
  const hint = "Allow it once on this machine: sudo latchkey install --backup-dir '/mnt/my disk'";
  assert.equal(commandIn(hint), "sudo latchkey install --backup-dir '/mnt/my disk'");
  assert.equal(commandIn('Plug it in.'), '');
});

test('what is not as on the sheet is said as it is typed', () => {
  const read = { key: '', count: 0, of: 58 };
  assert.equal(sayingOf({ ...read, state: 'empty' }, 'recovery'), '');
  assert.equal(sayingOf({ ...read, state: 'short', count: 57 }, 'recovery'), '1 character to go');
  assert.equal(sayingOf({ ...read, state: 'short', count: 50 }, 'recovery'), '8 characters to go');
  assert.equal(sayingOf({ ...read, state: 'long', count: 60 }, 'recovery'), '2 characters too many.');
  assert.match(sayingOf({ ...read, state: 'slip', group: 7 }, 'recovery'), /group 7/);
  assert.match(sayingOf({ ...read, state: 'stranger', odd: 'Ä' }, 'recovery'), /“Ä”/);
  assert.notEqual(
    sayingOf({ ...read, state: 'right' }, 'recovery'),
    sayingOf({ ...read, state: 'right' }, 'signing'),
    'of a signing key nothing but its length is known',
  );
});

/** Just enough of an XMLHttpRequest. */
class FakeRequest extends EventTarget {
  static last;
  upload = new EventTarget();
  headers = {};
  constructor() {
    super();
    FakeRequest.last = this;
  }
  open(method, url) {
    Object.assign(this, { method, url });
  }
  setRequestHeader(name, value) {
    this.headers[name] = value;
  }
  send(body) {
    this.body = body;
  }
  abort() {
    this.dispatchEvent(new Event('abort'));
  }
  answer(status, responseText) {
    Object.assign(this, { status, statusText: '', responseText });
    this.dispatchEvent(new Event('load'));
  }
}

test('a file is sent with its progress, and a broken connection is no answer', async (context) => {
  globalThis.XMLHttpRequest = FakeRequest;
  context.after(() => delete globalThis.XMLHttpRequest);
  const told = [];
  const leaving = new AbortController();
  const send = () =>
    sending((sent, all) => told.push([sent, all]), leaving.signal)('/file', {
      method: 'PUT',
      headers: { Authorization: 'Bearer x' },
      body: 'the file',
    });
  await context.test('it tells how much has gone and gives the answer', async () => {
    const answer = send();
    const request = FakeRequest.last;
    request.upload.dispatchEvent(Object.assign(new Event('progress'), { loaded: 3, total: 8 }));
    request.answer(400, '{"problem":{"code":"backup.foreign"}}');
    const got = await answer;
    assert.equal(got.status, 400);
    assert.equal((await got.json()).problem.code, 'backup.foreign');
    assert.deepEqual(told, [[3, 8]]);
    assert.deepEqual(
      [request.method, request.body, request.headers.authorization],
      ['PUT', 'the file', 'Bearer x'],
    );
  });
  await context.test('an answer without a body is one', async () => {
    const answer = send();
    FakeRequest.last.answer(204, '');
    assert.equal((await answer).status, 204);
  });
  await context.test('no answer is told as none', async () => {
    const answer = send();
    FakeRequest.last.dispatchEvent(new Event('error'));
    await assert.rejects(answer, /no answer/);
  });
  await context.test('leaving ends it', async () => {
    const answer = send();
    leaving.abort();
    await assert.rejects(answer, /no answer/);
    await assert.rejects(send(), /no answer/, 'nothing is begun after that');
  });
});
