// qr: <qr-code> draws rows of 0 and 1 (made by the server or a library) as one
// SVG path, black on white in both themes. It encodes nothing itself.

const svg = 'http://www.w3.org/2000/svg';
const quiet = 2; // modules of white around; the element's padding adds the rest

/** The element. Property rows: strings of "0" and "1", one per line. Attribute label: what the code leads to. */
export class QrCode extends HTMLElement {
  /** @param {string[]} rows */
  set rows(rows) {
    const size = rows.length + 2 * quiet;
    const picture = document.createElementNS(svg, 'svg');
    picture.setAttribute('viewBox', `0 0 ${size} ${size}`);
    picture.setAttribute('role', 'img');
    picture.setAttribute('aria-label', this.getAttribute('label') ?? 'QR');
    const path = document.createElementNS(svg, 'path');
    path.setAttribute('d', rows.map(rowPath).join(''));
    picture.append(path);
    this.replaceChildren(picture);
  }
}

/** @param {string} row @param {number} y */
function rowPath(row, y) {
  let path = '';
  for (const run of row.matchAll(/1+/g)) {
    path += `M${run.index + quiet} ${y + quiet}h${run[0].length}v1h-${run[0].length}z`;
  }
  return path;
}
