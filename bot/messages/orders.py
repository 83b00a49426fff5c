"""What is said of orders to what a team deploys with. Never more than was told: an order that was taken is not a
deployment.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bot.core.deployer_rules import DeployerRule
from bot.core.events import Event
from bot.core.orders import UNDECIDED, OrderState, capitalized
from bot.core.policy import Service
from bot.core.roles import Role
from bot.messages.generic import begun, finished
from bot.messages.message import Said
from bot.messages.parts import version
from bot.messages.text import bold, clip, escape, link, moment, one_line

MOST_REASON = 500

EMOJI: Mapping[str, str] = {
    "asked": "📨",
    "waits": "⏳",
    "accepted": "📨",
    "refused": "⚠️",
    "unknown": "❓",
    "void": "🚫",
    "waiting": "⏸️",
    "running": "⚙️",
    "succeeded": "✅",
    "failed": "❌",
    "unseen": "🙈",
}

STANDS: Mapping[str, str] = {
    "asked": "asked to {what}",
    "waits": "can't be reached, and is tried again",
    "accepted": "took the order to {what}",
    "refused": "did not take the order to {what}; nothing was started",
    "unknown": "nobody knows whether it took the order to {what}",
    "void": "was not asked any more",
    "waiting": "says that its run waits for somebody there",
    "running": "says that its run goes on",
    "succeeded": "says that its run succeeded",
    "failed": "says that its run failed",
    "unseen": "does not say how its run goes",
}
"""How an order stands, in a few words for the card."""

BY_HAND: Mapping[str, str] = {
    "deploy": "deploy by hand, then press “Deployed”",
    "promote": "give it its share by hand",
    "rollback": "roll back by hand, then press “Rollback done”",
}
"""How people go on without the deployer."""

LOOK = "It went on after people had stopped: please look at what is live now."
"""Of a deployment that came through while it was decided on, or rolled back."""

AGAIN = "type `@Greenlight ask_again` here"


def asked_line(conversation: Any, event: Event) -> str:
    """In the message of the step that gives an order; empty where it gave none."""
    if "order" not in event.data:
        return ""
    what = _what(conversation, event.data["order"])
    return f"📨 {escape(capitalized(event.data['deployer']))} is asked to {what}."


def deployer_line(policy: Service) -> str:
    """On the card of what is about to be deployed: what deploys it. Empty where people do."""
    rule = policy.deployer
    if rule is None or not rule.does("deploy"):
        return ""
    return f"⚙️ Deploys through {link(rule.page, rule.name) if rule.page else escape(rule.name)}"


def order_lines(conversation: Any) -> Iterator[str]:
    """On the card: how the present order stands, or one whose run goes on although people have stopped."""
    order: OrderState | None = conversation.order
    if order is None:
        return
    goes_on = order.outcome in ("waiting", "running") and conversation.state in UNDECIDED
    if not order.is_of(conversation) and not goes_on:
        return
    yield _order_line(conversation, order)


def _order_line(conversation: Any, order: OrderState) -> str:
    words = STANDS[order.outcome].format(what=_what(conversation, order.kind))
    where = f" · {link(order.url, 'see it there')}" if order.url else ""
    return f"{EMOJI[order.outcome]} *{escape(capitalized(order.deployer))}:* {words}{where}"


def not_told(release: Any, what: str, please: str) -> str:
    """Of a canary's pause, or its end: that nobody was told of it, since no deployer takes such orders, and what people
    do there. Empty where the canary has no share.
    """
    if release.canary is None:
        return ""
    order: OrderState | None = release.order
    who = escape(capitalized(order.deployer)) if order else "Whatever sets the traffic"
    where = f" ({link(order.url, 'see it there')})" if order and order.url else ""
    return f"⚠️ *{who} was not told to {what}:* Greenlight can't order that. {please}{where}."


def pause_line(release: Any) -> str:
    """When a canary is paused. What was ordered before may go on by itself."""
    share = release.canary.share if release.canary else 0
    return not_told(release, "pause", f"If it goes on by itself, please hold it there at {share}%")


def resume_line(release: Any) -> str:
    """When a canary goes on."""
    return not_told(release, "go on", "Where somebody held it there, please let it go on")


def unordered_line(conversation: Any, event: Event, policy: Service) -> str:
    """In the message of a share that people gave, and that the deployer takes no order for. Empty where it is ordered,
    where no deployer is configured, and where the pipeline told it, which gives it itself.
    """
    rule = policy.deployer
    if "order" in event.data or rule is None or not rule.does("deploy") or Role.CI in event.roles:
        return ""
    name = escape(capitalized(rule.name))
    share = f"Please give {version(conversation)} its {conversation.canary.share}% there."
    return f"⚠️ *{name} was not told:* it takes no orders for a canary's shares here. {share}"


def order_told(conversation: Any, event: Event, policy: Service) -> tuple[Said, ...]:
    """What became of an order, and what people do then."""
    told = event.data
    emoji, name = EMOJI[told["outcome"]], capitalized(told["deployer"])
    telling = begun(conversation, f"{emoji} {name}")
    telling.say(*_lines(conversation, event, policy))
    telling.aside(moment(event.at, "time"))
    return telling.said()


def ask_again(conversation: Any, event: Event, policy: Service) -> tuple[Said, ...]:
    """It is asked once more."""
    telling = begun(conversation, "🔁 *Asked again*")
    telling.say(asked_line(conversation, event))
    return finished(telling, event, policy)


def alarm_lines(conversation: Any) -> Iterator[str]:
    """In the private message about an order that goes no further without somebody."""
    order: OrderState | None = conversation.order
    if order is None:
        return
    yield _order_line(conversation, order)
    reason = conversation.forms.get("order_told", {}).get("reason")
    if reason:
        yield f"> {escape(clip(one_line(reason), MOST_REASON))}"
    if order.outcome == "succeeded":
        yield LOOK


def _what(conversation: Any, kind: str) -> str:
    place = escape(conversation.environment)
    if kind == "rollback":
        return f"bring {escape(conversation.target)} back to {place}"
    share = conversation.canary.share if conversation.canary else 100
    if kind == "promote" or share < 100:
        return f"give {version(conversation)} {share}% of the traffic of {place}"
    return f"deploy {version(conversation)} to {place}"


def _lines(conversation: Any, event: Event, policy: Service) -> Iterator[str]:
    told = event.data
    name, why = capitalized(told["deployer"]), escape(clip(told["reason"] or "", MOST_REASON))
    what, where = _what(conversation, told["kind"]), link(told["url"], "see it there") if told["url"] else ""
    by_hand = BY_HAND[told["kind"]]
    match told["outcome"]:
        case "waits":
            yield f"⏳ {bold(name)} can't be asked now: {why} It is tried for ten minutes; nothing was started yet."
        case "accepted":
            yield f"📨 {bold(name)} took the order to {what}{f' · {where}' if where else ''}."
            yield "That says nothing of how it ends."
        case "refused":
            yield f"⚠️ {bold(name)} did not take the order to {what}: {why}"
            yield f"Nothing was started. {capitalized(by_hand)}. Or, once it is put right, {AGAIN}."
        case "unknown":
            yield f"❓ *Nobody knows whether {escape(told['deployer'])} took the order to {what}:* {why}"
            yield f"It is not given again by itself. Please look there; if nothing runs, {by_hand}, or {AGAIN}."
        case "void":
            yield f"🚫 {bold(name)} was not asked any more to {what}. {why}"
        case outcome:
            stands = STANDS[outcome].format(what=what)
            yield f"{EMOJI[outcome]} {bold(name)} {stands}{_said(why)}{f' · {where}' if where else ''}."
            yield _then(conversation, told["outcome"], policy.deployer)


def _said(why: str) -> str:
    return f" ({why.rstrip('.')})" if why else ""


def _then(conversation: Any, outcome: str, rule: DeployerRule | None) -> str:
    """What is left to people."""
    reports = rule is not None and rule.reports
    order: OrderState | None = conversation.order
    if order and not order.is_of(conversation):
        return LOOK if outcome == "succeeded" and order.surprises(conversation) else ""
    if outcome == "succeeded":
        done = {"rolling_back": "Rollback done", "deploying": "Deployed"}.get(conversation.state, "")
        return "" if reports or not done else f"Please check it, and press “{done}”."
    if outcome == "failed":
        is_rollback = conversation.dialogue == "rollback"
        ways = "Please " if is_rollback or reports else "Please press “Deployment failed”, or "
        return f"{ways}go on by hand; to ask once more, {AGAIN}."
    if outcome == "unseen":
        return "Please look there."
    return ""
