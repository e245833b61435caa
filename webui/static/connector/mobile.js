/** webauthn-mobile-connector.html: see app.js. Never in a frame; the house's header forbids that, too. */
import { phone } from './app.js';
import { face } from './face.js';

if (window.top === window) phone(new URLSearchParams(location.search));
else face().over('connector.stranger');
