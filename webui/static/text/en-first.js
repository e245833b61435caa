// en-first: every English sentence of the first run, of joining, of the recovery
// kit and of the settings, by key. {name} is filled in by text.js; a key
// ending in .one stands beside its .other for counts. Nothing but sentences lives here.
/** @type {Readonly<Record<string, string>>} */
export default Object.freeze({
  // words used in several places
  'first.continue': 'Continue',
  'first.back': 'Back',
  'first.save': 'Save',
  'first.saved': 'Saved',
  'first.copy': 'Copy',
  'first.copied': 'Copied',
  'first.retry': 'Try again',
  'first.working': 'Working …',
  'first.progress.derive': 'Making your key …',
  'first.progress.fetch': 'Talking to the house …',
  'first.progress.open': 'Opening your vault …',
  'first.progress.save': 'Saving …',
  'first.needed': 'This is needed.',
  'first.needed.hint': 'Fill it in to go on.',
  'first.name': 'Your name',
  'first.name.hint': 'As the others in the house call you.',
  'first.email': 'E-mail address',
  'first.email.hint': 'You sign in with it. Nothing is ever sent to it.',
  'first.email.refused': 'That does not look like an e-mail address.',
  'first.email.refused.hint': 'It needs a name, an @ and a domain, such as anna@example.org.',
  'first.password': 'Master password',
  'first.password.again': 'Once more',
  'first.password.differs': 'The two are not the same.',
  'first.password.differs.hint': 'Type the second one again. Press the eye to see what you typed.',
  'first.password.short': 'That is too short.',
  'first.password.short.hint': 'Use 12 characters or more; a few words in a row will do.',
  'first.password.weak': 'That is too easy to guess.',
  'first.password.weak.hint': 'Add a word or two that have nothing to do with the others.',
  'first.warning': 'Nobody can reset this password.',
  'first.warning.more':
    'Your vault is locked with it before it leaves this device. If it is lost, what is in the vault is lost: neither the owner of this house, nor this box, nor the recovery kit can open it.',
  'first.understood': 'I have understood: I am the only one who knows it.',
  'first.understood.refused': 'Please tick this first.',
  'first.understood.refused.hint': 'It is the one thing here that cannot be mended later.',

  // the wizard
  'setup.title': 'Set up Latchkey',
  'setup.steps': 'Steps',
  'setup.step.behind': 'done',
  'setup.step.where': 'This box',
  'setup.step.reach': 'Reach',
  'setup.step.name': 'Name',
  'setup.step.owner': 'You',
  'setup.step.kit': 'Recovery kit',
  'setup.step.door': 'Door',
  'setup.step.done': 'Ready',
  'setup.step.count': 'Step {n} of {all}: {name}',

  'setup.claim.working': 'Checking your link …',
  'setup.welcome.title': 'Welcome home',
  'setup.welcome.lead':
    'This box will keep your household’s passwords: locked on your own devices, and stored here, not somewhere else.',
  'setup.welcome.begin': 'Set up a new house',
  'setup.welcome.begin.what':
    'About five minutes. You choose a master password, and print or save a recovery kit: a printer helps, paper and a pen will do.',
  'setup.welcome.restore': 'I have a backup',
  'setup.welcome.restore.what':
    'A house comes back as it was: with its recovery kit, from a file, a disk or a place in the cloud.',
  'setup.welcome.resume': 'You can close this page at any time: this browser picks up where you left off.',

  'setup.link.title': 'This link no longer works',
  'setup.link.lead':
    'A set-up link works once, for 30 minutes, and only on the home network. This one was used or has run out, or a newer one was made since.',
  'setup.link.do': 'To get a new one, do one of these on the box:',
  'setup.link.command': 'Run this command and open the link that it prints:',
  'setup.link.restart': 'Or restart Latchkey: it prints new links as it starts.',
  'setup.link.signin':
    'The account of this house is made: sign in. If the recovery kit was not made yet, you find it under Settings, House.',
  'setup.link.signin.go': 'Sign in',

  'setup.home.title': 'This house has no owner yet',
  'setup.home.lead':
    'Latchkey is running and waits to be set up. Whoever installed it has a link for that: it was printed when Latchkey started.',
  'setup.home.do': 'If the link is gone or has run out, do one of these on the box:',
  'setup.home.why':
    'The link is asked for so that nobody else on your network can make this house theirs first.',
  'setup.home.again': 'Look again',

  'setup.lost.title': 'This browser lost its place',
  'setup.lost.lead':
    'The set-up belongs to another browser now, or it rested for too long. Nothing that you did is lost.',

  'setup.where.title': 'First, a look around',
  'setup.where.lead': 'This takes a moment and changes nothing.',
  'setup.where.ok': 'All is well. Let’s go on.',
  'setup.where.warn': 'You can go on. The lines with a triangle are worth a look later.',
  'setup.where.bad': 'Something needs your hand first. Mend it, then look again.',
  'setup.where.again': 'Look again',
  'setup.check.ok': 'good',
  'setup.check.warn': 'look at this',
  'setup.check.bad': 'needs mending',
  'setup.check.address': 'Looking for this box’s address …',
  'setup.check.clock': 'Comparing clocks …',
  'setup.check.disk': 'Looking at the disk …',
  'setup.check.seal': 'Trying the seal on the stored data …',
  'setup.check.page': 'Counting the parts of this page …',

  'setup.reach.title': 'Who should reach it',
  'setup.reach.lead':
    'Your passwords stay in this house either way. Devices keep a locked copy, so they can be read on the way, too. You can change this later.',
  'setup.reach.anywhere': 'From anywhere',
  'setup.reach.domain': 'I have a domain',
  'setup.reach.domain.what':
    'Such as example.org. Latchkey keeps a name under it pointing home and gets a certificate. You need a token of where the domain is looked after.',
  'setup.reach.free': 'Give me a free name',
  'setup.reach.free.what':
    'Such as smiths.duckdns.org, from DuckDNS, deSEC or dynv6. You open a free account there, in two minutes.',
  'setup.reach.proxy': 'Someone else forwards to me',
  'setup.reach.proxy.what':
    'A reverse proxy or a tunnel of yours answers to the internet already and hands requests on to this box.',
  'setup.reach.only': 'Only at home',
  'setup.reach.none': 'Choose one of these.',
  'setup.reach.none.hint': 'If you are not sure, start at home: going further is possible at any time.',
  'setup.reach.home': 'The home network only',
  'setup.reach.home.what':
    'Phones and computers on your Wi-Fi or cable reach it at {url}. From outside, nobody can: no port is opened and no name is published.',
  'setup.reach.home.unnamed':
    'Phones and computers on your Wi-Fi or cable reach it. From outside, nobody can: no port is opened and no name is published.',
  'setup.reach.home.here':
    'Right now only this computer can open it: Latchkey was started for this computer alone, or the computer is on no network. You can go on; the last step says how to let other devices in. From outside, nobody can reach it.',
  'setup.reach.means': 'What that means',
  'setup.reach.means.1': 'Passwords you save reach your other devices the next time these are at home.',
  'setup.reach.means.2':
    'Latchkey makes its own certificate. Each device is told once to trust it; the last step shows how.',
  'setup.reach.means.3': 'Your router needs no change.',

  'setup.owner.title': 'Your account',
  'setup.owner.lead':
    'You are the owner: you can invite the others, and you look after the box. You cannot read what they keep, and they cannot read what you keep.',
  'setup.owner.make': 'Make my account',
  'setup.owner.made': 'Your account is made.',
  'setup.owner.made.as': 'Your account is made: {email}.',

  'setup.kit.signin.title': 'Welcome back',
  'setup.kit.signin.lead': 'Your account is made. Sign in, and we go on with the recovery kit.',
  'setup.kit.again.title': 'Once more, your password',
  'setup.kit.again.lead': 'The recovery kit is made only for who knows the master password.',
  'setup.kit.signin.go': 'Go on',

  'setup.done.title': 'Your door is hung',
  'setup.done.lead': 'This is the address of your vault, on every device in the house:',
  'setup.done.lead.here': 'This is the address of your vault:',
  'setup.done.open': 'Open your vault',
  'setup.done.open.secure':
    'Your browser may warn once: this house signed its own certificate. Compare the fingerprint below before you go on.',
  'setup.done.phone.hint': 'Point the camera at it while the phone is on the home network.',
  'setup.done.apps': 'With the Bitwarden apps',

  // addresses, trust, apps (done page and settings)
  'trust.qr': 'QR code of {url}',
  'trust.copy': 'Copy the address',
  'trust.others': 'If a device does not know that name',
  'trust.others.hint':
    'Some older phones cannot look up names ending in .local. The number always works, as long as your router keeps it.',
  'trust.title': 'Stop the browser’s warning',
  'trust.lead':
    'No authority vouches for a house’s own name, so this house vouches for itself. Tell each device once to trust its certificate. All it can vouch for are names and addresses of a home network (localhost, names ending in .local, private numbers such as 192.168.1.20), never a site on the internet.',
  'trust.get.crt': 'Certificate (.crt)',
  'trust.get.pem': 'Certificate (.pem)',
  'trust.ca': 'Fingerprint of the certificate to trust (SHA-256)',
  'trust.ca.hint':
    'The device shows it before you agree. If a single character differs, stop: someone stands between you and the box.',
  'trust.leaf': 'Fingerprint that a browser’s warning shows (SHA-256)',
  'trust.leaf.hint':
    'Compare it once when the browser warns, before you go on. It changes when the certificate is renewed; the one above stays.',
  'trust.here': 'Only this computer can open it so far.',
  'trust.here.why':
    'Latchkey was started for this computer alone, or this computer is on no network. To let phones and other computers in, connect it to your Wi-Fi or cable, and add this to the command that starts Latchkey:',
  'trust.here.gloss':
    'The colon means “on every network of this computer”; the number is the door at which Latchkey answers. Then look here again.',
  'trust.this': 'this device',
  'trust.android': 'Android',
  'trust.android.steps':
    'On the phone, open {url}/local-ca.crt and keep the file.\nOpen Settings and search for “CA certificate”.\nChoose “Install anyway”, prove that it is you, and pick the file.\nFirefox for Android: Settings, About Firefox, tap the logo five times; then under Secret Settings turn on “Use third party CA certificates”.',
  'trust.ios': 'iPhone and iPad',
  'trust.ios.steps':
    'In Safari, open {url}/local-ca.crt and choose “Allow”.\nOpen Settings, tap “Profile Downloaded” near the top, then “Install”.\nGo to Settings, General, About, Certificate Trust Settings and switch this house on. Without this last step it is not trusted.',
  'trust.windows': 'Windows',
  'trust.windows.steps':
    'Download the .crt file and open it.\nChoose “Install Certificate”, then “Current User”.\nChoose “Place all certificates in the following store”, “Browse”, “Trusted Root Certification Authorities”.\nCompare the fingerprint in the question that follows, agree, and restart the browser.',
  'trust.macos': 'macOS',
  'trust.macos.steps':
    'Download the .crt file and open it: Keychain Access starts. Add it to the “login” keychain.\nOpen it there, unfold “Trust”, and set “When using this certificate” to “Always Trust”.\nClose the window; the Mac asks for its own password. Then restart the browser.',
  'trust.linux': 'Linux',
  'trust.linux.steps':
    'Chromium and Chrome: open chrome://certificate-manager, “Installed by you”, “Trusted certificates”, “Import”, and choose the .crt file.\nFor the other programs on Debian and Ubuntu: sudo cp local-ca.pem /usr/local/share/ca-certificates/latchkey.crt and then sudo update-ca-certificates',
  'trust.firefox': 'Firefox on a computer',
  'trust.firefox.steps':
    'On Windows and macOS Firefox takes over what the system trusts; restart it.\nOtherwise: Settings, Privacy & Security, “View Certificates”, “Authorities”, “Import”, and choose the .pem file.\nTick “Trust this CA to identify websites”.',
  'apps.lead':
    'Latchkey speaks the language of the Bitwarden apps: they fill in passwords in browsers and on phones.',
  'apps.steps':
    'Trust the certificate on the device first, as shown here.\nInstall the Bitwarden app or browser extension.\nOn its sign-in screen, choose “Self-hosted” under “Logging in on” and enter this as the server URL:\nSign in with your e-mail address and your master password.',

  // the recovery kit
  'kit.title': 'Your recovery kit',
  'kit.lead':
    'One sheet of paper for the day the box is broken, stolen or drowned. Its key opens this house’s backups. Nothing else does.',
  'kit.lead.2': 'It does not open anybody’s vault: for that you still need the master password.',
  'kit.print': 'Print',
  'kit.savefile': 'Save as a file',
  'kit.file': 'latchkey-recovery-kit.txt',
  'kit.file.hint': 'Keep a saved file away from the box, on a stick in the drawer, for example.',
  'kit.have': 'I have it on paper or in a file',
  'kit.taken.print': 'Sent to the printer.',
  'kit.taken.save': 'Saved. Look in your downloads.',
  'kit.show': 'Show the sheet',
  'kit.ask.title': 'Is the sheet at hand?',
  'kit.ask.lead':
    'Type six characters from your printed or saved kit, so that both of us know it can be read.',
  'kit.ask.group': 'Group {group}',
  'kit.ask.cell': 'Group {group}, character {place} of {of}',
  'kit.ask.check': 'Check',
  'kit.ask.look': 'Look at the sheet again',
  'kit.ask.fill': 'Some boxes are still empty.',
  'kit.ask.fill.hint': 'Each takes one character from the recovery key.',
  'kit.ask.mismatch.one': 'One character does not match: group {groups}.',
  'kit.ask.mismatch.other': '{count} characters do not match: look again at groups {groups}.',
  'kit.ask.mismatch.hint': 'The key has no letters B, I or O and no digit 1: what looks like an O is a zero.',
  'kit.ask.right': 'That is right. The kit is in force.',
  'kit.again': 'Make a new kit',

  'kit.sheet.title': 'Recovery kit',
  'kit.sheet.house': 'House',
  'kit.sheet.made': 'Made on',
  'kit.sheet.owner': 'Owner',
  'kit.sheet.address': 'Address',
  'kit.sheet.address.here': 'only on the box itself',
  'kit.sheet.id': 'Kit number',
  'kit.sheet.key': 'Recovery key',
  'kit.sheet.key.hint':
    'Written in one piece, it begins with {prefix} and goes on with these groups. It holds no letters B, I, O and no digit 1.',
  'kit.sheet.sign': 'Signing key of the house',
  'kit.sheet.sign.hint': 'By it a restore knows that a backup is really from this house.',
  'kit.sheet.for': 'What it is for',
  'kit.sheet.for.text':
    'If the box is gone, install Latchkey on another one and restore a backup there with this recovery key. Everybody then signs in with their own master password, which is not on this sheet.',
  'kit.sheet.theft': 'If the box was stolen',
  'kit.sheet.theft.1':
    'On each phone and computer, remove the certificate “{ca}” from the trusted ones. You find it where you once added it.',
  'kit.sheet.theft.2':
    'On the restored house: Settings, Security, “Sign out everywhere”, and a new master password for each person.',
  'kit.sheet.theft.3':
    'The thief has locked items only. Was a master password short or used elsewhere? Then change that person’s important passwords first: e-mail, bank.',
  'kit.sheet.theft.token':
    'At {provider}, delete the token by which Latchkey keeps {name}, and make a new one for the restored house.',
  'kit.sheet.theft.4': 'Then make a new kit, and destroy this sheet.',
  'kit.sheet.where': 'Where to keep it',
  'kit.sheet.where.text':
    'With passports and insurance papers; not beside the box, not in a photo, not in the cloud. A second copy with someone you trust does no harm: it opens no vault.',
  'kit.sheet.ca': 'Latchkey home root',

  // joining by invitation
  'join.title': 'Join the house',
  'join.checking': 'Looking at your invitation …',
  'join.lead':
    'You are invited to keep your passwords in “{house}”. Nobody else can read them, not even the one who invited you.',
  'join.lead.unnamed':
    'You are invited to keep your passwords in this house. Nobody else can read them, not even the one who invited you.',
  'join.as': 'You join as',
  'join.make': 'Join',
  'join.used.title': 'This invitation no longer works',
  'join.used.lead':
    'An invitation works once, and only for some days. This one was used, was taken back, or has run out.',
  'join.used.do': 'Ask the person who looks after this house for a new link: under House, People.',
  'join.used.signin': 'I have an account already',
  'join.broken.title': 'This link is not whole',
  'join.broken.lead': 'Part of it is missing. Perhaps the e-mail program broke it into two lines.',
  'join.broken.do': 'Copy the whole link into the address bar, or scan its QR code.',
  'join.made': 'Welcome. Your vault is open.',
  'join.other.lead':
    'Somebody is signed in here as {email}. Joining signs that person out of this browser; nothing of theirs is lost.',

  // settings
  'settings.title': 'Settings',
  'settings.sections': 'Sections of the settings',
  'settings.group.mine': 'Yours',
  'settings.group.vault': 'Your vault',
  'settings.group.house': 'The house',

  'settings.you': 'You',
  'settings.you.sub': 'Name and address',
  'settings.you.email': 'E-mail address',
  'settings.you.email.hint':
    'You sign in with it. It is part of how your vault is locked, so it stays as it is.',
  'settings.you.signout': 'Sign out of this browser',
  'settings.you.signout.hint': 'The locked copy and the keys go from here. Your items stay in the house.',

  'settings.security': 'Security',
  'settings.security.sub': 'Second step, passkeys, lock',
  'settings.password.title': 'Master password',
  'settings.password.lead':
    'Your other devices are signed out when you change it, and sign in again with the new one; your API key ends. Passkeys go on working: those that open the vault do so without this password.',
  'settings.password.now': 'Master password now',
  'settings.password.next': 'New master password',
  'settings.password.change': 'Change master password',
  'settings.password.changed': 'Changed. Your other devices will ask for the new one.',
  'settings.password.same': 'That is the one you have now.',
  'settings.password.same.hint': 'Choose another one, or leave things as they are.',
  'settings.lock.title': 'Lock',
  'settings.lock.lead': 'On this device only.',
  'settings.lock.after': 'Lock when unused for',
  'settings.lock.minutes.one': '{count} minute',
  'settings.lock.minutes.other': '{count} minutes',
  'settings.lock.hours.one': '{count} hour',
  'settings.lock.hours.other': '{count} hours',
  'settings.lock.never': 'Never',
  'settings.lock.never.warn': 'Whoever comes to this device while the page is open can read everything.',
  'settings.lock.blur': 'Lock when I turn to another window',
  'settings.lock.close': 'Sign out when the page is closed',
  'settings.rotate.title': 'New encryption key',
  'settings.kdf.title': 'How slowly the key is made',
  'settings.kdf.lead':
    'Whoever steals a locked copy must do this work again for each guess. More is safer, and every unlock takes longer. Now: {now}.',
  'settings.kdf.argon': 'Argon2id, {memory} MiB, {iterations} passes, {parallelism} lanes',
  'settings.kdf.pbkdf2': 'PBKDF2, {iterations} rounds',
  'settings.kdf.choice': 'Setting',
  'settings.kdf.house': 'House standard',
  'settings.kdf.house.what': 'Argon2id, 32 MiB, 6 passes, 4 lanes. Good on every phone.',
  'settings.kdf.strong': 'Stronger',
  'settings.kdf.strong.what':
    'Argon2id, 64 MiB, 6 passes, 4 lanes. About twice as slow; an iPhone may refuse it when it fills in passwords.',
  'settings.kdf.old': 'For old programs',
  'settings.kdf.old.what': 'PBKDF2, 600,000 rounds. Weaker, for programs that know nothing newer.',
  'settings.kdf.own': 'My own numbers',
  'settings.kdf.own.what': 'If you know what they do.',
  'settings.kdf.memory': 'Memory in MiB',
  'settings.kdf.iterations': 'Passes',
  'settings.kdf.parallelism': 'Lanes',
  'settings.kdf.between': '{min} to {max}',
  'settings.kdf.range': 'It goes from {min} to {max}.',
  'settings.kdf.range.hint': 'Less would be too easy to guess; more would lock out small devices.',
  'settings.kdf.change': 'Change the setting',
  'settings.kdf.changed': 'Changed. Your other devices will ask for the password once.',
  'settings.kdf.same': 'That is how it is already.',
  'settings.kdf.same.hint': 'Choose another setting to change it.',
  'settings.everywhere.title': 'Sign out everywhere',
  'settings.everywhere.lead':
    'Every device, this one included, has to sign in again, and your API key ends. Do this when one of them is lost.',
  'settings.everywhere.go': 'Sign out everywhere',

  'settings.devices': 'Devices',
  'settings.devices.sub': 'Who is signed in',

  'people.lead': 'Everybody has a vault of their own. You see how much they keep, never what.',
  'people.owner': 'Owner',
  'people.you': 'You',
  'people.items.one': '{count} item',
  'people.items.other': '{count} items',
  'people.devices.one': '{count} device',
  'people.devices.other': '{count} devices',
  'people.seen': 'seen {when}',
  'people.never': 'not seen yet',
  'people.alone': 'You are the only one so far. Invite somebody below.',
  'people.waiting': 'Invited, not here yet',
  'people.expires': 'Good until {when}',
  'people.revoke': 'Take back',
  'people.revoke.of': 'Take back the invitation of {email}',
  'people.revoked': 'The invitation of {email} no longer works.',
  'people.invite.title': 'Invite somebody',
  'people.invite.lead': 'You get a link to hand over, for one use. Latchkey sends no e-mail.',
  'people.invite.email': 'Their e-mail address',
  'people.invite.name': 'Their name',
  'people.optional': 'optional',
  'people.invite.go': 'Make the link',
  'people.link.title': 'Link for {email}',
  'people.link.lead':
    'Hand it over in person or by a messenger that you trust. It is shown only now. Good until {when}.',
  'people.link.copy': 'Copy the link',
  'people.link.qr': 'QR code of the invitation for {email}',

  'settings.export': 'Export',
  'settings.export.sub': 'Take everything with you',
  'settings.export.lead.one': 'Your one item and your folders, as a file on this device.',
  'settings.export.lead.other':
    'All your {count} items and your folders, as a file on this device. Items in the trash stay behind.',
  'settings.export.kind': 'Kind of file',
  'settings.export.locked': 'Locked with a password',
  'settings.export.locked.what': 'Bitwarden JSON, encrypted. The one to keep as a copy.',
  'settings.export.json': 'Readable, complete',
  'settings.export.json.what': 'Bitwarden JSON. To move to another program.',
  'settings.export.csv': 'Readable table',
  'settings.export.csv.what': 'CSV for spreadsheets. Logins and notes only.',
  'settings.export.warn': 'Anyone who gets this file can read every password in it.',
  'settings.export.warn.hint':
    'Move it on at once, then delete it and empty the bin. Do not send it by e-mail.',
  'settings.export.filepassword': 'Password for the file',
  'settings.export.filepassword.hint':
    'Whoever opens the file needs it. It need not be your master password.',
  'settings.export.go': 'Export',
  'settings.export.done': 'Exported. Look in your downloads for {file}.',

  'settings.import': 'Import',
  'settings.import.sub': 'Bring passwords in',
  'settings.import.lead':
    'Reads Bitwarden’s JSON export, readable or locked with a password. It is read on this device; only locked items go to the house.',
  'settings.import.choose': 'Choose a file',
  'settings.import.none': 'No file chosen yet',
  'settings.import.password': 'Password of the file',
  'settings.import.password.hint': 'The one that was chosen when the file was exported.',
  'settings.import.found.one': 'The file holds one item.',
  'settings.import.found.other': 'The file holds {count} items.',
  'settings.import.go': 'Import',
  'settings.import.done.one': 'One item came in.',
  'settings.import.done.other': '{count} items came in.',
  'settings.import.skipped.one': 'One entry was of a kind that is not known here and stayed behind.',
  'settings.import.skipped.other': '{count} entries were of kinds that are not known here and stayed behind.',
  'settings.import.delete': 'Now delete the file: it may be readable by others.',
  'settings.import.empty': 'There is nothing in this file.',
  'settings.import.empty.hint': 'Export again from the other program, and look at the file’s size.',
  'settings.import.big': 'This file is larger than 50 MB.',
  'settings.import.big.hint': 'An export holds only texts. Is this the right file?',

  'settings.reach': 'Reach',
  'settings.reach.sub': 'Name, door, certificate',
  'settings.house': 'House rules',
  'settings.house.sub': 'Name, days kept, recovery kit',
  'settings.health.notice': 'To know',
  'settings.health.warning': 'Worth a look',
  'settings.health.trouble': 'Needs your hand',
  'settings.health.since': 'since {when}',
  'settings.values': 'How the house runs',
  'settings.pinned': 'Set in {file}, line {line}.',
  'settings.pinned.file': 'Set by {file}.',
  'settings.pinned.hint': 'Change it there; it is locked here.',
  'settings.saved': '{name}: saved',
  'settings.kit': 'Recovery kit',
  'settings.kit.made': 'Your kit is from {when}.',
  'settings.kit.none': 'There is no recovery kit yet. Without it, no backup can be opened.',
  'settings.kit.lead':
    'Make a new one when the sheet is lost or somebody has seen it. The old one then opens only old backups.',
  'settings.connect': 'Connect a device',
  'settings.connect.sub': 'Address, certificate, apps',
  'settings.connect.lead': 'How other devices find this house, and how they come to trust it.',
  'settings.connect.far': 'The addresses are told only on the home network.',
  'settings.connect.far.hint': 'Open this page again when you are at home.',

  'settings.activity': 'Activity',
  'settings.activity.sub': 'What happened lately',
  'settings.activity.lead':
    'What was done with your account, newest first. Something you do not know? Change your master password.',
  'settings.activity.empty': 'Nothing has happened yet.',
  'settings.activity.more': 'Show older ones',
  'activity.signin': 'Signed in',
  'activity.signin.refused': 'Somebody tried to sign in with a wrong password',
  'activity.signout': 'Signed out',
  'activity.refused': 'Was refused',
  'activity.invited': 'You made an invitation',
  'activity.joined': 'You joined the house',
  'activity.password': 'The master password was changed',
  'activity.kdf': 'How slowly the key is made was changed',
  'activity.device': 'A device was signed out',
  'activity.settings': 'Settings of the house were changed',
  'activity.setup': 'The house was set up',
  'activity.kit': 'A recovery kit was made',
  'activity.backup': 'Something was done with the backups',
  'activity.deleted': 'An account was deleted',
  'activity.export': 'Your vault was exported',
  'activity.other': 'Something else happened ({kind})',

  'settings.appearance': 'Appearance',
  'settings.appearance.sub': 'Light or dark',
  'settings.appearance.lead': 'On this device only.',
  'settings.theme': 'Theme',
  'settings.theme.system': 'As the device',
  'settings.theme.light': 'Light',
  'settings.theme.dark': 'Dark',

  'settings.delete': 'Delete account',
  'settings.delete.sub': 'Leave the house',
  'settings.delete.lead.one':
    'Your account, your one item and your {folders} go for good, on every device. There is no way back.',
  'settings.delete.lead.other':
    'Your account, all {count} items and your {folders} go for good, on every device. There is no way back.',
  'settings.delete.folders.one': '{count} folder',
  'settings.delete.folders.other': '{count} folders',
  'settings.delete.export': 'Export a copy first',
  'settings.delete.understood': 'Yes, delete all of it.',
  'settings.delete.go': 'Delete my account',
  'settings.delete.gone': 'Your account is deleted.',

  // kinds of device, by the wire's number
  'device.android': 'Android',
  'device.ios': 'iPhone or iPad',
  'device.extension': 'Browser extension',
  'device.desktop': 'Desktop app',
  'device.web': 'Browser',
  'device.cli': 'Command line',
  'device.other': 'Device',

  // problems that the server names by code, in the page's own words
});
