/**
 * The API key for the command line: shown after a proof, copied, made anew. It
 * stays in the document only while its fold is open.
 */
import { copy } from '../components/clipboard.js';
import { ask as confirm } from '../components/dialog.js';
import { timeElement } from '../components/format.js';
import { clearProblem, showProblem } from '../components/problem.js';
import { build } from '../components/template.js';
import { t } from '../text/second.js';
import { factorProof } from './prove.js';
import { around } from './settings-devices.js';

/** @typedef {import('./view.js').Deps} Deps */

/** @param {HTMLElement} place inside a fold @param {Deps} deps */
export function showApiKey(place, deps) {
  const { api, session, say, signal } = deps;
  const built = build('apikey');
  const { part } = built;
  const shown = part('shown');
  for (const what of ['id', 'secret']) {
    const button = part(`copy-${what}`);
    const name = t(`apikey.${what}`);
    button.setAttribute('aria-label', t('apikey.copy', { what: name }));
    button.addEventListener('click', async () => {
      try {
        await copy(part(what).textContent ?? '');
        say(t('generator.copied'));
      } catch (error) {
        showProblem(shown, error);
      }
    });
  }
  part('show').addEventListener('click', () => fetchKey('/api/accounts/api-key'));
  part('again').addEventListener('click', async () => {
    const sure = {
      title: t('apikey.again.title'),
      text: t('apikey.again.text'),
      action: t('apikey.again'),
      loss: true,
    };
    if ((await confirm(sure)) && (await fetchKey('/api/accounts/rotate-api-key')))
      say(t('apikey.again.done'));
  });
  place.closest('details')?.addEventListener('toggle', hide, { signal });
  place.append(built.root);

  /** @param {string} path */
  async function fetchKey(path) {
    clearProblem(shown);
    try {
      const userVerificationToken = await factorProof(deps);
      if (userVerificationToken === null) return false;
      const { apiKey, revisionDate } = await api.post(path, { userVerificationToken });
      part('id').textContent = `user.${session.profile?.id ?? ''}`;
      part('secret').textContent = apiKey;
      part('made').replaceChildren(...around(t('apikey.made', { when: '\0' }), timeElement(revisionDate)));
      shown.hidden = part('again').hidden = false;
      part('show').hidden = true;
      return true;
    } catch (error) {
      showProblem(shown, error);
      return false;
    }
  }

  function hide() {
    part('secret').textContent = '';
    shown.hidden = part('again').hidden = true;
    part('show').hidden = false;
  }
}
