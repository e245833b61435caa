/**
 * "You": the name that the others see, the address that is signed in with, and
 * the way out.
 */
import { build } from '../components/template.js';
import { t } from '../text/text.js';
import { needed, wireForm } from './setup-parts.js';

/** @type {import('./settings.js').Show} */
export function show(body, { session, navigate, say, signal }) {
  const built = build('settings-you');
  const name = built.part('name', HTMLInputElement);
  name.value = session.profile?.name ?? '';
  built.part('email', HTMLInputElement).value = session.email;
  wireForm(built.part('form'), {
    signal,
    place: () => name,
    async submit() {
      await session.rename(needed(name));
      say(t('first.saved'));
    },
  });
  built.part('signout').addEventListener('click', async () => {
    await session.signOut();
    navigate('#/', { replace: true });
  });
  body.append(built.root);
}
