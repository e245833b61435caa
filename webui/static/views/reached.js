/**
 * `#/reached`: what a phone shows that came by the proof's code. That it got
 * here from outside is the proof; the house saw it by itself. At home it says
 * that it proves nothing.
 */
import { drawMark } from '../components/icon.js';
import { build } from '../components/template.js';
import { t } from '../text/reach.js';
import { needs } from './setup-needs.js';

/** @type {import('./view.js').Mount} */
export async function mount(root, { api, signal }) {
  const [state] = await Promise.all([api.get('/latchkey/state'), needs('reach')]);
  if (signal.aborted) return;
  const built = build('reached');
  drawMark(built.part('mark', SVGSVGElement));
  built.part('title').textContent = t(state.home ? 'reached.home' : 'reached.title');
  built.part('lead').textContent = t(state.home ? 'reached.home.lead' : 'reached.lead');
  document.title = t('app.title', { where: built.part('title').textContent ?? '' });
  root.replaceChildren(built.root);
}
