// restore: the sentences of bringing a house back, and of the places of backups,
// which both the wizard and the owner's page fill in. Whatever shows one of them
// imports t from here.
import restore from './en-restore.js';
import { learn } from './sentences.js';

learn(restore);

export { knows, t } from './text.js';
