/**
 * The copies: when each was made, how large it is, where it lies and how it was
 * proved there; proving one now, taking one out, going back to one.
 */
import { exactly } from '../components/format.js';
import { icon } from '../components/icon.js';
import { openMenu } from '../components/menu.js';
import { build, element } from '../components/template.js';
import { t } from '../text/backup.js';
import { downloadCopy } from './backup-download.js';
import { listed, madeText } from './backup-model.js';
import { menuOpen, putRows } from './backup-rows.js';
import { placeName, proofsOf, whyText } from './backup-words.js';
import { bytesText } from './bytes.js';

/** @typedef {import('./house-backups.js').Desk} Desk */
/** @typedef {import('./backup-model.js').Backups} Backups @typedef {import('./backup-model.js').Copy} Copy */

/** So many are shown at first. */
const FIRST = 8;
/** @type {Record<string, string>} */
const MARKS = { opened: 'check', digest: 'check', unproved: 'clock', bad: 'warn', here: 'house' };

export class CopyList {
  #drawn = '';
  #all = false;

  /** @param {import('../components/template.js').Built} built of t-backups @param {Desk} desk */
  constructor(built, desk) {
    this.built = built;
    this.desk = desk;
    built.part('more').addEventListener('click', () => {
      this.#all = true;
      this.#drawn = '';
      this.draw(desk.all());
      built.part('copies').querySelectorAll('button')[FIRST]?.focus();
    });
  }

  /** @param {Backups} all */
  draw(all) {
    // "3 hours ago" grows old by itself; a minute is soon enough.
    const key = JSON.stringify([all.copies, all.targets, Math.floor(Date.now() / 60_000)]);
    if (key === this.#drawn || menuOpen()) return;
    this.#drawn = key;
    const shown = this.#all ? all.copies : all.copies.slice(0, FIRST);
    const count = all.copies.length - shown.length;
    const rows = shown.map((copy) => this.#row(copy, all));
    putRows(this.built.part('copies'), rows);
    this.built.part('no-copies').hidden = all.copies.length > 0;
    this.built.part('download').hidden = !all.kit;
    this.built.part('more').hidden = count === 0;
    this.built.part('more').textContent = t('backup.copies.all', { count });
  }

  /** @param {Copy} copy @param {Backups} all */
  #row(copy, all) {
    const row = build('backup-copy');
    row.root.dataset.row = copy.name;
    const when = madeText(copy.made);
    row.part('made').textContent = when;
    row.part('why').textContent = whyText(copy.why);
    row.part('bytes').textContent = bytesText(copy.bytes);
    row.part('places').append(...proofsOf(copy.places, all.targets).map(proofRow));
    const menu = row.part('menu');
    menu.setAttribute('aria-label', t('backup.copy.more', { when }));
    menu.addEventListener('click', () => openMenu(menu, this.#entries(copy)));
    return row.root;
  }

  /** @param {Copy} copy @returns {import('../components/menu.js').Entry[]} */
  #entries({ name, places }) {
    const { desk } = this;
    const { targets } = desk.all();
    const good = places.filter(({ bad }) => !bad);
    const [first] = good;
    const prove = places.map(({ target }) => ({
      text:
        places.length === 1
          ? t('backup.copy.prove')
          : t('backup.copy.prove.on', { place: placeName(target, targets) }),
      icon: 'shield',
      run: () => void this.#prove(name, target),
    }));
    if (!first) return prove;
    const query = new URLSearchParams({ name, target: first.target });
    return [
      ...prove,
      null,
      {
        text: t('backup.copy.download'),
        icon: 'download',
        run: () => void downloadCopy(desk, name, first.target),
      },
      {
        text: t('backup.copy.restore'),
        icon: 'restore',
        run: () => desk.deps.navigate(`#/house/restore?${query}`),
      },
    ];
  }

  /** @param {string} name @param {string} target */
  #prove(name, target) {
    const { desk } = this;
    return desk.head.run(async () =>
      desk.begun(await desk.deps.api.post('/latchkey/backups/prove', { name, target })),
    );
  }
}

/** @param {ReturnType<typeof proofsOf>[number]} proof */
function proofRow({ state, text, names, proved }) {
  const item = element('li', `backup-proof is-${state}`);
  const said = element('span', 'soft', text);
  if (proved) said.title = exactly(proved);
  const words = element('span');
  words.append(element('span', '', listed(names.filter(Boolean))), ' ', said);
  item.append(icon(MARKS[state] ?? 'clock'), words);
  return item;
}
