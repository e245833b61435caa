/**
 * "Reach", the owner's: how the house is reached from outside, one line each
 * for address, name, door, certificate and clock, with what to do; the address;
 * the proof; every test at once; and, folded, all that can be changed.
 */
import { build } from '../components/template.js';
import { messageOf } from '../components/problem.js';
import { announce } from '../components/toast.js';
import { t } from '../text/reach.js';
import { getReach, postReach } from './reach-api.js';
import { doctorIn } from './reach-doctor.js';
import { manualView, ProofView } from './reach-door.js';
import { Lines, spokenLines } from './reach-lines.js';
import { paceOf, progressOf } from './reach-model.js';
import { factsOf, notesOf } from './reach-plan.js';
import { follow } from './reach-poll.js';
import { needs } from './setup-needs.js';
import { copyFrom } from './setup-parts.js';

/** @typedef {import('./view.js').Deps} Deps @typedef {import('./reach-model.js').Reach} Reach */
/** @typedef {import('./reach-model.js').Line} Line */

/** ms between two looks while the code is shown, for somebody with a phone. */
const WATCHING = 1500;

/** @type {import('./settings.js').Show} */
export async function show(body, deps) {
  const [reach] = await Promise.all([getReach(deps.api), needs('reach')]);
  if (!deps.signal.aborted) await new Section(body, deps).begin(reach);
}

class Section {
  /** @param {HTMLElement} body @param {Deps} deps */
  constructor(body, deps) {
    this.deps = deps;
    this.built = build('settings-reach');
    this.lines = new Lines(this.built.part('lines'));
    this.steps = new Lines(this.built.part('steps'));
    this.proof = new ProofView();
    this.manual = '';
    this.kind = '';
    this.begun = false;
    /** @type {Reach|undefined} */
    this.latest = undefined;
    body.append(this.built.root);
  }

  /** @param {Reach} reach */
  async begin(reach) {
    const { built, deps } = this;
    const { api, signal } = deps;
    built.part('proof').append(this.proof.root);
    const copy = built.part('copy');
    copy.addEventListener('click', () => copyFrom(copy, built.part('url').textContent ?? ''));
    built.part('retry').addEventListener('click', () => void this.#retry());
    built.part('prove').addEventListener('click', () => {
      this.proof.always = true;
      built.part('prove').hidden = true;
      this.watch?.now();
    });
    doctorIn(built, deps);
    this.watch = follow({
      ask: () => getReach(api),
      told: (answer) => this.#show(answer),
      failed: (error) => this.#trouble(error),
      pace: (answer) => (this.proof.shown ? Math.min(paceOf(answer), WATCHING) : paceOf(answer)),
      signal,
    });
    await this.#folds(reach);
    this.watch.take(reach);
  }

  /** @param {Reach} reach */
  #show(reach) {
    const { built } = this;
    this.latest = reach;
    this.#trouble();
    const open = reach.mode === 'public' && reach.plan.name !== '';
    const lines = open ? reach.lines : [homeLine()];
    const said = spokenLines([...this.lines.show(lines), ...this.steps.show(reach.steps)]);
    if (said && this.begun) announce(said);
    this.begun = true;
    const failed = reach.steps.some(({ state }) => state === 'failed');
    built.part('progress-section').hidden = !open || (progressOf(reach) === 'done' && !failed);
    built.part('retry').hidden = !failed;
    built.part('address-section').hidden = !open;
    built.part('proof-section').hidden = !open;
    built.part('home').hidden = open;
    // What there is to do comes first: a name where there is none, the test where all is set up.
    const doctor = built.part('doctor-section');
    if (open) this.#address(reach);
    if (open === (built.root.lastElementChild === doctor)) {
      if (open) doctor.after(built.part('folds'));
      else doctor.before(built.part('folds'));
    }
    this.proof.show(reach.proof);
    built.part('prove').hidden = reach.proof.state !== 'proven' || this.proof.always;
    this.#manual(reach);
    void this.#folds(reach);
  }

  /** @param {Reach} reach */
  #address({ plan, providers }) {
    const { built } = this;
    const facts = JSON.stringify(plan);
    if (built.part('facts').dataset.facts === facts) return;
    built.part('facts').dataset.facts = facts;
    built.part('url').textContent = plan.url;
    built.part('facts').replaceChildren(...factsOf(plan, providers).slice(2)); // the first is the address itself
    built.part('notes').replaceChildren(...notesOf(plan));
  }

  /** The facts of a forwarding, where the fold shows them. @param {Reach} reach */
  #manual({ manual }) {
    const place = this.built.root.querySelector('[data-manual]');
    const facts = JSON.stringify(manual);
    if (!place || place.getAttribute('data-manual') === facts) return;
    place.setAttribute('data-manual', facts);
    const { api, signal } = this.deps;
    const choose = async (/** @type {number} */ port) =>
      this.watch?.take(await postReach(api, '/door', { door: 'manual', port }));
    place.replaceChildren(manualView(manual, signal, choose));
  }

  /** What can be changed depends on the way; it is drawn anew only when that turns. @param {Reach} reach */
  async #folds(reach) {
    const { plan } = reach;
    const kind = [reach.mode, plan.name, plan.provider, plan.challenge, plan.door].join(' ');
    if (kind === this.kind) return;
    this.kind = kind;
    const { foldsOf } = await import('./settings-reach-folds.js');
    if (this.deps.signal.aborted || kind !== this.kind) return;
    const changed = (/** @type {Reach} */ answer) => this.watch?.take(answer);
    this.built.part('folds').replaceChildren(...foldsOf(() => this.latest ?? reach, this.deps, changed));
    this.#manual(reach);
  }

  async #retry() {
    try {
      this.watch?.take(await postReach(this.deps.api, '/retry'));
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

/** @returns {Line} */
function homeLine() {
  return { code: 'home', state: 'ok', text: t('reach.set.home'), hint: '' };
}
