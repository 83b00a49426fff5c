"""What is said in a rollback: the head of its thread, and a message per step (QA-DevOps dialogue, section 5)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from bot.core.events import Event, Reminder
from bot.core.policy import Service
from bot.core.reminders import patience
from bot.core.rollback import ROLLBACK
from bot.core.rollback_clock import RECOVERY_TARGETS
from bot.core.rollback_forms import SCOPES, CompleteForm, PublishForm, RequestForm
from bot.core.rollback_rules import Rollback
from bot.messages import blocks, orders
from bot.messages.generic import begun, finished, generic, shown
from bot.messages.message import Message, Said
from bot.messages.parts import (
    Passage,
    Telling,
    begun_by,
    both_zones,
    capital,
    form_of,
    minutes,
    paragraph,
    place,
    rows,
    span,
    utc,
    version,
)
from bot.messages.people import call_awaited
from bot.messages.text import clip, escape, link, mention, mention_group, moment, one_line
from bot.messages.watchers import UNWATCHED

HEADLINES: Mapping[str, str] = {
    "awaiting_decision": "🚨 ROLLBACK NEEDED: {version}",
    "awaiting_start": "🚨 ROLLBACK NEEDED: {version}",
    "rolling_back": "🔴 INITIATING ROLLBACK: {version}",
    "awaiting_verification": "⏪ Rollback Complete: {version}",
    "awaiting_closure": "✅ Rollback Verified: {version}",
    "awaiting_postmortem": "✅ Rollback Verified: {version}",
    "closed": "✅ Rollback Closed: {version}",
    "declined": "🚫 Rollback Declined: {version}",
    "withdrawn": "🔕 False Alarm: {version}",
}

ON_TIME = timedelta(minutes=1)
"""How long after its moment the stopwatch may speak without saying that it is late."""

LONGEST_NAME = 40
MOST_NAMED = 10
"""So many voices are named on the card, the latest first; the rest are counted."""

LACKING = {"issue": "the issue", "impact": "the impact", "evidence": "evidence"}


def card(rollback: Rollback, policy: Service) -> Message:
    """The head of a rollback's thread: the alarm, and where it stands."""
    headline = HEADLINES[rollback.state].format(version=rollback.version)
    telling = Telling(rollback, f"{escape(headline)} · {escape(policy.name)}")
    telling.blocks.append(blocks.header(headline))
    telling.aside(f"*{escape(policy.name)}* · {place(rollback)}{begun_by(rollback, 'raised')}")
    telling.say(*_state_lines(rollback, policy))
    severity = shown(RequestForm.asks()["severity"][0], rollback.severity)
    telling.say(f"*Severity:* {severity}", f"*Environment:* {place(rollback)}")
    for passage in contents(rollback):
        telling.tell(passage)
    if rollback.lacking and rollback.state in ("awaiting_decision", "awaiting_start", "rolling_back"):
        lacking = ", ".join(LACKING[name] for name in rollback.lacking)
        telling.aside(f"Not said yet: {lacking}. “Add details” takes it at any time; nothing waits for it.")
    telling.say(*_recommendation(rollback))
    telling.say(*_votes(rollback))
    telling.say(*_progress(rollback))
    telling.blocks.extend(rows(rollback, ROLLBACK.buttons(rollback.state), policy=policy))
    return telling.message()


def contents(rollback: Rollback) -> tuple[Passage, ...]:
    """What the alarm says of it."""
    return (
        paragraph("*Issue:*", rollback.issue) if rollback.issue else Passage("", ()),
        Passage("*Impact:*", rollback.impact),
        Passage("*Evidence:*", rollback.evidence),
    )


def _state_lines(rollback: Rollback, policy: Service) -> Iterator[str]:
    state = ROLLBACK.state(rollback.state)
    yield f"{state.emoji} *{capital(state.words)}* · since {moment(rollback.since)}"
    if awaited := call_awaited(rollback, policy):
        yield f"👉 Awaited: {awaited}"
    if rollback.state == "awaiting_decision":
        limit = _limit(rollback, policy)
        yield f"⚖️ The Tech Lead decides, within {span(limit)}; after that it goes up to the Release Manager."
    ended = {"declined": "decline", "withdrawn": "withdraw"}.get(rollback.state, "")
    if act := rollback.took(ended):
        yield f"> {escape(clip(one_line(rollback.forms[ended]['reason']), 250))} — {escape(act.name)}"


def _limit(rollback: Rollback, policy: Service) -> timedelta:
    """How long the decider has before it goes up: asked after a while, and as long again."""
    return 2 * patience(rollback.dialogue, ROLLBACK.step("decide"), policy)


def _recommendation(rollback: Rollback) -> Iterator[str]:
    if rollback.state in ("awaiting_decision", "awaiting_start"):
        yield "*Recommendation:*"
        if rollback.target:
            yield f"Rollback to {escape(rollback.target)} immediately."
        else:
            which = "other version was verified" if rollback.attempts else "version was verified before it"
            yield f"Rollback immediately. No {which}: DevOps names the one to go back to."


def _votes(rollback: Rollback) -> Iterator[str]:
    if not rollback.votes or rollback.state != "awaiting_decision":
        return
    for words, in_favour in (("👍 In favour", True), ("👎 Against", False)):
        latest_first = [vote.name for vote in reversed(rollback.votes) if vote.in_favour is in_favour]
        voices = [escape(clip(name, LONGEST_NAME)) for name in latest_first]
        more = f" and {len(voices) - MOST_NAMED} more" if len(voices) > MOST_NAMED else ""
        if voices:
            yield f"{words}: {', '.join(voices[:MOST_NAMED])}{more}"


def _progress(rollback: Rollback) -> Iterator[str]:
    again = f" (attempt {rollback.attempts})" if rollback.attempts > 1 else ""
    if rollback.started_at and not rollback.finished_at:
        yield f"🔴 Rolling back to {escape(rollback.target)} since {utc(rollback.started_at, day=False)}{again}"
    if rollback.state == "rolling_back" and rollback.expected_at:
        target = span(RECOVERY_TARGETS[rollback.scope])
        yield f"🕓 Expected by {both_zones(rollback.expected_at)} · recovery target {target}"
    yield from orders.order_lines(rollback)
    if rollback.live and rollback.finished_at:
        since, took = utc(rollback.finished_at, day=False), minutes(rollback.took_minutes or 0)
        yield f"⏪ {place(rollback)} now on {escape(rollback.live)} since {since}, after {took}{again}"
    if rollback.post_mortem_at:
        yield f"📄 Post-mortem {both_zones(rollback.post_mortem_at)}"


# ── the thread ───────────────────────────────────────────────────────────────────────────────────────────────────────
def _team(policy: Service) -> str:
    return f"{mention_group(policy.team_group)} " if policy.team_group else ""


def request(rollback: Rollback, event: Event, policy: Service) -> tuple[Said, ...]:
    """The card says it all and has called the awaited; the thread gets what the card had no room for."""
    del event, policy
    return Telling(rollback, "", passages=[passage for passage in contents(rollback) if passage.entries]).rest()


def initiate(rollback: Rollback, event: Event, policy: Service) -> tuple[Said, ...]:
    telling = begun(rollback, "🔴 *INITIATING ROLLBACK*")
    telling.say(
        f"🔴 {_team(policy)}*INITIATING ROLLBACK*: {version(rollback)}\n",
        f"Rolling back to {escape(rollback.target)}.",
        f"ETA: {minutes(event.data['eta'])}.\n",
        orders.asked_line(rollback, event),
        "Everyone stand by.",
    )
    telling.aside(f"Recovery target: {SCOPES[rollback.scope]}")
    return finished(telling, event, policy)


def complete(rollback: Rollback, event: Event, policy: Service) -> tuple[Said, ...]:
    form = form_of(CompleteForm, event.data)
    telling = begun(rollback, "⏪ *Rollback Complete*")
    telling.say(f"⏪ {_team(policy)}*Rollback Complete*: {version(rollback)}")
    telling.say(
        f"*Status:* {place(rollback)} now on {escape(form.version)}",
        f"*Time:* {both_zones(event.at)}",
        f"*Duration:* {minutes(form.duration)}{_against_target(rollback, form.duration)}",
    )
    telling.tell(Passage("*Immediate check:*", form.checks))
    return finished(telling, event, policy, ask=f"Please verify {escape(form.verify or 'that it works')}.")


def _against_target(rollback: Rollback, duration: int) -> str:
    target = RECOVERY_TARGETS[rollback.scope]
    missed = timedelta(minutes=duration) > target
    return f" (recovery target {span(target)} {'missed' if missed else 'met'})"


def verify(rollback: Rollback, event: Event, policy: Service) -> tuple[Said, ...]:
    telling = begun(rollback, "✅ *Rollback verified*")
    seen = event.data["seen"].rstrip(".")
    telling.say(
        f"✅ *{escape(seen)} on {escape(rollback.live)}.*\n",
        f"Rollback successful. {place(rollback)} is stable.",
    )
    telling.aside(UNWATCHED)
    return finished(telling, event, policy)


def close(rollback: Rollback, event: Event, policy: Service) -> tuple[Said, ...]:
    telling = begun(rollback, f"✅ *{place(rollback)} stable*")
    people = " ".join(mention(person) for person in event.data["investigators"])
    telling.say(f"Rollback verified. {place(rollback)} stable.")
    telling.say(f"{people} — Let's investigate the {version(rollback)} issue before re-deploy.".removeprefix(" — "))
    if event.data["words"]:
        telling.tell(paragraph("*To be clear before that:*", event.data["words"]))
    if rollback.post_mortem_at:
        telling.say(f"Post-mortem scheduled for {both_zones(rollback.post_mortem_at)}.")
    return finished(telling, event, policy)


def publish(rollback: Rollback, event: Event, policy: Service) -> tuple[Said, ...]:
    form = form_of(PublishForm, event.data)
    telling = begun(rollback, "📄 *Post-mortem published*")
    where = f": {link(str(form.link), f'post-mortem of {rollback.version}')}" if form.link else ""
    telling.say(f"📄 *Post-mortem published*{where}")
    if form.text:
        telling.tell(paragraph("", form.text))
    return finished(telling, event, policy)


def decline(rollback: Rollback, event: Event, policy: Service) -> tuple[Said, ...]:
    """Why production stays where it is."""
    says = ROLLBACK.step(event.step).says
    telling = begun(rollback, says)
    telling.tell(paragraph(f"{says}: {place(rollback)} stays on {version(rollback)}", event.data["reason"]))
    return finished(telling, event, policy)


def overdue(rollback: Rollback, event: Event, policy: Service) -> tuple[Said, ...]:
    """The stopwatch speaks: which target was missed, since when it runs."""
    name = event.data["occasion"].rpartition(":")[2]
    telling = begun(rollback, "⏱️ *Recovery target missed*")
    if rollback.started_at:
        running, due = span(event.at - rollback.started_at), rollback.started_at + RECOVERY_TARGETS[name]
        telling.say(f"⏱️ *Recovery target missed*: {SCOPES[name]}. The rollback has been running for {running}.")
        if event.at - due > ON_TIME:
            telling.aside(f"Told late: it was missed at {utc(due, day=False)}.")
    return finished(telling, event, policy)


TELLERS: Mapping[str, Callable[[Rollback, Event, Service], tuple[Said, ...]]] = {
    "request": request,
    "initiate": initiate,
    "complete": complete,
    "verify": verify,
    "close": close,
    "publish": publish,
    "decline": decline,
    "withdraw": decline,
    "overdue": overdue,
    "order_told": orders.order_told,
    "ask_again": orders.ask_again,
}
"""The steps with words of their own; every other step is told from its row."""


def told(rollback: Rollback, event: Event, policy: Service) -> tuple[Said, ...]:
    """What is said in the thread about a step; `rollback` is the conversation after it."""
    return TELLERS.get(event.step, generic)(rollback, event, policy)


def reminded(rollback: Rollback, reminder: Reminder) -> Iterator[str]:
    """What helps the reader: the issue, and where to."""
    if rollback.issue:
        yield f"> {escape(clip(one_line(rollback.issue), 250))}"
    if reminder.step == "order_told":
        yield from orders.alarm_lines(rollback)
    elif reminder.kind == "tell" and (told_why := rollback.forms.get(reminder.step, {}).get("reason")):
        yield f"> {escape(clip(one_line(told_why), 250))}"
    if rollback.target and rollback.state in ("awaiting_decision", "awaiting_start"):
        yield f"Recommended: back to {escape(rollback.target)}."
