/**
 * The lines of the log as a table, a body of rows for each day: the newest
 * above, older ones below, new ones on top while it is followed.
 */
import { exactly } from '../components/format.js';
import { icon } from '../components/icon.js';
import { element } from '../components/template.js';
import { knows, t } from '../text/house.js';
import { codeOf, nameOf, sentenceOf, wentWell } from './house-event.js';
import { isoDay } from './house-fold.js';
import { hashOf } from './house-log-query.js';
import { countryText, dayFull, tookText } from './house-words.js';
import { iconOf, kindOf } from './settings-device-kind.js';
import { around } from './settings-devices.js';

/** @typedef {import('./house-event.js').Event} Event @typedef {import('./house-log-query.js').Query} Query */

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** Columns of the table, for the headings of the days. */
const COLUMNS = 4;

/** The rows of one search. */
export class Rows {
  /** @param {HTMLTableElement} table @param {() => Query} query what is asked now */
  constructor(table, query) {
    this.table = table;
    this.query = query;
  }

  get count() {
    return this.table.querySelectorAll('tr.event').length;
  }

  clear() {
    for (const body of this.table.querySelectorAll('tbody')) body.remove();
  }

  /** Older lines go below. @param {Event[]} events the newest first @returns {HTMLElement|undefined} the first of them */
  append(events) {
    const rows = events.map((event) => {
      const row = this.#row(event);
      const body = [...this.table.tBodies].at(-1);
      const day = isoDay(new Date(event.time));
      if (body?.dataset.day === day) body.append(row);
      else this.table.append(this.#day(day, event, row));
      return row;
    });
    return rows[0];
  }

  /** Newer lines go on top. @param {Event[]} events the newest first */
  prepend(events) {
    for (const event of events.toReversed()) {
      const row = this.#row(event);
      row.classList.add('is-new');
      const day = isoDay(new Date(event.time));
      const body = this.table.tBodies[0];
      if (body?.dataset.day === day) body.firstElementChild?.after(row);
      else if (body) body.before(this.#day(day, event, row));
      else this.table.append(this.#day(day, event, row));
    }
  }

  /** @param {string} day @param {Event} event @param {HTMLElement} row */
  #day(day, event, row) {
    const body = element('tbody');
    body.dataset.day = day;
    const head = element('tr', 'event-day');
    const cell = element('th', '', dayFull(new Date(event.time)));
    cell.colSpan = COLUMNS;
    cell.scope = 'rowgroup';
    head.append(cell);
    body.append(head, row);
    return body;
  }

  /** @param {Event} event */
  #row(event) {
    const well = wentWell(event);
    const row = element('tr', `event ${well ? 'is-well' : 'is-refused'} kind-${event.kind}`);
    const time = element('td', 'event-time');
    const when = element('time', '', clock.format(new Date(event.time)));
    when.dateTime = event.time;
    when.title = exactly(event.time);
    time.append(when);
    row.append(time, this.#what(event, well), this.#device(event), this.#place(event));
    return row;
  }

  /** @param {Event} event @param {boolean} well */
  #what(event, well) {
    const cell = element('td', 'event-what');
    const mark = element('span', 'event-mark');
    mark.append(icon(symbolOf(event, well)));
    if (!well) mark.append(element('span', 'visually-hidden', t('house.log.refused')));
    const words = element('span', 'event-words');
    words.append(...this.#sentence(event));
    const count = event.tally ? 0 : (event.count ?? 0);
    if (count > 1) words.append(' ', element('span', 'tag', t('house.log.times', { count })));
    const code = codeOf(event);
    if (code) words.append(element('span', 'soft', code));
    cell.append(mark, words);
    return cell;
  }

  /** The sentence, in which a person's name leads to the lines about them. @param {Event} event */
  #sentence(event) {
    const id = event.who?.id ?? event.who?.pseudonym;
    const sentence = sentenceOf(event, '\0');
    if (!id || this.query().account === id || !sentence.includes('\0')) return [sentenceOf(event)];
    const link = element('a', '', nameOf(event.who));
    link.href = hashOf({ ...this.query(), account: id });
    link.title = t('house.log.only', { what: nameOf(event.who) });
    return around(sentence, link);
  }

  /** @param {Event} event */
  #device({ device, deviceType = -1, tally, method }) {
    const cell = element('td', 'event-device');
    if (tally) return cell;
    const kind = kindOf(deviceType);
    if (device || kind !== 'other') {
      cell.append(icon(iconOf(deviceType)), element('span', '', device || t(`device.${kind}`)));
    }
    if (method && knows(`house.method.${method}`)) cell.title = t(`house.method.${method}`);
    return cell;
  }

  /** @param {Event} event */
  #place({ address, country, detail, outcome, ms = 0 }) {
    const cell = element('td', 'event-place');
    if (address) {
      const link = element('a', 'mono', address);
      link.href = hashOf({ ...this.query(), address });
      link.title = t('house.log.only', { what: address });
      cell.append(link);
    }
    // Refusals that were folded from many places say so in the place of the address.
    else if (detail && !wentWell({ outcome })) cell.append(element('span', '', detail));
    const more = [countryText(country), tookText(ms)].filter(Boolean).join(' · ');
    if (more) cell.append(element('span', 'soft', more));
    return cell;
  }
}

/** @type {Record<string, string>} */
const SYMBOLS = {
  token: 'refresh',
  signout: 'lock',
  ban: 'shield',
  unban: 'shield',
  admit: 'shield',
  admin: 'house',
  second: 'shield',
  passkey: 'passkey',
  apikey: 'ssh',
  invited: 'people',
  joined: 'people',
  settings: 'sliders',
  setup: 'house',
  device: 'device',
  kit: 'print',
  export: 'upload',
  deleted: 'trash',
  requests: 'globe',
  unreadable: 'warn',
  password: 'lock',
};

/** @param {Event} event @param {boolean} well */
function symbolOf({ kind }, well) {
  if (!well) return 'close';
  return SYMBOLS[kind] ?? 'check';
}
