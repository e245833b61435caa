/**
 * The fields of a search in the log: they show what the page's address asks,
 * and a change becomes the next address.
 */
import { t } from '../text/house.js';
import { DEVICES, daysOf, KINDS, NAMES, timesOf } from './house-log-query.js';
import { wordOf } from './house-words.js';

/** @typedef {import('./house-log-query.js').Query} Query @typedef {import('./house-log-query.js').Name} Name */

/** ms after the last key. */
const PAUSE = 350;

/** Fields that a query's names stand in one to one. @type {Name[]} */
const PLAIN = ['text', 'account', 'kind', 'outcome', 'address', 'device'];
/** Those that are folded away at first where there is little room. @type {Name[]} */
const FOLDED = ['address', 'device', 'since', 'until'];

/**
 * @param {import('../components/template.js').Built} built of t-house-log
 * @param {{id: string, name: string, email: string}[]} people
 * @param {(query: Query) => void} asked @param {AbortSignal} signal
 */
export function fieldsIn(built, people, asked, signal) {
  const form = built.part('search', HTMLFormElement);
  const field = (/** @type {string} */ name) =>
    /** @type {HTMLInputElement|HTMLSelectElement} */ (form.elements.namedItem(name));
  choices(field('account'), [
    ['', t('house.log.anybody')],
    ...people.map(({ id, name, email }) => /** @type {[string, string]} */ ([id, name || email])),
  ]);
  choices(field('kind'), [['', t('house.log.anything')], ...named('house.kind', KINDS)]);
  choices(field('outcome'), [['', t('house.log.anyhow')], ...named('house.outcome', ['ok', 'refused'])]);
  choices(field('device'), [['', t('house.log.anywhere')], ...named('house.device', DEVICES)]);
  /** @type {Query} */
  let shown = {};
  /** @type {ReturnType<typeof setTimeout>|undefined} */
  let timer;
  const tell = () => {
    clearTimeout(timer);
    const plain = Object.fromEntries(PLAIN.map((name) => [name, field(name).value.trim()]));
    asked({ ...plain, ...timesOf(shown, field('from').value, field('to').value) });
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    tell();
  });
  form.addEventListener('change', tell, { signal });
  form.addEventListener(
    'input',
    ({ target }) => {
      clearTimeout(timer);
      if (Object(target).type === 'search' || Object(target).name === 'address')
        timer = setTimeout(tell, PAUSE);
    },
    { signal },
  );
  signal.addEventListener('abort', () => clearTimeout(timer));
  return {
    /** @param {Query} query */
    show(query) {
      shown = query;
      for (const name of PLAIN) put(field(name), query[name] ?? '');
      const { from, to } = daysOf(query);
      put(field('from'), from);
      put(field('to'), to);
      const count = NAMES.filter((name) => query[name]).length;
      built.part('clear').hidden = count === 0;
      const folded = FOLDED.filter((name) => query[name]).length;
      built.part('fold-count').textContent = folded > 0 ? `(${folded})` : '';
      if (folded > 0) built.part('fold', HTMLDetailsElement).open = true;
    },
  };
}

/** @param {string} stem @param {readonly string[]} words @returns {[string, string][]} */
function named(stem, words) {
  return words.map((word) => [word, wordOf(stem, word)]);
}

/** @param {HTMLInputElement|HTMLSelectElement} field @param {[string, string][]} list */
function choices(field, list) {
  field.append(...list.map(([value, text]) => new Option(text, value)));
}

/** A value that a list doesn't know yet is one of its choices from then on. @param {HTMLInputElement|HTMLSelectElement} field @param {string} value */
function put(field, value) {
  if (field === document.activeElement && field.value.trim() === value) return; // a space that is being typed stays
  if (field instanceof HTMLSelectElement && ![...field.options].some((one) => one.value === value)) {
    field.append(new Option(wordOf('house.outcome', value), value));
  }
  field.value = value;
}
