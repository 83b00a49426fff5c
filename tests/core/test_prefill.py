"""What a form knows before anybody types."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from bot.core.policy import Link
from bot.core.prefill import Known, prefill
from bot.core.release_checklist import standing
from bot.core.release_forms import DeployedForm, PlanForm
from bot.core.release_prefill import FILLERS
from bot.core.smoke_forms import SmokeFailedForm, SmokePassedForm
from bot.errors import Refusal
from tests.core.a_release import CI, DEVOPS, POLICY, QA, TECH_LEAD, Play, approval, plan, start

SENTRY = Link.model_validate({"name": "Sentry", "url": "https://sentry.example.com/orders"})
LINKED_POLICY = POLICY.model_copy(update={"monitoring": (SENTRY,)})


def signed() -> Play:
    play = Play()
    play.take("approve", QA, approval())
    play.take("cosign", TECH_LEAD)
    return play


@pytest.mark.parametrize(
    ("now", "offered"),
    [("15:20", "16:00"), ("15:30", "16:00"), ("15:31", "17:00"), ("15:59", "17:00"), ("16:00", "17:00")],
)
def test_a_plan_offers_the_first_full_hour_that_leaves_half_an_hour(now: str, offered: str) -> None:
    at = datetime.fromisoformat(f"2024-01-16T{now}").replace(tzinfo=UTC)
    known = Known(signed().release, POLICY, None, at)
    assert prefill(FILLERS[PlanForm], known)["when"] == datetime.fromisoformat(f"2024-01-16T{offered}").replace(
        tzinfo=UTC
    )


def test_a_plan_made_late_in_the_evening_offers_the_next_day() -> None:
    known = Known(signed().release, POLICY, None, datetime(2024, 1, 31, 23, 45, tzinfo=UTC))
    assert prefill(FILLERS[PlanForm], known)["when"] == datetime(2024, 2, 1, 1, 0, tzinfo=UTC)


def being_deployed(**planned: Any) -> Play:
    play = signed()
    play.take("plan", DEVOPS, plan(**planned))
    play.take("confirm", QA)
    play.wait(hours=1).take("start", DEVOPS, start())
    return play


def test_a_deployment_notice_names_what_is_to_be_looked_at_and_not_how_it_is() -> None:
    """Versions, links and times are known; the state of things only who looked knows, and a plan is no deed."""
    play = being_deployed(migrations="Yes (1 migration)", cache_clear="Yes").wait(minutes=12)
    filled = prefill(FILLERS[DeployedForm], Known(play.release, LINKED_POLICY, None, play.now))
    assert filled == {
        "duration": 12,
        "components": ["Backend:", "Frontend:"],
        "health_checks": ["API:", "Frontend:", "Auth:"],
        "monitoring": ["Sentry: https://sentry.example.com/orders"],
        "migration": "Planned; not confirmed",
        "cache": "Planned; not confirmed",
    }


def test_a_deployment_notice_that_was_sent_unread_is_refused_and_says_what_to_state() -> None:
    """Each field says what it lacks; “not checked” is a state, and proves nothing."""
    play = being_deployed()
    filled = prefill(FILLERS[DeployedForm], Known(play.release, LINKED_POLICY, None, play.now))
    with pytest.raises(Refusal) as refused:
        play.take("deployed", DEVOPS, DeployedForm.from_answers(filled | {"duration": 12}))
    assert refused.value.fields["components"].startswith("Say how it is: Backend, Frontend. Such as “Backend: Healthy”")
    assert refused.value.fields["health_checks"].startswith("Say how it is: API, Frontend, Auth. Such as “API: OK”")
    said = {"components": ["Backend: Healthy", "Frontend: not checked"], "health_checks": ["API: not checked"]}
    play.take("deployed", DEVOPS, DeployedForm.from_answers(filled | {"duration": 12} | said))
    done = {one.line.text for one in standing(play.release, play.policy).entries if not one.is_open}
    assert {"Backend deployed"} == done & {"Backend deployed", "Frontend deployed", "Health checks passed"}


def test_a_machines_notice_is_what_it_is_and_an_empty_state_ticks_nothing() -> None:
    """A pipeline that can't say more has deployed all the same."""
    play = being_deployed()
    told = {"components": ["Backend:"], "health_checks": ["API:"], "monitoring": ["Sentry: https://sentry.example.com"]}
    assert play.take("deployed", CI, DeployedForm.from_answers(told | {"duration": 3})).state == "awaiting_smoke"
    ticked = {one.line.text for one in standing(play.release, play.policy).entries if not one.is_open}
    assert not ticked & {"Backend deployed", "Health checks passed"}


def test_who_says_that_smoke_passed_says_it_of_each_test_and_who_says_it_failed_says_which() -> None:
    play = being_deployed()
    known = Known(play.release, POLICY, None, play.now)
    assert prefill(FILLERS[SmokePassedForm], known)["results"] == ["Login: Pass"]
    assert prefill(FILLERS[SmokeFailedForm], known)["results"] == ["Login:"]
    with pytest.raises(Refusal, match="neither Pass nor Fail"):
        SmokeFailedForm.from_answers({"results": ["Login:"], "duration": 3})
