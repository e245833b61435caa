// view: the shape of a view and of what it is given. Only types.

/**
 * Where the page is: #/vault/all/ID?x=y has parts ['vault','all','ID'] and
 * query x=y. Fires 'change' while the same view stays mounted.
 * @typedef {EventTarget & { parts: string[], query: URLSearchParams }} Route
 */

/**
 * What every view is given. Whatever a view attaches outside its root, it
 * attaches with the signal, which aborts when the view leaves.
 * @typedef {object} Deps
 * @property {import('../vault/session.js').Session} session
 * @property {import('../vault/vault.js').Vault} vault
 * @property {import('../net/api.js').Api} api
 * @property {typeof import('../text/sentences.js').t} text
 * @property {(hash: string, options?: { replace?: boolean }) => void} navigate '#/vault/all'
 * @property {(message: string, options?: { undo?: () => unknown, quiet?: boolean }) => void} say
 * @property {AbortSignal} signal
 * @property {Route} route
 * @property {string} reason why the vault was closed: 'timer', 'blur', 'tab', 'expired', 'signout' or ''
 */

/** @typedef {(root: HTMLElement, deps: Deps) => void | Promise<void>} Mount */

export {};
