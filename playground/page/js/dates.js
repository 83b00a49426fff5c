/** Times as a person in a zone reads them, and Slack's date tokens (docs.slack.dev, "Date element"). */

const DAY = 86400;
const HALF_YEAR = 183 * DAY;

/** @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/**
 * @param {number} unix seconds
 * @param {string} zone
 * @param {Intl.DateTimeFormatOptions} options
 */
export function format(unix, zone, options) {
  const key = `${zone} ${JSON.stringify(options)}`;
  let known = formats.get(key);
  if (!known) {
    known = new Intl.DateTimeFormat("en-US", { timeZone: zone, ...options });
    formats.set(key, known);
  }
  return known.format(new Date(unix * 1000)).replace(/\u202f/g, " ");
}

/** @param {number} unix @param {string} zone */
export function timeOf(unix, zone) {
  return format(unix, zone, { hour: "numeric", minute: "2-digit" });
}

/** The calendar day as YYYY-MM-DD. @param {number} unix @param {string} zone */
export function dayOf(unix, zone) {
  const part = (/** @type {Intl.DateTimeFormatOptions} */ options) => format(unix, zone, options);
  return `${part({ year: "numeric" })}-${part({ month: "2-digit" })}-${part({ day: "2-digit" })}`;
}

/** The clock time as HH:MM, of 24 hours. @param {number} unix @param {string} zone */
export function clockOf(unix, zone) {
  return format(unix, zone, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

/** @param {number} day */
function ordinal(day) {
  if (day % 100 >= 11 && day % 100 <= 13) return `${day}th`;
  return `${day}${["th", "st", "nd", "rd"][day % 10] ?? "th"}`;
}

/** "today", "yesterday", "tomorrow" or nothing. @param {number} unix @param {string} zone @param {number} now */
function nearDay(unix, zone, now) {
  const distance = (Date.parse(dayOf(unix, zone)) - Date.parse(dayOf(now, zone))) / 1000 / DAY;
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[distance] ?? "";
}

/** @param {number} unix @param {string} zone @param {boolean} withYear */
function monthAndDay(unix, zone, withYear) {
  const day = ordinal(Number(format(unix, zone, { day: "numeric" })));
  const year = withYear ? `, ${format(unix, zone, { year: "numeric" })}` : "";
  return `${format(unix, zone, { month: "long" })} ${day}${year}`;
}

/** "3 minutes ago", "in 2 hours". @param {number} unix @param {number} now */
export function ago(unix, now) {
  const distance = Math.abs(now - unix);
  const steps = /** @type {[number, string][]} */ ([[DAY * 365, "year"], [DAY * 30, "month"], [DAY, "day"],
    [3600, "hour"], [60, "minute"], [1, "second"]]);
  const [seconds, name] = steps.find(([length]) => distance >= length) ?? [1, "second"];
  const count = Math.floor(distance / seconds);
  if (count === 0) return "now";
  const words = `${count} ${name}${count === 1 ? "" : "s"}`;
  return unix <= now ? `${words} ago` : `in ${words}`;
}

/** The divider between days. @param {number} unix @param {string} zone @param {number} now */
export function dayDivider(unix, zone, now) {
  const near = nearDay(unix, zone, now);
  if (near === "today" || near === "yesterday") return near[0].toUpperCase() + near.slice(1);
  return `${format(unix, zone, { weekday: "long" })}, ${monthAndDay(unix, zone, !sameYear(unix, now, zone))}`;
}

/** @param {number} unix @param {number} now @param {string} zone */
function sameYear(unix, now, zone) {
  return format(unix, zone, { year: "numeric" }) === format(now, zone, { year: "numeric" });
}

/** @type {Record<string, (unix: number, zone: string, now: number) => string>} */
const TOKENS = {
  date_num: (unix, zone) => dayOf(unix, zone),
  date_slash: (unix, zone) => format(unix, zone, { year: "numeric", month: "2-digit", day: "2-digit" }),
  date_long: (unix, zone) => `${format(unix, zone, { weekday: "long" })}, ${monthAndDay(unix, zone, true)}`,
  date_long_full: (unix, zone) => format(unix, zone, { year: "numeric", month: "long", day: "numeric" }),
  date: (unix, zone, now) => monthAndDay(unix, zone, Math.abs(unix - now) > HALF_YEAR),
  date_short: (unix, zone) => format(unix, zone, { year: "numeric", month: "short", day: "numeric" }),
  day_divider_pretty: (unix, zone, now) => `${format(unix, zone, { weekday: "long" })}, ${
    monthAndDay(unix, zone, !sameYear(unix, now, zone))}`,
  time: timeOf,
  time_secs: (unix, zone) => format(unix, zone, { hour: "numeric", minute: "2-digit", second: "2-digit" }),
  ago: (unix, _zone, now) => ago(unix, now),
};

/**
 * One token, or nothing when Slack knows none of that name.
 * @param {string} name @param {number} unix @param {string} zone @param {number} now @param {boolean} first
 */
function token(name, unix, zone, now, first) {
  const pretty = name.endsWith("_pretty") ? nearDay(unix, zone, now) : "";
  if (pretty) return first ? pretty[0].toUpperCase() + pretty.slice(1) : pretty;
  const plain = name === "day_divider_pretty" ? name : name.replace(/_pretty$/, "");
  return TOKENS[plain]?.(unix, zone, now);
}

/**
 * The text of a `<!date^…>` or a date element; the fallback when Slack would not know the format.
 * @param {number} unix @param {string} template @param {string|undefined} fallback
 * @param {{tz: string, now: () => number}} environment
 */
export function dateText(unix, template, fallback, { tz, now }) {
  let unknown = !Number.isFinite(unix);
  const text = template.replace(/\{(\w+)\}/g, (_match, name, offset) => {
    const value = unknown ? undefined : token(name, unix, tz, now(), offset === 0);
    if (value === undefined) unknown = true;
    return value ?? "";
  });
  return unknown ? (fallback ?? template) : text;
}

/**
 * Unix seconds of a wall clock time in a zone.
 * @param {string} day YYYY-MM-DD @param {string} clock HH:MM @param {string} zone
 */
export function zonedToUnix(day, clock, zone) {
  const wanted = Date.parse(`${day}T${clock}:00Z`) / 1000;
  let unix = wanted;
  for (let round = 0; round < 2; round += 1) {
    const shown = Date.parse(`${dayOf(unix, zone)}T${clockOf(unix, zone)}:00Z`) / 1000;
    unix += wanted - shown;
  }
  return unix;
}
