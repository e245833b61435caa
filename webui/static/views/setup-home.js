/**
 * What a page without an owner says, at home only: how to get a set-up link.
 * The same for a link that was spent. It never says whether an owner exists to
 * anybody who is not at home.
 */
import { build } from '../components/template.js';
import { messageOf } from '../components/problem.js';
import { t } from '../text/text.js';
import { needs } from './setup-needs.js';
import { frameIn } from './setup-frame.js';
import { copyFrom, present } from './setup-parts.js';

/** @typedef {import('./view.js').Deps} Deps */
/** @typedef {{ready:boolean, home:boolean, name:string, setup:boolean, secure:boolean}} HouseState */

/**
 * `/` at home while the house has no owner: says where the link is found, and
 * goes on by itself where this browser holds the wizard's session.
 * @param {HTMLElement} root @param {Deps} deps
 */
export async function mount(root, deps) {
  await needs('setup');
  if (deps.signal.aborted) return;
  showHelp(frameIn(root, 'setup.title').stage, {
    title: t('setup.home.title'),
    lead: t('setup.home.lead'),
    steps: t('setup.home.do'),
    why: t('setup.home.why'),
    again: () => lookAgain(deps),
  });
}

/** @param {Deps} deps */
async function lookAgain({ api, navigate }) {
  const state = /** @type {HouseState} */ (await api.get('/latchkey/state'));
  if (state.ready) navigate('#/');
  else if (state.setup) navigate('#/setup');
}

/**
 * The link or the wizard's session is no longer good.
 * @param {HTMLElement} stage @param {Deps} deps
 * @param {boolean} [underWay] the session ended in the middle
 */
export async function showExpired(stage, deps, underWay = false) {
  const state = /** @type {HouseState|null} */ (await deps.api.get('/latchkey/state').catch(() => null));
  const ready = state?.ready === true;
  showHelp(stage, {
    title: t(underWay ? 'setup.lost.title' : 'setup.link.title'),
    lead: t(underWay ? 'setup.lost.lead' : 'setup.link.lead'),
    steps: t('setup.link.do'),
    signIn: ready ? () => deps.navigate('#/') : undefined,
  });
}

/**
 * @param {HTMLElement} stage
 * @param {{title:string, lead:string, steps:string, why?:string, again?:() => Promise<void>, signIn?:() => void}} what
 */
function showHelp(stage, { title, lead, steps, why = '', again, signIn }) {
  const built = build('setup-help');
  built.part('title').textContent = title;
  built.part('lead').textContent = lead;
  built.part('steps').textContent = signIn ? t('setup.link.signin') : steps;
  built.part('ways').hidden = signIn !== undefined;
  built.part('why').textContent = why;
  built.part('why').hidden = why === '';
  const copy = built.part('copy');
  copy.addEventListener('click', () => copyFrom(copy, built.part('command').textContent ?? ''));
  wire(built.part('again'), again);
  wire(built.part('signin'), signIn);
  present(stage, built.root);
}

/** @param {HTMLElement} button @param {(() => unknown)|undefined} action */
function wire(button, action) {
  button.hidden = action === undefined;
  if (action) button.addEventListener('click', action);
}

/**
 * A trouble that is no answer: the house was out of reach or stumbled.
 * @param {HTMLElement} stage @param {unknown} error @param {() => unknown} again
 */
export function showTrouble(stage, error, again) {
  const { text, hint } = messageOf(error);
  const built = build('setup-trouble');
  built.part('title').textContent = text;
  built.part('lead').textContent = hint;
  built.part('again').addEventListener('click', again);
  present(stage, built.root);
}
