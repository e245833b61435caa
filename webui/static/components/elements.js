// elements: registers the custom elements, once, when the page starts; the
// modules themselves have no side effects on import.
import { Icon } from './icon.js';
import { PasswordField } from './password-field.js';
import { ProgressBar } from './progress.js';
import { QrCode } from './qr.js';

/** Registers <lk-icon>, <password-field>, <progress-bar> and <qr-code>. */
export function registerElements() {
  customElements.define('lk-icon', Icon);
  customElements.define('progress-bar', ProgressBar);
  customElements.define('qr-code', QrCode);
  customElements.define('password-field', PasswordField);
}
