/**
 * Seals an item into the body of a request. It starts from the server's cipher
 * as it came and overwrites only what changed, so that fields of other clients
 * that we don't know go back as they were.
 */
import { random, wipe } from '../crypto/bytes.js';
import { seal, sealText } from '../crypto/enc-string.js';
import {
  CARD,
  CARD_FIELDS,
  checksum,
  IDENTITY,
  IDENTITY_FIELDS,
  keyOf,
  LOGIN,
  NOTE,
  PASSKEY_FIELDS,
  SSH,
  SSH_FIELDS,
} from './cipher.js';

/**
 * @typedef {import('../crypto/enc-string.js').SymmetricKey} SymmetricKey
 * @typedef {import('./types.js').RawCipher} RawCipher
 * @typedef {import('./types.js').Item} Item
 * @typedef {import('./types.js').Uri} Uri
 */

/** What the server owns, and what it reckons out for its viewer: never sent. */
const SERVER_OWNED = [
  'id',
  'object',
  'revisionDate',
  'creationDate',
  'deletedDate',
  'edit',
  'viewPassword',
  'permissions',
  'organizationUseTotp',
  'collectionIds',
  'attachments',
];

/** As many as other clients keep. */
const HISTORY = 5;

/**
 * @param {Item} item what is to be saved
 * @param {Item|null} before the same item as the server has it, opened; null for a new one
 * @param {SymmetricKey} userKey @param {Date} now
 * @returns {Promise<RawCipher>} the body of POST or PUT
 */
export async function sealItem(item, before, userKey, now) {
  const body = before?.raw ? structuredClone(before.raw) : await fresh(item.type, userKey);
  const key = await keyOf(body, userKey);
  const revision = body.revisionDate;
  for (const name of SERVER_OWNED) delete body[name];
  if (revision) body.lastKnownRevisionDate = revision;
  body.favorite = item.favourite;
  body.folderId = item.folderId;
  body.reprompt = item.reprompt ? 1 : 0;
  await sealChanged(body, { name: 'name' }, item, before, key);
  if (!body.name) body.name = await sealText(item.name, key); // the wire wants one, if empty
  await sealChanged(body, { notes: 'notes' }, item, before, key);
  await sealPart(body, item, before, key, now);
  body.fields = await sealFields(item, before, key);
  body.passwordHistory = await sealHistory(item, before, key, now);
  return body;
}

/** A new cipher with a key of its own. @param {number} type @param {SymmetricKey} userKey @returns {Promise<RawCipher>} */
async function fresh(type, userKey) {
  const raw = random(64);
  const key = await seal(raw, userKey);
  wipe(raw);
  return { type, organizationId: null, key };
}

/**
 * Seals the texts that changed; an emptied one becomes null.
 * @param {any} body @param {Record<string,string>} names ours to the wire's
 * @param {any} now @param {any} before @param {SymmetricKey} key
 */
async function sealChanged(body, names, now, before, key) {
  for (const [ours, wire] of Object.entries(names)) {
    const text = now?.[ours] ?? '';
    const same = before && (before[ours] ?? '') === text && wire in body;
    if (!same) body[wire] = text === '' ? null : await sealText(text, key);
  }
}

/** @param {readonly string[]} names @returns {Record<string,string>} */
function alike(names) {
  return Object.fromEntries(names.map((name) => [name, name]));
}

/**
 * @param {RawCipher} body @param {Item} item @param {Item|null} before
 * @param {SymmetricKey} key @param {Date} now
 */
async function sealPart(body, item, before, key, now) {
  switch (item.type) {
    case LOGIN:
      body.login ??= {};
      return sealLogin(body.login, item, before, key, now);
    case NOTE:
      body.secureNote ??= { type: 0 };
      return undefined;
    case CARD:
      body.card ??= {};
      return sealChanged(body.card, alike(CARD_FIELDS), item.card, before?.card, key);
    case IDENTITY:
      body.identity ??= {};
      return sealChanged(body.identity, alike(IDENTITY_FIELDS), item.identity, before?.identity, key);
    case SSH:
      body.sshKey ??= {};
      return sealChanged(body.sshKey, SSH_FIELDS, item.ssh, before?.ssh, key);
  }
  return undefined; // a kind of a later client: its own part goes back as it came
}

/**
 * @param {any} login the wire's @param {Item} item @param {Item|null} before
 * @param {SymmetricKey} key @param {Date} now
 */
async function sealLogin(login, item, before, key, now) {
  const next = item.login;
  const old = before?.login;
  await sealChanged(login, alike(['username', 'password', 'totp']), next, old, key);
  if (old && old.password !== '' && old.password !== next?.password) {
    login.passwordRevisionDate = now.toISOString();
  }
  const rawUris = (login.uris ?? []).filter((/** @type {any} */ raw) => raw?.uri);
  login.uris = await mergeList(next?.uris ?? [], old?.uris ?? [], rawUris, {
    same: (a, b) => a.uri === b.uri,
    build: async (uri, raw) => sealUri(uri, raw, key),
  });
  if ('uri' in login) login.uri = login.uris[0]?.uri ?? null; // of old clients: the first address
  const passkeys = next?.passkeys ?? [];
  const rawPasskeys = await mergeList(passkeys, old?.passkeys ?? [], login.fido2Credentials, {
    same: (a, b) => a.credentialId === b.credentialId,
    build: async (passkey, raw) => raw ?? sealPasskey(passkey, key),
  });
  // Where there are none, null or [] stays what the server had.
  login.fido2Credentials = rawPasskeys.length > 0 || login.fido2Credentials ? rawPasskeys : null;
}

/**
 * @param {Uri} uri @param {any} raw the same address as it was, or undefined
 * @param {SymmetricKey} key
 */
async function sealUri(uri, raw, key) {
  if (raw) return { ...raw, match: uri.match };
  const [sealed, uriChecksum] = await Promise.all([
    sealText(uri.uri, key),
    checksum(uri.uri).then((sum) => sealText(sum, key)),
  ]);
  return { uri: sealed, match: uri.match, uriChecksum };
}

/** @param {import('./types.js').Passkey} passkey @param {SymmetricKey} key */
async function sealPasskey(passkey, key) {
  /** @type {any} */
  const raw = { creationDate: passkey.creationDate };
  for (const name of PASSKEY_FIELDS) raw[name] = await sealText(passkey[name] ?? '', key);
  return raw;
}

/** @param {Item} item @param {Item|null} before @param {SymmetricKey} key */
function sealFields(item, before, key) {
  return mergeList(item.fields, before?.fields ?? [], before?.raw?.fields, {
    same: (a, b) =>
      a.type === b.type && a.name === b.name && a.value === b.value && a.linkedId === b.linkedId,
    build: async (field, raw) =>
      raw ?? {
        type: field.type,
        name: await sealText(field.name, key),
        value: field.value === '' ? null : await sealText(field.value, key),
        linkedId: field.linkedId,
      },
  });
}

/** Keeps a password that was changed. @param {Item} item @param {Item|null} before @param {SymmetricKey} key @param {Date} now */
function sealHistory(item, before, key, now) {
  const old = before?.login?.password ?? '';
  const history = [...item.history];
  if (old !== '' && item.login && old !== item.login.password) {
    history.unshift({ password: old, date: now.toISOString() });
  }
  return mergeList(history.slice(0, HISTORY), before?.history ?? [], before?.raw?.passwordHistory, {
    same: (a, b) => a.password === b.password && a.date === b.date,
    build: async (entry, raw) =>
      raw ?? { password: await sealText(entry.password, key), lastUsedDate: entry.date },
  });
}

/**
 * Builds the wire's list from ours; what is the same as before keeps its raw
 * element, with all that other clients put there.
 * @template T @param {readonly T[]} next @param {readonly T[]} before opened, element for element of rawList
 * @param {any} rawList
 * @param {{same:(a:T, b:T) => boolean, build:(element:T, raw:any) => Promise<any>}} how
 * @returns {Promise<any[]>}
 */
async function mergeList(next, before, rawList, { same, build }) {
  const raws = Array.isArray(rawList) ? rawList : [];
  const used = new Set();
  const built = [];
  for (const element of next) {
    const at = before.findIndex((old, i) => !used.has(i) && raws[i] && same(old, element));
    if (at >= 0) used.add(at);
    built.push(await build(element, at >= 0 ? raws[at] : undefined));
  }
  return built;
}
