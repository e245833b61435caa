// dialog: modal dialogs on <dialog>. The browser keeps the focus inside and
// gives it back where it was; Esc closes.
import { t } from '../text/sentences.js';
import { build } from './template.js';

/**
 * Shows a built template as a modal dialog. Resolves with the value given to
 * close(), or null when it was dismissed.
 * @template T
 * @param {import("./template.js").Built} built its root becomes the dialog's content
 * @param {(close: (value: T | null) => void, dialog: HTMLDialogElement) => void} wire
 * @returns {Promise<T | null>}
 */
export function openDialog(built, wire) {
  const before = document.activeElement;
  const dialog = document.createElement('dialog');
  dialog.className = 'dialog';
  const heading = built.root.querySelector('h1, h2');
  if (heading) {
    heading.id = 'dialog-heading';
    dialog.setAttribute('aria-labelledby', heading.id);
  }
  dialog.append(built.root);
  document.body.append(dialog);
  return new Promise((resolve) => {
    /** @type {T | null} */
    let answer = null;
    dialog.addEventListener('close', () => {
      dialog.remove();
      if (before instanceof HTMLElement && before.isConnected) before.focus();
      resolve(answer);
    });
    wire((value) => {
      answer = value;
      dialog.close();
    }, dialog);
    dialog.addEventListener('click', (event) => {
      if (event.target === dialog && !insideBox(dialog, event)) dialog.close();
    });
    dialog.showModal();
  });
}

/** @param {HTMLElement} box @param {MouseEvent} event */
function insideBox(box, event) {
  const edge = box.getBoundingClientRect();
  return (
    event.clientX >= edge.left &&
    event.clientX <= edge.right &&
    event.clientY >= edge.top &&
    event.clientY <= edge.bottom
  );
}

/**
 * Asks before something happens. Resolves true only when the action was chosen.
 * @param {{ title: string, text: string, action: string, loss?: boolean }} question
 *   loss: something is gone afterwards; text then says what and how many
 */
export async function ask({ title, text, action, loss = false }) {
  const built = build('confirm');
  built.part('title').textContent = title;
  built.part('text').textContent = text;
  const button = built.part('action');
  button.textContent = action;
  button.classList.toggle('loss', loss);
  const answer = await openDialog(built, (close) => {
    button.addEventListener('click', () => close(true));
    built.part('cancel').addEventListener('click', () => close(null));
  });
  return answer === true;
}

/**
 * Asks for one line of text. Resolves with it, trimmed, or null.
 * @param {{ title: string, label: string, action: string, value?: string }} question
 */
export async function askText({ title, label, action, value = '' }) {
  const built = build('ask-text');
  built.part('title').textContent = title;
  built.part('label').textContent = label;
  built.part('action').textContent = action;
  const input = built.part('input', HTMLInputElement);
  input.value = value;
  return openDialog(built, (/** @type {(text: string | null) => void} */ close) => {
    built.root.addEventListener('submit', (event) => {
      event.preventDefault();
      const text = input.value.trim();
      if (text) close(text);
      else input.focus();
    });
    built.part('cancel').addEventListener('click', () => close(null));
  });
}

/**
 * Asks for the master password again and proves it by verify, which rejects
 * with a problem. Resolves with the password, or null.
 * @param {{ title?: string, text: string, action: string, verify: (password: string) => Promise<unknown> }} question
 */
export async function askPassword({ title = t('ask.password.title'), text, action, verify }) {
  const { showProblem, clearProblem } = await import('./problem.js');
  const built = build('ask-password');
  built.part('title').textContent = title;
  built.part('text').textContent = text;
  const button = built.part('action', HTMLButtonElement);
  button.textContent = action;
  const field = /** @type {import("./password-field.js").PasswordField} */ (built.part('password'));
  return openDialog(built, (/** @type {(password: string | null) => void} */ close) => {
    built.part('cancel').addEventListener('click', () => close(null));
    built.root.addEventListener('submit', async (event) => {
      event.preventDefault();
      clearProblem(field);
      button.disabled = true;
      try {
        await verify(field.value);
        close(field.value);
      } catch (error) {
        button.disabled = false;
        showProblem(field, error);
      }
    });
  });
}
