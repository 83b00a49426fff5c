"""A canary: the new version's growing share of the traffic, watched at each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pydantic import ValidationError

from bot.core.canary import CanaryRule, PromoteForm
from bot.core.release import RELEASE
from bot.core.reminders import reminders_for
from bot.core.roles import CLOCK
from tests.core.a_release import DEVOPS, POLICY, QA, TECH_LEAD, WATCH, Play, breach, deployed, reason

QUIET = POLICY.model_copy(update={"canary": CanaryRule(promoted_by="quiet")})


def shares(play: Play, promotions: int) -> list[int]:
    """The share after the start and after each promotion, half an hour apart."""
    told = [play.release.canary.share if play.release.canary else 0]
    for _ in range(promotions):
        play.wait(minutes=30).take("promote", DEVOPS, PromoteForm())
        told.append(play.release.canary.share if play.release.canary else 0)
    return told


def test_it_grows_by_the_documents_shares_and_ends_as_any_deployment() -> None:
    """5, 25, 50, 100; then DevOps reports it as deployed."""
    play = Play().in_state("canary")
    assert shares(play, 3) == [5, 25, 50, 100]
    assert play.release.state == "deploying"
    assert play.take("deployed", DEVOPS, deployed()).state == "awaiting_smoke"


def test_each_share_is_watched_for_its_own_half_hour() -> None:
    """A promotion after forty minutes does not shorten the next watch."""
    play = Play().in_state("canary")
    began = play.now
    assert play.release.canary_until == began + timedelta(minutes=30)
    play.wait(minutes=40).take("promote", DEVOPS, PromoteForm(seen="Error rate as before"))
    assert play.release.canary_until == began + timedelta(minutes=70)


def test_a_breach_pauses_it_and_its_share_is_watched_anew_when_it_goes_on() -> None:
    play = Play().in_state("canary")
    play.wait(minutes=30).take("promote", DEVOPS, PromoteForm())
    play.wait(minutes=10).take("breach", WATCH, breach("P1"))
    assert play.release.state == "canary_paused"
    play.wait(minutes=20).take("resume_canary", TECH_LEAD, reason())
    assert play.release.canary is not None
    assert play.release.canary.share == 25
    assert play.release.canary_until == play.now + timedelta(minutes=30)


def test_a_deployment_that_fails_as_a_canary_can_go_on_as_one() -> None:
    """The decision to continue leads back to where it was."""
    play = Play().in_state("canary_paused")
    play.take("deploy_failed", DEVOPS, reason())
    assert play.take("continue", TECH_LEAD, reason()).state == "canary_paused"


def test_the_clock_promotes_only_where_the_service_says_so() -> None:
    """And never while it is paused."""
    by_people, quiet = Play().in_state("canary"), Play(QUIET).in_state("canary")
    assert clockwork(by_people) == []
    [reminder] = clockwork(quiet)
    assert reminder == quiet.release.canary_until
    quiet.take("pause_canary", QA, reason())
    assert clockwork(quiet) == []


def clockwork(play: Play) -> list[object]:
    """When the clock acts."""
    due = reminders_for(RELEASE, play.release, play.policy)
    return [reminder.due_at for reminder in due if reminder.kind == "step"]


def test_the_clock_brings_it_to_all_of_the_traffic() -> None:
    play = Play(QUIET).in_state("canary")
    for _ in range(3):
        play.wait(minutes=30).take("promote", CLOCK, PromoteForm())
    assert play.release.state == "deploying"


@pytest.mark.parametrize("given", [(5,), (5, 50), (25, 5, 100), (5, 5, 100), (0, 100), (50, 101)])
def test_shares_that_make_no_way_are_refused(given: tuple[int, ...]) -> None:
    with pytest.raises(ValidationError):
        CanaryRule(shares=given)
