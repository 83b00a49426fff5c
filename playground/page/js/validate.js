/** What Slack's client checks before it sends a view (docs.slack.dev, "Block elements"). */

import { isMany } from "./values.js";

/**
 * @typedef {import('./types.js').Block} Block
 * @typedef {import('./types.js').Element} Element
 */

const REQUIRED = "Please complete this required field.";

/** @param {any} value */
function isEmpty(value) {
  return value === null || value === undefined || value === "" || (Array.isArray(value) && value.length === 0);
}

/** @param {Element} element @param {string} value */
function length(element, value) {
  if (element.min_length && value.length < element.min_length) return `Please enter at least ${element.min_length} characters.`;
  if (element.max_length && value.length > element.max_length) {
    return `Please enter no more than ${element.max_length} characters. This has ${value.length}.`;
  }
  return "";
}

/** @param {Element} element @param {string} value */
function number(element, value) {
  const pattern = element.is_decimal_allowed ? /^-?\d+(\.\d+)?$/ : /^-?\d+$/;
  if (!pattern.test(value.trim())) return element.is_decimal_allowed ? "Please enter a number." : "Please enter a whole number.";
  const given = Number(value);
  if (element.min_value !== undefined && given < Number(element.min_value)) return `Please enter ${element.min_value} or more.`;
  if (element.max_value !== undefined && given > Number(element.max_value)) return `Please enter ${element.max_value} or less.`;
  return "";
}

/** @param {Element} _element @param {string} value */
function url(_element, value) {
  let host = "";
  try {
    host = new URL(value).hostname;
  } catch {
    host = "";
  }
  return /^https?:\/\//i.test(value) && host ? "" : "Please enter a valid URL, such as https://example.com.";
}

/** @param {Element} _element @param {string} value */
function email(_element, value) {
  return /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(value) ? "" : "Please enter a valid email address.";
}

/** @type {Record<string, (element: Element, value: any) => string>} */
const CHECKS = { plain_text_input: length, number_input: number, url_text_input: url, email_text_input: email };

/**
 * @param {Block[]} blocks
 * @param {import('./values.js').Values} values
 * @returns {Record<string, string>} sentences by block_id
 */
export function validate(blocks, values) {
  /** @type {Record<string, string>} */
  const errors = {};
  for (const block of blocks) {
    if (block.type !== "input" || !block.block_id) continue;
    const value = values.get(block.block_id, block.element);
    const problem = isEmpty(value) ? (block.optional ? "" : REQUIRED) : check(block.element, value);
    if (problem) errors[block.block_id] = problem;
  }
  return errors;
}

/** @param {Element} element @param {any} value */
function check(element, value) {
  return isMany(element) ? "" : (CHECKS[element.type]?.(element, value) ?? "");
}
