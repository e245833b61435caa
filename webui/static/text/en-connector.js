// en-connector: the English sentences of the pages that Bitwarden's clients open
// for a second step. A sentence is a title or a line; its .hint says more.

/** @type {Readonly<Record<string, string>>} */
export default Object.freeze({
  'connector.title': 'Use your key',
  'connector.ask':
    'Bitwarden wants your second step for {host}. Press the button, then touch your security key or use this device’s own lock.',
  'connector.use': 'Use your key',
  'connector.waiting': 'Waiting for your key …',
  'connector.remember': 'Don’t ask again on this device for 30 days',
  'connector.back': 'Back to the app',
  'connector.start': 'Open your vault',

  'connector.answered': 'Your key answered',
  'connector.answered.hint': 'Bitwarden goes on from here.',
  'connector.told': 'Your key answered',
  'connector.told.hint': 'Go back to Bitwarden; this tab can be closed.',
  'connector.sent': 'Your key answered',
  'connector.sent.hint': 'You are going back to the app.',

  'connector.silent': 'No key answered: it was cancelled, took too long, or isn’t one of yours here.',
  'connector.silent.hint': 'Try again with a key that you added for this address.',
  'connector.name': 'Keys can’t be used at this address.',
  'connector.name.hint':
    'The app has to know the house by its name, with a certificate that this browser trusts. Another second step works.',
  'connector.unable': 'This browser can’t use keys.',
  'connector.unable.hint': 'Try another browser, or another second step.',
  'connector.garbled': 'What the app asks can’t be read',
  'connector.garbled.hint':
    'Or it is meant for another address. Go back to the app and start signing in again.',
  'connector.alone': 'There is nothing to do here',
  'connector.alone.hint': 'Bitwarden’s apps open this page when a sign-in needs your key.',
  'connector.stranger': 'This page was put inside another page that isn’t Bitwarden’s',
  'connector.stranger.hint': 'Your key was not asked. If you didn’t expect this, close the page.',
});
