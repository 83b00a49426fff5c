/** Block Kit blocks (docs.slack.dev, "Blocks"), drawn as Slack draws them. */

import { chart } from "./chart.js";
import { freshId, h } from "./dom.js";
import { drawElement } from "./elements.js";
import { foldable } from "./fold.js";
import { markdown } from "./markdown.js";
import { richText } from "./richtext.js";
import { table } from "./table.js";
import { plain, textNode } from "./text.js";

/**
 * @typedef {import('./types.js').Block} Block
 * @typedef {import('./types.js').Context} Context
 */

/** @type {Record<string, (block: Block, context: Context) => any>} */
const DRAW = {
  header: (block) => h("div", { class: "block-header-text", role: "heading", "aria-level": 2 }, plain(block.text)),
  section,
  context: contextBlock,
  actions: (block, context) => block.elements.map((/** @type {any} */ element) => drawElement(element, block, context)),
  context_actions: (block, context) => block.elements.map((/** @type {any} */ element) => drawElement(element, block, context)),
  divider: () => h("hr"),
  image,
  input,
  rich_text: (block, context) => richText(block, context.environment),
  table: (block, context) => table(block, context.environment),
  data_table: (block, context) => table(block, context.environment),
  markdown: (block) => markdown(block.text),
  data_visualization: (block) => chart(block),
  alert: (block, context) => h("div", { class: `alert alert-${block.level ?? "default"}`, role: "note" },
    textNode(block.text, context.environment)),
};

/**
 * @param {Block[]|undefined} blocks
 * @param {Context} context
 * @returns {HTMLElement}
 */
export function drawBlocks(blocks, context) {
  return h("div", { class: `blocks blocks-on-${context.surface}` }, (blocks ?? []).map((block, index) => {
    const known = block.block_id ? block : { ...block, block_id: `block-${index}` };
    return drawBlock(known, context);
  }));
}

/** @param {Block} block @param {Context} context */
function drawBlock(block, context) {
  const draw = DRAW[block.type];
  const inside = draw ? draw(block, context) : h("div", { class: "unsupported" }, `[${block.type} is not shown here]`);
  return h("div", { class: `block block-${block.type}`, dataset: { blockId: block.block_id, testid: `block-${block.type}` } },
    inside);
}

/** @param {Block} block @param {Context} context */
function section(block, context) {
  const { environment } = context;
  const text = block.text && h("div", { class: "section-text" }, textNode(block.text, environment));
  const fields = block.fields && h("div", { class: "section-fields" }, block.fields.map((/** @type {any} */ field) =>
    h("div", { class: "section-field" }, textNode(field, environment))));
  const main = h("div", { class: "section-main" }, text && foldable(text, block.expand ? "" : block.text.text), fields);
  const accessory = block.accessory && h("div", { class: "section-accessory" }, block.accessory.type === "image"
    ? picture(block.accessory, "accessory-image") : drawElement(block.accessory, block, context));
  return [main, accessory];
}

/** @param {Block} block @param {Context} context */
function contextBlock(block, { environment }) {
  return block.elements.map((/** @type {any} */ element) => {
    if (element.type === "image") return picture(element, "context-image");
    const text = h("span", { class: "context-text" }, textNode(element, environment));
    return foldable(text, element.text);
  });
}

/** Only pictures of this server are loaded: the playground works without a network.
 * @param {any} element @param {string} className */
function picture(element, className) {
  const url = element.image_url ?? element.slack_file?.url ?? "";
  const here = url.startsWith("data:image/") || new URL(url || "/", location.href).origin === location.origin;
  if (url && here) return h("img", { class: className, src: url, alt: element.alt_text ?? "", loading: "lazy" });
  return h("span", { class: `${className} image-elsewhere`, role: "img", "aria-label": element.alt_text, title: url }, "🖼️");
}

/** @param {Block} block */
function image(block) {
  const shown = picture(block, "block-image-picture");
  const elsewhere = shown.classList.contains("image-elsewhere");
  return h("figure", {}, block.title && h("figcaption", {}, plain(block.title)), shown,
    elsewhere && h("span", { class: "image-note" }, `${block.alt_text} (the picture is on another server)`));
}

/** @param {Block} block @param {Context} context */
function input(block, context) {
  const hintId = freshId("hint");
  const errorId = freshId("error");
  const element = drawElement(block.element, block, context);
  const node = h("div", { class: "input-block" },
    h("div", { class: "input-label" }, plain(block.label), block.optional && h("span", { class: "optional" }, "(optional)")),
    element,
    h("div", { class: "field-error", id: errorId, hidden: true, dataset: { testid: "field-error", blockId: block.block_id } }),
    block.hint && h("div", { class: "hint", id: hintId }, plain(block.hint)));
  for (const control of node.querySelectorAll("input, textarea")) {
    control.setAttribute("aria-describedby", `${errorId} ${block.hint ? hintId : ""}`.trim());
    if (!block.optional && control.type !== "checkbox" && control.type !== "radio") control.setAttribute("aria-required", "true");
  }
  return node;
}
