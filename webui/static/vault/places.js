/**
 * The places of the vault: which item is where, and how many are. The trash
 * hides an item from every other place, the archive from all but the trash.
 */

/** @typedef {import('./types.js').Summary} Summary */
/** @typedef {import('./types.js').Kind} Kind */

/** The fixed places; folders are 'folder:ID'. */
export const PLACES = Object.freeze([
  'all',
  'favourites',
  'login',
  'card',
  'identity',
  'note',
  'ssh',
  'other',
  'nofolder',
  'archive',
  'trash',
]);

/** Whether an item is shown in a place. @param {Summary} item @param {string} place */
export function inPlace(item, place) {
  if (item.deleted !== null) return place === 'trash';
  if (item.archived !== null) return place === 'archive';
  switch (place) {
    case 'all':
      return true;
    case 'favourites':
      return item.favourite;
    case 'nofolder':
      return item.folderId === null;
    case 'trash':
    case 'archive':
      return false;
  }
  if (place.startsWith('folder:')) return item.folderId === place.slice('folder:'.length);
  return item.kind === place;
}

/**
 * Counts each place in one pass. @param {readonly Summary[]} items
 * @param {readonly {id:string}[]} folders @returns {Record<string, number>} with a 0 for empty places
 */
export function countPlaces(items, folders) {
  /** @type {Record<string, number>} */
  const counts = {};
  for (const place of PLACES) counts[place] = 0;
  for (const folder of folders) counts[`folder:${folder.id}`] = 0;
  for (const item of items) {
    if (item.deleted !== null) counts.trash++;
    else if (item.archived !== null) counts.archive++;
    else {
      counts.all++;
      counts[item.kind]++;
      if (item.favourite) counts.favourites++;
      const home = item.folderId === null ? 'nofolder' : `folder:${item.folderId}`;
      counts[home] = (counts[home] ?? 0) + 1;
    }
  }
  return counts;
}
