/**
 * A field for the six digits of an authenticator app: it takes them however
 * they are typed or pasted, and submits itself with the sixth.
 */

const DIGITS = 6;

/**
 * @param {HTMLInputElement} input @param {(code: string) => unknown} submit called with six digits
 * @param {() => boolean} [wanted] whether the field is for a code now
 */
export function wireCode(input, submit, wanted = () => true) {
  input.inputMode = 'numeric';
  input.autocomplete = 'one-time-code';
  input.maxLength = 20; // "123 456", as apps copy it
  input.addEventListener('input', () => {
    if (!wanted()) return;
    const digits = digitsOf(input.value);
    if (digits !== input.value) input.value = digits;
    if (digits.length === DIGITS) submit(digits);
  });
}

/** @param {string} text @returns {string} its digits, six at most */
export function digitsOf(text) {
  return text.replace(/\D/g, '').slice(0, DIGITS);
}

/** Whether a code is whole. @param {string} code */
export function isWhole(code) {
  return code.length === DIGITS;
}
