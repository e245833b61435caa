/**
 * What came most often, as tables that are charts at once: a name, a bar, its
 * numbers. What was turned away is the hatched end of a bar, and has a number
 * of its own.
 */
import { timeElement } from '../components/format.js';
import { hatch, svg } from '../components/svg.js';
import { build, element } from '../components/template.js';
import { t } from '../text/house.js';
import { lengthOf, sharesOf } from './house-scale.js';
import { countryText } from './house-words.js';

/** One row of GET /latchkey/usage's lists. @typedef {{name:string, ok:number, refused:number, requests?:number, last?:string, country?:string}} Counted */
/** count: both together @typedef {'requests'|'ok'|'refused'|'count'} Column */
/**
 * How a list is shown.
 * @typedef {object} Look
 * @property {string} id
 * @property {string} title
 * @property {string} head     of the names
 * @property {Column[]} columns
 * @property {(one: Counted) => string} nameOf
 * @property {(one: Counted) => string} linkOf '' for none
 * @property {boolean} [places] with country and last seen
 */

/** The name of what the house didn't count one by one. */
const REST = '*';
/** Rows at first; the others come by a button. */
const FIRST = 8;

/**
 * @param {HTMLElement} place @param {Look} look @param {Counted[]} list
 */
export function showRank(place, look, list) {
  const built = build('house-rank');
  built.root.classList.toggle('is-places', look.places === true);
  built.part('title').textContent = look.title;
  built.part('caption').textContent = look.title;
  built.part('hatch', SVGSVGElement).append(hatch(`${look.id}-hatch`));
  built.part('head').append(...headOf(look));
  const named = list.filter(({ name }) => name !== REST).toSorted((a, b) => lengthOf(b) - lengthOf(a));
  const most = named.length > 0 ? lengthOf(named[0]) : 0;
  const rest = list.filter(({ name }) => name === REST);
  const rows = [...named, ...rest].map((one) => rankRow(one, look, most));
  const body = built.part('body');
  body.append(...rows.slice(0, FIRST));
  built.part('none').hidden = rows.length > 0;
  built.part('scroll').hidden = rows.length === 0;
  const more = built.part('more');
  more.hidden = rows.length <= FIRST;
  more.textContent = t('house.rank.more', { count: rows.length - FIRST });
  more.addEventListener('click', () => {
    body.append(...rows.slice(FIRST));
    more.hidden = true;
    const next = rows[FIRST].querySelector('a, th');
    if (next instanceof HTMLElement) next.focus();
  });
  place.replaceChildren(built.root);
}

/** @param {Look} look */
function headOf({ head, columns, places }) {
  const cell = (/** @type {string} */ text, /** @type {string} */ className) => {
    const made = element('th', className, text);
    made.scope = 'col';
    return made;
  };
  return [
    cell(head, 'rank-name'),
    element('td', 'rank-bar'),
    ...columns.map((column) => cell(t(`house.rank.${column}`), 'rank-number')),
    ...(places ? [cell(t('house.rank.last'), 'rank-last')] : []),
  ];
}

/** @param {Counted} one @param {Look} look @param {number} most */
function rankRow(one, look, most) {
  const row = element('tr');
  const bar = element('td', 'rank-bar');
  if (one.name !== REST) bar.append(barOf(one, most, look.id));
  row.append(nameCell(one, look), bar, ...look.columns.map((column) => numberCell(one, column)));
  if (!look.places) return row;
  const last = element('td', 'rank-last soft');
  if (one.last && one.name !== REST) last.append(timeElement(one.last));
  row.append(last);
  return row;
}

/** @param {Counted} one @param {Look} look */
function nameCell(one, look) {
  const cell = element('th', 'rank-name');
  cell.scope = 'row';
  cell.tabIndex = -1;
  const rest = one.name === REST;
  const href = rest ? '' : look.linkOf(one);
  const words = element(href ? 'a' : 'span', '', rest ? t('house.rank.rest') : look.nameOf(one));
  if (words instanceof HTMLAnchorElement) words.href = href;
  cell.append(words);
  if (look.places && one.country) cell.append(element('span', 'soft', countryText(one.country)));
  return cell;
}

/** @param {Counted} one @param {number} most @param {string} id */
function barOf(one, most, id) {
  const { came, away } = sharesOf(one, most);
  const bar = svg('svg', { class: 'rank-picture', 'aria-hidden': 'true', focusable: 'false' });
  if (came > 0) bar.append(svg('rect', { class: 'rank-ok', width: `${came}%`, height: '100%', rx: 2 }));
  if (away > 0) {
    const at = { x: `${came}%`, width: `${away}%`, height: '100%', rx: 2 };
    bar.append(svg('rect', { class: 'rank-refused', fill: `url(#${id}-hatch)`, ...at }));
  }
  return bar;
}

/** @param {Counted} one @param {Column} column */
function numberCell(one, column) {
  const count = column === 'count' ? one.ok + one.refused : (one[column] ?? 0);
  const cell = element('td', `rank-number${count === 0 ? ' is-none' : ''}`, count.toLocaleString('en'));
  cell.dataset.label = t(`house.rank.${column}`); // shown where there is no room for the head
  return cell;
}
