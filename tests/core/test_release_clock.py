"""The release day's clock in a release: when each entry is asked for, by whom it is answered, and what moves it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from bot.core.policy import Holders, QuietHours
from bot.core.release import RELEASE
from bot.core.release_clock import EntryDoneForm, EntrySkippedForm
from bot.core.release_day import EntryRule
from bot.core.reminders import reminders_for
from bot.core.roles import Role
from bot.errors import Refusal
from tests.core.a_release import (
    DEVOPS,
    MANAGER,
    PM,
    POLICY,
    QA,
    START,
    TECH_LEAD,
    Play,
    another_time,
    approval,
    deployed,
    passed,
    plan,
    reason,
    start,
)

HELD = POLICY.model_copy(
    update={
        "roles": {
            Role.RELEASE_MANAGER: Holders(users=(MANAGER.id,)),
            Role.DEVOPS: Holders(users=(DEVOPS.id,)),
            Role.QA: Holders(users=(QA.id,)),
        }
    }
)
T = START + timedelta(hours=30)
"""When the release is to begin: on the 17th at 21:00 UTC."""


def agreed(policy: object = HELD, when: datetime = T) -> Play:
    play = Play(policy).signed()  # type: ignore[arg-type]  # a service of the tests
    play.take("plan", DEVOPS, plan(when))
    play.take("confirm", QA)
    return play


def asked(play: Play) -> list[tuple[str, str, str]]:
    """Each entry that will be asked for: its name, when (UTC), and whom."""
    return [
        (one.occasion.partition("@")[0], f"{one.due_at.astimezone(UTC):%d %H:%M}", *one.roles)  # type: ignore[misc]  # one owner each
        for one in reminders_for(RELEASE, play.release, play.policy)
        if one.kind == "entry"
    ]


def states(play: Play) -> dict[str, str]:
    return {entry.name: entry.state for entry in play.release.day}


def done(name: str) -> EntryDoneForm:
    return EntryDoneForm(entry=name)


def test_entries_are_set_when_the_time_is_agreed_on() -> None:
    """Each at its time, to its owner; who begins is reminded of that by the step itself."""
    assert asked(agreed()) == [
        ("T-24h", "16 21:00", "release_manager"),
        ("T-12h", "17 09:00", "release_manager"),
        ("T-6h", "17 15:00", "devops"),
        ("T-2h", "17 19:00", "qa"),
        ("T-1h", "17 20:00", "devops"),
        ("T-30m", "17 20:30", "release_manager"),
    ]


def test_nothing_is_asked_before_the_time_is_agreed_on() -> None:
    """A plan alone sets no clock."""
    play = Play(HELD).signed()
    play.take("plan", DEVOPS, plan(T))
    assert asked(play) == []


def test_entry_that_is_past_when_the_time_is_agreed_on_was_missed_and_does_not_fire() -> None:
    """An hour ahead, the eve's entries are too late; what is due at this very moment is not."""
    play = agreed(when=START + timedelta(hours=2))
    assert [name for name, *_ in asked(play)] == ["T-2h", "T-1h", "T-30m"]
    assert [name for name, state in states(play).items() if state == "missed"] == ["T-24h", "T-12h", "T-6h"]


def test_entries_after_the_deployment_count_from_its_end() -> None:
    """Those before it are asked for no more; a notice that comes late has missed some."""
    play = agreed(when=START + timedelta(hours=1)).wait(hours=1)
    play.take("start", DEVOPS, start())
    assert asked(play) == []
    assert states(play)["T-0"] == "done"
    play.wait(minutes=18).take("deployed", DEVOPS, deployed(finished_at=(play.now - timedelta(minutes=7)).isoformat()))
    assert [(name, when) for name, when, _ in asked(play)] == [
        ("T+10m", "16 16:21"),
        ("T+15m", "16 16:26"),
        ("T+20m", "16 16:31"),
        ("T+30m", "16 16:41"),
    ]
    assert states(play)["T+5m"] == "missed"


def test_step_that_does_what_an_entry_asks_for_answers_it() -> None:
    """A smoke test that passed is the entry's; nobody is asked again."""
    play = agreed(when=START + timedelta(hours=1)).wait(hours=1)
    play.take("start", DEVOPS, start())
    play.wait(minutes=10).take("deployed", DEVOPS, deployed())
    play.wait(minutes=8).take("smoke_passed", QA, passed())
    assert states(play)["T+15m"] == "done"
    assert [name for name, *_ in asked(play)] == ["T+5m", "T+10m", "T+20m", "T+30m"]


def test_deployment_that_is_only_heard_of_by_its_notice_has_begun_as_well() -> None:
    """Without a start there is still a T-0 behind it."""
    play = agreed(when=START + timedelta(hours=1)).wait(hours=1)
    play.take("deployed", DEVOPS, deployed())
    assert states(play)["T-0"] == "done"


def test_answered_entry_is_asked_for_no_more() -> None:
    """Done or skipped, by its owner or by who may override."""
    play = agreed()
    play.take("entry_done", DEVOPS, EntryDoneForm(entry="t-6H", remark="Restored"))
    play.take("entry_skipped", MANAGER, EntrySkippedForm(entry="T-2h", reason="Staging is down"))
    assert [name for name, *_ in asked(play)] == ["T-24h", "T-12h", "T-1h", "T-30m"]
    kept = {entry.name: (entry.by, entry.words) for entry in play.release.day}
    assert kept["T-6h"] == ("Dana", "Restored")
    assert kept["T-2h"] == ("Ruth", "Staging is down")


def test_entry_is_answered_by_its_owner_once() -> None:
    """Others are told whose it is; a second answer, who gave the first."""
    play = agreed()
    with pytest.raises(Refusal) as refused:
        play.take("entry_done", PM, done("T-6h"))
    assert refused.value.may == ("DevOps",)
    play.take("entry_done", DEVOPS, done("T-6h"))
    with pytest.raises(Refusal, match="answered already: done by Dana"):
        play.take("entry_skipped", TECH_LEAD, EntrySkippedForm(entry="T-6h", reason="Why not"))


def test_unknown_entry_is_refused_with_those_there_are() -> None:
    """Also where the clock is switched off."""
    with pytest.raises(Refusal, match="There are: T-24h, T-12h"):
        agreed().take("entry_done", DEVOPS, done("T-7h"))
    off = HELD.model_copy(update={"release_day": None})
    with pytest.raises(Refusal, match="switched off"):
        agreed(off).take("entry_done", DEVOPS, done("T-6h"))
    assert asked(agreed(off)) == []


def test_missed_entry_may_still_be_answered() -> None:
    """Backups that were verified late are verified all the same."""
    play = agreed(when=START + timedelta(hours=2))
    play.take("entry_done", DEVOPS, done("T-6h"))
    assert states(play)["T-6h"] == "done"


def test_entries_move_with_the_time_and_are_asked_for_anew() -> None:
    """What lies ahead again is open again; what stays past keeps its answer."""
    play = agreed(when=START + timedelta(hours=7))
    play.wait(hours=1, minutes=5).take("entry_done", DEVOPS, done("T-6h"))
    play.take("reschedule", DEVOPS, another_time(START + timedelta(hours=7, minutes=1)))
    assert asked(play) == []
    assert play.release.plan is not None
    assert play.release.plan.when == play.release.planned_at == START + timedelta(hours=7, minutes=1)
    play.take("confirm", QA)
    assert states(play)["T-6h"] == "done"
    play.take("reschedule", MANAGER, another_time(START + timedelta(hours=24)))
    play.take("confirm", QA)
    assert ("T-6h", "17 09:00", "devops") in asked(play)
    assert states(play)["T-24h"] == "missed"


def test_time_that_is_agreed_on_already_is_no_other_time() -> None:
    """Moving a deployment to where it is changes nothing, and says so."""
    with pytest.raises(Refusal) as refused:
        agreed().take("reschedule", DEVOPS, another_time(T))
    assert "already" in refused.value.fields["when"]


def test_revision_puts_the_day_aside() -> None:
    """Another commit is another release to make ready."""
    play = agreed()
    play.take("entry_done", DEVOPS, done("T-6h"))
    play.take("revise", QA, approval(commit="def456"))
    assert play.release.day == ()
    assert asked(play) == []


@pytest.mark.parametrize(("step", "actor"), [("withdraw", MANAGER)])
def test_day_ends_with_the_release(step: str, actor: object) -> None:
    """Nobody is asked about a release that is no more."""
    play = agreed()
    play.take(step, actor, reason())  # type: ignore[arg-type]  # a person of the tests
    assert asked(play) == []


def test_quiet_hours_hold_back_what_is_not_urgent_and_not_beyond_the_deployment() -> None:
    """T-24h at night waits for the morning; T-2h does not; nor does what would come after the deployment."""
    quiet = QuietHours(start=time(20), end=time(8), weekends=False)
    night = HELD.model_copy(update={"quiet_hours": quiet})
    told = {name: when for name, when, _ in asked(agreed(night))}
    assert told["T-24h"] == "17 08:00"
    assert told["T-1h"] == "17 20:00"
    early = {name: when for name, when, _ in asked(agreed(night, START + timedelta(hours=16)))}
    assert early["T-6h"] == "17 01:00"


def test_role_that_nobody_holds_is_deputised() -> None:
    """Without a Release Manager, DevOps hears what was theirs."""
    small = HELD.model_copy(update={"roles": {Role.DEVOPS: Holders(users=(DEVOPS.id,))}})
    assert {owner for *_, owner in asked(agreed(small))} == {"devops"}


def test_configured_entries_are_those_of_the_day() -> None:
    """One more, one less, another owner."""
    rules = {"T-12h": None, "T-45m": EntryRule(what="Status page updated", owner=Role.QA)}
    play = agreed(HELD.model_copy(update={"release_day": rules}))
    assert [name for name, *_ in asked(play)] == ["T-24h", "T-6h", "T-2h", "T-1h", "T-45m", "T-30m"]
