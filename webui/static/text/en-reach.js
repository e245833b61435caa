// en-reach: the English sentences of the public path: the name, the door, the
// proof, and the section of the settings. Nothing but sentences lives here.
/** @type {Readonly<Record<string, string>>} */
export default Object.freeze({
  // the ways to a name
  'reach.way': 'Where the name comes from',
  'reach.way.domain.short': 'My domain',
  'reach.way.free.short': 'A free name',
  'reach.way.proxy.short': 'A proxy of mine',

  'reach.time.seconds.one': '{count} second',
  'reach.time.seconds.other': '{count} seconds',
  'reach.time.minutes.one': '{count} minute',
  'reach.time.minutes.other': '{count} minutes',
  'reach.time.hours.one': '{count} hour',
  'reach.time.hours.other': '{count} hours',

  // the form
  'reach.name.domain.title': 'Your name on the internet',
  'reach.name.domain.lead':
    'Latchkey keeps it pointing at this house, also when your provider gives the house a new address, and gets it a certificate that every browser trusts.',
  'reach.name.free.title': 'A free name',
  'reach.name.free.lead':
    'These three give names away and ask for no more than an e-mail address. Each can do something that another can’t.',
  'reach.name.proxy.title': 'Someone forwards to you',
  'reach.name.proxy.lead':
    'A reverse proxy or a tunnel of yours answers to the internet, with a certificate of its own, and hands requests on to this box. Latchkey touches neither the name nor the router.',
  'reach.name.label': 'Name',
  'reach.name.domain.hint':
    'A part of your domain that nothing else uses, such as keys.example.org. It need not exist yet.',
  'reach.name.free.hint': 'The word that you chose there, or the whole name.',
  'reach.name.proxy.hint': 'Under which people open it, such as keys.example.org.',
  'reach.name.go': 'Set it up',
  'reach.name.needed': 'The name is missing.',
  'reach.name.needed.hint': 'It is what people will type, such as keys.example.org.',
  'reach.free.legend': 'Who gives the name',
  'reach.provider': 'Who looks after the domain’s records (DNS)',
  'reach.provider.choose': 'Choose …',
  'reach.provider.hint': 'Mostly where the domain was bought.',
  'reach.provider.guessed': 'Found by asking the domain’s name servers.',
  'reach.provider.needed': 'Who looks after it?',
  'reach.provider.needed.hint':
    'Choose where the domain’s DNS records are edited. Often it is where it was bought.',
  'reach.provider.many': 'Providers',
  'reach.provider.others': 'Something else',
  'reach.provider.watch': 'My router or another program keeps it up to date',

  'reach.credential.needed': 'This is missing.',
  'reach.credential.needed.hint':
    'Latchkey needs it to keep the name true. It is sealed on this box and never shown again.',
  'reach.credential.kept': 'Leave it empty to keep the one that is there.',
  'reach.credential.more': 'More, where it is needed',
  'reach.credential.site': 'Open {host}',

  // what a provider can and can't, said before anything is typed
  'reach.can.lan': 'Opens at home behind any router, by a second name (lan.…).',
  'reach.cannot.lan':
    'Can’t hold a second name for home: there it opens only if your router loops back, or if you enter the name in the router.',
  'reach.can.certificate': 'Gets a certificate that browsers trust.',
  'reach.cannot.certificate':
    '{title} can’t hold the proof that a certificate needs. This path gets no certificate: browsers will warn, and the apps may refuse. The certificate’s proof can lie with somebody else, see below.',
  'reach.watch.certificate':
    'Where another program keeps the name, Latchkey only looks whether it is right. This path gets no certificate by itself; its proof can lie with somebody else, see below.',
  'reach.can.ttl': 'A new address is seen within {time}.',
  'reach.free.duckdns': 'Sign in with Google, GitHub or Reddit; a name at once.',
  'reach.free.desec': 'A non-profit in Berlin; an e-mail address and a name of your own choice.',
  'reach.free.dynv6': 'An e-mail address; good with IPv6.',

  'reach.elsewhere': 'A certificate all the same',
  'reach.elsewhere.lead':
    'If you can enter one CNAME record by hand, another provider can hold the certificate’s proof for this name.',
  'reach.elsewhere.provider': 'Who holds the proof',
  'reach.elsewhere.none': 'Nobody: no certificate',
  'reach.elsewhere.name': 'Name there',
  'reach.elsewhere.hint': 'Where _acme-challenge.{name} points to by CNAME. Enter that record first.',

  // the plan
  'reach.plan': 'What will be',
  'reach.plan.url': 'From anywhere',
  'reach.plan.lan': 'At home',
  'reach.plan.lan.none': 'by the same name, if the router allows',
  'reach.plan.provider': 'Kept by',
  'reach.plan.unseen': 'A new address',
  'reach.plan.unseen.value': 'may stay unseen for up to {time}',
  'reach.plan.certificate': 'Certificate',
  'reach.plan.certificate.yes': 'trusted by every browser',
  'reach.plan.certificate.no': 'none on this path',
  'reach.plan.certificate.proxy': 'your proxy’s own',

  // the apply
  'reach.progress.title': 'Setting up {name}',
  'reach.progress.lead':
    'A certificate can take a minute or two. You can close this page: the work goes on, and this browser finds it again.',
  'reach.progress.done': 'All of it is in place.',
  'reach.progress.mostly': 'The name is in place, and you can go on. One line is worth a look.',
  'reach.progress.failed': 'It stopped here. Nothing that you typed is lost.',
  'reach.progress.change': 'Change the name or token',
  'reach.step.token': 'Trying the token …',
  'reach.step.record': 'Pointing the name at this house …',
  'reach.step.certificate': 'Getting the certificate …',
  'reach.step.lan-record': 'Giving the house its name at home …',
  'reach.step.lan-certificate': 'Getting the certificate for home …',
  'reach.step.home': 'Looking whether it opens at home …',
  'reach.state.waiting': 'waits',
  'reach.state.working': 'at work',
  'reach.state.done': 'done',
  'reach.state.failed': 'failed',
  'reach.state.ok': 'good',
  'reach.state.warn': 'look at this',
  'reach.state.bad': 'needs mending',
  'reach.lost': 'The house did not answer just now. Looking again …',

  // the move
  'reach.move.title': 'Now by its own name',
  'reach.move.lead':
    '{name} has a certificate: from there on the browser shows its lock and no warning, so your master password is typed only into a page that proved itself.',
  'reach.move.later':
    '{name} has a certificate, but does not open at home yet. It can take a minute until this network knows it; this page looks again by itself.',
  'reach.move.go': 'Continue on {url}',
  'reach.move.none': 'The house gave no address to go on at.',
  'reach.move.none.hint': 'Go on here; the fold below says what that means.',
  'reach.move.stuck': 'If it does not open',
  'reach.move.stuck.1': 'Press the browser’s Back button: this page will be here again.',
  'reach.move.stuck.2': 'The name is new. A minute later this computer may know it.',
  'reach.move.stuck.3':
    'Some routers hide names that lead into the home (“DNS rebind protection”). Allow {name} in the router’s DNS settings, then try once more.',
  'reach.move.here': 'Go on here',
  'reach.move.means.local':
    'You can also go on here: this browser runs on the box itself, so nothing that you type leaves it.',
  'reach.move.means.far':
    'You can also go on here. What you type is encrypted, but that it is really this box at the other end, only the fingerprint says that you compared when the browser warned.',
  'reach.move.means.plain':
    'You can also go on here, if nobody else uses this network: this page came without encryption.',

  // the door
  'reach.door.title': 'Open the door',
  'reach.door.lead':
    'Your router keeps strangers out. Now it has to let callers in to Latchkey: only there, by one port.',
  'reach.door.proxy.title': 'Your proxy',
  'reach.door.proxy.lead':
    'Latchkey believes only proxies that you name here when they say for whom they call. Without that, everybody would seem to be one and the same stranger.',
  'reach.door.how': 'Who opens it',
  'reach.door.auto': 'Ask the router',
  'reach.door.manual': 'By hand',
  'reach.door.later': 'Later',
  'reach.door.later.hint':
    'Later is fine: a line at the top of your vault reminds you, and everything is under Settings, Reach.',

  'reach.manual.title': 'What to enter in the router',
  'reach.manual.lead':
    'Open your router’s page, find “port forwarding” (also “virtual server” or “NAT”), and add one entry:',
  'reach.manual.lead.router':
    'Open your router’s page at {router}, find “port forwarding” (also “virtual server” or “NAT”), and add one entry:',
  'reach.manual.external': 'External port (WAN)',
  'reach.manual.address': 'Internal address',
  'reach.manual.internal': 'Internal port (LAN)',
  'reach.manual.protocol': 'Protocol',
  'reach.manual.protocol.value': 'TCP',
  'reach.manual.copy': 'Copy {what}: {value}',
  'reach.manual.address.unknown': 'this box, as the router names it',
  'reach.manual.port': 'The router does not take this port',
  'reach.manual.port.label': 'Another external port',
  'reach.manual.port.hint':
    'Above 1024, such as 8443. It becomes part of the address that people type, after a colon.',
  'reach.manual.port.go': 'Use this port',
  'reach.manual.port.wrong': 'A port is a number from 1 to 65535.',
  'reach.manual.port.wrong.hint': 'Take 443 where the router allows it, else one above 1024.',
  'reach.manual.hint':
    'Have the router always give this box the same internal address (“static lease”, “reserved address”). Then scan the code below: a forwarding counts only when a caller from outside came through.',

  'reach.proof.proven': 'Reached from outside',
  'reach.proof.claimed': 'Nobody came through from outside yet.',
  'reach.proof.refuted': 'The door looks shut: a caller from outside did not come through.',
  'reach.proof.unknown': 'Nobody came through from outside yet.',
  'reach.proof.scan': 'Scan this with your phone on mobile data, Wi-Fi off.',
  'reach.proof.scan.why':
    'Nothing inside the house can tell whether its door is open; this line turns green by itself.',
  'reach.proof.or': 'Or open this on any device outside:',
  'reach.proof.qr': 'QR code of {url}',
  'reach.proof.said': 'The house was reached from outside.',

  'reach.proxies': 'Trusted proxies',
  'reach.proxies.label': 'Addresses of the proxy, as this box sees it',
  'reach.proxies.hint': 'One to a line, or networks such as 10.0.0.0/24. Leave it empty to believe nobody.',
  'reach.proxies.wrong': '“{what}” is no address and no network.',
  'reach.proxies.wrong.hint': 'They look like 192.168.1.5, 10.0.0.0/24 or fd00::/64.',
  'reach.proxies.save': 'Trust these',
  'reach.proxies.saved': 'Trusted proxies: saved',

  // ready
  'reach.done.lead': 'This is the address of your vault, from everywhere:',
  'reach.done.unproven':
    'Nobody has come in from outside yet. When you have a minute, open Settings, Reach, and scan the code there with your phone.',
  'reach.done.scan': 'Point the phone’s camera at it.',

  // a phone that came by the proof's code
  'reached.title': 'You are through',
  'reached.lead':
    'This device reached your house from outside. The page at home turns green; you can close this one.',
  'reached.home': 'This came from home',
  'reached.home.lead':
    'Switch Wi-Fi off on this phone, so that it comes from outside, and scan the code again.',

  // settings
  'reach.set.home': 'This house is reached on the home network only.',
  'reach.set.home.lead':
    'With a name on the internet it opens from anywhere: the passwords stay in this house, and Latchkey keeps name, certificate and router in order.',
  'reach.set.address': 'Address',
  'reach.set.proof': 'From outside',
  'reach.set.proof.lead': 'Green means that a caller from outside really came through.',
  'reach.set.prove': 'Prove it again',
  'reach.set.progress': 'In the works',

  'reach.doctor': 'Test everything',
  'reach.doctor.lead':
    'Asks the name servers, the router, the certificate, the clock and the disk now. It takes some seconds.',
  'reach.doctor.go': 'Test everything now',
  'reach.doctor.good': 'All {count} tests are well.',
  'reach.doctor.some.one': 'One of {all} tests has something to say.',
  'reach.doctor.some.other': '{count} of {all} tests have something to say.',

  'reach.public.fold': 'Make it reachable from anywhere',
  'reach.public.lead':
    'Three steps: a name, who keeps it, and the door through the router. Nothing is changed before you press the button.',
  'reach.public.go': 'Set it up',
  'reach.change.fold': 'Provider and token',
  'reach.change.lead': 'The name stays. The new token is tried before the old one is forgotten.',
  'reach.change.go': 'Try and save',
  'reach.change.started': 'Under way; the lines at the top tell how it goes.',

  'reach.rename': 'Change the name',
  'reach.rename.lead':
    'A passkey belongs to the name under which it was made. First you see who would lose one; nothing changes before you agree.',
  'reach.rename.name': 'New name',
  'reach.rename.look': 'See what would stop working',
  'reach.rename.none': 'No passkey would stop working.',
  'reach.rename.loss.one': 'One passkey stops working for good:',
  'reach.rename.loss.other': '{count} passkeys stop working for good:',
  'reach.rename.person.one': '{who}: {count} passkey',
  'reach.rename.person.other': '{who}: {count} passkeys',
  'reach.rename.loss.hint':
    'These people sign in with their master password instead, and can make a new passkey under the new name. Every app has to be told the new address.',
  'reach.rename.none.hint': 'Every app has to be told the new address: {url}',
  'reach.rename.go': 'Change it to {name}',
  'reach.rename.stop': 'Leave it as it is',
  'reach.rename.same': 'That is the name it has now.',
  'reach.rename.same.hint': 'Type another one, or leave things as they are.',

  'reach.door.fold': 'The door through the router',

  'reach.history': 'Addresses so far',
  'reach.history.none': 'No change of address yet.',
  'reach.history.when': 'When',
  'reach.history.name': 'Name',
  'reach.history.to': 'New address',
  'reach.history.took': 'Took',
  'reach.history.gone': 'taken away',

  'reach.more': 'Checker and address',

  'reach.forget': 'Back to the home network only',
  'reach.forget.lead':
    'Nobody reaches the house from outside any more: the port is closed, the record of {name} is removed, and the token is forgotten. Passkeys made under {name} stop working until it is set up again.',
  'reach.forget.go': 'Go back to home only',
  'reach.forget.done': 'The house is reached at home only now.',
});
