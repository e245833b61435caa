/**
 * "House rules", the owner's: the recovery kit, and how the house runs.
 */
import { exactly } from '../components/format.js';
import { build } from '../components/template.js';
import { t } from '../text/text.js';
import { fetchKit, showKit } from './kit.js';
import { typed } from './settings-security.js';
import { showValues } from './settings-values.js';
import { present, wireForm } from './setup-parts.js';

/** @typedef {import('./view.js').Deps} Deps */
/** @typedef {import('../components/password-field.js').PasswordField} PasswordField */

/** @type {import('./settings.js').Show} */
export async function show(body, deps) {
  const built = build('settings-house');
  const [{ made }] = await Promise.all([
    deps.api.get('/latchkey/kit'),
    showValues(built.part('values'), deps),
  ]);
  if (deps.signal.aborted) return;
  wireKit(body, built, deps, made);
  body.append(built.root);
}

/**
 * A new kit takes the place of the section while it is made, and gives it back.
 * @param {HTMLElement} body @param {import('../components/template.js').Built} built @param {Deps} deps
 * @param {string|null} made
 */
function wireKit(body, built, deps, made) {
  const password = /** @type {PasswordField} */ (built.part('kit-password'));
  const when = (/** @type {string|null} */ date) => {
    built.part('kit-made').textContent = date
      ? t('settings.kit.made', { when: exactly(date) })
      : t('settings.kit.none');
  };
  when(made);
  wireForm(built.part('kit-form'), {
    session: deps.session,
    signal: deps.signal,
    place: (code) => (code === 'password.wrong' ? password : null),
    async submit() {
      const fresh = await fetchKit(deps, typed(password));
      password.value = '';
      const back = () => {
        present(body, built.root);
        built.part('kit-made').focus();
      };
      await showKit(
        {
          deps,
          present: (view) => present(body, view),
          again: back,
          confirmed() {
            when(new Date().toISOString());
            back();
            deps.say(t('kit.ask.right'));
          },
        },
        fresh,
      );
    },
  });
}
