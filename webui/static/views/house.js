/**
 * "House", `#/house[/SECTION]`: the owner's place. How it fares, who lives
 * here, what it is used for, who was turned away. It is for looking; what it
 * changes, it asks about. The whole log stands at `#/house/log`, the backups at
 * `#/house/backups`, going back to one at `#/house/restore`.
 */
import { build } from '../components/template.js';
import { t } from '../text/house.js';
import { troubleView } from './settings.js';
import { needs } from './setup-needs.js';

/** @typedef {import('./view.js').Deps} Deps */
/** @typedef {(place: HTMLElement, deps: Deps) => Promise<void>} Show fills its place; deps.signal ends with the page */

/** The parts of the page in their order, each a module of its own. @type {Record<string, () => Promise<{show: Show}>>} */
const SECTIONS = {
  restored: () => import('./house-restored.js'),
  health: () => import('./house-health.js'),
  people: () => import('./house-people.js'),
  use: () => import('./house-use.js'),
  past: () => import('./house-past.js'),
  bans: () => import('./house-bans.js'),
  backup: () => import('./house-backup.js'),
  keeping: () => import('./house-keeping.js'),
};

/** The pages of their own, by the second part of the address. @type {Record<string, (root: HTMLElement, deps: Deps) => Promise<void>>} */
const PAGES = {
  log: showLog,
  backups: async (root, deps) => (await import('./house-backups.js')).showBackups(root, deps),
  restore: async (root, deps) => (await import('./house-restore.js')).showRestore(root, deps),
};

/** @type {import('./view.js').Mount} */
export async function mount(root, deps) {
  await needs('setup', 'settings', 'reach', 'house', 'charts', 'house-log');
  if (deps.signal.aborted) return;
  let shown = '';
  let leaving = new AbortController();
  deps.signal.addEventListener('abort', () => leaving.abort());
  const follow = () => {
    const [, part = ''] = deps.route.parts;
    const wanted = Object.hasOwn(PAGES, part) ? part : 'all';
    if (wanted === shown) {
      if (wanted === 'all') goTo(root, deps.route.parts[1]);
      return;
    }
    const came = shown;
    shown = wanted;
    leaving.abort();
    leaving = new AbortController();
    const inner = { ...deps, signal: leaving.signal };
    void open(inner, wanted, came);
  };
  deps.route.addEventListener('change', follow, { signal: deps.signal });
  follow();

  /** @param {Deps} inner @param {string} wanted @param {string} came from which page */
  async function open(inner, wanted, came) {
    try {
      await (PAGES[wanted] ?? ((place, own) => showAll(place, own, came)))(root, inner);
    } catch (error) {
      if (!inner.signal.aborted) root.replaceChildren(troubleView(error));
    }
  }
}

/** @param {HTMLElement} root @param {Deps} deps */
async function showLog(root, deps) {
  const place = build('house-log-page');
  root.replaceChildren(place.root);
  root.scrollTop = 0;
  document.title = t('app.title', { where: t('house.log') });
  place.part('title').focus({ preventScroll: true });
  await fill(place.part('body'), () => import('./house-log.js'), deps);
}

/** @param {HTMLElement} root @param {Deps} deps @param {string} came from which page */
async function showAll(root, deps, came) {
  const built = build('house');
  root.replaceChildren(built.root);
  root.scrollTop = 0;
  document.title = t('app.title', { where: t('nav.house') });
  if (came) built.part('title').focus({ preventScroll: true });
  markWhere(built, deps.signal);
  const filled = Object.entries(SECTIONS).map(([name, load]) => fill(built.part(name), load, deps));
  await Promise.all(filled);
  if (!deps.signal.aborted) goTo(root, deps.route.parts[1]);
}

/**
 * Loads a part and lets it fill its place; one that can't says so there and
 * leaves the others alone.
 * @param {HTMLElement} place @param {() => Promise<{show: Show}>} load @param {Deps} deps
 */
async function fill(place, load, deps) {
  try {
    const { show } = await load();
    if (!deps.signal.aborted) await show(place, deps);
  } catch (error) {
    if (!deps.signal.aborted) place.replaceChildren(troubleView(error));
  }
}

/** Brings a section into view and puts the focus on its heading. @param {HTMLElement} root @param {string|undefined} name */
function goTo(root, name) {
  const section = name && root.querySelector(`[data-section="${CSS.escape(name)}"]`);
  if (!section) return;
  section.scrollIntoView({ block: 'start', behavior: 'smooth' });
  const heading = section.querySelector('h2');
  if (heading instanceof HTMLElement) heading.focus({ preventScroll: true });
}

/** Marks the section that is being looked at in the row of links. @param {import('../components/template.js').Built} built @param {AbortSignal} signal */
function markWhere(built, signal) {
  const links = [...built.part('nav').querySelectorAll('a')];
  const mark = (/** @type {string} */ name) => {
    for (const link of links) {
      if (link.getAttribute('href') === `#/house/${name}`) link.setAttribute('aria-current', 'true');
      else link.removeAttribute('aria-current');
    }
  };
  const observer = new IntersectionObserver(
    (entries) => {
      const seen = entries.find(({ isIntersecting }) => isIntersecting);
      if (seen) mark(/** @type {HTMLElement} */ (seen.target).dataset.section ?? '');
    },
    { rootMargin: '-15% 0px -75% 0px' },
  );
  for (const section of built.root.querySelectorAll('[data-section]')) observer.observe(section);
  signal.addEventListener('abort', () => observer.disconnect());
}
