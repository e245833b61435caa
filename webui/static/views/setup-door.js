/**
 * "Door": now that the house has an owner, the router lets callers in: asked by
 * Latchkey, or by an entry that a person makes. The phone on mobile data proves
 * it. Nobody has to wait for that: a notice stays.
 */
import { build } from '../components/template.js';
import { messageOf } from '../components/problem.js';
import { announce } from '../components/toast.js';
import { t } from '../text/reach.js';
import { needs } from './setup-needs.js';
import { getReach, postReach } from './reach-api.js';
import { manualView, ProofView } from './reach-door.js';
import { Lines, spokenLines } from './reach-lines.js';
import { paceOf, PACE } from './reach-model.js';
import { follow } from './reach-poll.js';
import { proxiesForm } from './reach-proxies.js';

/** @typedef {import('./setup.js').Wizard} Wizard @typedef {import('./reach-model.js').Reach} Reach */
/** @typedef {import('./reach-model.js').Door} Door @typedef {import('../components/template.js').Built} Built */

/** ms between two looks while somebody stands there with a phone. */
const WATCHING = 1500;

/** @param {Wizard} wizard */
export async function showDoor(wizard) {
  const { api, signal } = wizard.deps;
  const [now] = await Promise.all([getReach(api), needs('reach', 'settings')]);
  const opened = now.open ? now : await postReach(api, '/door', {});
  if (!signal.aborted && wizard.now === 'door') new DoorStep(wizard, opened);
}

class DoorStep {
  /** @param {Wizard} wizard @param {Reach} reach */
  constructor(wizard, reach) {
    this.wizard = wizard;
    this.api = wizard.deps.api;
    this.signal = wizard.begin();
    this.built = build('setup-door');
    this.lines = new Lines(this.built.part('lines'));
    this.proof = new ProofView();
    this.built.part('proof').append(this.proof.root);
    this.door = reach.plan.door;
    this.#wire(reach);
    this.watch = follow({
      ask: () => getReach(this.api),
      told: (answer) => this.#show(answer),
      failed: (error) => this.#trouble(error),
      pace: (answer) => (answer.proof.state === 'proven' ? PACE.resting : Math.min(paceOf(answer), WATCHING)),
      signal: this.signal,
    });
    wizard.present(this.built.root);
    this.watch.take(reach);
  }

  /** @param {Reach} reach */
  #wire(reach) {
    const { built } = this;
    const proxy = this.door === 'proxy';
    const which = proxy ? 'reach.door.proxy' : 'reach.door';
    built.part('title').textContent = t(`${which}.title`);
    built.part('lead').textContent = t(`${which}.lead`);
    built.part('how').hidden = proxy;
    for (const radio of this.#radios()) {
      radio.checked = radio.value === this.door;
      radio.addEventListener('change', () => void this.#turn(/** @type {Door} */ (radio.value)));
    }
    if (proxy) this.#proxies(reach);
    built.part('later').addEventListener('click', () => void this.#leave(true));
    built.part('go').addEventListener('click', () => void this.#leave(false));
  }

  /** @returns {HTMLInputElement[]} */
  #radios() {
    return [...this.built.part('how').querySelectorAll('input')];
  }

  /** Naming the proxy wants the password; whoever reloaded is no longer signed in, and does it later. @param {Reach} reach */
  #proxies(reach) {
    const { deps } = this.wizard;
    const place = this.built.part('proxies');
    place.hidden = deps.session.state !== 'open';
    if (place.hidden) return;
    place.append(proxiesForm({ ...deps, signal: this.signal }, reach.proxies, () => this.watch.now()));
  }

  /** @param {Door} door who opens it from now on @param {number} [port] outside, where it is opened by hand */
  async #turn(door, port) {
    this.door = door;
    for (const radio of this.#radios()) radio.checked = radio.value === door;
    try {
      this.watch.take(await postReach(this.api, '/door', port ? { door, port } : { door }));
    } catch (error) {
      this.#trouble(error);
    }
  }

  /** @param {Reach} reach */
  #show(reach) {
    const { built } = this;
    this.#trouble();
    const said = spokenLines(this.lines.show(reach.lines.filter(matters)));
    if (said) announce(said);
    this.#manual(reach);
    this.proof.show(reach.proof);
    const proven = reach.proof.state === 'proven';
    built.part('go').hidden = !proven;
    built.part('later').hidden = proven;
    built.part('later-hint').hidden = proven;
  }

  /** By choice; or because the router does not do it for us. @param {Reach} reach */
  #manual({ lines, manual, proof }) {
    const shut = lines.some(({ code, state }) => code === 'door' && state === 'bad');
    const place = this.built.part('manual');
    const wanted = this.door === 'manual' || (this.door === 'auto' && shut);
    place.hidden = !wanted || proof.state === 'proven';
    const facts = JSON.stringify(manual);
    if (place.hidden || place.dataset.facts === facts) return;
    place.dataset.facts = facts;
    place.replaceChildren(manualView(manual, this.signal, (port) => this.#turn('manual', port)));
  }

  /** @param {boolean} later */
  async #leave(later) {
    const { wizard, api } = this;
    try {
      if (later) await postReach(api, '/door', { later: true });
      const state = await api.get('/latchkey/setup').catch(() => wizard.state);
      wizard.advance(state, 'done');
    } catch (error) {
      this.#trouble(error);
    }
  }

  /** @param {unknown} [error] */
  #trouble(error) {
    const { text, hint } = error ? messageOf(error) : { text: '', hint: '' };
    this.built.part('trouble').textContent = `${text} ${hint}`.trim();
  }
}

/** What is in order and has nothing to do with the door is left out: one thing at a time. @param {import('./reach-model.js').Line} line */
function matters({ code, state }) {
  return state !== 'ok' || code === 'address' || code === 'door';
}
