// Who lives in the story, and what they keep. Every secret is a text that stands nowhere else, so that finding
// it anywhere means that it leaked.

/** The owner of the house. */
export const owner = {
  name: 'Ottoline Quarrington',
  email: 'ottoline.quarrington@harbourmail.test',
  password: 'seventeen brass kettles whistling backwards',
};

/** Who comes by invitation. */
export const guest = {
  name: 'Barnaby Thistlewick',
  email: 'barnaby.thistlewick@meadowmail.test',
  password: 'purple anchors drifting under cobbled moons',
};

const login = (n, word) => ({
  type: 1,
  name: `Zephyr ${word} bank`,
  username: `quillfeather-${word}-${n}`,
  password: `Vx!${n}kestrel-${word}-9fQ`,
  uri: `https://${word}-zephyrbank.test/sign-in`,
  notes: `the ${word} drawer holds the spare token number ${n}77${n}`,
});

/** Twenty items of all types. */
export const items = [
  ...[
    'amber',
    'birch',
    'cedar',
    'dapple',
    'ember',
    'fjord',
    'gorse',
    'heath',
    'islet',
    'jasper',
    'kelp',
    'linden',
  ].map((word, i) => login(i + 1, word)),
  { type: 2, name: 'Wobblestone boiler', notes: 'turn the verdigris valve left thrice then wait' },
  { type: 2, name: 'Pumpernickel gate', notes: 'keypad sequence marmalade-4471-tern' },
  {
    type: 3,
    name: 'Cobaltcard of the house',
    card: {
      cardholderName: 'O Quarrington-Vellichor',
      number: '4929738465012837',
      expMonth: '4',
      expYear: '2031',
      code: '918273',
    },
  },
  {
    type: 3,
    name: 'Russetcard for travel',
    card: {
      cardholderName: 'Thistledown Traveller',
      number: '5375418264907135',
      expMonth: '11',
      expYear: '2032',
      code: '564738',
    },
  },
  {
    type: 4,
    name: 'Papers of Ottoline',
    identity: {
      firstName: 'Ottolinea',
      lastName: 'Quarrington-Ashgrove',
      email: 'private.ottolinea@lanternmail.test',
    },
  },
  {
    type: 4,
    name: 'Papers of the cat',
    identity: {
      firstName: 'Marmaladius',
      lastName: 'Whiskerton-Vane',
      email: 'marmaladius@lanternmail.test',
    },
  },
  {
    type: 5,
    name: 'Deploykey of lighthouse',
    ssh: {
      privateKey:
        '-----BEGIN OPENSSH PRIVATE KEY-----\nZGVwbG95a2V5bGlnaHRob3VzZW9ubHlmb3J0ZXN0aW5n\n-----END OPENSSH PRIVATE KEY-----',
      publicKey: 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIFlighthousedeploykeyfortestingonlyZ deploy@lighthouse',
      fingerprint: 'SHA256:lighthousefingerprintfortestingonly',
    },
  },
  login(13, 'mulberry'),
];

/** What the second person keeps. */
export const guestItem = {
  type: 1,
  name: 'Barnabys rowing club',
  username: 'oarsman-thistlewick',
  password: 'Rw!barnaby-oars-and-rollocks-8',
  uri: 'https://rowing-thistledown.test/members',
};

/** Every clear text in an object that is long enough to be looked for. */
export function secretsOf(value) {
  if (typeof value === 'string') {
    return value.length >= 8 ? [value] : [];
  }
  return Object.values(value ?? {}).flatMap(secretsOf);
}
