/**
 * webauthn-fallback-connector.html: the second factor in a tab of its own, for
 * the extensions that can't frame us (Firefox, Safari, Edge, Opera ...). The
 * extension's content script, which it puts into pages of the house's address,
 * hears what the window says to itself; so the answer is said to our own origin
 * only, and only where no other page is around us.
 */
import { face } from './face.js';
import { answerOf, Unanswered } from './key.js';
import { Garbled, questionOf } from './question.js';

function start() {
  const shown = face();
  const query = new URLSearchParams(location.search);
  if (window.top !== window) return shown.over('connector.stranger');
  /** @type {import('./question.js').Question} */
  let question;
  try {
    question = questionOf(query, location.hostname);
  } catch (error) {
    if (!(error instanceof Garbled)) throw error;
    return shown.over(query.has('data') ? 'connector.garbled' : 'connector.alone');
  }
  const remember = /** @type {HTMLInputElement} */ (document.getElementById('remember'));
  const choice = /** @type {HTMLElement} */ (remember.closest('label'));
  choice.hidden = false;
  shown.onUse(async () => {
    shown.waiting();
    try {
      const data = await answerOf(question.options);
      const said = { command: 'webAuthnResult', data, remember: remember.checked };
      window.postMessage(said, location.origin);
      choice.hidden = true;
      shown.over('connector.told');
    } catch (error) {
      shown.again(error instanceof Unanswered ? error.sentence : 'connector.silent');
    }
  });
  shown.ready();
}

start();
