/**
 * What a connector page shows: a title, a button, and how it goes with, where
 * something went wrong, what to do. In a client's frame there is room for the
 * button and a sentence only; the title is for those who hear the page.
 */
import sentences from '../text/en-connector.js';

/** @param {string} key @returns {string} */
export function say(key) {
  return (sentences[key] ?? key).replace('{host}', location.hostname);
}

/** What more there is to say. @param {string} key */
function more(key) {
  const hint = `${key}.hint`;
  return hint in sentences ? say(hint) : '';
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
  const [main, title, lead, button, state, hint] = ['main', 'title', 'ask', 'use', 'state', 'hint'].map(
    piece,
  );
  main.classList.toggle('framed', window.top !== window);
  /** @param {boolean} busy */
  const offer = (busy) => {
    button.hidden = false;
    lead.hidden = false;
    button.setAttribute('aria-disabled', String(busy)); // it can still be reached while it waits
  };
  /** @param {string} first @param {string} [second] @param {boolean} [bad] */
  const tell = (first, second = '', bad = false) => {
    state.textContent = first;
    hint.textContent = second;
    state.classList.toggle('error', bad);
  };

  return {
    /** What the button does. @param {() => void} act */
    onUse(act) {
      button.addEventListener('click', () => {
        if (button.getAttribute('aria-disabled') !== 'true') act();
      });
    },
    /** A question is open: the button can be pressed. */
    ready() {
      offer(false);
      tell('');
    },
    /** The browser asks for the key now. */
    waiting() {
      offer(true);
      tell(say('connector.waiting'));
    },
    /** It went wrong and can be tried again. @param {string} sentence */
    again(sentence) {
      offer(false);
      tell(say(sentence), more(sentence), true);
    },
    /** It is over, well or badly: there is nothing to press any more. @param {string} sentence */
    over(sentence) {
      button.hidden = true;
      lead.hidden = true;
      title.textContent = say(sentence);
      if (main.classList.contains('framed')) tell(say(sentence), more(sentence));
      else tell(more(sentence));
      if (sentence === 'connector.alone') piece('start').hidden = false;
    },
  };
}
