/**
 * "Activity": what was done with one's own account, as plain sentences.
 */
import { timeElement } from '../components/format.js';
import { icon } from '../components/icon.js';
import { element } from '../components/template.js';
import { knows, t } from '../text/text.js';
import { iconOf, kindOf } from './settings-device-kind.js';

/** @typedef {{time:string, kind:string, outcome:string, device:string, address:string, deviceType:number}} Happening */

/** Rows at first; more come by a button. */
const PAGE = 25;

/** @type {import('./settings.js').Show} */
export async function show(body, { api, signal }) {
  const { events } = await api.get('/latchkey/activity');
  if (signal.aborted) return;
  body.append(element('p', 'lead', t('settings.activity.lead')));
  if (events.length === 0) {
    body.append(element('p', 'empty', t('settings.activity.empty')));
    return;
  }
  const list = element('ul', 'group');
  const more = element('button', 'button', t('settings.activity.more'));
  more.type = 'button';
  const rest = /** @type {Happening[]} */ ([...events]);
  const next = () => {
    const rows = rest.splice(0, PAGE).map(row);
    list.append(...rows);
    more.hidden = rest.length === 0;
    return rows[0];
  };
  more.addEventListener('click', () => {
    const first = next();
    first.tabIndex = -1;
    first.focus();
  });
  next();
  body.append(list, more);
}

/** @param {Happening} event */
function row(event) {
  const item = element('li', 'group-row thing');
  const box = element('div', 'thing-words');
  const refused = !['', 'ok', 'done'].includes(event.outcome);
  const line = element('p', 'soft');
  line.append(timeElement(event.time), ` · ${[deviceOf(event), event.address].filter(Boolean).join(', ')}`);
  box.append(
    icon(refused ? 'warn' : iconOf(event.deviceType)),
    element('p', 'thing-name', sentence(event, refused)),
    line,
  );
  item.append(box);
  return item;
}

/** @param {Happening} event @param {boolean} refused */
function sentence({ kind }, refused) {
  const key = `activity.${kind}`;
  if (refused && knows(`${key}.refused`)) return t(`${key}.refused`);
  return knows(key) ? t(key) : t('activity.other', { kind });
}

/** @param {Happening} event */
function deviceOf({ device, deviceType }) {
  return device || t(`device.${kindOf(deviceType)}`);
}
