/**
 * "Second step" and "Passkeys" of the settings: what there is, when it was used,
 * and adding, renaming and taking away. Each change asks for a proof once.
 */
import { ask as confirm, askText } from '../components/dialog.js';
import { timeElement } from '../components/format.js';
import { icon } from '../components/icon.js';
import { openMenu } from '../components/menu.js';
import { build, element } from '../components/template.js';
import { t } from '../text/second.js';
import { canAsk } from '../vault/webauthn.js';
import { factorProof } from './prove.js';
import { around } from './settings-devices.js';
import { troubleView } from './settings.js';
import { needs } from './setup-needs.js';

/** @typedef {import('./view.js').Deps} Deps */
/** @typedef {{id:number|string, name:string, created:string, lastUsed:string|null, rpId:string, here:boolean}} Key */
/** @typedef {Key & {id:string, prf:boolean, unlock:boolean}} Passkey */
/**
 * What GET /latchkey/second tells.
 * @typedef {object} Factors
 * @property {{enabled:boolean, since:string|null, lastUsed:string|null}} totp
 * @property {(Key & {id:number})[]} keys
 * @property {Passkey[]} passkeys
 * @property {number} remembered
 * @property {boolean} required
 * @property {{id:string, problem?:{text:string, hint:string}}} relyingParty
 */
/** @typedef {() => Promise<unknown>} Act */
/** @typedef {{text:string, label?:string, act:Act, loss?:boolean, icon?:string}} Choice */

/** @param {HTMLElement} place @param {Deps} deps */
export async function showFactors(place, deps) {
  await needs('second');
  if (deps.signal.aborted) return;
  const built = build('factors');
  const view = new FactorsView(built, deps);
  await view.refresh();
  if (!deps.signal.aborted) place.replaceChildren(built.root);
}

class FactorsView {
  /** @param {import('../components/template.js').Built} built @param {Deps} deps */
  constructor(built, deps) {
    this.built = built;
    this.deps = deps;
  }

  async refresh() {
    const { api, signal } = this.deps;
    const factors = /** @type {Factors} */ (await api.get('/latchkey/second'));
    if (signal.aborted) return;
    const { part } = this.built;
    part('required').hidden = !factors.required;
    part('second').replaceChildren(
      this.#totp(factors),
      this.#keys(factors),
      ...factors.keys.map((key) => this.#key(key, factors)),
      this.#recovery(),
      ...(factors.remembered > 0 ? [this.#remembered(factors.remembered)] : []),
    );
    const passkeys = factors.passkeys.map((passkey) => this.#passkey(passkey, factors));
    part('passkeys').replaceChildren(...passkeys);
    part('passkeys').hidden = passkeys.length === 0;
    part('passkeys-add').replaceChildren(this.#addPasskey(factors));
  }

  /** @param {Factors} factors */
  #totp({ totp, keys }) {
    const line = totp.enabled ? sinceLine('factors.totp.since', totp) : soft(t('factors.totp.off'));
    const setUp = async () => {
      const { setUpTotp } = await import('./factor-totp.js');
      return setUpTotp(this.deps);
    };
    const row = thing('phone', t('second.totp'), [line]);
    if (!totp.enabled) {
      this.#button(row, {
        text: t('factors.setup'),
        label: `${t('factors.setup')}: ${t('second.totp')}`,
        act: setUp,
      });
      return row;
    }
    this.#menu(row, t('second.totp'), [
      { text: t('factors.again'), icon: 'phone', act: setUp },
      {
        text: t('key.remove'),
        icon: 'trash',
        loss: true,
        act: () => this.#removeTotp(keys.length === 0),
      },
    ]);
    return row;
  }

  /** @param {boolean} last */
  async #removeTotp(last) {
    const text = `${t('totp.remove.text')} ${last ? t('key.remove.last') : ''}`;
    const sure = { title: t('totp.remove.title'), text, action: t('key.remove'), loss: true };
    if (!(await confirm(sure))) return false;
    return this.#proven(async (userVerificationToken) => {
      await this.deps.api.delete('/api/two-factor/authenticator', { type: 0, userVerificationToken });
      this.deps.say(t('totp.off'));
    });
  }

  /** @param {Factors} factors */
  #keys({ keys, relyingParty }) {
    const cant = cannot(relyingParty);
    const row = thing('token', t('factors.keys'), [soft(cant || t('factors.keys.none'))]);
    if (!cant) {
      const act = async () => {
        const { addKey } = await import('./factor-key.js');
        return addKey(
          this.deps,
          keys.map(({ name }) => name),
        );
      };
      this.#button(row, { text: t('factors.keys.add'), act });
    }
    return row;
  }

  /** @param {Key & {id:number}} key @param {Factors} factors */
  #key(key, { totp, keys }) {
    const row = thing('', key.name, [sinceLine('key.since', { since: key.created, lastUsed: key.lastUsed })]);
    row.classList.add('inner');
    if (!key.here) tag(row, t('key.elsewhere', { name: key.rpId }));
    this.#menu(row, key.name, [
      {
        text: t('key.rename'),
        icon: 'edit',
        act: () => this.#rename(`/latchkey/second/keys/${key.id}`, key.name),
      },
      {
        text: t('key.remove'),
        icon: 'trash',
        loss: true,
        act: () => this.#removeKey(key, !totp.enabled && keys.length === 1),
      },
    ]);
    return row;
  }

  /** @param {Key & {id:number}} key @param {boolean} last */
  async #removeKey({ id, name }, last) {
    const text = last ? t('key.remove.last') : t('key.remove.text');
    const sure = { title: t('key.remove.title', { name }), text, action: t('key.remove'), loss: true };
    if (!(await confirm(sure))) return false;
    return this.#proven(async (userVerificationToken) => {
      await this.deps.api.delete('/api/two-factor/webauthn', { id, userVerificationToken });
      this.deps.say(t('key.removed', { name }));
    });
  }

  #recovery() {
    const row = thing('note', t('factors.recovery'), [soft(t('factors.recovery.what'))]);
    const act = async () => {
      const userVerificationToken = await factorProof(this.deps);
      if (userVerificationToken === null) return false;
      const { code } = await this.deps.api.post('/api/two-factor/get-recover', { userVerificationToken });
      const { showRecovery } = await import('./recovery.js');
      await showRecovery(this.deps, code);
      return false;
    };
    this.#button(row, {
      text: t('factors.show'),
      label: `${t('factors.show')}: ${t('factors.recovery')}`,
      act,
    });
    return row;
  }

  /** @param {number} count */
  #remembered(count) {
    const row = thing('device', t('factors.remembered'), [soft(t('factors.remembered.count', { count }))]);
    const act = async () => {
      await this.deps.api.delete('/latchkey/second/remembered');
      this.deps.say(t('factors.remembered.done'));
      return true;
    };
    this.#button(row, { text: t('factors.remembered.go'), act });
    return row;
  }

  /** @param {Passkey} passkey @param {Factors} factors */
  #passkey(passkey, { relyingParty }) {
    const { id, name, created: since, lastUsed, here, rpId, prf, unlock } = passkey;
    const row = thing('passkey', name, [sinceLine('key.since', { since, lastUsed })]);
    tag(row, t(here ? (unlock ? 'passkey.opens' : 'passkey.signs') : 'key.elsewhere', { name: rpId }));
    /** @type {Choice[]} */
    const choices = [
      {
        text: t('key.rename'),
        icon: 'edit',
        act: () => this.#rename(`/latchkey/second/passkeys/${id}`, name),
      },
    ];
    if (here && prf && !unlock && !cannot(relyingParty)) {
      choices.push({
        text: t('passkey.give'),
        icon: 'lock',
        act: async () => {
          const { givePasskeyUnlock } = await import('./factor-passkey.js');
          return givePasskeyUnlock(this.deps, passkey);
        },
      });
    }
    choices.push({
      text: t('key.remove'),
      icon: 'trash',
      loss: true,
      act: () => this.#removePasskey(passkey),
    });
    this.#menu(row, name, choices);
    return row;
  }

  /** @param {Passkey} passkey */
  async #removePasskey({ id, name }) {
    const sure = {
      title: t('key.remove.title', { name }),
      text: t('passkey.remove.text'),
      action: t('key.remove'),
      loss: true,
    };
    if (!(await confirm(sure))) return false;
    const { removePasskey } = await import('./factor-passkey.js');
    if (!(await removePasskey(this.deps, id))) return false;
    this.deps.say(t('key.removed', { name }));
    return true;
  }

  /** @param {Factors} factors */
  #addPasskey({ passkeys, relyingParty }) {
    const cant = cannot(relyingParty);
    const place = element('div', 'field');
    if (cant) place.append(soft(cant));
    const act = async () => {
      const { addPasskey } = await import('./factor-passkey.js');
      return addPasskey(
        this.deps,
        passkeys.map(({ name }) => name),
      );
    };
    if (!cant) this.#button(place, { text: t('passkeys.add'), act });
    return place;
  }

  /** @param {string} path @param {string} name */
  async #rename(path, name) {
    const title = t('key.rename.title', { name });
    const next = await askText({ title, label: t('key.name'), action: t('key.rename'), value: name });
    if (next === null || next === name) return false;
    await this.deps.api.put(path, { name: next });
    this.deps.say(t('key.renamed', { name: next }));
    return true;
  }

  /** @param {(userVerificationToken:string) => Promise<void>} act */
  async #proven(act) {
    const token = await factorProof(this.deps);
    if (token === null) return false;
    await act(token);
    return true;
  }

  /** @param {HTMLElement} row @param {Choice} choice */
  #button(row, { text, label = text, act }) {
    const button = element('button', 'button', text);
    button.type = 'button';
    if (label !== text) button.setAttribute('aria-label', label);
    button.addEventListener('click', () => void this.#run(row, button, act));
    row.append(button);
  }

  /** @param {HTMLElement} row @param {string} name @param {Choice[]} choices */
  #menu(row, name, choices) {
    const button = element('button', 'button icon');
    button.type = 'button';
    button.setAttribute('aria-label', t('key.more', { name }));
    button.setAttribute('aria-haspopup', 'menu');
    button.append(icon('more'));
    button.addEventListener('click', () =>
      openMenu(
        button,
        choices.map(({ text, icon: symbol, loss, act }) => ({
          text,
          icon: symbol,
          loss,
          run: () => void this.#run(row, button, act),
        })),
      ),
    );
    row.append(button);
  }

  /** Does something and shows what there is then; what went wrong stands in the row. @param {HTMLElement} row @param {HTMLElement} button @param {Act} act */
  async #run(row, button, act) {
    row.querySelector('.field')?.remove();
    const section = button.closest('section');
    try {
      if (!(await act())) return;
      await this.refresh();
      this.#focusIn(section);
    } catch (error) {
      if (!this.deps.signal.aborted) row.append(troubleView(error));
    }
  }

  /** The rows were drawn anew: the focus goes to their heading. @param {HTMLElement|null} section */
  #focusIn(section) {
    const lost = document.activeElement === document.body || document.activeElement === null;
    const title = section?.querySelector('h2');
    if (lost && title instanceof HTMLElement) title.focus({ preventScroll: true });
  }
}

/** Why no key can be added on this page, '' where one can. @param {Factors['relyingParty']} party */
function cannot({ id, problem }) {
  if (!id) return problem ? `${problem.text} ${problem.hint}` : t('factors.nokeys');
  return canAsk() ? '' : t('second.none');
}

/** @param {string} symbol '' for none @param {string} name @param {HTMLElement[]} lines */
function thing(symbol, name, lines) {
  const row = element('li', 'group-row thing');
  const words = element('div', 'thing-words');
  words.append(
    symbol ? icon(symbol) : element('span', 'no-icon'),
    element('p', 'thing-name', name),
    ...lines,
  );
  row.append(words);
  return row;
}

/** @param {HTMLElement} row @param {string} text */
function tag(row, text) {
  row.querySelector('.thing-name')?.append(' ', element('span', 'tag', text));
}

/** @param {string} text */
function soft(text) {
  return element('p', 'soft', text);
}

/** @param {string} key of the sentence with {when} @param {{since:string|null, lastUsed:string|null}} times */
function sinceLine(key, { since, lastUsed }) {
  const line = soft('');
  if (since) line.append(...around(t(key, { when: '\0' }), timeElement(since)), ' · ');
  if (lastUsed) line.append(...around(t('key.used', { when: '\0' }), timeElement(lastUsed)));
  else line.append(t('key.unused'));
  return line;
}
