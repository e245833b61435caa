// svg: makes SVG elements, and draws a picture at the very width of its place,
// anew when that or the reader's text size changes, so that lines stay crisp
// and letters are never stretched. It knows no data.

const space = 'http://www.w3.org/2000/svg';

/**
 * A new SVG element.
 * @template {keyof SVGElementTagNameMap} K
 * @param {K} tag @param {Record<string, string|number>} [attributes] @param {...(Element|string)} children
 * @returns {SVGElementTagNameMap[K]}
 */
export function svg(tag, attributes = {}, ...children) {
  const made = document.createElementNS(space, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, String(value));
  made.append(...children);
  return made;
}

/**
 * A picture that nobody has to read: what it says stands beside it in words.
 * @param {number} width px @param {number} height px @param {...Element} children
 */
export function picture(width, height, ...children) {
  return svg(
    'svg',
    { width, height, viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true', focusable: 'false' },
    ...children,
  );
}

/**
 * Draws into a host now and whenever its width or the text size turns.
 * @param {HTMLElement} host
 * @param {(width: number, em: number) => void} draw em: px of the host's text
 * @param {AbortSignal} signal ends it
 * @returns {() => void} draws anew
 */
export function drawn(host, draw, signal) {
  // As large as the text: what a reader's own size changes is seen by its size.
  const em = document.createElement('i');
  em.className = 'drawn-em';
  em.setAttribute('aria-hidden', 'true');
  host.append(em);
  let before = '';
  const look = (/** @type {boolean} */ always) => {
    const width = Math.floor(host.clientWidth);
    const size = em.offsetWidth;
    const now = `${width} ${size}`;
    if (width === 0 || size === 0 || (!always && now === before)) return;
    before = now;
    draw(width, size);
  };
  const observer = new ResizeObserver(() => look(false));
  observer.observe(host);
  observer.observe(em);
  signal.addEventListener('abort', () => observer.disconnect());
  return () => look(true);
}

/** The pattern of what was turned away: told from the rest without its colour. @param {string} id */
export function hatch(id) {
  const side = 4;
  return svg(
    'defs',
    {},
    svg(
      'pattern',
      { id, width: side, height: side, patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)' },
      svg('rect', { class: 'hatch-ground', width: side, height: side }),
      svg('rect', { class: 'hatch-line', width: 2, height: side }),
    ),
  );
}

/**
 * A column that stands on a line, its upper corners rounded, as a piece of a path.
 * @param {number} x @param {number} width @param {number} foot y of the line @param {number} height
 */
export function column(x, width, foot, height) {
  const r = Math.min(2, width / 2, height);
  const top = foot - height;
  return `M${x} ${foot}V${top + r}q0 ${-r} ${r} ${-r}h${width - 2 * r}q${r} 0 ${r} ${r}V${foot}z`;
}
