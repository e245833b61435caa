/**
 * Asks six characters of the recovery key back: each of the six shows its group
 * with one open place. Says which groups to look at again; the house decides.
 */
import { build, element } from '../components/template.js';
import { t } from '../text/text.js';
import { cells, mismatches, reading } from './kit-key.js';
import { Refusal, wireForm } from './setup-parts.js';

/** @typedef {import('./kit.js').KitPlace} KitPlace */
/** @typedef {import('./kit.js').FreshKit} FreshKit */

/**
 * @param {KitPlace} place @param {FreshKit} fresh @param {() => void} look shows the sheet again
 */
export function askBack(place, { kit, ask }, look) {
  const built = build('kit-ask');
  const field = built.part('field');
  const asked = cells(kit, ask.positions).map(cellElement);
  const inputs = asked.map((cell) => cell.input);
  built.part('cells').append(...asked.map((cell) => cell.root));
  wireTyping(inputs);
  built.part('look').addEventListener('click', look);
  wireForm(built.root, {
    signal: place.deps.signal,
    place: () => field,
    async submit() {
      mark(inputs, () => false);
      const answer = answerOf(inputs, field);
      try {
        await place.deps.api.post('/latchkey/kit/confirm', { id: kit.id, answer });
      } catch (error) {
        throw Object(error).code === 'kit.mismatch' ? lookAgain(answer) : error;
      }
      place.confirmed();
    },
  });
  place.present(built.root);

  /** @param {string} answer */
  function lookAgain(answer) {
    const wrong = mismatches(kit, ask.positions, answer);
    const at = cells(kit, ask.positions);
    mark(inputs, (i) => wrong.includes(at[i].group));
    const list = new Intl.ListFormat('en').format(wrong.map(String));
    return new Refusal(field, 'kit.ask.mismatch', { count: wrong.length, groups: list });
  }
}

/** @param {import('./kit-key.js').Cell} cell */
function cellElement({ group, place, of }) {
  const root = element('div', 'kit-cell');
  const input = element('input', 'input mono');
  input.autocomplete = 'off';
  input.autocapitalize = 'characters';
  input.spellcheck = false;
  input.maxLength = 6;
  input.setAttribute('aria-label', t('kit.ask.cell', { group, place, of }));
  const boxes = element('span', 'kit-boxes');
  for (let i = 1; i <= of; i++) {
    const dot = element('span', 'kit-dot');
    dot.ariaHidden = 'true';
    boxes.append(i === place ? input : dot);
  }
  const label = element('span', 'label', t('kit.ask.group', { group }));
  label.ariaHidden = 'true';
  root.append(label, boxes);
  return { root, input };
}

/**
 * One character a box: typing goes on to the next, a pasted row fills them all.
 * @param {HTMLInputElement[]} inputs
 */
function wireTyping(inputs) {
  for (const [i, input] of inputs.entries()) {
    input.addEventListener('input', () => {
      const typed = [...input.value.trim()].map(reading).filter(Boolean);
      for (const [j, one] of typed.entries()) if (inputs[i + j]) inputs[i + j].value = one;
      if (typed.length === 0) input.value = '';
      else inputs[Math.min(i + typed.length, inputs.length - 1)].focus();
    });
    input.addEventListener('focus', () => input.select());
    input.addEventListener('keydown', (event) => {
      if (event.key === 'Backspace' && input.value === '') inputs[i - 1]?.focus();
    });
  }
}

/** @param {HTMLInputElement[]} inputs @param {(i: number) => boolean} wrong */
function mark(inputs, wrong) {
  for (const [i, input] of inputs.entries()) input.ariaInvalid = wrong(i) ? 'true' : null;
  inputs.find((_, i) => wrong(i))?.focus();
}

/** @param {HTMLInputElement[]} inputs @param {HTMLElement} field @returns {string} */
function answerOf(inputs, field) {
  const empty = inputs.find((input) => input.value === '');
  if (empty) {
    empty.focus();
    throw new Refusal(field, 'kit.ask.fill');
  }
  return inputs.map((input) => input.value).join('');
}
