/**
 * The form that changes how slowly the key is made: presets with what they
 * mean, own numbers between floor and ceiling, and the password.
 */
import { build, element } from '../components/template.js';
import { t } from '../text/text.js';
import { LIMITS, presetOf, PRESETS, refused, same, say as sayKdf } from './settings-kdf.js';
import { typed } from './settings-security.js';
import { Refusal, wireForm } from './setup-parts.js';
import { changeKdf } from '../vault/account-acts.js';

/** @typedef {import('../vault/types.js').Kdf} Kdf */
/** @typedef {import('../components/template.js').Built} Built */

const NUMBERS = /** @type {const} */ (['memory', 'iterations', 'parallelism']);

/** @param {HTMLElement} place @param {import('./view.js').Deps} deps */
export function showKdf(place, { session, say, signal }) {
  const built = build('settings-kdf');
  const form = built.root;
  const password = /** @type {import('../components/password-field.js').PasswordField} */ (
    built.part('password')
  );
  built.part('choices').append(...[...PRESETS.map(({ name }) => name), 'own'].map(choice));
  for (const name of NUMBERS)
    built.part(`${name}-hint`).textContent = t('settings.kdf.between', LIMITS[name]);
  const redraw = () => draw(built, session.kdf);
  form.addEventListener('change', () => (built.part('numbers').hidden = chosen(form) !== 'own'), { signal });
  wireForm(form, {
    session,
    signal,
    place: (code) => (code === 'password.wrong' ? password : null),
    async submit() {
      const kdf = wanted(built);
      if (session.kdf && same(kdf, session.kdf)) throw new Refusal(built.part('field'), 'settings.kdf.same');
      await changeKdf(session, typed(password), kdf);
      password.value = '';
      redraw();
      say(t('settings.kdf.changed'));
    },
  });
  place.append(form);
  redraw();
}

/** @param {string} name */
function choice(name) {
  const label = element('label', 'choice');
  const radio = element('input');
  radio.type = 'radio';
  radio.name = 'kdf';
  radio.value = name;
  const words = element('span');
  words.append(
    element('strong', '', t(`settings.kdf.${name}`)),
    element('span', 'hint', t(`settings.kdf.${name}.what`)),
  );
  label.append(radio, words);
  return label;
}

/** @param {Built} built @param {Kdf|null} kdf */
function draw(built, kdf) {
  if (!kdf) return;
  built.part('now').textContent = t('settings.kdf.lead', { now: sayKdf(kdf, t) });
  const preset = presetOf(kdf);
  for (const radio of /** @type {NodeListOf<HTMLInputElement>} */ (
    built.root.querySelectorAll('[name="kdf"]')
  )) {
    radio.checked = radio.value === preset;
  }
  built.part('numbers').hidden = preset !== 'own';
  const start = kdf.type === 1 ? kdf : PRESETS[0].kdf;
  for (const name of NUMBERS) built.part(name, HTMLInputElement).value = String(start[name]);
}

/** @param {HTMLElement} form @returns {string} */
function chosen(form) {
  const radio = /** @type {HTMLInputElement|null} */ (form.querySelector('[name="kdf"]:checked'));
  return radio?.value ?? 'house';
}

/** @param {Built} built @returns {Kdf} */
function wanted(built) {
  const name = chosen(built.root);
  const preset = PRESETS.find((one) => one.name === name);
  if (preset) return preset.kdf;
  const number = (/** @type {string} */ part) => Number(built.part(part, HTMLInputElement).value);
  const kdf = /** @type {Kdf} */ ({
    type: 1,
    memory: number('memory'),
    iterations: number('iterations'),
    parallelism: number('parallelism'),
  });
  const [wrong] = refused(kdf);
  if (wrong) throw new Refusal(built.part(wrong), 'settings.kdf.range', LIMITS[wrong]);
  return kdf;
}
