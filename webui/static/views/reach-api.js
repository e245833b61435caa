/** Asks the house about its public path, and gives answers with everything in them. */
import { reachOf } from './reach-model.js';

/** @typedef {import('../net/api.js').Api} Api */

/** @param {Api} api */
export async function getReach(api) {
  return reachOf(await api.get('/latchkey/reach'));
}

/**
 * Changes something of it; the answer tells how it is then.
 * @param {Api} api @param {''|'/retry'|'/door'|'/forget'} what @param {object} [body]
 */
export async function postReach(api, what, body) {
  return reachOf(await api.post(`/latchkey/reach${what}`, body));
}
