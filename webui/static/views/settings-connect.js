/**
 * "Connect a device": how other devices find this house, how they come to trust
 * it, and how the Bitwarden apps are told where it is. Far from home the house
 * tells no addresses; then the one that this page came by is shown.
 */
import { build } from '../components/template.js';
import { addressOf, addressView, appsAt, appsView, fetchLinks, mainLink, trustView } from './setup-trust.js';

/** Numbers and names that mean nothing elsewhere. */
const HOME_ONLY = /^[\d.]+$|^\[|^localhost$|\.local$/;

/** @type {import('./settings.js').Show} */
export async function show(body, { api, signal }) {
  const built = build('settings-connect');
  const links = await fetchLinks(api).catch((/** @type {unknown} */ error) => {
    // Far from home the house doesn't tell its addresses; anything else is a trouble to be shown.
    if ([400, 403, 404].includes(Object(error).status)) return null;
    throw error;
  });
  if (signal.aborted) return;
  // Whoever reads this far from home came by an address that works from everywhere.
  const far = links === null && !HOME_ONLY.test(location.hostname);
  built.part('far').hidden = links !== null || far;
  if (far) {
    const { origin } = location;
    built.part('address').append(addressOf({ url: origin, qr: [] }), appsAt(origin, true));
  }
  if (links) built.part('address').append(...viewsOf(links));
  body.append(built.root);
}

/** A public name needs no trusting, so the apps come first there. @param {import('./setup-trust.js').Links} links */
function viewsOf(links) {
  const views = [addressView(links), trustView(links), appsView(links)];
  return mainLink(links)?.kind === 'public' ? [views[0], views[2], views[1]] : views;
}
