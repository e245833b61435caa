/**
 * For Bitwarden's apps on phones, which open a connector page in the phone's
 * browser: the answer goes to bitwarden://webauthn-callback and nowhere else,
 * whatever the address asks for.
 */
import { face, say } from './face.js';
import { answerOf, Unanswered } from './key.js';
import { Garbled, questionOf } from './question.js';

const CALLBACK = 'bitwarden://webauthn-callback';

/** Puts the question of the address. @param {URLSearchParams} query */
export function phone(query) {
  const shown = face();
  /** @type {import('./question.js').Question} */
  let question;
  try {
    question = questionOf(query, location.hostname);
    if (!question.mobile) throw new Garbled('not for a phone');
  } catch (error) {
    if (!(error instanceof Garbled)) throw error;
    return shown.over(query.has('data') ? 'connector.garbled' : 'connector.alone');
  }
  shown.onUse(async () => {
    shown.waiting();
    try {
      const answer = await answerOf(question.options);
      shown.over('connector.sent');
      leave(`data=${encodeURIComponent(answer)}`, true);
    } catch (error) {
      const sentence = error instanceof Unanswered ? error.sentence : 'connector.silent';
      shown.again(sentence);
      leave(`error=${encodeURIComponent(say(sentence))}`, false); // trying again is the better way
    }
  });
  shown.ready();
}

/**
 * Offers the way back to the app, for browsers that don't go there by
 * themselves, and takes it.
 * @param {string} query @param {boolean} now
 */
function leave(query, now) {
  const back = /** @type {HTMLAnchorElement | null} */ (document.getElementById('back'));
  const address = `${CALLBACK}?${query}`;
  if (back) {
    back.href = address;
    back.hidden = false;
  }
  if (now) location.replace(address);
}
