/** Folds long text of a block behind "Show more", as Slack does in messages. */

import { h } from "./dom.js";

const MOST_CHARACTERS = 700;
const MOST_LINES = 5;

/**
 * @param {HTMLElement} node holds the text
 * @param {string} source the text as it was sent
 * @returns {any} the node, with its button when it is long
 */
export function foldable(node, source) {
  const lines = source.split("\n").length;
  if (source.length <= MOST_CHARACTERS || (lines < MOST_LINES && source.length < MOST_CHARACTERS + 200)) return node;
  node.classList.add("folded");
  const toggle = h("button", { type: "button", class: "show-more", "aria-expanded": "false", dataset: { testid: "show-more" },
    onclick: () => {
      const folded = node.classList.toggle("folded");
      toggle.textContent = folded ? "Show more" : "Show less";
      toggle.setAttribute("aria-expanded", String(!folded));
    } }, "Show more");
  return [node, toggle];
}
