// tile: the square with an item's first letter, in a colour made from its name.

/**
 * Paints a tile. The letter and the hue come from the name alone, so that an
 * item looks the same on every device and nothing is fetched.
 * @param {HTMLElement} tile @param {{ name: string }} item
 */
export function paintTile(tile, { name }) {
  tile.textContent = letterOf(name);
  tile.style.setProperty('--hue', String(hueOf(name)));
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** @param {string} name */
function letterOf(name) {
  const first =
    name.match(/[\p{L}\p{N}]/u)?.[0] ??
    segmenter.segment(name.trim())[Symbol.iterator]().next().value?.segment;
  return (first ?? '').toUpperCase();
}

/** A hue in degrees, in steps far enough apart to be told apart. @param {string} name */
function hueOf(name) {
  let hash = 2166136261; // FNV-1a
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 16777619);
  return ((hash >>> 8) % 24) * 15;
}
