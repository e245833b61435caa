/**
 * What a device is, by the number of the wire's device type: a word and an
 * icon. Pure.
 */

/** @typedef {'android'|'ios'|'extension'|'desktop'|'web'|'cli'|'other'} DeviceKind */

/** @type {readonly [DeviceKind, readonly number[]][]} */
const KINDS = [
  ['android', [0, 15]],
  ['ios', [1]],
  ['extension', [2, 3, 4, 5, 19, 20]],
  ['desktop', [6, 7, 8, 16]],
  ['web', [9, 10, 11, 12, 13, 14, 17, 18, 26]],
  ['cli', [23, 24, 25]],
];

/** @param {number} type @returns {DeviceKind} */
export function kindOf(type) {
  return KINDS.find(([, types]) => types.includes(type))?.[0] ?? 'other';
}

/** @param {number} type @returns {string} a symbol of the sprite */
export function iconOf(type) {
  const kind = kindOf(type);
  if (kind === 'android' || kind === 'ios') return 'phone';
  return kind === 'cli' ? 'ssh' : 'device';
}
