// en-rotate: the English sentences of a new encryption key, by key.

/** @type {Readonly<Record<string, string>>} */
export default Object.freeze({
  'rotate.lead':
    'Everything you keep is locked with one key, which only your master password and your passkeys can reach. Here it gets a new one, and all your items are locked again with that.',
  'rotate.when': 'Do this when',
  'rotate.when.stolen': 'a phone or computer was stolen or lost while your vault was open, or',
  'rotate.when.copy': 'somebody may have a copy of your key: from a device with harmful software, say.',
  'rotate.when.not':
    'If somebody may only know your master password, choose a new password instead; if both, do both. What somebody has copied already stays readable to them: change those passwords at their sites, too.',
  'rotate.what': 'What happens',
  'rotate.what.signout':
    'Every other device and tab is signed out, and signs in again with the same master password.',
  'rotate.what.sync':
    'What another device has not synced yet is lost. Open your apps there and let them sync first.',
  'rotate.what.passkeys':
    'Your passkeys go on opening your vault. Remove any that you don’t know before you begin.',
  'rotate.what.all':
    'It takes seconds, longer with thousands of items. Either everything moves to the new key or nothing does.',
  'rotate.go': 'Make a new key',
  'rotate.done': 'Your vault has a new key.',
  'rotate.done.items.one': '{count} item is locked with it now.',
  'rotate.done.items.other': '{count} items are locked with it now.',
  'rotate.done.others':
    'Your other devices were signed out. Sign in there again, with the same master password.',
  'rotate.done.lost.one':
    'The passkey {names} still signs you in, but no longer opens your vault. It can be given its unlock again above, under Passkeys.',
  'rotate.done.lost.other':
    'The passkeys {names} still sign you in, but no longer open your vault. They can be given their unlock again above, under Passkeys.',
  'rotate.done.away': 'Your vault has a new key. Sign in again to go on.',
  'first.progress.seal': 'Locking your items with the new key …',
  'first.progress.send': 'Sending them to the house …',
  'problem.rotation.incomplete': 'Your vault was being changed on another device.',
  'problem.rotation.incomplete.hint': 'Nothing was changed here. Try again when the other device is quiet.',
  'problem.rotation.item': 'A part of “{name}” can’t be opened, so it can’t move to a new key.',
  'problem.rotation.item.hint':
    'Nothing was changed. Copy what you can read of it to a new item, delete it (in the trash, too), then try again.',
  'problem.rotation.unnamed': 'One item can’t be opened, not even its name.',
  'problem.rotation.unnamed.hint':
    'Nothing was changed. It stands in your list, or in the trash, without a name. Delete it there for ever, then try again.',
  'problem.rotation.attachment': '“{name}” has files with it, which can’t move to a new key here yet.',
  'problem.rotation.attachment.hint':
    'Nothing was changed. Save the files elsewhere, take them from the item, then try again.',
  'problem.rotation.send': 'You have sends, which can’t move to a new key here yet.',
  'problem.rotation.send.hint': 'Nothing was changed. Delete them, then try again.',
  'problem.rotation.folder': 'The name of a folder can’t be opened, so it can’t move to a new key.',
  'problem.rotation.folder.hint':
    'Nothing was changed. Delete the folder that has no name (its items stay), then try again.',
  'problem.rotation.pair': 'The private key of your account can’t be opened.',
  'problem.rotation.pair.hint':
    'Nothing was changed. Restore a backup of this house, or ask whoever runs it.',
  'problem.rotation.passkey': 'The passkey “{name}” can’t be moved to a new key: its part can’t be opened.',
  'problem.rotation.passkey.hint':
    'Nothing was changed. Remove it above, under Passkeys, then try again; it can be added anew afterwards.',
  'problem.rotation.unknown': 'The house did not answer in the end.',
  'problem.rotation.unknown.hint':
    'Sign in again: your vault is whole, under the old key or under the new one. Then look here whether to try again.',
  'problem.key.changed': 'Your vault got a new key in the meantime.',
  'problem.key.changed.hint': 'This was not saved. Do it once more.',
});
