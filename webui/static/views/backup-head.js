/**
 * The head of the backups, on the owner's page and on their own: the one
 * sentence, what is being done now, "Back up now".
 */
import { messageOf } from '../components/problem.js';
import { build } from '../components/template.js';
import { t } from '../text/backup.js';
import { partOf, truthOf } from './backup-model.js';
import { jobText } from './backup-words.js';
import { declined } from './house-proof.js';

/** @typedef {import('../components/template.js').Built} Built @typedef {import('./view.js').Deps} Deps */
/** @typedef {import('./backup-model.js').Backups} Backups @typedef {import('./backup-model.js').Job} Job */
/** @typedef {import('../components/progress.js').ProgressBar} ProgressBar */

/** What stands in the parts truth, job, trouble, kit and now of a view. */
export class BackupHead {
  /**
   * @param {Built} built @param {Deps} deps
   * @param {(job: Job|null) => void} begun
   */
  constructor(built, deps, begun) {
    this.built = built;
    this.deps = deps;
    this.begun = begun;
    this.truth = build('backup-truth');
    this.job = build('backup-job');
    built.part('truth').append(this.truth.root);
    built.part('job').append(this.job.root);
    built.part('now').addEventListener('click', () => void this.#make());
  }

  /** @param {Backups} all @param {Job|null} ended */
  draw(all, ended) {
    const { verdict, text, more } = truthOf(all, new Date());
    this.truth.root.dataset.verdict = verdict;
    this.truth.part('text').textContent = text;
    this.truth.part('more').textContent = more;
    this.#drawJob(all);
    const now = this.built.part('now', HTMLButtonElement);
    this.built.part('kit').hidden = all.kit;
    now.hidden = !all.kit;
    now.classList.toggle('main', all.targets.length > 0);
    now.setAttribute('aria-disabled', String(all.running !== null));
    if (!ended) return;
    if (ended.phase === 'failed') this.trouble(ended.problem);
    else this.deps.say(t(ended.kind === 'prove' ? 'backup.job.proved' : 'backup.job.done'));
  }

  /** @param {Backups} all */
  #drawJob({ running, targets }) {
    this.built.part('job').hidden = running === null;
    if (!running) return;
    const { text, bytes } = jobText(running, targets);
    const words = this.job.part('text');
    if (words.textContent !== text) words.textContent = text; // a live region is not said anew for each byte
    this.job.part('bytes').textContent = bytes;
    /** @type {ProgressBar} */ (this.job.part('bar')).value = partOf(running);
  }

  async #make() {
    const button = this.built.part('now');
    if (button.getAttribute('aria-disabled') === 'true') return;
    button.setAttribute('aria-disabled', 'true');
    await this.run(async () => this.begun(await this.deps.api.post('/latchkey/backups', {})));
    button.setAttribute('aria-disabled', 'false');
  }

  /** Does something, and says beside the sentence what went wrong. @param {() => Promise<unknown>} act */
  async run(act) {
    this.trouble(null);
    try {
      await act();
    } catch (error) {
      if (!declined(error)) this.trouble(error);
    }
  }

  /** @param {unknown} error null takes it away */
  trouble(error) {
    const place = this.built.part('trouble');
    place.replaceChildren();
    if (!error) return;
    const { text, hint } = messageOf(error);
    const strong = document.createElement('strong');
    strong.textContent = text;
    place.append(strong, hint);
  }
}
