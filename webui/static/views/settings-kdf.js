/**
 * The KDF settings that a person may choose: presets, floors and ceilings, and
 * how a setting is said. Pure: no DOM, no request.
 */
import { CEILINGS, FLOORS, HOUSE_KDF } from '../crypto/kdf.js';

/** @typedef {import('../vault/types.js').Kdf} Kdf */
/** @typedef {(key:string, values?:Record<string, string|number>) => string} T */

/** @type {ReadonlyArray<{name:'house'|'strong'|'old', kdf:Kdf}>} */
export const PRESETS = Object.freeze([
  { name: 'house', kdf: HOUSE_KDF },
  { name: 'strong', kdf: { type: 1, iterations: 6, memory: 64, parallelism: 4 } },
  { name: 'old', kdf: { type: 0, iterations: 600_000, memory: null, parallelism: null } },
]);

/** @param {'memory'|'iterations'|'parallelism'} name */
const range = (name) => ({ min: FLOORS.argon2id[name], max: CEILINGS.argon2id[name] });

/** Between what and what Argon2id's own numbers may lie: what the page obeys everywhere. */
export const LIMITS = Object.freeze({
  memory: range('memory'),
  iterations: range('iterations'),
  parallelism: range('parallelism'),
});

/** @param {Kdf} a @param {Kdf} b @returns {boolean} */
export function same(a, b) {
  if (a.type !== b.type || a.iterations !== b.iterations) return false;
  return a.type === 0 || (a.memory === b.memory && a.parallelism === b.parallelism);
}

/** @param {Kdf} kdf @returns {'house'|'strong'|'old'|'own'} */
export function presetOf(kdf) {
  return PRESETS.find((preset) => same(preset.kdf, kdf))?.name ?? 'own';
}

/**
 * The names of the numbers that are out of range.
 * @param {Kdf} kdf an Argon2id setting @returns {('memory'|'iterations'|'parallelism')[]}
 */
export function refused(kdf) {
  const names = /** @type {const} */ (['memory', 'iterations', 'parallelism']);
  return names.filter((name) => {
    const value = kdf[name];
    const { min, max } = LIMITS[name];
    return value === null || !Number.isInteger(value) || value < min || value > max;
  });
}

/** @param {Kdf} kdf @param {T} t @returns {string} such as "Argon2id, 32 MiB, 6 passes, 4 lanes" */
export function say(kdf, t) {
  if (kdf.type === 0) {
    return t('settings.kdf.pbkdf2', { iterations: kdf.iterations.toLocaleString('en') });
  }
  const { iterations, memory, parallelism } = kdf;
  return t('settings.kdf.argon', { iterations, memory: memory ?? 0, parallelism: parallelism ?? 0 });
}
