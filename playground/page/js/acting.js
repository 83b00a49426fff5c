/** How an element answers a person: confirmation first, busy until the app has been told. */

import { askConfirm } from "./confirm.js";
import { fields } from "./values.js";

/**
 * @typedef {import('./types.js').Block} Block
 * @typedef {import('./types.js').Element} Element
 * @typedef {import('./types.js').Context} Context
 */

/** What tests and the focus keeper find an element by. @param {Element} element @param {Block} block */
export function hooks(element, block) {
  return { testid: element.type, actionId: element.action_id, blockId: block.block_id };
}

/**
 * Asks for confirmation where the element wants it, then tells the app; the node is busy until it is answered.
 * @param {HTMLElement} node
 * @param {{element: Element, block: Block, context: Context, send: object, confirm?: object}} what
 * @returns {Promise<boolean>} whether the app was told
 */
export async function perform(node, { element, block, context, send, confirm = element.confirm }) {
  if (node.getAttribute("aria-busy") === "true") return false;
  if (confirm && !(await askConfirm(confirm, context.environment))) return false;
  node.setAttribute("aria-busy", "true");
  try {
    await context.act(block, element, send);
  } finally {
    node.removeAttribute("aria-busy");
  }
  return true;
}

/** Keeps a chosen value; tells the app too, unless it stands in an input block that does not dispatch.
 * @param {HTMLElement} node @param {Element} element @param {Block} block @param {Context} context @param {any} value */
export async function chosen(node, element, block, context, value) {
  context.values.set(block.block_id ?? "", element, value);
  if (block.type === "input" && !block.dispatch_action) return true;
  return perform(node, { element, block, context, send: fields(element, value) });
}
