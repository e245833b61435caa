/**
 * Bringing a house back: the kit, the backup, reading it, what is in it, the
 * swap, home. Used by the wizard on new hardware and on the owner's page; it
 * knows neither, only the stage on which it presents itself.
 */
import { askPassword } from '../components/dialog.js';
import { announce } from '../components/toast.js';
import { showKit } from './restore-kit.js';
import { stepOf } from './restore-model.js';
import { needs } from './setup-needs.js';

/** @typedef {import('./restore-model.js').State} State @typedef {import('./restore-model.js').Source} Source */
/** @typedef {{recovery: string, signing: string}} Keys */

/**
 * Where it takes place.
 * @typedef {object} Stage
 * @property {import('./view.js').Deps} deps
 * @property {(view: HTMLElement) => void} present
 * @property {() => void} leave back to where it was begun
 * @property {(id: string) => void} remember which restore is under way, for a reload
 * @property {(error: unknown) => void} lost what can't be told beside a field
 * @property {boolean} owner an owner's, who proves themselves; else the wizard's
 * @property {{name: string, target: string}|null} wanted the copy that it is about, where that was chosen before
 */

export class Restoring {
  /** The restore's id, '' before the kit was taken. */
  id = '';
  /** What was typed of the kit, so that going back finds it there. @type {Keys} */
  keys = { recovery: '', signing: '' };
  /** @type {AbortController} */
  #leaving = new AbortController();

  /** @param {Stage} stage */
  constructor(stage) {
    this.stage = stage;
    this.api = stage.deps.api;
    this.wanted = stage.wanted;
    stage.deps.signal.addEventListener('abort', () => this.#leaving.abort());
  }

  /** Begins, or goes on with what was under way. @param {string} [id] */
  async begin(id = '') {
    await needs('setup', 'settings', 'restore');
    if (this.stage.deps.signal.aborted) return;
    const state = id ? await this.look(id) : null;
    if (!state) return this.toKit();
    this.id = id;
    await this.follow(state);
  }

  /** How it stands; null where it is no longer. @param {string} id @returns {Promise<State|null>} */
  async look(id) {
    try {
      return await this.api.get(`/latchkey/restore/${encodeURIComponent(id)}`);
    } catch (error) {
      if (Object(error).code === 'restore.gone') return null;
      throw error;
    }
  }

  /** Shows what belongs to a state. @param {State} state */
  async follow(state) {
    const step = stepOf(state);
    if (step === 'found') return this.toFound(state);
    if (step === 'read') return this.toRead(null);
    if (step === 'failed') return this.toFailed(state.problem);
    return this.toWhere();
  }

  /** The next view begins: what the one before attached ends. */
  next() {
    this.#leaving.abort();
    this.#leaving = new AbortController();
    return this.#leaving.signal;
  }

  /** @param {HTMLElement} view @param {string} [said] for screen readers, beside its heading */
  present(view, said = '') {
    this.stage.present(view);
    if (said) announce(said);
  }

  /** A body with the proof that the house wants of an owner; null where they think better of it. @param {object} body @param {{title: string, text: string, action: string}} question */
  async proven(body, question) {
    if (!this.stage.owner) return body;
    const { session } = this.stage.deps;
    let masterPasswordHash = '';
    const typed = await askPassword({
      ...question,
      verify: async (password) => (masterPasswordHash = await session.verifyPassword(password)),
    });
    return typed === null ? null : { ...body, masterPasswordHash };
  }

  /** Where of this restore. @param {string} [what] */
  path(what = '') {
    return `/latchkey/restore/${encodeURIComponent(this.id)}${what}`;
  }

  toKit() {
    showKit(this, this.next());
  }

  /** @param {State} state */
  async taken(state) {
    this.id = String(state.id);
    this.stage.remember(this.id);
    const { wanted } = this;
    if (wanted) return this.toRead({ fetch: wanted });
    await this.toWhere();
  }

  /** @returns {Promise<void>} */
  toWhere() {
    this.wanted = null;
    return this.#to(async (signal) => (await import('./restore-where.js')).showWhere(this, signal));
  }

  /** @param {import('./place-fields.js').PlaceConfig} place @param {import('./restore-model.js').Found} found */
  toPick(place, found) {
    return this.#to(async (signal) =>
      (await import('./restore-pick.js')).showPick(this, place, found, signal),
    );
  }

  /** @param {Source|null} source null: it is being read already */
  toRead(source) {
    return this.#to(async (signal) => (await import('./restore-read.js')).showRead(this, source, signal));
  }

  /** @param {unknown} problem */
  toFailed(problem) {
    return this.#to(async () => (await import('./restore-read.js')).showFailed(this, problem));
  }

  /** @param {State} state */
  toFound(state) {
    return this.#to(async (signal) => (await import('./restore-found.js')).showFound(this, state, signal));
  }

  /** @param {string} made of the backup */
  toWait(made) {
    this.stage.remember('');
    this.keys = { recovery: '', signing: '' };
    return this.#to(async (signal) => (await import('./restore-wait.js')).showWait(this, made, signal));
  }

  /** Shows a view; what it can't tell by itself is told in its place. @param {(signal: AbortSignal) => Promise<unknown>} show */
  async #to(show) {
    const signal = this.next();
    try {
      await show(signal);
    } catch (error) {
      if (signal.aborted) return;
      if (Object(error).code === 'restore.gone') this.toKit();
      else this.stage.lost(error);
    }
  }

  /** Ends it on the house, too. */
  async cancel() {
    this.next();
    if (this.id) await this.api.delete(this.path()).catch(() => {}); // it ends with the next one anyway
    this.id = '';
    this.stage.remember('');
  }
}
