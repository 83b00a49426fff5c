/** Elements that choose among options: select menus, checkboxes and radio buttons. */

import { chosen, hooks } from "./acting.js";
import { avatar } from "./avatar.js";
import { Combobox } from "./combobox.js";
import { freshId, h } from "./dom.js";
import { displayName } from "./mentions.js";
import { plain, textNode } from "./text.js";

/**
 * @typedef {import('./types.js').Block} Block
 * @typedef {import('./types.js').Element} Element
 * @typedef {import('./types.js').Context} Context
 * @typedef {import('./combobox.js').Choice} Choice
 */

/** @param {Element} element @returns {any[]} */
function optionsOf(element) {
  return element.options ?? (element.option_groups ?? []).flatMap((/** @type {any} */ group) => group.options);
}

/** @param {Element} element @returns {Choice[]} */
function staticChoices(element) {
  const choice = (/** @type {any} */ option, /** @type {any} */ group) => ({ key: option.value, label: plain(option.text),
    description: plain(option.description), group: group && plain(group.label) });
  if (element.options) return element.options.map((/** @type {any} */ option) => choice(option, undefined));
  return (element.option_groups ?? []).flatMap((/** @type {any} */ group) =>
    group.options.map((/** @type {any} */ option) => choice(option, group)));
}

/** @param {Context} context @returns {Choice[]} */
function userChoices({ environment }) {
  return environment.people().map((person) => ({ key: person.id, label: displayName(person),
    description: person.title, picture: avatar(person, 20) }));
}

/** @param {Context} context @returns {Choice[]} */
function channelChoices({ environment }) {
  return environment.channels().map((channel) => ({ key: channel.id, label: `#${channel.name}` }));
}

/** @param {Element} element @param {Context} context @returns {Choice[]} */
function choicesOf(element, context) {
  if (element.type.endsWith("users_select")) return userChoices(context);
  if (element.type.endsWith("channels_select")) return channelChoices(context);
  if (element.type.endsWith("conversations_select")) return [...channelChoices(context), ...userChoices(context)];
  return staticChoices(element);
}

/** Whether the value is an option object, and not an id. @param {Element} element */
function holdsOptions(element) {
  return element.type.endsWith("static_select") || element.type.endsWith("external_select");
}

/**
 * @param {Element} element @param {Block} block @param {Context} context @param {boolean} many
 */
function select(element, block, context, many) {
  const start = context.values.start(block.block_id ?? "", element);
  const toKey = (/** @type {any} */ value) => (holdsOptions(element) ? value.value : value);
  const toValue = (/** @type {string} */ key) => (holdsOptions(element)
    ? optionsOf(element).find((option) => option.value === key) : key);
  const list = many ? start : [start].filter(Boolean);
  const box = new Combobox({
    choices: choicesOf(element, context),
    chosen: list.map(toKey),
    many,
    most: element.max_selected_items,
    placeholder: plain(element.placeholder) || (many ? "Select options" : "Choose an option"),
    label: plain(block.label) || plain(element.placeholder) || "Choose an option",
    dataset: hooks(element, block),
    onchange: (keys) => {
      const values = keys.map(toValue);
      chosen(box.node, element, block, context, many ? values : (values[0] ?? null));
    },
  });
  box.node.classList.toggle("combobox-many", many);
  return box.node;
}

/** @param {Element} element @param {Block} block @param {Context} context */
export function pickOne(element, block, context) {
  return select(element, block, context, false);
}

/** @param {Element} element @param {Block} block @param {Context} context */
export function pickMany(element, block, context) {
  return select(element, block, context, true);
}

/** Checkboxes or radio buttons. @param {Element} element @param {Block} block @param {Context} context */
export function choiceGroup(element, block, context) {
  const many = element.type === "checkboxes";
  const start = context.values.start(block.block_id ?? "", element);
  const isChosen = (/** @type {any} */ option) => [start].flat().some((value) => value?.value === option.value);
  const name = freshId("choice");
  const changed = () => {
    const picked = inputs.flatMap((input, index) => (input.checked ? [element.options[index]] : []));
    chosen(node, element, block, context, many ? picked : (picked[0] ?? null));
  };
  /** @type {HTMLInputElement[]} */
  const inputs = element.options.map((/** @type {any} */ option) => h("input", { type: many ? "checkbox" : "radio", name,
    checked: isChosen(option), value: option.value, onchange: changed,
    dataset: { actionId: element.action_id, blockId: block.block_id } }));
  const node = h("div", { class: "choices", role: many ? "group" : "radiogroup", dataset: hooks(element, block),
    "aria-label": plain(block.label) || undefined }, inputs.map((input, index) => choice(input, element.options[index], context)));
  return node;
}

/** @param {HTMLInputElement} input @param {any} option @param {Context} context */
function choice(input, option, { environment }) {
  return h("label", { class: "choice" }, input, h("span", { class: "choice-text" },
    h("span", {}, textNode(option.text, environment)),
    option.description && h("span", { class: "choice-description" }, textNode(option.description, environment))));
}
