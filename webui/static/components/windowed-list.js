// windowed-list: a listbox of any length that keeps only the rows in sight in
// the document. It owns scrolling, the active row and arrow keys; what a row
// shows and what choosing it means is the caller's.

const spare = 8; // rows drawn beyond each edge, so that a quick scroll meets no gap

/**
 * @template Item
 * @typedef {object} ListOptions
 * @property {() => HTMLElement} makeRow a new, empty row
 * @property {(row: HTMLElement, item: Item, index: number) => void} fillRow fills a row, new or used
 * @property {(index: number, cause: 'key' | 'pointer', event: Event) => void} onMove the active row moved
 * @property {(index: number, event: Event) => void} onOpen Enter or a click
 * @property {HTMLElement} [lender] a search field that lends its arrows: it points at the active row, too
 * @property {AbortSignal} signal
 */

/** @template Item */
export class WindowedList {
  /** @type {readonly Item[]} */
  #items = [];
  /** @type {HTMLElement[]} */
  #pool = [];
  #rowHeight = 44;
  #active = -1;
  // Remembered, because reading them back would lay the page out in the middle of a change.
  #width = 0;
  #height = 0;
  #top = 0;

  /**
   * @param {HTMLElement} host a scrolling element with role=listbox, a name and tabindex=0
   * @param {ListOptions<Item>} options
   */
  constructor(host, options) {
    this.host = host;
    this.options = options;
    this.track = document.createElement('div');
    this.track.className = 'list-track';
    this.track.setAttribute('role', 'presentation');
    host.append(this.track);
    const { signal } = options;
    host.addEventListener('scroll', () => this.#scrolled(), { signal, passive: true });
    host.addEventListener('keydown', (event) => this.key(event), { signal });
    host.addEventListener('click', (event) => this.#click(event), { signal });
    const resized = new ResizeObserver(() => this.#resize());
    resized.observe(host);
    signal.addEventListener('abort', () => resized.disconnect());
  }

  get items() {
    return this.#items;
  }

  /**
   * Shows other items, with one of them as the active row, in one drawing.
   * @param {readonly Item[]} items
   * @param {number} active -1 for none
   * @param {{ fromTop?: boolean }} [options] fromTop: else the scroll position stays
   */
  show(items, active, { fromTop = false } = {}) {
    this.#items = items;
    this.#active = Math.min(active, items.length - 1);
    this.track.style.height = `${items.length * this.#rowHeight}px`;
    if (fromTop) this.#scrollTo(0);
    else this.#top = Math.max(0, Math.min(this.#top, items.length * this.#rowHeight - this.#height));
    while (this.#pool.length > items.length) this.#pool.pop()?.remove();
    this.refresh();
  }

  /** The index of the active row, -1 for none. */
  get active() {
    return this.#active;
  }

  /**
   * Makes a row the active one and brings it into sight.
   * @param {number} index -1 for none
   */
  activate(index) {
    this.#active = Math.max(-1, Math.min(index, this.#items.length - 1));
    this.reveal(this.#active);
    this.refresh();
  }

  /** Scrolls a row into sight. @param {number} index */
  reveal(index) {
    if (index < 0) return;
    const top = index * this.#rowHeight;
    if (top < this.#top) this.#scrollTo(top);
    else if (top + this.#rowHeight > this.#top + this.#height)
      this.#scrollTo(top + this.#rowHeight - this.#height);
  }

  /** @param {number} top */
  #scrollTo(top) {
    if (this.#top === top) return;
    this.#top = top;
    this.host.scrollTop = top;
  }

  #scrolled() {
    this.#top = this.host.scrollTop;
    this.#draw();
  }

  /** Fills every row in sight anew: what they show has changed. */
  refresh() {
    for (const row of this.#pool) row.dataset.index = '';
    this.#draw();
  }

  /**
   * Handles a key as the list would; for a search field that lends its arrows.
   * @param {KeyboardEvent} event
   * @returns {boolean} whether it was one of the list's
   */
  key(event) {
    if (event.altKey || (event.ctrlKey && event.key !== 'Home' && event.key !== 'End')) return false;
    const page = Math.max(1, Math.floor(this.#height / this.#rowHeight) - 1);
    const last = this.#items.length - 1;
    const to = {
      ArrowDown: this.#active + 1,
      ArrowUp: Math.max(0, this.#active - 1),
      PageDown: this.#active + page,
      PageUp: Math.max(0, this.#active - page),
      Home: 0,
      End: last,
    }[event.key];
    if (to === undefined) {
      if (event.key !== 'Enter' || this.#active < 0) return false;
      this.options.onOpen(this.#active, event);
    } else {
      this.activate(Math.min(to, last));
      if (this.#active >= 0) this.options.onMove(this.#active, 'key', event);
    }
    event.preventDefault();
    return true;
  }

  /** @param {MouseEvent} event */
  #click(event) {
    const row = /** @type {HTMLElement | null} */ (Object(event.target).closest?.('[role="option"]'));
    if (!row) return;
    this.#active = Number(row.dataset.index);
    this.refresh();
    this.options.onOpen(this.#active, event);
  }

  #resize() {
    const { clientWidth, clientHeight, scrollTop } = this.host;
    if (clientHeight === 0) return; // not shown
    this.#height = clientHeight;
    this.#top = scrollTop;
    if (clientWidth !== this.#width) this.#measure(clientWidth);
    this.#draw();
  }

  /** The height of a row comes from the style sheet: it grows with the reader's type. */
  /** @param {number} width */
  #measure(width) {
    this.#width = width;
    const probe = this.options.makeRow();
    this.track.append(probe);
    this.#rowHeight = probe.getBoundingClientRect().height || this.#rowHeight;
    probe.remove();
    this.show(this.#items, this.#active);
  }

  #draw() {
    const first = Math.max(0, Math.floor(this.#top / this.#rowHeight) - spare);
    const end = Math.min(this.#items.length, Math.ceil((this.#top + this.#height) / this.#rowHeight) + spare);
    const size = Math.max(this.#pool.length, end - first);
    while (this.#pool.length < size) this.#addRow();
    for (const row of this.#pool) {
      const index = Number(row.dataset.index || -1);
      if (index < first || index >= end) row.hidden = true;
    }
    // A row keeps its place in the pool while it is in sight, so that scrolling fills only what is new.
    for (let index = first; index < end; index++) this.#place(this.#pool[index % this.#pool.length], index);
    this.#pointAtActive(first, end);
  }

  #addRow() {
    const row = this.options.makeRow();
    row.setAttribute('role', 'option');
    row.hidden = true;
    this.#pool.push(row);
    this.track.append(row);
    for (const other of this.#pool) other.dataset.index = '';
  }

  /** @param {HTMLElement} row @param {number} index */
  #place(row, index) {
    row.hidden = false;
    if (row.dataset.index === String(index)) return;
    row.dataset.index = String(index);
    row.id = `${this.host.id}-${index}`;
    row.style.transform = `translateY(${index * this.#rowHeight}px)`;
    row.setAttribute('aria-setsize', String(this.#items.length));
    row.setAttribute('aria-posinset', String(index + 1));
    row.classList.toggle('active', index === this.#active);
    this.options.fillRow(row, this.#items[index], index);
  }

  /** @param {number} first @param {number} end */
  #pointAtActive(first, end) {
    const shown = this.#active >= first && this.#active < end;
    for (const pointer of [this.host, this.options.lender]) {
      if (shown) pointer?.setAttribute('aria-activedescendant', `${this.host.id}-${this.#active}`);
      else pointer?.removeAttribute('aria-activedescendant');
    }
  }
}
