"""What only a freeze can tell: its conversation and forms, and the rules, facts and effects of its steps.

The table that uses them is bot.core.freeze.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from bot.core.dialogue import Consequence, Situation
from bot.core.events import Conversation, Event
from bot.core.forms import Ask, Form, Moment, OneLine, Paragraph, Widget
from bot.core.prefill import Answers, Known
from bot.core.release_rules import Release
from bot.core.windows import FreezeMark, frozen_at
from bot.errors import Refusal


class FrozenForm(Form):
    """A freeze, as a release that it covers is told of it."""

    ticket: Annotated[OneLine, Ask("Freeze")]
    reason: Annotated[Paragraph, Ask("Reason", Widget.TEXT)]
    starts: Annotated[Moment, Ask("From", Widget.MOMENT, past=True)]
    until: Annotated[Moment | None, Ask("Until", Widget.MOMENT)] = None


class ThawedForm(Form):
    """The end of a freeze, as a release that it covered is told of it."""

    ticket: Annotated[OneLine, Ask("Freeze")]
    reason: Annotated[Paragraph | None, Ask("Reason", Widget.TEXT)] = None


class FreezeForm(Form):
    """Why nothing is deployed, and from when until when. Without an end it lasts until somebody lifts it."""

    reason: Annotated[Paragraph, Ask("Reason", Widget.TEXT, placeholder="Black Friday; no changes")]
    until: Annotated[Moment | None, Ask("Until", Widget.MOMENT, hint="Empty: until somebody lifts it.")] = None
    starts: Annotated[Moment | None, Ask("From", Widget.MOMENT, hint="Empty: at once.")] = None


class FreezeEndForm(Form):
    """Another end of a freeze."""

    until: Annotated[Moment | None, Ask("Until", Widget.MOMENT, hint="Empty: until somebody lifts it.")] = None
    reason: Annotated[Paragraph, Ask("Why", Widget.TEXT)]


class EndedForm(Form):
    """The clock has nothing to say beside the hour."""


class Freeze(Conversation):
    """A time in which nothing of a service is deployed to an environment. `ends_at` is None where it has no end."""

    starts_at: datetime | None = None
    ends_at: datetime | None = None

    @property
    def reason(self) -> str:
        return str(self.forms["freeze"]["reason"])

    @property
    def set_by(self) -> str:
        """The name of whoever set it."""
        return self.trail[0].name if self.trail else self.opened_by

    @property
    def mark(self) -> FreezeMark:
        """What a release that stands under it remembers of it."""
        starts = self.starts_at or self.opened_at
        return FreezeMark(ticket=self.version, reason=self.reason, starts=starts, until=self.ends_at)


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def times_in_order(situation: Situation[Freeze]) -> None:
    """It ends after now, and after it begins."""
    form = situation.move.form
    assert isinstance(form, (FreezeForm, FreezeEndForm))
    starts = form.starts if isinstance(form, FreezeForm) else situation.conversation.starts_at
    if form.until and form.until <= situation.now:
        raise _of_field("until", "This time has passed; choose a later one.")
    if form.until and starts and form.until <= starts:
        raise _of_field("until", "It would end before it begins; choose a later end.")


def _of_field(name: str, why: str) -> Refusal:
    return Refusal(why, fields={name: why})


# ── facts, effects and consequences ──────────────────────────────────────────────────────────────────────────────────
def freeze_facts(situation: Situation[Freeze]) -> dict[str, Any]:
    form = situation.move.form
    assert isinstance(form, FreezeForm)
    starts = max(form.starts or situation.now, situation.now)
    return {"starts": starts.isoformat(), "covered": _covered(situation, starts, form.until)}


def end_facts(situation: Situation[Freeze]) -> dict[str, Any]:
    """The scheduled releases that it covers now, and those that it covered until now."""
    form, freeze = situation.move.form, situation.conversation
    assert isinstance(form, FreezeEndForm)
    starts = freeze.starts_at or freeze.opened_at
    covered = _covered(situation, starts, form.until)
    before = _remembering(situation)
    return {"covered": covered, "freed": [one for one in before if one not in covered]}


def lift_facts(situation: Situation[Freeze]) -> dict[str, Any]:
    return {"freed": _remembering(situation)}


def _scheduled(situation: Situation[Freeze]) -> Iterator[Release]:
    freeze = situation.conversation
    for other in situation.surroundings.others:
        if isinstance(other, Release) and (other.environment, other.state) == (freeze.environment, "scheduled"):
            yield other


def _covered(situation: Situation[Freeze], starts: datetime, ends: datetime | None) -> list[str]:
    """The ids of the scheduled releases whose agreed time falls into a span; one that is late would start now."""
    return [
        release.id
        for release in _scheduled(situation)
        if release.planned_at and frozen_at(max(release.planned_at, situation.now), starts, ends)
    ]


def _remembering(situation: Situation[Freeze]) -> list[str]:
    """The ids of the scheduled releases that were told of the freeze, or were scheduled under it."""
    ticket = situation.conversation.version
    return [release.id for release in _scheduled(situation) if any(mark.ticket == ticket for mark in release.freezes)]


def spanned(freeze: Freeze, event: Event) -> Freeze:
    """The freeze with its begin and end, as an event has them."""
    starts, until = event.data.get("starts"), event.data["until"]
    changes: dict[str, Any] = {"ends_at": datetime.fromisoformat(until) if until else None}
    if starts:
        changes["starts_at"] = datetime.fromisoformat(starts)
    return freeze.model_copy(update=changes)


def tells_releases(freeze: Freeze, event: Event) -> tuple[Consequence, ...]:
    """The releases that it covers are told of it, those that it covers no longer of its end."""
    mark = FrozenForm.model_validate(freeze.mark.model_dump())
    end = ThawedForm(ticket=freeze.version, reason=event.data.get("reason"))
    covered = (Consequence("release", "frozen", mark, one) for one in event.data.get("covered", ()))
    freed = (Consequence("release", "thawed", end, one) for one in event.data.get("freed", ()))
    return (*covered, *freed)


def known_end(known: Known) -> Answers:
    """What a form for another end starts from."""
    return {"until": known.conversation.ends_at} if known.conversation else {}
