/**
 * "Devices": who is signed in as me, since when and how; naming a device,
 * signing one out, ending one sign-in of it, or all but this one.
 */
import { ask as confirm, askText } from '../components/dialog.js';
import { timeElement } from '../components/format.js';
import { icon } from '../components/icon.js';
import { openMenu } from '../components/menu.js';
import { element } from '../components/template.js';
import { knows, t } from '../text/second.js';
import { t as all } from '../text/text.js';
import { iconOf, kindOf } from './settings-device-kind.js';
import { troubleView } from './settings.js';
import { needs } from './setup-needs.js';

/** @typedef {import('./view.js').Deps} Deps */
/** @typedef {{id:string, client:string, method:string, created:string, lastSeen:string, current:boolean}} SignIn */
/** @typedef {{id:string, name:string, type:number, created:string, lastSeen:string, current:boolean, known:boolean, remembered:boolean, sessions:SignIn[]}} Device */

/** @type {import('./settings.js').Show} */
export async function show(body, deps) {
  await needs('second');
  const view = new DevicesView(deps);
  await view.refresh();
  if (deps.signal.aborted) return;
  body.append(element('p', 'lead', t('devices.lead')), view.list, view.foot);
}

class DevicesView {
  /** @param {Deps} deps */
  constructor(deps) {
    this.deps = deps;
    this.list = element('ul', 'group');
    this.foot = element('div', 'field');
  }

  async refresh() {
    const { devices } = await this.deps.api.get('/latchkey/devices');
    if (this.deps.signal.aborted) return;
    const all = /** @type {Device[]} */ (devices);
    all.sort((a, b) => Number(b.current) - Number(a.current) || b.lastSeen.localeCompare(a.lastSeen));
    this.list.replaceChildren(...all.map((device) => this.#row(device)));
    const others = all.filter(({ current, sessions }) => sessions.length > (current ? 1 : 0)).length;
    this.foot.replaceChildren(...(others > 0 ? [this.#others(others)] : []));
  }

  /** @param {Device} device */
  #row(device) {
    const { current, remembered, sessions } = device;
    const row = element('li', 'group-row thing');
    row.append(this.#words(device));
    const name = row.querySelector('.thing-name');
    if (current) name?.append(' ', element('span', 'tag', t('devices.this')));
    if (sessions.length === 0) name?.append(' ', element('span', 'tag', t('devices.none')));
    if (remembered) name?.append(' ', element('span', 'tag', t('devices.spared')));
    row.append(this.#more(row, device));
    if (sessions.length > 1) row.append(this.#sessions(device));
    return row;
  }

  /** @param {Device} device */
  #words(device) {
    const box = element('div', 'thing-words');
    const line = element('p', 'soft', `${all(`device.${kindOf(device.type)}`)} · `);
    line.append(...around(t('devices.seen', { when: '\0' }), timeElement(device.lastSeen)));
    const [only] = device.sessions;
    if (device.sessions.length === 1 && knows(`devices.by.${only.method}`)) {
      line.append(`, ${t(`devices.by.${only.method}`)}`);
    }
    box.append(icon(iconOf(device.type)), element('p', 'thing-name', nameOf(device)), line);
    return box;
  }

  /** @param {HTMLElement} row @param {Device} device */
  #more(row, device) {
    const name = nameOf(device);
    const button = element('button', 'button icon');
    button.type = 'button';
    button.setAttribute('aria-label', t('devices.more', { name }));
    button.setAttribute('aria-haspopup', 'menu');
    button.append(icon('more'));
    const rename = {
      text: t('devices.rename'),
      icon: 'edit',
      run: () => this.#run(row, () => this.#rename(device)),
    };
    const signOut = {
      text: t(device.sessions.length > 0 ? 'devices.signout' : 'devices.forget'),
      icon: 'close',
      loss: true,
      run: () => this.#run(row, () => this.#signOut(device)),
    };
    button.addEventListener('click', () => openMenu(button, device.current ? [rename] : [rename, signOut]));
    return button;
  }

  /** @param {Device} device */
  #sessions({ sessions, ...device }) {
    const fold = element('details', 'fold inner-fold');
    fold.append(element('summary', '', t('devices.sessions', { count: sessions.length })));
    const list = element('ul');
    for (const one of sessions) {
      const row = element('li', 'group-row thing');
      const line = element('p', 'soft');
      line.append(...around(t('devices.session', { when: '\0' }), timeElement(one.created)));
      if (knows(`devices.by.${one.method}`)) line.append(`, ${t(`devices.by.${one.method}`)}`);
      row.append(line);
      if (one.current) line.append(' ', element('span', 'tag', t('devices.session.this')));
      else row.append(this.#end(row, one, nameOf(device)));
      list.append(row);
    }
    fold.append(list);
    return fold;
  }

  /** @param {HTMLElement} row @param {SignIn} one @param {string} name */
  #end(row, one, name) {
    const button = element('button', 'button', t('devices.session.end'));
    button.type = 'button';
    button.setAttribute('aria-label', t('devices.session.end.of', { name }));
    button.addEventListener('click', () =>
      this.#run(row, async () => {
        await this.deps.api.delete(`/latchkey/sessions/${encodeURIComponent(one.id)}`);
        this.deps.say(t('devices.session.ended'));
        return true;
      }),
    );
    return button;
  }

  /** @param {number} count */
  #others(count) {
    const line = element('p');
    const button = element('button', 'button', t('devices.others'));
    button.type = 'button';
    button.addEventListener('click', () =>
      this.#run(this.foot, async () => {
        const sure = {
          title: t('devices.others.title'),
          text: t('devices.others.text', { count }),
          action: t('devices.others'),
        };
        if (!(await confirm(sure))) return false;
        await this.deps.api.post('/latchkey/sessions/others');
        this.deps.say(t('devices.others.done'));
        return true;
      }),
    );
    line.append(button);
    return line;
  }

  /** @param {Device} device */
  async #rename(device) {
    const name = nameOf(device);
    const next = await askText({
      title: t('devices.rename.title', { name }),
      label: t('key.name'),
      action: t('devices.rename'),
      value: device.name,
    });
    if (next === null || next === device.name) return false;
    await this.deps.api.put(`/latchkey/devices/${encodeURIComponent(device.id)}`, { name: next });
    this.deps.say(t('devices.renamed', { name: next }));
    return true;
  }

  /** @param {Device} device */
  async #signOut(device) {
    const name = nameOf(device);
    const sure = {
      title: t('devices.signout.title', { name }),
      text: t('devices.signout.text'),
      action: t('devices.signout'),
      loss: true,
    };
    if (device.sessions.length > 0 && !(await confirm(sure))) return false;
    await this.deps.api.delete(`/api/devices/${encodeURIComponent(device.id)}`);
    this.deps.say(t('devices.gone', { name }));
    return true;
  }

  /** Does something and shows what there is then. @param {HTMLElement} row @param {() => Promise<boolean>} act */
  async #run(row, act) {
    row.querySelector(':scope > .field')?.remove();
    try {
      if (!(await act())) return;
      await this.refresh();
      const lost = document.activeElement === document.body || document.activeElement === null;
      if (lost) this.list.querySelector('button')?.focus();
    } catch (error) {
      if (!this.deps.signal.aborted) row.append(troubleView(error));
    }
  }
}

/** @param {{name:string}} device */
function nameOf(device) {
  return device.name || t('devices.unnamed');
}

/**
 * A sentence with an element in the place of its \0.
 * @param {string} sentence @param {Node} node @returns {(string|Node)[]}
 */
export function around(sentence, node) {
  const [before, after = ''] = sentence.split('\0');
  return [before, node, after];
}
