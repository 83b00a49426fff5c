/** A list of messages that is kept up to date in place: only what changed is drawn again. */

import { dayDivider, dayOf } from "./dates.js";
import { h } from "./dom.js";
import { refreshDates } from "./mentions.js";
import { drawMessage } from "./message.js";
import { moveFocus } from "./popup.js";

/**
 * @typedef {import('./types.js').Message} Message
 * @typedef {import('./message.js').Place} Place
 * @typedef {{key: string, signature: string, build: () => HTMLElement}} Item
 */

/** Messages of one author closer together than this (seconds) stand under one name, as in Slack. */
const GROUP_SPAN = 300;
const NEAR_BOTTOM = 80;

export class MessageList {
  /**
   * @param {HTMLElement} scroller
   * @param {Place} place
   * @param {string} label
   */
  constructor(scroller, place, label) {
    this.scroller = scroller;
    this.place = place;
    /** @type {Map<string, {signature: string, node: HTMLElement}>} */
    this.drawn = new Map();
    this.node = h("div", { class: "message-list", role: "list", "aria-label": label, dataset: { testid: "message-list" } });
    this.node.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.key(event));
    scroller.replaceChildren(this.node);
    this.keepBottom();
  }

  /** Whoever reads the end still does when the pane becomes narrower or lower: by a thread, by a keyboard. */
  keepBottom() {
    let wasAtBottom = true;
    this.scroller.addEventListener("scroll", () => { wasAtBottom = this.atBottom; });
    new ResizeObserver(() => { if (wasAtBottom) this.toBottom(); }).observe(this.scroller);
  }

  get atBottom() {
    const { scrollHeight, scrollTop, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight < NEAR_BOTTOM;
  }

  toBottom() {
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  /**
   * @param {Message[]} messages oldest first
   * @param {string|null} unreadFrom ts of the first message below the "New" line
   */
  update(messages, unreadFrom) {
    const stick = this.drawn.size === 0 || this.atBottom;
    this.sync(this.items(messages, unreadFrom));
    refreshDates(this.node, this.place.session.environment);
    this.keepOneTabStop();
    if (stick) this.toBottom();
  }

  /** @param {Message[]} messages @param {string|null} unreadFrom @returns {Item[]} */
  items(messages, unreadFrom) {
    const { environment } = this.place.session;
    /** @type {Item[]} */
    const items = [];
    /** @type {Message|null} */
    let before = null;
    for (const message of messages) {
      const unix = Number(message.ts);
      const day = dayOf(unix, environment.tz);
      const newDay = !before || day !== dayOf(Number(before.ts), environment.tz);
      if (newDay && !this.place.inThread) items.push(divider(`day-${day}`, dayDivider(unix, environment.tz, environment.now())));
      if (message.ts === unreadFrom) items.push(newLine());
      const compact = !newDay && message.ts !== unreadFrom && before !== null && this.continues(before, message);
      items.push(this.messageItem(message, compact));
      if (this.place.inThread && !before && messages.length > 1) items.push(repliesLine(messages.length - 1));
      before = message;
    }
    return items;
  }

  /** Whether a message stands under the name of the one before. @param {Message} before @param {Message} message */
  continues(before, message) {
    if (this.place.inThread && before.ts === message.thread_ts) return false;
    const same = (before.user ?? before.bot_id) === (message.user ?? message.bot_id) && before.username === message.username;
    const plain = !before.is_ephemeral && !message.is_ephemeral && message.subtype !== "thread_broadcast";
    return same && plain && Number(message.ts) - Number(before.ts) < GROUP_SPAN;
  }

  /** @param {Message} message @param {boolean} compact @returns {Item} */
  messageItem(message, compact) {
    return { key: message.ts, signature: `${compact} ${JSON.stringify(message)}`,
      build: () => drawMessage(message, compact, this.place) };
  }

  /** @param {Item[]} items */
  sync(items) {
    const keys = new Set(items.map((item) => item.key));
    for (const [key, { node }] of this.drawn) {
      if (keys.has(key)) continue;
      node.remove();
      this.drawn.delete(key);
    }
    /** @type {HTMLElement|null} */
    let previous = null;
    for (const item of items) {
      const node = this.nodeOf(item);
      const wanted = previous ? previous.nextSibling : this.node.firstChild;
      if (node !== wanted) this.node.insertBefore(node, wanted);
      previous = node;
    }
  }

  /** @param {Item} item */
  nodeOf(item) {
    const known = this.drawn.get(item.key);
    if (known?.signature === item.signature) return known.node;
    const node = item.build();
    this.drawn.set(item.key, { signature: item.signature, node });
    if (known?.node.isConnected) swap(known.node, node);
    return node;
  }

  /** Draws everything again at the next update: names or channels have changed. */
  forget() {
    for (const entry of this.drawn.values()) entry.signature = "";
  }

  messageNodes() {
    return /** @type {HTMLElement[]} */ ([...this.node.querySelectorAll(":scope > .message")]);
  }

  keepOneTabStop() {
    const nodes = this.messageNodes();
    if (nodes.some((node) => node.tabIndex === 0)) return;
    const last = nodes[nodes.length - 1];
    if (last) last.tabIndex = 0;
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    if (!target.classList.contains("message")) return;
    const nodes = this.messageNodes();
    if (moveFocus(event, nodes)) {
      for (const node of nodes) node.tabIndex = node === document.activeElement ? 0 : -1;
    } else if (["Enter", "t"].includes(event.key) && !this.place.inThread && !event.ctrlKey && !event.metaKey) {
      const message = this.place.session.store.messages.get(this.place.channel)?.get(target.dataset.ts ?? "");
      if (message) this.place.openThread(message.thread_ts ?? message.ts);
    }
  }
}

/** Puts a new drawing in the place of the old one; the focus stays where it was. @param {HTMLElement} old @param {HTMLElement} node */
function swap(old, node) {
  const focused = /** @type {HTMLElement|null} */ (old.contains(document.activeElement) ? document.activeElement : null);
  node.tabIndex = old.tabIndex;
  old.replaceWith(node);
  if (!focused) return;
  const same = focused.dataset.actionId && node.querySelector(`[data-action-id="${CSS.escape(focused.dataset.actionId)}"]`);
  /** @type {HTMLElement} */ (same || node).focus({ preventScroll: true });
}

/** @param {string} key @param {string} label @returns {Item} */
function divider(key, label) {
  return { key, signature: label, build: () => h("div", { class: "day-divider", role: "listitem" },
    h("span", {}, label)) };
}

/** @returns {Item} */
function newLine() {
  return { key: "new-line", signature: "", build: () => h("div", { class: "new-line", role: "listitem",
    dataset: { testid: "unread-divider" } }, h("span", {}, "New")) };
}

/** @param {number} count @returns {Item} */
function repliesLine(count) {
  const label = `${count} ${count === 1 ? "reply" : "replies"}`;
  return { key: "replies", signature: label, build: () => h("div", { class: "replies-line", role: "listitem" },
    h("span", {}, label)) };
}
