/**
 * "Security": the second step and passkeys, when the vault locks, the master
 * password, how slowly the key is made from it, a new key, the API key, and
 * signing out everywhere.
 */
import { build } from '../components/template.js';
import { strength } from '../vault/strength.js';
import { t } from '../text/text.js';
import { showApiKey } from './settings-apikey.js';
import { showFactors } from './settings-factors.js';
import { showKdf } from './settings-kdf-form.js';
import { troubleView } from './settings.js';
import { needs } from './setup-needs.js';
import { newPassword, Refusal, wireForm } from './setup-parts.js';
import { changePassword, signOutEverywhere } from '../vault/account-acts.js';

/** @typedef {import('./view.js').Deps} Deps */
/** @typedef {import('../components/template.js').Built} Built */
/** @typedef {import('../components/password-field.js').PasswordField} PasswordField */

/** Minutes that can be chosen; 0 is never. */
const MINUTES = [1, 5, 10, 30, 60, 240, 0];

/** @type {import('./settings.js').Show} */
export async function show(body, deps) {
  await needs('second');
  if (deps.signal.aborted) return;
  const built = build('settings-security');
  body.append(built.root);
  const factors = built.part('factors');
  showFactors(factors, deps).catch((error) => factors.replaceChildren(troubleView(error)));
  showApiKey(built.part('apikey'), deps);
  showLock(built, deps);
  showPassword(built, deps);
  showKdf(built.part('kdf'), deps);
  showRotate(built.part('rotate'), deps);
  showEverywhere(built, deps);
}

/** Loads when its fold is opened. @param {HTMLElement} place @param {Deps} deps */
function showRotate(place, deps) {
  const load = async () => {
    if (place.querySelector('form')) return;
    const view = await import('./settings-rotate.js');
    await view.showRotate(place, deps);
  };
  const open = () => load().catch((error) => place.replaceChildren(troubleView(error)));
  place.closest('details')?.addEventListener('toggle', open, { signal: deps.signal });
}

/** @param {Built} built @param {Deps} deps */
function showLock(built, { session, signal }) {
  const after = built.part('after', HTMLSelectElement);
  const blur = built.part('blur', HTMLInputElement);
  const close = built.part('close', HTMLInputElement);
  const { minutes, onBlur, onClose } = session.lockTimer;
  const all = [...new Set([...MINUTES, minutes])].sort((a, b) => (a || Infinity) - (b || Infinity));
  after.append(...all.map((m) => new Option(minutesText(m), String(m), m === minutes, m === minutes)));
  blur.checked = onBlur;
  close.checked = onClose;
  const warn = () => (built.part('never').hidden = after.value !== '0');
  warn();
  for (const control of [after, blur, close]) {
    control.addEventListener(
      'change',
      () => {
        session.lockTimer = { minutes: Number(after.value), onBlur: blur.checked, onClose: close.checked };
        warn();
      },
      { signal },
    );
  }
}

/** @param {number} minutes */
function minutesText(minutes) {
  if (minutes === 0) return t('settings.lock.never');
  if (minutes % 60 === 0) return t('settings.lock.hours', { count: minutes / 60 });
  return t('settings.lock.minutes', { count: minutes });
}

/** @param {Built} built @param {Deps} deps */
function showPassword(built, { session, say, signal }) {
  const form = built.part('password', HTMLFormElement);
  const [now, next, again] = /** @type {PasswordField[]} */ ([...form.querySelectorAll('password-field')]);
  wireForm(form, {
    session,
    signal,
    place: (code) => (code === 'password.wrong' ? now : null),
    async submit() {
      const current = typed(now);
      const password = newPassword(next, again, strength(next.value));
      if (password === current) throw new Refusal(next, 'settings.password.same');
      await changePassword(session, current, password);
      for (const field of [now, next, again]) field.value = '';
      say(t('settings.password.changed'));
    },
  });
}

/** @param {Built} built @param {Deps} deps */
function showEverywhere(built, { session, navigate, signal }) {
  const form = built.part('everywhere', HTMLFormElement);
  const password = /** @type {PasswordField} */ (form.querySelector('password-field'));
  wireForm(form, {
    session,
    signal,
    place: (code) => (code === 'password.wrong' ? password : null),
    async submit() {
      await signOutEverywhere(session, typed(password));
      navigate('#/', { replace: true });
    },
  });
}

/**
 * A password that was typed; an empty one is refused before anything is derived.
 * @param {PasswordField} field @returns {string}
 */
export function typed(field) {
  if (field.value === '') throw new Refusal(field, 'first.needed');
  return field.value;
}
