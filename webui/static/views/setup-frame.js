/**
 * The frame around everything that stands alone before there is a vault: the
 * mark, the named steps, the stage. Used by the wizard and by joining.
 */
import { drawMark } from '../components/icon.js';
import { build } from '../components/template.js';
import { t } from '../text/text.js';

/**
 * Puts the frame into root.
 * @param {HTMLElement} root @param {string} title of the window, a key
 * @returns {{stage: HTMLElement, steps: HTMLElement}} steps stays hidden until somebody fills it
 */
export function frameIn(root, title) {
  const built = build('setup');
  drawMark(built.part('mark', SVGSVGElement));
  root.replaceChildren(built.root);
  document.title = t('app.title', { where: t(title) });
  return { stage: built.part('stage'), steps: built.part('steps') };
}
