/**
 * The settings, `#/settings[/SECTION]`: a list of sections and one of them
 * open; on a small screen the one slides over the list. Each section is a
 * module of its own and loads when it is opened.
 */
import { icon } from '../components/icon.js';
import { build, element } from '../components/template.js';
import { messageOf } from '../components/problem.js';
import { t } from '../text/text.js';
import { needs } from './setup-needs.js';

/** @typedef {import('./view.js').Deps} Deps */

/**
 * One row of the list.
 * @typedef {object} Section
 * @property {string} name
 * @property {string} icon
 * @property {boolean} [owner] only the owner has it
 * @property {() => Promise<{show: Show}>} load
 */
/** @typedef {(body: HTMLElement, deps: Deps) => void|Promise<void>} Show fills the body; deps.signal ends with the section */

/** @type {{group: string, sections: Section[]}[]} */
const GROUPS = [
  {
    group: 'mine',
    sections: [
      { name: 'you', icon: 'identity', load: () => import('./settings-you.js') },
      { name: 'security', icon: 'lock', load: () => import('./settings-security.js') },
      { name: 'devices', icon: 'device', load: () => import('./settings-devices.js') },
      { name: 'activity', icon: 'history', load: () => import('./settings-activity.js') },
      { name: 'appearance', icon: 'sun', load: () => import('./settings-appearance.js') },
    ],
  },
  {
    group: 'vault',
    sections: [
      { name: 'import', icon: 'download', load: () => import('./settings-import.js') },
      { name: 'export', icon: 'upload', load: () => import('./settings-export.js') },
      { name: 'delete', icon: 'trash', load: () => import('./settings-delete.js') },
    ],
  },
  {
    group: 'house',
    sections: [
      { name: 'connect', icon: 'phone', load: () => import('./settings-connect.js') },
      { name: 'reach', icon: 'globe', owner: true, load: () => import('./settings-reach.js') },
      { name: 'house', icon: 'print', owner: true, load: () => import('./settings-house.js') },
    ],
  },
];
const ALL = GROUPS.flatMap(({ sections }) => sections);

/** @param {HTMLElement} root @param {Deps} deps */
export async function mount(root, deps) {
  await needs('setup', 'kit', 'settings');
  if (deps.signal.aborted) return;
  const built = build('settings');
  root.replaceChildren(built.root);
  const who = { owner: deps.session.profile?.role === 'owner' };
  drawList(built.part('list'), who);
  let leaving = new AbortController();
  deps.signal.addEventListener('abort', () => leaving.abort());
  const follow = () => {
    // People moved to the owner's page; links to them are on paper and in minds.
    if (deps.route.parts[1] === 'people') return deps.navigate('#/house/people', { replace: true });
    leaving.abort();
    leaving = new AbortController();
    void open(built, { ...deps, signal: leaving.signal }, who);
  };
  deps.route.addEventListener('change', follow, { signal: deps.signal });
  follow();
}

/** @param {HTMLElement} list @param {{owner: boolean}} who */
function drawList(list, who) {
  for (const { group, sections } of GROUPS) {
    const shown = sections.filter((section) => !section.owner || who.owner);
    const items = element('ul');
    items.append(...shown.map(row));
    list.append(element('h2', '', t(`settings.group.${group}`)), items);
  }
}

/** @param {Section} section */
function row({ name, icon: symbol }) {
  const item = element('li');
  const link = element('a', 'settings-row');
  link.href = `#/settings/${name}`;
  link.dataset.section = name;
  const words = element('span', 'grow');
  words.append(
    element('span', 'settings-name', t(`settings.${name}`)),
    element('span', 'soft', t(`settings.${name}.sub`)),
  );
  link.append(icon(symbol), words, icon('forward'));
  item.append(link);
  return item;
}

/**
 * Shows the section of the address; without one, the first, which a small
 * screen hides behind the list.
 * @param {import('../components/template.js').Built} built @param {Deps} deps @param {{owner: boolean}} who
 */
async function open(built, deps, who) {
  const asked = ALL.find(({ name, owner }) => name === deps.route.parts[1] && (!owner || who.owner));
  const section = asked ?? ALL[0];
  const came = built.root.dataset.open;
  built.root.dataset.open = asked ? section.name : '';
  for (const link of built.part('list').querySelectorAll('a')) {
    if (link.dataset.section === section.name) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
  const title = built.part('title');
  const body = built.part('body');
  title.textContent = t(`settings.${section.name}`);
  document.title = t('app.title', { where: title.textContent });
  body.replaceChildren();
  try {
    const { show } = await section.load();
    if (deps.signal.aborted) return;
    await show(body, deps);
  } catch (error) {
    if (!deps.signal.aborted) body.replaceChildren(troubleView(error));
  }
  moveFocus(built, asked, came);
}

/**
 * After going into a section the focus is on its title; after coming back, on
 * its row.
 * @param {import('../components/template.js').Built} built @param {Section|undefined} asked @param {string|undefined} came
 */
function moveFocus(built, asked, came) {
  if (came === undefined || came === (asked?.name ?? '')) return;
  if (asked) {
    built.part('title').focus({ preventScroll: true });
    built.root.closest('.stage')?.scrollTo({ top: 0 });
    return;
  }
  const link = built.part('list').querySelector(`[data-section="${came}"]`);
  if (link instanceof HTMLElement) link.focus();
}

/**
 * What stands where a section could not be shown.
 * @param {unknown} error @returns {HTMLElement}
 */
export function troubleView(error) {
  const { text, hint } = messageOf(error);
  const box = element('div', 'field');
  const words = element('p', 'error');
  words.setAttribute('role', 'alert');
  words.append(element('strong', '', text), hint);
  box.append(words);
  return box;
}
