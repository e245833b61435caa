/**
 * Who is shut out, why and until when; accounts that somebody guesses at, in
 * plain words; lifting bans; and letting one's own new device in meanwhile.
 */
import { ask } from '../components/dialog.js';
import { exactly } from '../components/format.js';
import { icon } from '../components/icon.js';
import { messageOf } from '../components/problem.js';
import { build, element } from '../components/template.js';
import { t } from '../text/house.js';
import { banText, leftText, siegeText } from './house-siege.js';
import { declined } from './house-proof.js';
import { needed, wireForm } from './setup-parts.js';

/** @typedef {import('./view.js').Deps} Deps @typedef {import('../components/template.js').Built} Built */
/** @typedef {import('./house-siege.js').Ban} Ban @typedef {import('./house-siege.js').Siege} Siege */
/** @typedef {{prefix: string, account?: string, until: string}} Admitted */
/** @typedef {{bans: Ban[], sieges: Siege[], admitted: Admitted[]}} Shut */

/** ms between two looks. */
const EVERY = 20_000;

/** @type {import('./house.js').Show} */
export async function show(place, deps) {
  const built = build('house-bans');
  const refresh = async () => {
    const shut = /** @type {Shut} */ (await deps.api.get('/latchkey/bans'));
    if (!deps.signal.aborted) draw(built, shut, lift);
  };
  /** @param {{prefix: string}|{all: true}} what */
  const lift = async (what) => {
    built.part('trouble').textContent = '';
    try {
      const { lifted } = await deps.api.post('/latchkey/bans/lift', what);
      deps.say(t('house.bans.lifted', { count: lifted }));
      await refresh();
      built.part('title').focus();
    } catch (error) {
      if (declined(error)) return;
      const { text, hint } = messageOf(error);
      built.part('trouble').textContent = `${text} ${hint}`.trim();
    }
  };
  wireAdmit(built, deps, refresh);
  wireAll(built, lift);
  await refresh();
  place.replaceChildren(built.root);
  const timer = setInterval(() => {
    if (document.visibilityState === 'visible') refresh().catch(() => {}); // the next look follows
  }, EVERY);
  deps.signal.addEventListener('abort', () => clearInterval(timer));
}

/** @param {Built} built @param {Shut} shut @param {(what: {prefix: string}) => Promise<void>} lift */
function draw(built, { bans, sieges, admitted }, lift) {
  const key = JSON.stringify([bans, sieges, admitted]);
  if (built.root.dataset.drawn === key) return; // nothing turned: the focus stays where it is
  built.root.dataset.drawn = key;
  built.part('sieges').replaceChildren(...sieges.map(siegeView));
  built.part('bans').replaceChildren(...bans.map((ban) => banRow(ban, lift)));
  built.part('none').hidden = bans.length > 0;
  built.part('all').hidden = bans.length < 2;
  built.part('all').dataset.count = String(bans.length);
  built.part('admitted').replaceChildren(...admitted.map(admittedRow));
}

/** @param {Siege} siege */
function siegeView(siege) {
  const { text, hint } = siegeText(siege);
  const item = element('li', 'note');
  const words = element('div');
  words.append(element('strong', '', text), element('p', '', hint));
  item.append(icon('shield'), words);
  return item;
}

/** @param {Ban} ban @param {(what: {prefix: string}) => Promise<void>} lift */
function banRow(ban, lift) {
  const row = build('house-ban');
  const { who, why } = banText(ban);
  row.part('prefix').textContent = who;
  row.part('why').textContent = why;
  const until = row.part('until');
  until.textContent = leftText(ban.until);
  until.title = exactly(ban.until);
  row.part('log', HTMLAnchorElement).href = `#/house/log?${new URLSearchParams({ address: ban.prefix })}`;
  row.part('log').setAttribute('aria-label', t('house.bans.log.of', { who }));
  const button = row.part('lift', HTMLButtonElement);
  button.setAttribute('aria-label', t('house.bans.lift.of', { who }));
  button.addEventListener('click', async () => {
    button.disabled = true;
    await lift({ prefix: ban.prefix });
    button.disabled = false;
  });
  return row.root;
}

/** @param {Admitted} admitted */
function admittedRow({ prefix, account, until }) {
  const values = { who: banText({ prefix }).who, name: account, left: leftText(until) };
  const item = element('li', 'soft', t(account ? 'house.admit.row.for' : 'house.admit.row', values));
  item.prepend(icon('check'), ' ');
  return item;
}

/** @param {Built} built @param {(what: {all: true}) => Promise<void>} lift */
function wireAll(built, lift) {
  built.part('all').addEventListener('click', async () => {
    const count = Number(built.part('all').dataset.count);
    const question = {
      title: t('house.bans.all.title', { count }),
      text: t('house.bans.all.text'),
      action: t('house.bans.all'),
    };
    if (await ask(question)) await lift({ all: true });
  });
}

/** @param {Built} built @param {Deps} deps @param {() => Promise<void>} refresh */
function wireAdmit(built, deps, refresh) {
  const address = built.part('address', HTMLInputElement);
  wireForm(built.part('admit'), {
    signal: deps.signal,
    place: () => address,
    async submit() {
      const wanted = needed(address);
      try {
        await deps.api.post('/latchkey/bans/admit', { address: wanted });
      } catch (error) {
        if (declined(error)) return;
        throw error;
      }
      address.value = '';
      deps.say(t('house.admit.done', { address: wanted }));
      await refresh();
    },
  });
}
