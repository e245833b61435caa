/**
 * The frame around everything that stands alone before there is a vault: the
 * mark, the named steps, the stage. Used by the wizard and by joining.
 */
import { drawMark } from '../components/icon.js';
import { build } from '../components/template.js';

/**
 * Puts the frame into root.
 * @param {HTMLElement} root
 * @returns {{stage: HTMLElement, steps: HTMLElement}} steps stays hidden until somebody fills it
 */
export function frameIn(root) {
  const built = build('setup');
  drawMark(built.part('mark', SVGSVGElement));
  root.replaceChildren(built.root);
  return { stage: built.part('stage'), steps: built.part('steps') };
}
