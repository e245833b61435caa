// en-restore: every English sentence of bringing a house back and of filling in
// a place where backups lie, by key.

/** @type {Readonly<Record<string, string>>} */
export default Object.freeze({
  // a place, as both the wizard and the owner's page fill it in
  'place.kind': 'What kind of place?',
  'place.kind.needed': 'Choose what kind of place it is.',
  'place.kind.needed.hint': 'What it wants to know follows from that.',
  'place.more': 'More',
  'place.kept': 'Left empty, it stays as it is.',
  'place.found.ok': 'A small file was written, read back and removed there.',
  'place.found.compare':
    'This is the first time that Latchkey meets this server; it has told it no password yet.',
  'place.found.compare.hint': 'Compare the fingerprint below, then press the button once more.',
  'place.found.free': '{size} are free.',
  'place.found.samedisk': 'It is the disk that the house itself lies on.',
  'place.found.samedisk.hint':
    'A copy there dies with the house, so it counts as none. Use another disk, or a place elsewhere.',
  'place.hostkey': 'This is the server’s fingerprint:',
  'place.hostkey.hint':
    'Compare it with what its maker or console shows, once. On the server itself: ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub',
  'place.hostkey.same': 'It is the same there.',
  'place.hostkey.needed': 'Compare the fingerprint first.',
  'place.hostkey.needed.hint': 'Another machine in between would show another one.',
  'problem.target.readonly': 'Latchkey may not write into {target}.',
  'problem.target.readonly.hint': 'One command on the machine allows it.',
  'place.command': 'Run this once on the machine, in a terminal; then check again.',
  'place.command.copy': 'Copy the command',

  // the kit
  'restore.kit.title': 'Your recovery kit, please',
  'restore.kit.lead':
    'Its key opens the backup, and nothing else does. Take the file that you saved, or the sheet that you printed.',
  'restore.kit.file': 'Choose the kit’s file',
  'restore.kit.file.name': 'It was saved as {name}.',
  'restore.kit.file.wrong': 'There is no recovery kit in this file.',
  'restore.kit.file.wrong.hint':
    'It is a small text file. If you only have it on paper, or as a PDF, type the two keys below.',
  'restore.kit.file.right': 'Both keys are in it, and whole.',
  'restore.kit.file.half': 'One of the keys is in it. Type the other one.',
  'restore.kit.needed': 'Choose the kit’s file, or type its keys below.',
  'restore.kit.needed.hint': 'Without a kit no backup can be opened.',
  'restore.kit.proof': 'Is it you?',
  'restore.kit.proof.text':
    'Whoever puts a backup in the place of this house has to prove it, now and once more at the end.',
  'restore.kit.type': 'Type it from the sheet',
  'restore.kit.recovery': 'Recovery key',
  'restore.kit.recovery.hint':
    'It opens backups. Fifteen groups, with or without AGE-SECRET-KEY-1 before them; spaces, small letters and the numbers of the groups do no harm.',
  'restore.kit.signing': 'Signing key of the house',
  'restore.kit.signing.hint':
    'It proves that a backup is of your house. Eleven groups, in which capital and small letters differ.',
  'restore.kit.empty': 'Type this key.',
  'restore.kit.empty.hint': 'It stands on the sheet.',
  'restore.kit.short.one': '{left} character to go',
  'restore.kit.short.other': '{left} characters to go',
  'restore.kit.right': 'That is a whole key.',
  'restore.kit.signing.right': 'It has the right length. Whether it is the right one shows with the backup.',
  'restore.kit.long.one': 'One character too many.',
  'restore.kit.long.other': '{count} characters too many.',
  'restore.kit.stranger': 'No key has the character “{odd}”.',
  'restore.kit.slip': 'Look at group {group} again: something in it is not as on the sheet.',
  'restore.kit.wrong': 'Something is not as on the sheet. Read the groups again, one by one.',
  'restore.kit.unready': 'This key is not whole yet.',
  'restore.kit.unready.hint': 'Compare it with the sheet, group by group.',
  'restore.kit.where':
    'No kit? Then no backup can be opened, by nobody: set up a new house, and let people bring in what their devices still hold.',

  // where the backup is
  'restore.where.title': 'Where is the backup?',
  'restore.where.lead': 'The newest one is nearly always the right one.',
  'restore.where.file': 'A file on this device',
  'restore.where.file.what': 'Downloaded from the old house, or copied from a disk. Its name ends in .age.',
  'restore.where.choose': 'Choose the file',
  'restore.where.chosen': '{name}, {size}',
  'restore.where.needed': 'Choose where the backup is.',
  'restore.where.needed.hint': '',
  'restore.where.file.needed': 'Choose the file first.',
  'restore.where.file.needed.hint': '',
  'restore.where.file.empty': 'This file is empty.',
  'restore.where.file.empty.hint': 'Copy it again from where it was made.',
  'restore.where.look': 'Look what is there',
  'restore.where.read': 'Read it',

  // choosing one
  'restore.pick.title': 'Which one?',
  'restore.pick.lead.one': 'One backup lies there.',
  'restore.pick.lead.other': '{count} backups lie there. The newest is chosen.',
  'restore.pick.none': 'No backup of a Latchkey lies there.',
  'restore.pick.none.hint':
    'Look whether the folder is the right one; the names begin with latchkey- and end in .age.',
  'restore.pick.newest': 'Newest',
  'restore.pick.house': 'House {house}',
  'restore.pick.size': '{size}, {ago}',
  'restore.pick.more.one': 'Show one more',
  'restore.pick.more.other': 'Show {count} more',
  'restore.pick.go': 'Read this one',

  // reading it
  'restore.read.title': 'Reading the backup',
  'restore.read.lead': 'It is put together beside what is here now. Nothing changes until you say so.',
  'restore.read.progress': 'Progress of reading',
  'restore.read.fetch': 'Bringing it here',
  'restore.read.open': 'Opening and unpacking it',
  'restore.read.check': 'Looking through all of it',
  'restore.read.now': 'now',
  'restore.read.after': 'to come',
  'restore.read.done': 'done',
  'restore.read.bytes': '{done} of {total}',
  'restore.cancel': 'Cancel',
  'restore.failed.title': 'That did not work',
  'restore.failed.nothing': 'Nothing was changed.',
  'restore.failed.other': 'Choose another backup',
  'restore.failed.kit': 'Look at the kit again',

  // what is in it
  'restore.warn': 'First: newer items may still lie on your devices',
  'restore.warn.text':
    'Whatever was saved after {when} is not in this backup. A phone or browser that has it gives it up the next time it syncs. So, before it reaches this house again: open the app there, without syncing, and export the vault.',
  'restore.warn.tick': 'I have exported what is newer, or there is nothing newer.',
  'restore.warn.needed': 'Say so first.',
  'restore.warn.needed.hint': 'It can’t be made good later.',
  'restore.found.title': 'This is what comes back',
  'restore.found.house': 'House',
  'restore.found.made': 'Backup made',
  'restore.found.when': '{when} ({ago})',
  'restore.found.people': 'People',
  'restore.found.items': 'Items',
  'restore.found.size': 'Size',
  'restore.found.program': 'Made by Latchkey',
  'restore.found.means': 'What happens then',
  'restore.found.means.1': 'Everybody signs in again, with the same master password as before.',
  'restore.found.means.2':
    'Invitations that were open end; remembered devices are asked for the second step again.',
  'restore.found.means.3': 'Nothing is published before you confirm that the old machine is off.',
  'restore.found.means.old': 'The house as it is now is put aside on this machine, not deleted.',
  'restore.found.go': 'Bring it back',
  'restore.found.ask': 'Put this backup in the place of the house as it is now?',
  'restore.found.ask.text':
    'What was saved here after {when} is no longer in the house then. The folder as it is now stays on the machine under another name.',

  // coming home
  'restore.wait.title': 'The house is starting again',
  'restore.wait.lead': 'That takes a few seconds.',
  'restore.wait.owner': 'That takes a few seconds. Then you sign in again.',
  'restore.wait.away':
    'This page does not reach it. That is so when the house shows the certificate that it had before: open it again, and your browser asks once.',
  'restore.wait.open': 'Open the house',
  'restore.back.title': 'Your house is back',
  'restore.back.lead': 'Everything is as it was {when}. Sign in with the same master password as before.',
  'restore.back.go': 'Sign in',
});
