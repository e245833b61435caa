/**
 * What can be changed about the reach, each folded away: the provider or token,
 * the name, the door, the trusted proxies; the addresses so far; and the way
 * back to the home network only.
 */
import { build, element } from '../components/template.js';
import { timeElement } from '../components/format.js';
import { messageOf } from '../components/problem.js';
import { sayError } from '../components/toast.js';
import { t } from '../text/reach.js';
import { postReach } from './reach-api.js';
import { changeForm } from './settings-reach-change.js';
import { renameForm } from './settings-reach-rename.js';
import { proxiesForm } from './reach-proxies.js';
import { timeText } from './reach-plan.js';
import { typed } from './settings-security.js';
import { showValues } from './settings-values.js';
import { wireForm } from './setup-parts.js';

/** @typedef {import('./view.js').Deps} Deps @typedef {import('./reach-model.js').Reach} Reach */
/** @typedef {import('./reach-model.js').Door} Door @typedef {import('./reach-model.js').Change} Change */
/** @typedef {import('../components/password-field.js').PasswordField} PasswordField */
/** @typedef {(reach: Reach) => void} Changed takes a newer answer to the screen */

/**
 * The folds of the present way.
 * @param {() => Reach} now the newest answer, for a fold that is opened later
 * @param {Deps} deps @param {Changed} changed
 * @returns {HTMLElement[]}
 */
export function foldsOf(now, deps, changed) {
  const { mode, plan } = now();
  const open = mode === 'public' && plan.name !== '';
  if (!open) {
    return [fold('reach.public.fold', () => changeForm(now(), deps, changed)), proxies(now, deps)];
  }
  const all = [
    fold('reach.door.fold', () => doorView(now(), deps, changed)),
    fold('reach.change.fold', () => changeForm(now(), deps, changed)),
    fold('reach.rename', () => renameForm(now(), deps, changed)),
    fold('reach.history', () => historyView(now().history)),
    proxies(now, deps),
    fold('reach.more', () => valuesView(deps)),
    fold('reach.forget', () => forgetForm(now(), deps, changed)),
  ];
  return plan.door === 'proxy' ? all.slice(1) : all;
}

/**
 * A fold whose inside is made when it is first opened.
 * @param {string} title a key @param {() => HTMLElement} inside
 */
function fold(title, inside) {
  const details = element('details', 'fold');
  details.name = 'reach';
  details.append(element('summary', '', t(title)));
  details.addEventListener('toggle', () => {
    if (details.open && details.childElementCount === 1) details.append(inside());
  });
  return details;
}

/** @param {() => Reach} now @param {Deps} deps */
function proxies(now, deps) {
  return fold('reach.proxies', () => {
    const box = element('div', 'settings-form');
    box.append(
      element('p', 'lead', t('reach.door.proxy.lead')),
      proxiesForm(deps, now().proxies, () => {}),
    );
    return box;
  });
}

/** @param {Reach} reach @param {Deps} deps @param {Changed} changed */
function doorView(reach, { api }, changed) {
  const built = build('reach-door-set');
  for (const radio of built.root.querySelectorAll('input')) {
    radio.checked = radio.value === reach.plan.door;
    radio.addEventListener('change', async () => {
      try {
        changed(await postReach(api, '/door', { door: radio.value }));
      } catch (error) {
        sayError(error);
      }
    });
  }
  return built.root;
}

/** @param {Change[]} history newest first */
function historyView(history) {
  const built = build('reach-history');
  built.part('none').hidden = history.length > 0;
  built.part('scroll').hidden = history.length === 0;
  built.part('rows').append(...history.map(historyRow));
  return built.root;
}

/** @param {Change} change */
function historyRow({ time, name, to, tookSeconds }) {
  const row = element('tr');
  const when = element('td');
  when.append(timeElement(time));
  row.append(
    when,
    element('td', 'mono', name),
    to ? element('td', 'mono', to) : element('td', '', t('reach.history.gone')),
    element('td', '', timeText(Math.max(1, tookSeconds))),
  );
  return row;
}

/** @param {Deps} deps */
function valuesView(deps) {
  const list = element('div', 'setting-list');
  showValues(list, deps, (key) => key === 'reach.checker' || key === 'address.rule').catch((error) => {
    const { text, hint } = messageOf(error);
    list.append(element('p', 'error', `${text} ${hint}`));
  });
  return list;
}

/** @param {Reach} reach @param {Deps} deps @param {Changed} changed */
function forgetForm({ plan }, { api, session, say, signal }, changed) {
  const built = build('reach-forget');
  const password = /** @type {PasswordField} */ (built.part('password'));
  built.part('lead').textContent = t('reach.forget.lead', { name: plan.name });
  wireForm(built.root, {
    session,
    signal,
    place: (code) => (code === 'password.wrong' ? password : null),
    async submit() {
      const masterPasswordHash = await session.verifyPassword(typed(password));
      const now = await postReach(api, '/forget', { masterPasswordHash });
      password.value = '';
      say(t('reach.forget.done'));
      changed(now);
    },
  });
  return built.root;
}
