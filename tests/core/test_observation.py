"""What the watch finds in a look, and that it tells nothing twice."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import nan
from typing import Any

import pytest

from bot.core.observation import (
    CRITERION,
    Deployment,
    Finding,
    Look,
    Observation,
    Reading,
    Standing,
    chart_of,
    comparison_number,
    findings,
    own_criterion,
    wanted,
)
from bot.core.release_observation import deployment_of
from bot.core.roles import CLOCK
from bot.core.signals import DEFAULTS, Sample, Samples, Signal, Unit
from bot.errors import Refusal
from tests.core.a_release import DEVOPS, POLICY, START, TECH_LEAD, WATCH, Play, approval, breach, deployed, form_for

ERRORS = Signal.model_validate({**DEFAULTS["errors"], "query": "errors"})
LATENCY = Signal.model_validate({**DEFAULTS["latency"], "query": "latency"})
BY_ENDPOINT = Signal.model_validate({**DEFAULTS["errors"], "query": 'errors{path="{endpoint}"}'})
DEPLOYMENT = Deployment(START - timedelta(minutes=10), START)


def steady(value: float, now: datetime, minutes: int = 10) -> Samples:
    """One value every 30 seconds until now."""
    return tuple(Sample(now - timedelta(seconds=30 * place), value) for place in range(2 * minutes, -1, -1))


def look(minutes: float, blind_since: dict[str, datetime] | None = None, **values: float | str) -> Look:
    """A look so many minutes after the deployment; a word is the reason why nothing was measured."""
    now = START + timedelta(minutes=minutes)
    signals = {"errors": ERRORS, "latency": LATENCY}
    readings = {
        name: Reading(signals[name], problem=value)
        if isinstance(value, str)
        else Reading(signals[name], steady(value, now))
        for name, value in values.items()
    }
    return Look(now, readings, blind_since or {})


def found(
    seen: Look, told: Observation | None = None, took: frozenset[str] = frozenset({"T+5m", "T+10m"})
) -> tuple[Finding, ...]:
    return findings(told or Observation(), took, DEPLOYMENT, seen)


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [
        (4.9, None),
        (5, ("first_metrics", "T+5m")),
        (8, ("first_metrics", "T+5m")),
        (9.5, None),
        (10, ("checked", "T+10m")),
        (15.5, ("checked", "T+15m")),
        (20, ("checked", "T+20m")),
        (30, ("checked", "T+30m")),
        (40, None),
    ],
)
def test_metrics_and_checks_come_at_their_times(minutes: float, expected: tuple[str, str] | None) -> None:
    """Five minutes after the deployment, then 10, 15, 20 and 30; a check that was missed is not made up for."""
    steps = [(one.step, one.occasion) for one in found(look(minutes, errors=0.1), took=frozenset())]
    assert steps == ([expected] if expected else [])


def test_a_check_that_was_told_is_not_told_again() -> None:
    """What was told stands in the release."""
    assert found(look(11, errors=0.1), took=frozenset({"T+10m"})) == ()


def test_a_breach_is_found_once_and_again_only_when_it_is_worse() -> None:
    """P1, then P0; a P0 is the end of it."""
    (first,) = found(look(7, errors=2))
    assert (first.step, first.answers["severity"], first.answers["measured"], first.charted) == (
        "breach",
        "P1",
        "2%",
        "errors",
    )
    standing = {"errors": Standing(severity="P1", since=START, limit=1.0)}
    assert found(look(8, errors=2), Observation(breached=standing)) == ()
    (worse,) = found(look(9, errors=9), Observation(breached=standing))
    assert worse.answers["severity"] == "P0"
    severe = {"errors": Standing(severity="P0", since=START, limit=5.0)}
    assert found(look(9, errors=9), Observation(breached=severe)) == ()


def test_the_worst_breach_comes_first() -> None:
    """After a P0 the rollback is under way."""
    assert [one.answers["severity"] for one in found(look(7, latency=1.2, errors=9))] == ["P0", "P1"]


def test_a_signal_that_recovered_is_told_once_it_stayed_so() -> None:
    """Within its limit for two minutes at least."""
    standing = Observation(breached={"errors": Standing(severity="P1", since=START, limit=1.0)})
    (recovered,) = found(look(7, errors=0.2), standing)
    assert (recovered.step, recovered.answers["name"]) == ("recovered", "errors")
    just_now = look(7, errors=0.2)
    seen = just_now.readings["errors"].samples
    spiky = Reading(ERRORS, (*seen[:-2], Sample(seen[-2].at, 3.0), seen[-1]))
    assert found(Look(just_now.now, {"errors": spiky}), standing) == ()


def test_blindness_is_told_once_it_lasts_and_seeing_again_too() -> None:
    """A question that failed once is asked again first; what was told is in the release."""
    blind = "Prometheus can't be reached."
    since = {"errors": START + timedelta(minutes=6)}
    assert found(look(6.5, since, errors=blind)) == ()
    (told,) = found(look(7, since, errors=blind))
    assert (told.step, told.answers["rows"][0].note) == ("blind", blind)
    known = Observation(blind={"errors": blind})
    assert found(look(8, since, errors=blind), known) == ()
    (sees,) = found(look(9, errors=0.1), known)
    assert sees.step == "sees"


def test_a_check_names_what_it_could_not_see() -> None:
    """Never “normal”, and no value from before."""
    (check,) = found(look(10, errors="it gives no values", latency=0.1), took=frozenset({"T+5m"}))
    states = {row.name: (row.state, row.value) for row in check.answers["rows"]}
    assert states == {"errors": ("blind", ""), "latency": ("normal", "100ms")}


def test_a_canary_has_no_metrics_of_a_whole_deployment() -> None:
    """Only a share of the traffic sees it; its breaches count all the same."""
    seen = look(5, errors=9)
    canary = Deployment(START, START, whole=False)
    assert [one.step for one in findings(Observation(), frozenset(), canary, seen)] == ["breach"]


# ── the release's own criterion ──────────────────────────────────────────────────────────────────────────────────────
def test_the_releases_own_criterion_is_watched_for_its_time() -> None:
    """With its endpoint in the query, as P0, for as many minutes as was agreed."""
    own = approval(rollback_threshold=">2,5%", rollback_endpoint='/api/"x"', rollback_minutes=30)
    asked = wanted({"errors": ERRORS, "errors_by_endpoint": BY_ENDPOINT}, own, timedelta(minutes=10))
    assert set(asked) == {"errors", CRITERION}
    criterion = asked[CRITERION]
    assert (criterion.query, criterion.p0, criterion.p1) == ('errors{path="/api/\\"x\\""}', 2.5, None)
    assert set(wanted({"errors_by_endpoint": BY_ENDPOINT}, own, timedelta(minutes=40))) == set()


def test_a_threshold_is_read_in_the_signals_own_unit() -> None:
    """Milliseconds of a signal in seconds; less than, where that is worse."""
    own = own_criterion(
        {"latency": LATENCY},
        approval(rollback_signal="latency_p95", rollback_threshold="≥ 800 ms", rollback_endpoint=None),
    )
    assert isinstance(own, Signal)
    assert (own.p0, own.direction) == (0.8, "above")


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"rollback_endpoint": "/orders"}, "no signal of this service has {endpoint}"),
        ({"rollback_signal": "other"}, "no signal that can be measured"),
        ({"rollback_signal": "traffic"}, "no such signal"),
        ({"rollback_threshold": ">2s"}, "not in the unit"),
    ],
)
def test_a_criterion_that_can_not_be_watched_says_why(answers: dict[str, Any], words: str) -> None:
    """Instead of watching something else."""
    own = own_criterion({"errors": ERRORS}, approval(**({"rollback_endpoint": None} | answers)))
    assert isinstance(own, str)
    assert words in own


# ── comparisons and charts ───────────────────────────────────────────────────────────────────────────────────────────
def test_comparisons_are_due_at_the_checks_and_then_every_half_hour() -> None:
    """Their number tells how much certainty each may ask for, also after a restart."""
    ages = (5, 10, 15, 20, 29, 30, 59, 60, 120)
    assert [comparison_number(timedelta(minutes=age)) for age in ages] == [0, 1, 2, 3, 3, 4, 4, 5, 7]


def test_a_chart_keeps_the_worst_of_each_stretch_and_names_the_deployment() -> None:
    """Twenty points at most, labels that differ, and what was not measured is left out."""
    samples = steady(0.1, START + timedelta(minutes=30), minutes=60)
    spike = tuple(Sample(one.at, 9.0) if one.at == START + timedelta(minutes=20) else one for one in samples)
    chart = chart_of(ERRORS, spike, 5.0, START)
    assert chart is not None
    assert len(chart.labels) == len(chart.values) == len(set(chart.labels)) <= 20
    assert max(value for value in chart.values if value is not None) == 9.0
    assert chart.deployed in chart.labels
    assert chart_of(ERRORS, (), 5.0, START) is None


# ── in the release ───────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_breach_of_a_signal_is_refused_the_second_time() -> None:
    """Two looks at once, or one that is repeated, tell it once; after it ended it is news again."""
    named = breach("P1").model_copy(update={"name": "errors"})
    play = Play().watching()
    play.take("breach", WATCH, named)
    with pytest.raises(Refusal, match="told already"):
        play.take("breach", WATCH, named)
    play.take("continue", TECH_LEAD, form_for("continue", play.now))
    with pytest.raises(Refusal, match="told already"):
        play.take("breach", WATCH, named)
    play.take("recovered", WATCH, form_for("recovered", play.now))
    assert play.take("breach", WATCH, named).state == "awaiting_decision"


def test_the_release_remembers_what_is_blind_and_that_it_was() -> None:
    """So that nobody says afterwards that it stayed quiet."""
    play = Play().watching()
    assert play.take("blind", WATCH, form_for("blind", play.now)).observation.blind == {"errors": "no values"}
    after = play.take("sees", WATCH, form_for("sees", play.now)).observation
    assert (after.blind, after.was_blind) == ({}, True)


def test_a_deployment_begins_before_it_is_told_and_a_canary_with_its_start() -> None:
    """What is compared is the time before the first server changed."""
    play = Play().in_state("deploying").wait(minutes=20)
    release = play.take("deployed", DEVOPS, deployed(duration=12))
    known = deployment_of(release)
    assert known is not None
    assert known.ended - known.began == timedelta(minutes=20)
    canary = deployment_of(Play().in_state("canary").release)
    assert canary is not None
    assert not canary.whole
    assert deployment_of(Play().in_state("deploying").release) is None


def test_a_canary_is_not_promoted_by_the_clock_while_the_watch_is_blind() -> None:
    """People may."""
    play = Play().in_state("canary")
    play.take("blind", WATCH, form_for("blind", play.now))
    with pytest.raises(Refusal, match="blind"):
        play.take("promote", CLOCK, form_for("promote", play.now))
    assert play.take("promote", DEVOPS, form_for("promote", play.now)).state == "canary"


def test_a_canary_whose_share_was_not_watched_whole_is_not_promoted_by_the_clock() -> None:
    """Seeing again does not give back what nobody saw; the next share is watched anew."""
    play = Play().in_state("canary")
    play.take("blind", WATCH, form_for("blind", play.now))
    play.take("sees", WATCH, form_for("sees", play.now))
    with pytest.raises(Refusal, match="blind for a part of this share's time"):
        play.take("promote", CLOCK, form_for("promote", play.now))
    play.take("promote", DEVOPS, form_for("promote", play.now))
    assert play.take("promote", CLOCK, form_for("promote", play.now)).state == "canary"


def test_a_share_that_begins_blind_is_not_promoted_by_the_clock_although_it_is_seen_at_its_end() -> None:
    """Somebody promoted it meanwhile: what was not seen belongs to the new share, too."""
    play = Play().in_state("canary")
    play.take("blind", WATCH, form_for("blind", play.now))
    play.take("promote", DEVOPS, form_for("promote", play.now))
    play.take("sees", WATCH, form_for("sees", play.now))
    with pytest.raises(Refusal, match="blind for a part"):
        play.take("promote", CLOCK, form_for("promote", play.now))


def test_the_clock_promotes_nothing_that_is_not_quiet_or_not_measured() -> None:
    """A breach that people went on with, and alerts that fire, are not over because somebody decided."""
    unmeasured = Play(POLICY.model_copy(update={"signals": {}})).in_state("canary")
    breached = Play().in_state("canary")
    breached.take("breach", WATCH, breach("P1").model_copy(update={"name": "errors"}))
    breached.take("resume_canary", TECH_LEAD, form_for("resume_canary", breached.now))
    alerted = Play().in_state("canary")
    alerted.take("alerted", WATCH, form_for("alerted", alerted.now))
    for play, why in ((unmeasured, "No monitor"), (breached, "not within its limit"), (alerted, "Alerts are firing")):
        with pytest.raises(Refusal, match=why):
            play.take("promote", CLOCK, form_for("promote", play.now))
        assert play.take("promote", DEVOPS, form_for("promote", play.now)).state == "canary"


def test_values_that_are_no_numbers_are_blind() -> None:
    """An error rate without any traffic."""
    reading = Reading(ERRORS, tuple(Sample(one.at, nan) for one in steady(1, START)))
    assert reading.verdict(START).is_blind
    assert ERRORS.unit is Unit.PERCENT
