/**
 * webauthn-connector.html: the second factor inside a frame of Bitwarden's
 * extension in Chrome, or of its desktop app. Anybody may frame the page, so
 * it asks a key only under a listed parent and answers to exactly that origin;
 * others hear nothing and see why. What the parent hears are texts: info|ready,
 * success|JSON, error|sentence; it may say stop and start. Opened alone, it is
 * the page for phones (app.js), or says what it is for.
 */
import { phone } from './app.js';
import { face, say } from './face.js';
import { answerOf, Unanswered } from './key.js';
import { Garbled, mayFrame, parentOf, questionOf } from './question.js';

/** Who may frame us: the house wrote it into the page. */
function listed() {
  const meta = document.querySelector('meta[name="latchkey-parents"]');
  return (meta?.getAttribute('content') ?? '').split(' ').filter(Boolean);
}

function ancestors() {
  const { ancestorOrigins } = location;
  return ancestorOrigins ? Array.from(ancestorOrigins) : null;
}

/** @param {URLSearchParams} query @param {string} parent its origin */
function framed(query, parent) {
  const shown = face();
  /** @param {string} kind @param {string} text */
  const tell = (kind, text) => window.parent.postMessage(`${kind}|${text}`, parent);
  /** @type {AbortController | null} */
  let asking = null;
  let done = false;

  /** @param {string} sentence */
  const refuse = (sentence) => {
    shown.over(sentence);
    tell('error', say(sentence));
  };

  const ask = async () => {
    if (done || asking) return;
    const mine = (asking = new AbortController());
    shown.waiting();
    try {
      const answer = await answerOf(question.options, mine.signal);
      done = true;
      shown.over('connector.answered');
      tell('success', answer);
    } catch (error) {
      if (mine.signal.aborted) return;
      const sentence = error instanceof Unanswered ? error.sentence : 'connector.silent';
      shown.again(sentence);
      tell('error', say(sentence));
    } finally {
      if (asking === mine) asking = null;
    }
  };

  /** @type {import('./question.js').Question} */
  let question;
  try {
    question = questionOf(query, location.hostname);
  } catch (error) {
    if (!(error instanceof Garbled)) throw error;
    return refuse('connector.garbled');
  }
  shown.onUse(ask);
  shown.ready();
  addEventListener('message', ({ origin, source, data }) => {
    if (origin !== parent || source !== window.parent || done) return;
    if (data === 'stop') {
      asking?.abort();
      asking = null;
      shown.ready();
    } else if (data === 'start') {
      ask();
    }
  });
  tell('info', 'ready');
  ask(); // as the clients expect; where a browser wants a touch first, the button is there
}

const query = new URLSearchParams(location.search);
const parent = parentOf(query);
if (window.top === window) phone(query);
else if (mayFrame(parent, listed(), ancestors())) framed(query, parent);
else face().over('connector.stranger');
