/**
 * A restore without a page: what the house says of it, which step that is, how
 * far its bar has come, what a backup holds in numbers.
 */

/** @typedef {{code: string, text: string, hint: string, values?: Record<string, string>}} Trouble */
/**
 * @typedef {object} Manifest
 * @property {string} made
 * @property {string} [houseName]
 * @property {string} [house]
 * @property {string} [program]
 * @property {Record<string, number>} [counts]
 * @property {{name: string, size: number}[]} [parts]
 */
/**
 * @typedef {object} State
 * @property {string} [id]
 * @property {'empty'|'waiting'|'reading'|'checking'|'ready'|'failed'} phase
 * @property {number} [done] bytes of the unpacked house
 * @property {number} [total] 0 while that isn't known
 * @property {Trouble|null} [problem]
 * @property {Manifest|null} [manifest]
 */

/** A backup that lies somewhere. @typedef {{name: string, made: string, bytes: number}} Lying */
/**
 * What a place answered to a look.
 * @typedef {{copies: Lying[], compare: boolean, hostKey: string, fields: Record<string, string>}} Found
 *   compare: nobody has signed in yet; first a person compares the host key
 */

/**
 * Where a backup comes from: a file of this device; a place that the form
 * describes; a place of this house.
 * @typedef {{file: File} | {fetch: {name: string, target: string} | {name: string, kind: string, fields: Record<string, string>}}} Source
 */

/** Which view a state belongs to. @param {State} state @returns {'kit'|'where'|'read'|'found'|'failed'} */
export function stepOf({ phase }) {
  switch (phase) {
    case 'empty':
      return 'kit';
    case 'reading':
    case 'checking':
      return 'read';
    case 'ready':
      return 'found';
    case 'failed':
      return 'failed';
    default:
      return 'where';
  }
}

/**
 * How far the bar is, and in bytes; null where that isn't known. While a file
 * is sent, what has gone is the slower of the two and says more.
 * @param {State} state @param {{sent: number, all: number}|null} upload
 * @returns {{part: number|null, done: number, total: number}}
 */
export function progressOf({ phase, done = 0, total = 0 }, upload) {
  if (phase === 'checking') return { part: null, done: 0, total: 0 };
  if (upload && upload.sent < upload.all) {
    return { part: upload.sent / upload.all, done: upload.sent, total: upload.all };
  }
  return { part: total > 0 ? Math.min(1, done / total) : null, done, total };
}

/** The answer of a look at a place, whatever it lacks; the newest first. @param {any} answer @returns {Found} */
export function foundOf(answer) {
  /** @type {Lying[]} */
  const copies = Array.isArray(answer) ? answer : (answer?.copies ?? []);
  return {
    copies: [...copies].sort((a, b) => b.made.localeCompare(a.made)),
    compare: answer?.compare === true,
    hostKey: String(answer?.hostKey ?? ''),
    fields: answer?.fields ?? {},
  };
}

/**
 * A place with the host key that a person has compared, if there was one to
 * compare; without it the house signs in nowhere.
 * @param {import('./place-fields.js').PlaceConfig} place @param {{key: string}|null} compared
 * @returns {import('./place-fields.js').PlaceConfig}
 */
export function withHostKey({ kind, fields }, compared) {
  return { kind, fields: compared ? { ...fields, hostKey: compared.key } : fields };
}

/** The house that a backup's name speaks of: the first eight digits of its identity; '' for none. @param {string} name */
export function houseOf(name) {
  return /^latchkey-([0-9a-f]{8})-/.exec(name)?.[1] ?? '';
}

/** Whether the backups are of more than one house, so that each has to say of which. @param {Lying[]} copies */
export function severalHouses(copies) {
  return new Set(copies.map(({ name }) => houseOf(name))).size > 1;
}

/** Bytes of everything in a backup, unpacked. @param {Manifest} manifest */
export function sizeOf({ parts = [] }) {
  return parts.reduce((sum, { size }) => sum + size, 0);
}

/** Whether a trouble is one of the kit, so that the kit is what to look at again. @param {unknown} problem */
export function isOfKit(problem) {
  return /^(kit\.|backup\.(kit|signer)$)/.test(String(Object(problem).code));
}
