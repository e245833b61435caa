/**
 * The recovery kit, in the wizard and in the settings: fetch one with the
 * password, show the sheet, print it or save it, and ask six characters back.
 * The kit lives in this module's closures only and goes when the view does.
 */
import { drawMark } from '../components/icon.js';
import { build, element } from '../components/template.js';
import { t } from '../text/text.js';
import { askBack } from './kit-ask.js';
import { asText, groups, keyGroups, PREFIX } from './kit-key.js';
import { download } from './setup-parts.js';
import { fetchLinks, mainLink } from './setup-trust.js';

/** @typedef {import('./kit-key.js').Kit} Kit */
/** @typedef {{kit:Kit, ask:{positions:number[]}}} FreshKit what POST /latchkey/kit answers; nothing is stored yet */

/**
 * Where a kit is shown and what comes after it.
 * @typedef {object} KitPlace
 * @property {import('./view.js').Deps} deps
 * @property {(view: HTMLElement) => void} present
 * @property {() => void} confirmed the six characters were right
 * @property {() => void} again a new kit is wanted
 */

const LONG_DATE = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long' });

/**
 * Proves the password and has the house make a kit.
 * @param {import('./view.js').Deps} deps @param {string} password
 * @returns {Promise<FreshKit>}
 */
export async function fetchKit({ session, api }, password) {
  const masterPasswordHash = await session.verifyPassword(password);
  return api.post('/latchkey/kit', { masterPasswordHash });
}

/**
 * Shows the kit: print, save, look at it; then the six characters.
 * @param {KitPlace} place @param {FreshKit} fresh
 */
export async function showKit(place, fresh) {
  const where = await whereOf(place.deps.api);
  const built = build('kit');
  const sheet = sheetOf(fresh.kit, where);
  built.part('paper').append(sheet);
  printOnly(sheet, place.deps.signal);
  const taken = (/** @type {string} */ key) => {
    built.part('taken').textContent = t(key);
    built.part('print').classList.remove('main');
    built.part('go').classList.add('main');
  };
  built.part('print').addEventListener('click', () => {
    print();
    taken('kit.taken.print');
  });
  built.part('save').addEventListener('click', () => {
    download(t('kit.file'), 'text/plain', asText(fresh.kit, facts(fresh.kit, where), t));
    taken('kit.taken.save');
  });
  built.part('go').addEventListener('click', () => askBack(place, fresh, () => place.present(built.root)));
  place.present(built.root);
}

/**
 * The address of this house at home; far away, where the house doesn't tell it, the one of this page.
 * @param {import('../net/api.js').Api} api @returns {Promise<string>}
 */
async function addressOf(api) {
  try {
    return mainLink(await fetchLinks(api))?.url ?? t('kit.sheet.address.here');
  } catch {
    return location.origin;
  }
}

/**
 * Where the house is found, and what to revoke elsewhere after a theft: who has
 * the box has the token of the public name.
 * @typedef {{address: string, token: string}} Where
 */

/** @param {import('../net/api.js').Api} api @returns {Promise<Where>} */
async function whereOf(api) {
  const reach = await api.get('/latchkey/reach').catch(() => null); // an owner's and the wizard's
  const plan = reach?.mode === 'public' ? reach.plan : null;
  if (!plan?.url) return { address: await addressOf(api), token: '' };
  const provider = reach.providers.find((/** @type {{id: string}} */ { id }) => id === plan.provider);
  const token = provider ? t('kit.sheet.theft.token', { provider: provider.title, name: plan.name }) : '';
  return { address: plan.url, token };
}

/** @param {Kit} kit @param {Where} where */
function facts(kit, where) {
  return { made: LONG_DATE.format(new Date(kit.made)), ...where };
}

/** @param {Kit} kit @param {Where} where @returns {HTMLElement} one page, black on white */
function sheetOf(kit, where) {
  const built = build('kit-sheet');
  drawMark(built.part('mark', SVGSVGElement));
  const { made, address, token } = facts(kit, where);
  built.part('house').textContent = kit.houseName;
  built.part('owner').textContent = kit.email;
  built.part('made').textContent = made;
  built.part('address').textContent = address;
  built.part('id').textContent = kit.id;
  built.part('hint').textContent = t('kit.sheet.key.hint', { prefix: PREFIX });
  built.part('key').append(...keyGroups(kit).map((group) => element('li', '', group)));
  built.part('sign').textContent = groups(kit.signingKey.replace(SIGNING, '')).join(' ');
  built.part('token').textContent = token;
  built.part('token').hidden = token === '';
  built.part('theft').textContent = t('kit.sheet.theft.1', { ca: t('kit.sheet.ca') });
  return built.root;
}

/** Every signing key begins so; on paper it stands in the line above. */
const SIGNING = /^latchkey-sign-/;

/**
 * While the browser prints, a copy of the sheet stands alone in the document,
 * whether the person pressed our button or Ctrl+P.
 * @param {HTMLElement} sheet @param {AbortSignal} signal
 */
function printOnly(sheet, signal) {
  /** @type {HTMLElement|null} */
  let copy = null;
  const clear = () => copy?.remove();
  addEventListener(
    'beforeprint',
    () => {
      clear();
      copy = /** @type {HTMLElement} */ (sheet.cloneNode(true));
      copy.classList.add('kit-print');
      document.body.append(copy);
    },
    { signal },
  );
  addEventListener('afterprint', clear, { signal });
  signal.addEventListener('abort', clear);
}
