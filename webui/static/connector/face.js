/**
 * What a connector page shows: a button, and one sentence about how it goes
 * with, where something went wrong, what to do. Fills the page's texts.
 */
import sentences from '../text/en-connector.js';

/** @param {string} key @returns {string} */
export function say(key) {
  return (sentences[key] ?? key).replace('{host}', location.hostname);
}

/** @param {string} id @returns {HTMLElement} */
function piece(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`face: the page has no ${id}`);
  return found;
}

/** The face of the page it is loaded by. */
export function face() {
  for (const element of document.querySelectorAll('[data-text]')) {
    element.textContent = say(element.getAttribute('data-text') ?? '');
  }
  const button = /** @type {HTMLButtonElement} */ (piece('use'));
  const state = piece('state');
  const hint = piece('hint');

  return {
    /** What the button does. @param {() => void} act */
    onUse(act) {
      button.addEventListener('click', () => {
        // It stays a button that can be reached while it waits, for those who hear the page.
        if (button.getAttribute('aria-disabled') !== 'true') act();
      });
    },
    /** A question is open: the button can be pressed. */
    ready() {
      button.hidden = false;
      button.setAttribute('aria-disabled', 'false');
      this.tell('');
    },
    /** The browser asks for the key now. */
    waiting() {
      button.setAttribute('aria-disabled', 'true');
      this.tell('connector.waiting');
    },
    /** It is over, well or badly: there is nothing to press any more. @param {string} sentence */
    over(sentence) {
      button.hidden = true;
      document.getElementById('ask')?.remove();
      this.tell(sentence);
    },
    /** It can be tried again. @param {string} sentence */
    again(sentence) {
      button.hidden = false;
      button.setAttribute('aria-disabled', 'false');
      this.tell(sentence);
    },
    /** Shows a sentence, with its hint where it has one; "" none. @param {string} sentence */
    tell(sentence) {
      const more = `${sentence}.hint`;
      state.textContent = sentence === '' ? '' : say(sentence);
      hint.textContent = more in sentences ? say(more) : '';
      state.classList.toggle('error', more in sentences);
    },
  };
}
