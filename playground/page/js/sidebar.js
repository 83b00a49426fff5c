/** The left column: team, the person one acts as, channels, direct messages, App Home. */

import { avatar, botAvatar } from "./avatar.js";
import { h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { displayName } from "./mentions.js";
import { moveFocus, openMenu } from "./popup.js";

/**
 * @typedef {import('./session.js').Session} Session
 * @typedef {{place: string, open: (place: string) => void, become: (id: string) => void, search: () => void}} Guide
 */

/**
 * @param {HTMLElement} root
 * @param {Session} session
 * @param {Guide} guide
 */
export function drawSidebar(root, session, guide) {
  const { store } = session;
  const focusedPlace = /** @type {HTMLElement|null} */ (document.activeElement)?.dataset?.place;
  const channels = [...store.channels.values()].map((channel) => item({ place: channel.id, name: channel.name,
    picture: icon(channel.is_private ? "lock" : "hash", 16), unread: channel.unread, mentions: channel.mentions }, guide));
  const direct = [...store.direct.values()].map((one) => item({ place: one.id, name: one.name, picture: botAvatar(20),
    unread: one.unread, mentions: one.unread }, guide));
  const home = item({ place: "home", name: `${store.bot.name} home`, picture: icon("home", 16) }, guide);
  replace(root,
    h("div", { class: "team" }, h("span", { class: "team-name", dataset: { testid: "team-name" } }, store.workspace.team.name),
      h("button", { class: "icon-button on-dark", type: "button", "aria-label": "Go to a channel (Ctrl+K)", title: "Go to… (Ctrl+K)",
        dataset: { testid: "search" }, onclick: guide.search }, icon("search", 16))),
    personSwitcher(session, guide),
    h("div", { class: "sidebar-scroll", onkeydown: (/** @type {KeyboardEvent} */ event) =>
      moveFocus(event, [...root.querySelectorAll(".sidebar-item")]) },
    section("Channels", channels, "channel-list"),
    section("Direct messages", direct, "direct-list"),
    section("Apps", [home], "app-list")));
  if (focusedPlace) /** @type {HTMLElement|null} */ (root.querySelector(`[data-place="${focusedPlace}"]`))?.focus();
}

/** @param {string} title @param {HTMLElement[]} items @param {string} testid */
function section(title, items, testid) {
  return h("section", { class: "sidebar-section", "aria-label": title }, h("h2", { class: "sidebar-title" }, title),
    h("ul", { class: "sidebar-list", dataset: { testid } }, items.map((node) => h("li", {}, node))));
}

/** @param {{place: string, name: string, picture: any, unread?: number, mentions?: number}} entry @param {Guide} guide */
function item({ place, name, picture, unread = 0, mentions = 0 }, guide) {
  const current = guide.place === place;
  const words = [mentions && `${mentions} mention${mentions === 1 ? "" : "s"}`, unread && `${unread} unread`].filter(Boolean);
  return h("button", { class: `sidebar-item${unread ? " has-unread" : ""}`, type: "button", tabIndex: current ? 0 : -1,
    "aria-current": current ? "page" : undefined, "aria-label": words.length ? `${name}, ${words.join(", ")}` : undefined,
    dataset: { place, testid: "sidebar-item", unread, mentions }, onclick: () => guide.open(place) },
  h("span", { class: "sidebar-picture" }, picture), h("span", { class: "sidebar-name" }, name),
  mentions > 0 && h("span", { class: "badge", "aria-hidden": "true", dataset: { testid: "mention-badge" } }, mentions));
}

/** @param {Session} session @param {Guide} guide */
function personSwitcher({ store, me }, guide) {
  const mine = store.mine;
  const person = (/** @type {import('./types.js').Person} */ one) => ({
    label: h("span", { class: "person-line" }, avatar(one, 28), h("span", {}, displayName(one))),
    description: one.title, value: one.id, testid: "person", current: one.id === me, run: () => guide.become(one.id) });
  const node = h("button", { class: "person-switcher", type: "button", "aria-haspopup": "menu", "aria-expanded": "false",
    "aria-label": `You act as ${displayName(mine)}, ${mine?.title ?? ""}. Switch person`, dataset: { testid: "person-switcher", me },
    onclick: () => openMenu(node, [...store.people.values()].filter((one) => !one.deleted).map(person), { label: "Act as", testid: "people" }) },
  avatar(mine, 32), h("span", { class: "person-text" }, h("span", { class: "person-name" }, displayName(mine)),
    h("span", { class: "person-title" }, mine?.title ?? "")), icon("down", 14));
  return node;
}
