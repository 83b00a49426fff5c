/** Light and dark: the system's choice until a person makes their own. */

import { h, replace } from "./dom.js";
import { icon } from "./icons.js";

const KEY = "greenlight-playground-theme";
const system = matchMedia("(prefers-color-scheme: dark)");

/** @returns {'light'|'dark'} */
function current() {
  const own = localStorage.getItem(KEY);
  if (own === "light" || own === "dark") return own;
  return system.matches ? "dark" : "light";
}

/** @param {HTMLElement} host where the toggle stands */
export function startTheme(host) {
  const button = h("button", { class: "icon-button", type: "button", dataset: { testid: "theme" } });
  const apply = () => {
    const theme = current();
    const other = theme === "dark" ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    button.setAttribute("aria-label", `Switch to ${other} mode`);
    button.title = `Switch to ${other} mode`;
    replace(button, icon(theme === "dark" ? "sun" : "moon", 18));
  };
  button.addEventListener("click", () => {
    localStorage.setItem(KEY, current() === "dark" ? "light" : "dark");
    apply();
  });
  system.addEventListener("change", apply);
  host.append(button);
  apply();
}
