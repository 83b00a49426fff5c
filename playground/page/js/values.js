/**
 * What people have put into the elements of one view or message, in Slack's own state shape.
 * It lives beside the drawing, so that an update of the view keeps what was typed as long as
 * block_id and action_id stay the same (docs.slack.dev, views.update).
 */

/** @typedef {import('./types.js').Element} Element */

/** The key of an element's value in the state, by its type; elements left out hold none. @type {Record<string, string>} */
export const STATE_KEYS = {
  plain_text_input: "value",
  number_input: "value",
  url_text_input: "value",
  email_text_input: "value",
  static_select: "selected_option",
  external_select: "selected_option",
  radio_buttons: "selected_option",
  multi_static_select: "selected_options",
  multi_external_select: "selected_options",
  checkboxes: "selected_options",
  users_select: "selected_user",
  multi_users_select: "selected_users",
  channels_select: "selected_channel",
  multi_channels_select: "selected_channels",
  conversations_select: "selected_conversation",
  multi_conversations_select: "selected_conversations",
  datepicker: "selected_date",
  timepicker: "selected_time",
  datetimepicker: "selected_date_time",
};

/** The key of an element's initial value, by its type. @type {Record<string, string>} */
const INITIAL_KEYS = {
  plain_text_input: "initial_value",
  number_input: "initial_value",
  url_text_input: "initial_value",
  email_text_input: "initial_value",
  static_select: "initial_option",
  external_select: "initial_option",
  radio_buttons: "initial_option",
  multi_static_select: "initial_options",
  multi_external_select: "initial_options",
  checkboxes: "initial_options",
  users_select: "initial_user",
  multi_users_select: "initial_users",
  channels_select: "initial_channel",
  multi_channels_select: "initial_channels",
  conversations_select: "initial_conversation",
  multi_conversations_select: "initial_conversations",
  datepicker: "initial_date",
  timepicker: "initial_time",
  datetimepicker: "initial_date_time",
};

/** @param {Element} element */
export function isMany(element) {
  return element.type === "checkboxes" || element.type.startsWith("multi_");
}

export class Values {
  constructor() {
    /** @type {Map<string, {element: Element, value: any}>} */
    this.entries = new Map();
    /** @type {[string, string, string][]} block_id, action_id, key of what stands in the view now */
    this.present = [];
  }

  /** Forgets which elements stand in the view, before it is drawn again; values stay. */
  beginDrawing() {
    this.present = [];
  }

  /**
   * The value of an element that is being drawn: what was put in before, else its initial one.
   * @param {string} blockId
   * @param {Element} element
   */
  start(blockId, element) {
    const key = this.key(blockId, element);
    this.present.push([blockId, element.action_id ?? "", key]);
    const known = this.entries.get(key);
    if (known && known.element.type === element.type) return known.value;
    const empty = isMany(element) ? [] : null;
    const value = element[INITIAL_KEYS[element.type]] ?? empty;
    this.entries.set(key, { element, value });
    return value;
  }

  /** @param {string} blockId @param {Element} element @param {any} value */
  set(blockId, element, value) {
    this.entries.set(this.key(blockId, element), { element, value });
  }

  /** @param {string} blockId @param {Element} element */
  get(blockId, element) {
    return this.entries.get(this.key(blockId, element))?.value ?? (isMany(element) ? [] : null);
  }

  /** @param {string} blockId @param {Element} element */
  key(blockId, element) {
    return `${blockId}\n${element.action_id ?? ""}`;
  }

  /** `{block_id: {action_id: {type, …}}}`, as Slack sends it. */
  state() {
    /** @type {Record<string, Record<string, object>>} */
    const values = {};
    for (const [blockId, actionId, key] of this.present) {
      const entry = this.entries.get(key);
      if (!entry) continue;
      values[blockId] ??= {};
      values[blockId][actionId] = { type: entry.element.type, ...fields(entry.element, entry.value) };
    }
    return values;
  }
}

/** The value as the fields of a block action. @param {Element} element @param {any} value */
export function fields(element, value) {
  return { [STATE_KEYS[element.type] ?? "value"]: value === "" ? null : value };
}
