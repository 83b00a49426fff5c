/** Interactive elements (docs.slack.dev, "Block elements"): drawn by type, answering through the context. */

import { hooks, perform } from "./acting.js";
import { choiceGroup, pickMany, pickOne } from "./choices.js";
import { h, isSafeLink } from "./dom.js";
import { icon } from "./icons.js";
import { dateInput, dateTimeInput, textInput, timeInput } from "./inputs.js";
import { openMenu } from "./popup.js";
import { plain } from "./text.js";

/**
 * @typedef {import('./types.js').Block} Block
 * @typedef {import('./types.js').Element} Element
 * @typedef {import('./types.js').Context} Context
 */

/** @type {Record<string, (element: Element, block: Block, context: Context) => Node>} */
const DRAW = {
  button,
  icon_button: iconButton,
  feedback_buttons: feedbackButtons,
  workflow_button: button,
  overflow,
  static_select: pickOne,
  external_select: pickOne,
  users_select: pickOne,
  channels_select: pickOne,
  conversations_select: pickOne,
  multi_static_select: pickMany,
  multi_external_select: pickMany,
  multi_users_select: pickMany,
  multi_channels_select: pickMany,
  multi_conversations_select: pickMany,
  checkboxes: choiceGroup,
  radio_buttons: choiceGroup,
  datepicker: dateInput,
  timepicker: timeInput,
  datetimepicker: dateTimeInput,
  plain_text_input: textInput,
  number_input: textInput,
  url_text_input: textInput,
  email_text_input: textInput,
};

/** @param {Element} element @param {Block} block @param {Context} context @returns {Node} */
export function drawElement(element, block, context) {
  const draw = DRAW[element.type];
  if (!draw) return h("span", { class: "unsupported" }, `[${element.type} is not shown here]`);
  return draw(element, block, context);
}

/** @param {Element} element @param {Block} block @param {Context} context */
function button(element, block, context) {
  const style = element.style ?? "default";
  const act = () => {
    if (element.url && isSafeLink(element.url)) window.open(element.url, "_blank", "noopener");
    return perform(node, { element, block, context, send: { value: element.value } });
  };
  const node = h("button", { class: `button button-${style}`, type: "button", dataset: hooks(element, block),
    "aria-label": element.accessibility_label, title: element.url, onclick: act },
  h("span", { class: "button-text" }, plain(element.text)));
  return node;
}

/** @type {Record<string, string>} */
const ICONS = { trash: "🗑️" };

/** @param {Element} element @param {Block} block @param {Context} context */
function iconButton(element, block, context) {
  const node = h("button", { class: "icon-button", type: "button", dataset: hooks(element, block),
    "aria-label": element.accessibility_label ?? plain(element.text), title: plain(element.text),
    onclick: () => perform(node, { element, block, context, send: { value: element.value } }) },
  ICONS[element.icon] ?? plain(element.text));
  return node;
}

/** @param {Element} element @param {Block} block @param {Context} context */
function feedbackButtons(element, block, context) {
  const one = (/** @type {any} */ part, /** @type {string} */ fallback) => {
    const node = h("button", { class: "icon-button", type: "button", dataset: { ...hooks(element, block), value: part.value },
      "aria-label": part.accessibility_label ?? plain(part.text), title: plain(part.text),
      onclick: () => perform(node, { element, block, context, send: { value: part.value } }) },
    plain(part.text) || fallback);
    return node;
  };
  return h("span", { class: "feedback", role: "group" }, one(element.positive_button, "👍"), one(element.negative_button, "👎"));
}

/** @param {Element} element @param {Block} block @param {Context} context */
function overflow(element, block, context) {
  const open = () => openMenu(node, element.options.map((/** @type {any} */ option) => ({
    label: plain(option.text),
    description: plain(option.description),
    value: option.value,
    run: () => {
      if (option.url && isSafeLink(option.url)) window.open(option.url, "_blank", "noopener");
      perform(node, { element, block, context, send: { selected_option: option } });
    },
  })), { label: "More actions" });
  const node = h("button", { class: "button button-default button-icon", type: "button", "aria-haspopup": "menu",
    "aria-expanded": "false", "aria-label": "More actions", dataset: hooks(element, block), onclick: open },
  icon("more", 16));
  return node;
}
