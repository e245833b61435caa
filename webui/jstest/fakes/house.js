/**
 * A small house for tests: it speaks as much of the wire as the page uses,
 * keeps what it is told word by word, and counts what reaches it.
 */

const NOW = '2026-01-01T00:00:00.000000Z';

export class House {
  /** @type {{method:string, path:string, body:any, headers:Headers}[]} */
  requests = [];
  accounts = new Map();
  ciphers = new Map();
  folders = new Map();
  /** As GET /api/webauthn lists them. @type {any[]} */
  passkeys = [];
  /** Somebody else changes something just before a rotation arrives. @type {() => void} */
  beforeRotation = () => {};
  /** Paths that fail next, once each: 'PUT /api/ciphers/x' -> status. @type {Map<string, number>} */
  failing = new Map();
  /** Answers wait for this. @type {Promise<void>} */
  gate = Promise.resolve();
  offline = false;
  /** Second factors and passkeys, where a test has them. @type {import('./authenticator.js').Factors|null} */
  factors = null;
  #revision = 0;
  #next = 0;
  #tokens = new Set();
  #refresh = new Set();

  /** Stands in for fetch. */
  send = async (url, init) => {
    const headers = new Headers(init.headers);
    const text = init.body === undefined ? null : String(init.body);
    const isForm = init.body instanceof URLSearchParams;
    const body = text === null ? null : isForm ? Object.fromEntries(init.body) : JSON.parse(text);
    this.requests.push({ method: init.method, path: url, body, headers });
    await this.gate;
    if (this.offline) throw new TypeError('fetch failed');
    const { status = 200, json = null, etag } = this.#answer(init.method, url, body, headers);
    const out = { 'Content-Type': 'application/json', ...(etag && { ETag: etag }) };
    const empty = json === null || status === 304 || status === 204;
    return new Response(empty ? null : JSON.stringify(json), { status, headers: out });
  };

  /** What reached it since, as 'METHOD /path'. */
  take() {
    const taken = this.requests.map(({ method, path }) => `${method} ${path}`);
    this.requests = [];
    return taken;
  }

  /** Ends every session, as a new security stamp does. */
  endSessions() {
    this.#tokens.clear();
    this.#refresh.clear();
  }

  /** Ends the access tokens only: clients refresh. */
  endAccess() {
    this.#tokens.clear();
  }

  /** Somebody else's change. */
  touch(id, change) {
    const cipher = this.ciphers.get(id);
    this.ciphers.set(id, { ...cipher, ...change, revisionDate: this.#now() });
  }

  #answer(method, path, body, headers) {
    const failing = this.failing.get(`${method} ${path}`);
    if (failing) {
      this.failing.delete(`${method} ${path}`);
      return { status: failing, json: { message: 'No.', object: 'error' } };
    }
    const open = this.#openRoute(method, path, body) ?? this.factors?.answer(method, path, body, this);
    if (open) return open;
    const token = headers.get('Authorization')?.slice('Bearer '.length);
    if (!this.#tokens.has(token)) return { status: 401, json: { message: 'Unauthorized' } };
    return this.#route(method, path, body, headers);
  }

  #openRoute(method, path, body) {
    switch (`${method} ${path}`) {
      case 'POST /identity/accounts/prelogin/password': {
        const account = this.accounts.get(body.email);
        const { kdf, salt } = account ?? { kdf: HOUSE, salt: body.email };
        return { json: { kdf: kdf.kdfType, kdfSettings: kdf, salt } };
      }
      case 'POST /identity/accounts/register/finish':
        this.accounts.set(body.email, {
          id: '00000000-0000-4000-8000-000000000001',
          email: body.email,
          name: body.name,
          hash: body.masterPasswordHash,
          wrapped: body.masterPasswordUnlock.masterKeyWrappedUserKey,
          salt: body.masterPasswordUnlock.salt,
          kdf: body.masterPasswordUnlock.kdf,
          privateKey: body.userAsymmetricKeys.encryptedPrivateKey,
          publicKey: body.userAsymmetricKeys.publicKey,
        });
        return { json: { object: 'registerFinish' } };
      case 'POST /identity/connect/token':
        if (body.grant_type === 'webauthn') return this.#passkeyGrant(body);
        return body.grant_type === 'refresh_token' ? this.#refreshGrant(body) : this.#passwordGrant(body);
    }
    return null;
  }

  #passwordGrant(body) {
    const account = this.accounts.get(body.username);
    if (!account || account.hash !== body.password) {
      return {
        status: 400,
        json: {
          error: 'invalid_grant',
          error_description: 'invalid_username_or_password',
          ErrorModel: { Message: 'Username or password is incorrect. Try again.', Object: 'error' },
        },
      };
    }
    const refused = this.factors?.second(body);
    if (refused) return refused;
    this.account = account;
    const remembered = body.twoFactorRemember === '1' ? { TwoFactorToken: 'spared' } : {};
    return this.#enter(remembered);
  }

  #passkeyGrant({ deviceResponse }) {
    const used = this.factors.passkeys.find(({ id }) => id === JSON.parse(deviceResponse).id);
    if (!used) return { status: 400, json: { problem: { code: 'passkey.unknown', text: 'No.', hint: '.' } } };
    [this.account] = this.accounts.values();
    const { encryptedPrivateKey: EncryptedPrivateKey, encryptedUserKey: EncryptedUserKey } = used;
    const WebAuthnPrfOption = EncryptedUserKey ? { EncryptedPrivateKey, EncryptedUserKey } : null;
    return this.#enter({}, { WebAuthnPrfOption });
  }

  #enter(more, ways = {}) {
    const { account } = this;
    const refresh = `refresh-${++this.#next}`;
    this.#refresh.add(refresh);
    const {
      kdfType: KdfType,
      iterations: Iterations,
      memory: Memory,
      parallelism: Parallelism,
    } = account.kdf;
    const Kdf = { KdfType, Iterations, Memory, Parallelism };
    const MasterPasswordUnlock = { MasterKeyWrappedUserKey: account.wrapped, Salt: account.salt, Kdf };
    const UserDecryptionOptions = { MasterPasswordUnlock, ...ways };
    return { json: { ...this.#grant(), refresh_token: refresh, UserDecryptionOptions, ...more } };
  }

  #refreshGrant(body) {
    if (!this.#refresh.has(body.refresh_token)) return { status: 400, json: { error: 'invalid_grant' } };
    return { json: { ...this.#grant(), refresh_token: body.refresh_token } };
  }

  #grant() {
    const claims = Buffer.from(JSON.stringify({ email: this.account.email })).toString('base64url');
    const access = `h.${claims}.${++this.#next}`;
    this.#tokens.add(access);
    return { access_token: access, expires_in: 3600, token_type: 'Bearer' };
  }

  #route(method, path, body, headers) {
    const [, id, act] = /^\/api\/(?:ciphers|folders)\/([^/]+)(?:\/(.*))?$/.exec(path) ?? [];
    switch (`${method} ${path}`) {
      case 'GET /api/sync?excludeDomains=true':
        return this.#sync(headers);
      case 'POST /api/ciphers':
        return { json: this.#keep({ ...body, id: `c${++this.#next}`, creationDate: this.#now() }) };
      case 'PUT /api/ciphers/delete':
        return this.#each(body.ids, { deletedDate: NOW }, false);
      case 'PUT /api/ciphers/restore':
        return this.#each(body.ids, { deletedDate: null }, true);
      case 'PUT /api/ciphers/archive':
        return this.#each(body.ids, { archivedDate: NOW }, true);
      case 'PUT /api/ciphers/unarchive':
        return this.#each(body.ids, { archivedDate: null }, true);
      case 'PUT /api/ciphers/move':
        return this.#each(body.ids, { folderId: body.folderId }, false);
      case 'DELETE /api/ciphers':
        for (const gone of body.ids) this.ciphers.delete(gone);
        this.#now();
        return {};
      case 'POST /api/ciphers/import':
        return this.#import(body);
      case 'POST /api/folders':
        return { json: this.#keepFolder(`f${++this.#next}`, body) };
      case 'POST /api/accounts/password':
      case 'POST /api/accounts/kdf':
        return this.#change(body);
      case 'GET /api/accounts/keys':
        return { json: { key: this.account.wrapped, ...pick(this.account, 'privateKey', 'publicKey') } };
      case 'GET /api/webauthn':
        return { json: { data: this.passkeys, object: 'list' } };
      case 'POST /api/accounts/key-management/rotate-user-account-keys':
        return this.#rotate(body);
      case 'POST /api/accounts/security-stamp':
      case 'DELETE /api/accounts':
        if (body.masterPasswordHash !== this.account.hash) return wrong();
        this.endSessions();
        return {};
      case 'PUT /api/accounts/profile':
        this.account.name = body.name;
        return { json: this.#profile() };
      case 'DELETE /latchkey/session':
        this.endSessions();
        return {};
    }
    if (path.startsWith('/api/folders/')) return this.#folder(method, id, body);
    if (path.startsWith('/api/ciphers/') && this.ciphers.has(id)) {
      if (method === 'GET') return { json: this.ciphers.get(id) };
      if (act === 'partial')
        return this.#each([id], { folderId: body.folderId, favorite: body.favorite }, 'one');
      if (method === 'PUT' && !act) return this.#update(id, body);
    }
    return { status: 404, json: { message: 'Not found.' } };
  }

  #update(id, body) {
    const old = this.ciphers.get(id);
    if (body.lastKnownRevisionDate !== old.revisionDate) {
      const problem = {
        code: 'item.stale',
        text: 'This item was changed meanwhile.',
        hint: 'Sync.',
        values: {},
      };
      return { status: 400, json: { message: problem.text, problem } };
    }
    const { deletedDate, creationDate } = old;
    return { json: this.#keep({ ...body, id, deletedDate, creationDate }) };
  }

  #folder(method, id, body) {
    if (method === 'DELETE') {
      this.folders.delete(id);
      for (const [key, cipher] of this.ciphers) {
        if (cipher.folderId === id)
          this.ciphers.set(key, { ...cipher, folderId: null, revisionDate: this.#now() });
      }
      return {};
    }
    return { json: this.#keepFolder(id, body) };
  }

  #keepFolder(id, { name }) {
    const folder = { id, name, revisionDate: this.#now(), object: 'folder' };
    this.folders.set(id, folder);
    return folder;
  }

  #import({ ciphers, folders, folderRelationships }) {
    const at = new Map(folderRelationships.map(({ key, value }) => [key, folders[value].id]));
    ciphers.forEach((cipher, i) => {
      const folderId = at.get(i) ?? null;
      this.#keep({ ...cipher, folderId, id: `c${++this.#next}`, creationDate: this.#now() });
    });
    return {};
  }

  #change(body) {
    if (body.masterPasswordHash !== this.account.hash) return wrong();
    const { authenticationData: proof, unlockData: unlock } = body;
    Object.assign(this.account, {
      hash: proof.masterPasswordAuthenticationHash,
      wrapped: unlock.masterKeyWrappedUserKey,
      kdf: unlock.kdf,
    });
    return {}; // the session that asks goes on
  }

  #rotate({ oldMasterKeyAuthenticationHash: hash, accountUnlockData: unlock, accountKeys, accountData }) {
    this.beforeRotation();
    if (hash !== this.account.hash) return wrong();
    const { ciphers, folders } = accountData;
    const fits = ciphers.every(
      ({ id, lastKnownRevisionDate: at }) => this.ciphers.get(id)?.revisionDate === at,
    );
    const whole = ciphers.length === this.ciphers.size && folders.length === this.folders.size;
    if (!fits || !whole || accountKeys.accountPublicKey !== this.account.publicKey) {
      const problem = { code: 'rotation.incomplete', text: 'A part is missing.', hint: 'Sync.', values: {} };
      return { status: 400, json: { message: problem.text, problem } };
    }
    for (const cipher of ciphers) {
      const { deletedDate, creationDate } = this.ciphers.get(cipher.id);
      this.#keep({ ...cipher, deletedDate, creationDate });
    }
    for (const { id, name } of folders) this.#keepFolder(id, { name });
    this.account.wrapped = unlock.masterPasswordUnlockData.masterKeyEncryptedUserKey;
    this.account.privateKey = accountKeys.userKeyEncryptedAccountPrivateKey;
    const anew = new Map(unlock.passkeyUnlockData.map((one) => [one.id, one]));
    const lost = this.passkeys.filter(({ id, encryptedUserKey }) => encryptedUserKey && !anew.has(id));
    this.passkeys = this.passkeys.map((one) => ({ ...one, ...anew.get(one.id) }));
    return { json: { lostPasskeys: lost.map(({ name }) => name), object: 'rotated' } };
  }

  #keep(cipher) {
    const body = { ...cipher };
    delete body.lastKnownRevisionDate;
    const kept = {
      object: 'cipherDetails',
      edit: true,
      viewPassword: true,
      permissions: { delete: true, restore: true },
      deletedDate: null,
      archivedDate: null,
      attachments: null,
      collectionIds: [],
      ...body,
      revisionDate: this.#now(),
    };
    this.ciphers.set(kept.id, kept);
    return kept;
  }

  #each(ids, change, answers) {
    const data = ids.map((id) => {
      this.touch(id, change);
      return this.ciphers.get(id);
    });
    if (answers === 'one') return { json: data[0] };
    return answers ? { json: { data, object: 'list' } } : {};
  }

  #sync(headers) {
    if (this.factors?.missing) {
      return { status: 400, json: { problem: { code: 'second.missing', text: 'No.', hint: '.' } } };
    }
    const etag = `"${this.#revision}-${this.factors?.options.length ?? 0}"`;
    if (headers.get('If-None-Match') === etag) return { status: 304, etag };
    const { account } = this;
    return {
      etag,
      json: {
        profile: this.#profile(),
        folders: [...this.folders.values()],
        ciphers: [...this.ciphers.values()],
        userDecryption: {
          webAuthnPrfOptions: this.factors?.options,
          masterPasswordUnlock: {
            kdf: account.kdf,
            salt: account.salt,
            masterKeyWrappedUserKey: account.wrapped,
          },
        },
        object: 'sync',
      },
    };
  }

  #profile() {
    const { id, email, name } = this.account;
    return { id, email, name, creationDate: NOW };
  }

  /** Each change has a moment of its own. */
  #now() {
    this.#revision++;
    return new Date(Date.UTC(2026, 0, 2) + this.#revision * 1000).toISOString();
  }
}

const HOUSE = { kdfType: 1, iterations: 6, memory: 32, parallelism: 4 };

function pick(from, ...names) {
  return Object.fromEntries(names.map((name) => [name, from[name]]));
}

function wrong() {
  return { status: 400, json: { message: 'Invalid password.' } };
}
