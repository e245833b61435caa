/**
 * The second step of a sign-in, in the place of the password's form: a code, a
 * security key, or the recovery code. It loads only when the house asks for one.
 */
import { openMenu } from '../components/menu.js';
import { clearProblem, messageOf, showProblem } from '../components/problem.js';
import { whileSlow } from '../components/progress.js';
import { build } from '../components/template.js';
import { t } from '../text/second.js';
import { ask } from '../vault/authenticator.js';
import { WAYS } from '../vault/entry.js';
import { canAsk } from '../vault/webauthn.js';
import { digitsOf, isWhole, wireCode } from './code-field.js';
import { needs } from './setup-needs.js';

/** @typedef {import('./view.js').Deps} Deps */
/** @typedef {import('../components/progress.js').ProgressBar} ProgressBar */
/** @typedef {'totp'|'key'|'recovery'} Way */

const WORDS = {
  totp: { name: 'second.totp', lead: 'second.totp.lead', go: 'unlock.signin', icon: 'phone' },
  key: { name: 'second.key', lead: 'second.key.lead', go: 'second.key.go', icon: 'token' },
  recovery: {
    name: 'second.recovery',
    lead: 'second.recovery.lead',
    go: 'second.recovery.go',
    icon: 'note',
  },
};

/**
 * Where the step is taken.
 * @typedef {object} Place
 * @property {HTMLElement} form  is replaced until the step is done
 * @property {HTMLElement} title
 * @property {HTMLElement} lead
 */

/**
 * Takes the step. Resolves true when it signed in, and with the problem to show
 * beside the password where it starts again: null, where the person went back.
 * @param {Place} place @param {Deps} deps @param {Record<string, any>} providers of the house's question
 * @returns {Promise<true|{problem: unknown}>}
 */
export async function takeSecondStep(place, deps, providers) {
  await needs('second');
  return new Promise((resolve) => new SecondStep(place, deps, providers, resolve).show());
}

class SecondStep {
  #busy = false;
  /** Ends the question to a key. */
  #asking = new AbortController();
  /** @type {Way} */
  #way;

  /**
   * @param {Place} place @param {Deps} deps @param {Record<string, any>} providers
   * @param {(end: true|{problem: unknown}) => void} resolve
   */
  constructor(place, deps, providers, resolve) {
    this.place = place;
    this.deps = deps;
    this.providers = providers;
    this.resolve = resolve;
    this.ways = waysOf(providers);
    this.#way = this.ways[0];
    this.built = build('second');
    this.code = this.built.part('code', HTMLInputElement);
    this.go = this.built.part('go', HTMLButtonElement);
    this.#wire();
  }

  show() {
    this.place.form.replaceWith(this.built.root);
    this.place.title.textContent = t('second.title');
    document.title = t('app.title', { where: t('second.title') });
    this.#draw();
    if (this.#way === 'key') void this.#try({ quiet: true });
  }

  #wire() {
    const { part, root } = this.built;
    const { session, signal } = this.deps;
    wireCode(
      this.code,
      () => void this.#try(),
      () => this.#way === 'totp',
    );
    root.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#try();
    });
    part('back').addEventListener('click', () => this.#end({ problem: null }));
    part('other').addEventListener('click', () => {
      const others = this.ways.filter((way) => way !== this.#way);
      const entries = others.map((way) => ({
        text: t(WORDS[way].name),
        icon: WORDS[way].icon,
        run: () => this.#turnTo(way),
      }));
      openMenu(part('other'), entries);
    });
    session.addEventListener(
      'progress',
      (event) => {
        const { part: doing, done } = /** @type {CustomEvent} */ (event).detail;
        /** @type {ProgressBar} */ (part('bar')).value = done;
        part('doing').textContent = t(`unlock.${doing}`);
      },
      { signal },
    );
  }

  /** @param {Way} way */
  #turnTo(way) {
    this.#stopAsking();
    this.#rest(false);
    this.#way = way;
    this.#draw();
    if (way === 'key') void this.#try({ quiet: true });
  }

  #draw() {
    const { part } = this.built;
    const way = this.#way;
    const isKey = way === 'key';
    this.place.lead.textContent = t(WORDS[way].lead);
    clearProblem(this.code);
    this.code.value = '';
    this.code.hidden = isKey;
    part('label').hidden = isKey;
    part('label').textContent = t(way === 'totp' ? 'second.code' : 'second.recovery');
    this.code.classList.toggle('code', way === 'totp');
    this.code.inputMode = way === 'totp' ? 'numeric' : 'text';
    this.code.autocomplete = way === 'totp' ? 'one-time-code' : 'off';
    this.code.maxLength = way === 'totp' ? 20 : 80;
    part('remember-field').hidden = way === 'recovery';
    this.go.textContent = t(WORDS[way].go);
    part('other').hidden = this.ways.length < 2;
    part('waiting').textContent = way === 'recovery' && noKeys(this.providers) ? t('second.none') : '';
    if (isKey) this.go.focus();
    else this.code.focus();
  }

  /** @param {{quiet?: boolean}} [how] quiet: nobody pressed the button, so a browser that wants that is no trouble */
  async #try({ quiet = false } = {}) {
    if (this.#busy) return;
    clearProblem(this.code);
    const way = this.#way;
    const typed = this.code.value.trim();
    if (way === 'totp' && !isWhole(digitsOf(typed))) return showProblem(this.code, { code: 'second.digits' });
    if (way === 'recovery' && typed === '') return showProblem(this.code, { code: 'recovery.needed' });
    this.#rest(true);
    const { signal } = this.#asking;
    try {
      await this.#answer(way);
      if (way === 'recovery') this.#afterRecovery();
      this.resolve(true);
    } catch (error) {
      if (signal.aborted) return;
      this.#rest(false);
      await this.#failed(error, quiet);
    }
  }

  /** @param {Way} way */
  async #answer(way) {
    const { session } = this.deps;
    const remember = way !== 'recovery' && this.built.part('remember', HTMLInputElement).checked;
    const token = way === 'key' ? await this.#askKey() : this.code.value.trim();
    const answering = session.answerSecond({ provider: WAYS[way], token, remember });
    await whileSlow(answering, this.built.part('progress'));
  }

  async #askKey() {
    const waiting = this.built.part('waiting');
    waiting.textContent = t('second.key.waiting');
    try {
      const { answer } = await ask(this.providers[WAYS.key], { signal: this.#asking.signal });
      return JSON.stringify(answer);
    } finally {
      waiting.textContent = '';
    }
  }

  /** @param {unknown} error @param {boolean} quiet */
  async #failed(error, quiet) {
    const { code } = messageOf(error);
    if (code === 'second.over' || code === 'signin.wrong') return this.#end({ problem: error });
    if (quiet && code === 'webauthn.silent') return;
    showProblem(this.code, error);
    // The house asks each question once: what it refused needs a new one.
    if (code.startsWith('passkey.')) await this.#askAgain();
  }

  async #askAgain() {
    try {
      await this.deps.session.answerSecond(null);
      this.resolve(true); // the factor was removed meanwhile, elsewhere
    } catch (error) {
      const { code, providers } = Object(error);
      if (code === 'second.wanted') this.providers = providers;
      else if (code === 'second.over') this.#end({ problem: error });
    }
  }

  #afterRecovery() {
    const { session, navigate, say } = this.deps;
    if (session.state !== 'open') return;
    navigate('#/settings/security', { replace: true });
    say(t('second.recovery.done'));
  }

  /** @param {boolean} on */
  #rest(on) {
    this.#busy = on;
    this.go.disabled = on && this.#way !== 'key'; // its focus must not be lost while the key is looked for
    this.built.root.setAttribute('aria-busy', String(on));
  }

  #stopAsking() {
    this.#asking.abort();
    this.#asking = new AbortController();
  }

  /** @param {{problem: unknown}} end */
  #end(end) {
    this.#stopAsking();
    this.deps.session.cancelSecond();
    this.built.root.replaceWith(this.place.form);
    this.resolve(end);
  }
}

/** The ways that work here, the best first. @param {Record<string, any>} providers @returns {Way[]} */
function waysOf(providers) {
  /** @type {Way[]} */
  const ways = ['recovery'];
  if (String(WAYS.totp) in providers) ways.unshift('totp');
  if (providers[WAYS.key] && canAsk()) ways.unshift('key');
  return ways;
}

/** Whether there are keys, and none that can be asked here. @param {Record<string, any>} providers */
function noKeys(providers) {
  return !(String(WAYS.totp) in providers) && !(providers[WAYS.key] && canAsk());
}
