/**
 * "Name": the name on the internet and who keeps it; then, live, how it is made
 * true: the token tried, the record written, the certificate obtained. Nothing
 * has to be typed twice, and a reload or a kill finds the work where it stands.
 */
import { build } from '../components/template.js';
import { messageOf } from '../components/problem.js';
import { announce } from '../components/toast.js';
import { t } from '../text/reach.js';
import { needs } from './setup-needs.js';
import { wireForm } from './setup-parts.js';
import { getReach, postReach } from './reach-api.js';
import { ReachForm } from './reach-form.js';
import { Lines, spokenLines } from './reach-lines.js';
import { progressOf, wayOf } from './reach-model.js';
import { follow } from './reach-poll.js';

/** @typedef {import('./setup.js').Wizard} Wizard @typedef {import('./reach-model.js').Reach} Reach */

/** @param {Wizard} wizard */
export async function showName(wizard) {
  const [reach] = await Promise.all([getReach(wizard.deps.api), needs('reach')]);
  if (wizard.deps.signal.aborted || wizard.now !== 'name') return;
  const same = !wizard.memory.way || wizard.memory.way === wayOf(reach.plan, reach.providers);
  if (progressOf(reach) === 'none' || reach.steps.length === 0 || !same) showForm(wizard, reach);
  else showProgress(wizard, reach);
}

/** @param {Wizard} wizard @param {Reach} reach */
function showForm(wizard, reach) {
  const { api } = wizard.deps;
  const signal = wizard.begin();
  const way = wizard.memory.way ?? wayOf(reach.plan, reach.providers);
  const built = build('setup-name');
  built.part('title').textContent = t(`reach.name.${way}.title`);
  built.part('lead').textContent = t(`reach.name.${way}.lead`);
  const form = new ReachForm({ api, reach, way, signal });
  built.part('form').replaceWith(form.root);
  built.part('back').addEventListener('click', () => wizard.go('reach'));
  wireForm(built.root, {
    signal,
    place: (code) => form.place(code),
    async submit() {
      const choice = form.read();
      const started = await postReach(api, '', choice);
      form.credentials.clear();
      // With a proxy of somebody's own there is nothing to wait for.
      if (started.ready && started.steps.length === 0)
        wizard.advance(await api.get('/latchkey/setup'), 'owner');
      else showProgress(wizard, started);
    },
  });
  wizard.present(built.root);
}

/** @param {Wizard} wizard @param {Reach} first */
function showProgress(wizard, first) {
  const { api } = wizard.deps;
  const signal = wizard.begin();
  const built = build('reach-progress');
  built.part('title').textContent = t('reach.progress.title', { name: first.plan.name });
  built.part('lead').textContent = t('reach.progress.lead');
  const lines = new Lines(built.part('steps'));
  let latest = first;
  /** @param {unknown} [error] */
  const trouble = (error) => {
    const { text, hint } = error ? messageOf(error) : { text: '', hint: '' };
    built.part('trouble').textContent = `${text} ${hint}`.trim();
  };
  const watch = follow({
    ask: () => getReach(api),
    signal,
    told(reach) {
      latest = reach;
      trouble();
      const said = spokenLines(lines.show(reach.steps));
      const words = conclude(built, reach);
      if (said || words) announce(`${said} ${words}`.trim());
    },
    failed(error) {
      if ([401, 403, 404].includes(Object(error).status)) wizard.lost();
      else built.part('trouble').textContent = t('reach.lost');
    },
  });
  built.part('change').addEventListener('click', () => showForm(wizard, latest));
  built.part('again').addEventListener('click', async () => {
    try {
      watch.take(await postReach(api, '/retry'));
    } catch (error) {
      trouble(error);
    }
  });
  built.part('go').addEventListener('click', async () => {
    try {
      const state = await api.get('/latchkey/setup');
      wizard.advance(state, state.step === 'name' ? 'owner' : state.step);
    } catch (error) {
      trouble(error);
    }
  });
  wizard.present(built.root);
  watch.take(first);
}

/**
 * Which buttons there are, and one sentence of the whole.
 * @param {import('../components/template.js').Built} built @param {Reach} reach
 * @returns {string} the sentence where it is news
 */
function conclude(built, reach) {
  const progress = progressOf(reach);
  const failed = reach.steps.some(({ state }) => state === 'failed');
  const again = built.part('again');
  again.hidden = !failed;
  again.classList.toggle('main', progress !== 'done');
  built.part('change').hidden = progress === 'working';
  built.part('go').hidden = progress !== 'done';
  const verdict = built.part('verdict');
  const which = progress === 'done' && failed ? 'mostly' : progress;
  const words = which === 'working' || which === 'none' ? '' : t(`reach.progress.${which}`);
  const news = words !== verdict.textContent;
  verdict.textContent = words;
  return news ? words : '';
}
