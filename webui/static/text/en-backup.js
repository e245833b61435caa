// en-backup: every English sentence of backups and of where they go, by key.
// What a kind of place wants to know is told by the house itself.

/** @type {Readonly<Record<string, string>>} */
export default Object.freeze({
  // the one sentence
  'backup.truth': 'Last backup {when}, {proof}, on {places}.',
  'backup.truth.nokit': 'There are no backups: they need a recovery kit first.',
  'backup.truth.nokit.more':
    'A backup is locked for the key on the kit, so that this sheet of paper brings everything back. Making one takes two minutes.',
  'backup.truth.nowhere': 'There is no copy outside this machine yet.',
  'backup.truth.nowhere.more':
    'If this machine breaks or is stolen, everything that is kept in it is gone. Add a place for backups: a USB disk, a Nextcloud, a friend’s machine.',
  'backup.truth.samedisk': 'Every backup lies on the disk of the house itself.',
  'backup.truth.samedisk.more': 'When that disk dies, they all die with it. Add a place elsewhere.',
  'backup.truth.notyet': 'No backup has reached {names} yet.',
  'backup.truth.notyet.more': 'One is made every day by itself. “Back up now” makes one at once.',
  'backup.truth.old': 'It is older than it should be: one is made every day. Look below what is in the way.',
  'backup.truth.behind.one': '{names} does not have it yet.',
  'backup.truth.behind.other': '{names} do not have it yet.',
  'backup.proof.opened': 'proved by opening it',
  'backup.proof.digest': 'read back whole',
  'backup.proof.none': 'not proved yet',
  'backup.when.night': 'last night at {time}',
  'backup.when.today': 'today at {time}',
  'backup.when.yesterday': 'yesterday at {time}',
  'backup.when.day': 'on {day} at {time}',
  'backup.next.now': 'The next one is due now.',
  'backup.next.night': 'The next one is made tonight, about {time}.',
  'backup.next.today': 'The next one is made today, about {time}.',
  'backup.next.tomorrow': 'The next one is made tomorrow, about {time}.',
  'backup.next.day': 'The next one is made on {day}, about {time}.',
  'backup.made': '{day}, {time}',
  'backup.all': 'Places and copies',
  'backup.kit.make': 'Make a recovery kit',

  // making one
  'backup.now': 'Back up now',
  'backup.job': 'Progress of the backup',
  'backup.job.copying': 'Taking a copy of everything …',
  'backup.job.sending': 'Sending it …',
  'backup.job.sending.to': 'Sending it to {place} …',
  'backup.job.reading': 'Reading it back …',
  'backup.job.reading.from': 'Reading it back from {place} …',
  'backup.job.checking': 'Opening it and looking through all of it …',
  'backup.job.bytes': '{done} of {total}',
  'backup.job.done': 'The backup is made and proved.',
  'backup.job.proved': 'The copy is proved.',
  'backup.download': 'Download a backup',
  'backup.download.title': 'Download a backup of this house',
  'backup.download.text':
    'A file with everything in it, locked for the key of your recovery kit. Nobody opens it without the kit, so it may lie anywhere.',
  'backup.download.go': 'Download',
  'backup.download.done': 'Saved. Look in your downloads for {file}.',

  // the places
  'backup.places': 'Where they go',
  'backup.places.back': 'Backups',
  'backup.places.lead':
    'Two places are better than one: a disk here is quick, one outside the house is still there after a fire.',
  'backup.place.add': 'Add a place',
  'backup.place.here': 'This machine',
  'backup.place.here.kind': 'No copy by itself',
  'backup.place.here.text':
    'The newest ones are kept beside the house, for a quick way back. They die with its disk.',
  'backup.place.more': 'What you can do about {name}',
  'backup.place.edit': 'Change',
  'backup.place.remove': 'Remove',
  'backup.place.remove.title': 'Send no more backups to {name}?',
  'backup.place.remove.text.one':
    'The copy that lies there stays there; Latchkey forgets how to reach it, and you can remove it yourself.',
  'backup.place.remove.text.other':
    'The {count} copies that lie there stay there; Latchkey forgets how to reach them, and you can remove them yourself.',
  'backup.place.remove.last':
    'It is the only place outside this machine. Until you add another, a broken disk is the end of everything here.',
  'backup.place.removed': 'No more backups go to {name}.',
  'backup.place.saved': 'Backups go to {name} from now on.',
  'backup.place.copies.one': '{count} copy',
  'backup.place.copies.other': '{count} copies',
  'backup.place.none': 'No copy yet',
  'backup.target.good': 'Last one {when}',
  'backup.target.new': 'Waits for its first backup',
  'backup.target.since': '{text} Last one {when}.',
  'backup.target.samedisk': 'On the disk of the house: counts as no copy',
  'backup.target.samedisk.hint': 'When that disk dies, this copy dies with it.',
  'backup.target.ok': 'In order',
  'backup.target.warn': 'Look at this',
  'backup.target.bad': 'Trouble',
  'backup.form.add': 'Add a place for backups',
  'backup.form.edit': 'Change {name}',
  'backup.form.name': 'What you call it',
  'backup.form.name.hint': 'As it is named in the list and in messages.',
  'backup.name.folder': 'USB disk',
  'backup.name.webdav': 'Nextcloud',
  'backup.name.sftp': 'Server',
  'backup.name.s3': 'Cloud storage',
  'backup.form.check': 'Check it',
  'backup.form.save': 'Use this place',
  'backup.form.save.same': 'Use it all the same',
  'backup.form.cancel': 'Cancel',

  // the copies
  'backup.copies': 'Copies',
  'backup.copies.none': 'There is no copy yet.',
  'backup.copies.all.one': 'Show one more',
  'backup.copies.all.other': 'Show {count} more',
  'backup.copies.lead':
    'Proved means: read back from where it lies, opened, and looked through to the last byte.',
  'backup.why.daily': 'Made by itself',
  'backup.why.asked': 'Asked for',
  'backup.why.install': 'Before an update',
  'backup.why.migration': 'Before a new format',
  'backup.why.rotation': 'Before a new key',
  'backup.why.found': 'Found there',
  'backup.copy.opened': 'opened {ago}',
  'backup.copy.digest': 'read back {ago}',
  'backup.copy.unproved': 'not proved yet',
  'backup.copy.here': 'kept for a quick way back',
  'backup.copy.bad': 'damaged',
  'backup.copy.more': 'What you can do with the backup of {when}',
  'backup.copy.prove': 'Prove now',
  'backup.copy.prove.on': 'Prove the one on {place}',
  'backup.copy.download': 'Download',
  'backup.copy.restore': 'Go back to this one …',

  // proving by the recovery key
  'backup.key': 'Let Latchkey open old copies, to prove them',
  'backup.key.on': 'Latchkey may open old copies, to prove them',
  'backup.key.lead':
    'Each new backup is opened once, as soon as it has arrived: with a key that is made for this one time and then forgotten. Older copies can only be compared with what was sent, because the key that opens them stands on your recovery kit and nowhere else.',
  'backup.key.gain':
    'If you type that key here, Latchkey keeps it sealed and can open any copy at any time, to prove that it is still good.',
  'backup.key.price':
    'What it costs: whoever has this machine and its seal key could then open your backups too, wherever they lie. What people keep in their vaults stays locked with their master passwords.',
  'backup.key.field': 'Recovery key',
  'backup.key.go': 'Keep it, sealed',
  'backup.key.kept': 'Latchkey keeps the recovery key, sealed.',
  'backup.key.kept.text':
    'It opens any copy to prove it. Whoever has this machine and its seal key could open your backups with it.',
  'backup.key.forget': 'Forget the key',
  'backup.key.forgotten': 'The recovery key is forgotten here.',

  // the plan
  'backup.plan': 'How many are kept, and when they are made',
  'backup.plan.lead':
    'One is made every day. Of the older ones, one for each week and each month stays; all others are removed.',
  'backup.plan.hour.own': 'When the house is quiet',
  'backup.plan.hour.at': 'About {time}',
  'backup.plan.span': 'That reaches back about {time}.',
  'backup.plan.days.one': '{count} day',
  'backup.plan.days.other': '{count} days',
  'backup.plan.weeks.one': '{count} week',
  'backup.plan.weeks.other': '{count} weeks',
  'backup.plan.months.one': '{count} month',
  'backup.plan.months.other': '{count} months',
  'backup.restore': 'Go back to a backup',
  'backup.restore.lead':
    'Everything here becomes as it was when the backup was made. The house as it is now is put aside, not deleted.',

  // after a restore
  'restored.title': 'This house was brought back from a backup. Is the old machine off?',
  'restored.text':
    'Nothing is published until then: its name still points where it pointed, and no door is opened. Two machines under one name would pull it back and forth, and people would save to the one or the other.',
  'restored.made':
    'Everything is as it was on {when}. What was saved later may still lie on the device where it was saved.',
  'restored.go': 'The old machine is off',
  'restored.ask': 'Is the old machine off, for good?',
  'restored.ask.text':
    'From now on this machine takes over the name and opens the door. If the old one is still running anywhere, switch it off first.',
  'restored.done': 'This machine is the house now. Its name follows within minutes.',
});
