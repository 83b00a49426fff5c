/** The picture of an author. */

import { h } from "./dom.js";
import { mark } from "./icons.js";
import { displayName } from "./mentions.js";

/** @param {string} name */
function initials(name) {
  return name.split(/[\s._-]+/).filter(Boolean).slice(0, 2).map((word) => word[0].toUpperCase()).join("");
}

/** Whether dark letters read better on a colour (WCAG's relative luminance). @param {string} color "#rrggbb" */
function isLight(color) {
  const [red, green, blue] = [1, 3, 5].map((at) => (Number.parseInt(color.slice(at, at + 2), 16) / 255) ** 2.2);
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18;
}

/**
 * @param {import('./types.js').Person|undefined} person
 * @param {number} size pixels
 */
export function avatar(person, size = 36) {
  const text = person?.avatar || initials(displayName(person, "?"));
  const node = h("span", { class: "avatar", "aria-hidden": "true" }, text);
  node.style.setProperty("--avatar-size", `${size}px`);
  if (person?.color) {
    node.style.setProperty("--avatar-color", person.color);
    node.classList.toggle("avatar-light", isLight(person.color));
  }
  node.classList.toggle("avatar-emoji", /\p{Extended_Pictographic}/u.test(text));
  return node;
}

/** @param {number} size pixels */
export function botAvatar(size = 36) {
  const node = h("span", { class: "avatar avatar-bot", "aria-hidden": "true" }, mark(size));
  node.style.setProperty("--avatar-size", `${size}px`);
  return node;
}
