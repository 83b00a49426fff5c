"""What severities mean, who is told of them, and when nothing of one is left."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from pydantic import ValidationError

from bot.core.dialogue import Move, Situation
from bot.core.events import Errand, Event
from bot.core.observation import Observation, Standing
from bot.core.paging import acknowledged, channels_of, ended, quiet_facts, raised, standing
from bot.core.release_rules import Release
from bot.core.roles import WATCH
from bot.core.routing import Page, Route, Routing, severity_of
from bot.core.watch_forms import AlertsOverForm, RecoveredForm
from tests.core.a_release import DEVOPS, POLICY, START

ROUTING: Routing = {
    "P0": Route(channel="C0PZERO", pagerduty=True, opsgenie=True, mail=("oncall@example.com",)),
    "critical": Route(channel="C0PZERO", pagerduty=True),
    "warning": Route(channel="C0WARNINGS"),
}
ROUTED = POLICY.but(routing=ROUTING)


def release(**observed: Any) -> Release:
    return Release(
        id="r1",
        dialogue="release",
        service=POLICY.name,
        environment="production",
        version="v1.2.0",
        channel="C0RELEASES",
        opened_at=START,
        opened_by="UQA",
        state="watching",
        since=START,
        observation=Observation(**observed),
    )


def event(step: str, roles: tuple[str, ...] = (), **data: Any) -> Event:
    return Event(
        conversation="r1",
        number=7,
        dialogue="release",
        step=step,
        state="watching",
        stage=1,
        at=START,
        actor="watch",
        name="Watch",
        roles=roles,
        data=data,
    )


def breach(severity: str) -> Event:
    return event("breach", severity=severity, signal="Error rate", measured="7%", limit="5%")


def alerted(*severities: str) -> Event:
    return event("alerted", groups=[{"name": f"Alert{one}", "severity": one, "count": 2} for one in severities])


def sent(errands: tuple[Errand, ...]) -> list[tuple[str, str, str]]:
    """Of each: the kind, the action, and the severity."""
    return [(one.kind, str(one.payload["action"]), str(one.payload["severity"])) for one in errands]


@pytest.mark.parametrize(
    ("label", "severity"),
    [
        ("P0", "P0"),
        ("p0", "P0"),
        ("Critical", "critical"),
        ("page", "critical"),
        ("warning", "warning"),
        ("", "warning"),
    ],
)
def test_alerts_words_for_their_severity_are_understood(label: str, severity: str) -> None:
    assert severity_of(label) == severity


@pytest.mark.parametrize("label", ["info", "none", "debug"])
def test_what_is_only_said_has_no_severity(label: str) -> None:
    """It is told in the thread alone."""
    assert severity_of(label) is None
    assert raised(release(), alerted(label), ROUTED) == ()
    assert channels_of(release(), alerted(label), ROUTED) == ()


def test_a_breach_goes_the_way_of_its_severity() -> None:
    """P0 the whole way, P1 as critical."""
    assert sent(raised(release(), breach("P0"), ROUTED)) == [
        ("pagerduty", "trigger", "P0"),
        ("opsgenie", "trigger", "P0"),
        ("mail", "trigger", "P0"),
    ]
    assert sent(raised(release(), breach("P1"), ROUTED)) == [("pagerduty", "trigger", "critical")]
    assert raised(release(), breach("P0"), POLICY) == ()


def test_alerts_of_several_severities_are_one_page_each_and_a_channel_hears_them_once() -> None:
    both = alerted("critical", "P0", "warning", "critical")
    assert [severity for _, _, severity in sent(raised(release(), both, ROUTED))] == ["P0", "P0", "P0", "critical"]
    assert channels_of(release(), both, ROUTED) == ("C0PZERO", "C0WARNINGS")


def test_the_releases_own_channel_has_the_thread_and_hears_nothing_else() -> None:
    there = release().model_copy(update={"channel": "C0PZERO"})
    assert channels_of(there, breach("P0"), ROUTED) == ()


def test_a_page_names_what_where_and_which_version_and_keeps_its_key() -> None:
    first, *_ = raised(release(), breach("P0"), ROUTED)
    page = Page.model_validate(first.payload)
    assert page.summary == f"P0: Error rate 7% (limit 5%) (v1.2.0 of {POLICY.name} production)"
    assert page.key == "greenlight-r1-P0"
    last, *_ = ended(release(paged=("P0",)), event("complete"), ROUTED)
    assert Page.model_validate(last.payload).key == page.key


def test_only_people_acknowledge_and_no_mail_tells_of_it() -> None:
    paged = release(paged=("P0",))
    by_people = event("continue", roles=tuple(DEVOPS.roles))
    assert sent(acknowledged(paged, by_people, ROUTED)) == [
        ("pagerduty", "acknowledge", "P0"),
        ("opsgenie", "acknowledge", "P0"),
    ]
    assert acknowledged(paged, event("roll_back", roles=("linked",)), ROUTED) == ()


def quiet(form: RecoveredForm | AlertsOverForm, **observed: Any) -> list[str]:
    move = Move("recovered", WATCH, form)
    quiet_now: list[str] = quiet_facts(Situation(release(**observed), move, ROUTED, START))["quiet"]
    return quiet_now


def recovered(name: str, now: datetime = START) -> RecoveredForm:
    return RecoveredForm(name=name, signal="Error rate", measured="0%", since=now)


def test_a_severity_is_over_with_the_last_of_its_trouble() -> None:
    """Whether that is a signal or an alert."""
    one, worst = Standing(severity="P1", since=START), Standing(severity="P0", since=START)
    two = {"errors": one, "latency": one}
    assert standing(Observation(breached={"errors": worst}, alerts={"A": "warning"})) == {"P0", "warning"}
    assert quiet(recovered("errors"), breached=two, paged=("critical",)) == []
    assert quiet(recovered("errors"), breached={"errors": one}, paged=("critical",)) == ["critical"]
    assert quiet(recovered("errors"), breached={"errors": one}, alerts={"A": "critical"}, paged=("critical",)) == []
    assert quiet(AlertsOverForm(names=("A",)), alerts={"A": "critical", "B": "info"}, paged=("critical",)) == [
        "critical"
    ]
    # A breach that became worse was told as both.
    assert quiet(recovered("errors"), breached={"errors": worst}, paged=("P0", "critical")) == ["P0", "critical"]


@pytest.mark.parametrize("address", ["oncall", "a@b@c", "a b@example.com", "x@example.com\nBcc: y@example.com"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValidationError):
        Route(mail=(address,))
