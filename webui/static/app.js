// app: starts the page, knows which address shows which view, and swaps views
// when the address or the lock changes. It draws nothing itself.
import { start } from './boot.js';
import { registerElements } from './components/elements.js';
import { applyTheme } from './components/theme.js';
import { fillTexts } from './components/template.js';

applyTheme();
registerElements();
fillTexts(document);
start();
