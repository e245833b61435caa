/**
 * The page's only way to the server: requests, tokens, and errors made fit for
 * a person. It holds the tokens in memory, knows nothing of keys or items, and
 * never speaks to another origin.
 */

/** Requests that take longer are given up; the largest import takes a few seconds on a small machine. */
const TIMEOUT = 60_000;
/** A file of a whole log, from a small machine over a slow line. */
const LONG = 600_000;

const OFFLINE = {
  code: 'offline',
  text: "Latchkey can't be reached.",
  hint: 'Check that this device is on the network. What you typed is kept.',
};

const GARBLED = {
  code: 'garbled',
  text: "The server's answer could not be read.",
  hint: 'Try again; if it stays, look at the machine of this house.',
};

/** What went wrong with a request: two sentences for a person, and a code to translate them by. */
export class ApiError extends Error {
  /**
   * @param {object} what
   * @param {number} [what.status] 0 where no answer came
   * @param {string} [what.code]
   * @param {string} [what.text] what happened
   * @param {string} [what.hint] what to do
   * @param {Record<string,string>} [what.values]
   * @param {boolean} [what.offline] the server was not reached
   * @param {string} [what.grant] the token endpoint's error_description
   * @param {Record<string, any>|null} [what.providers] the ways to show a second factor, by the wire's numbers
   */
  constructor({
    status = 0,
    code = 'unknown',
    text = '',
    hint = '',
    values = {},
    offline = false,
    grant = '',
    providers = null,
  }) {
    super(text || code);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
    this.text = text;
    this.hint = hint;
    this.values = values;
    this.offline = offline;
    this.grant = grant;
    this.providers = providers;
  }
}

/**
 * @typedef {{access:string, refresh:string}} Tokens
 * @typedef {(url:string, init:RequestInit) => Promise<Response>} Fetch
 * @typedef {{headers?:Record<string,string>, keepalive?:boolean, timeout?:number, unasked?:boolean, file?:boolean, by?:Fetch}} SendOptions
 *   timeout in ms; file: the answer is a Blob; by: instead of fetch, which can't tell how much was sent
 * @typedef {object} ApiOptions
 * @property {string} [base]        where the server is; '' is where the page came from
 * @property {number} [deviceType]  Bitwarden's number of this browser
 * @property {string} [deviceId]    this browser's identifier (a UUID)
 * @property {string} [deviceToken] what shows the house that it is the browser of an earlier sign-in
 * @property {string} [version]     the wire's client version, as clients of that year send it
 * @property {Fetch} [send] stands in for fetch in tests
 */

const TOKEN = '/identity/connect/token';

/** One door to the server. */
export class Api {
  /** @type {Tokens|null} */
  #tokens = null;
  /** @type {Promise<boolean>|null} */
  #refreshing = null;
  /** @type {Promise<boolean>|null} */
  #proving = null;

  /** @param {ApiOptions} [options] */
  constructor({
    base = '',
    deviceType = 14,
    deviceId = '',
    deviceToken = '',
    version = '2026.9.0',
    send = (url, init) => fetch(url, init),
  } = {}) {
    this.base = base;
    this.deviceType = deviceType;
    this.deviceId = deviceId;
    this.deviceToken = deviceToken;
    this.version = version;
    this.send = send;
    /** Called once when the server no longer knows this session. @type {() => void} */
    this.onExpired = () => {};
    /** Asked when an act wants a fresh proof of who sits here; true: repeat it. @type {() => Promise<boolean>} */
    this.onStale = async () => false;
    /** Called when what stands for a proof no longer does. @type {() => void} */
    this.onProofEnded = () => {};
    /** Called when the house wants a second factor of this person first. @type {() => void} */
    this.onMissing = () => {};
  }

  /** Whether there is a session to speak in. */
  get signedIn() {
    return this.#tokens !== null;
  }

  /** Takes the tokens of a session, or forgets them. @param {Tokens|null} tokens */
  setTokens(tokens) {
    this.#tokens = tokens;
  }

  /**
   * Reads a resource. @param {string} path
   * @param {{unasked?:boolean}} [options] unasked: nobody pressed anything, so nobody is asked for a proof
   * @returns {Promise<any>} the parsed body, null where it was empty
   */
  async get(path, options) {
    return (await this.#call('GET', path, undefined, options)).body;
  }

  /**
   * Fetches a file as it is, to be saved. @param {string} path @returns {Promise<Blob>}
   */
  async file(path) {
    const options = { headers: { Accept: '*/*' }, timeout: LONG, file: true };
    return (await this.#call('GET', path, undefined, options)).body;
  }

  /**
   * Reads a resource unless it is still the one that etag names.
   * @param {string} path @param {string} etag '' for whatever there is
   * @returns {Promise<{changed:boolean, body:any, etag:string}>}
   */
  async getIfChanged(path, etag) {
    /** @type {Record<string,string>} */
    const headers = etag ? { 'If-None-Match': etag } : {};
    const answer = await this.#call('GET', path, undefined, { headers });
    return {
      changed: answer.status !== 304,
      body: answer.body,
      etag: answer.headers.get('ETag') ?? '',
    };
  }

  /**
   * @param {string} path @param {unknown} [body]
   * @param {SendOptions} [options] timeout for bodies that take long to send
   * @returns {Promise<any>}
   */
  async post(path, body, options = {}) {
    return (await this.#call('POST', path, body, options)).body;
  }

  /** @param {string} path @param {unknown} [body] a Blob goes as it is @param {SendOptions} [options] @returns {Promise<any>} */
  async put(path, body, options) {
    return (await this.#call('PUT', path, body, options)).body;
  }

  /**
   * @param {string} path @param {unknown} [body]
   * @param {{keepalive?:boolean}} [options] keepalive: let it finish while the page is closing
   * @returns {Promise<any>}
   */
  async delete(path, body, options = {}) {
    return (await this.#call('DELETE', path, body, options)).body;
  }

  /**
   * Posts a form, as the token endpoint wants it, without the session's token.
   * @param {string} path @param {Record<string,string>} fields @returns {Promise<any>}
   */
  async form(path, fields) {
    const answer = await this.#send('POST', path, new URLSearchParams(fields), {}, null);
    return (await this.#read(answer)).body;
  }

  /** @param {string} method @param {string} path @param {unknown} [body] @param {SendOptions} [options] */
  async #call(method, path, body, options = {}) {
    try {
      return await this.#once(method, path, body, options);
    } catch (error) {
      const { code } = Object(error);
      if (code === 'second.missing') this.onMissing();
      if (code === 'verification.ended') this.onProofEnded();
      if (code !== 'proof.stale' || options.unasked || !(await this.#prove())) throw error;
      return this.#once(method, path, body, options);
    }
  }

  /** Has the person prove who they are, once for all who wait. */
  #prove() {
    this.#proving ??= this.onStale().finally(() => {
      this.#proving = null;
    });
    return this.#proving;
  }

  /** @param {string} method @param {string} path @param {unknown} body @param {SendOptions} options */
  async #once(method, path, body, options) {
    const tokens = this.#tokens;
    let answer = await this.#send(method, path, body, options, tokens);
    if (answer.status === 401 && tokens !== null) {
      if (await this.#refresh(tokens)) {
        answer = await this.#send(method, path, body, options, this.#tokens);
      }
      if (answer.status === 401 && this.#tokens !== null) this.#expire();
    }
    return this.#read(answer, options.file);
  }

  /**
   * @param {string} method @param {string} path @param {unknown} body
   * @param {SendOptions} options @param {Tokens|null} tokens
   * @returns {Promise<Response>}
   */
  async #send(method, path, body, options, tokens) {
    /** @type {Record<string,string>} */
    const headers = {
      Accept: 'application/json',
      'Device-Type': String(this.deviceType),
      'Bitwarden-Client-Name': 'web',
      'Bitwarden-Client-Version': this.version,
      ...options.headers,
    };
    if (tokens !== null) headers.Authorization = `Bearer ${tokens.access}`;
    else if (this.deviceId) headers['Device-Identifier'] = this.deviceId;
    if (path === TOKEN && this.deviceToken) headers['Latchkey-Device'] = this.deviceToken;
    /** @type {string|URLSearchParams|Blob|undefined} */
    let payload;
    if (body instanceof URLSearchParams || body instanceof Blob) payload = body;
    else if (body !== undefined) {
      payload = JSON.stringify(body);
      headers['Content-Type'] = 'application/json';
    }
    try {
      return await (options.by ?? this.send)(this.base + path, {
        method,
        headers,
        body: payload,
        keepalive: options.keepalive ?? false,
        credentials: 'same-origin',
        cache: 'no-store',
        redirect: 'error',
        referrerPolicy: 'no-referrer',
        signal: AbortSignal.timeout(options.timeout ?? TIMEOUT),
      });
    } catch (cause) {
      throw Object.assign(new ApiError({ ...OFFLINE, offline: true }), { cause });
    }
  }

  /**
   * @param {Response} answer @param {boolean} [file]
   * @returns {Promise<{status:number, headers:Headers, body:any}>}
   */
  async #read(answer, file = false) {
    if (answer.status === 304) return { status: 304, headers: answer.headers, body: null };
    /** @type {any} */
    let body = null;
    /** @type {string} */
    let text;
    try {
      if (file && answer.ok)
        return { status: answer.status, headers: answer.headers, body: await answer.blob() };
      text = await answer.text();
    } catch (cause) {
      throw Object.assign(new ApiError({ ...OFFLINE, offline: true }), { cause });
    }
    try {
      if (text !== '') body = JSON.parse(text);
    } catch (cause) {
      // Half an answer must never be taken for an empty one.
      if (answer.ok) throw Object.assign(new ApiError({ ...GARBLED, status: answer.status }), { cause });
    }
    if (!answer.ok) throw errorOf(answer.status, body);
    return { status: answer.status, headers: answer.headers, body };
  }

  /**
   * Renews the access token, once for all who wait. @param {Tokens} old
   * @returns {Promise<boolean>} whether there are other tokens than old now
   */
  async #refresh(old) {
    if (this.#tokens !== old) return this.#tokens !== null;
    this.#refreshing ??= this.#renew(old).finally(() => {
      this.#refreshing = null;
    });
    return this.#refreshing;
  }

  /** @param {Tokens} old */
  async #renew(old) {
    const answer = await this.#send(
      'POST',
      TOKEN,
      new URLSearchParams({
        grant_type: 'refresh_token',
        client_id: 'web',
        refresh_token: old.refresh,
      }),
      {},
      null,
    );
    // Only a plain "no" ends the session; a server that stumbles (5xx, 429) does not.
    if (answer.status === 400 || answer.status === 401) return false;
    const { body } = await this.#read(answer);
    if (this.#tokens !== old) return this.#tokens !== null;
    this.#tokens = {
      access: String(body?.access_token ?? ''),
      refresh: String(body?.refresh_token ?? old.refresh),
    };
    return true;
  }

  #expire() {
    this.#tokens = null;
    this.onExpired();
  }
}

/**
 * Fetches one of the page's own files as JSON. @param {URL} url @returns {Promise<any>}
 */
export async function asset(url) {
  const answer = await fetch(url, { credentials: 'same-origin', redirect: 'error' });
  if (!answer.ok) throw errorOf(answer.status, null);
  return answer.json();
}

/**
 * Reads the server's error body: our own `problem` first, then the wire's forms.
 * @param {number} status @param {any} body @returns {ApiError}
 */
export function errorOf(status, body) {
  const grant = String(body?.error_description ?? '');
  const providers = body?.TwoFactorProviders2 ?? null;
  const own = body?.problem;
  if (own && typeof own === 'object') {
    return new ApiError({
      status,
      code: String(own.code ?? 'unknown'),
      text: String(own.text ?? ''),
      hint: String(own.hint ?? ''),
      values: own.values ?? {},
      grant,
      providers,
    });
  }
  const validation = Object.values(body?.validationErrors ?? {}).flat()[0];
  const model = body?.errorModel ?? body?.ErrorModel;
  const text = validation ?? (body?.message || model?.message || model?.Message);
  return new ApiError({
    status,
    code: `http.${status}`,
    text: typeof text === 'string' ? text : 'Latchkey could not do that.',
    grant,
    providers,
    hint: status === 429 ? 'Wait a minute, then try again.' : 'Try again in a moment.',
  });
}
