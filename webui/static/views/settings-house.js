/**
 * "House", the owner's: how it fares, the recovery kit, how it runs.
 */
import { exactly, timeElement } from '../components/format.js';
import { icon } from '../components/icon.js';
import { build, element } from '../components/template.js';
import { t } from '../text/text.js';
import { fetchKit, showKit } from './kit.js';
import { around } from './settings-devices.js';
import { typed } from './settings-security.js';
import { showValues } from './settings-values.js';
import { present, wireForm } from './setup-parts.js';

/** @typedef {import('./view.js').Deps} Deps */
/** @typedef {import('../components/password-field.js').PasswordField} PasswordField */
/** @typedef {{code:string, severity:'notice'|'warning'|'trouble', text:string, hint:string, since:string}} Condition */

/** @type {import('./settings.js').Show} */
export async function show(body, deps) {
  const built = build('settings-house');
  const [{ made }] = await Promise.all([
    deps.api.get('/latchkey/kit'),
    showHealth(built.part('health'), deps),
    showValues(built.part('values'), deps),
  ]);
  if (deps.signal.aborted) return;
  wireKit(body, built, deps, made);
  body.append(built.root);
}

/** @param {HTMLElement} place @param {Deps} deps */
async function showHealth(place, { api }) {
  const { conditions: told } = await api.get('/latchkey/health');
  const conditions = /** @type {Condition[]} */ (told ?? []);
  if (conditions.length === 0) place.append(conditionRow('is-ok', 'check', t('settings.health.good')));
  for (const one of conditions) {
    const bad = one.severity === 'trouble';
    const symbol = one.severity === 'notice' ? 'info' : 'warn';
    const row = conditionRow(bad ? 'is-bad' : 'is-warn', symbol, one.text);
    row
      .querySelector('.check-mark')
      ?.append(element('span', 'visually-hidden', t(`settings.health.${one.severity}`)));
    const hint = element('span', 'hint', `${one.hint} `);
    hint.append('(', ...around(t('settings.health.since', { when: '\0' }), timeElement(one.since)), ')');
    row.querySelector('p')?.append(hint);
    place.append(row);
  }
}

/** @param {string} state @param {string} symbol @param {string} text */
function conditionRow(state, symbol, text) {
  const row = element('li', `check ${state}`);
  const mark = element('span', 'check-mark');
  mark.append(icon(symbol));
  row.append(mark, element('p', '', text));
  return row;
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
