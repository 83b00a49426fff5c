/** The playground's clock: what time it is there, what comes next, and the ways to move on. */

import { format, timeOf, dayOf } from "./dates.js";
import { h, replace } from "./dom.js";
import { icon } from "./icons.js";
import { toastError } from "./toast.js";

/** @typedef {import('./session.js').Session} Session */

/** @type {[string, string, object][]} */
const STEPS = [
  ["+5 m", "Move the clock on by 5 minutes", { minutes: 5 }],
  ["+30 m", "Move the clock on by 30 minutes", { minutes: 30 }],
  ["+2 h", "Move the clock on by 2 hours", { minutes: 120 }],
];

/** @param {HTMLElement} root @param {Session} session */
export function drawClock(root, session) {
  const { store, environment } = session;
  const { next } = store.clock;
  const now = environment.now();
  const zone = environment.tz;
  const move = (/** @type {string} */ label, /** @type {string} */ name, /** @type {object} */ by, /** @type {any} */ content,
    /** @type {boolean} */ enabled) => h("button", { class: "clock-button", type: "button", "aria-label": name, title: name,
    disabled: !enabled, dataset: { testid: `clock-${label}` }, onclick: (/** @type {Event} */ event) =>
      press(/** @type {HTMLElement} */ (event.currentTarget), session, by) }, content);
  const focused = /** @type {HTMLElement|null} */ (document.activeElement)?.dataset?.testid;
  replace(root,
    h("span", { class: "clock-now", dataset: { testid: "clock", now: store.clock.now } }, icon("clock", 16),
      h("span", { class: "clock-day" }, format(now, zone, { weekday: "short", month: "short", day: "numeric" })),
      h("strong", {}, timeOf(now, zone)), h("span", { class: "clock-zone" }, zoneName(now, zone))),
    h("span", { class: "clock-next", dataset: { testid: "next-reminder" }, title: next?.what },
      next ? nextText(next, now, zone) : "no reminder is waiting"),
    h("span", { class: "clock-steps", role: "group", "aria-label": "Move the clock" },
      move("next", "Move the clock to the next reminder", { to: "next" }, [icon("skip", 14), h("span", {}, "To the next reminder")], Boolean(next)),
      STEPS.map(([label, name, by]) => move(label.replace(/\W/g, ""), name, by, label, true))));
  if (focused?.startsWith("clock-")) /** @type {HTMLElement|null} */ (root.querySelector(`[data-testid="${focused}"]`))?.focus();
}

/** @param {number} unix @param {string} zone */
function zoneName(unix, zone) {
  return format(unix, zone, { timeZoneName: "short" }).split(", ").pop() ?? zone;
}

/** @param {{at: string, what: string}} next @param {number} now @param {string} zone */
function nextText(next, now, zone) {
  const unix = Date.parse(next.at) / 1000;
  const day = dayOf(unix, zone) === dayOf(now, zone) ? "" : ` on ${format(unix, zone, { weekday: "short", month: "short", day: "numeric" })}`;
  return [h("span", { class: "clock-what" }, "next reminder: ", h("b", {}, next.what)), h("span", {}, ` at ${timeOf(unix, zone)}${day}`)];
}

/** @param {HTMLElement} button @param {Session} session @param {object} by */
async function press(button, session, by) {
  if (button.getAttribute("aria-busy") === "true") return;
  button.setAttribute("aria-busy", "true");
  try {
    const answer = await session.api.clock(by);
    session.store.setClock({ next: session.store.clock.next, ...answer });
  } catch (error) {
    toastError(error);
  } finally {
    button.removeAttribute("aria-busy");
  }
}
