/** "Go to…": Ctrl+K or Cmd+K jumps to a channel, a direct message, App Home or a person to act as. */

import { avatar, botAvatar } from "./avatar.js";
import { freshId, h } from "./dom.js";
import { icon } from "./icons.js";
import { displayName } from "./mentions.js";

/** @typedef {{label: string, note?: string, picture: any, run: () => void}} Target */

/**
 * @param {import('./store.js').Store} store
 * @param {{open: (place: string) => void, become: (id: string) => void}} guide
 * @returns {Target[]}
 */
function targets(store, guide) {
  const channels = [...store.channels.values()].map((one) => ({ label: one.name, note: one.topic,
    picture: icon(one.is_private ? "lock" : "hash", 18), run: () => guide.open(one.id) }));
  const direct = [...store.direct.values()].map((one) => ({ label: one.name, note: "Direct message", picture: botAvatar(20),
    run: () => guide.open(one.id) }));
  const home = { label: `${store.bot.name} home`, note: "App Home", picture: icon("home", 18), run: () => guide.open("home") };
  const people = [...store.people.values()].map((one) => ({ label: `Act as ${displayName(one)}`, note: one.title,
    picture: avatar(one, 20), run: () => guide.become(one.id) }));
  return [...channels, ...direct, home, ...people];
}

/**
 * @param {import('./store.js').Store} store
 * @param {{open: (place: string) => void, become: (id: string) => void}} guide
 */
export function openGoTo(store, guide) {
  if (document.querySelector("dialog[open]")) return;
  const all = targets(store, guide);
  let shown = all;
  let active = 0;
  const listId = freshId("goto");
  const list = h("div", { class: "goto-list", role: "listbox", id: listId, "aria-label": "Places" });
  const choose = (/** @type {Target} */ target) => {
    dialog.close();
    target.run();
  };
  const draw = () => {
    list.replaceChildren(...shown.map((one, index) => h("div", { class: `option${index === active ? " active" : ""}`, role: "option",
      id: `${listId}-${index}`, "aria-selected": String(index === active), onclick: () => choose(one) },
    one.picture, h("span", { class: "option-text" }, h("span", { class: "option-label" }, one.label),
      one.note && h("span", { class: "option-description" }, one.note)))));
    list.children[active]?.scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", `${listId}-${active}`);
  };
  const key = (/** @type {KeyboardEvent} */ event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && shown.length) active = (active + step + shown.length) % shown.length;
    else if (event.key === "Enter" && shown[active]) choose(shown[active]);
    else return;
    event.preventDefault();
    if (dialog.open) draw();
  };
  const input = h("input", { class: "field goto-input", type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": listId,
    "aria-label": "Go to", placeholder: "Go to a channel, or act as somebody", autocomplete: "off", dataset: { testid: "goto-input" },
    onkeydown: key, oninput: () => {
      const wanted = input.value.trim().toLowerCase();
      shown = all.filter((one) => `${one.label} ${one.note ?? ""}`.toLowerCase().includes(wanted));
      active = 0;
      draw();
    } });
  const dialog = h("dialog", { class: "dialog goto", "aria-label": "Go to", dataset: { testid: "goto" } }, input, list);
  dialog.addEventListener("close", () => dialog.remove());
  dialog.addEventListener("click", (/** @type {Event} */ event) => {
    if (event.target === dialog) dialog.close();
  });
  document.body.append(dialog);
  dialog.showModal();
  draw();
}
