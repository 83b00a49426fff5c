/** rich_text blocks (docs.slack.dev, "Rich text block"): nothing in them is parsed, everything is said by type. */

import { h, outsideLink } from "./dom.js";
import { emojiOf } from "./emoji.js";
import { emojiNode } from "./mrkdwn.js";
import { broadcastMention, channelMention, dateMention, groupMention, userMention } from "./mentions.js";

/** @typedef {import('./types.js').Environment} Environment */

/** @type {Record<string, string>} */
const STYLE_TAGS = { code: "code", bold: "strong", italic: "em", strike: "s", underline: "u", highlight: "mark" };

/** @type {Record<string, (element: any, environment: Environment) => any>} */
const LEAVES = {
  text: (element) => withBreaks(element.text ?? ""),
  link: (element) => outsideLink(element.url, element.text || element.url),
  user: (element, environment) => userMention(element.user_id, environment),
  usergroup: (element, environment) => groupMention(element.usergroup_id, environment),
  channel: (element, environment) => channelMention(element.channel_id, environment),
  broadcast: (element) => broadcastMention(element.range),
  emoji: (element) => {
    const emoji = emojiOf(element.name) ?? fromCodePoints(element.unicode);
    return emoji ? emojiNode(element.name, emoji) : `:${element.name}:`;
  },
  date: (element, environment) => dateMention(
    { unix: element.timestamp, template: element.format, fallback: element.fallback, url: element.url },
    element.timezone ? { ...environment, tz: element.timezone } : environment),
  color: (element) => h("code", {}, element.value),
};

/** @param {string|undefined} unicode hexadecimal code points joined by dashes */
function fromCodePoints(unicode) {
  if (!unicode) return undefined;
  return String.fromCodePoint(...unicode.split("-").map((point) => Number.parseInt(point, 16)));
}

/** @param {string} text */
function withBreaks(text) {
  return text.split("\n").flatMap((line, index) => (index ? [h("br"), line] : [line]));
}

/** @param {any} element @param {Environment} environment */
function leaf(element, environment) {
  let node = LEAVES[element.type]?.(element, environment) ?? `[${element.type}]`;
  for (const [name, tag] of Object.entries(STYLE_TAGS)) {
    if (element.style?.[name]) node = h(tag, {}, node);
  }
  return node;
}

/** @param {any[]} elements @param {Environment} environment */
function leaves(elements, environment) {
  return (elements ?? []).map((element) => leaf(element, environment));
}

/** @param {any} element @param {Environment} environment */
function list(element, environment) {
  const ordered = element.style === "ordered";
  const properties = { class: `rich-list indent-${element.indent ?? 0}`, "data-indent": element.indent ?? 0 };
  const start = ordered && element.offset ? { start: element.offset + 1 } : {};
  const items = element.elements.map((/** @type {any} */ item) => h("li", {}, leaves(item.elements, environment)));
  return h(ordered ? "ol" : "ul", { ...properties, ...start }, items);
}

/** @type {Record<string, (element: any, environment: Environment) => Node>} */
const PARTS = {
  rich_text_section: (element, environment) => h("div", { class: "rich-section" }, leaves(element.elements, environment)),
  rich_text_list: list,
  rich_text_quote: (element, environment) => h("blockquote", {}, leaves(element.elements, environment)),
  rich_text_preformatted: (element, environment) => h("pre", { class: "code-block" },
    leaves(element.elements, environment)),
};

/** @param {any} block @param {Environment} environment */
export function richText(block, environment) {
  return (block.elements ?? []).map((/** @type {any} */ part) => PARTS[part.type]?.(part, environment)
    ?? h("div", { class: "unsupported" }, `[${part.type}]`));
}
