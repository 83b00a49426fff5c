/** Short notices at the edge of the page, and the quiet voice for screen readers. */

import { byId, h } from "./dom.js";
import { icon } from "./icons.js";

const STAYS = 9000;

/**
 * @param {string} text
 * @param {'error'|'info'} [kind]
 */
export function toast(text, kind = "error") {
  const node = h("div", { class: `toast toast-${kind}`, role: kind === "error" ? "alert" : "status",
    dataset: { testid: "toast" } }, h("span", {}, text),
  h("button", { type: "button", class: "icon-button", "aria-label": "Dismiss", onclick: () => node.remove() },
    icon("close", 14)));
  const host = byId("toasts");
  for (const other of host.children) if (other.textContent === node.textContent) other.remove();
  host.append(node);
  // The top layer, so that a notice is seen above an open dialog.
  if (host.matches(":popover-open")) host.hidePopover();
  host.showPopover();
  setTimeout(() => node.remove(), STAYS);
}

export function clearToasts() {
  byId("toasts").replaceChildren();
}

/** Shows the sentence of anything that went wrong. @param {unknown} error */
export function toastError(error) {
  toast(error instanceof Error ? error.message : String(error));
}

let spoken = 0;

/** Says something politely to a screen reader, at most once in half a second. @param {string} text */
export function announce(text) {
  clearTimeout(spoken);
  spoken = setTimeout(() => {
    byId("announcer").textContent = text;
  }, 500);
}
