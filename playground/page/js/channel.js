/** The middle column for a channel or a direct conversation. */

import { Composer } from "./composer.js";
import { h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { MessageList } from "./messages.js";
import { toastError } from "./toast.js";

/** @typedef {import('./session.js').Session} Session */

export class ChannelPane {
  /**
   * @param {HTMLElement} root
   * @param {Session} session
   * @param {string} channel
   * @param {{openThread: (ts: string) => void, back: () => void, openHome: () => void}} guide
   */
  constructor(root, session, channel, guide) {
    this.session = session;
    this.channel = channel;
    this.guide = guide;
    this.closed = false;
    /** @type {string|null} */
    this.unreadFrom = null;
    const name = this.isDirect ? this.conversation?.name : `#${this.conversation?.name}`;
    this.head = h("header", { class: "pane-head", dataset: { testid: "channel-header" } });
    this.scroller = h("div", { class: "scroller", id: "messages", tabIndex: -1 });
    this.list = new MessageList(this.scroller, { session, channel, inThread: false, openThread: guide.openThread },
      `Messages in ${name}`);
    this.pill = h("button", { class: "new-pill", type: "button", hidden: true, dataset: { testid: "new-messages" },
      onclick: () => this.list.toBottom() }, "New messages", icon("down", 14));
    this.composer = new Composer(session, { channel, placeholder: `Message ${name}`, sent: () => this.list.toBottom() });
    this.scroller.addEventListener("scroll", () => this.scrolled(), { passive: true });
    replace(root, this.head, h("div", { class: "scroller-frame" }, this.scroller, this.pill), this.composer.node);
    this.drawHead();
  }

  get conversation() {
    return this.session.store.conversation(this.channel);
  }

  get isDirect() {
    return this.session.store.direct.has(this.channel);
  }

  drawHead() {
    const { conversation, isDirect, guide } = this;
    const channel = /** @type {import('./types.js').Channel} */ (conversation);
    const sign = isDirect ? null : icon(channel?.is_private ? "lock" : "hash", 18);
    replace(this.head,
      h("button", { class: "icon-button back", type: "button", "aria-label": "Back to channels", onclick: guide.back }, icon("back")),
      h("h1", { class: "pane-title", dataset: { testid: "channel-name" } }, sign, channel?.name ?? this.channel),
      isDirect ? homeTabs(guide.openHome) : h("span", { class: "topic", title: channel?.topic }, channel?.topic ?? ""),
      !isDirect && this.botState(channel));
  }

  /** @param {import('./types.js').Channel|undefined} channel */
  botState(channel) {
    const { bot } = this.session.store;
    if (channel?.bot_is_member) {
      return h("span", { class: "bot-state", dataset: { testid: "bot-member" } }, h("span", { class: "dot" }), `${bot.name} is here`);
    }
    const node = h("button", { class: "button button-small", type: "button", dataset: { testid: "invite-bot" }, onclick: async () => {
      node.setAttribute("aria-busy", "true");
      await this.session.api.invite(this.channel, bot.user_id).catch(toastError);
      await this.session.reload();
    } }, `Invite ${bot.name}`);
    return node;
  }

  /** Reads the messages, marks where the unread ones begin, and tells that they have been seen. */
  async load() {
    const unread = this.conversation?.unread ?? 0;
    try {
      const { messages } = await this.session.api.messages(this.channel);
      if (this.closed) return;
      this.session.store.setMessages(this.channel, messages);
      this.unreadFrom ??= this.firstUnread(messages, unread);
      this.draw();
      this.list.toBottom();
      this.seen();
    } catch (error) {
      toastError(error);
    }
  }

  /** @param {import('./types.js').Message[]} messages @param {number} unread */
  firstUnread(messages, unread) {
    const others = messages.filter((message) => message.user !== this.session.me);
    return unread > 0 ? (others[Math.max(0, others.length - unread)]?.ts ?? null) : null;
  }

  draw() {
    const messages = this.session.store.channelMessages(this.channel);
    this.list.update(messages, this.unreadFrom);
    this.emptyNote(messages.length === 0);
  }

  /** @param {boolean} empty */
  emptyNote(empty) {
    this.scroller.classList.toggle("empty", empty);
    this.scroller.dataset.note = empty ? `This is the very beginning of ${this.conversation?.name ?? "this conversation"}.` : "";
  }

  /** @param {import('./types.js').Message} message that has just come */
  arrived(message) {
    if (message.user === this.session.me) {
      this.list.toBottom();
    } else if (document.hidden || !this.list.atBottom) {
      this.unreadFrom ??= message.ts;
      this.pill.hidden = this.list.atBottom;
      this.draw();
      return;
    }
    this.seen();
  }

  scrolled() {
    if (!this.list.atBottom || this.pill.hidden) return;
    this.pill.hidden = true;
    this.seen();
  }

  seen() {
    if (document.hidden) return;
    this.session.api.read(this.channel).catch(() => undefined); // a mark that was missed is set with the next message
  }

  close() {
    this.closed = true;
  }
}

/** The tabs of a conversation with the app. @param {() => void} openHome */
function homeTabs(openHome) {
  return h("div", { class: "tabs", role: "tablist", "aria-label": "App" },
    h("button", { class: "tab", role: "tab", type: "button", "aria-selected": "false", onclick: openHome }, "Home"),
    h("button", { class: "tab", role: "tab", type: "button", "aria-selected": "true" }, "Messages"));
}
