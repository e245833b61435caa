// icon: <lk-icon name="key"> shows a symbol of our own sprite. It is always
// decoration: whoever holds it carries the name.

const sprite = new URL('../icons/sprite.svg', import.meta.url).pathname;
const svg = 'http://www.w3.org/2000/svg';

/** The element. Attribute: name, an id of icons/sprite.svg. 1.25em square. */
export class Icon extends HTMLElement {
  static observedAttributes = ['name'];

  connectedCallback() {
    this.setAttribute('aria-hidden', 'true');
    this.draw();
  }

  attributeChangedCallback() {
    if (this.isConnected) this.draw();
  }

  draw() {
    const use =
      this.querySelector('use') ??
      this.appendChild(frame()).appendChild(document.createElementNS(svg, 'use'));
    use.setAttribute('href', `${sprite}#${this.getAttribute('name') ?? ''}`);
  }
}

function frame() {
  const element = document.createElementNS(svg, 'svg');
  element.setAttribute('viewBox', '0 0 20 20');
  element.setAttribute('focusable', 'false');
  return element;
}

/**
 * A new icon.
 * @param {string} name
 */
export function icon(name) {
  const element = document.createElement('lk-icon');
  element.setAttribute('name', name);
  return element;
}

/**
 * Draws the mark, a key hanging on a hook, into an empty <svg>.
 * @param {Element} picture
 */
export function drawMark(picture) {
  const use = document.createElementNS(svg, 'use');
  use.setAttribute('href', `${sprite}#mark`);
  picture.replaceChildren(use);
}
