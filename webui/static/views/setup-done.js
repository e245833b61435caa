/**
 * The last screen: the address, large; a QR code for the phone; how each device
 * comes to trust the house; and the way into the vault.
 */
import { build } from '../components/template.js';
import { messageOf } from '../components/problem.js';
import { addressView, appsView, mainLink, trustView } from './setup-trust.js';

/** @typedef {import('./setup-trust.js').Links} Links */

/** @param {import('./setup.js').Wizard} wizard */
export async function showDone(wizard) {
  const { api, session, navigate } = wizard.deps;
  const built = build('setup-done');
  const open = built.part('open');
  open.addEventListener('click', () => navigate(session.state === 'open' ? '#/vault' : '#/'));
  try {
    const links = /** @type {Links} */ (await api.get('/latchkey/links'));
    const { url } = mainLink(links);
    built.part('address').append(addressView(links));
    built.part('more').append(trustView(links), appsView(url));
    // Plain http is only for the first minutes on the machine itself: the vault lives behind TLS.
    if (location.protocol === 'http:') leaveFor(open, url, built.part('secure'));
  } catch (error) {
    built.part('trouble').hidden = false;
    const { text, hint } = messageOf(error);
    built.part('trouble').textContent = `${text} ${hint}`;
  }
  wizard.present(built.root);
}

/** @param {HTMLElement} button @param {string} url @param {HTMLElement} remark */
function leaveFor(button, url, remark) {
  remark.hidden = false;
  button.addEventListener(
    'click',
    (event) => {
      event.stopImmediatePropagation();
      location.assign(url);
    },
    { capture: true },
  );
}
