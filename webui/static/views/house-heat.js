/**
 * The hours of the week: a window for each, and the more happens in that hour
 * the larger and the deeper is the light in it. Above, the day as a whole; to
 * the right, the days of the week.
 */
import { column, drawn, hatch, picture, svg } from '../components/svg.js';
import { build } from '../components/template.js';
import { t } from '../text/house.js';
import { busiest, meanOf } from './house-fold.js';
import { heightOf, sideOf } from './house-scale.js';
import { countText, hourText, weekdayName, weekdayShortName } from './house-words.js';

/** @typedef {import('./house-fold.js').Cell} Cell @typedef {import('./house-fold.js').Measure} Measure */
/** @typedef {{em: number, left: number, top: number, w: number, h: number}} Frame of the windows */

/** Above so many px of width the days of the week get their bars at the right. */
const WIDE = 460;

/** The heat map; show draws another week. */
export class Heat {
  /** @type {Cell[][]} */
  #week = [];
  /** @type {Measure} */
  #measure = 'signIns';
  /** @type {Frame|null} */
  #frame = null;
  /** @type {SVGRectElement|null} */
  #ring = null;
  /** @type {Cell|null} */
  #chosen = null;

  /** @param {AbortSignal} signal */
  constructor(signal) {
    const built = (this.built = build('house-heat'));
    this.root = built.root;
    this.plot = built.part('plot');
    this.redraw = drawn(this.plot, (width, em) => this.#draw(width, em), signal);
    this.plot.addEventListener('pointermove', (event) => {
      if (event.pointerType === 'mouse' || event.buttons) this.#say(this.#at(event));
    });
    this.plot.addEventListener('pointerleave', () => this.#say(this.#chosen));
    this.plot.addEventListener('click', (event) => this.#say((this.#chosen = this.#at(event))));
  }

  /** @param {Cell[][]} week @param {Measure} measure */
  show(week, measure) {
    this.#week = week;
    this.#measure = measure;
    this.#chosen = null;
    this.#say(null);
    this.redraw();
  }

  /** @param {number} width @param {number} em */
  #draw(width, em) {
    if (this.#week.length === 0) return;
    const left = Math.ceil(2.5 * em);
    const right = width > WIDE ? Math.ceil(5 * em) : 0;
    const top = Math.ceil(2.6 * em);
    const ratio = devicePixelRatio;
    const w = Math.max(3, Math.floor(((width - left - right) / 24) * ratio) / ratio);
    const h = Math.max(Math.min(w, 1.9 * em), 1.35 * em);
    this.#frame = { em, left, top, w, h };
    const most = Math.max(...this.#week.flat().map((cell) => meanOf(cell, this.#measure)));
    const height = Math.ceil(top + 7 * h + 1.5 * em);
    this.#ring = svg('rect', { class: 'heat-ring', width: w, height: h, rx: 4, x: -2 * w, y: 0 });
    const image = picture(width, height, hatch('heat-hatch'), ...this.#days(em), ...this.#windows(most));
    image.append(
      ...this.#dayShape(),
      ...(right ? this.#weekShape(right) : []),
      ...this.#hours(em),
      this.#ring,
    );
    this.plot.querySelector('svg')?.remove();
    this.plot.prepend(image);
  }

  /** @param {number} most */
  #windows(most) {
    const { left, top, w, h } = /** @type {Frame} */ (this.#frame);
    const kind = `is-${this.#measure}`;
    return this.#week.flatMap((row, y) =>
      row.flatMap((cell, x) => {
        const [cx, cy] = [left + (x + 0.5) * w, top + (y + 0.5) * h];
        const pane = {
          x: cx - w / 2 + 1,
          y: cy - h / 2 + 1,
          width: w - 2,
          height: h - 2,
          rx: Math.min(3, w / 5),
        };
        const frame = svg('rect', { class: cell.times > 0 ? 'heat-pane' : 'heat-pane is-never', ...pane });
        const value = meanOf(cell, this.#measure);
        const side = sideOf(value, most);
        if (side === 0) return [frame];
        const [lw, lh] = [(w - 2) * side, (h - 2) * side];
        const light = { x: cx - lw / 2, y: cy - lh / 2, width: lw, height: lh, rx: Math.min(3, lw / 4) };
        const depth = (0.35 + 0.65 * (value / most)).toFixed(2);
        return [frame, svg('rect', { class: `heat-light ${kind}`, ...light, 'fill-opacity': depth })];
      }),
    );
  }

  /** Names of the days. @param {number} em */
  #days(em) {
    const { left, top, h } = /** @type {Frame} */ (this.#frame);
    return this.#week.map(([{ weekday }], y) =>
      svg(
        'text',
        {
          class: 'chart-text',
          x: left - 0.5 * em,
          y: top + (y + 0.5) * h,
          'text-anchor': 'end',
          'dominant-baseline': 'central',
        },
        weekdayShortName(weekday),
      ),
    );
  }

  /** Names of the hours, as many as there is room for. @param {number} em */
  #hours(em) {
    const { left, top, w, h } = /** @type {Frame} */ (this.#frame);
    const every = [1, 2, 3, 6, 12].find((step) => step * w > 2.3 * em) ?? 12;
    const hours = Array.from({ length: 24 }, (_, hour) => hour).filter((hour) => hour % every === 0);
    return hours.map((hour) =>
      svg(
        'text',
        {
          class: 'chart-text',
          x: left + (hour + 0.5) * w,
          y: top + 7 * h + 1.2 * em,
          'text-anchor': 'middle',
        },
        String(hour),
      ),
    );
  }

  /** The day as a whole, above. */
  #dayShape() {
    const { em, left, top, w } = /** @type {Frame} */ (this.#frame);
    const sums = Array.from({ length: 24 }, (_, hour) => this.#sum(this.#week.map((row) => row[hour])));
    const most = Math.max(...sums);
    const gap = Math.max(1, Math.round(w * 0.2));
    const d = sums.map((sum, x) => {
      const height = heightOf(sum, most, top - 0.5 * em);
      return height > 0
        ? column(left + x * w + gap / 2, w - gap, top - 3, height - 3 > 1 ? height - 3 : 1)
        : '';
    });
    return [svg('path', { class: 'heat-edge', d: d.join('') })];
  }

  /** The days of the week, at the right. @param {number} room */
  #weekShape(room) {
    const { em, left, top, w, h } = /** @type {Frame} */ (this.#frame);
    const x = left + 24 * w + 6;
    const sums = this.#week.map((row) => this.#sum(row));
    const most = Math.max(...sums);
    return sums.map((sum, y) => {
      const width = heightOf(sum, most, room - 6 - em);
      return svg('rect', {
        class: 'heat-edge',
        x,
        y: top + y * h + h * 0.18,
        width,
        height: h * 0.64,
        rx: 2,
      });
    });
  }

  /** @param {Cell[]} cells */
  #sum(cells) {
    return cells.reduce((sum, cell) => sum + cell.sums[this.#measure], 0);
  }

  /** @param {MouseEvent} event @returns {Cell|null} */
  #at(event) {
    if (!this.#frame) return null;
    const { left, top, w, h } = this.#frame;
    const box = this.plot.getBoundingClientRect();
    const [x, y] = [
      Math.floor((event.clientX - box.left - left) / w),
      Math.floor((event.clientY - box.top - top) / h),
    ];
    return this.#week[y]?.[x] ?? null;
  }

  /** @param {Cell|null} cell */
  #say(cell) {
    const { left = 0, top = 0, w = 0, h = 0 } = this.#frame ?? {};
    const y = cell ? this.#week.findIndex((row) => row.includes(cell)) : -1;
    this.#ring?.setAttribute('x', String(cell ? left + cell.hour * w : -2 * w));
    this.#ring?.setAttribute('y', String(top + y * h));
    this.built.part('said').textContent = cell
      ? cellText(cell, this.#measure)
      : restText(this.#week, this.#measure);
  }
}

/** @param {Cell} cell @param {Measure} measure */
export function cellText(cell, measure) {
  const when = t('house.heat.when', { day: weekdayName(cell.weekday), hours: hourText(cell.hour) });
  const count = countText(measure, cell.sums[measure]);
  return t('house.heat.cell', { when, counted: count, times: t('house.heat.times', { count: cell.times }) });
}

/** What is worth knowing of a week as a whole. @param {Cell[][]} week @param {Measure} measure */
function restText(week, measure) {
  const best = week.length > 0 ? busiest(week, measure) : null;
  if (!best) return t('house.heat.none');
  const when = t('house.heat.when', { day: weekdayName(best.weekday), hours: hourText(best.hour) });
  return t(`house.heat.busiest.${measure}`, { when });
}
