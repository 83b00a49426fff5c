"""A canary deployment: the new version gets a growing share of the traffic, and is watched at each (deployment
strategy, "Canary Deployment": 5 %, then 25, 50 and 100, thirty minutes each, rolled back at once on trouble).

The table that uses it is bot.core.release.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from bot.core.events import Event, Fact, Reminder
from bot.core.forms import Ask, Form, Paragraph, Widget

SHARES = (5, 25, 50, 100)


class CanaryRule(Fact):
    """How a service's canaries are promoted: their shares of the traffic in percent, the minutes that each is watched,
    and by whom: `people`, or also `quiet` signals when the time is over.
    """

    shares: tuple[Annotated[int, Field(ge=1, le=100)], ...] = Field(default=SHARES, min_length=2, max_length=10)
    watch: Annotated[int, Field(ge=1, le=24 * 60)] = 30
    promoted_by: Literal["people", "quiet"] = "people"

    @field_validator("shares")
    @classmethod
    def _growing(cls, shares: tuple[int, ...]) -> tuple[int, ...]:
        if shares[-1] != 100 or any(later <= earlier for earlier, later in pairwise(shares)):
            raise ValueError("must grow, and end with 100")
        return shares


class Canary(Fact):
    """Where a canary stands: its present share in percent since when, the shares, and until when it is watched.
    `was_blind`: a part of this share's time was seen by nobody.
    """

    shares: tuple[int, ...]
    share: int
    since: datetime
    until: datetime
    was_blind: bool = False

    @property
    def next_share(self) -> int:
        """The share after this one; 100 after the last."""
        return next((share for share in self.shares if share > self.share), 100)


class PromoteForm(Form):
    """What is known of the present share, in the words of whoever promotes it."""

    seen: Annotated[
        Paragraph | None,
        Ask("What was seen", Widget.TEXT, hint="Error rate, response time, resources, business figures."),
    ] = None


def begun(rule: CanaryRule, now: datetime) -> dict[str, Any]:
    """The facts of a canary that starts."""
    return _facts(rule.shares, rule.shares[0], now, rule)


def promoted(canary: Canary, rule: CanaryRule, now: datetime) -> dict[str, Any]:
    """The facts of a canary with its next share."""
    return _facts(canary.shares, canary.next_share, now, rule)


def resumed(canary: Canary, rule: CanaryRule, now: datetime) -> dict[str, Any]:
    """The facts of a canary that goes on with the share it had: it is watched anew."""
    return _facts(canary.shares, canary.share, now, rule)


def _facts(shares: tuple[int, ...], share: int, now: datetime, rule: CanaryRule) -> dict[str, Any]:
    until = now + timedelta(minutes=rule.watch)
    canary = Canary(shares=shares, share=share, since=now, until=until)
    return {"canary": canary.model_dump(mode="json"), "restarts": True}


def of(event: Event) -> Canary | None:
    """The canary that an event's facts tell of."""
    return Canary.model_validate(event.data["canary"]) if "canary" in event.data else None


def timetable(conversation: str, canary: Canary, rule: CanaryRule) -> tuple[Reminder, ...]:
    """The clock's promotion when the time is over, where signals that stayed quiet may promote."""
    if rule.promoted_by != "quiet":
        return ()
    return (Reminder(conversation, "step", "promote", 0, canary.until, (), f"canary {canary.share}"),)
