/**
 * The shapes that crypto/, vault/ and the views share. Only types: this module
 * exports nothing at run time and never holds a value.
 *
 * An item comes in two depths. The list, the search and the counts live on
 * summaries, which are decrypted once when the vault is opened. What is secret
 * (passwords, codes, numbers, notes, custom fields, history) is decrypted only
 * when `await vault.open(id)` asks for the whole item, and is not kept by the
 * vault afterwards.
 */

/**
 * How a master key is derived.
 * @typedef {object} Kdf
 * @property {0|1} type        0 PBKDF2-SHA256, 1 Argon2id
 * @property {number} iterations
 * @property {number|null} memory      MiB, Argon2id only
 * @property {number|null} parallelism lanes, Argon2id only
 */

/** @typedef {'login'|'note'|'card'|'identity'|'ssh'|'other'} Kind */

/**
 * A place of the vault: 'all', 'favourites', 'login', 'card', 'identity',
 * 'note', 'ssh', 'other', 'folder:ID', 'nofolder', 'archive', 'trash'.
 * Everything in the trash is only in 'trash'; everything archived is only in
 * 'archive' (unless it is in the trash).
 * @typedef {string} Place
 */

/**
 * One address of a login.
 * @typedef {object} Uri
 * @property {string} uri
 * @property {number|null} match  0 domain 1 host 2 starts with 3 exact 4 regular expression 5 never, null: default
 * @property {boolean} [suspect]  its checksum is wrong, so somebody may have swapped it: show it, don't open it
 */

/**
 * @typedef {object} Summary
 * @property {string} id            the server's id; 'new:…' until the server gave one
 * @property {number} type          1 login 2 note 3 card 4 identity 5 SSH key, others of later clients
 * @property {Kind} kind            the type by name
 * @property {string} name
 * @property {string} subtitle      user name, card brand, a person's name; '' where there is none
 * @property {boolean} favourite
 * @property {string|null} folderId
 * @property {boolean} reprompt     ask for the master password before showing secrets
 * @property {string} revision      ISO 8601
 * @property {string} created       ISO 8601
 * @property {string|null} deleted  ISO 8601 while in the trash
 * @property {string|null} archived ISO 8601 while archived
 * @property {boolean} broken       something in it could not be decrypted: it is shown, and can't be saved
 * @property {boolean} pending      a save is under way
 * @property {number} attachments   how many
 * @property {{username:string, uris:Uri[], hasPassword:boolean, hasTotp:boolean, passkeys:number}} [login]
 * @property {RawCipher} raw        the server's cipher, untouched
 */

/**
 * @typedef {object} Field
 * @property {0|1|2|3} type         0 text, 1 hidden, 2 yes or no ('true'/'false'), 3 linked
 * @property {string} name
 * @property {string} value
 * @property {number|null} linkedId
 */

/**
 * @typedef {object} Passkey
 * @property {string} credentialId
 * @property {string} keyType
 * @property {string} keyAlgorithm
 * @property {string} keyCurve
 * @property {string} keyValue
 * @property {string} rpId
 * @property {string} userHandle
 * @property {string} userName
 * @property {string} counter
 * @property {string} rpName
 * @property {string} userDisplayName
 * @property {string} discoverable
 * @property {string} creationDate  ISO 8601
 */

/**
 * @typedef {object} Login
 * @property {string} username
 * @property {string} password
 * @property {string} totp          a base32 secret, otpauth://… or steam://…
 * @property {Uri[]} uris
 * @property {string|null} passwordRevision ISO 8601
 * @property {Passkey[]} passkeys
 */

/** @typedef {{cardholderName:string, brand:string, number:string, expMonth:string, expYear:string, code:string}} Card */

/**
 * @typedef {object} Identity
 * @property {string} title
 * @property {string} firstName
 * @property {string} middleName
 * @property {string} lastName
 * @property {string} address1
 * @property {string} address2
 * @property {string} address3
 * @property {string} city
 * @property {string} state
 * @property {string} postalCode
 * @property {string} country
 * @property {string} company
 * @property {string} email
 * @property {string} phone
 * @property {string} ssn
 * @property {string} username
 * @property {string} passportNumber
 * @property {string} licenseNumber
 */

/** @typedef {{privateKey:string, publicKey:string, fingerprint:string}} Ssh */

/**
 * A whole item, decrypted: what the item's page shows and what `save` takes.
 * A new one comes from `blank(type)` in vault/cipher.js and has the id ''.
 * @typedef {object} Item
 * @property {string} id            '' for a new item
 * @property {number} type
 * @property {string} name
 * @property {string} notes
 * @property {boolean} favourite
 * @property {string|null} folderId
 * @property {boolean} reprompt
 * @property {string} revision      the revision that this copy was read from; save refuses to overwrite a newer one
 * @property {string} created
 * @property {string|null} deleted
 * @property {string|null} archived
 * @property {boolean} broken
 * @property {Field[]} fields
 * @property {{password:string, date:string}[]} history  newest first; kept by save when the password changes
 * @property {Login} [login]
 * @property {Card} [card]
 * @property {Identity} [identity]
 * @property {Ssh} [ssh]
 * @property {RawCipher|null} raw   null for a new item
 */

/** @typedef {{id:string, name:string}} Folder */

/** The server's cipher or folder as it came. @typedef {Record<string, any>} RawCipher */

/**
 * The profile of /api/sync; only what the page reads is named.
 * @typedef {{id:string, email:string, name:string|null, creationDate:string} & Record<string, any>} Profile
 */

/** @typedef {{minutes:number, onBlur:boolean, onClose:boolean}} LockSettings minutes 0: never by time; onClose: also ends the server's session */

/** @typedef {{part:'derive'|'fetch'|'open'|'save'|'seal'|'send', done:number|null}} Progress done is 0..1, or null where it can't be known */

/** @typedef {{ids?:string[], all?:boolean}} Change */

/**
 * @typedef {object} PasswordOptions
 * @property {number} length        5..128
 * @property {boolean} lower
 * @property {boolean} upper
 * @property {boolean} digits
 * @property {boolean} symbols
 * @property {boolean} unambiguous  leave out what looks alike (0 O o 1 l I |)
 */

/**
 * @typedef {object} PassphraseOptions
 * @property {number} words         3..20
 * @property {string} separator
 * @property {boolean} capitals     each word begins with a capital
 * @property {boolean} number       one word is followed by a digit
 */

/**
 * @typedef {object} Strength
 * @property {0|1|2|3|4} score
 * @property {number} guesses       how many guesses a good cracker needs, at most 1e30
 * @property {number} seconds       at 10,000 guesses a second (Argon2id on a rack of graphics cards)
 * @property {string} key           'strength.0' .. 'strength.4'
 * @property {string} warning       the reason for a weak score as a text key, '' where there is none
 */

/** @typedef {{code:string, digits:number, period:number, left:number}} Code left: whole seconds until the next code */

export {};
