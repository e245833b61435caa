/**
 * Takes the vault out of the house and into it: Bitwarden's JSON export, plain
 * or protected by a password, and CSV. Everything happens here; the server
 * sees sealed items only.
 */
import { random, toBase64, wipe } from '../crypto/bytes.js';
import { openText, SealError, sealText } from '../crypto/enc-string.js';
import { HOUSE_KDF, isAcceptable, stretchedKey } from '../crypto/kdf.js';
import { fromBitwarden, toBitwarden } from './bitwarden-json.js';
import { toCsv } from './csv.js';
import { Problem } from './problem.js';

/**
 * @typedef {import('./vault.js').Vault} Vault
 * @typedef {import('./types.js').Item} Item
 * @typedef {import('./types.js').Folder} Folder
 * @typedef {import('./types.js').Kdf} Kdf
 * @typedef {(password:string, salt:string, kdf:Kdf) => Promise<Uint8Array<ArrayBuffer>>} Derive session.derive
 * @typedef {(done:number) => void} OnDone 0..1
 */

const INDENT = 2;

/** The plain export: readable by whoever has the file. @param {Vault} vault @param {OnDone} [onDone] */
export async function exportJson(vault, onDone) {
  const items = await vault.openAll(onDone);
  return JSON.stringify(toBitwarden(items, vault.folders), null, INDENT);
}

/**
 * The export under a password of its own, which other programs open, too.
 * @param {Vault} vault @param {string} password @param {Derive} derive @param {OnDone} [onDone]
 */
export async function exportEncrypted(vault, password, derive, onDone) {
  const plain = await exportJson(vault, onDone);
  const salt = toBase64(random(16));
  const kdf = HOUSE_KDF;
  const key = await fileKey(password, salt, kdf, derive);
  const file = {
    encrypted: true,
    passwordProtected: true,
    salt,
    kdfType: kdf.type,
    kdfIterations: kdf.iterations,
    kdfMemory: kdf.memory,
    kdfParallelism: kdf.parallelism,
    encKeyValidation_DO_NOT_EDIT: await sealText(crypto.randomUUID(), key),
    data: await sealText(plain, key),
  };
  return JSON.stringify(file, null, INDENT);
}

const CSV_HEAD = [
  'folder',
  'favorite',
  'type',
  'name',
  'notes',
  'fields',
  'reprompt',
  'login_uri',
  'login_username',
  'login_password',
  'login_totp',
];

/** Logins and notes as CSV; other kinds have no columns there. @param {Vault} vault @param {OnDone} [onDone] */
export async function exportCsv(vault, onDone) {
  const folders = new Map(vault.folders.map((folder) => [folder.id, folder.name]));
  const items = (await vault.openAll(onDone)).filter(
    (item) => item.deleted === null && (item.type === 1 || item.type === 2),
  );
  const rows = items.map((item) => [
    folders.get(item.folderId ?? '') ?? '',
    item.favourite ? '1' : '',
    item.login ? 'login' : 'note',
    item.name,
    item.notes,
    item.fields.map((field) => `${field.name}: ${field.value}`).join('\n'),
    item.reprompt ? '1' : '0',
    item.login?.uris.map((uri) => uri.uri).join(',') ?? '',
    item.login?.username ?? '',
    item.login?.password ?? '',
    item.login?.totp ?? '',
  ]);
  return toCsv([CSV_HEAD, ...rows]);
}

/**
 * Reads an export. @param {string} text @param {string} [password] @param {Derive} [derive]
 * @returns {Promise<{folders:Folder[], items:Item[], skipped:number}>}
 *   throws Problem transfer.format, transfer.encrypted, transfer.password (also where one is needed and none was given)
 */
export async function parseBitwarden(text, password, derive) {
  const file = parseJson(text);
  if (file.encrypted !== true) return checked(fromBitwarden(file), file);
  if (file.passwordProtected !== true) throw new Problem('transfer.encrypted');
  if (!password || !derive) throw new Problem('transfer.password');
  const inner = parseJson(await openFile(file, password, derive));
  return checked(fromBitwarden(inner), inner);
}

/**
 * Imports an export: missing folders first, then all items in one request.
 * @param {Vault} vault @param {string} text @param {string} [password] @param {Derive} [derive] @param {OnDone} [onDone]
 * @returns {Promise<{items:number, folders:number, skipped:number}>} how many came in
 */
export async function importBitwarden(vault, text, password, derive, onDone) {
  const { folders, items, skipped } = await parseBitwarden(text, password, derive);
  const here = new Map(vault.folders.map((folder) => [folder.name, folder.id]));
  /** @type {Map<string, string>} */
  const ours = new Map();
  let made = 0;
  for (const { id, name } of folders) {
    let mine = here.get(name);
    if (mine === undefined) {
      mine = (await vault.saveFolder({ name })).id;
      here.set(name, mine);
      made++;
    }
    ours.set(id, mine);
  }
  for (const item of items) item.folderId = ours.get(item.folderId ?? '') ?? null;
  if (items.length > 0) await vault.saveMany(items, onDone);
  return { items: items.length, folders: made, skipped };
}

/** @param {string} text @returns {any} */
function parseJson(text) {
  try {
    const json = JSON.parse(text);
    if (json && typeof json === 'object') return json;
  } catch (cause) {
    throw new Problem('transfer.format', {}, cause);
  }
  throw new Problem('transfer.format');
}

/** @template T @param {T} parsed @param {any} file @returns {T} */
function checked(parsed, file) {
  if (!Array.isArray(file.items)) throw new Problem('transfer.format');
  return parsed;
}

/** @param {any} file @param {string} password @param {Derive} derive */
async function openFile(file, password, derive) {
  const kdf = {
    type: file.kdfType,
    iterations: file.kdfIterations,
    memory: file.kdfMemory ?? null,
    parallelism: file.kdfParallelism ?? null,
  };
  // A file below the floors is not made safer by not reading it; one that asks
  // for ages or for all memory is refused.
  if (!isReadable(kdf) || typeof file.salt !== 'string') throw new Problem('transfer.format');
  const key = await fileKey(password, file.salt, kdf, derive);
  try {
    await openText(file.encKeyValidation_DO_NOT_EDIT, key);
    return await openText(file.data, key);
  } catch (error) {
    if (!(error instanceof SealError)) throw error;
    throw new Problem(error.why === 'mac' ? 'transfer.password' : 'transfer.format', {}, error);
  }
}

/** @param {Kdf} kdf */
function isReadable(kdf) {
  const raised = { ...kdf, iterations: Math.max(kdf.iterations, kdf.type === 0 ? 600_000 : 2) };
  if (kdf.type === 1) raised.memory = Math.max(kdf.memory ?? 0, 19);
  return Number.isInteger(kdf.iterations) && kdf.iterations >= 1 && isAcceptable(raised);
}

/** @param {string} password @param {string} salt @param {Kdf} kdf @param {Derive} derive */
async function fileKey(password, salt, kdf, derive) {
  const master = await derive(password, salt, kdf);
  const key = await stretchedKey(master);
  wipe(master);
  return key;
}
