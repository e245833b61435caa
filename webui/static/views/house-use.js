/**
 * What the house is used for over any range of days: the score by day or week,
 * the hours of the week, and what came most often by outcome, device and
 * address. The house tells hours; this page folds them in its own time zone.
 */
import { whileSlow } from '../components/progress.js';
import { build } from '../components/template.js';
import { t } from '../text/house.js';
import { binsOf, firstDayOf, grainOf, totals, weekOf } from './house-fold.js';
import { Heat } from './house-heat.js';
import { rangeIn } from './house-range.js';
import { showRank } from './house-rank.js';
import { Score } from './house-score.js';
import { binsTable, foldedTable, weekTable } from './house-tables.js';
import { wordOf } from './house-words.js';
import { troubleView } from './settings.js';

/** @typedef {import('./house-fold.js').Span} Span @typedef {import('./house-fold.js').Measure} Measure */
/** @typedef {import('./house-fold.js').Grain} Grain @typedef {import('./house-rank.js').Counted} Counted */
/**
 * What GET /latchkey/usage answers.
 * @typedef {object} Usage
 * @property {import('./house-fold.js').Hour[]} hours
 * @property {Counted[]} devices
 * @property {Counted[]} addresses
 * @property {Counted[]} outcomes events by how they ended: 'ok', or a code
 * @property {number} entries
 * @property {number} bytes
 * @property {string} oldest
 */

/** @type {import('./house.js').Show} */
export async function show(place, deps) {
  const section = new Use(place, deps);
  await section.first;
}

class Use {
  #round = 0;
  /** @type {Span|null} */
  #span = null;
  /** @type {Usage|null} */
  #usage = null;
  #firstDay = firstDayOf(navigator.language);

  /** @param {HTMLElement} place @param {import('./view.js').Deps} deps */
  constructor(place, deps) {
    this.deps = deps;
    const built = (this.built = build('house-use'));
    const { signal } = deps;
    place.replaceChildren(built.root);
    this.score = new Score(
      ({ from, to }) => logLink({ since: from.toISOString(), until: to.toISOString() }),
      signal,
    );
    this.heat = new Heat(signal);
    built.part('score').append(this.score.root);
    built.part('heat').append(this.heat.root);
    this.days = foldedTable(built.part('days-fold'), built.part('days-table'), signal);
    this.week = foldedTable(built.part('week-fold'), built.part('week-table'), signal);
    for (const part of ['grain', 'measure']) {
      built.part(part).addEventListener('change', () => this.#draw(), { signal });
    }
    /** Settles when the newest span is drawn. @type {Promise<void>} */
    this.first = Promise.resolve();
    rangeIn(built, (span) => (this.first = this.#load(span)), signal);
  }

  /** Asks for a span and draws it, unless another was chosen meanwhile. @param {Span} span */
  async #load(span) {
    const mine = ++this.#round;
    const { api, signal } = this.deps;
    const query = new URLSearchParams({ since: span.since.toISOString(), until: span.until.toISOString() });
    const body = this.built.part('body');
    body.ariaBusy = 'true';
    try {
      const usage = /** @type {Usage} */ (
        await whileSlow(api.get(`/latchkey/usage?${query}`), this.built.part('busy'))
      );
      if (mine !== this.#round || signal.aborted) return;
      this.#usage = usage;
      this.#span = span;
      this.built.part('trouble').replaceChildren();
      this.#grainFor(span);
      this.#draw();
    } catch (error) {
      if (mine === this.#round && !signal.aborted)
        this.built.part('trouble').replaceChildren(troubleView(error));
    } finally {
      if (mine === this.#round) body.ariaBusy = null;
    }
  }

  /** A new span is shown by what fits it. @param {Span} span */
  #grainFor(span) {
    const wanted = grainOf(span);
    for (const box of this.built.part('grain').querySelectorAll('input')) box.checked = box.value === wanted;
  }

  #draw() {
    const [span, usage] = [this.#span, this.#usage];
    if (!span || !usage) return;
    const grain = /** @type {Grain} */ (chosenIn(this.built.part('grain')));
    const measure = /** @type {Measure} */ (chosenIn(this.built.part('measure')));
    const hours = usage.hours ?? [];
    const sums = totals(hours);
    // Our own faults have a staff only where there were any.
    const measures = /** @type {Measure[]} */ (
      ['requests', 'signIns', 'refused', 'bans', 'errors'].filter(
        (one) => one !== 'errors' || sums.errors > 0,
      )
    );
    const bins = binsOf(hours, span, grain, this.#firstDay);
    const week = weekOf(hours, span, this.#firstDay);
    this.score.show({ bins, grain, span, measures });
    this.heat.show(week, measure);
    this.days.set(() => binsTable(bins, grain, measures));
    this.week.set(() => weekTable(week, measure));
    this.#ranks(usage, span);
  }

  /** @param {Usage} usage @param {Span} span */
  #ranks({ outcomes, devices, addresses }, { since, until }) {
    const when = { since: since.toISOString(), until: until.toISOString() };
    const rank = (/** @type {import('./house-rank.js').Look} */ look, /** @type {Counted[]} */ list) =>
      showRank(this.built.part(look.id), look, list ?? []);
    rank(
      {
        id: 'outcomes',
        title: t('house.rank.outcomes'),
        head: t('house.rank.outcome'),
        columns: ['count'],
        nameOf: ({ name }) => wordOf('house.outcome', name),
        linkOf: ({ name }) => logLink({ ...when, outcome: name }),
      },
      outcomes,
    );
    rank(
      {
        id: 'devices',
        title: t('house.rank.devices'),
        head: t('house.rank.device'),
        columns: ['requests', 'refused'],
        nameOf: ({ name }) => wordOf('house.device', name),
        linkOf: ({ name }) => logLink({ ...when, device: name }),
      },
      devices,
    );
    rank(
      {
        id: 'addresses',
        title: t('house.rank.addresses'),
        head: t('house.rank.address'),
        columns: ['requests', 'ok', 'refused'],
        nameOf: ({ name }) => name,
        linkOf: ({ name }) => logLink({ ...when, address: name }),
        places: true,
      },
      addresses,
    );
  }
}

/** Where the log of something stands. @param {Record<string, string>} query */
function logLink(query) {
  return `#/house/log?${new URLSearchParams(query)}`;
}

/** @param {HTMLElement} group of radios */
function chosenIn(group) {
  return /** @type {HTMLInputElement|null} */ (group.querySelector('input:checked'))?.value ?? '';
}
