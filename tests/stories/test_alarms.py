"""A P0 that people raise wakes people outside of Slack as one that the watch finds does: once, and until it is over."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from playground.seed import CHARLIE, JANE, PAVEL, RELEASES, TANIA
from tests.stories.test_rolled_back_again import states
from tests.stories.test_routing import LOUD, ROUTING, Told, team, watching
from tests.stories.test_watch import that_say
from tests.stories.the_rollback import DONE, VERIFIED


@pytest.fixture
async def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Told]:
    async with team(tmp_path, monkeypatch, ROUTING) as one:
        yield one


async def typed(told: Told, line: str = "severity=P0") -> None:
    await told.player.command(TANIA, f"/rollback admin-logistic v1.2.0 {line}", "#releases")


async def by_the_button(told: Told) -> None:
    await told.player.step(CHARLIE, RELEASES, "Roll back", severity="P0", issue="Orders fail with 500")


async def by_command(told: Told) -> None:
    await typed(told, 'severity=P0 issue="Orders fail with 500"')


async def raised_later(told: Told) -> None:
    await typed(told, 'severity=P1 issue="Orders fail with 500"')
    assert told.states() == {}
    await told.player.step(CHARLIE, RELEASES, "Raise to P0")


async def back(told: Told) -> None:
    await told.player.step(JANE, RELEASES, "Begin rollback", target="v1.1.0", eta="2")
    assert told.states() == {"P0": "acknowledged"}
    await told.player.step(JANE, RELEASES, "Rollback done", version="v1.1.0", **DONE)
    await told.player.step(CHARLIE, RELEASES, "Works again", **VERIFIED)


def subjects(told: Told) -> list[str]:
    return [str(mail["Subject"]) for mail in told.mail.mails]


@pytest.mark.parametrize("raised", [by_the_button, by_command, raised_later])
async def test_a_p0_that_people_raise_wakes_people_until_it_is_rolled_back(told: Told, raised: object) -> None:
    """By the release's button, by a command, or by a P1 that became one: one page, acknowledged by whoever begins it,
    and over when it is verified.
    """
    await watching(told.player)
    assert callable(raised)
    await raised(told)
    assert told.states() == {"P0": "triggered"}
    assert [len(told.opsgenie.alerts), len(told.mail.mails)] == [1, 1]
    heard = [text for text in told.heard(LOUD) if "🚨 P0" in text]
    assert len(heard) == 1
    assert "v1.2.0" in heard[0]
    await back(told)
    assert told.states() == {}
    assert [one["status"] for one in told.opsgenie.alerts.values()] == ["closed"]
    assert [one.split(":")[0].strip() for one in subjects(told)] == ["P0", "Over"]
    assert await states(told.player, "release") == ["rolled_back"]


async def test_what_is_said_outside_is_what_people_said(told: Told) -> None:
    await watching(told.player)
    await by_command(told)
    (mail,) = told.mail.mails
    assert "P0: Orders fail with 500 (v1.2.0 of admin-logistic production)" in str(mail["Subject"])
    assert "Rollback asked for by Tania Petrova" in str(mail.get_payload())
    [heard] = [text for text in told.heard(LOUD) if "🚨 P0" in text]
    assert "🚨 P0 *Rollback needed*: Orders fail with 500" in heard
    assert "Asked for by Tania Petrova" in heard


async def test_a_p1_that_became_a_p0_says_outside_which_environment_is_down(told: Told) -> None:
    await raised_later(told)
    assert "P0: Now P0, says Charlie Wilson: production is down" in subjects(told)[0]
    assert any("*Now P0*, says Charlie Wilson: production is down" in text for text in told.heard(LOUD))


async def test_a_rollback_of_no_release_wakes_people_by_itself(told: Told) -> None:
    """An incident channel is enough."""
    await typed(told)
    assert told.states() == {"P0": "triggered"}
    await back(told)
    assert told.states() == {}
    assert [one.split(":")[0].strip() for one in subjects(told)] == ["P0", "Over"]


@pytest.mark.parametrize(("step", "severity"), [("False alarm", "P0"), ("Decline", "P1")])
async def test_an_alarm_that_was_none_lets_everybody_sleep(told: Told, step: str, severity: str) -> None:
    """With and without a release; a P1 woke nobody."""
    await typed(told, f"severity={severity}")
    await told.player.step(TANIA, RELEASES, step, reason="It was my own network")
    await watching(told.player)
    await typed(told, f"severity={severity}")
    assert told.states() == ({"P0": "triggered"} if severity == "P0" else {})
    await told.player.step(TANIA, RELEASES, step, reason="It was my own network")
    assert told.states() == {}
    assert await states(told.player, "release") == ["watching"]
    assert len(subjects(told)) == (4 if severity == "P0" else 0)


async def test_a_false_alarm_does_not_end_what_the_watch_found(told: Told) -> None:
    """That stands until it is measured to be over."""
    await watching(told.player)
    await typed(told)
    await told.breach("P0")
    assert told.states() == {"P0": "triggered"}
    assert len(told.pagerduty.open) == 1
    await told.player.step(TANIA, RELEASES, "False alarm", reason="A courier's test data")
    assert told.states() == {"P0": "triggered"}
    await told.recover()
    assert told.states() == {}


async def test_what_people_say_stands_although_the_watch_sees_its_signal_well_again(told: Told) -> None:
    await watching(told.player)
    await typed(told)
    await told.breach("P0")
    await told.recover()
    assert told.states() == {"P0": "triggered"}
    await back(told)
    assert told.states() == {}


@pytest.mark.parametrize("severity", ["P0", "P1"])
async def test_a_typed_alarm_answers_the_pages_of_its_release_as_its_button_does(told: Told, severity: str) -> None:
    """Whoever was told of critical trouble need not be woken any more: somebody goes back."""
    await watching(told.player)
    await told.breach("P1")
    assert told.states() == {"critical": "triggered"}
    await typed(told, f"severity={severity}")
    assert told.states() == {"critical": "acknowledged"} | ({"P0": "triggered"} if severity == "P0" else {})


@pytest.mark.parametrize("again", [False, True], ids=["of a release", "of one that is over"])
async def test_nothing_is_acknowledged_of_what_nobody_was_woken_for(told: Told, *, again: bool) -> None:
    """A pager that can't be reached is no news of a P1 that woke nobody."""
    await watching(told.player)
    for _ in range(1 + again):
        await typed(told, "severity=P1")
        await told.player.step(TANIA, RELEASES, "Roll back")
        await told.player.step(JANE, RELEASES, "Begin rollback", target="v1.1.0", eta="2")
        await told.player.step(JANE, RELEASES, "Rollback done", version="v1.1.0", **DONE)
        await told.player.step(CHARLIE, RELEASES, "Works again", **VERIFIED)
    assert told.pagerduty.events == []
    assert told.opsgenie.alerts == {}


async def test_a_version_that_was_rolled_back_before_wakes_people_again(told: Told) -> None:
    """Its release is over and follows nothing: the page is the rollback's own."""
    await watching(told.player)
    await typed(told)
    await back(told)
    await typed(told)
    assert told.states() == {"P0": "triggered"}
    await told.player.step(JANE, RELEASES, "Begin rollback", target="v1.1.0", eta="2")
    assert told.states() == {"P0": "acknowledged"}
    await told.player.step(JANE, RELEASES, "Rollback done", version="v1.1.0", **DONE)
    await told.player.step(CHARLIE, RELEASES, "Works again", **VERIFIED)
    assert told.states() == {}


# ── what is escalated ────────────────────────────────────────────────────────────────────────────────────────────────
async def escalated(told: Told, situation: str = "production_down") -> None:
    await told.player.command(JANE, f'/release escalate situation={situation} details="Orders fail"', "#releases")


async def test_what_is_escalated_and_can_not_wait_wakes_people_until_it_is_handled(told: Told) -> None:
    """Acknowledged by the first who has heard of it."""
    await escalated(told)
    assert told.states() == {"P0": "triggered"}
    assert "P0: Production down: Orders fail (ESC-1 of admin-logistic production)" in subjects(told)[0]
    assert any("*Production down*: Orders fail" in text for text in told.heard(LOUD))
    await told.player.step(TANIA, RELEASES, "Acknowledge")
    assert told.states() == {"P0": "acknowledged"}
    await told.player.step(PAVEL, RELEASES, "Acknowledge")
    await told.player.step(PAVEL, RELEASES, "Handled", outcome="Rolled back to v1.1.0")
    assert told.states() == {}


async def test_a_cost_wakes_nobody_and_neither_does_a_trouble_that_people_are_awake_for(told: Told) -> None:
    await escalated(told, "cost_overrun")
    assert told.states() == {}
    await typed(told)
    assert len(told.pagerduty.events) == 1
    await escalated(told)
    assert len(told.pagerduty.events) == 1


@pytest.mark.parametrize("raised", [typed, escalated])
async def test_who_could_not_be_woken_is_told_in_the_thread(told: Told, raised: object) -> None:
    told.pagerduty.tokens = {"another-key"}
    assert callable(raised)
    await raised(told)
    (refused,) = that_say(told.player, "Could not be notified")
    assert "PagerDuty refused (400" in refused
    assert len(told.mail.mails) == 1
