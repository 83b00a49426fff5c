/** What the page knows of the workspace. Changes are announced as events named by topic. */

/** @typedef {import('./types.js').Message} Message */

/** @param {string} channel @param {string} ts */
export function threadKey(channel, ts) {
  return `${channel}/${ts}`;
}

/** Whether a message stands in a thread below another. @param {Message} message */
export function isReply(message) {
  return Boolean(message.thread_ts && message.thread_ts !== message.ts);
}

/**
 * @template {{id: string}} T
 * @param {T[]} entries
 * @returns {Map<string, T>}
 */
function byIdentifier(entries) {
  return new Map(entries.map((entry) => [entry.id, entry]));
}

export class Store extends EventTarget {
  /** @param {import('./types.js').Workspace} workspace */
  constructor(workspace) {
    super();
    /** @type {Map<string, Map<string, Message>>} messages by channel, then by ts */
    this.messages = new Map();
    /** @type {Map<string, Map<string, Message>>} messages by thread key, then by ts */
    this.threads = new Map();
    /** @type {Map<string, Map<string, Message>>} by channel or thread key: gone after a reload, as in Slack */
    this.ephemerals = new Map();
    /** @type {import('./types.js').View|null} */
    this.home = null;
    this.workspace = workspace;
    this.me = workspace.me;
    this.clock = workspace.clock;
    this.people = byIdentifier(workspace.people);
    this.groups = byIdentifier(workspace.groups);
    this.channels = byIdentifier(workspace.channels);
    this.direct = byIdentifier(workspace.direct);
  }

  /** @param {import('./types.js').Workspace} workspace */
  setWorkspace(workspace) {
    this.workspace = workspace;
    this.people = byIdentifier(workspace.people);
    this.groups = byIdentifier(workspace.groups);
    this.channels = byIdentifier(workspace.channels);
    this.direct = byIdentifier(workspace.direct);
    this.setClock(workspace.clock);
    this.tell("workspace");
  }

  /** @param {string} topic @param {any} [detail] */
  tell(topic, detail) {
    this.dispatchEvent(new CustomEvent(topic, { detail }));
  }

  /** @param {string} topic @param {(detail: any) => void} listener */
  on(topic, listener) {
    this.addEventListener(topic, (event) => listener(/** @type {CustomEvent} */ (event).detail));
  }

  /** @param {import('./types.js').Clock} clock */
  setClock(clock) {
    this.clock = clock;
    this.tell("clock");
  }

  get mine() {
    return this.people.get(this.me);
  }

  get bot() {
    return this.workspace.app;
  }

  /** A channel or direct conversation. @param {string} id */
  conversation(id) {
    return this.channels.get(id) ?? this.direct.get(id);
  }

  /** @param {string} channel @param {Message[]} messages */
  setMessages(channel, messages) {
    this.messages.set(channel, new Map(messages.map((message) => [message.ts, message])));
    this.tell("messages", channel);
  }

  /** @param {string} channel @param {string} ts @param {Message[]} messages */
  setThread(channel, ts, messages) {
    const key = threadKey(channel, ts);
    this.threads.set(key, new Map(messages.map((message) => [message.ts, message])));
    this.tell("thread", key);
  }

  /** Messages of a channel with the private ones in between, oldest first. @param {string} channel */
  channelMessages(channel) {
    return this.inOrder(this.messages.get(channel), this.ephemerals.get(channel));
  }

  /** @param {string} channel @param {string} ts */
  threadMessages(channel, ts) {
    const key = threadKey(channel, ts);
    return this.inOrder(this.threads.get(key), this.ephemerals.get(key));
  }

  /** @param {...(Map<string, Message>|undefined)} maps @returns {Message[]} */
  inOrder(...maps) {
    const all = maps.flatMap((map) => (map ? [...map.values()] : []));
    return all.sort((one, other) => Number(one.ts) - Number(other.ts));
  }

  /** @param {{channel: string, message: Message}} data */
  addMessage({ channel, message }) {
    const known = this.messages.get(channel);
    if (!isReply(message)) {
      known?.set(message.ts, message);
    } else {
      const root = /** @type {string} */ (message.thread_ts);
      this.threads.get(threadKey(channel, root))?.set(message.ts, message);
      if (message.subtype === "thread_broadcast") known?.set(message.ts, message);
      this.countReply(channel, root, message);
      this.tell("thread", threadKey(channel, root));
    }
    this.tell("messages", channel);
  }

  /** @param {string} channel @param {string} rootTs @param {Message} reply */
  countReply(channel, rootTs, reply) {
    for (const map of [this.messages.get(channel), this.threads.get(threadKey(channel, rootTs))]) {
      const root = map?.get(rootTs);
      if (!map || !root || Number(root.latest_reply ?? 0) >= Number(reply.ts)) continue;
      const author = reply.user ?? reply.bot_id;
      const users = new Set([...(root.reply_users ?? []), ...(author ? [author] : [])]);
      map.set(rootTs, { ...root, reply_count: (root.reply_count ?? 0) + 1, reply_users: [...users],
        latest_reply: reply.ts });
    }
  }

  /** @param {{channel: string, message: Message}} data */
  changeMessage({ channel, message }) {
    for (const [key, map] of this.mapsOf(channel)) {
      const old = map.get(message.ts);
      if (!old) continue;
      map.set(message.ts, this.withReplies(old, message));
      this.tell(key === channel ? "messages" : "thread", key);
    }
  }

  /**
   * The changed message, with the counts of its thread when the change does not carry them.
   * @param {Message} old @param {Message} message
   * @returns {Message}
   */
  withReplies(old, message) {
    if (message.reply_count !== undefined || old.reply_count === undefined) return message;
    const { reply_count, reply_users, latest_reply } = old;
    return { ...message, reply_count, reply_users, latest_reply };
  }

  /** @param {{channel: string, ts: string}} data */
  deleteMessage({ channel, ts }) {
    for (const [key, map] of this.mapsOf(channel)) {
      if (map.delete(ts)) this.tell(key === channel ? "messages" : "thread", key);
    }
  }

  /** Every list that may hold a message of the channel. @param {string} channel */
  mapsOf(channel) {
    const belongs = (/** @type {[string, unknown]} */ [key]) => key === channel || key.startsWith(`${channel}/`);
    return [this.messages, this.threads, this.ephemerals].flatMap((lists) => [...lists].filter(belongs));
  }

  /** @param {{channel: string, message: Message, thread_ts?: string}} data */
  addEphemeral({ channel, message, thread_ts: threadTs }) {
    const root = threadTs ?? (isReply(message) ? message.thread_ts : undefined);
    const key = root ? threadKey(channel, root) : channel;
    const map = this.ephemerals.get(key) ?? new Map();
    map.set(message.ts, { ...message, is_ephemeral: true });
    this.ephemerals.set(key, map);
    this.tell(root ? "thread" : "messages", key);
  }

  /** @param {{channel: string, unread: number, mentions?: number}} data */
  setUnread({ channel, unread, mentions }) {
    const conversation = this.conversation(channel);
    if (!conversation) return;
    Object.assign(conversation, { unread, mentions: mentions ?? 0 });
    this.tell("unread", channel);
  }

  /** @param {import('./types.js').View|null} view */
  setHome(view) {
    this.home = view;
    this.tell("home");
  }
}
