/** The page as a whole: one person at a time, one place in the middle, perhaps a thread beside it. */

import { ChannelPane } from "./channel.js";
import { drawClock } from "./clock.js";
import { byId, h, replace } from "./dom.js";
import { openGoTo } from "./goto.js";
import { HomePane } from "./home.js";
import { icon, mark } from "./icons.js";
import { Inspector } from "./inspector.js";
import { ModalStack } from "./modal.js";
import { readRoute, writeRoute } from "./route.js";
import { Session } from "./session.js";
import { drawSidebar } from "./sidebar.js";
import { isReply } from "./store.js";
import { startTheme } from "./theme.js";
import { ThreadPane } from "./thread.js";
import { clearToasts, toastError } from "./toast.js";

/** How long the page may stay without an answer before it says so. */
const RETRY = 2000;

class App {
  constructor() {
    /** @type {Session|null} */
    this.session = null;
    /** @type {ChannelPane|HomePane|null} */
    this.middle = null;
    /** @type {ThreadPane|null} */
    this.thread = null;
    this.place = "";
    this.modals = new ModalStack(() => /** @type {Session} */ (this.session));
    this.inspector = new Inspector(byId("inspector"), {
      session: () => /** @type {Session} */ (this.session),
      toggled: (open) => {
        this.inspectorButton.setAttribute("aria-expanded", String(open));
        if (!open) this.inspectorButton.focus();
      },
    });
    this.guide = { place: "", open: (/** @type {string} */ place) => this.open(place),
      become: (/** @type {string} */ id) => this.become(id), search: () => this.goTo() };
    this.drawTools();
    this.listen();
  }

  drawTools() {
    const tools = byId("tools");
    replace(byId("brand"), mark(24), h("span", { class: "brand-name" }, "Greenlight playground"));
    this.inspectorButton = h("button", { class: "icon-button", type: "button", "aria-label": "Traffic inspector", title: "Traffic inspector",
      "aria-expanded": "false", "aria-controls": "inspector", dataset: { testid: "inspector-toggle" },
      onclick: () => this.inspector.toggle() }, icon("traffic", 18));
    tools.append(this.inspectorButton);
    startTheme(tools);
  }

  listen() {
    // The address belongs to the route: skip links move the focus, not the fragment.
    for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (document.querySelectorAll(".skip-link"))) {
      link.addEventListener("click", (event) => {
        event.preventDefault();
        /** @type {HTMLElement|null} */ (document.querySelector(link.getAttribute("href") ?? ""))?.focus();
      });
    }
    addEventListener("popstate", () => this.follow());
    addEventListener("hashchange", () => this.follow());
    addEventListener("keydown", (event) => this.key(event));
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.seen();
    });
  }

  async start() {
    const { me, place, thread } = readRoute();
    await this.become(me, place, thread);
  }

  /**
   * Everything is read again as another person.
   * @param {string|undefined} id @param {string} [place] @param {string} [thread]
   */
  async become(id, place = this.place, thread) {
    let session;
    try {
      session = await Session.begin(id, { openChannel: (channel) => this.open(channel),
        views: (name, data) => this.modals.received(name, data) });
    } catch (error) {
      this.couldNotStart(error, id, place, thread);
      return;
    }
    this.session?.close();
    this.session = session;
    this.modals.clear();
    clearToasts();
    this.follows(session);
    this.drawAll();
    const known = place === "home" || session.store.conversation(place);
    this.show(known ? place : this.firstPlace(session), thread, false);
    document.body.dataset.pane = known ? (thread ? "thread" : "main") : "sidebar";
    for (const view of session.store.workspace.views ?? []) this.modals.opened(view);
    if (this.inspector.isOpen) this.inspector.load();
    document.body.dataset.ready = session.me;
  }

  /** @param {unknown} error @param {string|undefined} id @param {string} place @param {string} [thread] */
  couldNotStart(error, id, place, thread) {
    toastError(error);
    if (this.session) return;
    if (id) writeRoute({}, false);
    setTimeout(() => this.become(undefined, place, thread), RETRY);
  }

  /** @param {Session} session @returns {string} */
  firstPlace(session) {
    const channels = [...session.store.channels.values()];
    const latest = channels.reduce((best, one) => (Number(one.last_ts ?? 0) > Number(best?.last_ts ?? 0) ? one : best), channels[0]);
    return latest?.id ?? "home";
  }

  /** Draws again what each kind of change touches. @param {Session} session */
  follows(session) {
    const { store } = session;
    const mine = (/** @type {(detail: any) => void} */ draw) => (/** @type {any} */ detail) => {
      if (this.session === session) draw(detail);
    };
    store.on("workspace", mine(() => this.drawAll()));
    store.on("unread", mine(() => this.drawSidebar()));
    store.on("clock", mine(() => this.clockMoved()));
    store.on("messages", mine((channel) => channel === this.place && this.drawMiddle()));
    store.on("thread", mine(() => this.thread?.draw()));
    store.on("home", mine(() => this.place === "home" && this.drawMiddle()));
    store.on("arrived", mine((data) => this.arrived(data)));
    store.on("traffic", mine((item) => this.inspector.isOpen && this.inspector.add(item)));
    store.on("connection", mine((up) => { byId("connection").hidden = up; }));
    store.on("reload", mine(() => {
      this.middle?.load();
      this.thread?.load();
    }));
  }

  drawAll() {
    this.drawSidebar();
    drawClock(byId("clock"), this.now);
    if (this.middle instanceof ChannelPane && this.middle.session === this.session) this.middle.drawHead();
  }

  /** The session; asked for only once there is one. */
  get now() {
    return /** @type {Session} */ (this.session);
  }

  drawSidebar() {
    const total = [...this.now.store.channels.values(), ...this.now.store.direct.values()]
      .reduce((sum, one) => sum + (one.unread ?? 0), 0);
    document.title = `${total ? `(${total}) ` : ""}Greenlight playground`;
    drawSidebar(byId("sidebar"), this.now, this.guide);
  }

  drawMiddle() {
    this.middle?.draw();
  }

  clockMoved() {
    drawClock(byId("clock"), this.now);
    if (this.middle instanceof ChannelPane) this.middle.draw();
    this.thread?.draw();
  }

  /** @param {{channel: string, message: import('./types.js').Message, thread_ts?: string}} data */
  arrived({ channel, message, thread_ts: threadTs }) {
    const root = threadTs ?? (isReply(message) ? message.thread_ts : undefined);
    if (root && this.thread?.channel === channel && this.thread.ts === root) this.thread.arrived(message);
    const inChannel = !root || message.subtype === "thread_broadcast";
    if (inChannel && channel === this.place && this.middle instanceof ChannelPane) this.middle.arrived(message);
  }

  seen() {
    if (this.middle instanceof ChannelPane && this.middle.list.atBottom) this.middle.seen();
    this.thread?.seen();
  }

  /** Follows the address after "back" or a link. */
  follow() {
    const { me, place, thread } = readRoute();
    if (!this.session) return;
    if (me && me !== this.session.me) this.become(me, place, thread);
    else if (place && place !== this.place) this.show(place, thread, false);
    else if (thread && thread !== this.thread?.ts) this.openThread(thread, false);
    else if (!thread && this.thread) this.closeThread(false);
  }

  /** @param {string} place */
  open(place) {
    if (!this.now.store.conversation(place) && place !== "home") return;
    this.show(place, undefined, true);
    document.body.dataset.pane = "main";
    if (this.middle instanceof ChannelPane && innerWidth > 800) this.middle.composer.focus();
  }

  /** @param {string} place @param {string|undefined} thread @param {boolean} step */
  show(place, thread, step) {
    this.middle?.close();
    this.closeThread(false);
    this.place = place;
    this.guide.place = place;
    const back = () => this.toSidebar();
    const root = byId("main");
    this.middle = place === "home"
      ? new HomePane(root, this.now, { back, openMessages: () => this.open([...this.now.store.direct.keys()][0]) })
      : new ChannelPane(root, this.now, place, { back, openThread: (ts) => this.openThread(ts), openHome: () => this.open("home") });
    this.middle.load();
    this.drawSidebar();
    writeRoute({ me: this.now.me, place, thread }, step);
    if (thread) this.openThread(thread, false);
  }

  toSidebar() {
    document.body.dataset.pane = "sidebar";
    /** @type {HTMLElement|null} */ (document.querySelector(".sidebar-item[aria-current]"))?.focus();
  }

  /** @param {string} ts @param {boolean} [step] */
  openThread(ts, step = true) {
    if (this.place === "home") return;
    this.thread?.close();
    const root = byId("thread");
    root.hidden = false;
    this.thread = new ThreadPane(root, this.now, { channel: this.place, ts, close: () => this.closeThread() });
    this.thread.load().then(() => innerWidth > 800 && this.thread?.focus());
    document.body.dataset.pane = "thread";
    document.body.classList.add("with-thread");
    writeRoute({ me: this.now.me, place: this.place, thread: ts }, step);
  }

  /** @param {boolean} [step] */
  closeThread(step = true) {
    if (!this.thread) return;
    const { ts } = this.thread;
    this.thread.close();
    this.thread = null;
    const root = byId("thread");
    root.hidden = true;
    root.replaceChildren();
    document.body.classList.remove("with-thread");
    if (document.body.dataset.pane === "thread") document.body.dataset.pane = "main";
    if (!step) return;
    writeRoute({ me: this.now.me, place: this.place }, true);
    /** @type {HTMLElement|null} */ (document.querySelector(`#main [data-ts="${CSS.escape(ts)}"]`))?.focus({ preventScroll: true });
  }

  goTo() {
    openGoTo(this.now.store, this.guide);
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (!this.session || event.defaultPrevented) return;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      this.goTo();
    } else if (event.key === "F6") {
      event.preventDefault();
      this.nextRegion(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape" && !document.querySelector("dialog[open], .popup:popover-open")) {
      if (this.inspector.isOpen) this.inspector.toggle(false);
      else this.closeThread();
    }
  }

  /** F6 walks over the regions of the page, as in Slack. @param {number} step */
  nextRegion(step) {
    const stops = ["#sidebar [aria-current]", "#main .message[tabindex='0'], #main .home-body button", "#main .composer-input",
      "#thread .composer-input", "#clock button:not([disabled])", "#inspector:not([hidden]) input"];
    const nodes = stops.flatMap((selector) => [.../** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(selector))].slice(0, 1));
    const at = nodes.findIndex((node) => node === document.activeElement || node.contains(document.activeElement));
    nodes[(at + step + nodes.length) % nodes.length]?.focus();
  }
}

new App().start();
