/**
 * What the public path knows without a page: the shapes that GET /latchkey/reach
 * answers, which providers belong to which way, what was typed brought into
 * form, and what the house's answers mean for the screen.
 */

/** @typedef {'ok'|'warn'|'bad'|'working'} LineState */
/** @typedef {{code:string, state:LineState, text:string, hint?:string}} Line a lasting state, or a finding of a check */
/** @typedef {{code:string, state:'waiting'|'working'|'done'|'failed', text:string, hint?:string}} Step of the apply */
/** @typedef {'auto'|'manual'|'proxy'} Door */
/** @typedef {{key:string, title:string, help?:string, secret?:boolean, optional?:boolean}} Field */

/**
 * A provider of names, as the house describes it.
 * @typedef {object} Provider
 * @property {string} id
 * @property {string} title
 * @property {string} [site]         its home page
 * @property {string} [help]         where to click to get the credential
 * @property {boolean} [free]        gives names away
 * @property {string[]} [suffixes]   what the names end in that it gives away
 * @property {Field[]} fields
 * @property {boolean} [challengeOnly] holds proofs and no addresses
 * @property {boolean} subnames      can hold lan.NAME
 * @property {boolean} certificate   can hold the proof that a certificate needs
 * @property {number} minTtlSeconds
 */
/**
 * What follows from a choice.
 * @typedef {object} Plan
 * @property {string} name
 * @property {string} lan            lan.NAME, "" where the provider can't hold it
 * @property {string} url            "https://NAME[:PORT]"
 * @property {string[]} [qr]         of url
 * @property {string} provider       "", "watch", or an id
 * @property {string} challenge
 * @property {string} [challengeName]
 * @property {boolean} certificate   whether a public one will be there
 * @property {Door} door
 * @property {number} port
 * @property {number} ttlSeconds
 * @property {number} unseenSeconds  for how long a new address may stay unseen
 * @property {{code:string, text:string}[]} notes
 */
/** @typedef {{state:'proven'|'claimed'|'refuted'|'unknown', time?:string|null, from?:string, url?:string, qr?:string[], why?:string, hint?:string}} Proof */
/** @typedef {{external:number, internal:number, address?:string, router?:string}} Manual */
/** @typedef {{time:string, name:string, family:number, from:string, to:string, tookSeconds:number}} Change */
/**
 * @typedef {object} Reach
 * @property {''|'home'|'public'} mode
 * @property {Plan} plan
 * @property {Line[]} lines
 * @property {Step[]} steps          towards a name that works, as they stand; empty before there is a plan
 * @property {boolean} ready         the name's part is done
 * @property {boolean} open          the door was asked for
 * @property {string} trusted        where a browser at home opens the house without a warning, "" while nowhere
 * @property {Provider[]} providers
 * @property {Change[]} history
 * @property {Manual} manual
 * @property {Proof} proof
 * @property {string[]} proxies
 * @property {boolean} credentialsSet
 */
/** @typedef {'domain'|'free'|'proxy'} Way how somebody comes to a public name */

/** A name that something else keeps true; Latchkey only looks. */
export const WATCH = 'watch';

/** ms between two looks while the house works, and while it only might change. */
export const PACE = Object.freeze({ working: 700, resting: 4000 });

/**
 * The providers of a way, in the house's order.
 * @param {Way} way @param {Provider[]} providers
 */
export function providersFor(way, providers) {
  if (way === 'proxy') return [];
  return providers.filter((one) => !one.challengeOnly && (way === 'free') === (one.free === true));
}

/**
 * The way that a plan is of, for whoever comes back to it.
 * @param {Pick<Plan, 'provider'|'door'>} plan @param {Provider[]} providers
 * @returns {Way}
 */
export function wayOf({ provider, door }, providers) {
  if (door === 'proxy') return 'proxy';
  return providers.find(({ id }) => id === provider)?.free ? 'free' : 'domain';
}

/**
 * A name as it is typed or pasted, made a name: no scheme, path, port or dot at
 * the end; a single word gets the provider's own ending.
 * @param {string} typed @param {string[]} [suffixes]
 */
export function nameOf(typed, suffixes = []) {
  const host = typed
    .trim()
    .toLowerCase()
    .replace(/^[a-z]+:\/\//, '')
    .replace(/[/:?#].*$/s, '')
    .replace(/^\.+|\.+$/g, '')
    .replace(/\s+/g, '');
  if (host === '' || host.includes('.') || suffixes.length === 0) return host;
  return `${host}.${suffixes[0]}`;
}

/**
 * A credential as it is pasted: without the spaces and quotes that come along.
 * @param {string} typed
 */
export function credentialOf(typed) {
  const text = typed.trim();
  const quoted = /^(["'“”‘’`])(.*)(["'“”‘’`])$/s.exec(text);
  return quoted ? quoted[2].trim() : text;
}

/** @type {Plan} */
const NO_PLAN = Object.freeze({
  name: '',
  lan: '',
  url: '',
  provider: '',
  challenge: '',
  certificate: false,
  door: 'auto',
  port: 0,
  ttlSeconds: 0,
  unseenSeconds: 0,
  notes: [],
});

/**
 * An answer of the house with everything in it: what there is nothing of, it
 * leaves out.
 * @param {any} raw
 * @returns {Reach}
 */
export function reachOf(raw) {
  const list = (/** @type {any} */ value) => (Array.isArray(value) ? value : []);
  return {
    ...raw,
    mode: raw.mode ?? '',
    plan: planOf(raw.plan),
    lines: list(raw.lines),
    steps: list(raw.steps),
    ready: raw.ready === true,
    open: raw.open === true,
    trusted: raw.trusted ?? '',
    providers: list(raw.providers),
    history: list(raw.history),
    manual: raw.manual ?? { external: 0, internal: 0 },
    proof: raw.proof?.state ? raw.proof : { ...raw.proof, state: 'unknown' },
    proxies: list(raw.proxies),
    credentialsSet: raw.credentialsSet === true,
  };
}

/** @param {any} raw @returns {Plan} */
export function planOf(raw) {
  return { ...NO_PLAN, ...raw, notes: raw?.notes ?? [] };
}

/** @typedef {'none'|'working'|'failed'|'done'} Progress */

/**
 * Where the way to a name that works stands as a whole. Done is what the house
 * calls ready: one line may still wait for a browser to open the name at home.
 * @param {Pick<Reach, 'plan'|'steps'|'ready'>} reach
 * @returns {Progress}
 */
export function progressOf({ plan, steps, ready }) {
  if (plan.name === '') return 'none';
  if (ready) return 'done';
  return steps.some(({ state }) => state === 'failed') ? 'failed' : 'working';
}

/**
 * How long to wait before the next look.
 * @param {Pick<Reach, 'plan'|'steps'|'ready'|'lines'>} reach
 */
export function paceOf(reach) {
  const busy =
    progressOf(reach) === 'working' ||
    reach.steps.some(({ code, state }) => code !== 'home' && state === 'working') ||
    reach.lines.some(({ state }) => state === 'working');
  return busy ? PACE.working : PACE.resting;
}

/** @typedef {{count:number, unit:'seconds'|'minutes'|'hours'}} Spoken */

/**
 * A duration as people say it: seconds up to two minutes, then minutes, then hours.
 * @param {number} seconds
 * @returns {Spoken}
 */
export function spoken(seconds) {
  if (seconds < 120) return { count: Math.max(0, Math.round(seconds)), unit: 'seconds' };
  if (seconds < 7200) return { count: Math.round(seconds / 60), unit: 'minutes' };
  return { count: Math.round(seconds / 3600), unit: 'hours' };
}

/**
 * Addresses and networks, one to a line or set apart by commas.
 * @param {string} typed
 * @returns {{list:string[], wrong:string[]}} wrong: what is no address or network
 */
export function networksOf(typed) {
  const list = typed
    .split(/[\s,;]+/)
    .map((one) => one.trim().toLowerCase())
    .filter(Boolean);
  return { list, wrong: list.filter((one) => !isNetwork(one)) };
}

/** @param {string} text */
function isNetwork(text) {
  const [address, bits, more] = text.split('/');
  if (more !== undefined) return false;
  const four = isFour(address);
  if (!four && !isSix(address)) return false;
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (four ? 32 : 128));
}

/** @param {string} text */
function isFour(text) {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256);
}

/** @param {string} text */
function isSix(text) {
  const halves = text.split('::');
  if (halves.length > 2 || !text.includes(':')) return false;
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')));
  if (!groups.every((group) => /^[\da-f]{1,4}$/.test(group))) return false;
  return halves.length === 2 ? groups.length < 8 : groups.length === 8;
}

/**
 * Whether this page is open at a name that the plan vouches for.
 * @param {Pick<Plan, 'name'|'lan'>} plan @param {string} host location.hostname
 */
export function atTrustedName({ name, lan }, host) {
  return host !== '' && (host === name || host === lan);
}

/**
 * Whether a wizard should go over to the trusted name before anybody types a
 * master password: only where there is one with a certificate. The page of the
 * box itself, by localhost, has nothing unproven between it and the house, and
 * is at home only under that name.
 * @param {Pick<Plan, 'name'|'lan'|'door'|'certificate'>} plan @param {string} host
 */
export function mustMove(plan, host) {
  const proven = host === 'localhost' || atTrustedName(plan, host);
  return plan.name !== '' && plan.door !== 'proxy' && plan.certificate !== false && !proven;
}

/**
 * The same rows in two answers, so that only what changed is drawn and said anew.
 * @param {{code:string}[]} rows @param {{code:string}[]} before
 * @returns {number[]} the places of rows that differ
 */
export function changed(rows, before) {
  return rows.flatMap((row, i) => (JSON.stringify(row) === JSON.stringify(before[i]) ? [] : [i]));
}

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' });

/** @type {[Intl.RelativeTimeFormatUnit, number][]} */
const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

/**
 * "4 seconds ago": to the second, because somebody stands there with the phone.
 * @param {string} date @param {number} [now] ms
 */
export function since(date, now = Date.now()) {
  const seconds = Math.max(1, Math.round((now - new Date(date).getTime()) / 1000));
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? UNITS[UNITS.length - 1];
  return relative.format(-Math.floor(seconds / size), unit);
}

const RANK = Object.freeze({ bad: 0, warn: 1, working: 2, ok: 3 });

/**
 * What has something to say first; else in the house's order.
 * @param {Line[]} lines
 */
export function gravestFirst(lines) {
  return lines.toSorted((a, b) => (RANK[a.state] ?? 3) - (RANK[b.state] ?? 3));
}
