/**
 * The page's markup comes in parts: what every visit needs stands in index.html,
 * the rest in parts/*.html, fetched when a view of theirs is opened. The browser
 * reads a part as a document of its own, in which nothing runs; no string ever
 * becomes markup, so that no Trusted Types policy has to allow that.
 */

/** Small files on a home network; only a house that is away takes so long. */
const TIMEOUT = 30_000; // ms

/** @typedef {'first'|'reach'|'second'|'rotate'|'house'|'backup'|'restore'} Part */

/** @type {Map<Part, Promise<void>>} */
const coming = new Map();

/**
 * Brings the templates of a part into the page, once. Rejects with an offline
 * problem where the house can't be reached; the next call then tries again.
 * @param {Part} part of parts/
 * @returns {Promise<void>}
 */
export function needPart(part) {
  const already = coming.get(part);
  if (already) return already;
  const promise = read(new URL(`../parts/${part}.html`, import.meta.url)).then((found) => {
    document.body.append(...found.querySelectorAll('template'));
  });
  promise.catch(() => coming.delete(part));
  coming.set(part, promise);
  return promise;
}

/** @param {URL} url @returns {Promise<Document>} */
function read(url) {
  const request = new XMLHttpRequest();
  request.open('GET', url);
  request.responseType = 'document';
  request.timeout = TIMEOUT;
  return new Promise((resolve, reject) => {
    const fail = () => reject(Object.assign(new Error(`parts: reading ${url.pathname}`), { offline: true }));
    for (const kind of ['error', 'timeout', 'abort']) request.addEventListener(kind, fail);
    request.addEventListener('load', () => {
      if (request.status === 200 && request.responseXML) resolve(request.responseXML);
      else fail();
    });
    request.send();
  });
}
