/**
 * The last screen of the public path: the address that opens from anywhere,
 * large; its QR code; whether somebody came in already; the way into the vault.
 */
import { build, element } from '../components/template.js';
import { icon } from '../components/icon.js';
import { t } from '../text/reach.js';
import { getReach } from './reach-api.js';
import { needs } from './setup-needs.js';
import { openVault } from './setup-done.js';
import { addressOf, appsAt } from './setup-trust.js';

/**
 * @param {import('./setup.js').Wizard} wizard
 * @returns {Promise<boolean>} whether there is a public address to be shown
 */
export async function showPublicDone(wizard) {
  const { api, signal } = wizard.deps;
  const [reach] = await Promise.all([getReach(api).catch(() => null), needs('reach')]);
  if (!reach?.plan.url) return false;
  if (signal.aborted || wizard.now !== 'done') return true;
  const { plan, proof } = reach;
  const built = build('setup-done');
  built.part('secure').remove(); // its name has a certificate
  built.part('lead').textContent = t('reach.done.lead');
  built
    .part('address')
    .append(addressOf({ url: plan.url, qr: plan.qr ?? [] }, { hint: t('reach.done.scan') }));
  if (proof.state !== 'proven') built.part('address').after(unproven());
  built.part('more').append(appsAt(plan.url, plan.certificate || plan.door === 'proxy'));
  built.part('open').addEventListener('click', () => openVault(wizard.deps));
  wizard.present(built.root);
  return true;
}

function unproven() {
  const note = element('div', 'note');
  note.append(icon('info'), element('p', '', t('reach.done.unproven')));
  return note;
}
