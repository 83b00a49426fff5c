/** The playground's own HTTP calls. Every refusal becomes an ApiError with the server's sentence. */

export class ApiError extends Error {
  /**
   * @param {string} message
   * @param {number} status 0 when the server did not answer
   */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/**
 * @param {string} path
 * @param {RequestInit} [options]
 * @returns {Promise<any>}
 */
async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch {
    throw new ApiError("The playground's server does not answer. Is it still running?", 0);
  }
  const body = await response.json().catch(() => ({}));
  if (!response.ok) throw new ApiError(body.error ?? `The server answered ${response.status}.`, response.status);
  return body;
}

/**
 * @param {string} path
 * @param {Record<string, string|number|undefined>} [query]
 */
function get(path, query = {}) {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) if (value !== undefined) parameters.set(name, String(value));
  const text = parameters.toString();
  return call(text ? `${path}?${text}` : path);
}

/**
 * @param {string} path
 * @param {object} body
 */
function post(path, body) {
  return call(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
}

/** All calls of one person. */
export class Api {
  /** @param {string|undefined} me the person's id; undefined lets the server choose */
  constructor(me) {
    this.me = me;
  }

  /** @returns {Promise<import('./types.js').Workspace>} */
  workspace() {
    return get("/playground/workspace", { as: this.me });
  }

  /** @param {string} channel @returns {Promise<{messages: import('./types.js').Message[]}>} */
  messages(channel) {
    return get("/playground/messages", { as: this.me, channel });
  }

  /** @param {string} channel @param {string} ts @returns {Promise<{messages: import('./types.js').Message[]}>} */
  thread(channel, ts) {
    return get("/playground/thread", { as: this.me, channel, ts });
  }

  /** @returns {Promise<{view: import('./types.js').View|null}>} */
  home() {
    return get("/playground/home", { as: this.me });
  }

  /** @param {string} channel @param {string} [threadTs] */
  read(channel, threadTs) {
    return post("/playground/read", { as: this.me, channel, thread_ts: threadTs });
  }

  /** @param {string} channel @param {string} text @param {string} [threadTs] */
  say(channel, text, threadTs) {
    return post("/playground/message", { as: this.me, channel, text, thread_ts: threadTs });
  }

  /** @param {object} fields where the element stands and what was chosen */
  act(fields) {
    return post("/playground/action", { as: this.me, ...fields });
  }

  /** @param {string} callbackId @param {string} [channel] @param {string} [messageTs] */
  shortcut(callbackId, channel, messageTs) {
    return post("/playground/shortcut", { as: this.me, callback_id: callbackId, channel, message_ts: messageTs });
  }

  /** @param {string} viewId @param {object} values */
  submit(viewId, values) {
    return post("/playground/view/submit", { as: this.me, view_id: viewId, state: { values } });
  }

  /** @param {string} viewId */
  closeView(viewId) {
    return post("/playground/view/close", { as: this.me, view_id: viewId });
  }

  /** @param {string} channel @param {string} user */
  invite(channel, user) {
    return post("/playground/invite", { as: this.me, channel, user });
  }

  /** @param {object} move `{to: "next"}`, `{minutes: 30}` or `{at: "2024-01-16T16:00:00Z"}` */
  clock(move) {
    return post("/playground/clock", move);
  }

  /** @param {number} after @returns {Promise<{items: import('./types.js').TrafficItem[]}>} */
  traffic(after) {
    return get("/playground/traffic", { after });
  }
}
