// missing: says that an address leads nowhere, and the way back.
import { build } from '../components/template.js';

/** @type {import('./view.js').Mount} */
export function mount(root) {
  root.replaceChildren(build('missing').root);
}
