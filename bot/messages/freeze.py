"""What is said of a freeze: its card, which announces it, and its end."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from bot.core.events import Event
from bot.core.freeze import FREEZE
from bot.core.freeze_rules import Freeze
from bot.core.policy import Service
from bot.core.release_rules import Release
from bot.core.roles import Role
from bot.core.windows import FreezeMark
from bot.messages import blocks
from bot.messages.generic import begun, finished, generic
from bot.messages.message import Message, Said
from bot.messages.parts import Telling, both_zones, capital, paragraph, place, rows, version
from bot.messages.people import call
from bot.messages.text import bold, clip, escape, moment, one_line

LISTED = 20
MOST_ON_CARD = 2
"""Freezes that a release's card tells the reason of: whom it waits for stands below them."""


def card(freeze: Freeze, policy: Service) -> Message:
    """The head of a freeze's thread, which is its announcement."""
    state = FREEZE.state(freeze.state)
    headline = f"{state.emoji} Freeze {freeze.version}: {policy.title}"
    telling = Telling(freeze, escape(f"{state.emoji} Freeze {freeze.version} of {policy.name}: {state.words}"))
    telling.blocks.append(blocks.header(headline))
    telling.aside(f"*{escape(policy.name)}* · {place(freeze)}")
    telling.say(f"{state.emoji} *{capital(state.words)}* · since {moment(freeze.since)}", *_span(freeze.mark))
    telling.tell(paragraph("*Reason*", freeze.reason))
    if not state.final:
        telling.say("Nothing is deployed meanwhile. Hotfixes go with the Release Manager's approval.")
    telling.aside(f"Set by {escape(freeze.set_by)}")
    telling.blocks.extend(rows(freeze, FREEZE.buttons(freeze.state)))
    return telling.message()


def _span(mark: FreezeMark) -> Iterator[str]:
    yield f"From {both_zones(mark.starts)}"
    yield f"Until {both_zones(mark.until)}" if mark.until else "Until somebody lifts it"


def told(freeze: Freeze, event: Event, policy: Service) -> tuple[Said, ...]:
    """What is said in the thread about a step."""
    return TELLERS.get(event.step, generic)(freeze, event, policy)


def _set(freeze: Freeze, event: Event, policy: Service) -> tuple[Said, ...]:
    """The card says it all."""
    del freeze, event, policy
    return ()


def _turned(freeze: Freeze, event: Event, policy: Service) -> tuple[Said, ...]:
    """It begins or ends: what that means for deployments."""
    step = FREEZE.step(event.step)
    telling = begun(freeze, step.says)
    over = FREEZE.state(freeze.state).final
    means = "Deployments are possible again." if over else f"Nothing is deployed: {escape(clip(freeze.reason, 200))}"
    telling.say(f"{step.says}: {version(freeze)} of {escape(freeze.service)}. {means}")
    if event.data.get("reason"):
        telling.tell(paragraph("*Why:*", event.data["reason"]))
    return finished(telling, event, policy)


def _another_end(freeze: Freeze, event: Event, policy: Service) -> tuple[Said, ...]:
    telling = begun(freeze, FREEZE.step(event.step).says)
    telling.say(FREEZE.step(event.step).says, *_span(freeze.mark))
    telling.tell(paragraph("*Why:*", event.data["reason"]))
    return finished(telling, event, policy)


TELLERS: Mapping[str, Callable[[Freeze, Event, Service], tuple[Said, ...]]] = {
    "freeze": _set,
    "begin": _turned,
    "expire": _turned,
    "lift": _turned,
    "change_end": _another_end,
}


def listing(freezes: tuple[tuple[Freeze, Service], ...]) -> Message:
    """The freezes that are announced or in force; a paragraph each."""
    if not freezes:
        return Message("Nothing is frozen.", (blocks.section("Nothing is frozen. `/release freeze` sets a freeze."),))
    parts = [blocks.section("\n".join(_entry(freeze, policy))) for freeze, policy in freezes[:LISTED]]
    if len(freezes) > LISTED:
        parts.append(blocks.context(f"… and {len(freezes) - LISTED} more"))
    parts.append(blocks.context("`/release unfreeze FRZ-1 <reason>` lifts one"))
    return Message(f"{len(freezes)} freezes", tuple(parts))


def _entry(freeze: Freeze, policy: Service) -> Iterator[str]:
    state = FREEZE.state(freeze.state)
    what = f"{state.emoji} {bold(freeze.version)} of {escape(policy.title)} is {state.words}"
    yield f"{what}, set by {escape(freeze.set_by)}"
    until = f"until {moment(freeze.ends_at)}" if freeze.ends_at else "until somebody lifts it"
    yield f"From {moment(freeze.mark.starts)} {until}: {escape(clip(one_line(freeze.reason), 150))}"


# ── in the thread of a release ───────────────────────────────────────────────────────────────────────────────────────
def frozen(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    """A freeze covers the agreed time: whoever was about to deploy is told."""
    mark = FreezeMark.model_validate(event.data)
    telling = begun(release, "🧊 *Frozen*")
    telling.say(f"🧊 *Frozen* by {bold(mark.ticket)}: the agreed time falls into it.", *_span(mark))
    telling.tell(paragraph("*Reason:*", mark.reason))
    telling.say(f"{call(release, Role.DEVOPS, policy)} — Please do not deploy it before the freeze is over.")
    return finished(telling, event, policy)


def thawed(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    telling = begun(release, "☀️ *Freeze over*")
    telling.say(f"☀️ *Freeze over*: {bold(event.data['ticket'])} no longer holds {version(release)} back.")
    if event.data.get("reason"):
        telling.tell(paragraph("*Why:*", event.data["reason"]))
    return finished(telling, event, policy)


def freed(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    telling = begun(release, "🟢 *The way is free*")
    telling.say(f"🟢 *The way is free*: {escape(event.data['version'])} is out of the way of {version(release)}.")
    return finished(telling, event, policy)


def held_back(release: Release) -> Iterator[str]:
    """What a reminder says where a freeze covers the agreed time: nobody is to be asked for what would be refused."""
    if release.is_hotfix or release.state != "scheduled":
        return
    for mark in release.freezes:
        excepted = release.exception_at is not None and mark.starts <= release.exception_at
        if release.planned_at and mark.covers(release.planned_at) and not excepted:
            held = f"🧊 Freeze {bold(mark.ticket)} holds it back {_until(mark)}"
            yield f"{held}: please do not deploy it before that is over."


def card_lines(release: Release) -> Iterator[str]:
    """What the card of a planned release says of an exception, and of the freezes that its agreed time falls into."""
    if release.exception_at and release.state in (
        "awaiting_plan",
        "awaiting_agreement",
        "awaiting_timing",
        "scheduled",
    ):
        yield f"🔓 Exception allowed: {escape(clip(one_line(release.forms['allow']['reason']), 120))}"
    if release.state in ("awaiting_timing", "scheduled"):
        standing = [mark for mark in release.freezes if mark.covers(release.planned_at)]
        for mark in standing[:MOST_ON_CARD]:
            yield f"🧊 Under freeze {bold(mark.ticket)} {_until(mark)}: {escape(clip(one_line(mark.reason), 120))}"
        if more := ", ".join(mark.ticket for mark in standing[MOST_ON_CARD:]):
            yield f"🧊 And under {escape(clip(more, 120))}"


def _until(mark: FreezeMark) -> str:
    return f"until {moment(mark.until)}" if mark.until else "until it is lifted"
