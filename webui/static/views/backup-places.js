/**
 * Where backups go: a row for each place with how it fares, and the form by
 * which one is added or changed, which stands below the rows.
 */
import { ask } from '../components/dialog.js';
import { openMenu } from '../components/menu.js';
import { element, build } from '../components/template.js';
import { t } from '../text/backup.js';
import { PlaceForm } from './backup-form.js';
import { HERE, stateOf } from './backup-model.js';
import { menuOpen, putRows } from './backup-rows.js';
import { commandIn } from './restore-words.js';
import { bytesText } from './bytes.js';
import { declined } from './house-proof.js';
import { commandView } from './place-found.js';
import { troubleView } from './settings.js';

/** @typedef {import('../components/template.js').Built} Built */
/** @typedef {import('./house-backups.js').Desk} Desk */
/** @typedef {import('./backup-model.js').Backups} Backups @typedef {import('./backup-model.js').Target} Target */

/** @type {Record<string, string>} */
const ICONS = { folder: 'folder', webdav: 'globe', sftp: 'device', s3: 'archive' };
const MARKS = { ok: 'check', new: 'clock', warn: 'info', bad: 'warn' };

/** The fields that say where a place is, in one line. */
const WHERE = ['url', 'host', 'endpoint', 'bucket', 'folder'];

export class PlaceList {
  #drawn = '';

  /** @param {Built} built of t-backups @param {Desk} desk */
  constructor(built, desk) {
    this.built = built;
    this.desk = desk;
    built.part('add').addEventListener('click', () => this.open(null));
  }

  /** @param {Backups} all */
  draw(all) {
    const { targets, copies } = all;
    const key = JSON.stringify([targets, copies.length]);
    if (key === this.#drawn || menuOpen()) return;
    this.#drawn = key;
    const rows = targets.map((target) => this.#row(target));
    const here = copies.filter(({ places }) => places.some(({ target }) => target === HERE));
    if (here.length > 0) rows.push(hereRow(here));
    putRows(this.built.part('places'), rows);
    this.built.part('add').classList.toggle('main', targets.length === 0);
  }

  /** @param {Target} target */
  #row(target) {
    const row = build('backup-place');
    row.root.dataset.row = target.id;
    const { kinds } = this.desk.all();
    const kind = kinds.find(({ id }) => id === target.kind);
    const { state, text, hint } = stateOf(target, new Date());
    const command = commandIn(hint);
    row.part('icon').setAttribute('name', ICONS[target.kind] ?? 'folder');
    row.part('name').textContent = target.name;
    row.part('where').textContent = whereOf(target) || (kind?.title ?? '');
    row.part('state').classList.add(`is-${state}`);
    row.part('mark').setAttribute('name', MARKS[state]);
    if (state !== 'new') row.part('means').textContent = `${t(`backup.target.${state}`)}: `;
    row.part('text').textContent = text;
    row.part('hint').textContent = command ? '' : hint;
    if (command) showMore(row, commandView(command));
    row.part('count').textContent =
      target.count > 0 ? t('backup.place.copies', { count: target.count }) : t('backup.place.none');
    row.part('bytes').textContent = target.count > 0 ? bytesText(target.bytes) : '';
    const menu = row.part('menu');
    menu.setAttribute('aria-label', t('backup.place.more', { name: target.name }));
    menu.addEventListener('click', () =>
      openMenu(menu, [
        { text: t('backup.place.edit'), icon: 'edit', run: () => this.open(target) },
        null,
        {
          text: t('backup.place.remove'),
          icon: 'trash',
          loss: true,
          run: () => void this.#remove(target, row),
        },
      ]),
    );
    return row.root;
  }

  /** Opens the form: of a new place, or of one that is changed. @param {Target|null} target */
  open(target) {
    const { desk, built } = this;
    const place = built.part('form');
    const close = () => {
      form.end();
      place.replaceChildren();
      built.part('add').hidden = false;
    };
    const form = new PlaceForm({
      desk,
      target,
      cancelled() {
        close();
        built.part('add').focus();
      },
      saved(name) {
        close();
        desk.deps.say(t('backup.place.saved', { name }));
        desk.refresh();
        built.part('places-title').focus();
      },
    });
    built.part('add').hidden = true;
    place.replaceChildren(form.root);
    form.begin();
  }

  /** @param {Target} target @param {Built} row */
  async #remove(target, row) {
    const { desk } = this;
    const others = desk.all().targets.filter(({ id, sameDisk }) => id !== target.id && !sameDisk);
    const { name, count } = target;
    const texts = count > 0 ? [t('backup.place.remove.text', { count })] : [];
    if (others.length === 0 && !target.sameDisk) texts.push(t('backup.place.remove.last'));
    const title = t('backup.place.remove.title', { name });
    const question = { title, text: texts.join(' '), action: t('backup.place.remove'), loss: true };
    if (!(await ask(question))) return;
    try {
      await desk.deps.api.delete(`/latchkey/backups/targets/${encodeURIComponent(target.id)}`);
      desk.deps.say(t('backup.place.removed', { name }));
      desk.refresh();
      this.built.part('places-title').focus();
    } catch (error) {
      if (!declined(error)) showMore(row, troubleView(error));
    }
  }
}

/** @param {Built} row @param {HTMLElement} view */
function showMore(row, view) {
  row.part('more').hidden = false;
  row.part('more').replaceChildren(view);
}

/** Where a place is, as short as can be. @param {Target} target */
function whereOf({ fields }) {
  const parts = WHERE.map((name) => fields[name]).filter(Boolean);
  return parts.map((part) => part.replace(/^https:\/\//, '').replace(/\/$/, '')).join(', ');
}

/** @param {import('./backup-model.js').Copy[]} copies that lie in the house itself */
function hereRow(copies) {
  const row = build('backup-place');
  row.root.classList.add('is-here');
  row.part('icon').setAttribute('name', 'house');
  row.part('name').append(t('backup.place.here'), ' ', element('span', 'tag', t('backup.place.here.kind')));
  row.part('where').textContent = t('backup.place.here.text');
  row.part('state').remove();
  row.part('menu').remove();
  row.part('count').textContent = t('backup.place.copies', { count: copies.length });
  row.part('bytes').textContent = bytesText(copies.reduce((sum, { bytes }) => sum + bytes, 0));
  return row.root;
}
