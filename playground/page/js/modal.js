/** Modal views: a stack in one native dialog, with Slack's title, submit and close. */

import { drawBlocks } from "./blocks.js";
import { h, replace } from "./dom.js";
import { keepFocus } from "./focus.js";
import { icon, mark } from "./icons.js";
import { plain } from "./text.js";
import { toastError } from "./toast.js";
import { validate } from "./validate.js";
import { Values } from "./values.js";

/**
 * @typedef {import('./types.js').View} View
 * @typedef {import('./session.js').Session} Session
 * @typedef {{view: View, values: Values}} Layer
 */

/** Blocks with the block_id that elements are known by. @param {View} view */
function blocksOf(view) {
  return view.blocks.map((block, index) => (block.block_id ? block : { ...block, block_id: `block-${index}` }));
}

export class ModalStack {
  /** @param {() => Session} session the one who acts now */
  constructor(session) {
    this.session = session;
    /** @type {Layer[]} */
    this.layers = [];
    this.busy = false;
    this.dialog = h("dialog", { class: "dialog modal", "aria-labelledby": "modal-title", dataset: { testid: "modal" } });
    this.dialog.addEventListener("cancel", (/** @type {Event} */ event) => {
      event.preventDefault();
      this.closeTop();
    });
    document.body.append(this.dialog);
  }

  /** @param {string} name @param {any} data an event of the stream about views */
  received(name, data) {
    if (name === "view_opened") this.opened(data.view);
    else if (name === "view_updated") this.updated(data.view);
    else this.removed(data.view_id);
  }

  /** @param {View} view */
  opened(view) {
    if (this.layers.some((layer) => layer.view.id === view.id)) {
      this.updated(view);
      return;
    }
    const isPushed = view.previous_view_id && this.layers.some((layer) => layer.view.id === view.previous_view_id);
    if (!isPushed) this.layers = [];
    this.layers.push({ view, values: new Values() });
    this.draw(true);
  }

  /** @param {View} view */
  updated(view) {
    const layer = this.layers.find((candidate) => candidate.view.id === view.id);
    if (!layer) return;
    layer.view = view;
    if (layer === this.top) keepFocus(this.dialog, () => this.draw(false));
  }

  /** @param {string} viewId */
  removed(viewId) {
    const before = this.layers.length;
    this.layers = this.layers.filter((layer) => layer.view.id !== viewId);
    if (this.layers.length !== before) this.draw(true);
  }

  clear() {
    this.layers = [];
    this.draw(false);
  }

  get top() {
    return this.layers[this.layers.length - 1];
  }

  /** @param {boolean} fresh whether another view has come up, which takes the focus */
  draw(fresh) {
    if (!this.top) {
      this.dialog.close();
      this.dialog.replaceChildren();
      return;
    }
    const { view, values } = this.top;
    values.beginDrawing();
    const scroll = fresh ? 0 : (this.dialog.querySelector(".modal-body")?.scrollTop ?? 0);
    this.dialog.dataset.viewId = view.id;
    this.dialog.dataset.callbackId = view.callback_id ?? "";
    replace(this.dialog, h("form", { class: "modal-form", novalidate: true, onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      this.submit();
    } }, this.head(view), this.body(view, values), this.foot(view)));
    if (!this.dialog.open) this.dialog.showModal();
    if (fresh) this.focusFirst();
    /** @type {HTMLElement} */ (this.dialog.querySelector(".modal-body")).scrollTop = scroll;
  }

  /** @param {View} view */
  head(view) {
    return h("header", { class: "modal-head" }, mark(28),
      h("h2", { class: "dialog-title", id: "modal-title", dataset: { testid: "modal-title" } }, plain(view.title)),
      h("button", { class: "icon-button", type: "button", "aria-label": "Close", dataset: { testid: "modal-dismiss" },
        onclick: () => this.closeAll() }, icon("close", 18)));
  }

  /** @param {View} view @param {Values} values */
  body(view, values) {
    return h("div", { class: "modal-body" },
      h("div", { class: "modal-problem", role: "alert", hidden: true, dataset: { testid: "modal-problem" } }),
      drawBlocks(blocksOf(view), this.context(view, values)));
  }

  /** @param {View} view */
  foot(view) {
    const hasInput = view.blocks.some((block) => block.type === "input");
    const submit = view.submit || hasInput;
    return h("footer", { class: "dialog-footer" },
      h("button", { class: "button button-default", type: "button", dataset: { testid: "modal-close" }, onclick: () => this.closeTop() },
        plain(view.close) || (submit ? "Cancel" : "Close")),
      submit && h("button", { class: "button button-primary", type: "submit", disabled: Boolean(view.submit_disabled),
        dataset: { testid: "modal-submit" } },
        plain(view.submit) || "Submit"));
  }

  /** @param {View} view @param {Values} values @returns {import('./types.js').Context} */
  context(view, values) {
    return {
      surface: "modal",
      environment: this.session().environment,
      values,
      act: (block, element, send) => this.session().act({ view_id: view.id, block_id: block.block_id, action_id: element.action_id,
        type: element.type, ...send, state: { values: values.state() } }),
    };
  }

  focusFirst() {
    const wanted = this.top.view.blocks.find((block) => block.element?.focus_on_load);
    const selector = wanted ? `[data-action-id="${CSS.escape(wanted.element.action_id ?? "")}"]` : "";
    const first = (selector && this.dialog.querySelector(selector))
      || this.dialog.querySelector(".modal-body :is(input, textarea)")
      || this.dialog.querySelector(".modal-body .button")
      || this.dialog.querySelector(".dialog-footer button");
    /** @type {HTMLElement|null} */ (first)?.focus({ preventScroll: true });
  }

  async submit() {
    if (this.busy || !this.top) return;
    const { view, values } = this.top;
    const errors = validate(blocksOf(view), values);
    this.showErrors(errors);
    if (Object.keys(errors).length) return;
    this.setBusy(true);
    try {
      this.answered(view, await this.session().api.submit(view.id, values.state()));
    } catch (error) {
      this.problem(error instanceof Error ? error.message : String(error));
    } finally {
      this.setBusy(false);
    }
  }

  /** @param {View} view that was submitted @param {any} answer */
  answered(view, answer) {
    /** @type {Record<string, () => void>} */
    const results = {
      closed: () => this.removed(view.id),
      errors: () => this.showErrors(answer.errors),
      update: () => this.replaceTop(view, answer.view),
      push: () => this.opened({ ...answer.view, previous_view_id: view.id }),
      failed: () => this.problem(answer.message),
    };
    results[answer.result]?.();
  }

  /** @param {View} old @param {View} view */
  replaceTop(old, view) {
    const layer = this.layers.find((candidate) => candidate.view.id === old.id || candidate.view.id === view.id);
    if (!layer) return;
    layer.view = view;
    this.draw(true);
  }

  /** @param {boolean} busy */
  setBusy(busy) {
    this.busy = busy;
    const button = this.dialog.querySelector("[data-testid=modal-submit]");
    if (busy) button?.setAttribute("aria-busy", "true");
    else button?.removeAttribute("aria-busy");
  }

  /** @param {string} text what went wrong with the view as a whole; empty when nothing */
  problem(text) {
    const node = /** @type {HTMLElement|null} */ (this.dialog.querySelector(".modal-problem"));
    if (!node) return;
    node.textContent = text;
    node.hidden = !text;
    if (text) node.scrollIntoView({ block: "nearest" });
  }

  /** @param {Record<string, string>} errors sentences by block_id */
  showErrors(errors) {
    const left = new Map(Object.entries(errors));
    let first = null;
    for (const place of /** @type {NodeListOf<HTMLElement>} */ (this.dialog.querySelectorAll(".field-error"))) {
      const text = left.get(place.dataset.blockId ?? "") ?? "";
      left.delete(place.dataset.blockId ?? "");
      place.textContent = text;
      place.hidden = !text;
      const block = /** @type {HTMLElement} */ (place.closest(".block"));
      block.classList.toggle("has-error", Boolean(text));
      const control = block.querySelector("input, textarea, select, button");
      control?.setAttribute("aria-invalid", String(Boolean(text)));
      if (text) first ??= control;
    }
    this.problem([...left.values()].join(" "));
    /** @type {HTMLElement|null} */ (first)?.focus();
  }

  closeTop() {
    if (this.top) this.tellClosed(this.top.view.id);
  }

  closeAll() {
    const root = this.layers[0]?.view.id; // closing it takes along what lies on it
    this.clear();
    if (root) this.session().api.closeView(root).catch(toastError);
  }

  /** @param {string} viewId */
  tellClosed(viewId) {
    this.removed(viewId);
    this.session().api.closeView(viewId).catch(toastError);
  }
}
