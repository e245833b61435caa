// backup: the sentences of backups and of where they go, beside those of the
// owner's page. Whatever shows one of them imports t from here.
import backup from './en-backup.js';
import { learn } from './sentences.js';

learn(backup);

export { knows, t } from './house.js';
