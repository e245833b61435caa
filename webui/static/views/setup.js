/**
 * The first-run wizard, `#/setup`: takes the token out of the address bar,
 * trades it for the wizard's session and walks through the steps, each of which
 * can be gone back to. The server knows how far we are, so that a reload or a
 * kill resumes. The steps themselves are in setup-*.js.
 */
import { announce } from '../components/toast.js';
import { element } from '../components/template.js';
import { t } from '../text/text.js';
import { needs } from './setup-needs.js';
import { frameIn } from './setup-frame.js';
import { present } from './setup-parts.js';
import { showExpired, showTrouble } from './setup-home.js';
import { remembered } from './setup-memory.js';
import { restoreIn, showWelcome } from './setup-welcome.js';
import { showWhere } from './setup-where.js';
import { showReach } from './setup-reach.js';
import { showOwner } from './setup-owner.js';
import { showKitStep } from './setup-kit.js';
import { showDone } from './setup-done.js';

/** @typedef {import('./view.js').Deps} Deps */
/** @typedef {import('../net/api.js').Api} Api */

/** @typedef {'where'|'reach'|'name'|'owner'|'kit'|'door'|'done'} StepName */

/**
 * The wizard's state as GET /latchkey/setup gives it.
 * @typedef {object} WizardState
 * @property {StepName} step             where the server wants us to go on
 * @property {{name:StepName, done:boolean}[]} steps
 * @property {string} reach              "home", "public", or "" while it is not chosen
 */

/**
 * What a step is given: it shows itself by present() and says when it is done.
 * @typedef {object} Wizard
 * @property {Deps} deps
 * @property {WizardState} state
 * @property {StepName} now the step on the stage; one that asked the house first looks whether it still is
 * @property {import('./setup-memory.js').Memory} memory what was chosen but is not kept by the house; it outlives a reload
 * @property {() => AbortSignal} begin what the next view attaches to; ends the view before
 * @property {(view: HTMLElement) => void} present
 * @property {(step: StepName) => void} mark shows in the steps where we are
 * @property {(step: StepName) => void} go
 * @property {(state: WizardState, step?: StepName) => void} advance takes a newer state and goes on
 * @property {() => void} unmark takes the steps away: where we are is before them
 * @property {(error: unknown, again: () => void) => void} trouble instead of a view, with a way to try again
 * @property {() => void} lost the wizard's session is gone
 */

/** @type {readonly StepName[]} */
const ORDER = ['where', 'reach', 'name', 'owner', 'kit', 'door', 'done'];

/** More steps than these do not fit beside each other with their names. */
const MANY = 5;

/** The steps that only the public path has; their modules come when it is taken. */
const PUBLIC = ['name', 'door'];

/** @type {Record<StepName, (wizard: Wizard) => void|Promise<void>>} */
const STEPS = {
  where: showWhere,
  reach: showReach,
  name: async (wizard) => (await import('./setup-name.js')).showName(wizard),
  owner: async (wizard) => {
    if (wizard.state.reach === 'public') await (await import('./setup-move.js')).showMove(wizard, showOwner);
    else showOwner(wizard);
  },
  kit: showKitStep,
  door: async (wizard) => (await import('./setup-door.js')).showDoor(wizard),
  done: async (wizard) => {
    const own = wizard.state.reach === 'public' ? await import('./setup-done-public.js') : null;
    if (!(await own?.showPublicDone(wizard))) await showDone(wizard);
  },
};

/**
 * @param {HTMLElement} root @param {Deps} deps
 */
export async function mount(root, deps) {
  const token = takeToken(deps.route);
  await needs('setup', 'kit');
  const { stage, steps } = frameIn(root, 'setup.title');
  await begin();

  // The token is no longer in the address bar, so another try must not be a reload.
  async function begin() {
    stage.replaceChildren(element('p', 'lead', t('setup.claim.working')));
    try {
      const state = await enter(deps.api, token);
      if (!deps.signal.aborted) run(deps, state, steps, stage);
    } catch (error) {
      if (deps.signal.aborted) return;
      if (Object(error).status === 404) await showExpired(stage, deps);
      else showTrouble(stage, error, begin);
    }
  }
}

/**
 * The token of the link, taken out of the address bar and of the history at
 * once, so that neither a glance nor a shared screen gives it away.
 * @param {import('./view.js').Route} route @returns {string} '' where there was none
 */
function takeToken(route) {
  const token = route.query.get('token') ?? '';
  route.query.delete('token');
  if (location.hash.includes('?')) history.replaceState(null, '', '#/setup');
  return token;
}

/**
 * Trades the token for a session, or takes up the one that this browser holds:
 * whoever opens the same link twice is not sent away.
 * @param {Api} api @param {string} token @returns {Promise<WizardState>}
 */
async function enter(api, token) {
  if (token === '') return api.get('/latchkey/setup');
  try {
    return await api.post('/latchkey/setup/claim', { token });
  } catch (error) {
    if (Object(error).status !== 404) throw error;
    return api.get('/latchkey/setup');
  }
}

/**
 * @param {Deps} deps @param {WizardState} state @param {HTMLElement} nav
 * @param {HTMLElement} stage
 */
function run(deps, state, nav, stage) {
  let leaving = new AbortController();
  deps.signal.addEventListener('abort', () => leaving.abort());
  /** @type {Wizard} */
  const wizard = {
    deps,
    state,
    now: state.step,
    memory: remembered(),
    begin() {
      leaving.abort();
      leaving = new AbortController();
      return leaving.signal;
    },
    present: (view) => present(stage, view),
    mark(step) {
      wizard.now = step;
      drawSteps(nav, wizard, step);
      const order = orderOf(wizard.state);
      const name = t(`setup.step.${step}`);
      announce(t('setup.step.count', { n: order.indexOf(step) + 1, all: order.length, name }));
    },
    go(step) {
      wizard.begin();
      wizard.mark(step);
      void show(step);
    },
    advance(next, step = next.step) {
      wizard.state = next;
      wizard.go(step);
    },
    unmark() {
      nav.hidden = true;
    },
    trouble(error, again) {
      showTrouble(stage, error, again);
    },
    lost() {
      nav.hidden = true;
      void showExpired(stage, deps, true);
    },
  };
  if (state.step === 'where' && wizard.memory.restore) void restoreIn(wizard, wizard.memory.restore);
  else if (state.step === 'where' && !wizard.memory.begun) showWelcome(wizard);
  else wizard.go(state.step);

  /** Some steps ask the house first, which may be away. @param {StepName} step */
  async function show(step) {
    try {
      await STEPS[step](wizard);
    } catch (error) {
      if (deps.signal.aborted || wizard.now !== step) return;
      if (Object(error).status === 404) wizard.lost();
      else showTrouble(stage, error, () => wizard.go(step));
    }
  }
}

/** @param {WizardState} state the steps of its way, in order */
function orderOf({ reach }) {
  return ORDER.filter((name) => reach === 'public' || !PUBLIC.includes(name));
}

/**
 * The named steps: those behind us are buttons, the present one is marked.
 * @param {HTMLElement} nav @param {Wizard} wizard @param {StepName} now
 */
function drawSteps(nav, wizard, now) {
  nav.hidden = false;
  const items = orderOf(wizard.state).map((name) => stepItem(name, wizard, now));
  const list = nav.querySelector('ol');
  list?.replaceChildren(...items);
  list?.classList.toggle('is-many', items.length > MANY);
}

/** @param {StepName} name @param {Wizard} wizard @param {StepName} now */
function stepItem(name, wizard, now) {
  const item = element('li');
  // Looking around leaves nothing behind, so that only we know that it was done.
  const passed = ORDER.indexOf(name) < ORDER.indexOf(now);
  const done = passed || wizard.state.steps.some((step) => step.name === name && step.done);
  const reachable = (done || name === wizard.state.step) && name !== now;
  const mark = element(reachable ? 'button' : 'span', 'setup-step', t(`setup.step.${name}`));
  if (mark instanceof HTMLButtonElement) {
    mark.type = 'button';
    mark.addEventListener('click', () => wizard.go(name));
  }
  if (done) {
    item.className = 'is-done';
    mark.append(element('span', 'visually-hidden', `, ${t('setup.step.behind')}`));
  }
  if (name === now) mark.setAttribute('aria-current', 'step');
  else mark.title = t(`setup.step.${name}`);
  item.append(mark);
  return item;
}
