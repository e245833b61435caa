/**
 * Adding a place for backups, or changing one: its kind, what that wants to
 * know, a check that says what it found, and only then saving it. Whatever is
 * changed after a check is checked again.
 */
import { build } from '../components/template.js';
import { announce } from '../components/toast.js';
import { t } from '../text/backup.js';
import '../text/restore.js';
import { declined } from './house-proof.js';
import { PlaceFields } from './place-fields.js';
import { foundView, HostKey } from './place-found.js';
import { withHostKey } from './restore-model.js';
import { needed, wireForm } from './setup-parts.js';

/** @typedef {import('./backup-model.js').Target} Target @typedef {import('./place-found.js').Look} Look */
/** @typedef {import('./house-backups.js').Desk} Desk */

export class PlaceForm {
  /** What the last check found, while nothing was changed since. @type {Look|null} */
  #look = null;
  /** What is to be compared before the next check. @type {HostKey|null} */
  #hostKey = null;
  /** Whether a person gave it a name; a guess does not overrule them. */
  #named = false;
  #left = new AbortController();

  /**
   * @param {object} what
   * @param {Desk} what.desk
   * @param {Target|null} what.target null for a new one
   * @param {() => void} what.cancelled
   * @param {(name: string) => void} what.saved
   */
  constructor({ desk, target, cancelled, saved }) {
    this.desk = desk;
    this.target = target;
    this.saved = saved;
    this.built = build('backup-form');
    this.root = this.built.root;
    this.name = this.built.part('name', HTMLInputElement);
    const { kinds } = desk.all();
    const kept = target && { kind: target.kind, fields: target.fields, secrets: target.secrets ?? [] };
    this.fields = new PlaceFields({ kinds, kept, found: true, help: true, changed: () => this.#changed() });
    this.built.part('place').append(this.fields.root);
    this.built.part('title').textContent = target
      ? t('backup.form.edit', { name: target.name })
      : t('backup.form.add');
    this.#named = target !== null;
    this.name.value = target?.name ?? '';
    this.name.addEventListener('input', () => (this.#named = true));
    this.built.part('cancel').addEventListener('click', cancelled);
    wireForm(this.root, {
      signal: this.#left.signal,
      submit: () => (this.#look ? this.#save(this.#look) : this.#check()),
    });
    this.#changed();
  }

  /** Brings it into view. */
  begin() {
    this.root.scrollIntoView({ block: 'start', behavior: 'smooth' });
    this.built.part('title').focus({ preventScroll: true });
  }

  end() {
    this.#left.abort();
  }

  #changed() {
    const { kind } = this.fields;
    this.#look = this.#hostKey = null;
    this.built.part('found').replaceChildren();
    this.built.part('name-field').hidden = this.built.part('go').hidden = !kind;
    this.built.part('go').textContent = t('backup.form.check');
    if (kind && !this.#named) this.name.value = t(`backup.name.${kind.id}`);
  }

  async #check() {
    this.#hostKey?.need();
    const { kind, fields } = withHostKey(this.fields.read(), this.#hostKey);
    const id = this.target?.id;
    try {
      const look = await this.desk.deps.api.post('/latchkey/backups/targets/check', { kind, fields, id });
      if (!this.#left.signal.aborted) this.#found(look);
    } catch (error) {
      if (Object(error).code === 'target.hostkey') this.#changed(); // another one answers now: compared anew
      if (!declined(error)) this.fields.refuse(error);
    }
  }

  /** @param {Look} look */
  #found(look) {
    const view = foundView(look);
    this.#look = look.compare ? null : look;
    this.#hostKey = look.compare ? new HostKey(look.hostKey) : null;
    this.built.part('found').replaceChildren(view);
    if (this.#hostKey) this.built.part('found').append(this.#hostKey.root);
    else this.built.part('go').textContent = t(look.sameDisk ? 'backup.form.save.same' : 'backup.form.save');
    announce([...view.querySelectorAll('p')].map((line) => line.textContent).join(' '));
  }

  /** @param {Look} look */
  async #save(look) {
    const { kind, fields } = this.fields.read();
    const name = needed(this.name);
    const path = `/latchkey/backups/targets/${encodeURIComponent(this.target?.id ?? 'new')}`;
    try {
      await this.desk.deps.api.put(path, { kind, name, fields: { ...fields, ...look.fields } });
      this.saved(name);
    } catch (error) {
      if (!declined(error)) this.fields.refuse(error);
    }
  }
}
