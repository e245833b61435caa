/**
 * The last screen: the address, large; a QR code for the phone; how each device
 * comes to trust the house; and the way into the vault.
 */
import { build } from '../components/template.js';
import { messageOf } from '../components/problem.js';
import { t } from '../text/text.js';
import { addressView, appsView, fetchLinks, mainLink, trustView } from './setup-trust.js';

/** @param {import('./setup.js').Wizard} wizard */
export async function showDone(wizard) {
  const { api } = wizard.deps;
  const built = build('setup-done');
  built.part('secure').hidden = location.protocol !== 'http:';
  built.part('open').addEventListener('click', () => openVault(wizard.deps));
  try {
    const links = await fetchLinks(api);
    built.part('lead').textContent = t(mainLink(links) ? 'setup.done.lead' : 'setup.done.lead.here');
    built.part('address').append(addressView(links));
    built.part('more').append(trustView(links));
    if (mainLink(links)) built.part('more').append(appsView(links));
  } catch (error) {
    built.part('trouble').hidden = false;
    const { text, hint } = messageOf(error);
    built.part('trouble').textContent = `${text} ${hint}`;
  }
  if (!wizard.deps.signal.aborted && wizard.now === 'done') wizard.present(built.root);
}

/**
 * Out of the wizard. Plain http was only for the first minutes on the machine
 * itself; the house sends its front page on to the one over TLS.
 * @param {import('./view.js').Deps} deps
 */
export function openVault({ session, navigate }) {
  if (location.protocol === 'http:') location.assign('/');
  else navigate(session.state === 'open' ? '#/vault' : '#/');
}
