// totp-ring: shows the code of the moment, large, grouped, with a ring that
// runs out. It stops by its signal and forgets the secret with it.
import { totp } from '../vault/totp.js';
import { t } from '../text/sentences.js';
import { element } from './template.js';

const svg = 'http://www.w3.org/2000/svg';
const around = 2 * Math.PI * 8; // length of a circle of radius 8

/**
 * Keeps a code up to date in a host until the signal aborts.
 * @param {HTMLElement} host @param {string} secret base32, otpauth:// or steam://
 * @param {AbortSignal} signal
 */
export function showCode(host, secret, signal) {
  const code = element('span', 'totp-code');
  const { ring, arc } = makeRing();
  host.replaceChildren(code, ring);
  const tick = async () => {
    try {
      const now = Date.now();
      const { code: digits, period } = await totp(secret, now);
      if (signal.aborted) return;
      const grouped = group(digits);
      if (code.textContent !== grouped) code.textContent = grouped;
      const left = period - ((now / 1000) % period);
      arc.style.strokeDashoffset = String(around * (1 - left / period));
      ring.classList.toggle('late', left < 5.5);
    } catch {
      host.textContent = t('totp.unreadable');
      clearInterval(timer);
    }
  };
  const timer = setInterval(tick, 1000);
  signal.addEventListener('abort', () => clearInterval(timer));
  void tick();
}

/** Three and three, four and four; letters of Steam stay together. @param {string} code */
function group(code) {
  const half = Math.ceil(code.length / 2);
  return code.length < 6 ? code : `${code.slice(0, half)} ${code.slice(half)}`;
}

function makeRing() {
  const ring = document.createElementNS(svg, 'svg');
  ring.setAttribute('class', 'totp-ring');
  ring.setAttribute('viewBox', '0 0 20 20');
  ring.setAttribute('aria-hidden', 'true');
  const circle = () => {
    const made = document.createElementNS(svg, 'circle');
    for (const [name, value] of Object.entries({ cx: '10', cy: '10', r: '8' }))
      made.setAttribute(name, value);
    return made;
  };
  const arc = circle();
  arc.setAttribute('class', 'arc');
  arc.style.strokeDasharray = String(around);
  ring.append(circle(), arc);
  return { ring, arc };
}
