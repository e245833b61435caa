/**
 * The move: from the page that a link at home opened to the one under the
 * house's own name, whose certificate every browser trusts. Only there somebody
 * should type a master password. It asks nothing and can be declined.
 */
import { build } from '../components/template.js';
import { showProblem } from '../components/problem.js';
import { t } from '../text/reach.js';
import { needs } from './setup-needs.js';
import { Refusal } from './setup-parts.js';
import { atTrustedName, mustMove } from './reach-model.js';
import { note } from './setup-memory.js';

/** @typedef {import('./setup.js').Wizard} Wizard @typedef {import('./reach-model.js').Plan} Plan */

/** @param {Wizard} wizard @param {(wizard: Wizard) => void} then what comes once we are there */
export async function showMove(wizard, then) {
  const made = wizard.state.steps.some(({ name, done }) => name === 'owner' && done);
  if (made || wizard.memory.stay) return then(wizard);
  const [reach] = await Promise.all([wizard.deps.api.get('/latchkey/reach'), needs('reach')]);
  if (wizard.deps.signal.aborted || wizard.now !== 'owner') return;
  const plan = /** @type {Plan} */ (reach.plan);
  if (!mustMove(plan, location.hostname)) return then(wizard);
  const built = build('setup-move');
  const name = plan.lan || plan.name;
  built.part('lead').textContent = t('reach.move.lead', { name });
  built.part('rebind').textContent = t('reach.move.stuck.3', { name });
  built.part('means').textContent = t(`reach.move.means.${where()}`);
  const go = built.part('go', HTMLButtonElement);
  go.textContent = t('reach.move.go', { url: `https://${name}` });
  go.addEventListener('click', () => void move(wizard, plan, built, go));
  built.part('here').addEventListener('click', () => {
    note(wizard, { stay: true });
    then(wizard);
  });
  wizard.present(built.root);
}

/** Where this page came from, for what going on here means. */
function where() {
  if (['localhost', '127.0.0.1', '[::1]'].includes(location.hostname)) return 'local';
  return location.protocol === 'https:' ? 'far' : 'plain';
}

/**
 * @param {Wizard} wizard @param {Plan} plan
 * @param {import('../components/template.js').Built} built @param {HTMLButtonElement} go
 */
async function move({ deps }, plan, built, go) {
  const trouble = built.part('trouble');
  trouble.replaceChildren();
  go.disabled = true;
  try {
    const { url } = await deps.api.post('/latchkey/reach/move');
    const to = URL.canParse(url) ? new URL(url) : null;
    // The link holds the next token: it goes to our own name or nowhere.
    if (to?.protocol !== 'https:' || !atTrustedName(plan, to.hostname)) {
      throw new Refusal(trouble, 'reach.move.none');
    }
    location.assign(to.href);
    built.part('stuck', HTMLDetailsElement).open = true; // for whoever comes back by the Back button
  } catch (error) {
    showProblem(trouble, error);
    built.part('stuck', HTMLDetailsElement).open = true;
  }
  go.disabled = false;
}
