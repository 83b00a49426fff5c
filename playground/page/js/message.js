/** One message: author, time, blocks or text, thread link, and what can be done with it. */

import { avatar, botAvatar } from "./avatar.js";
import { drawBlocks } from "./blocks.js";
import { dayDivider, format, timeOf } from "./dates.js";
import { h } from "./dom.js";
import { emojiOf, withEmoji } from "./emoji.js";
import { foldable } from "./fold.js";
import { icon } from "./icons.js";
import { mrkdwn, unescape } from "./mrkdwn.js";
import { openMenu } from "./popup.js";
import { isReply } from "./store.js";
import { toastError } from "./toast.js";

/**
 * @typedef {import('./types.js').Message} Message
 * @typedef {import('./session.js').Session} Session
 * @typedef {{session: Session, channel: string, inThread: boolean, openThread: (ts: string) => void}} Place
 */

/** @param {Message} message @param {boolean} compact @param {Place} place */
export function drawMessage(message, compact, place) {
  const { session } = place;
  const classes = ["message", compact && "compact", message.is_ephemeral && "ephemeral"].filter(Boolean).join(" ");
  const author = session.authorOf(message);
  const fromApp = session.isFromApp(message);
  const time = timeOf(Number(message.ts), session.environment.tz);
  return h("div", { class: classes, role: "listitem", tabIndex: -1, "aria-label": `${author}, ${time}`,
    dataset: { testid: "message", ts: message.ts, author: message.user ?? message.bot_id } },
  h("div", { class: "gutter" }, compact ? timeNode(message, session, "time-compact") : picture(message, fromApp, session)),
  h("div", { class: "message-body" },
    message.is_ephemeral && ephemeralNote(),
    !compact && h("div", { class: "message-head" }, h("span", { class: "author" }, author),
      fromApp && h("span", { class: "badge-app" }, "APP"), timeNode(message, session, "time")),
    broadcastNote(message, place),
    content(message, place),
    reactions(message, session),
    threadLink(message, place),
    message.is_ephemeral && dismissal(message, place)),
  !message.is_ephemeral && toolbar(message, place));
}

/** @param {Message} message @param {boolean} fromApp @param {Session} session */
function picture(message, fromApp, session) {
  const person = session.store.people.get(message.user ?? "");
  return fromApp ? botAvatar(36) : avatar(person ?? { id: "", name: session.authorOf(message) }, 36);
}

/** @param {Message} message @param {Session} session @param {string} className */
function timeNode(message, session, className) {
  const unix = Number(message.ts);
  const { tz } = session.environment;
  const whole = format(unix, tz, { weekday: "long", month: "long", day: "numeric", year: "numeric", hour: "numeric",
    minute: "2-digit", second: "2-digit", timeZoneName: "short" });
  const shown = timeOf(unix, tz);
  return h("time", { class: className, title: whole, datetime: new Date(unix * 1000).toISOString() },
    className === "time-compact" ? shown.replace(/ [AP]M$/, "") : shown);
}

/** @param {Message} message @param {Place} place */
function content(message, { session, channel }) {
  const edited = message.edited && h("span", { class: "edited" }, " (edited)");
  if (message.blocks?.length) {
    return h("div", { class: "content" }, drawBlocks(message.blocks, session.messageContext(channel, message)), edited);
  }
  const text = message.text ?? "";
  const node = h("div", { class: "content-text" }, mrkdwn(text, session.environment));
  return h("div", { class: "content" }, session.isFromApp(message) ? foldable(node, text) : node, edited);
}

/** @param {Message} message @param {Session} session */
function reactions(message, session) {
  if (!message.reactions?.length) return null;
  return h("div", { class: "reactions" }, message.reactions.map(({ name, users }) => {
    const names = users.map((id) => session.authorOf({ ts: "", user: id })).join(", ");
    const mine = users.includes(session.me);
    return h("span", { class: mine ? "reaction mine" : "reaction", title: `${names} reacted with :${name}:`,
      dataset: { testid: "reaction", name } }, emojiOf(name) ?? `:${name}:`, h("span", { class: "reaction-count" }, users.length));
  }));
}

function ephemeralNote() {
  return h("div", { class: "ephemeral-note" }, icon("eye", 14), "Only visible to you");
}

/** @param {Message} message @param {Place} place */
function dismissal(message, { session, channel }) {
  return h("div", { class: "ephemeral-actions" }, h("button", { class: "link-button", type: "button",
    dataset: { testid: "dismiss" }, onclick: () => session.store.deleteMessage({ channel, ts: message.ts }) }, "Dismiss message"));
}

/** Where a broadcast reply belongs. @param {Message} message @param {Place} place */
function broadcastNote(message, { session, channel, inThread, openThread }) {
  if (message.subtype !== "thread_broadcast") return null;
  if (inThread) return h("div", { class: "broadcast-note" }, "Also sent to the channel");
  return h("div", { class: "broadcast-note" }, "replied to ", h("button", { class: "link-button", type: "button",
    onclick: () => openThread(message.thread_ts ?? message.ts) }, rootText(message, session, channel)));
}

/** The first words of the thread that a message belongs to. @param {Message} message @param {Session} session @param {string} channel */
function rootText(message, session, channel) {
  const text = session.store.messages.get(channel)?.get(message.thread_ts ?? "")?.text ?? "";
  const short = unescape(text).split("\n")[0].slice(0, 60);
  return short ? `a thread: ${withEmoji(short)}` : "a thread";
}

/** @param {Message} message @param {Place} place */
function threadLink(message, { session, inThread, openThread }) {
  const count = message.reply_count ?? 0;
  if (inThread || !count || isReply(message)) return null;
  const people = (message.reply_users ?? []).slice(0, 5).map((id) => (session.store.people.has(id)
    ? avatar(session.store.people.get(id), 24) : botAvatar(24)));
  return h("button", { class: "thread-link", type: "button", dataset: { testid: "thread-link" },
    onclick: () => openThread(message.ts) },
  h("span", { class: "thread-faces" }, people), h("span", { class: "thread-count" }, `${count} ${count === 1 ? "reply" : "replies"}`),
  message.latest_reply && h("span", { class: "thread-last" }, lastReply(Number(message.latest_reply), session)));
}

/** @param {number} unix @param {Session} session */
function lastReply(unix, session) {
  const { tz, now } = session.environment;
  return `Last reply ${dayDivider(unix, tz, now()).toLowerCase().startsWith("today") ? "today" : dayDivider(unix, tz, now())} at ${timeOf(unix, tz)}`;
}

/** @param {Message} message @param {Place} place */
function toolbar(message, { session, channel, inThread, openThread }) {
  const shortcuts = session.store.bot.message_shortcuts ?? [];
  const run = (/** @type {string} */ callback) => session.api.shortcut(callback, channel, message.ts).catch(toastError);
  const more = h("button", { class: "icon-button", type: "button", "aria-label": "More message actions", "aria-haspopup": "menu",
    dataset: { testid: "message-menu" }, onclick: () => openMenu(more, shortcuts.map((shortcut) => ({
      label: shortcut.name, description: shortcut.description, value: shortcut.callback_id,
      run: () => run(shortcut.callback_id) })), { label: "Message shortcuts", testid: "message-shortcuts" }) }, icon("more", 16));
  return h("div", { class: "message-toolbar" },
    !inThread && h("button", { class: "icon-button", type: "button", "aria-label": "Reply in thread", title: "Reply in thread",
      dataset: { testid: "reply-in-thread" }, onclick: () => openThread(message.thread_ts ?? message.ts) }, icon("reply", 16)),
    shortcuts.length > 0 && more);
}
