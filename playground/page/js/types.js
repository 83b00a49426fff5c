/**
 * Shapes that the page shares. Slack's own objects keep Slack's names.
 *
 * @typedef {{id: string, name: string, real_name?: string, title?: string, tz?: string,
 *   avatar?: string, color?: string, groups?: string[], deleted?: boolean}} Person
 * @typedef {{id: string, handle: string, name: string}} Group
 * @typedef {{id: string, name: string, topic?: string, is_private?: boolean, bot_is_member?: boolean,
 *   unread?: number, mentions?: number, last_ts?: string}} Channel
 * @typedef {{id: string, with: string, name: string, unread?: number}} Direct
 * @typedef {{command: string, usage_hint?: string, description?: string}} Command
 * @typedef {{callback_id: string, name: string, description?: string}} Shortcut
 * @typedef {{user_id: string, name: string, command_list: Command[], global_shortcuts: Shortcut[],
 *   message_shortcuts: Shortcut[], messages_read_only?: boolean}} App
 * @typedef {{now: string, next: {at: string, what: string}|null}} Clock
 * @typedef {{team: {id: string, name: string}, app: App, me: string, people: Person[], groups: Group[],
 *   channels: Channel[], direct: Direct[], views?: View[], clock: Clock, event_id: number}} Workspace
 *
 * @typedef {{type: string, text: string, verbatim?: boolean, emoji?: boolean}} TextObject
 * @typedef {Record<string, any> & {type: string, block_id?: string}} Block
 * @typedef {Record<string, any> & {type: string, action_id?: string}} Element
 * @typedef {{ts: string, thread_ts?: string, user?: string, bot_id?: string, username?: string,
 *   text?: string, blocks?: Block[], edited?: object, reply_count?: number, reply_users?: string[],
 *   latest_reply?: string, subtype?: string, is_ephemeral?: boolean,
 *   reactions?: {name: string, users: string[]}[]}} Message
 * @typedef {{id: string, type: string, title?: TextObject, submit?: TextObject, close?: TextObject,
 *   blocks: Block[], state?: {values: object}, submit_disabled?: boolean, hash?: string, callback_id?: string,
 *   root_view_id?: string, previous_view_id?: string|null}} View
 * @typedef {{id: number, at: string, direction: string, kind: string, status?: number,
 *   milliseconds?: number, request?: object, response?: object}} TrafficItem
 *
 * Where text is read from: who is looking, in which zone, and how ids become names.
 * @typedef {{me: string, tz: string, now: () => number, person: (id: string) => Person|undefined,
 *   group: (id: string) => Group|undefined, channel: (id: string) => Channel|undefined,
 *   isMe: (id: string) => boolean, inGroup: (id: string) => boolean,
 *   people: () => Person[], channels: () => Channel[], openChannel: (id: string) => void}} Environment
 *
 * What blocks are drawn with: the surface they stand on and how an element answers a person.
 * @typedef {{surface: 'message'|'modal'|'home', environment: Environment,
 *   values: import('./values.js').Values,
 *   act: (block: Block, element: Element, fields: object) => Promise<unknown>}} Context
 */

export {};
