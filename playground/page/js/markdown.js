/** The common part of Markdown that Slack's markdown block shows: headings, lists, quotes, code, tables, inline styles. */

import { h, outsideLink } from "./dom.js";
import { withEmoji } from "./emoji.js";

const INLINE = [
  { pattern: /`([^`\n]+)`/, build: (/** @type {RegExpExecArray} */ match) => h("code", {}, match[1]) },
  { pattern: /!?\[([^\]\n]*)\]\(([^)\s]+)\)/, build: (/** @type {RegExpExecArray} */ match) =>
    outsideLink(match[2], match[1] || match[2]) },
  { pattern: /\*\*(\S(?:.*?\S)?)\*\*/, build: (/** @type {RegExpExecArray} */ match) => h("strong", {}, inline(match[1])) },
  { pattern: /~~(\S(?:.*?\S)?)~~/, build: (/** @type {RegExpExecArray} */ match) => h("s", {}, inline(match[1])) },
  { pattern: /(?<![\w*])[*_](\S(?:[^*_\n]*\S)?)[*_](?![\w*])/, build: (/** @type {RegExpExecArray} */ match) =>
    h("em", {}, inline(match[1])) },
  { pattern: /https?:\/\/[^\s<>)]+/, build: (/** @type {RegExpExecArray} */ match) => outsideLink(match[0], match[0]) },
];

/** @param {string} text @returns {any[]} */
function inline(text) {
  let first = null;
  for (const rule of INLINE) {
    const match = rule.pattern.exec(text);
    if (match && (!first || match.index < first.match.index)) first = { match, rule };
  }
  if (!first) return [withEmoji(text)];
  const { match, rule } = first;
  const rest = text.slice(match.index + match[0].length);
  return [withEmoji(text.slice(0, match.index)), rule.build(match), ...(rest ? inline(rest) : [])];
}

/** @param {string} line */
function cells(line) {
  return line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
}

/** @param {string[]} lines */
function table(lines) {
  const [head, , ...rows] = lines.map(cells);
  return h("div", { class: "table-frame" }, h("table", { class: "table" },
    h("thead", {}, h("tr", {}, head.map((cell) => h("th", { scope: "col" }, inline(cell))))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell) => h("td", {}, inline(cell))))))));
}

/** @param {string[]} lines */
function list(lines) {
  const ordered = /^\s*\d/.test(lines[0]);
  return h(ordered ? "ol" : "ul", { class: "rich-list" }, lines.map((line) => {
    const text = line.replace(/^\s*(?:[-*+]|\d+[.)])\s+/, "");
    const task = /^\[([ xX])\]\s+/.exec(text);
    return h("li", {}, task ? (task[1] === " " ? "☐ " : "☑ ") : "", inline(task ? text.slice(task[0].length) : text));
  }));
}

/** @param {string[]} lines */
function paragraph(lines) {
  return h("p", {}, lines.flatMap((line, index) => (index ? [h("br"), inline(line)] : [inline(line)])));
}

/** @type {{starts: RegExp, goesOn: RegExp, build: (lines: string[]) => Node}[]} */
const KINDS = [
  { starts: /^#{1,6}\s/, goesOn: /(?!)/, build: ([line]) => h("div", { class: "markdown-heading", role: "heading",
    "aria-level": /^#+/.exec(line)?.[0].length }, inline(line.replace(/^#+\s+/, ""))) },
  { starts: /^\s*(?:---+|\*\*\*+)\s*$/, goesOn: /(?!)/, build: () => h("hr") },
  { starts: /^\s*\|/, goesOn: /^\s*\|/, build: table },
  { starts: /^\s*(?:[-*+]|\d+[.)])\s+/, goesOn: /^\s*(?:[-*+]|\d+[.)])\s+/, build: list },
  { starts: /^>/, goesOn: /^>/, build: (lines) => h("blockquote", {},
    paragraph(lines.map((line) => line.replace(/^> ?/, "")))) },
];

const isSpecial = (/** @type {string} */ line) => line.startsWith("```") || KINDS.some((kind) => kind.starts.test(line));

/** How many of the lines belong to the block that the first one begins. @param {string[]} lines @param {(line: string) => boolean} goesOn */
function run(lines, goesOn) {
  let length = 1;
  while (length < lines.length && goesOn(lines[length])) length += 1;
  return length;
}

/** @param {string} text @returns {Node[]} */
export function markdown(text) {
  const out = [];
  let rest = text.split("\n");
  while (rest.length) {
    const [line] = rest;
    const kind = KINDS.find((candidate) => candidate.starts.test(line));
    let length = 1;
    if (line.startsWith("```")) {
      length = run(rest, (next) => !next.startsWith("```")) + 1;
      out.push(h("pre", { class: "code-block" }, rest.slice(1, length - 1).join("\n")));
    } else if (kind) {
      length = run(rest, (next) => kind.goesOn.test(next));
      out.push(kind.build(rest.slice(0, length)));
    } else if (line.trim()) {
      length = run(rest, (next) => next.trim() !== "" && !isSpecial(next));
      out.push(paragraph(rest.slice(0, length)));
    }
    rest = rest.slice(length);
  }
  return out;
}
