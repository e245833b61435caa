// problem: shows what went wrong beside what failed: one sentence of what
// happened, one of what to do. It never shows a stack or a status number.
import { knows, t } from '../text/sentences.js';

/**
 * The two sentences of an error, translated by its code where we have a text.
 * @param {unknown} error ApiError, a problem {code, text, hint, values}, or anything thrown
 * @returns {{ code: string, text: string, hint: string }}
 */
export function messageOf(error) {
  const {
    code = '',
    text = '',
    hint = '',
    values = {},
    offline = false,
  } = /** @type {{ code?: string, text?: string, hint?: string, values?: Record<string, string>, offline?: boolean }} */ (
    Object(error)
  );
  const key = `problem.${offline ? 'offline' : code}`;
  if (knows(key))
    return { code, text: t(key, values), hint: knows(`${key}.hint`) ? t(`${key}.hint`, values) : hint };
  if (text) return { code, text, hint };
  console.error(error);
  return { code: 'unknown', text: t('problem.unknown'), hint: t('problem.unknown.hint') };
}

/**
 * Shows an error beside a control: in the .error of its .field (or in the
 * nearest one around), marks the control and moves the focus there.
 * @param {HTMLElement} control an input, a <password-field>, or a container that has an .error
 * @param {unknown} error
 */
export function showProblem(control, error) {
  const { text, hint } = messageOf(error);
  const place = placeOf(control);
  const strong = document.createElement('strong');
  strong.textContent = text;
  place.replaceChildren(strong, hint);
  place.setAttribute('role', 'alert');
  const input = inputOf(control);
  if (!input) return;
  input.setAttribute('aria-invalid', 'true');
  place.id ||= `error-${crypto.randomUUID()}`;
  input.setAttribute('aria-describedby', place.id);
  input.focus();
  if (input instanceof HTMLInputElement) input.select();
}

/**
 * Takes the error away again.
 * @param {HTMLElement} control
 */
export function clearProblem(control) {
  placeOf(control).replaceChildren();
  const input = inputOf(control);
  input?.removeAttribute('aria-invalid');
  input?.removeAttribute('aria-describedby');
}

/** @param {HTMLElement} control @returns {HTMLElement} */
function placeOf(control) {
  const around = control.closest('.field') ?? control.closest('form') ?? control;
  const place = around.querySelector('.error');
  if (!(place instanceof HTMLElement)) throw new Error('problem: no .error beside the control');
  return place;
}

/** @param {HTMLElement} control @returns {HTMLElement | null} */
function inputOf(control) {
  if (control.matches('input, textarea, select')) return control;
  return control.matches('password-field') ? control.querySelector('input') : null;
}
