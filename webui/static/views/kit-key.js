/**
 * The recovery key as people read it: in numbered groups of four. Says which
 * characters are asked back, which of them differ, and what the saved file
 * says. Pure: it knows no DOM and keeps nothing.
 */

/**
 * @typedef {object} Kit
 * @property {string} id                 names this kit when it is confirmed
 * @property {string} house              the house's identity
 * @property {string} houseName
 * @property {string} made               ISO 8601
 * @property {string} recoveryKey        AGE-SECRET-KEY-1…
 * @property {string} recoveryRecipient  age1…, what backups are locked for
 * @property {string} signingKey         latchkey-sign-…
 * @property {string} email              the owner's
 */

/** What every age key begins with; the groups start after it. */
export const PREFIX = 'AGE-SECRET-KEY-1';

/** Four, because that many characters are read at a glance and typed without looking back. */
const GROUP = 4;

/**
 * Cuts a text into groups of four, the last one perhaps shorter.
 * @param {string} text @returns {string[]}
 */
export function groups(text) {
  return text.match(new RegExp(`.{1,${GROUP}}`, 'g')) ?? [];
}

/** @param {Kit} kit @returns {string[]} the groups of the recovery key after its prefix */
export function keyGroups(kit) {
  return groups(kit.recoveryKey.slice(PREFIX.length));
}

/**
 * Where a character stands on the sheet.
 * @typedef {{position:number, group:number, place:number, of:number}} Cell
 *   position counts from 0 after the prefix, group and place from 1; of is the length of the group
 */

/**
 * @param {Kit} kit @param {number[]} positions from 0, after the prefix
 * @returns {Cell[]} in the order in which the server wants the answer
 */
export function cells(kit, positions) {
  const all = keyGroups(kit);
  return positions.map((position) => {
    const group = Math.floor(position / GROUP);
    return {
      position,
      group: group + 1,
      place: (position % GROUP) + 1,
      of: all[group]?.length ?? GROUP,
    };
  });
}

/**
 * Makes one typed character comparable. The key's alphabet has neither O nor I
 * nor B, so that the look-alikes can be read one way only.
 * @param {string} typed @returns {string} at most one character
 */
export function reading(typed) {
  const one = typed.trim().slice(0, 1).toUpperCase();
  return one === 'O' ? '0' : one;
}

/**
 * The groups whose character was not the one on the sheet, each once, in order.
 * @param {Kit} kit @param {number[]} positions @param {string} answer one character per position
 * @returns {number[]} counted from 1
 */
export function mismatches(kit, positions, answer) {
  const key = kit.recoveryKey.slice(PREFIX.length);
  const wrong = cells(kit, positions).filter((cell, i) => key[cell.position] !== answer[i]);
  return [...new Set(wrong.map((cell) => cell.group))].sort((a, b) => a - b);
}

/**
 * The kit as a plain text file, 72 columns at most apart from the keys.
 * @param {Kit} kit
 * @param {{made:string, address:string, token?:string}} facts the date as people write it; the address; what to do about the token of the public name
 * @param {(key:string, values?:Record<string, string|number>) => string} t
 * @returns {string}
 */
export function asText(kit, { made, address, token = '' }, t) {
  const pairs = [
    [t('kit.sheet.house'), kit.houseName],
    [t('kit.sheet.owner'), kit.email],
    [t('kit.sheet.made'), made],
    [t('kit.sheet.address'), address],
    [t('kit.sheet.id'), kit.id],
  ];
  const numbered = keyGroups(kit).map((group, i) => `${String(i + 1).padStart(2)} ${group}`);
  const rows = [];
  for (let i = 0; i < numbered.length; i += 5) rows.push('  ' + numbered.slice(i, i + 5).join('   '));
  const theft = [1, 2, 3, 4].map((n) => t(`kit.sheet.theft.${n}`, { ca: t('kit.sheet.ca') }));
  if (token) theft.splice(-1, 0, token);
  return [
    `LATCHKEY: ${t('kit.sheet.title').toUpperCase()}`,
    '',
    ...pairs.map(([name, value]) => `${name}: ${value}`),
    '',
    t('kit.sheet.key').toUpperCase(),
    '',
    kit.recoveryKey,
    '',
    ...rows,
    '',
    t('kit.sheet.sign').toUpperCase(),
    '',
    kit.signingKey,
    '',
    ...section(t('kit.sheet.for'), [t('kit.sheet.for.text')]),
    ...section(
      t('kit.sheet.theft'),
      theft.map((line, i) => `${i + 1}. ${line}`),
    ),
    ...section(t('kit.sheet.where'), [t('kit.sheet.where.text')]),
  ].join('\n');
}

/** @param {string} title @param {string[]} paragraphs @returns {string[]} */
function section(title, paragraphs) {
  return [title.toUpperCase(), '', ...paragraphs.flatMap((text) => wrap(text, 72)), ''];
}

/** @param {string} text @param {number} width @returns {string[]} */
function wrap(text, width) {
  /** @type {string[]} */
  const lines = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
