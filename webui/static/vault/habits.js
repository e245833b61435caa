/**
 * What people use for passwords, most used first, and the rows of their
 * keyboards. Facts from the lists that are published each year; the order
 * matters roughly only.
 */

const WORDS = `123456 password 123456789 12345678 12345 qwerty 1234567 111111 123123 abc123 1234567890 1234
iloveyou 000000 password1 qwerty123 1q2w3e4r admin letmein welcome monkey dragon football baseball master
sunshine princess shadow superman michael ashley bailey passw0rd trustno1 hello charlie donald login starwars
solo whatever freedom batman access flower hottie loveme zaq1zaq1 mustang jessica jennifer jordan hunter
killer soccer andrew thomas robert daniel pepper joshua matthew amanda nicole ginger cheese summer winter
autumn spring internet computer secret google samsung pokemon minecraft liverpool chelsea arsenal barcelona
chocolate cookie banana orange purple yellow silver golden diamond angel angels butterfly blessed jesus
lovely family friends forever love lover sweet baby babygirl girl boy mother father mama papa money power
test testing user guest root changeme default system server office private public house home garden
qwertz azerty qwertyuiop asdfgh asdfghjkl zxcvbn zxcvbnm 1qaz2wsx qazwsx 1q2w3e 123qwe 123321 654321 666666
777777 888888 121212 112233 555555 222222 987654321 159753 147258369 131313 696969 101010 987654 11111111
hannah sophie emma anna maria laura julia sarah lisa marie martin peter paul john james david chris alex
alexander george william henry jack oliver harry charles edward anthony samuel benjamin maggie molly buddy
max bella lucky rocky tiger lion eagle falcon panther wolf horse kitty puppy dolphin penguin elephant
london paris berlin vienna america england germany france india canada texas florida boston chicago dallas
monday tuesday wednesday thursday friday saturday sunday january february march april june july august
september october november december hockey tennis guitar music piano rock metallica nirvana yankees cowboys
lakers ferrari porsche mercedes corvette harley yamaha honda toyota nintendo playstation xbox matrix
merlin gandalf phoenix ninja wizard zelda naruto pikachu batman1 spiderman ironman superstar rainbow star
moon ocean river forest mountain thunder lightning storm fire water correct horse battery staple
passwort hallo schatz geheim sommer ficken motdepasse bonjour soleil doudou contrasena hola teamo amor
bitwarden latchkey lastpass keepass vault raspberry raspberrypi openwrt ubuntu linux debian windows apple`;

/** @type {readonly string[]} */
export const COMMON = Object.freeze([...new Set(WORDS.split(/\s+/))]);

const FORWARD = [
  '1234567890',
  'qwertyuiop',
  'qwertzuiop',
  'azertyuiop',
  'asdfghjkl',
  'zxcvbnm',
  'yxcvbnm',
  '1qaz2wsx3edc4rfv',
  '1q2w3e4r5t6z7u',
];

/** Both ways along the keys. @type {readonly string[]} */
export const ROWS = Object.freeze([...FORWARD, ...FORWARD.map((row) => [...row].reverse().join(''))]);
