/**
 * How other devices find this house and come to trust it: the addresses with
 * their QR codes, the certificate with its fingerprint, the steps on each
 * system, and how the Bitwarden apps connect. Shown at the end of the wizard
 * and in the settings.
 */
import { build, element } from '../components/template.js';
import { t } from '../text/text.js';
import { copyFrom } from './setup-parts.js';

/** @typedef {import('../components/qr.js').QrCode} QrCode */

/**
 * @typedef {{kind:'here'|'host'|'address'|'public', url:string, qr:string[]}} Link public: from anywhere, with a certificate that needs no trusting
 */
/**
 * What GET /latchkey/links answers, at home only.
 * @typedef {object} Links
 * @property {Link[]} links
 * @property {string} fingerprint    SHA-256 of the certificate that a browser's warning shows
 * @property {string} caFingerprint  SHA-256 of the certificate to trust
 */

/** Where Latchkey listens when nobody says otherwise. */
const USUAL_PORT = '8443';

const SYSTEMS = /** @type {const} */ (['android', 'ios', 'windows', 'macos', 'linux', 'firefox']);

/**
 * Asks for the links; what is shown and typed elsewhere are plain addresses,
 * without the page's own "/#/".
 * @param {import('../net/api.js').Api} api @returns {Promise<Links>}
 */
export async function fetchLinks(api) {
  const links = /** @type {Links} */ (await api.get('/latchkey/links'));
  for (const link of links.links) link.url = new URL(link.url).origin;
  return links;
}

/** The names by which a computer calls itself: nobody else gets anywhere by them. */
const ITSELF = /^(localhost|127\.[\d.]+|\[::1\])$/;

/**
 * The link for every other device: the one that opens from anywhere, else by name, else by number, else by the name
 * that this very page was opened by (behind somebody's own proxy). null where
 * only this computer can open the house.
 * @param {Links} links @returns {Link|null}
 */
export function mainLink({ links }) {
  const others = links.filter((link) => link.kind !== 'here');
  const main =
    ['public', 'host'].map((kind) => others.find((link) => link.kind === kind)).find(Boolean) ?? others[0];
  if (main) return main;
  const own = location.protocol === 'https:' && !ITSELF.test(location.hostname);
  return own ? { kind: 'host', url: location.origin, qr: [] } : null;
}

/** How this computer itself opens the house. @param {Links} links */
function hereUrl({ links }) {
  if (location.protocol === 'https:') return location.origin;
  return links.find((link) => link.kind === 'here')?.url ?? location.origin;
}

/**
 * The address, large, with its QR code; below it the other one, folded. Where
 * no other device can use any, it says so and what to do.
 * @param {Links} links @returns {HTMLElement}
 */
export function addressView(links) {
  const main = mainLink(links);
  if (!main) return hereView(links);
  if (main.kind === 'public') return addressOf(main);
  return addressOf(main, { others: links.links.filter((link) => link.kind === 'address' && link !== main) });
}

/**
 * One address, large, to be copied or scanned.
 * @param {Pick<Link, 'url'|'qr'>} link
 * @param {{others?: Link[], hint?: string}} [more] others: folded below it; hint: beside the code
 * @returns {HTMLElement}
 */
export function addressOf({ url, qr }, { others = [], hint = '' } = {}) {
  const built = build('trust-address');
  built.part('url').textContent = url;
  if (qr.length > 0) built.part('qr-place').append(qrOf({ url, qr }));
  built.part('qr').hidden = qr.length === 0;
  if (hint) built.part('hint').textContent = hint;
  const copy = built.part('copy');
  copy.addEventListener('click', () => copyFrom(copy, url));
  built.part('others').hidden = others.length === 0;
  for (const other of others) {
    built.part('other-list').append(element('p', 'mono trust-other', other.url), qrOf(other));
  }
  return built.root;
}

/** @param {Links} links @returns {HTMLElement} */
function hereView(links) {
  const built = build('trust-here');
  built.part('url').textContent = hereUrl(links);
  const port = (location.protocol === 'https:' && location.port) || USUAL_PORT;
  built.part('option').textContent = `--listen :${port}`;
  return built.root;
}

/** @param {Pick<Link, 'url'|'qr'>} link @returns {HTMLElement} */
function qrOf({ url, qr }) {
  const code = /** @type {QrCode} */ (document.createElement('qr-code'));
  code.setAttribute('label', t('trust.qr', { url }));
  code.rows = qr;
  return code;
}

/**
 * The certificate: files, fingerprints, the steps on each system.
 * @param {Links} links @returns {HTMLElement}
 */
export function trustView(links) {
  const built = build('trust');
  built.part('ca').append(...fingerprint(links.caFingerprint));
  built.part('leaf').append(...fingerprint(links.fingerprint));
  const main = mainLink(links);
  const here = systemHere();
  const systems = SYSTEMS.filter((name) => main || (name !== 'android' && name !== 'ios'));
  built.part('systems').append(...systems.map((name) => systemView(name, main?.url ?? '', name === here)));
  return built.root;
}

/** Four rows of eight bytes, as the systems' own dialogs are easiest compared with. @param {string} hex */
function fingerprint(hex) {
  return (hex.match(/.{1,24}/g) ?? []).map((row) => element('span', '', row));
}

/** @param {string} name @param {string} url @param {boolean} here */
function systemView(name, url, here) {
  const details = element('details', 'fold');
  const summary = element('summary', '', t(`trust.${name}`));
  if (here) summary.append(element('span', 'tag', t('trust.this')));
  details.open = here;
  details.append(summary, stepList(t(`trust.${name}.steps`, { url })));
  return details;
}

/** @param {string} lines one step a line */
function stepList(lines) {
  const list = element('ol', 'steps');
  list.append(...lines.split('\n').map((line) => element('li', '', line)));
  return list;
}

/**
 * How the Bitwarden apps are told where this house is.
 * @param {Links} links @returns {HTMLElement}
 */
export function appsView(links) {
  const main = mainLink(links);
  return appsAt(main?.url ?? hereUrl(links), main?.kind === 'public');
}

/**
 * @param {string} url @param {boolean} trusted its certificate needs no trusting first
 * @returns {HTMLElement}
 */
export function appsAt(url, trusted) {
  const built = build('trust-apps');
  const list = stepList(t('apps.steps'));
  list.children[2]?.append(element('code', 'mono block', url));
  if (trusted) list.firstElementChild?.remove();
  built.part('steps').append(list);
  return built.root;
}

/** @returns {typeof SYSTEMS[number]|null} the system that this browser says it runs on */
function systemHere() {
  const agent = navigator.userAgent;
  if (/Android/.test(agent)) return 'android';
  // An iPad says that it is a Mac; only its fingers give it away.
  if (/iPhone|iPad/.test(agent) || (/Macintosh/.test(agent) && navigator.maxTouchPoints > 1)) return 'ios';
  if (/Windows/.test(agent)) return 'windows';
  if (/Macintosh/.test(agent)) return 'macos';
  if (/Firefox/.test(agent)) return 'firefox';
  return /Linux|X11/.test(agent) ? 'linux' : null;
}
