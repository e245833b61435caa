// second: the sentences of second factors, passkeys and proofs, beside those of
// shell and vault. Whatever shows one of them imports t from here.
import second from './en-second.js';
import { learn } from './sentences.js';

learn(second);

export { knows, t } from './sentences.js';
