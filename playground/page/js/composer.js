/** Where a person writes: Enter sends, Shift+Enter breaks the line, suggestions while typing. */

import { complete } from "./complete.js";
import { freshId, h } from "./dom.js";
import { icon } from "./icons.js";
import { openMenu, showAt } from "./popup.js";
import { announce, toastError } from "./toast.js";

/** @typedef {import('./session.js').Session} Session */

export class Composer {
  /**
   * @param {Session} session
   * @param {{channel: string, thread?: string, placeholder: string, sent: () => void}} place
   */
  constructor(session, place) {
    this.session = session;
    this.place = place;
    this.draftKey = `${place.channel}/${place.thread ?? ""}`;
    /** @type {import('./complete.js').Suggestion[]} */
    this.suggestions = [];
    this.active = 0;
    this.from = 0;
    this.build();
  }

  build() {
    const { placeholder, thread } = this.place;
    const listId = freshId("suggestions");
    this.list = h("div", { class: "popup listbox", role: "listbox", id: listId, popover: "manual", "aria-label": "Suggestions",
      dataset: { testid: "suggestions" } });
    this.input = h("textarea", { class: "composer-input", rows: 1, placeholder, "aria-label": placeholder,
      "aria-haspopup": "listbox", "aria-autocomplete": "list", "aria-controls": listId, value: this.session.drafts.get(this.draftKey) ?? "",
      id: thread ? undefined : "composer-input", dataset: { testid: thread ? "thread-composer" : "composer" } });
    this.hint = h("div", { class: "composer-hint", dataset: { testid: "composer-hint" } });
    this.sendButton = h("button", { class: "send", type: "submit", "aria-label": "Send", title: "Send (Enter)",
      dataset: { testid: thread ? "thread-send" : "send" } }, icon("send", 16));
    this.node = h("form", { class: "composer", onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      this.send();
    } }, this.hint, this.input, h("div", { class: "composer-bar" }, this.shortcutButton(),
      h("span", { class: "composer-keys", "aria-hidden": "true" }, "Shift + Enter for a new line"), this.sendButton));
    this.input.addEventListener("input", () => this.typed());
    this.input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.key(event));
    this.input.addEventListener("blur", () => this.hide());
    queueMicrotask(() => this.fit());
    if (this.isClosed) this.node = h("p", { class: "composer-closed", dataset: { testid: "composer-closed" } },
      "Sending messages to this app has been turned off.");
  }

  /** Nobody writes to an app whose manifest makes its messages tab read-only; the words are Slack's. */
  get isClosed() {
    const { store } = this.session;
    return store.direct.has(this.place.channel) && Boolean(store.bot.messages_read_only);
  }

  /** Global shortcuts have no channel in Slack, so a thread's composer offers none. */
  shortcutButton() {
    const shortcuts = this.session.store.bot.global_shortcuts ?? [];
    if (this.place.thread || !shortcuts.length) return null;
    const node = h("button", { class: "icon-button", type: "button", "aria-label": "Shortcuts", title: "Shortcuts",
      "aria-haspopup": "menu", dataset: { testid: "shortcuts" }, onclick: () => openMenu(node, shortcuts.map((one) => ({
        label: one.name, description: one.description, value: one.callback_id,
        run: () => this.session.api.shortcut(one.callback_id).catch(toastError) })), { label: "Shortcuts" }) }, icon("bolt", 16));
    return node;
  }

  typed() {
    this.session.drafts.set(this.draftKey, this.input.value);
    this.fit();
    const before = this.input.value.slice(0, this.input.selectionStart);
    const { from, suggestions } = complete(this.session, before);
    this.from = from;
    this.suggestions = suggestions;
    this.active = 0;
    if (suggestions.length) this.show();
    else this.hide();
  }

  /** The field is as tall as its text, and the hint tells how the command goes on. */
  fit() {
    this.input.style.height = "auto";
    this.input.style.height = `${Math.min(this.input.scrollHeight, 240)}px`;
    const text = this.input.value;
    const command = this.session.store.bot.command_list.find((one) => text === one.command || text.startsWith(`${one.command} `));
    this.hint.textContent = command ? `${command.command} ${command.usage_hint ?? ""}` : "";
    this.sendButton.classList.toggle("ready", text.trim() !== "");
  }

  show() {
    this.list.replaceChildren(...this.suggestions.map((one, index) => h("div", { class: "option", role: "option", id: `${this.list.id}-${index}`,
      dataset: { value: one.insert.trim(), testid: "suggestion" }, "aria-selected": String(index === this.active),
      onmousedown: (/** @type {Event} */ event) => event.preventDefault(), onclick: () => this.accept(index) },
    one.picture, h("span", { class: "option-text" }, h("span", { class: "option-label" }, one.label),
      one.description && h("span", { class: "option-description" }, one.description)))));
    showAt(this.list, this.node, { width: "anchor", above: true });
    this.mark();
    announce(`${this.suggestions.length} suggestion${this.suggestions.length === 1 ? "" : "s"}`);
  }

  mark() {
    for (const [index, node] of [...this.list.children].entries()) {
      node.classList.toggle("active", index === this.active);
      node.setAttribute("aria-selected", String(index === this.active));
    }
    this.list.children[this.active]?.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", `${this.list.id}-${this.active}`);
  }

  hide() {
    this.suggestions = [];
    if (this.list.isConnected && this.list.matches(":popover-open")) this.list.hidePopover();
    this.list.remove();
    this.input.removeAttribute("aria-activedescendant");
  }

  /** @param {number} index */
  accept(index) {
    const { insert } = this.suggestions[index];
    const caret = this.input.selectionStart;
    this.input.setRangeText(insert, this.from, caret, "end");
    this.hide();
    this.typed();
    this.hide();
    this.input.focus();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (event.isComposing) return;
    if (this.suggestions.length && this.suggestionKey(event)) return;
    if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.send();
    }
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was for the suggestions */
  suggestionKey(event) {
    const count = this.suggestions.length;
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowDown: () => { this.active = (this.active + 1) % count; this.mark(); },
      ArrowUp: () => { this.active = (this.active + count - 1) % count; this.mark(); },
      Tab: () => this.accept(this.active),
      Enter: () => this.accept(this.active),
      Escape: () => this.hide(),
    };
    const typedWhole = this.suggestions[this.active].insert.trim() === this.input.value.trim();
    if (!keys[event.key] || (event.key === "Enter" && (event.shiftKey || typedWhole))) return false;
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
    return true;
  }

  async send() {
    const text = this.input.value.trim();
    if (!text) return;
    this.hide();
    this.put("");
    try {
      await this.session.api.say(this.place.channel, text, this.place.thread);
      this.place.sent();
    } catch (error) {
      if (this.input.value === "") this.put(text);
      toastError(error);
    }
  }

  /** @param {string} text */
  put(text) {
    this.input.value = text;
    this.session.drafts.set(this.draftKey, text);
    this.fit();
  }

  focus() {
    this.input.focus();
  }
}
