// reach: the sentences of the public path, beside all others. Whatever shows
// one of them imports t from here, and so brings them along.
import reach from './en-reach.js';
import { learn } from './sentences.js';

learn(reach);

export { knows, t } from './text.js';
