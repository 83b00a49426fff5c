/** The drawer of raw traffic between the workspace and the app. */

import { h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { prettyJson } from "./json.js";
import { toastError } from "./toast.js";

/**
 * @typedef {import('./types.js').TrafficItem} TrafficItem
 * @typedef {import('./session.js').Session} Session
 */

const MOST = 500;

export class Inspector {
  /** @param {HTMLElement} root @param {{session: () => Session, toggled: (open: boolean) => void}} host */
  constructor(root, host) {
    this.root = root;
    this.host = host;
    /** @type {Map<number, {item: TrafficItem, node: HTMLElement}>} */
    this.rows = new Map();
    this.last = 0;
    this.build();
  }

  build() {
    this.filter = h("input", { class: "field", type: "search", placeholder: "Filter by method, id or text", "aria-label": "Filter traffic",
      dataset: { testid: "inspector-filter" }, oninput: () => this.applyFilter() });
    this.direction = h("select", { class: "field field-short", "aria-label": "Direction", onchange: () => this.applyFilter() },
      h("option", { value: "" }, "Both ways"), h("option", { value: "to_app" }, "To the app"), h("option", { value: "from_app" }, "From the app"));
    this.list = h("div", { class: "traffic-list", dataset: { testid: "traffic-list" } });
    this.none = h("p", { class: "traffic-none" }, "Nothing yet. What the workspace and the app say to each other appears here.");
    replace(this.root,
      h("header", { class: "pane-head" }, h("h2", { class: "pane-title" }, "Traffic"),
        h("span", { class: "topic" }, "as it crosses the wire, times in UTC; secrets are left out"),
        h("button", { class: "icon-button close", type: "button", "aria-label": "Close inspector", dataset: { testid: "close-inspector" },
          onclick: () => this.toggle(false) }, icon("close", 16))),
      h("div", { class: "traffic-filter" }, this.filter, this.direction), this.none, this.list);
  }

  get isOpen() {
    return !this.root.hidden;
  }

  /** @param {boolean} [open] */
  toggle(open = !this.isOpen) {
    this.root.hidden = !open;
    this.host.toggled(open);
    if (!open) return;
    this.load();
    this.filter.focus();
  }

  async load() {
    try {
      const { items } = await this.host.session().api.traffic(this.last);
      for (const item of items) this.add(item);
    } catch (error) {
      toastError(error);
    }
  }

  /** @param {TrafficItem} item */
  add(item) {
    const known = this.rows.get(item.id);
    const node = row(item);
    if (known) known.node.replaceWith(node);
    else this.list.prepend(node);
    this.rows.set(item.id, { item, node });
    this.last = Math.max(this.last, item.id);
    this.trim();
    this.show(item, node);
    this.none.hidden = true;
  }

  trim() {
    for (const [id, { node }] of this.rows) {
      if (this.rows.size <= MOST) return;
      node.remove();
      this.rows.delete(id);
    }
  }

  applyFilter() {
    for (const { item, node } of this.rows.values()) this.show(item, node);
  }

  /** @param {TrafficItem} item @param {HTMLElement} node */
  show(item, node) {
    const wanted = this.filter.value.trim().toLowerCase();
    const fits = !wanted || item.kind.toLowerCase().includes(wanted) || JSON.stringify(item).toLowerCase().includes(wanted);
    node.hidden = !fits || Boolean(this.direction.value && this.direction.value !== item.direction);
  }
}

/** @param {TrafficItem} item */
function row(item) {
  const toApp = item.direction === "to_app";
  const failed = (item.status ?? 200) >= 400 || /** @type {any} */ (item.response)?.ok === false;
  const at = new Date(item.at);
  const node = h("details", { class: "traffic", dataset: { testid: "traffic", kind: item.kind, direction: item.direction } },
    h("summary", {}, h("span", { class: toApp ? "arrow to-app" : "arrow from-app", title: toApp ? "To the app" : "From the app" },
      toApp ? "→" : "←"), h("span", { class: "traffic-kind" }, item.kind),
    h("span", { class: failed ? "status bad" : "status" }, item.status ?? ""),
    h("span", { class: "traffic-time" }, item.milliseconds === undefined ? "" : `${Math.round(item.milliseconds)} ms`),
    h("time", { class: "traffic-time" }, Number.isNaN(at.valueOf()) ? "" : at.toISOString().slice(11, 19))));
  node.addEventListener("toggle", () => {
    if (!node.open || node.children.length > 1) return;
    node.append(h("div", { class: "traffic-body" }, part("Request", item.request), part("Response", item.response)));
  });
  return node;
}

/** @param {string} title @param {unknown} value */
function part(title, value) {
  return h("div", {}, h("h3", {}, title), prettyJson(value ?? null));
}
