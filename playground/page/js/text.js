/** Slack's text objects. */

import { h } from "./dom.js";
import { withEmoji } from "./emoji.js";
import { mrkdwn, unescape } from "./mrkdwn.js";

/** @typedef {import('./types.js').TextObject} TextObject */

/** The plain text of a text object; `emoji: false` keeps :names: as they are. @param {TextObject|undefined} text */
export function plain(text) {
  if (!text) return "";
  const shown = unescape(text.text ?? "");
  return text.emoji === false ? shown : withEmoji(shown);
}

/**
 * @param {TextObject|undefined} text
 * @param {import('./types.js').Environment} environment
 * @returns {Node}
 */
export function textNode(text, environment) {
  if (text?.type === "mrkdwn") return mrkdwn(text.text, environment, { verbatim: text.verbatim });
  const out = document.createDocumentFragment();
  for (const [index, line] of plain(text).split("\n").entries()) {
    if (index) out.append(h("br"));
    out.append(line);
  }
  return out;
}
