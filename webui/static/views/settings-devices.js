/**
 * "Devices": who is signed in as me, when it was last seen, and signing one out.
 */
import { timeElement } from '../components/format.js';
import { icon } from '../components/icon.js';
import { element } from '../components/template.js';
import { t } from '../text/text.js';
import { iconOf, kindOf } from './settings-device-kind.js';
import { troubleView } from './settings.js';

/** @typedef {{id:string, name:string, identifier:string, type:number, creationDate:string, lastActivityDate:string|null}} Device */

/** @type {import('./settings.js').Show} */
export async function show(body, { api, say, signal }) {
  const { data } = await api.get('/api/devices');
  if (signal.aborted) return;
  const devices = /** @type {Device[]} */ (data);
  const mine = (/** @type {Device} */ device) => device.identifier === api.deviceId;
  devices.sort((a, b) => Number(mine(b)) - Number(mine(a)) || lastSeen(b).localeCompare(lastSeen(a)));
  const list = element('ul', 'group');
  list.append(...devices.map((device) => row(device)));
  body.append(element('p', 'lead', t('settings.devices.lead')), list);

  /** @param {Device} device */
  function row(device) {
    const item = element('li', 'group-row thing');
    item.append(words(device, mine(device)));
    if (!mine(device)) item.append(signOut(device, item));
    return item;
  }

  /** @param {Device} device @param {HTMLElement} item */
  function signOut(device, item) {
    const name = nameOf(device);
    const button = element('button', 'button', t('settings.devices.signout'));
    button.type = 'button';
    button.setAttribute('aria-label', t('settings.devices.signout.of', { name }));
    button.addEventListener('click', async () => {
      button.disabled = true;
      item.querySelector('.field')?.remove();
      try {
        await api.post(`/api/devices/${encodeURIComponent(device.id)}/deactivate`);
        const near = item.nextElementSibling ?? item.previousElementSibling;
        item.remove();
        say(t('settings.devices.gone', { name }));
        near?.querySelector('button')?.focus();
      } catch (error) {
        button.disabled = false;
        item.append(troubleView(error));
      }
    });
    return button;
  }
}

/** @param {Device} device */
function lastSeen(device) {
  return device.lastActivityDate ?? device.creationDate;
}

/** @param {Device} device */
function nameOf(device) {
  return device.name || t('settings.devices.unnamed');
}

/** @param {Device} device @param {boolean} here */
function words(device, here) {
  const box = element('div', 'thing-words');
  const name = element('p', 'thing-name', nameOf(device));
  if (here) name.append(' ', element('span', 'tag', t('settings.devices.this')));
  const line = element('p', 'soft', `${t(`device.${kindOf(device.type)}`)} · `);
  line.append(...around(t('settings.devices.seen', { when: '\0' }), timeElement(lastSeen(device))));
  box.append(icon(iconOf(device.type)), name, line);
  return box;
}

/**
 * A sentence with an element in the place of its \0.
 * @param {string} sentence @param {Node} node @returns {(string|Node)[]}
 */
export function around(sentence, node) {
  const [before, after = ''] = sentence.split('\0');
  return [before, node, after];
}
