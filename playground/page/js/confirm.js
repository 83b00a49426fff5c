/** Slack's confirm dialog, shown before an action leaves the page. */

import { h } from "./dom.js";
import { plain, textNode } from "./text.js";

/**
 * @param {any} confirm Slack's confirm object
 * @param {import('./types.js').Environment} environment
 * @returns {Promise<boolean>}
 */
export function askConfirm(confirm, environment) {
  return new Promise((resolve) => {
    const style = confirm.style === "danger" ? "danger" : "primary";
    const button = (/** @type {string} */ value, /** @type {string} */ kind, /** @type {any} */ text,
      /** @type {string} */ testid) => h("button", { class: `button button-${kind}`, value, dataset: { testid } }, text);
    const dialog = h("dialog", { class: "dialog confirm", "aria-labelledby": "confirm-title", dataset: { testid: "confirm" } },
      h("form", { method: "dialog" },
        h("h2", { class: "dialog-title", id: "confirm-title" }, plain(confirm.title)),
        h("div", { class: "confirm-text" }, textNode(confirm.text, environment)),
        h("div", { class: "dialog-footer" },
          button("no", "default", plain(confirm.deny) || "Cancel", "confirm-deny"),
          button("yes", style, plain(confirm.confirm) || "Yes", "confirm-ok"))));
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
    /** @type {HTMLElement} */ (dialog.querySelector("[value=yes]")).focus();
  });
}
