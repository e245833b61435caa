// app: starts the page, knows which address shows which view, and swaps views
// when the address or the lock changes. It draws nothing itself.
import { start } from './boot.js';
import { registerElements } from './components/elements.js';
import { fillTexts } from './components/template.js';

registerElements();
fillTexts(document);
start();
