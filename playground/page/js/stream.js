/** Server-sent events of one person, which come back by themselves after the last event that was seen. */

export const EVENTS = [
  "message", "message_changed", "message_deleted", "ephemeral", "view_opened", "view_updated", "view_closed",
  "home", "unread", "workspace", "clock", "traffic", "error",
];

const FIRST_WAIT = 500;
const LONGEST_WAIT = 8000;

export class Stream {
  /**
   * @param {string} me
   * @param {number} after id of the last event that the page knows
   * @param {{event: (name: string, data: any) => void, lost: () => void, back: () => void}} listener
   */
  constructor(me, after, listener) {
    this.me = me;
    this.last = after;
    this.listener = listener;
    this.wait = FIRST_WAIT;
    this.wasLost = false;
    this.closed = false;
    this.open();
  }

  open() {
    if (this.closed) return;
    const query = new URLSearchParams({ as: this.me, after: String(this.last) });
    this.source = new EventSource(`/playground/stream?${query}`);
    this.source.onopen = () => this.opened();
    // The server's own event named "error" arrives here too, as a MessageEvent: that is no lost connection.
    this.source.onerror = (event) => {
      if (!(event instanceof MessageEvent)) this.failed();
    };
    for (const name of EVENTS) {
      this.source.addEventListener(name, (event) => this.received(name, /** @type {MessageEvent} */ (event)));
    }
  }

  opened() {
    this.wait = FIRST_WAIT;
    if (!this.wasLost) return;
    this.wasLost = false;
    this.listener.back();
  }

  failed() {
    this.source?.close();
    if (this.closed) return;
    if (!this.wasLost) this.listener.lost();
    this.wasLost = true;
    this.timer = setTimeout(() => this.open(), this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST_WAIT);
  }

  /**
   * @param {string} name
   * @param {MessageEvent} event
   */
  received(name, event) {
    if (typeof event.data !== "string") return; // the browser's own "error" has no data
    if (event.lastEventId) this.last = Number(event.lastEventId);
    this.listener.event(name, JSON.parse(event.data));
  }

  /** @param {number} after */
  restart(after) {
    this.source?.close();
    clearTimeout(this.timer);
    this.last = after;
    this.open();
  }

  close() {
    this.closed = true;
    clearTimeout(this.timer);
    this.source?.close();
  }
}
