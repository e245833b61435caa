/**
 * Keeps looking at the backups: quickly while one is being made or proved,
 * slowly otherwise. Whoever shows them hears all of it each time.
 */
import { atWork, backupsOf } from './backup-model.js';
import { follow } from './reach-poll.js';

/** @typedef {import('./backup-model.js').Backups} Backups @typedef {import('./backup-model.js').Job} Job */

/** ms between two looks: at work a bar should move, at rest a day is long. */
const QUICK = 700;
const SLOW = 20_000;

/**
 * @param {object} what
 * @param {import('../net/api.js').Api} what.api
 * @param {(all: Backups, ended: Job|null) => void} what.told ended: a job that this page saw at work has come to its end
 * @param {AbortSignal} what.signal
 * @returns {{now: () => void, begun: (job: Job|null) => void, first: () => Promise<void>}}
 *   begun: a job was just begun here; first: the first look, which may fail
 */
export function watchBackups({ api, told, signal }) {
  /** @type {Backups} */
  let last = backupsOf(null);
  /** The job that was seen at work. @type {Job|null} */
  let seen = null;

  /** @returns {Promise<{all: Backups, ended: Job|null}>} */
  async function ask() {
    if (seen) {
      const job = /** @type {Job|null} */ (await api.get('/latchkey/backups/progress', { unasked: true }));
      if (job?.id === seen.id && atWork(job)) return working(job);
      const ended = job?.id === seen.id ? job : null;
      const all = await whole();
      return { all, ended };
    }
    return { all: await whole(), ended: null };
  }

  async function whole() {
    const all = backupsOf(await api.get('/latchkey/backups', { unasked: true }));
    seen = atWork(all.running) ? all.running : null;
    return (last = { ...all, running: seen });
  }

  /** @param {Job} job */
  function working(job) {
    seen = job;
    last = { ...last, running: job };
    return { all: last, ended: null };
  }

  const { now, take } = follow({
    ask,
    told: ({ all, ended }) => told(all, ended),
    pace: ({ all }) => (all.running ? QUICK : SLOW),
    signal,
  });
  return {
    now,
    begun: (job) => (job && atWork(job) ? take(working(job)) : now()),
    first: async () => take(await ask()),
  };
}
