// What the page may not do, as rules. Style is prettier's; types are tsc's.
import js from '@eslint/js';

const bare = (names) => Object.fromEntries(names.split(' ').map((name) => [name, 'readonly']));

const everywhere = bare(
  'console crypto TextEncoder TextDecoder URL URLSearchParams AbortController AbortSignal Event EventTarget CustomEvent ' +
    'setTimeout clearTimeout setInterval clearInterval queueMicrotask structuredClone performance atob btoa globalThis ' +
    'Blob DOMException MessageChannel Headers Response Request WebAssembly scheduler',
);
const worker = bare('self postMessage');
const page = bare(
  'document window navigator location history customElements HTMLElement Element Node NodeFilter Document ' +
    'DocumentFragment ShadowRoot CSS getComputedStyle matchMedia requestAnimationFrame cancelAnimationFrame ' +
    'requestIdleCallback IntersectionObserver ResizeObserver MutationObserver FileReader File FormData Image ' +
    'KeyboardEvent MouseEvent PointerEvent FocusEvent InputEvent SubmitEvent ClipboardItem BroadcastChannel ' +
    'sessionStorage trustedTypes Worker isSecureContext addEventListener removeEventListener print innerWidth ' +
    'innerHeight devicePixelRatio HTMLInputElement HTMLTextAreaElement HTMLSelectElement HTMLButtonElement ' +
    'HTMLFormElement HTMLTemplateElement HTMLDialogElement HTMLAnchorElement HTMLLinkElement HTMLMetaElement ' +
    'HTMLDetailsElement SVGElement SVGSVGElement Option scrollTo scrollBy HTMLOptionElement HTMLLabelElement HTMLFieldSetElement',
);

const html =
  'Text goes in by textContent and markup stands in <template>s (index.html, parts/); Trusted Types throws otherwise.';
const markup = ['innerHTML', 'outerHTML', 'srcdoc'].map((property) => ({ property, message: html }));
const writes = ['insertAdjacentHTML', 'setHTMLUnsafe', 'createContextualFragment', 'parseHTMLUnsafe'].map(
  (property) => ({ property, message: html }),
);

const onlyFetch = { name: 'fetch', message: 'net/api.js has the only fetch.' };
const noXhr = {
  name: 'XMLHttpRequest',
  message: 'net/api.js has the only fetch; net/parts.js reads markup, net/upload.js sends files.',
};
const noStorage = {
  name: 'localStorage',
  message: 'What outlives the tab goes through vault/remember.js, which never holds a secret.',
};
const noAlert = ['alert', 'confirm', 'prompt'].map((name) => ({
  name,
  message: 'Errors stand beside the field, questions in a dialog of ours.',
}));
const noPage = Object.keys(page)
  .filter(
    (name) => !['sessionStorage', 'navigator', 'Worker', 'trustedTypes', 'BroadcastChannel'].includes(name),
  )
  .map((name) => ({ name, message: 'This folder knows no page.' }));

export default [
  {
    ignores: [
      'webui/static/vendor/**',
      'node_modules/**',
      'test/clients/node_modules/**',
      'test/out/**',
      'data/**',
      'lab/**',
    ],
  },
  js.configs.recommended,
  {
    files: ['webui/static/**/*.js'],
    languageOptions: {
      ecmaVersion: 'latest',
      sourceType: 'module',
      globals: { ...everywhere, ...worker, ...page },
    },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': 'error',
      'no-eval': 'error',
      'no-implied-eval': 'error',
      'no-new-func': 'error',
      'no-script-url': 'error',
      'no-control-regex': 'off', // separators and what a person may not type are told apart by them
      'no-unused-vars': ['error', { argsIgnorePattern: '^_', caughtErrors: 'none' }],
      'no-restricted-properties': [
        'error',
        ...markup,
        ...writes,
        { object: 'document', property: 'write', message: html },
      ],
      'no-restricted-globals': ['error', onlyFetch, noXhr, noStorage, ...noAlert],
    },
  },
  {
    files: ['webui/static/crypto/**/*.js', 'webui/static/vault/**/*.js'],
    rules: { 'no-restricted-globals': ['error', onlyFetch, noXhr, noStorage, ...noAlert, ...noPage] },
  },
  {
    files: ['webui/static/vault/remember.js'],
    languageOptions: { globals: bare('localStorage') },
    rules: { 'no-restricted-globals': ['error', onlyFetch, noXhr, ...noAlert] },
  },
  {
    files: ['webui/static/net/parts.js'],
    languageOptions: { globals: bare('XMLHttpRequest') },
    rules: { 'no-restricted-globals': ['error', onlyFetch, noStorage, ...noAlert] },
  },
  {
    files: ['webui/static/net/upload.js'],
    languageOptions: { globals: bare('XMLHttpRequest') },
    rules: { 'no-restricted-globals': ['error', onlyFetch, noStorage, ...noAlert] },
  },
  {
    files: ['webui/static/net/api.js'],
    languageOptions: { globals: bare('fetch') },
    rules: { 'no-restricted-globals': ['error', noXhr, noStorage, ...noAlert] },
  },
  {
    files: [
      'webui/jstest/**/*.js',
      'webui/jstest/**/*.mjs',
      'test/**/*.mjs',
      'scripts/**/*.mjs',
      'eslint.config.js',
    ],
    languageOptions: {
      ecmaVersion: 'latest',
      sourceType: 'module',
      globals: {
        ...everywhere,
        ...page,
        ...bare('process Buffer fetch setImmediate localStorage PerformanceObserver Clipboard dispatchEvent'),
      },
    },
    rules: { 'no-unused-vars': ['error', { argsIgnorePattern: '^_', caughtErrors: 'none' }] },
  },
];
