/** One person at the workspace: their calls, what they know, and the live stream of what happens. */

import { Api } from "./api.js";
import { displayName } from "./mentions.js";
import { Store } from "./store.js";
import { Stream } from "./stream.js";
import { announce, toast, toastError } from "./toast.js";
import { Values } from "./values.js";

/** @typedef {import('./types.js').Message} Message */

const CLOCK_PERIOD = 20_000;
/** Slack's own voice, such as the hint that an app which was mentioned is not in the channel. */
const SLACKBOT = "USLACKBOT";

export class Session {
  /**
   * @param {string|undefined} me
   * @param {{openChannel: (id: string) => void, views: (name: string, data: any) => void}} host
   */
  static async begin(me, host) {
    const first = new Api(me);
    const workspace = await first.workspace();
    return new Session(workspace, host);
  }

  /**
   * @param {import('./types.js').Workspace} workspace
   * @param {{openChannel: (id: string) => void, views: (name: string, data: any) => void}} host
   */
  constructor(workspace, host) {
    this.host = host;
    this.me = workspace.me;
    this.api = new Api(this.me);
    this.store = new Store(workspace);
    /** @type {Map<string, Values>} what people chose in messages, by channel and ts */
    this.values = new Map();
    /** @type {Map<string, string>} unsent text by conversation or thread */
    this.drafts = new Map();
    this.environment = this.buildEnvironment();
    this.clockTimer = setInterval(() => this.lookAtClock(), CLOCK_PERIOD);
    this.stream = new Stream(this.me, workspace.event_id, {
      event: (name, data) => this.received(name, data),
      lost: () => this.store.tell("connection", false),
      back: () => this.cameBack(),
    });
  }

  close() {
    clearInterval(this.clockTimer);
    this.stream.close();
  }

  /** @returns {import('./types.js').Environment} */
  buildEnvironment() {
    const { store } = this;
    const bot = () => ({ id: store.bot.user_id, name: store.bot.name, real_name: store.bot.name });
    return {
      me: this.me,
      tz: store.mine?.tz || "UTC",
      now: () => Date.parse(store.clock.now) / 1000,
      person: (id) => store.people.get(id) ?? (id === store.bot.user_id ? bot() : undefined),
      group: (id) => store.groups.get(id),
      channel: (id) => store.channels.get(id),
      isMe: (id) => id === this.me,
      inGroup: (id) => Boolean(store.mine?.groups?.includes(id)),
      people: () => [...store.people.values()],
      channels: () => [...store.channels.values()],
      openChannel: (id) => this.host.openChannel(id),
    };
  }

  /** After the connection was lost, everything may have moved on. */
  async cameBack() {
    this.store.tell("connection", true);
    await this.reload();
    this.store.tell("reload");
  }

  /** The clock may run by itself: looked at now and then. */
  async lookAtClock() {
    if (document.hidden) return;
    const { clock } = await this.api.workspace().catch(() => ({ clock: this.store.clock })); // the stream tells of a lost server
    if (clock.now !== this.store.clock.now) this.store.setClock(clock);
  }

  async reload() {
    try {
      const workspace = await this.api.workspace();
      // A server that was started anew counts from the beginning again.
      if (workspace.event_id < this.stream.last) this.stream.restart(workspace.event_id);
      this.store.setWorkspace(workspace);
    } catch (error) {
      toastError(error);
    }
  }

  /** @param {string} name @param {any} data */
  received(name, data) {
    const { store } = this;
    /** @type {Record<string, () => void>} */
    const known = {
      message: () => this.messageCame(data),
      message_changed: () => store.changeMessage(data),
      message_deleted: () => store.deleteMessage(data),
      ephemeral: () => this.ephemeralCame(data),
      view_opened: () => this.host.views(name, data),
      view_updated: () => this.viewChanged(data),
      view_closed: () => this.host.views(name, data),
      home: () => store.setHome(data.view),
      unread: () => store.setUnread(data),
      workspace: () => this.reload(),
      clock: () => store.setClock(data),
      traffic: () => store.tell("traffic", data.item),
      error: () => toast(data.message),
    };
    known[name]?.();
  }

  /** @param {{channel: string, message: Message}} data */
  messageCame(data) {
    this.store.addMessage(data);
    this.store.tell("arrived", data);
    if (data.message.user === this.me) return;
    const place = this.store.channels.get(data.channel)?.name;
    announce(`${this.authorOf(data.message)}${place ? ` in ${place}` : ""}: ${data.message.text ?? "new message"}`);
  }

  /** @param {{channel: string, message: Message}} data */
  ephemeralCame(data) {
    this.store.addEphemeral(data);
    this.store.tell("arrived", data);
    announce(`Only visible to you: ${data.message.text ?? "new message"}`);
  }

  /** @param {{view: import('./types.js').View}} data */
  viewChanged(data) {
    if (data.view.type === "home") this.store.setHome(data.view);
    else this.host.views("view_updated", data);
  }

  /** @param {Message} message */
  authorOf(message) {
    if (message.user && this.store.people.has(message.user)) return displayName(this.store.people.get(message.user));
    if (message.user === SLACKBOT) return "Slackbot";
    return message.username || this.store.bot.name;
  }

  /** Whether an app wrote it. @param {Message} message */
  isFromApp(message) {
    return message.user !== SLACKBOT && (Boolean(message.bot_id) || message.user === this.store.bot.user_id);
  }

  /**
   * Tells the app about an action; a refusal becomes a notice.
   * @param {object} fields
   */
  async act(fields) {
    try {
      await this.api.act(fields);
    } catch (error) {
      toastError(error);
    }
  }

  /** What blocks of a message are drawn with. @param {string} channel @param {Message} message */
  messageContext(channel, message) {
    const key = `${channel}/${message.ts}`;
    const values = this.values.get(key) ?? new Values();
    this.values.set(key, values);
    values.beginDrawing();
    return {
      surface: /** @type {'message'} */ ("message"),
      environment: this.environment,
      values,
      act: (/** @type {any} */ block, /** @type {any} */ element, /** @type {object} */ send) => this.act({ channel,
        message_ts: message.ts, block_id: block.block_id, action_id: element.action_id, type: element.type, ...send,
        state: { values: values.state() } }),
    };
  }
}
