import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Api, ApiError, errorOf } from '../static/net/api.js';

const json = (body, status = 200, headers = {}) => new Response(JSON.stringify(body), { status, headers });

/** An Api whose answers come from a list, and what reached them. */
function scripted(...answers) {
  const seen = [];
  const send = async (url, init) => {
    seen.push({
      url,
      ...init,
      body: init.body instanceof URLSearchParams ? init.body.toString() : init.body,
    });
    const answer = answers.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { api: new Api({ send, deviceType: 9, deviceId: 'device' }), seen };
}

test('a request says who asks', async () => {
  const { api, seen } = scripted(json({}), json({}));
  await api.get('/latchkey/state');
  assert.equal(seen[0].headers['Device-Type'], '9');
  assert.equal(seen[0].headers['Bitwarden-Client-Name'], 'web');
  assert.match(seen[0].headers['Bitwarden-Client-Version'], /^\d+\.\d+\.\d+$/);
  assert.equal(seen[0].headers['Device-Identifier'], 'device');
  assert.equal(seen[0].headers.Authorization, undefined);
  assert.equal(seen[0].redirect, 'error');
  assert.equal(seen[0].credentials, 'same-origin');
  api.setTokens({ access: 'a', refresh: 'r' });
  await api.put('/api/x', { y: 1 });
  assert.equal(seen[1].headers.Authorization, 'Bearer a');
  assert.equal(seen[1].headers['Content-Type'], 'application/json');
  assert.equal(seen[1].body, '{"y":1}');
});

test('an unchanged resource is told by its tag', async () => {
  const { api, seen } = scripted(
    json({ a: 1 }, 200, { ETag: '"1"' }),
    new Response(null, { status: 304, headers: { ETag: '"1"' } }),
  );
  assert.deepEqual(await api.getIfChanged('/x', ''), { changed: true, body: { a: 1 }, etag: '"1"' });
  assert.deepEqual(await api.getIfChanged('/x', '"1"'), { changed: false, body: null, etag: '"1"' });
  assert.equal(seen[0].headers['If-None-Match'], undefined);
  assert.equal(seen[1].headers['If-None-Match'], '"1"');
});

test('an expired token is renewed once, for all who wait', async () => {
  const refreshes = [];
  const send = async (url, init) => {
    if (url === '/identity/connect/token') {
      refreshes.push(String(init.body));
      await new Promise((resolve) => setTimeout(resolve, 5));
      return json({ access_token: 'new', refresh_token: 'r2' });
    }
    return init.headers.Authorization === 'Bearer new' ? json({ url }) : json({}, 401);
  };
  const api = new Api({ send });
  api.setTokens({ access: 'old', refresh: 'r1' });
  const answers = await Promise.all(['/a', '/b', '/c'].map((path) => api.get(path)));
  assert.deepEqual(
    answers.map((answer) => answer.url),
    ['/a', '/b', '/c'],
  );
  assert.deepEqual(refreshes, ['grant_type=refresh_token&client_id=web&refresh_token=r1']);
});

test('a session that the server no longer knows ends, once', async (t) => {
  for (const [name, answers] of [
    ['the refresh is refused', [json({}, 401), json({ error: 'invalid_grant' }, 400)]],
    [
      'the new token is refused, too',
      [json({}, 401), json({ access_token: 'n', refresh_token: 'r' }), json({}, 401)],
    ],
  ]) {
    await t.test(name, async () => {
      const { api } = scripted(...answers);
      let ended = 0;
      api.onExpired = () => ended++;
      api.setTokens({ access: 'a', refresh: 'r' });
      await assert.rejects(api.get('/x'), (error) => error instanceof ApiError && error.status === 401);
      assert.equal(ended, 1);
      assert.equal(api.signedIn, false);
    });
  }
});

test('a server that stumbles does not end a session', async (t) => {
  for (const [name, answer] of [
    ['an error inside', json({}, 500)],
    ['too many requests', json({}, 429)],
    ['no answer', new TypeError('fetch failed')],
  ]) {
    await t.test(name, async () => {
      const { api } = scripted(json({}, 401), answer);
      api.onExpired = () => assert.fail('the session ended');
      api.setTokens({ access: 'a', refresh: 'r' });
      await assert.rejects(api.get('/x'), ApiError);
      assert.equal(api.signedIn, true);
    });
  }
});

test('without an answer it says so', async () => {
  const { api } = scripted(new TypeError('fetch failed'));
  await assert.rejects(
    api.get('/x'),
    (error) => error.offline && error.code === 'offline' && error.hint !== '',
  );
});

test('an empty answer is nothing; half an answer is a trouble', async () => {
  const { api } = scripted(
    new Response(''),
    new Response(null, { status: 204 }),
    new Response('{"ciphers":[{"id"'),
    new Response('<html>', { status: 502 }),
  );
  assert.equal(await api.post('/x'), null);
  assert.equal(await api.post('/x'), null);
  await assert.rejects(api.post('/x'), { code: 'garbled' });
  await assert.rejects(api.post('/x'), { code: 'http.502' });
});

test("the server's words reach the person", async (t) => {
  const problem = { code: 'kit.mismatch', text: 'Not these.', hint: 'Look again.', values: { left: '2' } };
  for (const [name, body, want] of [
    [
      'our own problem comes first',
      { message: 'M', problem },
      { code: 'kit.mismatch', text: 'Not these.', hint: 'Look again.', values: { left: '2' } },
    ],
    [
      'a validation text before the message',
      { message: 'M', validationErrors: { '': ['V'] } },
      { text: 'V' },
    ],
    ['the message', { message: 'M', validationErrors: null }, { text: 'M' }],
    [
      'the model of the token endpoint',
      { error: 'invalid_grant', error_description: 'd', ErrorModel: { Message: 'W' } },
      { text: 'W', grant: 'd' },
    ],
    ['nothing at all', null, { text: 'Latchkey could not do that.', code: 'http.400' }],
    ['something odd', { message: { a: 1 } }, { text: 'Latchkey could not do that.' }],
  ]) {
    await t.test(name, () => {
      const error = errorOf(400, body);
      for (const [key, value] of Object.entries(want)) assert.deepEqual(error[key], value, key);
      assert.equal(error.status, 400);
    });
  }
});

test('a file comes as it is', async (t) => {
  await t.test('and not as JSON', async () => {
    const { api, seen } = scripted(new Response('a,b\r\n', { headers: { 'Content-Type': 'text/csv' } }));
    api.setTokens({ access: 'a', refresh: 'r' });
    const file = await api.file('/latchkey/log/export?format=csv');
    assert.equal(await file.text(), 'a,b\r\n');
    assert.equal(file.type, 'text/csv');
    assert.equal(seen[0].headers.Authorization, 'Bearer a');
    assert.equal(seen[0].headers.Accept, '*/*');
  });
  await t.test('or as the problem that there is', async () => {
    const problem = { code: 'log.format', text: 'No.', hint: '' };
    const { api } = scripted(json({ problem }, 400));
    await assert.rejects(api.file('/x'), { code: 'log.format' });
  });
});

test('nobody is asked for a proof where nobody pressed anything', async () => {
  const stale = () => json({ problem: { code: 'proof.stale', text: 'No.', hint: '' } }, 400);
  const { api, seen } = scripted(stale(), stale(), json({ a: 1 }));
  let asked = 0;
  api.onStale = async () => ++asked > 0;
  await assert.rejects(api.get('/x', { unasked: true }), { code: 'proof.stale' });
  assert.deepEqual([asked, seen.length], [0, 1]);
  assert.deepEqual(await api.get('/x'), { a: 1 });
  assert.deepEqual([asked, seen.length], [1, 3]);
});
