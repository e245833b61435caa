// clipboard: copies, and takes a secret away again after 30 seconds. Reading
// back what the clipboard holds needs a permission that we never ask for; only
// where it is granted already do we look whether it is still ours.

const keep = 30_000; // ms; enough to paste once, too short to be forgotten there

/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/**
 * Copies a text and plans its removal. A later copy made here starts the wait
 * anew. Rejects with the problem copy.refused where the browser doesn't let us.
 * @param {string} text
 */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch (cause) {
    throw Object.assign(new Error('clipboard: copying', { cause }), { code: 'copy.refused' });
  }
  clearTimeout(timer);
  timer = setTimeout(() => clear(text), keep);
}

/** Browsers let only a page that is looked at write, so a clear may wait for that. @param {string} text */
async function clear(text) {
  if (!document.hasFocus()) {
    addEventListener('focus', () => clear(text), { once: true });
    return;
  }
  if ((await readable()) && (await navigator.clipboard.readText()) !== text) return;
  await navigator.clipboard.writeText('').catch(() => {});
}

async function readable() {
  try {
    const name = /** @type {PermissionName} */ ('clipboard-read');
    return (await navigator.permissions.query({ name })).state === 'granted';
  } catch {
    return false; // Firefox and Safari know no such permission
  }
}
