/**
 * The plan in plain words: which address people will use, whether home has a
 * name of its own, for how long a new address may stay unseen, and what this
 * path can't give. Nothing of it is kept; the house only works it out.
 */
import { build, element } from '../components/template.js';
import { messageOf } from '../components/problem.js';
import { t } from '../text/reach.js';
import { Lines } from './reach-lines.js';
import { planOf, spoken } from './reach-model.js';

/** @typedef {import('./reach-model.js').Plan} Plan @typedef {import('./reach-model.js').Line} Line */
/** @typedef {import('./reach-model.js').Provider} Provider */
/** @typedef {{plan: Plan, findings: Line[]}} Checked what POST /latchkey/reach/check answers */

/** ms after the last key; the house asks the network's name servers each time. */
const PAUSE = 600;

/** @param {number} seconds "70 seconds" */
export function timeText(seconds) {
  const { count, unit } = spoken(seconds);
  return t(`reach.time.${unit}`, { count });
}

/**
 * What the plan means, as pairs of a label and a value.
 * @param {Plan} plan @param {Provider[]} providers
 * @returns {HTMLElement[]}
 */
export function factsOf(plan, providers) {
  /** @type {[string, string, boolean?][]} */
  const facts = [['reach.plan.url', plan.url || `https://${plan.name}`, true]];
  const lan = plan.lan ? `https://${plan.lan}` : t('reach.plan.lan.none');
  if (plan.door !== 'proxy') facts.push(['reach.plan.lan', lan, plan.lan !== '']);
  const title = providers.find(({ id }) => id === plan.provider)?.title;
  if (title) facts.push(['reach.plan.provider', title]);
  if (plan.unseenSeconds > 0 && plan.door !== 'proxy') {
    const time = timeText(plan.unseenSeconds);
    facts.push(['reach.plan.unseen', t('reach.plan.unseen.value', { time })]);
  }
  const certificate = plan.door === 'proxy' ? 'proxy' : plan.certificate ? 'yes' : 'no';
  facts.push(['reach.plan.certificate', t(`reach.plan.certificate.${certificate}`)]);
  return facts.flatMap(([label, value, mono]) => [
    element('dt', 'label', t(label)),
    element('dd', mono ? 'reach-fact-name' : '', value),
  ]);
}

/**
 * What else there is to know of a plan.
 * @param {Plan} plan @param {string[]} [said] codes of what stands beside it already
 */
export function notesOf(plan, said = []) {
  const notes = plan.notes.filter(({ code }) => code !== 'ttl' && !said.includes(code));
  return notes.map(({ text }) => element('li', '', text));
}

/** What the form says of a provider before anything is typed. */
const SAID = ['no-certificate', 'no-lan', 'watch'];

/** Asks for the plan of what is typed so far, and shows the newest answer. */
export class Preview {
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  #timer;
  #round = 0;
  #asked = '';

  /**
   * @param {HTMLElement} place @param {import('../net/api.js').Api} api
   * @param {Provider[]} providers @param {AbortSignal} signal
   * @param {(checked: Checked) => void} told hears each answer that is shown
   */
  constructor(place, api, providers, signal, told) {
    this.place = place;
    this.api = api;
    this.providers = providers;
    this.told = told;
    signal.addEventListener('abort', () => this.stop());
  }

  /** Forgets what was asked for; no answer is shown any more. */
  stop() {
    clearTimeout(this.#timer);
    this.#round++;
  }

  /**
   * Asks when the typing rests, or at once. The same is not asked twice.
   * @param {Record<string, unknown> & {name: string}} body @param {boolean} [atOnce]
   */
  ask(body, atOnce = false) {
    const key = JSON.stringify(body);
    if (key === this.#asked) return;
    this.stop();
    this.#asked = key;
    if (!body.name.includes('.')) {
      this.place.hidden = true;
      return;
    }
    this.#timer = setTimeout(() => void this.#look(body), atOnce ? 0 : PAUSE);
  }

  /** @param {Record<string, unknown>} body */
  async #look(body) {
    const mine = ++this.#round;
    this.place.setAttribute('aria-busy', 'true');
    try {
      const answer = await this.api.post('/latchkey/reach/check', body);
      if (mine !== this.#round) return;
      const checked = /** @type {Checked} */ ({ ...answer, plan: planOf(answer.plan) });
      this.#draw(checked);
      this.told(checked);
    } catch (error) {
      if (mine === this.#round) this.#fail(error);
    } finally {
      if (mine === this.#round) this.place.removeAttribute('aria-busy');
    }
  }

  /** @param {Checked} checked */
  #draw({ plan, findings }) {
    const built = build('reach-plan');
    built.part('title').textContent = t('reach.plan');
    built.part('facts').append(...factsOf(plan, this.providers));
    built.part('notes').append(...notesOf(plan, SAID));
    const list = built.part('findings');
    new Lines(list).show(findings ?? []);
    list.hidden = !findings?.length;
    this.place.replaceChildren(built.root);
    this.place.hidden = false;
  }

  /** A name that can't be one is a finding like others; it is said in full when the form is sent. @param {unknown} error */
  #fail(error) {
    this.#asked = '';
    const { code, text, hint } = messageOf(error);
    const built = build('reach-plan');
    built.part('title').textContent = t('reach.plan');
    const list = built.part('findings');
    new Lines(list).show([{ code, state: 'warn', text, hint }]);
    list.hidden = false;
    this.place.replaceChildren(built.root);
    this.place.hidden = false;
  }
}
