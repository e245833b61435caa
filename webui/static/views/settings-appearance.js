/**
 * "Appearance": light, dark, or as the device is; remembered on this device.
 */
import { chooseTheme, theme } from '../components/theme.js';
import { build } from '../components/template.js';

/** @type {import('./settings.js').Show} */
export function show(body, { session, signal }) {
  const built = build('settings-appearance');
  for (const radio of /** @type {NodeListOf<HTMLInputElement>} */ (built.root.querySelectorAll('input'))) {
    radio.checked = radio.value === theme(session.remember);
    radio.addEventListener(
      'change',
      () =>
        chooseTheme(session.remember, /** @type {import('../components/theme.js').Theme} */ (radio.value)),
      {
        signal,
      },
    );
  }
  body.append(built.root);
}
