/** Boxes that open at an element: placed in the browser's top layer, so that dialogs do not cut them off. */

import { h } from "./dom.js";

const GAP = 4;

/**
 * Shows a box below its anchor, or above where there is more room.
 * @param {HTMLElement} box has a `popover` attribute
 * @param {HTMLElement} anchor
 * @param {{width?: 'anchor'|'own', above?: boolean}} [options]
 */
export function showAt(box, anchor, { width = "own", above = false } = {}) {
  const host = anchor.closest("dialog") ?? document.body;
  if (box.parentNode !== host) host.append(box);
  if (!box.matches(":popover-open")) box.showPopover();
  place(box, anchor, width, above);
}

/**
 * @param {HTMLElement} box @param {HTMLElement} anchor @param {string} width @param {boolean} above
 */
function place(box, anchor, width, above) {
  const frame = anchor.getBoundingClientRect();
  if (width === "anchor") box.style.width = `${Math.max(frame.width, 220)}px`;
  const room = { below: innerHeight - frame.bottom - 2 * GAP, above: frame.top - 2 * GAP };
  const upward = above || (room.below < Math.min(box.scrollHeight, 260) && room.above > room.below);
  box.style.maxHeight = `${Math.min(360, upward ? room.above : room.below)}px`;
  const size = box.getBoundingClientRect();
  box.style.top = `${upward ? frame.top - size.height - GAP : frame.bottom + GAP}px`;
  box.style.left = `${Math.max(8, Math.min(frame.left, innerWidth - size.width - 8))}px`;
}

/**
 * @typedef {{label: any, description?: string, testid?: string, value?: string, current?: boolean,
 *   href?: string, run: () => void}} MenuItem
 */

/**
 * A menu at a button: arrows move, Enter chooses, Escape closes and gives the focus back.
 * @param {HTMLElement} anchor
 * @param {MenuItem[]} items
 * @param {{label: string, testid?: string}} options
 */
export function openMenu(anchor, items, { label, testid }) {
  const box = h("div", { class: "popup menu", role: "menu", popover: "auto", "aria-label": label,
    dataset: { testid: testid ?? "menu" } });
  const choose = (/** @type {MenuItem} */ item) => {
    box.hidePopover();
    item.run();
  };
  box.append(...items.map((item) => menuItem(item, choose)));
  box.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => moveFocus(event, [...box.children]));
  box.addEventListener("toggle", (/** @type {ToggleEvent} */ event) => {
    anchor.setAttribute("aria-expanded", String(event.newState === "open"));
    if (event.newState === "closed") box.remove();
  });
  showAt(box, anchor);
  /** @type {HTMLElement} */ (box.querySelector("[aria-checked=true]") ?? box.firstElementChild)?.focus();
}

/** @param {MenuItem} item @param {(item: MenuItem) => void} choose */
function menuItem(item, choose) {
  const checkable = item.current !== undefined;
  return h("button", { class: "menu-item", type: "button", tabIndex: -1,
    role: checkable ? "menuitemradio" : "menuitem", "aria-checked": checkable ? String(item.current) : undefined,
    dataset: { testid: item.testid ?? "menu-item", value: item.value }, onclick: () => choose(item) },
  h("span", { class: "menu-label" }, item.label),
  item.description && h("span", { class: "menu-description" }, item.description));
}

/**
 * Arrow keys, Home and End move the focus in a list of elements.
 * @param {KeyboardEvent} event
 * @param {any[]} elements
 * @returns {boolean} whether the key was used
 */
export function moveFocus(event, elements) {
  const at = elements.indexOf(document.activeElement);
  const last = elements.length - 1;
  /** @type {Record<string, number>} */
  const places = { ArrowDown: Math.min(last, at + 1), ArrowUp: Math.max(0, at - 1), Home: 0, End: last };
  const place = places[event.key];
  if (place === undefined || !elements.length || event.altKey || event.ctrlKey || event.metaKey) return false;
  event.preventDefault();
  elements[place].focus();
  elements[place].scrollIntoView({ block: "nearest" });
  return true;
}
