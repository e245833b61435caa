// generator: the generator as a view of its own.
import { copy } from '../components/clipboard.js';
import { build } from '../components/template.js';
import { sayError } from '../components/toast.js';
import { GeneratorPanel } from './generator-panel.js';

/** @type {import('./view.js').Mount} */
export function mount(root, deps) {
  const built = build('generator');
  const panel = new GeneratorPanel(deps);
  built.part('panel').replaceWith(panel.root);
  built
    .part('copy')
    .addEventListener('click', () =>
      copy(panel.secret).then(() => deps.say(deps.text('generator.copied')), sayError),
    );
  root.replaceChildren(built.root);
}
