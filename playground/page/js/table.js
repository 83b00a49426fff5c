/** table and data_table blocks. Slack draws the first row as the head. */

import { h } from "./dom.js";
import { richText } from "./richtext.js";
import { withEmoji } from "./emoji.js";

/** @param {any} cell @param {import('./types.js').Environment} environment */
function content(cell, environment) {
  if (!cell) return "";
  if (cell.type === "rich_text") return richText(cell, environment);
  return withEmoji(String(cell.text ?? cell.value ?? ""));
}

/** @param {any} setting */
function className(setting) {
  return `align-${setting?.align ?? "left"}${setting?.is_wrapped ? " is-wrapped" : ""}`;
}

/**
 * @param {import('./types.js').Block} block
 * @param {import('./types.js').Environment} environment
 */
export function table(block, environment) {
  const [head, ...rows] = block.rows;
  const settings = block.column_settings ?? [];
  const row = (/** @type {any[]} */ cells, /** @type {'th'|'td'} */ tag) => h("tr", {}, cells.map((cell, column) =>
    h(tag, { class: className(settings[column]), scope: tag === "th" ? "col" : undefined }, content(cell, environment))));
  return h("div", { class: "table-frame", tabIndex: 0, role: "region", "aria-label": block.caption?.text ?? block.caption ?? "Table" },
    h("table", { class: "table" }, h("thead", {}, row(head, "th")),
      h("tbody", {}, rows.map((/** @type {any[]} */ cells) => row(cells, "td")))));
}
