/** A field that opens a list of options and filters them: all of Slack's select menus, one or many. */

import { freshId, h } from "./dom.js";
import { icon } from "./icons.js";
import { showAt } from "./popup.js";

/**
 * @typedef {{key: string, label: string, description?: string, group?: string, picture?: any}} Choice
 * @typedef {{choices: Choice[], chosen: string[], many: boolean, placeholder: string, label: string,
 *   most?: number, dataset: Record<string, any>, onchange: (keys: string[]) => void}} ComboboxOptions
 */

export class Combobox {
  /** @param {ComboboxOptions} options */
  constructor(options) {
    this.options = options;
    this.chosen = options.chosen.filter((key) => options.choices.some((choice) => choice.key === key));
    this.active = -1;
    /** @type {HTMLElement[]} */
    this.shown = [];
    this.build();
    this.drawChosen();
  }

  build() {
    const { placeholder, label, dataset } = this.options;
    const id = freshId("list");
    this.list = h("div", { class: "popup listbox", role: "listbox", id, popover: "manual", "aria-label": label,
      "aria-multiselectable": this.options.many ? "true" : undefined, dataset: { testid: "listbox" } });
    this.input = h("input", { class: "combobox-input", type: "text", role: "combobox", autocomplete: "off",
      "aria-expanded": "false", "aria-controls": id, "aria-autocomplete": "list", "aria-label": label,
      placeholder, spellcheck: "false", dataset });
    this.chips = h("span", { class: "chips" });
    this.node = h("div", { class: "combobox" }, this.chips, this.input, icon("down", 14));
    this.node.addEventListener("mousedown", (/** @type {MouseEvent} */ event) => this.pressed(event));
    this.input.addEventListener("input", () => this.open(this.input.value));
    this.input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => this.key(event));
    this.input.addEventListener("blur", () => this.close());
  }

  /** @param {MouseEvent} event */
  pressed(event) {
    if (/** @type {HTMLElement} */ (event.target).closest("button")) return;
    if (this.isOpen && event.target !== this.input) {
      event.preventDefault();
      this.close();
      return;
    }
    setTimeout(() => {
      this.input.focus();
      this.open("");
    });
  }

  get isOpen() {
    return this.list.matches(":popover-open");
  }

  /** @param {string} filter */
  open(filter) {
    const wanted = filter.trim().toLowerCase();
    const fits = this.options.choices.filter((choice) => choice.label.toLowerCase().includes(wanted));
    this.drawList(wanted ? fits : this.options.choices);
    showAt(this.list, this.node, { width: "anchor" });
    this.input.setAttribute("aria-expanded", "true");
    if (!this.options.many && !filter) this.input.select();
    const at = this.shown.findIndex((node) => node.dataset.value === this.chosen[0]);
    this.activate(this.shown.length ? Math.max(0, at) : -1);
  }

  close() {
    if (this.isOpen) this.list.hidePopover();
    this.list.remove();
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
    this.drawChosen();
  }

  /** @param {Choice[]} choices */
  drawList(choices) {
    this.list.replaceChildren();
    this.shown = [];
    let group = "";
    for (const choice of choices) {
      if (choice.group && choice.group !== group) {
        group = choice.group;
        this.list.append(h("div", { class: "option-group", role: "presentation" }, group));
      }
      const node = this.optionNode(choice);
      this.shown.push(node);
      this.list.append(node);
    }
    if (!choices.length) this.list.append(h("div", { class: "option-none" }, "No results"));
  }

  /** @param {Choice} choice */
  optionNode(choice) {
    const selected = this.chosen.includes(choice.key);
    return h("div", { class: "option", role: "option", id: freshId("option"), "aria-selected": String(selected),
      dataset: { value: choice.key },
      onmousedown: (/** @type {Event} */ event) => event.preventDefault(),
      onclick: () => this.choose(choice.key) },
    choice.picture, h("span", { class: "option-text" }, h("span", { class: "option-label" }, choice.label),
      choice.description && h("span", { class: "option-description" }, choice.description)),
    selected && icon("check", 16));
  }

  /** @param {number} at */
  activate(at) {
    this.shown[this.active]?.classList.remove("active");
    this.active = at;
    const node = this.shown[at];
    if (!node) return;
    node.classList.add("active");
    node.scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", node.id);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      if (!this.isOpen) this.open("");
      else this.activate((this.active + step + this.shown.length) % Math.max(1, this.shown.length));
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (this.isOpen) this.shown[this.active]?.click();
      else this.open("");
    } else if (event.key === "Escape" && this.isOpen) {
      event.preventDefault();
      event.stopPropagation();
      this.close();
    } else if (event.key === "Backspace" && this.input.value === "" && this.chosen.length) {
      this.remove(this.chosen[this.chosen.length - 1]);
    }
  }

  /** @param {string} key */
  choose(key) {
    const { many, most = Infinity } = this.options;
    if (many && this.chosen.includes(key)) {
      this.remove(key);
      return;
    }
    if (many && this.chosen.length >= most) return;
    this.chosen = many ? [...this.chosen, key] : [key];
    this.close();
    if (many) this.input.value = "";
    this.options.onchange(this.chosen);
  }

  /** @param {string} key */
  remove(key) {
    this.chosen = this.chosen.filter((other) => other !== key);
    this.close();
    this.options.onchange(this.chosen);
  }

  drawChosen() {
    const { choices, many, placeholder } = this.options;
    const known = this.chosen.map((key) => choices.find((choice) => choice.key === key)).filter(Boolean);
    if (!many) {
      this.input.value = known[0]?.label ?? "";
      return;
    }
    this.input.value = "";
    this.input.placeholder = known.length ? "" : placeholder;
    this.chips.replaceChildren(...known.map((choice) => this.chip(/** @type {Choice} */ (choice))));
  }

  /** @param {Choice} choice */
  chip(choice) {
    return h("span", { class: "chip" }, choice.picture?.cloneNode(true), choice.label,
      h("button", { type: "button", class: "chip-remove", "aria-label": `Remove ${choice.label}`,
        onclick: () => this.remove(choice.key) }, icon("close", 10)));
  }
}
