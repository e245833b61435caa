/**
 * Backups without a page: what GET /latchkey/backups says, boiled down to what
 * a person wants to know. What lies on the disk of the house itself is no copy
 * of it, and is never counted as one.
 */
import { t } from '../text/backup.js';

/** @typedef {{code: string, text: string, hint: string}} Trouble */
/** @typedef {'opened'|'digest'|''} Depth opened: decrypted, unpacked and looked through; digest: read back and compared */
/**
 * @typedef {{name: string, title: string, help?: string, default?: string, secret?: boolean, optional?: boolean, lines?: boolean, found?: boolean, hidden?: boolean}} Field
 *   found: a check fills it in; hidden: and nobody needs to see it
 */
/** @typedef {{id: string, title: string, help?: string, fields: Field[]}} Kind */

/**
 * @typedef {object} Target
 * @property {string} id
 * @property {string} kind
 * @property {string} name
 * @property {Record<string, string>} fields those that are no secret
 * @property {string[]} [secrets] the names of those that are set
 * @property {boolean} sameDisk it lies on the disk of the house
 * @property {string|null} lastGood
 * @property {string|null} lastTried
 * @property {Trouble|null} problem
 * @property {number} count
 * @property {number} bytes
 */
/** @typedef {{target: string, proved: string|null, depth: Depth, bad?: boolean}} Place target: 'here' is the house itself; bad: its bytes are known to be wrong */
/** @typedef {{name: string, made: string, bytes: number, why: string, version?: number, places: Place[]}} Copy */
/**
 * @typedef {object} Job
 * @property {string} id
 * @property {'backup'|'prove'} kind
 * @property {string} why
 * @property {'copying'|'sending'|'reading'|'checking'|'done'|'failed'} phase
 * @property {string} target
 * @property {number} done
 * @property {number} total
 * @property {Trouble|null} problem
 * @property {string|null} ended
 */
/** @typedef {{daily: number, weekly: number, monthly: number, hour: number}} Plan hour: -1 is a quiet one of its own choice */
/**
 * @typedef {object} Backups
 * @property {boolean} kit there is a recovery kit to lock backups for
 * @property {boolean} key the house may open them to prove them
 * @property {string|null} next
 * @property {Job|null} running
 * @property {string|null} lastGood
 * @property {string|null} lastProved
 * @property {number} lastBytes
 * @property {Target[]} targets
 * @property {Copy[]} copies
 * @property {Kind[]} kinds
 * @property {Plan} plan
 * @property {{made: string, restored: string, from: string}|null} restored what waits for an owner's word after a restore
 */

/** Where the newest copies lie in the house itself. */
export const HERE = 'here';

const DAY = 86_400_000; // ms
/** A daily backup that is older was missed once; two more days, and it is no accident. */
const OLD = 2 * DAY;
const VERY_OLD = 4 * DAY;

/** An answer with everything in it. @param {Partial<Backups>|null} answer @returns {Backups} */
export function backupsOf(answer) {
  const { targets, copies, kinds, plan, ...rest } = answer ?? {};
  return {
    kit: false,
    key: false,
    next: null,
    running: null,
    lastGood: null,
    lastProved: null,
    lastBytes: 0,
    restored: null,
    ...rest,
    targets: targets ?? [],
    copies: [...(copies ?? [])].sort((a, b) => b.made.localeCompare(a.made)),
    kinds: kinds ?? [],
    plan: plan ?? { daily: 7, weekly: 5, monthly: 12, hour: -1 },
  };
}

/** Whether something is being done now. @param {Job|null} job */
export function atWork(job) {
  return job !== null && job.phase !== 'done' && job.phase !== 'failed';
}

/** How far a job is within its phase; null where that isn't known. @param {{done: number, total: number}} job */
export function partOf({ done, total }) {
  return total > 0 ? Math.min(1, done / total) : null;
}

/** The targets that would outlive the disk of the house. @param {Backups} all */
function outside({ targets }) {
  return targets.filter(({ sameDisk }) => !sameDisk);
}

/** Where a copy lies that outlives this disk. @param {Copy} copy @param {Backups} all @returns {(Place & {name: string})[]} */
export function safePlaces(copy, all) {
  return copy.places.flatMap((place) => {
    const target = outside(all).find(({ id }) => id === place.target);
    return target && !place.bad ? [{ ...place, name: target.name }] : [];
  });
}

/** The least that was done to prove a copy in any of these places. @param {Place[]} places @returns {Depth} */
export function depthOf(places) {
  if (places.length === 0 || places.some(({ proved }) => !proved)) return '';
  return places.some(({ depth }) => depth !== 'opened') ? 'digest' : 'opened';
}

/** @param {string[]} names */
export const listed = (names) => new Intl.ListFormat('en').format(names);

/**
 * The one sentence at the top, and how it is meant.
 * @typedef {{verdict: 'good'|'look'|'hand', text: string, more: string}} Truth
 */

/** @param {Backups} all @param {Date} now @returns {Truth} */
export function truthOf(all, now) {
  if (!all.kit) return say('hand', 'nokit');
  const copy = all.copies.find((one) => safePlaces(one, all).length > 0);
  if (!copy) return nowhere(all);
  const places = safePlaces(copy, all);
  const age = now.getTime() - Date.parse(copy.made);
  const values = {
    when: whenText(copy.made, now),
    proof: t(`backup.proof.${depthOf(places) || 'none'}`),
    places: listed(places.map(({ name }) => name)),
  };
  const behind = outside(all).filter((one) => one.problem || !places.some(({ target }) => target === one.id));
  const text = t('backup.truth', values);
  if (age > OLD) return { verdict: age > VERY_OLD ? 'hand' : 'look', text, more: t('backup.truth.old') };
  if (behind.length > 0) {
    const count = behind.length;
    return {
      verdict: 'look',
      text,
      more: t('backup.truth.behind', { names: listed(behind.map(({ name }) => name)), count }),
    };
  }
  return { verdict: depthOf(places) ? 'good' : 'look', text, more: nextText(all.next, now) };
}

/** No copy outlives this disk. @param {Backups} all @returns {Truth} */
function nowhere(all) {
  if (all.targets.length === 0) return say('hand', 'nowhere');
  if (outside(all).length === 0) return say('hand', 'samedisk');
  const names = listed(outside(all).map(({ name }) => name));
  return { verdict: 'hand', text: t('backup.truth.notyet', { names }), more: t('backup.truth.notyet.more') };
}

/** @param {Truth['verdict']} verdict @param {string} which @returns {Truth} */
function say(verdict, which) {
  return { verdict, text: t(`backup.truth.${which}`), more: t(`backup.truth.${which}.more`) };
}

const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' });
const weekday = new Intl.DateTimeFormat('en-GB', { weekday: 'long' });
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long' });
const dayOfYear = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric' });

/** Midnights between two moments, as clocks here have them. @param {Date} from @param {Date} to */
function nights(from, to) {
  const at = (/** @type {Date} */ date) => Date.UTC(date.getFullYear(), date.getMonth(), date.getDate());
  return Math.round((at(to) - at(from)) / DAY);
}

/** When something was: "last night at 03:12", "on Tuesday at 14:05". @param {string} iso @param {Date} now */
export function whenText(iso, now) {
  const date = new Date(iso);
  const time = clock.format(date);
  const days = nights(date, now);
  const small = date.getHours() < 6;
  if (days <= 0) return t(small && now.getHours() >= 6 ? 'backup.when.night' : 'backup.when.today', { time });
  if (days === 1) return t('backup.when.yesterday', { time });
  if (days < 7) return t('backup.when.day', { day: weekday.format(date), time });
  const far = date.getFullYear() === now.getFullYear() ? day : dayOfYear;
  return t('backup.when.day', { day: far.format(date), time });
}

/** When the next one is made. @param {string|null} next @param {Date} now */
export function nextText(next, now) {
  if (!next) return '';
  const date = new Date(next);
  const time = clock.format(date);
  if (date <= now) return t('backup.next.now');
  const days = nights(now, date);
  const night = date.getHours() < 6 && days <= 1;
  if (days === 0 || night) return t(night ? 'backup.next.night' : 'backup.next.today', { time });
  return days === 1
    ? t('backup.next.tomorrow', { time })
    : t('backup.next.day', { day: day.format(date), time });
}

/** The day and time of a copy, to tell it from its like. @param {string} iso @param {Date} [now] */
export function madeText(iso, now = new Date()) {
  const date = new Date(iso);
  const far = date.getFullYear() === now.getFullYear() ? day : dayOfYear;
  return t('backup.made', { day: far.format(date), time: clock.format(date) });
}

/**
 * How a target fares, in one line.
 * @param {Target} target @param {Date} now
 * @returns {{state: 'ok'|'warn'|'bad'|'new', text: string, hint: string}}
 */
export function stateOf({ sameDisk, lastGood, problem }, now) {
  const had = lastGood ? t('backup.target.good', { when: whenText(lastGood, now) }) : t('backup.target.new');
  if (problem) {
    const text = lastGood
      ? t('backup.target.since', { text: problem.text, when: whenText(lastGood, now) })
      : problem.text;
    return { state: 'bad', text, hint: problem.hint };
  }
  if (sameDisk)
    return { state: 'warn', text: t('backup.target.samedisk'), hint: t('backup.target.samedisk.hint') };
  return { state: lastGood ? 'ok' : 'new', text: had, hint: '' };
}
