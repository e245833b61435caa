/**
 * An owner's acts want a fresh proof. net/api.js has the person asked and
 * repeats the request; where they think better of it, the house's refusal
 * comes through.
 */

/** Whether a request failed only because the person closed the question. @param {unknown} error */
export function declined(error) {
  return Object(error).code === 'proof.stale';
}
