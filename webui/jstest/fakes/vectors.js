/** Reads the vector files that the Go tests read, too, and the page's vendored files. */
import { existsSync, readFileSync } from 'node:fs';

const VECTORS = new URL('../../../test/vectors/', import.meta.url);
const VENDOR = new URL('../../static/vendor/', import.meta.url);

/** @param {string} name @param {...string} groups that must not be empty */
export function vectors(name, ...groups) {
  const file = JSON.parse(readFileSync(new URL(name, VECTORS), 'utf8'));
  for (const group of groups) {
    if (!Array.isArray(file[group]) || file[group].length === 0) {
      throw new Error(`${name} has no ${group}: a test over no vectors proves nothing`);
    }
  }
  return file;
}

/** @param {string} name of a file that the build copies */
function vendored(name) {
  const url = new URL(name, VENDOR);
  if (!existsSync(url)) throw new Error(`webui/static/vendor/${name} is missing: run make build`);
  return url;
}

/** The EFF word list. @returns {string[]} */
export function wordList() {
  return JSON.parse(readFileSync(vendored('wordlist.json'), 'utf8'));
}

/** Argon2id as the page's worker runs it, here without a worker. */
export async function argon2() {
  await import(vendored('argon2.js').href);
  return (password, salt, kdf) =>
    globalThis.hashwasm.argon2id({
      password,
      salt,
      iterations: kdf.iterations,
      parallelism: kdf.parallelism,
      memorySize: kdf.memory * 1024,
      hashLength: 32,
      outputType: 'binary',
    });
}
