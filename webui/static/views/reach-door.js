/**
 * The door: what to enter in the router by hand, and the proof that somebody
 * from outside came through. Nothing inside the house can tell whether its door
 * is open; only "proven" is green.
 */
import { exactly } from '../components/format.js';
import { icon } from '../components/icon.js';
import { build, element } from '../components/template.js';
import { announce } from '../components/toast.js';
import { t } from '../text/reach.js';
import { since } from './reach-model.js';
import { copyFrom, Refusal, wireForm } from './setup-parts.js';

/** @typedef {import('./reach-model.js').Manual} Manual @typedef {import('./reach-model.js').Proof} Proof */
/** @typedef {import('../components/qr.js').QrCode} QrCode */

const HTTPS = 443;
const MOST = 65_535; // ports

/**
 * The entry of a port forwarding, each value to be copied; and another port for
 * routers that keep the usual one for themselves.
 * @param {Manual} manual @param {AbortSignal} signal
 * @param {(port: number) => Promise<unknown>} choose another port outside
 * @returns {HTMLElement}
 */
export function manualView({ external, internal, address, router }, signal, choose) {
  const built = build('reach-manual');
  built.part('lead').textContent = router
    ? t('reach.manual.lead.router', { router })
    : t('reach.manual.lead');
  built
    .part('entries')
    .append(
      entry('external', String(external || HTTPS)),
      address ? entry('address', address) : entry('address', t('reach.manual.address.unknown'), false),
      entry('internal', String(internal)),
      entry('protocol', t('reach.manual.protocol.value'), false),
    );
  const port = built.part('port', HTMLInputElement);
  port.value = String(external || HTTPS);
  wireForm(built.part('other'), {
    signal,
    place: () => port,
    async submit() {
      const number = Number(port.value);
      if (!Number.isInteger(number) || number < 1 || number > MOST) {
        throw new Refusal(port, 'reach.manual.port.wrong');
      }
      await choose(number);
    },
  });
  return built.root;
}

/** @param {string} what @param {string} value @param {boolean} [copied] */
function entry(what, value, copied = true) {
  const built = build('reach-entry');
  const label = t(`reach.manual.${what}`);
  built.part('label').textContent = label;
  built.part('value').textContent = value;
  const copy = built.part('copy');
  copy.hidden = !copied;
  copy.setAttribute('aria-label', t('reach.manual.copy', { what: label, value }));
  copy.addEventListener('click', () => copyFrom(copy, value));
  return built.root;
}

const LOOKS = Object.freeze({
  proven: { look: 'ok', mark: 'check' },
  claimed: { look: 'warn', mark: 'clock' },
  unknown: { look: 'warn', mark: 'clock' },
  refuted: { look: 'bad', mark: 'close' },
});

/** The proof as it stands, with the code to scan where that helps. */
export class ProofView {
  /** @type {Proof['state']|''} */
  #state = '';
  #url = '';

  /** @param {boolean} [always] shows the code also when it is proven */
  constructor(always = false) {
    this.always = always;
    this.built = build('reach-proof');
    this.root = this.built.root;
  }

  /** Whether the code is on the screen. */
  get shown() {
    return !this.built.part('code').hidden;
  }

  /** @param {Proof} proof */
  show(proof) {
    const { look, mark } = LOOKS[proof.state] ?? LOOKS.unknown;
    const line = this.built.part('state');
    const proven = proof.state === 'proven';
    if (proof.state !== this.#state) {
      line.className = `reach-proof-state is-${look}`;
      const sign = element('span', 'check-mark');
      sign.append(icon(mark));
      line.replaceChildren(sign, element('span', '', t(`reach.proof.${proof.state}`)));
      if (proven && this.#state !== '') announce(t('reach.proof.said'));
    }
    this.#state = proof.state;
    if (proven && proof.time) this.#tell(line, proof.time);
    const why = proven ? '' : [proof.why, proof.hint].filter(Boolean).join(' ');
    this.built.part('why').textContent = why;
    this.built.part('why').hidden = why === '';
    this.#code(proof, proven);
  }

  /** @param {HTMLElement} line @param {string} time */
  #tell(line, time) {
    const when = element('time', '', since(time));
    when.dateTime = new Date(time).toISOString();
    when.title = exactly(time);
    line.lastElementChild?.replaceChildren(t('reach.proof.proven'), ' ', when);
  }

  /** @param {Proof} proof @param {boolean} proven */
  #code({ url = '', qr = [] }, proven) {
    this.built.part('code').hidden = url === '' || (proven && !this.always);
    if (url === this.#url) return;
    this.#url = url;
    this.built.part('url').textContent = url;
    const code = /** @type {QrCode} */ (document.createElement('qr-code'));
    code.setAttribute('label', t('reach.proof.qr', { url }));
    if (qr.length > 0) code.rows = qr;
    this.built.part('qr').replaceChildren(...(qr.length > 0 ? [code] : []));
  }
}
