/**
 * Troubles that this side finds, in the shape of the server's: a code, what
 * happened, what to do. Views show text and hint, or translate by code.
 */

/** @type {Record<string, [string, string]>} */
const SENTENCES = {
  'signin.wrong': ['The e-mail address and the password do not belong together.', 'Try again.'],
  'second.wanted': ['This account wants a second step.', 'Sign in on the front page.'],
  'second.over': ['That took too long.', 'Type your master password again.'],
  'webauthn.silent': [
    'Nothing came from your key or passkey.',
    'It was cancelled, took too long, or is not one of yours. Try again, or use another way.',
  ],
  'webauthn.already': ['This key is on your list already.', 'Use it, or add another one.'],
  'webauthn.name': [
    'Keys and passkeys belong to a name, and this page was opened under another one.',
    'Open the page under the name of this house, or use another way.',
  ],
  'webauthn.missing': [
    'This browser can’t use keys or passkeys here.',
    'Use another browser, or another way.',
  ],
  'passkey.locked': [
    'This passkey proves who you are, but it can’t open your vault.',
    'Type your master password; a passkey can be given its unlock in Settings, Security.',
  ],
  'passkey.noprf': [
    'This passkey can’t open the vault: your device or browser gives no secret for that.',
    'It goes on signing you in. Another device or browser may do better.',
  ],
  'passkey.broken': [
    'Your passkey is right, but it does not open the key of your vault.',
    'Type your master password; then remove this passkey in Settings, Security, and add it again.',
  ],
  'unlock.wrong': ['That is not your master password.', 'Try again.'],
  'password.wrong': ['That is not your master password.', 'Try again.'],
  'kdf.weak': [
    'The server asks for a weaker protection of your password than Latchkey allows.',
    'Nothing was sent. If you run this house, look at its machine before you type your password anywhere.',
  ],
  'kdf.changed': [
    'Your password is to be protected in another way than last time on this device.',
    'Go on only if you changed it yourself.',
  ],
  'keys.broken': [
    'Your password is right, but the key of your vault could not be opened.',
    'Restore a backup of this house; nothing was changed.',
  ],
  'enc.old': [
    'The server sent a key in an old form that anybody could have altered.',
    'Latchkey does not use it.',
  ],
  'derive.failed': [
    'This browser could not work out your key.',
    'Close other tabs to free memory, then try again.',
  ],
  locked: ['The vault is locked.', 'Unlock it, then try again. What you typed is kept.'],
  'sync.broken': [
    'The server sent no whole vault.',
    'What is shown here stays as it was. Try again; if it stays, look at the machine of this house.',
  ],
  'item.broken': [
    'Part of this item could not be read, so it is not saved over.',
    'Its readable parts can be copied to a new item.',
  ],
  'item.changed': [
    'This item was changed somewhere else in the meantime.',
    'Look at the newer one, or save yours over it.',
  ],
  'item.gone': ['This item is no longer there.', 'What you typed can be saved as a new item.'],
  'transfer.format': ['This file is not an export that Latchkey knows.', 'Export it again as JSON.'],
  'transfer.password': ['That password does not open this file.', 'Try again.'],
  'transfer.encrypted': [
    'This export can only be opened by the account that made it.',
    'Export it again, protected by a password of its own.',
  ],
  'words.missing': ['The list of words is missing.', 'Run make on the machine of this house.'],
  'totp.secret': ['This is not a key for codes.', 'Paste the key or the otpauth:// link of the site.'],
};

/** A trouble for a person. */
export class Problem extends Error {
  /**
   * @param {string} code one of the table's @param {Record<string,string>} [values]
   * @param {unknown} [cause] for the console only
   */
  constructor(code, values = {}, cause = undefined) {
    const [text, hint] = SENTENCES[code] ?? [code, ''];
    super(text, { cause });
    this.name = 'Problem';
    this.code = code;
    this.text = text;
    this.hint = hint;
    this.values = values;
  }
}
