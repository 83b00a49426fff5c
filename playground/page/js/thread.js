/** The right column: one thread with its own composer. */

import { Composer } from "./composer.js";
import { h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { MessageList } from "./messages.js";
import { toastError } from "./toast.js";

/** @typedef {import('./session.js').Session} Session */

export class ThreadPane {
  /**
   * @param {HTMLElement} root
   * @param {Session} session
   * @param {{channel: string, ts: string, close: () => void}} place
   */
  constructor(root, session, { channel, ts, close }) {
    this.session = session;
    this.channel = channel;
    this.ts = ts;
    this.closed = false;
    const name = session.store.conversation(channel)?.name ?? "";
    const title = session.store.direct.has(channel) ? name : `#${name}`;
    const scroller = h("div", { class: "scroller", tabIndex: -1 });
    this.list = new MessageList(scroller, { session, channel, inThread: true, openThread: () => undefined }, "Thread");
    this.composer = new Composer(session, { channel, thread: ts, placeholder: "Reply…", sent: () => this.list.toBottom() });
    replace(root,
      h("header", { class: "pane-head" },
        h("button", { class: "icon-button back", type: "button", "aria-label": "Back to the channel", onclick: close }, icon("back")),
        h("h2", { class: "pane-title" }, "Thread"), h("span", { class: "topic" }, title),
        h("button", { class: "icon-button close", type: "button", "aria-label": "Close thread", title: "Close (Esc)",
          dataset: { testid: "close-thread" }, onclick: close }, icon("close", 16))),
      h("div", { class: "scroller-frame" }, scroller), this.composer.node);
  }

  async load() {
    try {
      const { messages } = await this.session.api.thread(this.channel, this.ts);
      if (this.closed) return;
      this.session.store.setThread(this.channel, this.ts, messages);
      this.list.toBottom();
      this.seen();
    } catch (error) {
      toastError(error);
    }
  }

  draw() {
    this.list.update(this.session.store.threadMessages(this.channel, this.ts), null);
  }

  /** An answer to what somebody just did is shown, however far up they are. @param {import('./types.js').Message} message */
  arrived(message) {
    if (this.list.atBottom || message.is_ephemeral) this.list.toBottom();
    this.seen();
  }

  seen() {
    if (document.hidden) return;
    this.session.api.read(this.channel, this.ts).catch(() => undefined); // set again with the next reply
  }

  focus() {
    this.composer.focus();
  }

  close() {
    this.closed = true;
  }
}
