// characters: shows a secret so that it can be read out: digits and symbols are
// tinted, letters stay ink. Every character stays one character of text.
import { element } from './template.js';

/**
 * Puts a text into a host, run by run.
 * @param {HTMLElement} host @param {string} text
 */
export function showCharacters(host, text) {
  host.replaceChildren(
    ...[...text.matchAll(/\p{Nd}+|[\p{L}\p{M}\s]+|[^\p{L}\p{M}\p{Nd}\s]+/gu)].map(([run]) => {
      if (/^\p{Nd}/u.test(run)) return element('span', 'digit', run);
      return /^[\p{L}\p{M}\s]/u.test(run) ? document.createTextNode(run) : element('span', 'symbol', run);
    }),
  );
}
