/**
 * How the house runs: each setting of the table as one row that saves itself
 * when it is changed. What config.toml pins is shown locked, with its line.
 */
import { messageOf, showProblem, clearProblem } from '../components/problem.js';
import { element } from '../components/template.js';
import { icon } from '../components/icon.js';
import { t } from '../text/text.js';

/** @typedef {import('./view.js').Deps} Deps */
/**
 * One row of GET /latchkey/settings.
 * @typedef {object} Setting
 * @property {string} key
 * @property {string|number|boolean} value
 * @property {string|number|boolean} default
 * @property {'text'|'number'|'bool'|'choice'} kind
 * @property {string[]} [choices]
 * @property {string[]} [words] the choices for a person
 * @property {Record<string, string>} [named] numbers that have a name; then they are chosen, not typed
 * @property {number} [min]
 * @property {number} [max]
 * @property {string} text
 * @property {string} hint
 * @property {{file:string, line:number}} [pinned]
 */

/** Those that have a section of their own: they are shown and changed there. */
const ELSEWHERE = /^(reach|address|journal|second|backup)\./;

/**
 * @param {HTMLElement} place @param {Deps} deps
 * @param {(key: string) => boolean} [wanted] which of them
 * @param {Record<string, Record<string, string>>} [named] by key: numbers with the words for them
 */
export async function showValues(place, deps, wanted = (key) => !ELSEWHERE.test(key), named = {}) {
  const { settings } = await deps.api.get('/latchkey/settings');
  const shown = settings.filter((/** @type {Setting} */ { key }) => wanted(key));
  place.append(
    ...shown.map((/** @type {Setting} */ one) => settingRow({ ...one, named: named[one.key] }, deps)),
  );
}

/** @param {Setting} setting @param {Deps} deps */
function settingRow(setting, deps) {
  const row = element('div', `field setting is-${setting.kind}`);
  const control = controlOf(setting);
  control.id = `setting-${setting.key.replaceAll('.', '-')}`;
  const label = element('label', 'setting-name', setting.text);
  label.htmlFor = control.id;
  const hint = element('span', 'hint', setting.hint);
  hint.id = `${control.id}-hint`;
  control.setAttribute('aria-describedby', hint.id);
  row.append(label, setting.kind === 'bool' ? inSwitch(control) : control, hint);
  if (setting.pinned) row.append(pinOf(setting.pinned));
  else {
    row.append(element('span', 'error'));
    control.addEventListener('change', () => void save(setting, control, hint, deps), {
      signal: deps.signal,
    });
  }
  return row;
}

/** The look of a switch is that of whatever stands in a .switch. @param {HTMLElement} control */
function inSwitch(control) {
  const box = element('span', 'switch');
  box.append(control);
  return box;
}

/** @param {Setting} setting @returns {HTMLInputElement|HTMLSelectElement} */
function controlOf({ kind, value, named, choices = Object.keys(named ?? {}), words, min, max, pinned }) {
  if (kind === 'choice' || named) {
    const said = named ? choices.map((one) => named[one]) : (words ?? choices);
    const select = element('select', 'input');
    const now = String(value);
    select.append(...choices.map((one, i) => new Option(said[i] || one, one, one === now, one === now)));
    select.disabled = pinned !== undefined;
    return select;
  }
  const input = element('input', kind === 'bool' ? '' : 'input');
  input.disabled = pinned !== undefined;
  if (kind === 'bool') {
    input.type = 'checkbox';
    input.setAttribute('role', 'switch');
    input.checked = value === true;
  } else {
    input.type = kind === 'number' ? 'number' : 'text';
    if (kind === 'number') [input.min, input.max] = [String(min ?? ''), String(max ?? '')];
    else if (max) input.maxLength = max;
    input.value = String(value);
  }
  return input;
}

/** @param {{file:string, line:number}} pinned */
function pinOf({ file, line }) {
  const note = element('span', 'setting-pin soft');
  // A secret's whole file is its value, and then there is no line.
  const where =
    line > 0 ? t('settings.pinned', { file, line: String(line) }) : t('settings.pinned.file', { file });
  note.append(icon('lock'), `${where} ${t('settings.pinned.hint')}`);
  return note;
}

/**
 * @param {Setting} setting @param {HTMLInputElement|HTMLSelectElement} control
 * @param {HTMLElement} hint @param {Deps} deps
 */
async function save(setting, control, hint, { api, say }) {
  clearProblem(control);
  try {
    await api.put('/latchkey/settings', { [setting.key]: valueOf(setting, control) });
    say(t('settings.saved', { name: setting.text }));
  } catch (error) {
    const why = Object(error).values?.[setting.key];
    showProblem(control, why ? { code: 'setting', text: why, hint: '' } : messageOf(error));
  }
  control.setAttribute(
    'aria-describedby',
    [control.getAttribute('aria-describedby'), hint.id].filter(Boolean).join(' '),
  );
}

/** @param {Setting} setting @param {HTMLInputElement|HTMLSelectElement} control */
function valueOf({ kind }, control) {
  if (kind === 'bool') return /** @type {HTMLInputElement} */ (control).checked;
  return kind === 'number' ? Number(control.value) : control.value;
}
