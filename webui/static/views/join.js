/**
 * Joining by invitation, `#/finish-signup?email=&token=`: looks whether the
 * invitation is good, makes the account on this device, signs in and opens the
 * vault. The token leaves the address bar at once.
 */
import { build, element } from '../components/template.js';
import { t } from '../text/text.js';
import { needs } from './setup-needs.js';
import { frameIn } from './setup-frame.js';
import { passwordOf } from './setup-owner.js';
import { needed, present, wireForm } from './setup-parts.js';
import { showTrouble } from './setup-home.js';
import { register } from '../vault/account-acts.js';

/** @typedef {import('./view.js').Deps} Deps */

/** @param {HTMLElement} root @param {Deps} deps */
export async function mount(root, deps) {
  const { email, token } = takeInvitation(deps.route);
  await needs('setup');
  const { stage } = frameIn(root, 'join.title');
  if (!email || !token) return showRefused(stage, deps, 'broken');
  await check();

  async function check() {
    stage.replaceChildren(element('p', 'lead', t('join.checking')));
    try {
      await deps.api.post('/identity/accounts/register/verification-email-clicked', {
        email,
        emailVerificationToken: token,
      });
      if (!deps.signal.aborted) await showForm(stage, deps, email, token);
    } catch (error) {
      if (deps.signal.aborted) return;
      const refused = [400, 404, 410].includes(Object(error).status);
      if (refused) showRefused(stage, deps, 'used');
      else showTrouble(stage, error, check);
    }
  }
}

/**
 * @param {import('./view.js').Route} route
 * @returns {{email:string, token:string}} '' for what the link lacks
 */
function takeInvitation(route) {
  // A plus sign in an address that nobody escaped arrives as a space; no address holds one.
  const email = (route.query.get('email') ?? '').trim().replaceAll(' ', '+').toLowerCase();
  const token = route.query.get('token') ?? '';
  route.query.delete('token');
  if (location.hash.includes('?')) history.replaceState(null, '', '#/finish-signup');
  return { email, token };
}

/** @param {HTMLElement} stage @param {Deps} deps @param {string} email @param {string} token */
async function showForm(stage, deps, email, token) {
  const { session, api, signal, navigate, say } = deps;
  const built = build('join');
  const name = built.part('name', HTMLInputElement);
  const house = await api.get('/latchkey/state').catch(() => null);
  built.part('lead').textContent = house?.name
    ? t('join.lead', { house: house.name })
    : t('join.lead.unnamed');
  built.part('email', HTMLInputElement).value = email;
  built.part('other').hidden = session.state === 'out' || session.email === email;
  built.part('other').textContent = t('join.other.lead', { email: session.email });
  built.part('password').replaceWith(build('first-password').root);
  wireForm(built.root, {
    session,
    signal,
    async submit() {
      const account = { email, token, name: needed(name), password: passwordOf(built.root) };
      if (session.state !== 'out') await session.signOut();
      await register(session, account);
      await session.signIn(email, account.password);
      navigate('#/vault');
      say(t('join.made'));
    },
  });
  present(stage, built.root);
}

/** @param {HTMLElement} stage @param {Deps} deps @param {'used'|'broken'} why */
function showRefused(stage, deps, why) {
  const built = build('join-refused');
  built.part('title').textContent = t(`join.${why}.title`);
  built.part('lead').textContent = t(`join.${why}.lead`);
  built.part('do').textContent = t(`join.${why}.do`);
  built.part('signin').addEventListener('click', () => deps.navigate('#/'));
  present(stage, built.root);
}
