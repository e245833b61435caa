/**
 * What happened day by day or week by week, as a score: one staff for each of
 * requests, sign-ins, refusals and bans, under one time. A day is looked at by
 * pointer or by the arrow keys. Every staff has its own height, its highest
 * bar a number; the table beside the chart has them all.
 */
import { column, drawn, hatch, picture, svg } from '../components/svg.js';
import { build, element } from '../components/template.js';
import { t } from '../text/house.js';
import { HAIR, heightOf, slots, ticksOf } from './house-scale.js';
import { binText, countText, dayShort, dayTick, monthTick, spanText, sumsText } from './house-words.js';

/** @typedef {import('./house-fold.js').Bin} Bin @typedef {import('./house-fold.js').Grain} Grain */
/** @typedef {import('./house-fold.js').Measure} Measure @typedef {import('./house-fold.js').Span} Span */
/** @typedef {{bins: Bin[], grain: Grain, span: Span, measures: Measure[]}} Told */
/** @typedef {{width: number, em: number, left: number, slot: number, gap: number, top: number, foot: number}} Frame */

/** In sizes of the text: how high the bars may stand, what is free above them, beside the names and below them. */
const STAFF = 3;
const AIR = 1.5;
const AIR_BELOW_NAME = 2.9;
const AXIS = 1.6;
/** Narrower than so many sizes of the text, the names stand above their staves. */
const WIDE = 40;

/** The chart; say shows other days in the same place. */
export class Score {
  /** @type {Told} */
  #told = { bins: [], grain: 'day', span: { since: new Date(0), until: new Date(0) }, measures: [] };
  /** @type {Frame|null} */
  #frame = null;
  /** The bin that was chosen, -1 for none. */
  #chosen = -1;
  /** @type {SVGRectElement|null} */
  #cross = null;

  /**
   * @param {(bin: Bin) => string} linkOf where the log of a bin stands
   * @param {AbortSignal} signal
   */
  constructor(linkOf, signal) {
    const built = (this.built = build('house-score'));
    this.root = built.root;
    this.linkOf = linkOf;
    this.plot = built.part('plot');
    this.redraw = drawn(this.plot, (width, em) => this.#draw(width, em), signal);
    this.#listen();
  }

  /** @param {Told} told */
  show(told) {
    this.#told = told;
    this.#chosen = -1;
    const labels = told.measures.map((measure) => this.#label(measure));
    this.built.part('labels').replaceChildren(...labels);
    this.plot.setAttribute('aria-valuemax', String(Math.max(1, told.bins.length)));
    this.plot.setAttribute('aria-label', t(`house.score.label.${told.grain}`));
    this.#choose(-1);
    this.redraw();
  }

  /** @param {Measure} measure */
  #label(measure) {
    const sum = this.#told.bins.reduce((all, { sums }) => all + sums[measure], 0);
    const label = element('div', `score-label is-${measure}`);
    label.append(
      element('span', 'score-name', t(`house.measure.${measure}`)),
      element('strong', 'score-sum', sum.toLocaleString('en')),
    );
    return label;
  }

  /** @param {number} width @param {number} em */
  #draw(width, em) {
    const { bins, measures } = this.#told;
    if (bins.length === 0) return;
    const narrow = this.root.clientWidth < WIDE * em;
    this.root.classList.toggle('is-narrow', narrow);
    const { slot, gap, left } = slots(bins.length, width, devicePixelRatio);
    const staff = Math.round((STAFF + (narrow ? AIR_BELOW_NAME : AIR)) * em);
    this.root.style.setProperty('--staff', `${staff}px`);
    const foot = measures.length * staff;
    this.#frame = { width, em, left, slot, gap, top: 0, foot };
    this.#cross = svg('rect', { class: 'score-cross', y: 0, height: foot, width: slot, x: -slot });
    const staves = measures.map((measure, i) => this.#staff(measure, (i + 1) * staff));
    const image = picture(
      width,
      Math.ceil(foot + AXIS * em),
      hatch('score-hatch'),
      ...this.#rests(),
      this.#cross,
    );
    image.append(...staves.flat(), ...this.#axis());
    this.plot.querySelector('svg')?.remove();
    this.plot.prepend(image);
    this.#cross.setAttribute('x', String(this.#chosen < 0 ? -slot : left + this.#chosen * slot));
  }

  /** Weekends, so that the eye finds the week; in a long span the months. */
  #rests() {
    const { bins, grain } = this.#told;
    const { left, slot, foot } = /** @type {Frame} */ (this.#frame);
    if (grain === 'week' || slot < HAIR) return [];
    const weekends = bins.flatMap(({ start }, i) => ([0, 6].includes(start.getDay()) ? [i] : []));
    return weekends.map((i) =>
      svg('rect', { class: 'score-rest', x: left + i * slot, y: 0, width: slot, height: foot }),
    );
  }

  /** @param {Measure} measure @param {number} y where its bars stand */
  #staff(measure, y) {
    const { bins } = this.#told;
    const { width, em, left, slot, gap } = /** @type {Frame} */ (this.#frame);
    const values = bins.map(({ sums }) => sums[measure]);
    const most = Math.max(...values);
    const line = svg('path', { class: 'score-line', d: `M0 ${y + 0.5}H${width}` });
    if (most === 0) return [line];
    const heights = values.map((value) => heightOf(value, most, STAFF * em));
    const shape =
      slot < HAIR
        ? mountain(heights, left, slot, y)
        : heights.map((h, i) => (h > 0 ? column(left + i * slot + gap / 2, slot - gap, y, h) : '')).join('');
    const bars = svg('path', { class: `score-bars is-${measure}`, d: shape });
    return [line, bars, this.#peak(values.lastIndexOf(most), most, y - Math.max(...heights) - em * 0.3)];
  }

  /** The highest bar says how high it is. @param {number} at @param {number} most @param {number} y */
  #peak(at, most, y) {
    const { width, left, slot, em } = /** @type {Frame} */ (this.#frame);
    const middle = left + (at + 0.5) * slot;
    const anchor = middle < 2 * em ? 'start' : middle > width - 2 * em ? 'end' : 'middle';
    const x =
      anchor === 'start'
        ? Math.max(0, middle - slot / 2)
        : anchor === 'end'
          ? Math.min(width, middle + slot / 2)
          : middle;
    return svg(
      'text',
      { class: 'chart-text is-peak', x, y, 'text-anchor': anchor },
      most.toLocaleString('en'),
    );
  }

  #axis() {
    const { bins, grain } = this.#told;
    const { width, em, left, slot, foot } = /** @type {Frame} */ (this.#frame);
    const ticks = ticksOf(bins, grain, slot, (bins.length <= 8 ? 3.6 : 4) * em);
    return ticks.flatMap(({ at, kind }) => {
      const { start } = bins[at];
      const days = bins.length <= 8 ? dayTick(start) : dayShort(start);
      const words = kind === 'day' ? days : kind === 'year' ? String(start.getFullYear()) : monthTick(start);
      const middle = left + (at + (kind === 'day' ? 0.5 : 0)) * slot;
      const anchor =
        kind !== 'day' ? 'start' : middle > width - 2.4 * em ? 'end' : middle < 2.4 * em ? 'start' : 'middle';
      const x = anchor === 'end' ? width : anchor === 'start' && kind === 'day' ? 0 : middle;
      if (kind !== 'day' && middle > width - 2 * em) return [];
      return [
        svg('path', {
          class: 'score-tick',
          d: `M${Math.round(middle) + 0.5} ${foot}v${kind === 'day' ? 4 : 8}`,
        }),
        svg(
          'text',
          { class: 'chart-text', x: kind === 'day' ? x : x + 4, y: foot + 1.35 * em, 'text-anchor': anchor },
          words,
        ),
      ];
    });
  }

  #listen() {
    const at = (/** @type {MouseEvent} */ event) => {
      const frame = this.#frame;
      if (!frame) return -1;
      const x = event.clientX - this.plot.getBoundingClientRect().left - frame.left;
      const i = Math.floor(x / frame.slot);
      return i >= 0 && i < this.#told.bins.length ? i : -1;
    };
    this.plot.addEventListener('pointermove', (event) => {
      if (event.pointerType === 'mouse' || event.buttons) this.#point(at(event));
    });
    this.plot.addEventListener('pointerleave', () => this.#point(this.#chosen));
    this.plot.addEventListener('click', (event) => this.#choose(at(event)));
    this.plot.addEventListener('keydown', (event) => this.#onKey(event));
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const last = this.#told.bins.length - 1;
    const here = this.#chosen < 0 ? last + 1 : this.#chosen;
    const month = this.#told.grain === 'week' ? 4 : 7;
    const to = {
      ArrowLeft: here - 1,
      ArrowDown: here - 1,
      ArrowRight: here + 1,
      ArrowUp: here + 1,
      PageUp: here + month,
      PageDown: here - month,
      Home: 0,
      End: last,
    }[event.key];
    if (event.key === 'Escape') this.#choose(-1);
    else if (to !== undefined) this.#choose(Math.min(last, Math.max(0, to)));
    else return;
    event.preventDefault();
  }

  /** @param {number} at */
  #choose(at) {
    this.#chosen = at;
    this.#point(at);
    const bin = this.#told.bins[at];
    this.plot.setAttribute('aria-valuenow', String(at + 1));
    const { grain, measures, span } = this.#told;
    const words = bin ? `${binText(bin, grain)}: ${sumsText(bin.sums, measures)}` : spanText(span);
    this.plot.setAttribute('aria-valuetext', words);
    const link = this.built.part('link', HTMLAnchorElement);
    link.hidden = !bin;
    if (bin) link.href = this.linkOf(bin);
  }

  /** Shows what a bin had; without one, what the whole span is. @param {number} at */
  #point(at) {
    const { bins, grain, measures, span } = this.#told;
    const bin = bins[at];
    if (this.#cross && this.#frame) {
      this.#cross.setAttribute(
        'x',
        String(bin ? this.#frame.left + at * this.#frame.slot : -this.#frame.slot),
      );
    }
    this.built.part('when').textContent = bin ? binText(bin, grain) : spanText(span);
    const counts = bin
      ? shownOf(bin, measures).map((measure) => element('span', '', countText(measure, bin.sums[measure])))
      : [element('span', '', t('house.score.hint'))];
    this.built.part('counts').replaceChildren(...counts);
    this.built.part('link').hidden = !bin || at !== this.#chosen;
  }
}

/** Many bars as one shape, or as few as there are hills. @param {number[]} heights @param {number} left @param {number} slot @param {number} foot */
function mountain(heights, left, slot, foot) {
  let d = '';
  heights.forEach((height, i) => {
    const x = left + i * slot;
    if (height === 0) return;
    if (!heights[i - 1]) d += `M${x} ${foot}`;
    d += `L${x} ${foot - height}h${slot}`;
    if (!heights[i + 1]) d += `V${foot}z`;
  });
  return d;
}

/** What is worth saying of a bin: what there was, and sign-ins in any case. @param {Bin} bin @param {Measure[]} measures */
function shownOf({ sums }, measures) {
  return measures.filter((measure) => sums[measure] > 0 || measure === 'signIns');
}
