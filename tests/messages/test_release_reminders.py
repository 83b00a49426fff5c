"""The private messages that remind: what they say, and the buttons that answer them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from bot.core.events import Reminder
from bot.core.release import RELEASE
from bot.core.reminders import reminders_for
from bot.core.roles import Role
from bot.core.windows import FreezeMark
from bot.messages.limits import violations
from bot.messages.message import Message
from bot.messages.references import SNOOZE_ACTION
from bot.messages.voices import VOICES
from tests.messages.a_spoken_release import (
    DEVOPS,
    MANAGER,
    PIPELINE,
    QA,
    SMOKE_FAILED,
    START,
    TECH_LEAD,
    Talk,
    buttons,
    calls,
    words,
)

REASON = {"reason": "The tests are red"}


def due(talk: Talk, kind: str) -> Reminder:
    return next(one for one in reminders_for(RELEASE, talk.release, talk.policy) if one.kind == kind)


def reminded(talk: Talk, kind: str, late: timedelta | None = None) -> Message:
    one = due(talk, kind)
    return VOICES["release"].reminder(
        talk.release, one, talk.policy, one.due_at + (late or timedelta()), late=late, reminder_id=41
    )


def test_a_nudge_says_what_is_waited_for_since_when() -> None:
    """The awaited reads the version, the service, what is wanted and for how long it has been waited for."""
    shown = words(reminded(Talk().signed(), "nudge"))
    assert "v1.2.0 of admin-logistic waits for your plan since " in shown
    assert "15:20 UTC> (30 minutes)." in shown


def test_a_nudge_counts_from_the_agreed_time() -> None:
    """Who is to deploy at 16:00 is late since 16:00, not since the time was agreed."""
    shown = words(reminded(Talk().scheduled(), "nudge"))
    assert "waits for you to start the deployment since " in shown
    assert "16:00 UTC> (15 minutes)." in shown


def test_a_reminder_is_answered_by_its_own_button_or_put_off() -> None:
    """The first button is the awaited step, made for this stage; the last one snoozes this reminder."""
    talk = Talk().planned()
    first, *_, last = buttons(reminded(talk, "nudge"))
    assert (first.label, first.reference.step, first.reference.stage) == ("Time works", "confirm", talk.release.stage)
    assert (last.label, last.action, last.value) == ("Snooze 30 min", SNOOZE_ACTION, "41")


@pytest.mark.parametrize(
    ("talk", "labels"),
    [
        (Talk().approved(), ["Sign off", "Object"]),
        (Talk().signed(), ["Plan deployment"]),
        (Talk().planned(), ["Time works", "Propose another time"]),
        (Talk().scheduled(), ["Start deployment", "Deployed", "Move deployment"]),
        (Talk().deploying(), ["Deployed", "Deployment failed"]),
        (Talk().deployed(), ["Begin smoke test", "Smoke passed", "Smoke failed"]),
        (Talk().smoke_running(), ["Smoke passed", "Smoke failed"]),
        (Talk().smoke_running().take("smoke_failed", QA, SMOKE_FAILED), ["Continue", "Roll back"]),
        (Talk().approved().take("object", TECH_LEAD, REASON), ["Revise"]),
    ],
    ids=lambda value: value.release.state if isinstance(value, Talk) else "",
)
def test_a_nudge_offers_what_its_reader_may_do(talk: Talk, labels: list[str]) -> None:
    """The buttons are those that the awaited role may use, and no others."""
    shown = reminded(talk, "nudge")
    *offered, put_off = [button.label for button in buttons(shown)]
    assert offered == labels
    assert put_off.startswith("Snooze ")
    assert violations(shown.blocks) == []


def test_an_escalation_says_who_did_not_answer_and_offers_the_next_role_its_ways() -> None:
    """The Release Manager reads that DevOps did not answer, whom to ask, and may start, move or withdraw."""
    shown = reminded(Talk().scheduled(), "escalation")
    assert "DevOps has not answered since " in words(shown)
    assert "is now with you as Release Manager." in words(shown)
    assert calls(shown) == {"UJANE"}
    labels = [button.label for button in buttons(shown)]
    assert labels == ["Start deployment", "Move deployment", "Withdraw", "Snooze 15 min"]


@pytest.mark.parametrize(
    ("talk", "minutes"), [(Talk().planned(), 30), (Talk().scheduled(), 15), (Talk().deployed(), 10)]
)
def test_what_presses_is_put_off_no_longer_than_it_was_waited_for(talk: Talk, minutes: int) -> None:
    """While production is between two versions, half an hour of silence would keep the next role from hearing of it."""
    assert buttons(reminded(talk, "nudge"))[-1].label == f"Snooze {minutes} min"


def test_the_agreed_time_says_what_to_prepare() -> None:
    """“Time to deploy” comes with the pre-deployment list of the plan."""
    shown = words(reminded(Talk().scheduled(), "due"))
    assert "🕓 Time to deploy v1.2.0 of admin-logistic." in shown
    assert "Planned for 2024-01-16 16:00 UTC" in shown
    for line in ("Database migrations: Yes (1 migration)", "Config changes: None", "Cache clear: Yes"):
        assert line in shown


def under_freeze(**changes: Any) -> Talk:
    talk = Talk().scheduled()
    assert talk.release.planned_at is not None
    mark = FreezeMark(ticket="FRZ-1", reason="Black Friday", starts=talk.release.planned_at - timedelta(hours=1))
    talk.release = talk.release.model_copy(update={"freezes": (mark,), **changes})
    return talk


@pytest.mark.parametrize("kind", ["due", "nudge", "escalation", "entry"])
def test_nobody_is_asked_to_deploy_into_a_freeze_without_being_told_of_it(kind: str) -> None:
    held = "🧊 Freeze FRZ-1 holds it back until it is lifted: please do not deploy it before that is over."
    assert held in words(reminded(under_freeze(), kind))
    assert held not in words(reminded(Talk().scheduled(), kind))
    assert held not in words(reminded(under_freeze(exception_at=START + timedelta(days=9)), kind))


def test_a_late_reminder_says_when_it_was_due() -> None:
    """What comes late says so, and why; what comes in time does not."""
    late = words(reminded(Talk().scheduled(), "due", timedelta(minutes=45)))
    assert "This should have reached you at 16:00 UTC, 45 minutes ago; Greenlight was not running." in late
    assert "should have reached" not in words(reminded(Talk().scheduled(), "due"))
    days = words(reminded(Talk().scheduled(), "due", timedelta(days=2)))
    assert "at 2024-01-16 16:00 UTC, 2 days ago" in days


def test_every_awaited_step_has_its_own_words() -> None:
    """Nobody of the present dialogue is reminded of a bare button's name; the clock's own step needs no words."""
    wordless = {step.name for step in RELEASE.steps if step.wait and not step.wait.words}
    assert wordless == {"complete"}


def test_a_machines_start_still_reminds_the_planner() -> None:
    """A deployment that the pipeline began is asked after with DevOps, who may say how it ended."""
    talk = Talk().scheduled().wait(minutes=33).take("start", PIPELINE, {"commit": "abc123"})
    assert due(talk, "nudge").roles == (Role.DEVOPS.value,)
    assert [button.label for button in buttons(reminded(talk, "nudge"))][:2] == ["Deployed", "Deployment failed"]
    assert {DEVOPS.id} == calls(reminded(talk, "escalation"))
    assert MANAGER.id not in calls(reminded(talk, "escalation"))
