/** Keeps the focus, and the caret in it, over a new drawing of the same elements. */

/**
 * @param {HTMLElement} root
 * @param {() => void} draw
 */
export function keepFocus(root, draw) {
  const focused = /** @type {any} */ (root.contains(document.activeElement) ? document.activeElement : null);
  const { actionId, blockId } = focused?.dataset ?? {};
  const caret = focused && "selectionStart" in focused ? [focused.selectionStart, focused.selectionEnd] : null;
  draw();
  if (!actionId) return;
  const selector = `[data-action-id="${CSS.escape(actionId)}"]`;
  const exact = blockId && root.querySelector(`${selector}[data-block-id="${CSS.escape(blockId)}"]`);
  const next = /** @type {any} */ (exact || root.querySelector(selector));
  next?.focus({ preventScroll: true });
  if (next && caret && caret[0] !== null && "setSelectionRange" in next) next.setSelectionRange(caret[0], caret[1]);
}
