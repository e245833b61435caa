// text: all sentences, those of the wizard and the settings included. Whatever
// shows one of these imports t from here, and so brings them along.
import first from './en-first.js';
import { knows, learn, t } from './sentences.js';

/** @typedef {import('./sentences.js').Values} Values */

learn(first);

export { knows, t };
