// rotate: the sentences of a new encryption key, beside those of the settings.
// Whatever shows one of them imports t from here.
import rotate from './en-rotate.js';
import { learn } from './sentences.js';

learn(rotate);

export { knows, t } from './sentences.js';
