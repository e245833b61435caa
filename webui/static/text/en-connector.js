// en-connector: the English sentences of the pages that Bitwarden's clients open
// for a second step. What has a .hint went wrong; the hint says what to do.

/** @type {Readonly<Record<string, string>>} */
export default Object.freeze({
  'connector.title': 'Use your key',
  'connector.ask':
    'Bitwarden wants your second step for {host}. Press the button, then touch your security key or use this device’s own lock.',
  'connector.use': 'Use your key',
  'connector.waiting': 'Waiting for your key …',
  'connector.remember': 'Don’t ask again on this device for 30 days',
  'connector.back': 'Back to the app',

  'connector.done.frame': 'Your key answered. Bitwarden goes on.',
  'connector.done.tab': 'Your key answered. Go back to Bitwarden; this tab can be closed.',
  'connector.done.app': 'Your key answered. Going back to the app …',

  'connector.silent': 'No key answered: it was cancelled, took too long, or isn’t one of yours here.',
  'connector.silent.hint': 'Try again with a key that you added for this address.',
  'connector.name': 'Keys can’t be used at this address.',
  'connector.name.hint':
    'The app has to know the house by its name, with a certificate that this browser trusts. Another second step works.',
  'connector.unable': 'This browser can’t use keys.',
  'connector.unable.hint': 'Try another browser, or another second step.',
  'connector.garbled': 'What the app asks can’t be read, or is meant for another address.',
  'connector.garbled.hint': 'Go back to the app and start signing in again.',
  'connector.alone': 'This page does nothing by itself.',
  'connector.alone.hint':
    'Bitwarden opens it when a sign-in needs your key. To open your vault, go to the start page.',
  'connector.stranger': 'This page was put inside another page that isn’t Bitwarden’s.',
  'connector.stranger.hint': 'Your key was not asked. If you didn’t expect this, close the page.',
});
