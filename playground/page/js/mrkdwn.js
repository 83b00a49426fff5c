/**
 * Slack's mrkdwn (docs.slack.dev, "Formatting message text") as DOM nodes.
 * Strict where Slack is strict: a marker formats only between a boundary and a character that is no space,
 * within one line; `**bold**` and `a*b*c` stay as they are.
 */

import { h, isSafeLink, outsideLink } from "./dom.js";
import { emojiOf } from "./emoji.js";
import { broadcastMention, channelMention, dateMention, groupMention, userMention } from "./mentions.js";

/** @typedef {import('./types.js').Environment} Environment */
/** @typedef {{environment: Environment, verbatim: boolean, styles: string}} Reading */

/** @type {Record<string, string>} */
const STYLES = { "*": "strong", _: "em", "~": "s" };
const BOUNDARY = /[\s!-/:-@[-`{-~\u2000-\u206f\u2e00-\u2e7f\u3000-\u303f]/;
const FENCE = /```([\s\S]+?)```/g;
const QUOTE = /^(?:>|&gt;)(?!(?:>|&gt;){2}) ?/;
const LONG_QUOTE = /^(?:>|&gt;){3} ?/;
const ADDRESS = /^https?:\/\/[^\s<>|]+/;

/** @param {string} text */
export function unescape(text) {
  return text.replace(/&lt;/g, "<").replace(/&gt;/g, ">").replace(/&amp;/g, "&");
}

/**
 * @param {string} text
 * @param {Environment} environment
 * @param {{verbatim?: boolean}} [options]
 * @returns {DocumentFragment}
 */
export function mrkdwn(text, environment, { verbatim = false } = {}) {
  const out = document.createDocumentFragment();
  const reading = { environment, verbatim, styles: "" };
  let from = 0;
  for (const match of text.matchAll(FENCE)) {
    out.append(...lines(text.slice(from, match.index).replace(/\n$/, ""), reading));
    out.append(h("pre", { class: "code-block" }, code(match[1].replace(/^\n|\n$/g, ""), reading)));
    from = match.index + match[0].length;
    if (text[from] === "\n") from += 1;
  }
  out.append(...lines(text.slice(from), reading));
  return out;
}

/** Lines, with those that begin with `>` gathered into quotes. @param {string} text @param {Reading} reading */
function lines(text, reading) {
  if (!text) return [];
  const out = [];
  let plain = /** @type {string[]} */ ([]);
  let quote = /** @type {string[]} */ ([]);
  const flush = () => {
    if (quote.length) out.push(h("blockquote", {}, inline(quote.join("\n"), reading)));
    if (plain.length) out.push(...inline(plain.join("\n"), reading));
    plain = [];
    quote = [];
  };
  const all = text.split("\n");
  for (const [index, line] of all.entries()) {
    if (LONG_QUOTE.test(line)) {
      flush();
      quote = [line.replace(LONG_QUOTE, ""), ...all.slice(index + 1)];
      break;
    }
    const quoted = QUOTE.test(line);
    if (quoted ? plain.length : quote.length) flush();
    (quoted ? quote : plain).push(quoted ? line.replace(QUOTE, "") : line);
  }
  flush();
  return out;
}

/** Text inside backticks: tokens and entities are read, formatting is not. @param {string} text @param {Reading} reading */
function code(text, reading) {
  const out = [];
  let from = 0;
  for (const match of text.matchAll(/<([^<>\n]+)>/g)) {
    out.push(unescape(text.slice(from, match.index)), angle(match[1], reading));
    from = match.index + match[0].length;
  }
  out.push(unescape(text.slice(from)));
  return out;
}

/** @param {string} text @param {Reading} reading @returns {(Node|string)[]} */
function inline(text, reading) {
  /** @type {(Node|string)[]} */
  const out = [];
  let plain = "";
  const flush = () => {
    if (plain) out.push(unescape(plain));
    plain = "";
  };
  let at = 0;
  while (at < text.length) {
    const found = piece(text, at, reading);
    if (found) {
      flush();
      out.push(found.node);
      at = found.end;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  flush();
  return out;
}

/** The node that begins at a place of the text, if one does. @param {string} text @param {number} at @param {Reading} reading */
function piece(text, at, reading) {
  const character = text[at];
  if (character === "\n") return { node: h("br"), end: at + 1 };
  if (character === "<") return angleAt(text, at, reading);
  if (character === "`") return codeAt(text, at, reading);
  if (character === ":") return emojiAt(text, at);
  if (character in STYLES) return styledAt(text, at, reading);
  if (character === "h" && !reading.verbatim) return addressAt(text, at);
  return undefined;
}

/** @param {string} text @param {number} at @param {Reading} reading */
function angleAt(text, at, reading) {
  const match = /^<([^<>\n]+)>/.exec(text.slice(at));
  return match ? { node: angle(match[1], reading), end: at + match[0].length } : undefined;
}

/** @param {string} text @param {number} at @param {Reading} reading */
function codeAt(text, at, reading) {
  const match = /^`([^`\n]+)`/.exec(text.slice(at));
  return match ? { node: h("code", {}, code(match[1], reading)), end: at + match[0].length } : undefined;
}

/** @param {string} text @param {number} at */
function emojiAt(text, at) {
  const match = /^:([a-z0-9_+'-]+(?:::skin-tone-\d)?):/.exec(text.slice(at));
  const emoji = match && emojiOf(match[1]);
  return match && emoji ? { node: emojiNode(match[1], emoji), end: at + match[0].length } : undefined;
}

/** @param {string} name @param {string} emoji */
export function emojiNode(name, emoji) {
  return h("span", { class: "emoji", role: "img", "aria-label": name.replaceAll("_", " "), title: `:${name}:` }, emoji);
}

/** @param {string} text @param {number} at */
function addressAt(text, at) {
  if (at > 0 && !BOUNDARY.test(text[at - 1])) return undefined;
  const match = ADDRESS.exec(text.slice(at));
  if (!match) return undefined;
  const url = match[0].replace(/(?:[.,;:!?)\]'"*_~`]|&gt;|&lt;)+$/, "");
  return { node: outsideLink(unescape(url), unescape(url)), end: at + url.length };
}

/** @param {string} text @param {number} at @param {Reading} reading */
function styledAt(text, at, reading) {
  const marker = text[at];
  if (reading.styles.includes(marker) || !opens(text, at)) return undefined;
  const end = closing(text, at);
  if (end < 0) return undefined;
  const inner = inline(text.slice(at + 1, end), { ...reading, styles: reading.styles + marker });
  return { node: h(STYLES[marker], {}, inner), end: end + 1 };
}

/** @param {string} text @param {number} at */
function opens(text, at) {
  const before = text[at - 1];
  const after = text[at + 1];
  if (before !== undefined && (before === text[at] || !BOUNDARY.test(before))) return false;
  return after !== undefined && after !== text[at] && !/\s/.test(after);
}

/** Where the style that opens here ends, or -1; code spans and `<…>` are stepped over. @param {string} text @param {number} at */
function closing(text, at) {
  const marker = text[at];
  for (let place = at + 1; place < text.length && text[place] !== "\n"; place += 1) {
    const skipped = /^(?:<[^<>\n]+>|`[^`\n]+`)/.exec(text.slice(place));
    if (skipped) {
      place += skipped[0].length - 1;
    } else if (text[place] === marker && place > at + 1 && !/\s/.test(text[place - 1])) {
      const after = text[place + 1];
      if (after === undefined || (after !== marker && BOUNDARY.test(after))) return place;
    }
  }
  return -1;
}

/** The inside of `<…>`. @param {string} body @param {Reading} reading @returns {Node} */
function angle(body, reading) {
  const bar = body.indexOf("|");
  const target = bar < 0 ? body : body.slice(0, bar);
  const label = bar < 0 ? undefined : body.slice(bar + 1);
  if (target.startsWith("@")) return userMention(target.slice(1), reading.environment, label && unescape(label));
  if (target.startsWith("#")) return channelMention(target.slice(1), reading.environment, label && unescape(label));
  if (target.startsWith("!")) return special(target.slice(1), label, reading);
  if (!isSafeLink(unescape(target))) return document.createTextNode(unescape(`<${body}>`)); // no link: shown as it is
  const shown = label === undefined ? [unescape(target)] : inline(label, { ...reading, verbatim: true });
  return outsideLink(unescape(target), shown);
}

/** @param {string} target @param {string|undefined} label @param {Reading} reading @returns {Node} */
function special(target, label, { environment }) {
  const fallback = label === undefined ? undefined : unescape(label);
  const [name, ...rest] = target.split("^");
  if (name === "subteam") return groupMention(rest[0], environment, fallback);
  if (["channel", "here", "everyone"].includes(name)) return broadcastMention(name);
  if (name === "date" && rest.length >= 2) {
    const [unix, template, ...url] = rest;
    return dateMention({ unix: Number(unix), template: unescape(template), fallback,
      url: url.length ? unescape(url.join("^")) : undefined }, environment);
  }
  return document.createTextNode(fallback ?? `<${unescape(target)}>`);
}
