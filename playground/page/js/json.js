/** JSON as coloured, indented text: every piece a text node. */

import { h } from "./dom.js";

const TOKEN = /("(?:[^"\\]|\\.)*")(\s*:)?|\b(true|false|null)\b|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/** @param {unknown} value */
export function prettyJson(value) {
  const text = JSON.stringify(value, null, 2) ?? "";
  const out = h("pre", { class: "json" });
  let from = 0;
  for (const match of text.matchAll(TOKEN)) {
    const kind = match[2] ? "key" : match[1] ? "string" : match[3] ? "word" : "number";
    const body = match[1] ?? match[0];
    out.append(text.slice(from, match.index), h("span", { class: `json-${kind}` }, body));
    from = match.index + body.length;
  }
  out.append(text.slice(from));
  return out;
}
