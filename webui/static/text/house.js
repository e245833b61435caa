// house: the sentences of the owner's page, beside all others. Whatever shows
// one of them imports t from here, and so brings them along.
import house from './en-house.js';
import { learn } from './sentences.js';

learn(house);

export { knows, t } from './text.js';
