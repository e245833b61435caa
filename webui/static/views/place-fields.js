/**
 * The form of a place where backups lie, drawn from the table that the house
 * gives: which kinds there are, and what each wants to know. Used where one is
 * added and where one is read from; it asks the house nothing.
 */
import { element, build } from '../components/template.js';
import { t } from '../text/restore.js';
import { clearProblem, showProblem } from '../components/problem.js';
import { commandView } from './place-found.js';
import { commandIn } from './restore-words.js';
import { Refusal } from './setup-parts.js';

/** @typedef {import('./backup-model.js').Kind} Kind @typedef {import('./backup-model.js').Field} Field */
/** @typedef {import('../components/password-field.js').PasswordField} PasswordField */
/** @typedef {HTMLInputElement|HTMLTextAreaElement|PasswordField} Control */
/** @typedef {{kind: string, fields: Record<string, string>}} PlaceConfig */
/** @typedef {{kind: string, fields: Record<string, string>, secrets: string[]}} Kept what the house has of a place; of secrets only the names */

/** A form of one place. */
export class PlaceFields {
  /** @type {Map<string, {field: Field, control: Control}>} */
  #shown = new Map();
  /** The command that a trouble asked for. @type {HTMLElement|null} */
  #helped = null;
  /** What was typed for any kind, so that looking at another one loses nothing. @type {Map<string, string>} */
  #typed = new Map();

  /**
   * @param {object} what
   * @param {Kind[]} what.kinds
   * @param {Kept|null} [what.kept] the place that is changed; its kind stays
   * @param {() => void} what.changed something was typed or chosen
   * @param {boolean} [what.found] also shows what a check filled in, so that it can be emptied
   * @param {boolean} [what.help] says what the kind is good for, to somebody who sends backups there
   */
  constructor({ kinds, kept = null, changed, found = false, help = false }) {
    this.kinds = kinds;
    this.kept = kept;
    this.found = found;
    this.help = help;
    const built = build('place');
    this.root = built.root;
    this.place = built.part('fields');
    this.list = built.part('kinds');
    built.part('kinds-field').hidden = kept !== null;
    if (!kept) this.list.append(...kinds.map(choiceOf));
    this.list.addEventListener('change', () => this.#turn());
    for (const kind of ['input', 'change']) {
      this.root.addEventListener(kind, () => {
        this.#helped?.remove();
        changed();
      });
    }
    this.#turn();
  }

  /** The kind that is chosen, undefined for none yet. */
  get kind() {
    const radio = /** @type {HTMLInputElement|null} */ (this.list.querySelector('input:checked'));
    const id = this.kept?.kind ?? radio?.value;
    return this.kinds.find((kind) => kind.id === id);
  }

  /** Chooses a kind, or none. @param {string} id */
  choose(id) {
    for (const radio of this.list.querySelectorAll('input')) radio.checked = radio.value === id;
    this.#turn();
  }

  #turn() {
    for (const [name, { control }] of this.#shown) this.#typed.set(name, control.value);
    this.#shown.clear();
    const { kind } = this;
    if (!kind) return this.place.replaceChildren();
    const fields = kind.fields.filter((field) => !field.hidden && (!field.found || this.#has(field)));
    const folded = fields.filter((field) => field.optional && !field.secret && !field.found);
    const views = fields.filter((field) => !folded.includes(field)).map((field) => this.#view(field));
    if (folded.length > 0) views.push(this.#fold(folded));
    if (this.help && kind.help) views.unshift(element('p', 'soft', kind.help));
    this.place.replaceChildren(...views);
    for (const shown of this.#shown.values()) this.#fill(shown);
  }

  /** A <password-field> can be filled once it stands in the page. @param {{field: Field, control: Control}} shown */
  #fill({ field, control }) {
    const typed = this.#typed.get(field.name) ?? this.kept?.fields[field.name] ?? '';
    control.value = typed || (field.secret ? '' : (field.default ?? ''));
    const input = control.matches('input, textarea') ? control : control.querySelector('input');
    input?.setAttribute('aria-describedby', `place-${field.name}-hint`);
  }

  /** Whether a check filled it in and it may be emptied here. @param {Field} field */
  #has(field) {
    return this.found && Boolean(this.kept?.fields[field.name]);
  }

  /** @param {Field[]} fields */
  #fold(fields) {
    const fold = element('details', 'fold');
    const body = element('div', 'setup-fields');
    body.append(...fields.map((field) => this.#view(field)));
    fold.append(element('summary', '', t('place.more')), body);
    return fold;
  }

  /** @param {Field} field */
  #view(field) {
    const built = build('place-field');
    const control = controlOf(field);
    const label = built.part('label', HTMLLabelElement);
    const hint = built.part('hint');
    built.part('place').append(control);
    label.textContent = field.title;
    hint.id = `place-${field.name}-hint`;
    control.id = label.htmlFor = `place-${field.name}`;
    if (control.matches('password-field')) label.remove(); // it says its own
    const set = field.secret && this.kept?.secrets.includes(field.name);
    hint.textContent = [field.help, set ? t('place.kept') : ''].filter(Boolean).join(' ');
    this.#shown.set(field.name, { field, control });
    return built.root;
  }

  /**
   * What was typed; refuses a field that is missing beside it.
   * @returns {PlaceConfig}
   */
  read() {
    const { kind } = this;
    if (!kind) throw new Refusal(this.list, 'place.kind.needed');
    /** @type {Record<string, string>} */
    const fields = {};
    for (const { field, control } of this.#shown.values()) {
      const value = field.lines ? control.value.trim() : field.secret ? control.value : control.value.trim();
      const kept = field.secret && this.kept?.secrets.includes(field.name);
      if (value === '' && !field.optional && !field.default && !kept)
        throw new Refusal(control, 'first.needed');
      if (value !== '' || field.found) fields[field.name] = value;
    }
    return { kind: kind.id, fields };
  }

  /**
   * Shows a trouble of the house beside the field that it is about, with the
   * command that helps, if there is one; throws it where it is about none.
   * @param {unknown} error
   */
  refuse(error) {
    const control = this.#controlFor(Object(error));
    if (!control) throw error;
    clearProblem(control);
    showProblem(control, error);
    const command = commandIn(String(Object(error).hint ?? ''));
    this.#helped?.remove();
    this.#helped = command ? commandView(command) : null;
    if (this.#helped) control.closest('.field')?.append(this.#helped);
  }

  /**
   * The control that a problem of the house belongs to.
   * @param {{code?: string, values?: Record<string, string>}} problem
   * @returns {Control|null}
   */
  #controlFor({ code = '', values = {} }) {
    const named = this.#shown.get(values.field ?? '') ?? this.#shown.get(FIELDS[code] ?? '');
    if (named) return named.control;
    if (code === 'target.refused') {
      const secret = [...this.#shown.values()].find(({ field }) => field.secret);
      return secret?.control ?? null;
    }
    return null;
  }
}

/** Where to look first, by the code of what went wrong. @type {Record<string, string>} */
const FIELDS = {
  'target.readonly': 'folder',
  'target.missing': 'folder',
  'target.notplugged': 'folder',
  'target.permission': 'folder',
  'target.hostkey': 'hostKey',
  'target.certificate': 'url',
  'target.plain': 'url',
  'target.moved': 'url',
};

/** @param {Kind} kind */
function choiceOf({ id, title }) {
  const choice = element('label', 'choice');
  const radio = element('input');
  radio.type = 'radio';
  radio.name = 'place-kind';
  radio.value = id;
  const words = element('span');
  words.append(element('strong', '', title));
  choice.append(radio, words);
  return choice;
}

/** @param {Field} field @returns {Control} */
function controlOf({ title, secret, lines }) {
  if (secret && !lines) {
    const control = /** @type {PasswordField} */ (document.createElement('password-field'));
    control.setAttribute('label', title); // no key of ours: shown as it is
    control.setAttribute('autocomplete', 'off');
    return control;
  }
  const control = lines ? element('textarea', 'input mono') : element('input', 'input');
  control.setAttribute('autocomplete', 'off');
  control.setAttribute('autocapitalize', 'none');
  control.spellcheck = false;
  control.maxLength = lines ? 20_000 : 1000;
  return control;
}
