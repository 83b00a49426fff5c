/** What a composer offers while one types: commands, people, groups, channels, emoji. */

import { avatar, botAvatar } from "./avatar.js";
import { emojiLike } from "./emoji.js";
import { displayName } from "./mentions.js";

/** @typedef {{insert: string, label: string, description?: string, picture?: any}} Suggestion */
/** @typedef {import('./session.js').Session} Session */

const MOST = 8;

/** @param {string} text @param {string} letters */
function fits(text, letters) {
  const wanted = letters.toLowerCase();
  return text.toLowerCase().startsWith(wanted) || text.toLowerCase().includes(` ${wanted}`);
}

/** @param {Session} session @param {string} letters @returns {Suggestion[]} */
function commands({ store }, letters) {
  return store.bot.command_list.filter((entry) => entry.command.startsWith(letters)).map((entry) => ({
    insert: `${entry.command} `, label: `${entry.command} ${entry.usage_hint ?? ""}`.trim(), description: entry.description,
    picture: botAvatar(24) }));
}

/** @param {Session} session @param {string} letters @returns {Suggestion[]} */
function mentions({ store }, letters) {
  const people = [...store.people.values()].map((one) => ({ insert: `@${displayName(one)} `, label: displayName(one),
    description: one.title, picture: avatar(one, 24), also: one.name }));
  const app = { insert: `@${store.bot.name} `, label: store.bot.name, description: "App", picture: botAvatar(24), also: "" };
  const groups = [...store.groups.values()].map((one) => ({ insert: `@${one.handle} `, label: `@${one.handle}`,
    description: one.name, also: one.handle }));
  const all = ["here", "channel"].map((range) => ({ insert: `@${range} `, label: `@${range}`,
    description: range === "here" ? "Notify everyone online here" : "Notify everyone here", also: range }));
  return [app, ...people, ...groups, ...all].filter((one) => fits(one.label, letters) || fits(one.also, letters));
}

/** @param {Session} session @param {string} letters @returns {Suggestion[]} */
function channels({ store }, letters) {
  return [...store.channels.values()].filter((one) => one.name.includes(letters.toLowerCase()))
    .map((one) => ({ insert: `#${one.name} `, label: `#${one.name}`, description: one.topic }));
}

/** @param {Session} _session @param {string} letters @returns {Suggestion[]} */
function emoji(_session, letters) {
  return emojiLike(letters, MOST).map((one) => ({ insert: `:${one.name}: `, label: `${one.emoji}  :${one.name}:` }));
}

const RULES = [
  { pattern: /^(\/\S*)$/, find: commands },
  { pattern: /(?:^|\s)@([\w.' -]{0,20})$/, find: mentions },
  { pattern: /(?:^|\s)#([\w-]*)$/, find: channels },
  { pattern: /(?:^|\s):([a-z0-9_+-]{2,})$/, find: emoji },
];

/**
 * @param {Session} session
 * @param {string} before the text up to the caret
 * @returns {{from: number, suggestions: Suggestion[]}} from where a choice replaces the text
 */
export function complete(session, before) {
  for (const rule of RULES) {
    const match = rule.pattern.exec(before);
    if (!match) continue;
    const sign = rule.find === commands ? 0 : 1;
    const suggestions = rule.find(session, match[1]).slice(0, MOST);
    return { from: before.length - match[1].length - sign, suggestions };
  }
  return { from: 0, suggestions: [] };
}
