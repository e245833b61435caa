// unlock: the door. Signs in, or opens what is locked, by the master password or
// a passkey; says beside the field what went wrong, and asks when the way a
// password is protected has changed. The second step is second.js's.
import { openDialog } from '../components/dialog.js';
import { drawMark } from '../components/icon.js';
import { clearProblem, messageOf, showProblem } from '../components/problem.js';
import { build } from '../components/template.js';
import { knows } from '../text/sentences.js';
import { announce } from '../components/toast.js';
import { whileSlow } from '../components/progress.js';
import { canAsk, worksHere } from '../vault/webauthn.js';

/** @typedef {import('./view.js').Deps} Deps */
/** @typedef {import('../components/progress.js').ProgressBar} ProgressBar */
/** @typedef {import('../components/password-field.js').PasswordField} PasswordField */

/** @type {import('./view.js').Mount} */
export function mount(root, deps) {
  new UnlockView(root, deps).draw();
  void whereNobodyLives(root, deps);
}

/**
 * While the house has no owner, a page at home says how to set it up instead;
 * from afar the house says that it has one.
 * @param {HTMLElement} root @param {Deps} deps
 */
async function whereNobodyLives(root, deps) {
  if (deps.session.state !== 'out') return;
  const state = await deps.api.get('/latchkey/state').catch(() => null);
  if (!state?.home || state.ready || deps.signal.aborted) return;
  const { mount: mountHelp } = await import('./setup-home.js');
  if (deps.signal.aborted) return;
  if (state.setup) deps.navigate('#/setup', { replace: true });
  else mountHelp(root, deps);
}

class UnlockView {
  /** @param {HTMLElement} root @param {Deps} deps */
  constructor(root, deps) {
    this.deps = deps;
    this.built = build('unlock');
    root.replaceChildren(this.built.root);
    drawMark(/** @type {Element} */ (root.querySelector('.mark')));
    const { part } = this.built;
    this.email = part('email', HTMLInputElement);
    this.password = /** @type {PasswordField} */ (part('password'));
    this.submit = part('submit', HTMLButtonElement);
    for (const kind of ['focusin', 'input']) {
      this.password.addEventListener(kind, () => deps.session.warm(), { signal: deps.signal });
    }
    part('form').addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#go();
    });
    part('passkey').addEventListener('click', () => void this.#byPasskey());
    part('other').addEventListener('click', async () => {
      await deps.session.forget();
      this.email.value = '';
      this.draw();
    });
    deps.session.addEventListener(
      'progress',
      (event) => this.#progress(/** @type {CustomEvent} */ (event).detail),
      {
        signal: deps.signal,
      },
    );
    this.reason = deps.reason;
    deps.session.addEventListener(
      'change',
      (event) => {
        this.reason = /** @type {CustomEvent} */ (event).detail.reason;
        this.draw();
      },
      { signal: deps.signal },
    );
  }

  get locked() {
    return this.deps.session.state === 'locked';
  }

  draw() {
    const { session, text } = this.deps;
    if (session.state === 'open') return;
    const { part } = this.built;
    part('title').textContent = text(this.locked ? 'unlock.title.locked' : 'unlock.title');
    part('lead').textContent = this.locked ? session.email : text('unlock.lead');
    const reason = `unlock.reason.${this.reason}`;
    part('reason').hidden = !knows(reason);
    part('reason').textContent = text(reason);
    part('email-field').hidden = this.locked;
    part('other').hidden = !this.locked;
    this.submit.textContent = text(this.locked ? 'unlock.open' : 'unlock.signin');
    this.#drawPasskey();
    this.email.value ||= session.email;
    document.title = text('app.title', {
      where: text(this.locked ? 'unlock.title.locked' : 'unlock.signin'),
    });
    if (this.locked) announce(knows(reason) ? text(reason) : text('unlock.locked'));
    if (this.email.value) this.password.focus();
    else this.email.focus();
  }

  /** Where this browser knows a passkey, it is offered beside the password; else in passing. */
  #drawPasskey() {
    const { session, text } = this.deps;
    const { part } = this.built;
    const known = this.locked ? session.passkeys.some(worksHere) : session.remember.get('passkey') === true;
    part('passkey-field').hidden = !canAsk() || (this.locked && !known);
    part('passkey').classList.toggle('quiet', !known);
    if (known) void import('../vault/passkey-door.js').catch(() => {}); // a locked page opens without the house, too
    part('passkey-text').textContent = text(this.locked ? 'unlock.passkey.open' : 'unlock.passkey');
  }

  async #go() {
    const email = this.email.value.trim();
    clearProblem(this.email);
    clearProblem(this.password);
    if (!email) return showProblem(this.email, { code: 'unlock.email.needed' });
    if (!this.password.value) return showProblem(this.password, { code: 'unlock.password.needed' });
    await this.#try(email, {});
  }

  /** @param {string} email @param {{ acceptKdf?: boolean }} options */
  async #try(email, options) {
    const { session } = this.deps;
    const { part } = this.built;
    this.#busy(true);
    try {
      const password = this.password.value;
      const opening = this.locked ? session.unlock(password) : session.signIn(email, password, options);
      await whileSlow(opening, part('progress'));
      this.password.value = '';
      announce(this.deps.text('unlock.done'));
    } catch (error) {
      this.#busy(false);
      const { code } = messageOf(error);
      if (code === 'second.wanted') return this.#second(/** @type {any} */ (error).providers);
      if (code !== 'kdf.changed' || options.acceptKdf) return showProblem(this.password, error);
      if (await this.#askKdf(/** @type {any} */ (error).values)) await this.#try(email, { acceptKdf: true });
      else this.password.focus();
    }
  }

  /** @param {Record<string, any>} providers of the house's question */
  async #second(providers) {
    const { part } = this.built;
    this.password.value = '';
    const place = { form: part('form'), title: part('title'), lead: part('lead') };
    part('other').hidden = true;
    const { takeSecondStep } = await import('./second.js');
    const end = await takeSecondStep(place, this.deps, providers);
    if (end === true) return announce(this.deps.text('unlock.done'));
    this.draw();
    if (end.problem) showProblem(this.password, end.problem);
  }

  async #byPasskey() {
    const { session } = this.deps;
    const { part } = this.built;
    const button = part('passkey');
    if (button.ariaDisabled === 'true') return;
    clearProblem(button);
    clearProblem(this.password);
    this.#busy(true);
    try {
      const opening = this.locked
        ? session.unlockByPasskey()
        : session.signInByPasskey((values) => this.#askKdf(values));
      await whileSlow(opening, part('progress'));
      if (session.state === 'open') announce(this.deps.text('unlock.done'));
    } catch (error) {
      showProblem(button, error);
    }
    this.#busy(false);
  }

  /** The fields stay, so that the focus does; only the button rests. @param {boolean} on */
  #busy(on) {
    this.submit.disabled = on;
    this.built.part('passkey', HTMLButtonElement).ariaDisabled = String(on);
    this.built.part('form').setAttribute('aria-busy', String(on));
  }

  /** @param {import('../vault/types.js').Progress} progress */
  #progress({ part, done }) {
    /** @type {ProgressBar} */ (this.built.part('bar')).value = done;
    this.built.part('doing').textContent = this.deps.text(`unlock.${part}`);
  }

  /** Shows how the password was protected, and how it should be now. @param {Record<string, string>} values */
  async #askKdf(values) {
    const built = build('kdf-changed');
    built.part('before').textContent = values.before ?? '';
    built.part('now').textContent = values.now ?? '';
    const answer = await openDialog(built, (close) => {
      built.part('mine').addEventListener('click', () => close(true));
      built.part('cancel').addEventListener('click', () => close(null));
    });
    return answer === true;
  }
}
