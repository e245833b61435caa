/**
 * The move: from the page that a link at home opened to the one under the
 * house's own name, whose certificate every browser trusts. Only there somebody
 * should type a master password. It asks nothing and can be declined.
 */
import { build } from '../components/template.js';
import { clearProblem, showProblem } from '../components/problem.js';
import { t } from '../text/reach.js';
import { needs } from './setup-needs.js';
import { Refusal } from './setup-parts.js';
import { getReach } from './reach-api.js';
import { Lines } from './reach-lines.js';
import { atTrustedName, mustMove } from './reach-model.js';
import { follow } from './reach-poll.js';
import { note } from './setup-memory.js';

/** @typedef {import('./setup.js').Wizard} Wizard @typedef {import('./reach-model.js').Plan} Plan */
/** @typedef {import('./reach-model.js').Reach} Reach @typedef {import('../components/template.js').Built} Built */

/** @param {Wizard} wizard @param {(wizard: Wizard) => void} then what comes once we are there */
export async function showMove(wizard, then) {
  const made = wizard.state.steps.some(({ name, done }) => name === 'owner' && done);
  if (made || wizard.memory.stay) return then(wizard);
  const [reach] = await Promise.all([getReach(wizard.deps.api), needs('reach')]);
  if (wizard.deps.signal.aborted || wizard.now !== 'owner') return;
  if (!mustMove(reach.plan, location.hostname)) return then(wizard);
  const signal = wizard.begin();
  const built = build('setup-move');
  built.part('means').textContent = t(`reach.move.means.${where()}`);
  const go = built.part('go', HTMLButtonElement);
  go.addEventListener('click', () => void move(wizard, reach.plan, built, go));
  built.part('here').addEventListener('click', () => {
    wizard.begin();
    note(wizard, { stay: true });
    then(wizard);
  });
  const lines = new Lines(built.part('lines'));
  const watch = follow({
    ask: () => getReach(wizard.deps.api),
    told: (answer) => draw(built, lines, answer),
    signal,
  });
  wizard.present(built.root);
  watch.take(reach);
}

/** @param {Built} built @param {Lines} lines @param {Reach} reach */
function draw(built, lines, { plan, trusted, steps }) {
  const name = hostOf(trusted) || plan.lan || plan.name;
  const key = trusted ? 'lead' : 'later';
  const lead = t(`reach.move.${key}`, { name });
  if (built.part('lead').textContent !== lead) {
    built.part('lead').textContent = lead;
    if (!trusted) built.part('stuck', HTMLDetailsElement).open = true;
  }
  built.part('rebind').textContent = t('reach.move.stuck.3', { name });
  built.part('go').textContent = t('reach.move.go', { url: trusted || `https://${name}` });
  const home = trusted ? [] : steps.filter(({ code }) => code === 'home');
  lines.show(home);
  built.part('lines').hidden = home.length === 0;
}

/** @param {string} url */
function hostOf(url) {
  return URL.canParse(url) ? new URL(url).hostname : '';
}

/** Where this page came from, for what going on here means. */
function where() {
  if (['localhost', '127.0.0.1', '[::1]'].includes(location.hostname)) return 'local';
  return location.protocol === 'https:' ? 'far' : 'plain';
}

/** @param {Wizard} wizard @param {Plan} plan @param {Built} built @param {HTMLButtonElement} go */
async function move({ deps }, plan, built, go) {
  const trouble = built.part('trouble');
  clearProblem(trouble);
  go.disabled = true;
  try {
    const { url } = await deps.api.post('/latchkey/reach/move');
    const to = URL.canParse(url) ? new URL(url) : null;
    // The link holds the next token: it goes to our own name or nowhere.
    if (to?.protocol !== 'https:' || !atTrustedName(plan, to.hostname)) {
      throw new Refusal(trouble, 'reach.move.none');
    }
    location.assign(to.href);
  } catch (error) {
    showProblem(trouble, error);
  }
  built.part('stuck', HTMLDetailsElement).open = true; // for whoever comes back by the Back button
  go.disabled = false;
}
