/** What stands for a person, a group, a channel, a date or a link inside text. */

import { h, outsideLink } from "./dom.js";
import { dateText } from "./dates.js";

/** @typedef {import('./types.js').Environment} Environment */

/** @param {import('./types.js').Person|undefined} person @param {string} [fallback] */
export function displayName(person, fallback = "unknown") {
  return person ? person.real_name || person.name : fallback;
}

/** @param {string} id @param {Environment} environment @param {string} [label] */
export function userMention(id, environment, label) {
  const person = environment.person(id);
  const pings = environment.isMe(id);
  return h("span", { class: pings ? "mention mention-me" : "mention", "data-user": id, title: person?.title },
    `@${displayName(person, label || id)}`);
}

/** @param {string} id @param {Environment} environment @param {string} [label] */
export function groupMention(id, environment, label) {
  const group = environment.group(id);
  const pings = environment.inGroup(id);
  const text = group ? `@${group.handle}` : (label ?? id);
  return h("span", { class: pings ? "mention mention-me" : "mention", "data-usergroup": id }, text);
}

/** @param {string} id @param {Environment} environment @param {string} [label] */
export function channelMention(id, environment, label) {
  const channel = environment.channel(id);
  const name = channel?.name ?? label;
  if (!name) return h("span", { class: "mention", "data-channel": id }, "#private-channel");
  return h("button", { class: "mention mention-channel", type: "button", "data-channel": id,
    onclick: () => environment.openChannel(id) }, `#${name}`);
}

/** `@channel`, `@here` and `@everyone` ping everybody: shown as such. @param {string} range */
export function broadcastMention(range) {
  return h("span", { class: "mention mention-me mention-broadcast", "data-broadcast": range }, `@${range}`);
}

/**
 * @param {{unix: number, template: string, fallback?: string, url?: string}} date
 * @param {Environment} environment
 */
export function dateMention({ unix, template, fallback, url }, environment) {
  const text = dateText(unix, template, fallback, environment);
  const title = Number.isFinite(unix) ? new Date(unix * 1000).toISOString().replace(".000Z", " UTC").replace("T", " ") : "";
  const node = h("time", { title, dataset: { unix, template, fallback } }, text);
  return url ? outsideLink(url, node) : node;
}

/** Words such as "today" and "5 minutes ago" follow the playground's clock. @param {HTMLElement} root @param {Environment} environment */
export function refreshDates(root, environment) {
  for (const node of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("time[data-template]"))) {
    const { unix, template, fallback } = node.dataset;
    const text = dateText(Number(unix), template ?? "", fallback, environment);
    if (text !== node.textContent) node.textContent = text;
  }
}
