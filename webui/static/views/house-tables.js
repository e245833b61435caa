/**
 * The tables behind the charts: every number that a chart shows, for those who
 * can't see it or would rather read. They are made when they are opened.
 */
import { element } from '../components/template.js';
import { t } from '../text/house.js';
import { hourText, weekdayShortName, binText } from './house-words.js';

/** @typedef {import('./house-fold.js').Bin} Bin @typedef {import('./house-fold.js').Grain} Grain */
/** @typedef {import('./house-fold.js').Measure} Measure @typedef {import('./house-fold.js').Cell} Cell */

/**
 * A fold that draws its table when it is open, and anew when other data come.
 * @param {HTMLElement} fold a <details> with a [data-part=table] inside
 * @param {HTMLElement} place
 * @param {AbortSignal} signal
 */
export function foldedTable(fold, place, signal) {
  /** @type {(() => HTMLElement)|null} */
  let make = null;
  const draw = () => {
    if (!make || !(/** @type {HTMLDetailsElement} */ (fold).open)) return;
    place.replaceChildren(make());
    make = null;
  };
  fold.addEventListener('toggle', draw, { signal });
  return {
    /** @param {() => HTMLElement} table */
    set(table) {
      make = table;
      draw();
    },
  };
}

/** @param {Bin[]} bins @param {Grain} grain @param {Measure[]} measures */
export function binsTable(bins, grain, measures) {
  const head = [t(`house.table.${grain}`), ...measures.map((measure) => t(`house.measure.${measure}`))];
  // The newest first, as people look.
  const rows = bins
    .toReversed()
    .map((bin) => [binText(bin, grain), ...measures.map((measure) => bin.sums[measure])]);
  return table(t(`house.score.label.${grain}`), head, rows);
}

/** @param {Cell[][]} week @param {Measure} measure */
export function weekTable(week, measure) {
  const head = [t('house.table.hour'), ...week.map(([{ weekday }]) => weekdayShortName(weekday))];
  const rows = Array.from({ length: 24 }, (_, hour) => [
    hourText(hour),
    ...week.map((row) => row[hour].sums[measure]),
  ]);
  return table(t('house.heat.label', { what: t(`house.measure.${measure}`) }), head, rows);
}

/** @param {string} caption @param {string[]} head @param {(string|number)[][]} rows */
function table(caption, head, rows) {
  const made = element('table', 'numbers-table');
  made.append(element('caption', 'visually-hidden', caption));
  const top = element('thead').appendChild(element('tr'));
  top.append(...head.map((text) => headCell(text, 'col')));
  const body = element('tbody');
  for (const [name, ...values] of rows) {
    const row = element('tr');
    row.append(headCell(String(name), 'row'));
    row.append(
      ...values.map((value) => element('td', value === 0 ? 'is-none' : '', value.toLocaleString('en'))),
    );
    body.append(row);
  }
  made.append(/** @type {HTMLElement} */ (top.parentElement), body);
  return made;
}

/** @param {string} text @param {string} scope */
function headCell(text, scope) {
  const cell = element('th', '', text);
  cell.scope = scope;
  return cell;
}
