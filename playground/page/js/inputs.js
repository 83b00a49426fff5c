/** Elements that take typed text, numbers, days and times. */

import { chosen, hooks, perform } from "./acting.js";
import { h } from "./dom.js";
import { clockOf, dayOf, zonedToUnix } from "./dates.js";
import { plain } from "./text.js";
import { fields } from "./values.js";

/**
 * @typedef {import('./types.js').Block} Block
 * @typedef {import('./types.js').Element} Element
 * @typedef {import('./types.js').Context} Context
 */

/** How near the most characters the counter appears. */
const COUNT_FROM = 0.8;

/** @type {Record<string, Record<string, string>>} */
const KINDS = {
  plain_text_input: { type: "text" },
  number_input: { type: "text", inputmode: "decimal" },
  url_text_input: { type: "url", inputmode: "url" },
  email_text_input: { type: "email", inputmode: "email" },
};

/** @param {Element} element @param {Block} block @param {Context} context */
export function textInput(element, block, context) {
  const value = context.values.start(block.block_id ?? "", element) ?? "";
  const long = Boolean(element.multiline);
  const shared = { class: "field", dataset: hooks(element, block), placeholder: plain(element.placeholder) || undefined,
    "aria-label": plain(block.label) || plain(element.placeholder) || undefined, value };
  const input = long ? h("textarea", { ...shared, rows: 4 }) : h("input", { ...shared, autocomplete: "off",
    ...KINDS[element.type] });
  const counter = h("span", { class: "counter", "aria-hidden": "true" });
  const changed = () => {
    context.values.set(block.block_id ?? "", element, input.value === "" ? null : input.value);
    count(counter, input.value, element);
    if (triggers(element, block, "on_character_entered")) perform(input, { element, block, context, send: fields(element, input.value) });
  };
  input.addEventListener("input", changed);
  input.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter" || long || !triggers(element, block, "on_enter_pressed")) return;
    event.preventDefault();
    perform(input, { element, block, context, send: fields(element, input.value) });
  });
  count(counter, value, element);
  return h("div", { class: "field-frame" }, input, counter);
}

/** Whether typing tells the app at once. @param {Element} element @param {Block} block @param {string} when */
function triggers(element, block, when) {
  if (block.type !== "input" || !block.dispatch_action) return false;
  return (element.dispatch_action_config?.trigger_actions_on ?? ["on_enter_pressed"]).includes(when);
}

/** @param {HTMLElement} counter @param {string} value @param {Element} element */
function count(counter, value, element) {
  const most = element.max_length;
  const shows = most && value.length >= most * COUNT_FROM;
  counter.textContent = shows ? String(most - value.length) : "";
  counter.classList.toggle("over", Boolean(most && value.length > most));
}

/**
 * @param {Element} element @param {Block} block @param {Context} context @param {'date'|'time'} type
 */
function dayOrTime(element, block, context, type) {
  const value = context.values.start(block.block_id ?? "", element) ?? "";
  const input = h("input", { class: "field field-short", type, value, dataset: hooks(element, block),
    "aria-label": plain(block.label) || plain(element.placeholder) || (type === "date" ? "Date" : "Time"),
    onchange: () => chosen(input, element, block, context, input.value || null) });
  return input;
}

/** @param {Element} element @param {Block} block @param {Context} context */
export function dateInput(element, block, context) {
  return dayOrTime(element, block, context, "date");
}

/** @param {Element} element @param {Block} block @param {Context} context */
export function timeInput(element, block, context) {
  return dayOrTime(element, block, context, "time");
}

/** A day and a time in the person's own zone; the value is Unix seconds. @param {Element} element @param {Block} block @param {Context} context */
export function dateTimeInput(element, block, context) {
  const zone = context.environment.tz;
  const value = context.values.start(block.block_id ?? "", element);
  const label = plain(block.label) || "Date and time";
  const part = (/** @type {string} */ type, /** @type {string} */ start, /** @type {string} */ name) => h("input", {
    class: "field field-short", type, value: start, "aria-label": `${label}: ${name}`, onchange: () => changed(),
    dataset: { ...hooks(element, block), part: type } });
  const day = part("date", value ? dayOf(value, zone) : "", "day");
  const time = part("time", value ? clockOf(value, zone) : "", "time");
  const changed = () => {
    const whole = day.value && time.value ? zonedToUnix(day.value, time.value, zone) : null;
    chosen(node, element, block, context, whole);
  };
  const node = h("div", { class: "field-row", role: "group", "aria-label": label, dataset: { testid: "datetime" } },
    day, time, h("span", { class: "zone" }, zone));
  return node;
}
