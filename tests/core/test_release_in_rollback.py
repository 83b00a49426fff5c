"""What a breach says to a rollback that waits to begin: production is on the release's version until then."""

from __future__ import annotations

import pytest

from bot.core.release_observation import breach_leads
from bot.core.roles import WATCH as THE_WATCH
from bot.core.roles import Actor, Role
from bot.core.surroundings import Surroundings
from bot.errors import Refusal
from tests.core.a_release import LINKED, POLICY, QA, TECH_LEAD, WATCH, WORKFLOW, Play, breach, roll_back
from tests.core.a_rollback import an_alarm


def steps_that_follow(severity: str, *, of: str, decided: bool = False) -> list[str]:
    """What a breach leads to in a rollback of some severity that waits to begin."""
    rollback = an_alarm(severity=of)
    if decided:
        rollback.take("decide", TECH_LEAD)
    play = Play().watching()
    play.take("roll_back", QA, roll_back())
    play.surroundings = Surroundings(others=(rollback.it.but(id="b1", release=play.release.id),))
    release = play.take("breach", WATCH, breach(severity))
    follows = breach_leads(release, play.events[-1])
    assert {(one.dialogue, one.conversation) for one in follows} <= {("rollback", "b1")}
    return [one.step for one in follows]


def test_a_breach_is_evidence_for_whoever_decides_and_a_p0_decides_itself() -> None:
    assert steps_that_follow("P1", of="P1") == ["detail"]
    assert steps_that_follow("P0", of="P1") == ["detail", "raise_severity"]


def test_a_rollback_that_is_decided_learns_that_it_is_p0_now() -> None:
    """It can't be declined any more then."""
    assert steps_that_follow("P0", of="P1", decided=True) == ["detail", "worsened"]
    rollback = an_alarm(severity="P1")
    rollback.take("decide", TECH_LEAD)
    assert "decline" not in rollback.it.shut
    rollback.take("worsened", LINKED)
    assert "decline" in rollback.it.shut
    with pytest.raises(Refusal, match="P0 already"):
        rollback.take("worsened", LINKED)


def test_a_milder_breach_adds_nothing_to_what_is_rolled_back_at_once() -> None:
    """Its thread is for those who roll back; the release's own thread tells it."""
    assert steps_that_follow("P1", of="P0") == []
    assert steps_that_follow("P0", of="P0") == ["detail"]


@pytest.mark.parametrize(("by", "begins"), [(THE_WATCH, True), (QA, False)], ids=["the watch", "a person"])
def test_what_became_p0_begins_by_itself_where_the_service_says_so(by: Actor, *, begins: bool) -> None:
    """As any P0 that the watch measured."""
    policy = POLICY.model_copy(update={"deployer": WORKFLOW.model_copy(update={"rollback": "automatic"})})
    rollback = an_alarm(policy, severity="P1")
    rollback.take("decide", TECH_LEAD)
    stage = rollback.it.stage
    rollback.take("worsened", Actor(by.id, by.name, frozenset({Role.LINKED})))
    errands = rollback.dialogue.step("worsened").errands
    assert errands is not None
    assert bool(errands(rollback.it, rollback.events[-1], policy)) is begins
    assert rollback.it.stage == stage, "the buttons to begin stay good"
