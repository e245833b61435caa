/**
 * What came most often, as tables that are charts at once: a name, a bar, a
 * number. What was turned away is the hatched end of a bar, and has its own
 * number.
 */
import { timeElement } from '../components/format.js';
import { hatch, svg } from '../components/svg.js';
import { build, element } from '../components/template.js';
import { t } from '../text/house.js';
import { sharesOf } from './house-scale.js';
import { countryText } from './house-words.js';

/** One row of GET /latchkey/usage's lists. @typedef {{name:string, ok:number, refused:number, requests?:number, last?:string, country?:string}} Counted */
/**
 * How a list is shown.
 * @typedef {object} Look
 * @property {string} id
 * @property {string} title
 * @property {string} head     of the names
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
  built.part('title').textContent = look.title;
  const body = built.part('body');
  built.part('head').textContent = look.head;
  built.part('caption').textContent = look.title;
  built.part('root').classList.toggle('is-places', look.places === true);
  const most = Math.max(
    0,
    ...list.filter(({ name }) => name !== REST).map(({ ok, refused }) => ok + refused),
  );
  const rows = list.map((one) => rankRow(one, look, most));
  body.append(...rows.slice(0, FIRST));
  built.part('hatch', SVGSVGElement).append(hatch(`${look.id}-hatch`));
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

/** @param {Counted} one @param {Look} look @param {number} most */
function rankRow(one, look, most) {
  const row = element('tr');
  const rest = one.name === REST;
  const name = element('th', 'rank-name');
  name.scope = 'row';
  name.tabIndex = -1;
  const href = rest ? '' : look.linkOf(one);
  const words = element(href ? 'a' : 'span', '', rest ? t('house.rank.rest') : look.nameOf(one));
  if (words instanceof HTMLAnchorElement) words.href = href;
  name.append(words);
  if (look.places && one.country) name.append(element('span', 'soft', countryText(one.country)));
  const bar = element('td', 'rank-bar');
  if (!rest) bar.append(barOf(one, most, look.id));
  row.append(name, bar, numberCell(one.ok, 'is-ok'), numberCell(one.refused, 'is-refused'));
  if (look.places) {
    const last = element('td', 'rank-last soft');
    if (one.last && !rest) last.append(timeElement(one.last));
    row.append(last);
  }
  return row;
}

/** @param {Counted} one @param {number} most @param {string} id */
function barOf(one, most, id) {
  const { ok, refused } = sharesOf(one, most);
  const bar = svg('svg', { class: 'rank-picture', 'aria-hidden': 'true', focusable: 'false' });
  if (ok > 0) bar.append(svg('rect', { class: 'rank-ok', width: `${ok}%`, height: '100%', rx: 2 }));
  if (refused > 0) {
    const at = { x: `${ok}%`, width: `${refused}%`, height: '100%', rx: 2 };
    bar.append(svg('rect', { class: 'rank-refused', fill: `url(#${id}-hatch)`, ...at }));
  }
  return bar;
}

/** @param {number} count @param {string} kind */
function numberCell(count, kind) {
  return element('td', `rank-number ${kind}${count === 0 ? ' is-none' : ''}`, count.toLocaleString('en'));
}
