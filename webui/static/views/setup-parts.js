/**
 * What the forms of the first run and of the settings have in common: an error
 * beside its field, one submit at a time, progress while the key is derived.
 * It knows no step and no setting.
 */
import { element } from '../components/template.js';
import { clearProblem, showProblem } from '../components/problem.js';
import { whileSlow } from '../components/progress.js';
import { t } from '../text/text.js';

/** @typedef {import('../components/template.js').Built} Built */
/** @typedef {import('../components/password-field.js').PasswordField} PasswordField */
/** @typedef {import('../components/progress.js').ProgressBar} ProgressBar */
/** @typedef {import('../text/text.js').Values} Values */
/** @typedef {import('../vault/types.js').Progress} Progress */

/** What the page says itself before it asks the server: two sentences for a field. */
export class Refusal extends Error {
  /**
   * @param {HTMLElement} control where it belongs
   * @param {string} key of the sentence; its hint is key + ".hint"
   * @param {Values} [values]
   */
  constructor(control, key, values) {
    super(key);
    this.control = control;
    this.code = key;
    this.text = t(key, values);
    this.hint = t(`${key}.hint`, values);
  }
}

/**
 * Wires a form: on submit it clears old errors, runs submit once, shows
 * progress after 300 ms and puts what went wrong beside its field. The form
 * ends with an .actions row; the progress takes the free end of it, so that no
 * button moves, and the form's own error stands above it.
 * @param {HTMLElement} root the form, or what holds it
 * @param {object} options
 * @param {(form: HTMLFormElement, progress: (now: Progress) => void) => Promise<unknown>} options.submit
 * @param {(code: string) => HTMLElement | null | undefined} [options.place] the control a problem belongs to, by its code
 * @param {EventTarget & {warm?: () => void}} [options.session] whose "progress" events are shown; it makes ready while a password is typed
 * @param {AbortSignal} options.signal
 */
export function wireForm(root, { submit, place, session, signal }) {
  const form = /** @type {HTMLFormElement} */ (root.matches('form') ? root : root.querySelector('form'));
  const busy = addBusy(form);
  const trouble = addTrouble(form);
  form.noValidate = true;
  session?.addEventListener('progress', (event) => busy.show(/** @type {CustomEvent} */ (event).detail), {
    signal,
  });
  for (const kind of ['focusin', 'input']) {
    form.addEventListener(kind, ({ target }) => {
      if (Object(target).closest?.('password-field')) session?.warm?.();
    });
  }
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    if (form.ariaBusy === 'true') return;
    clearAll(form);
    setBusy(form, true);
    try {
      await whileSlow(submit(form, busy.show), busy.root);
    } catch (error) {
      const code = String(Object(error).code ?? '');
      const control = error instanceof Refusal ? error.control : place?.(code);
      setBusy(form, false);
      showProblem(control ?? trouble, error);
    }
    setBusy(form, false);
  });
}

/** @param {HTMLFormElement} form @param {boolean} on */
function setBusy(form, on) {
  form.ariaBusy = String(on);
  for (const button of form.querySelectorAll('button[type="submit"]')) {
    button.setAttribute('aria-disabled', String(on));
  }
}

/** @param {HTMLFormElement} form */
function clearAll(form) {
  for (const field of form.querySelectorAll('.field')) {
    const control = field.querySelector('password-field, input, select, textarea');
    const at = /** @type {HTMLElement} */ (control ?? field);
    if (field.querySelector('.error')) clearProblem(at);
  }
}

/** @param {HTMLFormElement} form */
function addTrouble(form) {
  const field = element('div', 'field');
  field.append(element('p', 'error'));
  foot(form).before(field);
  return field;
}

/** @param {HTMLFormElement} form */
function addBusy(form) {
  const root = element('div', 'first-busy');
  const bar = /** @type {ProgressBar} */ (document.createElement('progress-bar'));
  const words = element('p', 'soft', t('first.working'));
  words.setAttribute('role', 'status');
  root.append(words, bar);
  root.hidden = true;
  foot(form).prepend(root);
  /** @param {Progress} progress */
  const show = ({ part, done }) => {
    bar.value = done;
    words.textContent = t(`first.progress.${part}`);
  };
  return { root, show };
}

/** @param {HTMLFormElement} form @returns {Element} */
function foot(form) {
  return form.querySelector('.actions') ?? form.appendChild(element('div', 'actions'));
}

/**
 * The trimmed text of a field that must not be empty.
 * @param {HTMLInputElement} input @returns {string}
 */
export function needed(input) {
  const text = input.value.trim();
  if (text === '') throw new Refusal(input, 'first.needed');
  return text;
}

/**
 * An e-mail address as it is signed in with: trimmed, lower case.
 * @param {HTMLInputElement} input @returns {string}
 */
export function emailOf(input) {
  const text = needed(input).toLowerCase();
  if (!/^[^\s@]+@[^\s@]+$/.test(text)) throw new Refusal(input, 'first.email.refused');
  return text;
}

/**
 * A new password that was typed twice. It need not be strong beyond what a
 * dictionary finds at once: the meter teaches, the floor only stops accidents.
 * @param {PasswordField} first @param {PasswordField} again
 * @param {{score:number}} strength of the first
 * @returns {string}
 */
export function newPassword(first, again, strength) {
  const password = first.value;
  if (password === '') throw new Refusal(first, 'first.needed');
  if ([...password].length < MIN_PASSWORD) throw new Refusal(first, 'first.password.short');
  if (strength.score < 2) throw new Refusal(first, 'first.password.weak');
  if (again.value !== password) throw new Refusal(again, 'first.password.differs');
  return password;
}

/** Characters; what the Bitwarden clients ask of a master password as well. */
const MIN_PASSWORD = 12;

/**
 * Puts a heading's view on the stage: replaces, names the page, moves the focus
 * to the heading so that a screen reader begins there.
 * @param {HTMLElement} stage @param {HTMLElement} view
 */
export function present(stage, view) {
  stage.replaceChildren(view);
  const heading = view.querySelector('h1, h2');
  if (!(heading instanceof HTMLElement)) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
  scrollTo({ top: 0 });
}

/**
 * Copies a text and says so in place of the button's own words.
 * @param {HTMLElement} button its own text, or its [data-part=copy-text], changes for two seconds
 * @param {string} text
 */
export async function copyFrom(button, text) {
  await navigator.clipboard.writeText(text);
  const words = button.querySelector('span') ?? button;
  const before = words.textContent;
  words.textContent = t('first.copied');
  setTimeout(() => (words.textContent = before), 2000);
}

/**
 * Hands a file to the browser's downloads.
 * @param {string} name @param {string} type @param {string|Blob} content
 */
export function download(name, type, content) {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  // The browser has taken its own hold of the blob by the next turn; a minute is for slow disks.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
