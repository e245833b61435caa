/**
 * The way into the log: how much is kept, a search, and what is asked for most.
 * The lines themselves stand at `#/house/log`, behind a fresh proof.
 */
import { exactly } from '../components/format.js';
import { build, element } from '../components/template.js';
import { t } from '../text/house.js';
import { midnight } from './house-fold.js';
import { bytesText } from './house-words.js';

/** @type {import('./house.js').Show} */
export async function show(place, { api, navigate, signal }) {
  const built = build('house-past');
  const now = new Date();
  const query = new URLSearchParams({ since: midnight(now).toISOString(), until: now.toISOString() });
  const { entries, bytes, oldest } = await api.get(`/latchkey/usage?${query}`);
  if (signal.aborted) return;
  built.part('lead').textContent =
    entries > 0
      ? t('house.past.lead', { count: entries, bytes: bytesText(bytes), since: exactly(oldest) })
      : t('house.past.none');
  built.part('shortcuts').append(...shortcuts(now).map(linkOf));
  built.part('form').addEventListener('submit', (event) => {
    event.preventDefault();
    const text = built.part('text', HTMLInputElement).value.trim();
    navigate(text ? `#/house/log?${new URLSearchParams({ text })}` : '#/house/log');
  });
  place.replaceChildren(built.root);
}

/** What is looked for most. @param {Date} now @returns {[string, Record<string, string>][]} */
function shortcuts(now) {
  const since = midnight(now).toISOString();
  return [
    ['house.past.today', { since }],
    ['house.past.refused', { outcome: 'refused' }],
    ['house.past.bans', { kind: 'ban' }],
    ['house.past.admin', { kind: 'admin' }],
  ];
}

/** @param {[string, Record<string, string>]} shortcut */
function linkOf([key, query]) {
  const item = element('li');
  const link = element('a', 'chip', t(key));
  link.href = `#/house/log?${new URLSearchParams(query)}`;
  item.append(link);
  return item;
}
