/** The parts of the model that ask nobody: search, places, codes, strength, generator, lock timer, memory. */
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { eachInSlices } from '../static/vault/breath.js';
import { describeBrowser } from '../static/vault/browser.js';
import { toCsv } from '../static/vault/csv.js';
import { below, bits, passphrase, password } from '../static/vault/generator.js';
import { lockSettings, LockTimer } from '../static/vault/lock-timer.js';
import { countPlaces, inPlace, PLACES } from '../static/vault/places.js';
import { memoryShelf } from '../static/vault/drafts.js';
import { Remember } from '../static/vault/remember.js';
import { find, fold, haystack } from '../static/vault/search.js';
import { strength } from '../static/vault/strength.js';
import { parseTotp, totp } from '../static/vault/totp.js';
import { load } from '../static/vault/words.js';
import { vectors, wordList } from './fakes/vectors.js';

test('texts are folded', async (t) => {
  for (const v of vectors('search.json', 'folds').folds) {
    await t.test(v.name, () => assert.equal(fold(v.text), v.folded));
  }
});

test('a query finds items, best first', async (t) => {
  const file = vectors('search.json', 'items', 'queries');
  const entries = file.items.map(({ name, texts }, i) => ({
    i,
    name: fold(name),
    hay: haystack([name, ...texts]),
  }));
  for (const v of file.queries) {
    await t.test(v.name, () =>
      assert.deepEqual(
        find(entries, v.query).map((entry) => entry.i),
        v.finds,
      ),
    );
  }
});

test('places', async (t) => {
  const item = (change) => ({
    kind: 'login',
    favourite: false,
    folderId: null,
    deleted: null,
    archived: null,
    ...change,
  });
  const items = [
    item({ favourite: true }),
    item({ folderId: 'f' }),
    item({ kind: 'note', archived: '2026' }),
    item({ kind: 'card', deleted: '2026', favourite: true, folderId: 'f' }),
    item({ kind: 'ssh', deleted: '2026', archived: '2026' }),
    item({ kind: 'other', folderId: 'unknown' }),
  ];
  const where = (it) => [...PLACES, 'folder:f'].filter((place) => inPlace(it, place));
  const want = [
    ['all', 'favourites', 'login', 'nofolder'],
    ['all', 'login', 'folder:f'],
    ['archive'],
    ['trash'],
    ['trash'],
    ['all', 'other'],
  ];
  for (const [i, it] of items.entries())
    await t.test(want[i].join(' '), () => assert.deepEqual(where(it), want[i]));
  await t.test('counts agree with the places', () => {
    const counts = countPlaces(items, [{ id: 'f' }, { id: 'empty' }]);
    for (const place of [...PLACES, 'folder:f', 'folder:empty']) {
      assert.equal(counts[place], items.filter((it) => inPlace(it, place)).length, place);
    }
  });
});

test('codes', async (t) => {
  const file = vectors('totp.json', 'codes', 'bad');
  for (const v of file.codes) {
    await t.test(v.name, async () => {
      const made = await totp(v.key, v.seconds * 1000 + 999);
      assert.equal(made.code, v.code);
      assert.equal(made.left, v.left);
      assert.equal(made.code.length, made.digits);
    });
  }
  for (const v of file.bad) {
    await t.test(`${v.name} is no key`, () => assert.throws(() => parseTotp(v.key), { code: 'totp.secret' }));
  }
});

test('strength', async (t) => {
  const file = vectors('strength.json', 'passwords', 'order');
  const about = { words: new Set(wordList()), email: 'alice@example.test', name: 'Alice' };
  for (const v of file.passwords) {
    await t.test(`«${v.password}» scores ${v.least} to ${v.most}`, () => {
      const { score, warning, seconds, guesses, key } = strength(v.password, about);
      assert.ok(score >= v.least && score <= v.most, `score ${score}, ${guesses} guesses`);
      if (v.warning !== undefined) assert.equal(warning, v.warning);
      assert.equal(seconds, guesses / 1e4);
      assert.equal(key, `strength.${score}`);
    });
  }
  for (const v of file.order) {
    await t.test(v.name, () => {
      assert.ok(strength(v.weaker, about).guesses < strength(v.stronger, about).guesses);
    });
  }
  await t.test('a very long one is judged by its beginning', () => {
    assert.equal(strength('a'.repeat(100_000), about).score, 0);
  });
  await t.test('what the generator makes by default is strong', async () => {
    assert.equal(strength(password(), about).score, 4);
    assert.equal(strength(await passphrase({}, wordList()), about).score, 4);
  });
});

test('passwords', async (t) => {
  await t.test('have the length and the sets that were asked for', () => {
    for (let i = 0; i < 200; i++) {
      const made = password({ length: 5, symbols: true });
      assert.equal(made.length, 5);
      for (const set of [/[a-z]/, /[A-Z]/, /[0-9]/, /[^a-zA-Z0-9]/]) assert.match(made, set);
      assert.match(password({ length: 40, lower: false, upper: false, symbols: false }), /^[0-9]{40}$/);
      assert.doesNotMatch(password({ length: 128, unambiguous: true }), /[0Oo1lI]/);
    }
  });
  await t.test('fall back on small letters when every set is off', () => {
    const made = password({ lower: false, upper: false, digits: false, symbols: false });
    assert.match(made, /^[a-z]{20}$/);
  });
  await t.test('keep to the lengths that make sense', () => {
    assert.equal(password({ length: 1 }).length, 5);
    assert.equal(password({ length: 1e9 }).length, 128);
    assert.equal(password({ length: NaN }).length, 5);
  });
  await t.test('differ', () =>
    assert.equal(new Set(Array.from({ length: 100 }, () => password())).size, 100),
  );
});

test('numbers are chosen evenly', async (t) => {
  await t.test('without modulo bias: what lies over the last whole multiple is thrown away', () => {
    const answers = [2 ** 32 - 1, 2 ** 32 - 4, 7];
    const fill = mock.method(crypto, 'getRandomValues', (array) => array.fill(answers.shift()));
    // 2^32 is 3 * 1431655765 + 1, so only 2^32 - 1 is thrown away.
    assert.equal(below(3), (2 ** 32 - 4) % 3);
    fill.mock.restore();
    assert.deepEqual(answers, [7]);
  });
  await t.test('each about as often', () => {
    const counts = new Array(10).fill(0);
    for (let i = 0; i < 20_000; i++) counts[below(10)]++;
    // Twelve standard deviations: this fails once in 10^32 runs.
    for (const count of counts) assert.ok(Math.abs(count - 2000) < 510, String(counts));
  });
});

test('passphrases', async (t) => {
  const list = wordList();
  await t.test('are words of the list', async () => {
    const made = (await passphrase({ words: 6, separator: ' ' }, list)).split(' ');
    assert.equal(made.length, 6);
    for (const word of made) assert.ok(list.includes(word), word);
  });
  await t.test('with capitals and a digit', async () => {
    const made = await passphrase({ words: 4, separator: '_', capitals: true, number: true }, list);
    assert.match(made, /^([A-Z][a-z-]+\d?_){3}[A-Z][a-z-]+\d?$/);
    assert.equal(made.match(/\d/g)?.length, 1);
  });
  await t.test('and their bits', () => {
    assert.equal(Math.round(bits({ words: 5 })), 65);
    assert.equal(bits({ length: 10, upper: false, digits: false, symbols: false }), 10 * Math.log2(26));
  });
});

test('the word list', async (t) => {
  await t.test('has 7,776 different words', () => assert.equal(new Set(wordList()).size, 7776));
  await t.test('is taken whole or not at all', async () => {
    assert.equal((await load(async () => wordList())).length, 7776);
    for (const bad of [null, [], ['a'], {}])
      await assert.rejects(
        load(async () => bad),
        { code: 'words.missing' },
      );
    await assert.rejects(
      load(() => Promise.reject(new Error('404'))),
      { code: 'words.missing' },
    );
  });
});

test('the lock timer', async (t) => {
  const MINUTE = 60_000;
  const timer = (settings) => {
    const told = [];
    const at = { now: 1e12 };
    const made = new LockTimer({
      lock: (reason) => {
        told.push(reason);
        made.stop();
      },
      touched: () => told.push('touched'),
      now: () => at.now,
    });
    made.settings = lockSettings(settings);
    made.start();
    t.after(() => made.stop());
    return { timer: made, told, at };
  };
  await t.test('locks after its minutes, not before', () => {
    const { timer: it, told, at } = timer({ minutes: 10 });
    at.now += 10 * MINUTE - 1;
    it.look();
    assert.deepEqual(told, []);
    at.now += 1;
    it.look();
    assert.deepEqual(told, ['timer']);
  });
  await t.test('a touch puts it off, and is told to other tabs once in a while', () => {
    const { timer: it, told, at } = timer({ minutes: 10 });
    at.now += 9 * MINUTE;
    it.touch();
    it.touch();
    at.now += 9 * MINUTE;
    it.look();
    assert.deepEqual(told, ['touched']);
  });
  await t.test('a touch in another tab puts it off and is not told again', () => {
    const { timer: it, told, at } = timer({ minutes: 10 });
    at.now += 9 * MINUTE;
    it.touchedElsewhere();
    at.now += 9 * MINUTE;
    it.look();
    assert.deepEqual(told, []);
  });
  await t.test('the first touch after a long sleep locks', () => {
    const { timer: it, told, at } = timer({ minutes: 10 });
    at.now += 600 * MINUTE;
    it.touch();
    assert.deepEqual(told, ['timer']);
  });
  await t.test('0 minutes: never by time', () => {
    const { timer: it, told, at } = timer({ minutes: 0 });
    at.now += 1e10;
    it.look();
    it.touch();
    assert.ok(!told.includes('timer'));
  });
  await t.test('a clock set back starts the minutes again', () => {
    const { timer: it, told, at } = timer({ minutes: 10 });
    at.now -= 1e9;
    it.look();
    at.now += 9 * MINUTE;
    it.look();
    assert.deepEqual(told, []);
    at.now += MINUTE;
    it.look();
    assert.deepEqual(told, ['timer']);
  });
  await t.test('on blur, if asked', () => {
    const shy = timer({ minutes: 10, onBlur: true });
    shy.timer.blur();
    assert.deepEqual(shy.told, ['blur']);
    const calm = timer({ minutes: 10, onBlur: false });
    calm.timer.blur();
    assert.deepEqual(calm.told, []);
  });
  await t.test('not while nothing is open', () => {
    const { timer: it, told, at } = timer({ minutes: 1, onBlur: true });
    it.stop();
    at.now += 100 * MINUTE;
    it.touch();
    it.blur();
    assert.deepEqual(told, []);
  });
  await t.test('odd settings become the defaults', () => {
    for (const odd of [undefined, null, 'x', {}, { minutes: -1 }, { minutes: 'soon' }]) {
      assert.deepEqual(lockSettings(odd), { minutes: 10, onBlur: false, onClose: true });
    }
  });
});

test('what this browser remembers', async (t) => {
  await t.test('comes back, and is forgotten on request', () => {
    const box = memoryShelf();
    new Remember(box).set('lock', { minutes: 3 });
    assert.deepEqual(new Remember(box).get('lock'), { minutes: 3 });
    new Remember(box).set('lock', undefined);
    assert.equal(new Remember(box).get('lock'), undefined);
    assert.equal(box.length, 0);
  });
  await t.test('has names from a list only', () => {
    const remember = new Remember(memoryShelf());
    for (const name of ['password', 'token', 'kdf.alice@example.test', '']) {
      assert.throws(() => remember.set(name, 1), /not on the list/);
    }
  });
  await t.test('a device keeps its id', () => {
    const box = memoryShelf();
    const { device } = new Remember(box);
    assert.match(device, /^[0-9a-f-]{36}$/);
    assert.equal(new Remember(box).device, device);
  });
  await t.test('KDF settings are kept by address, which does not stand there', async () => {
    const box = memoryShelf();
    const kdf = { type: 1, iterations: 6, memory: 32, parallelism: 4 };
    await new Remember(box).setKdf('alice@example.test', kdf);
    assert.deepEqual(await new Remember(box).kdf('alice@example.test'), kdf);
    assert.equal(await new Remember(box).kdf('bob@example.test'), undefined);
    assert.doesNotMatch(box.key(0) + box.getItem(box.key(0)), /alice/);
  });
  await t.test('a browser that stores nothing is no trouble', () => {
    const refusing = {
      getItem: () => null,
      setItem: () => {
        throw new Error('QuotaExceededError');
      },
      removeItem: () => {},
    };
    for (const box of [null, refusing]) {
      const remember = new Remember(box);
      remember.set('email', 'a@example.test');
      assert.equal(remember.get('email'), 'a@example.test');
    }
  });
  await t.test('what somebody else wrote there is no trouble', () => {
    const box = memoryShelf();
    box.setItem('latchkey.lock', '{broken');
    assert.equal(new Remember(box).get('lock'), undefined);
  });
});

test('browsers are told apart', async (t) => {
  const chrome =
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36';
  for (const [agent, type, name] of [
    [chrome, 9, 'Chrome on Linux'],
    [`${chrome} Edg/140.0`, 12, 'Edge on Linux'],
    [`${chrome} OPR/99.0`, 11, 'Opera on Linux'],
    [chrome.replace('Chrome/', 'HeadlessChrome/'), 9, 'Chrome on Linux'],
    [chrome.replace('Chrome/', 'Ubuntu Chromium/140.0 Chrome/'), 9, 'Chromium on Linux'],
    [chrome.replace('X11; Linux x86_64', 'Linux; Android 10; K'), 9, 'Chrome on Android'],
    [
      'Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0',
      10,
      'Firefox on Windows',
    ],
    [
      'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1',
      17,
      'Safari on iPhone',
    ],
    ['', 14, 'Browser'],
  ]) {
    await t.test(name, () => assert.deepEqual(describeBrowser(agent), { type, name }));
  }
});

test('CSV is quoted where it must be', () => {
  assert.equal(toCsv([['a', 'b c', 'd,e', 'f"g', 'h\ni', ' j', '']]), 'a,b c,"d,e","f""g","h\ni"," j",\r\n');
});

test('long work goes over the whole list, and lets the page breathe', async (t) => {
  const list = Array.from({ length: 1000 }, (_, i) => i);
  await t.test('each once, with its place', async () => {
    const seen = [];
    const shares = [];
    await eachInSlices(list, async (element, i) => void seen.push([element, i]), {
      onDone: (done) => shares.push(done),
    });
    assert.deepEqual(
      seen.sort((a, b) => a[0] - b[0]),
      list.map((i) => [i, i]),
    );
    assert.equal(shares.at(-1), 1);
    assert.ok(shares.length > 10 && shares.every((share, i) => i === 0 || share >= shares[i - 1]));
  });
  await t.test('many at a time', async () => {
    let now = 0;
    let most = 0;
    await eachInSlices(list, async () => {
      most = Math.max(most, ++now);
      await null;
      now--;
    });
    assert.ok(most > 1 && most <= 64, String(most));
  });
  await t.test('a failure ends it', async () => {
    let worked = 0;
    const failing = eachInSlices(list, async (i) => {
      worked++;
      await null;
      if (i === 3) throw new Error('no');
    });
    await assert.rejects(failing, /no/);
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(worked < 200, String(worked));
  });
  await t.test('it ends when it is stopped', async () => {
    let worked = 0;
    await eachInSlices(list, async () => void worked++, { stopped: () => worked >= 100 });
    assert.equal(worked, 100);
  });
  await t.test('others have their turn meanwhile', async () => {
    const clock = mock.method(performance, 'now', () => (clock.at += 5));
    clock.at = 0;
    let turns = 0;
    let working = true;
    const other = (async () => {
      while (working) {
        await new Promise((resolve) => setTimeout(resolve, 0));
        turns++;
      }
    })();
    await eachInSlices(list, async () => {});
    working = false;
    clock.mock.restore();
    await other;
    assert.ok(turns > 10, String(turns));
  });
  await t.test('nothing to do is done', async () => {
    await eachInSlices([], () => assert.fail('worked'));
  });
});
