/**
 * Sends a file and tells how much of it has gone: what fetch can't do. It is
 * given to net/api.js in the place of fetch, which goes on to hold the tokens
 * and to read the answer.
 */

/** @typedef {import('./api.js').Fetch} Fetch */

/**
 * @param {(sent: number, all: number) => void} told bytes
 * @param {AbortSignal} left ends it
 * @returns {Fetch} rejects where no answer came; the house may have said why elsewhere
 */
export function sending(told, left) {
  return (url, init) =>
    new Promise((resolve, reject) => {
      const request = new XMLHttpRequest();
      const fail = () => reject(new Error('upload: no answer'));
      request.open(init.method ?? 'PUT', url);
      for (const [name, value] of new Headers(init.headers)) request.setRequestHeader(name, value);
      request.upload.addEventListener('progress', ({ loaded, total }) => told(loaded, total));
      request.addEventListener('load', () => resolve(answerOf(request)));
      for (const kind of ['error', 'abort', 'timeout']) request.addEventListener(kind, fail);
      for (const signal of [left, init.signal]) {
        if (signal?.aborted) return fail();
        signal?.addEventListener('abort', () => request.abort());
      }
      request.send(/** @type {Blob} */ (init.body));
    });
}

/** @param {XMLHttpRequest} request */
function answerOf(request) {
  const { status, statusText, responseText } = request;
  const bare = status === 204 || status === 304;
  return new Response(bare ? null : responseText, { status, statusText });
}
