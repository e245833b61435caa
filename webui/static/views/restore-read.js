/**
 * Reading a backup: sent from this device or fetched by the house, unpacked and
 * checked there. A file that is refused early may break its connection, so the
 * house is asked afterwards what it was.
 */
import { messageOf } from '../components/problem.js';
import { icon } from '../components/icon.js';
import { build, element } from '../components/template.js';
import { sending } from '../net/upload.js';
import { t } from '../text/restore.js';
import { bytesText } from './bytes.js';
import { follow } from './reach-poll.js';
import { isOfKit, progressOf } from './restore-model.js';

/** @typedef {import('./restore.js').Restoring} Restoring */
/** @typedef {import('./restore-model.js').State} State @typedef {import('./restore-model.js').Source} Source */
/** @typedef {import('../components/progress.js').ProgressBar} ProgressBar */

/** ms between two looks. */
const QUICK = 600;
/** ms; a gigabyte over a slow line is a matter of hours. */
const PATIENCE = 12 * 3_600_000;

/** Answers after which no other comes. */
const LOST = [401, 403, 404];

const PHASES = /** @type {const} */ (['reading', 'checking']);
const WORDS = { reading: 'restore.read.open', checking: 'restore.read.check' };

/** @param {Restoring} restoring @param {Source|null} source @param {AbortSignal} signal */
export function showRead(restoring, source, signal) {
  const { api } = restoring;
  const built = build('restore-read');
  const bar = /** @type {ProgressBar} */ (built.part('bar'));
  /** @type {{sent: number, all: number}|null} */
  let upload = null;
  /** Whether the house is at it: before, its state is that of an earlier try. */
  let begun = source === null;
  /** @type {State} */
  let state = { phase: 'reading' };
  let over = false;
  built.part('cancel').addEventListener('click', async () => {
    over = true;
    await restoring.cancel();
    restoring.toKit();
  });
  draw();
  restoring.present(built.root);
  follow({
    ask: async () => /** @type {State} */ (await api.get(restoring.path())),
    told(now) {
      if (over || !begun) return;
      // Before the first bytes have come, the state is still that of the kit.
      if (now.phase !== 'waiting') state = now;
      draw();
      if (!(source && 'file' in source)) void settle(now);
    },
    failed(error) {
      // A file that is being sent has an answer of its own.
      if (!(source && 'file' in source) && LOST.includes(Object(error).status)) void failed(error);
    },
    pace: () => QUICK,
    signal,
  }).now();
  void start();

  async function start() {
    try {
      if (!source) return;
      if ('fetch' in source) await api.post(restoring.path('/fetch'), source.fetch);
      begun = true;
      if ('file' in source) await settle(await send(source.file));
    } catch (error) {
      await failed(error);
    }
  }

  /** @param {File} file @returns {Promise<State>} */
  function send(file) {
    const told = (/** @type {number} */ sent, /** @type {number} */ all) => {
      upload = { sent, all };
      draw();
    };
    return api.put(restoring.path('/file'), file, { by: sending(told, signal), timeout: PATIENCE });
  }

  /** @param {State} now */
  async function settle(now) {
    if (over || signal.aborted || !/ready|failed/.test(now.phase)) return;
    over = true;
    if (now.phase === 'ready') await restoring.toFound(now);
    else await restoring.toFailed(now.problem);
  }

  /** @param {unknown} error */
  async function failed(error) {
    if (over || signal.aborted) return;
    over = true;
    const known = await restoring.look(restoring.id).catch(() => undefined);
    if (known === null) return restoring.toKit();
    await restoring.toFailed(known?.phase === 'failed' ? known.problem : error);
  }

  function draw() {
    const { part, done, total } = progressOf(state, upload);
    bar.value = part;
    built.part('bytes').textContent =
      total > 0 ? t('restore.read.bytes', { done: bytesText(done), total: bytesText(total) }) : '';
    if (built.root.dataset.phase === state.phase) return;
    built.root.dataset.phase = state.phase;
    const now = PHASES.findIndex((phase) => phase === state.phase);
    built.part('phases').replaceChildren(...PHASES.map((phase, i) => phaseRow(phase, i, now)));
  }
}

/** @param {'reading'|'checking'} phase @param {number} i @param {number} now */
function phaseRow(phase, i, now) {
  const when = i < now ? 'done' : i === now ? 'now' : 'after';
  const item = element('li', `check ${when === 'done' ? 'is-ok' : when === 'now' ? 'is-now' : 'is-waiting'}`);
  const mark = element('span', 'check-mark');
  if (when === 'done') mark.append(icon('check'));
  item.append(mark, element('p', '', t(WORDS[phase])));
  item.append(element('span', 'visually-hidden', t(`restore.read.${when}`)));
  if (when === 'now') item.setAttribute('aria-current', 'step');
  return item;
}

/** What went wrong, and the two ways on. @param {Restoring} restoring @param {unknown} problem */
export function showFailed(restoring, problem) {
  const built = build('restore-failed');
  const { text, hint } = messageOf(problem);
  const kit = built.part('kit');
  const other = built.part('other');
  built.part('text').textContent = text;
  built.part('hint').textContent = hint;
  // What is likelier to be wrong stands out.
  kit.classList.toggle('main', isOfKit(problem));
  other.classList.toggle('main', !isOfKit(problem));
  kit.addEventListener('click', () => restoring.toKit());
  other.addEventListener('click', () => void restoring.toWhere());
  restoring.present(built.root);
}
