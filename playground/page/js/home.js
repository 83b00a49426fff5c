/** The app's Home tab. */

import { drawBlocks } from "./blocks.js";
import { botAvatar } from "./avatar.js";
import { h, replace } from "./dom.js";
import { keepFocus } from "./focus.js";
import { icon } from "./icons.js";
import { toastError } from "./toast.js";
import { Values } from "./values.js";

/** @typedef {import('./session.js').Session} Session */

export class HomePane {
  /**
   * @param {HTMLElement} root
   * @param {Session} session
   * @param {{back: () => void, openMessages: () => void}} guide
   */
  constructor(root, session, guide) {
    this.session = session;
    this.values = new Values();
    this.closed = false;
    const tab = (/** @type {string} */ name, /** @type {boolean} */ selected, /** @type {(() => void)|undefined} */ open) =>
      h("button", { class: "tab", role: "tab", type: "button", "aria-selected": String(selected), onclick: open }, name);
    this.body = h("div", { class: "home-body", dataset: { testid: "home" } });
    replace(root,
      h("header", { class: "pane-head" },
        h("button", { class: "icon-button back", type: "button", "aria-label": "Back to channels", onclick: guide.back }, icon("back")),
        h("h1", { class: "pane-title" }, botAvatar(24), session.store.bot.name),
        h("div", { class: "tabs", role: "tablist", "aria-label": "App" }, tab("Home", true, undefined),
          tab("Messages", false, guide.openMessages))),
      h("div", { class: "scroller-frame" }, h("div", { class: "scroller", id: "messages", tabIndex: -1 }, this.body)));
  }

  async load() {
    try {
      const before = this.session.store.home;
      const { view } = await this.session.api.home();
      // Opening the tab makes the app publish, so that a newer view may have come over the stream meanwhile.
      if (this.closed) return;
      if (view && this.session.store.home === before) this.session.store.setHome(view);
      else this.draw();
    } catch (error) {
      toastError(error);
    }
  }

  draw() {
    const { home } = this.session.store;
    if (!home) {
      replace(this.body, h("p", { class: "empty-home" }, "The app has not published its Home tab for you yet."));
      return;
    }
    this.values.beginDrawing();
    keepFocus(this.body, () => replace(this.body, drawBlocks(home.blocks, this.context(home.id))));
  }

  /** @param {string} viewId @returns {import('./types.js').Context} */
  context(viewId) {
    return {
      surface: "home",
      environment: this.session.environment,
      values: this.values,
      act: (block, element, send) => this.session.act({ view_id: viewId, block_id: block.block_id, action_id: element.action_id,
        type: element.type, ...send, state: { values: this.values.state() } }),
    };
  }

  close() {
    this.closed = true;
  }
}
