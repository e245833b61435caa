/**
 * "Connect a device": how other devices find this house, how they come to trust
 * it, and how the Bitwarden apps are told where it is. At home only.
 */
import { build } from '../components/template.js';
import { addressView, appsView, fetchLinks, trustView } from './setup-trust.js';

/** @type {import('./settings.js').Show} */
export async function show(body, { api, signal }) {
  const built = build('settings-connect');
  const links = await fetchLinks(api).catch((/** @type {unknown} */ error) => {
    // Far from home the house doesn't tell its addresses; anything else is a trouble to be shown.
    if ([400, 403, 404].includes(Object(error).status)) return null;
    throw error;
  });
  if (signal.aborted) return;
  built.part('far').hidden = links !== null;
  if (links) built.part('address').append(addressView(links), trustView(links), appsView(links));
  body.append(built.root);
}
