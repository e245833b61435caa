/** Sessions against a house in memory, and the items that tests keep in it. */
import { Api } from '../../static/net/api.js';
import { memoryShelf } from '../../static/vault/drafts.js';
import { Remember } from '../../static/vault/remember.js';
import { Session } from '../../static/vault/session.js';
import { blank } from '../../static/vault/cipher.js';
import { House } from './house.js';
import { register } from '../../static/vault/account-acts.js';

export const EMAIL = 'alice@example.test';
export const PASSWORD = 'correct horse battery';

/** Quick and no Argon2: what the model does with the key is tested, not the derivation. */
export async function quickArgon2(password, salt, kdf) {
  const text = new TextEncoder().encode(`|${kdf.iterations}|${kdf.memory}|${kdf.parallelism}`);
  return new Uint8Array(
    await crypto.subtle.digest('SHA-256', new Uint8Array([...password, ...salt, ...text])),
  );
}

/** @type {Set<Session>} */
const pages = new Set();

/** An open vault's lock timer runs; call this after a file's tests. */
export function closePages() {
  for (const session of pages) session.lock();
  pages.clear();
}

/** A page of one browser; what is not given is new. */
export function page({ house = new House(), box = memoryShelf(), shelf = memoryShelf(), channel, now } = {}) {
  const api = new Api({ send: house.send, deviceType: 9 });
  const remember = new Remember(box);
  const session = new Session({
    api,
    argon2: quickArgon2,
    remember,
    shelf,
    channel,
    deviceName: 'Test',
    now,
  });
  pages.add(session);
  return { house, box, shelf, api, session, vault: session.vault };
}

/** Making an RSA pair takes a while, so tests share one account. @type {Promise<any>|undefined} */
let registered;

async function joined() {
  const { house, session } = page();
  await register(session, { email: EMAIL, name: 'Alice', password: PASSWORD });
  return house.accounts.get(EMAIL);
}

/** A page whose account exists and is signed in. */
export async function signedIn(options = {}) {
  const made = page(options);
  registered ??= joined();
  made.house.accounts.set(EMAIL, { ...(await registered) });
  await made.session.signIn(EMAIL, PASSWORD);
  await made.vault.whenReady();
  made.house.take();
  return made;
}

/** A login with everything that a login can have. */
export function login(name = 'GitHub', change = {}) {
  const item = blank(1);
  item.name = name;
  item.notes = `notes of ${name}`;
  item.login = {
    username: 'bob',
    password: `password of ${name}`,
    totp: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
    uris: [
      { uri: `https://${name.toLowerCase()}.example.test`, match: null },
      { uri: 'https://second.example.test/login', match: 3 },
    ],
    passwordRevision: null,
    passkeys: [],
  };
  item.fields = [
    { type: 0, name: 'plain', value: 'seen', linkedId: null },
    { type: 1, name: 'hidden', value: 'unseen', linkedId: null },
    { type: 2, name: 'yes', value: 'true', linkedId: null },
    { type: 3, name: 'linked', value: '', linkedId: 100 },
  ];
  return Object.assign(item, change);
}

/** One filled-in item of each kind. */
export function oneOfEach() {
  const note = Object.assign(blank(2), { name: 'Note', notes: 'a secret note' });
  const card = Object.assign(blank(3), { name: 'Card' });
  Object.assign(card.card, {
    cardholderName: 'Alice',
    brand: 'Visa',
    number: '4111111111111111',
    expMonth: '2',
    expYear: '2030',
    code: '123',
  });
  const identity = Object.assign(blank(4), { name: 'Identity' });
  Object.assign(identity.identity, {
    firstName: 'Alice',
    lastName: 'Ex',
    passportNumber: 'P123',
    email: 'a@example.test',
  });
  const ssh = Object.assign(blank(5), { name: 'SSH' });
  Object.assign(ssh.ssh, { privateKey: 'PRIVATE', publicKey: 'ssh-ed25519 AAAA', fingerprint: 'SHA256:x' });
  return [login('Login'), note, card, identity, ssh];
}

/** Everything in an item that a person typed. */
export function typed({
  name,
  notes,
  type,
  favourite,
  folderId,
  reprompt,
  fields,
  login: part,
  card,
  identity,
  ssh,
}) {
  const rest = { ...part };
  delete rest.passwordRevision;
  return structuredClone({
    name,
    notes,
    type,
    favourite,
    folderId,
    reprompt,
    fields,
    login: part && rest,
    card,
    identity,
    ssh,
  });
}
