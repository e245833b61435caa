// item-shape: which rows an item of each kind has, in one order for reading and
// for editing. It knows no document and no vault.

/** @typedef {import('../vault/types.js').Item} Item */

/**
 * One row. path: where its value is within the item. what: how it is shown and
 * typed. key: the letter that copies it. auto: the browser's own name for it.
 * @typedef {object} Row
 * @property {string} path
 * @property {string} label a key of the sentences, or the text itself for custom fields
 * @property {'text' | 'secret' | 'totp' | 'uri' | 'lines' | 'pick' | 'yes' | 'linked'} what
 * @property {boolean} [mono] characters matter: monospace, digits and symbols tinted
 * @property {boolean} [optional] only shown in an edit where it is filled or was added
 * @property {'text' | 'email' | 'tel' | 'url' | 'numeric'} [mode] the keyboard of a phone
 * @property {[string, string][]} [options] of a pick: value and key of the sentences
 * @property {boolean} [generated] a generator is offered beside it
 * @property {number} [fixed] of a custom field: its index
 */

/** @type {[string, string][]} */
const months = Array.from({ length: 12 }, (_, at) => [String(at + 1), `month.${at + 1}`]);
const brands = [
  'Visa',
  'Mastercard',
  'Amex',
  'Discover',
  'Diners Club',
  'JCB',
  'Maestro',
  'UnionPay',
  'RuPay',
  'Other',
];

/** @type {Record<string, Row[]>} */
const shapes = {
  login: [
    { path: 'login.username', label: 'row.username', what: 'text', mode: 'email' },
    { path: 'login.password', label: 'row.password', what: 'secret', mono: true, generated: true },
    { path: 'login.totp', label: 'row.totp', what: 'totp', mono: true },
  ],
  card: [
    { path: 'card.cardholderName', label: 'row.cardholder', what: 'text' },
    { path: 'card.number', label: 'row.number', what: 'secret', mono: true, mode: 'numeric' },
    { path: 'card.brand', label: 'row.brand', what: 'pick', options: brands.map((brand) => [brand, brand]) },
    { path: 'card.expMonth', label: 'row.expMonth', what: 'pick', options: months },
    { path: 'card.expYear', label: 'row.expYear', what: 'text', mode: 'numeric' },
    { path: 'card.code', label: 'row.code', what: 'secret', mono: true, mode: 'numeric' },
  ],
  identity: [
    ...identity('title firstName middleName lastName username company'),
    ...identity('email', 'email'),
    ...identity('phone', 'tel'),
    ...identity('address1 address2 address3 postalCode city state country'),
    { path: 'identity.ssn', label: 'row.ssn', what: 'secret', mono: true },
    { path: 'identity.passportNumber', label: 'row.passportNumber', what: 'secret', mono: true },
    { path: 'identity.licenseNumber', label: 'row.licenseNumber', what: 'secret', mono: true },
  ],
  note: [],
  ssh: [
    { path: 'ssh.privateKey', label: 'row.privateKey', what: 'secret', mono: true },
    { path: 'ssh.publicKey', label: 'row.publicKey', what: 'lines', mono: true },
    { path: 'ssh.fingerprint', label: 'row.fingerprint', what: 'text', mono: true },
  ],
  other: [],
};

/** @param {string} names @param {Row['mode']} [mode] @returns {Row[]} */
function identity(names, mode) {
  return names
    .split(' ')
    .map((name) => ({ path: `identity.${name}`, label: `row.${name}`, what: 'text', mode }));
}

const types = /** @type {const} */ (['other', 'login', 'note', 'card', 'identity', 'ssh']);

/**
 * The kind of a type number of the wire.
 * @param {number} type
 */
export function kindOf(type) {
  return types[type] ?? 'other';
}

/**
 * The type number of a kind.
 * @param {string} kind
 */
export function typeOf(kind) {
  return Math.max(1, types.indexOf(/** @type {any} */ (kind)));
}

/**
 * All rows of an item in their order: its own, the addresses, the custom
 * fields, the notes.
 * @param {Item} item
 * @returns {Row[]}
 */
export function rowsOf(item) {
  const uris = (item.login?.uris ?? []).map((_, at) => uriRow(at));
  const fields = item.fields.map((field, at) => fieldRow(field, at));
  /** @type {Row} */
  const notes = {
    path: 'notes',
    label: kindOf(item.type) === 'note' ? 'row.note' : 'row.notes',
    what: 'lines',
  };
  return [...shapes[kindOf(item.type)], ...uris, ...fields, notes];
}

/** @param {number} at @returns {Row} */
function uriRow(at) {
  return { path: `login.uris.${at}.uri`, label: 'row.uri', what: 'uri', mode: 'url' };
}

const fieldKinds = /** @type {const} */ (['text', 'secret', 'yes', 'linked']);

/** @param {Item['fields'][0]} field @param {number} at @returns {Row} */
function fieldRow({ type, name }, at) {
  const what = fieldKinds[type] ?? 'text';
  return { path: `fields.${at}.value`, label: name, what, mono: what === 'secret', fixed: at };
}

/**
 * The value at a path, '' where there is none.
 * @param {Item} item @param {string} path
 * @returns {string}
 */
export function valueAt(item, path) {
  /** @type {any} */
  let at = item;
  for (const step of path.split('.')) at = at?.[step];
  return at == null ? '' : String(at);
}

/**
 * Puts a value at a path whose parents exist.
 * @param {Item} item @param {string} path @param {string} value
 */
export function putAt(item, path, value) {
  const steps = path.split('.');
  const last = /** @type {string} */ (steps.pop());
  /** @type {any} */
  let at = item;
  for (const step of steps) at = at[step] ??= {};
  at[last] = value;
}

/**
 * What a linked custom field points at, by the wire's numbers.
 * @param {number | null} linkedId
 * @returns {string} a path, '' for one that we don't know
 */
export function linkedPath(linkedId) {
  const login = { 100: 'login.username', 101: 'login.password' };
  const card = {
    300: 'cardholderName',
    301: 'expMonth',
    302: 'expYear',
    303: 'code',
    304: 'brand',
    305: 'number',
  };
  const names =
    'title middleName address1 address2 address3 city state postalCode country company email phone ssn username passportNumber licenseNumber firstName lastName';
  const key = linkedId ?? 0;
  if (key in login) return login[/** @type {100} */ (key)];
  if (key in card) return `card.${card[/** @type {300} */ (key)]}`;
  const name = names.split(' ')[key - 400];
  return name ? `identity.${name}` : '';
}

/**
 * A web address to open, or '' for what must not be opened from here: other
 * schemes, patterns, addresses that may have been swapped.
 * @param {import('../vault/types.js').Uri} uri
 */
export function addressToOpen({ uri, match, suspect }) {
  if (suspect || match === 4 || !uri) return '';
  try {
    const address = new URL(/^[a-z][a-z\d+.-]*:\/\//i.test(uri) ? uri : `https://${uri}`);
    return ['http:', 'https:'].includes(address.protocol) ? address.href : '';
  } catch {
    return '';
  }
}
