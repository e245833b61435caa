// template: clones a <template> of index.html, or of a part that came later
// (net/parts.js), and fills its texts. It is the only way markup comes to life
// here; it never parses a string.
import { t } from '../text/sentences.js';

/**
 * A clone of a template: its first element, and its parts by data-part.
 * @typedef {object} Built
 * @property {HTMLElement} root the first element of the template
 * @property {<T extends Element = HTMLElement>(name: string, type?: new () => T) => T} part
 *   the element with data-part=name; throws where the template has none or another type
 */

/**
 * Clones <template id="t-NAME"> and fills data-text (textContent), data-label
 * (aria-label), data-placeholder and data-title from the sentences.
 * @param {string} name
 * @returns {Built}
 */
export function build(name) {
  const template = document.getElementById(`t-${name}`);
  if (!(template instanceof HTMLTemplateElement)) throw new Error(`template: no t-${name}`);
  const clone = document.importNode(template.content, true);
  const root = /** @type {HTMLElement} */ (clone.firstElementChild);
  fillTexts(clone);
  /** @type {Map<string, Element>} */
  const parts = new Map();
  for (const element of clone.querySelectorAll('[data-part]')) {
    parts.set(/** @type {string} */ (element.getAttribute('data-part')), element);
  }
  return { root, part: (wanted, type) => partOf(parts, name, wanted, type) };
}

/**
 * @template {Element} T
 * @param {Map<string, Element>} parts @param {string} template @param {string} name
 * @param {new () => T} [type]
 * @returns {T}
 */
function partOf(parts, template, name, type) {
  const element = parts.get(name);
  const wanted = type ?? /** @type {any} */ (HTMLElement);
  if (!(element instanceof wanted)) throw new Error(`template: t-${template} has no such ${name}`);
  return /** @type {T} */ (element);
}

const attributes = { label: 'aria-label', placeholder: 'placeholder', title: 'title' };

/**
 * Fills the texts of a piece of the document.
 * @param {ParentNode} piece
 */
export function fillTexts(piece) {
  for (const element of piece.querySelectorAll('[data-text]')) {
    element.textContent = t(element.getAttribute('data-text') ?? '');
  }
  for (const [name, attribute] of Object.entries(attributes)) {
    for (const element of piece.querySelectorAll(`[data-${name}]`)) {
      element.setAttribute(attribute, t(element.getAttribute(`data-${name}`) ?? ''));
    }
  }
}

/**
 * An element with a class and a text, for the small things a template would
 * only blur.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag @param {string} [className] @param {string} [text]
 * @returns {HTMLElementTagNameMap[K]}
 */
export function element(tag, className = '', text = '') {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text) made.textContent = text;
  return made;
}
