"""The rules of a rollback: the way back, who decides, the stopwatch, what the release does with it."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest

from bot.core.events import Reminder
from bot.core.forms import Form
from bot.core.policy import QuietHours
from bot.core.prefill import Known, prefill
from bot.core.reminders import reminders_for, tells_of
from bot.core.roles import CLOCK, Actor, Role
from bot.core.rollback import ROLLBACK
from bot.core.rollback_forms import CloseForm, CompleteForm, DetailForm, InitiateForm, PublishForm, RequestForm
from bot.core.rollback_prefill import FILLERS
from bot.core.rollback_rules import Rollback
from bot.core.surroundings import NOWHERE, Past, Surroundings
from bot.core.unannounced import Unannounced
from bot.errors import Refusal
from tests.core.a_release import DEVOPS, MANAGER, NOBODY, OTHER_QA, POLICY, QA, START, TECH_LEAD, WATCH
from tests.core.a_rollback import AROUND, alarm, an_alarm, begun, closing, done, form_for, last, reason, rollback_in
from tests.core.an_environment import Play


def refusal(it: Play[Rollback], step: str, actor: Actor, form: Form | None = None) -> Refusal:
    with pytest.raises(Refusal) as refused:
        it.take(step, actor, form)
    return refused.value


# ── the way back ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_the_way_back_is_the_last_version_that_was_verified() -> None:
    """Whatever else was deployed and rolled back since."""
    assert an_alarm().it.target == "v1.1.0"
    assert an_alarm(version="v1.1.0").it.target == "v1.0.0"


def test_a_target_that_is_named_counts_more() -> None:
    assert an_alarm(target="v1.0.0").it.target == "v1.0.0"


def test_without_a_verified_version_the_alarm_is_taken_all_the_same() -> None:
    """DevOps names the target when it begins."""
    it = an_alarm(around=NOWHERE, severity="P0")
    assert it.it.target == ""
    assert it.take("initiate", DEVOPS, begun("v0.9.0")).target == "v0.9.0"


@pytest.mark.parametrize("target", ["v1.2.0", "1.2.0", "V1.2.0"])
def test_the_broken_version_is_no_way_back(target: str) -> None:
    with pytest.raises(Refusal) as refused:
        an_alarm(target=target)
    assert "v1.2.0 is what is broken" in refused.value.fields["target"]
    assert "target" in refusal(an_alarm(severity="P0"), "initiate", DEVOPS, begun(target)).fields


@pytest.mark.parametrize("target", ["v1.1.0-rc", "1.1.0-RC"])
def test_a_version_that_was_itself_rolled_back_is_refused_with_the_one_to_take(target: str) -> None:
    with pytest.raises(Refusal) as refused:
        an_alarm(target=target)
    told = f"{target} was itself rolled back. The last version that was verified is v1.1.0."
    assert refused.value.fields["target"] == told
    assert refusal(an_alarm(severity="P0"), "initiate", DEVOPS, begun(target)).fields["target"] == told


def test_a_version_that_was_mended_and_verified_again_is_a_way_back() -> None:
    """What counts is how the version fared last."""
    around = Surroundings(releases=(Past("r3", "v1.1.0", "completed"), Past("r2", "v1.1.0", "rolled_back")))
    assert an_alarm(around=around, target="v1.1.0").it.target == "v1.1.0"


def test_a_version_that_was_rolled_back_without_ever_being_released_here_is_no_way_back() -> None:
    """Once the rollback is verified, until the version is verified itself."""
    back = (Past("b0", "v1.0.5", "awaiting_closure"), Past("b1", "v1.0.4", "rolling_back"))
    around = Surroundings(AROUND.others, AROUND.releases, back)
    with pytest.raises(Refusal) as refused:
        an_alarm(around=around, target="v1.0.5")
    assert "v1.0.5" in refused.value.fields["target"]
    assert an_alarm(around=around, target="v1.0.4").it.target == "v1.0.4"
    mended = Surroundings(AROUND.others, (Past("r9", "1.0.5", "completed"), *AROUND.releases), back)
    assert an_alarm(around=mended, target="v1.0.5").it.target == "v1.0.5"


def test_a_version_that_did_not_help_is_not_recommended_again() -> None:
    """The one verified before it is; where there is none, DevOps names it."""
    it = rollback_in("awaiting_verification")
    assert it.take("still_broken", QA, reason()).target == "v1.0.0"
    it.take("initiate", DEVOPS, begun("v1.0.0"))
    it.take("complete", DEVOPS, done("v1.0.0"))
    assert it.take("still_broken", QA, reason()).target == ""
    assert prefill(FILLERS[InitiateForm], known(it)) == {}


def test_no_button_leads_to_a_refusal_that_is_certain() -> None:
    assert an_alarm(severity="P0").it.shut == {"decline"}
    assert an_alarm(severity="P1").it.shut == set()
    it = rollback_in("awaiting_verification")
    it.take("still_broken", QA, reason())
    assert it.it.shut == {"decline", "withdraw"}


def test_what_is_live_after_it_is_another_version() -> None:
    told = refusal(rollback_in("rolling_back"), "complete", DEVOPS, done("1.2.0")).fields["version"]
    assert "say what is live now" in told


# ── who is asked ─────────────────────────────────────────────────────────────────────────────────────────────────────
def test_of_qa_whoever_raised_the_alarm_verifies_and_of_devops_whoever_began_tells_when_it_is_done() -> None:
    """Those who know what to look at; everybody else of the role may."""
    assert rollback_in("rolling_back").it.asked(Role.DEVOPS) == DEVOPS.id
    assert rollback_in("awaiting_verification").it.asked(Role.QA) == QA.id
    assert rollback_in("awaiting_start").it.asked(Role.DEVOPS) == ""


def test_an_alarm_of_the_tech_lead_asks_all_of_qa_to_verify() -> None:
    """Whoever raised it is not of QA."""
    it = an_alarm(by=TECH_LEAD, severity="P0")
    it.take("initiate", DEVOPS, begun())
    it.take("complete", DEVOPS, done())
    assert it.it.asked(Role.QA) == ""


def test_who_is_testing_has_answered_and_is_reminded_anew_from_then() -> None:
    """QA that takes its time is not reported to the Tech Lead as silent."""
    it = rollback_in("awaiting_verification")
    it.wait(minutes=4).take("testing", QA)
    assert {one.kind: one.due_at - it.now for one in reminders_for(ROLLBACK, it.it, POLICY)} == {
        "nudge": timedelta(minutes=5),
        "escalation": timedelta(minutes=10),
    }
    assert "You are testing already" in str(refusal(it, "testing", QA))
    it.take("testing", OTHER_QA)
    it.take("still_broken", QA, reason())
    it.take("initiate", DEVOPS, begun("v1.0.0"))
    it.take("complete", DEVOPS, done("v1.0.0"))
    it.take("testing", QA)


# ── the alarm ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_no_more_than_a_version_is_needed_and_what_is_missing_can_be_said_later() -> None:
    """A rollback is never refused for a formality."""
    it = an_alarm(issue="", impact=[], evidence=[])
    assert list(it.it.lacking) == ["issue", "impact", "evidence"]
    it.take("detail", NOBODY, DetailForm(issue="Orders fail", evidence=("Sentry: 50+ errors",)))
    assert list(it.it.lacking) == ["impact"]
    it.take("detail", NOBODY, DetailForm(issue="Payments too", impact=("Revenue",)))
    assert (it.it.issue, it.it.impact) == ("Orders fail\nPayments too", ("Revenue",))


def test_a_rollback_that_its_release_asks_for_is_where_that_is_whatever_the_configuration_calls_it_by_now() -> None:
    renamed = POLICY.but(environments=("live", "staging"))
    linked = Actor(QA.id, QA.name, frozenset({Role.LINKED}))
    assert an_alarm(renamed, by=linked, environment="production").it.state == "awaiting_decision"


@pytest.mark.parametrize(("environment", "asked"), [("production", False), ("staging", True)])
def test_what_was_seen_to_be_deployed_there_without_its_release_is_not_questioned(
    environment: str, *, asked: bool
) -> None:
    """A thread is open about it: Greenlight knows that it is live. Its release stops and follows."""
    seen = Unannounced(
        id="u",
        dialogue="unannounced",
        service=POLICY.name,
        environment=environment,
        version="UNA-1",
        channel="C1",
        opened_at=START,
        opened_by="ci:hook:github",
        since=START,
        state="owned",
        forms={"appear": {"version": "1.2.0"}},
    )
    around = Surroundings((seen,), (Past("r2", "v1.2.0", "scheduled"), Past("r1", "v1.1.0", "completed")))
    if asked:
        with pytest.raises(Refusal, match="was not deployed to production by its release"):
            an_alarm(around=around)
    else:
        assert (an_alarm(around=around).it.release, an_alarm(around=around).it.follows) == ("r2", True)


def test_an_unknown_environment_is_named_with_those_there_are() -> None:
    with pytest.raises(Refusal, match="there are: production") as refused:
        an_alarm(environment="prod")
    assert "environment" in refused.value.fields
    assert an_alarm(environment="Production").it.environment == "production"


@pytest.mark.parametrize("version", ["v1.2.0", "V1.2.0", "1.2.0"])
def test_the_same_alarm_begins_one_rollback_however_its_version_is_written(version: str) -> None:
    first = an_alarm().it
    around = Surroundings(others=(first,), releases=AROUND.releases)
    with pytest.raises(Refusal) as refused:
        an_alarm(around=around, version=version)
    assert refused.value.fields["version"] == "v1.2.0 is being rolled back already; Quinn began it."


@pytest.mark.parametrize(
    "other",
    [{"version": "v1.3.0"}, {"environment": "staging"}, {"dialogue": "release"}],
    ids=lambda one: next(iter(one)),
)
def test_another_version_or_place_is_another_alarm(other: dict[str, str]) -> None:
    around = Surroundings(others=(an_alarm().it.model_copy(update=other),), releases=AROUND.releases)
    assert an_alarm(around=around).it.state == "awaiting_decision"


def test_it_knows_its_release_however_the_version_is_written() -> None:
    assert an_alarm(version="1.2.0").it.release == "r3"
    assert an_alarm(version="v9.9.9").it.release == ""


# ── who decides ──────────────────────────────────────────────────────────────────────────────────────────────────────
def test_its_release_is_the_one_that_is_out_there() -> None:
    """The same version may be approved once more while the earlier one serves."""
    around = Surroundings((), (Past("r5", "v1.2.0", "awaiting_signoffs"), *AROUND.releases))
    assert an_alarm(around=around).it.release == "r3"


def test_a_p1_that_gets_worse_is_raised_and_needs_no_decision() -> None:
    it = an_alarm(severity="P1").wait(minutes=2)
    it.take("raise_severity", QA)
    assert (it.it.severity, it.it.state) == ("P0", "awaiting_start")
    assert "raise_severity" not in {step.name for step in ROLLBACK.open_steps(it.it.state)}


@pytest.mark.parametrize(("severity", "way"), [("P0", "Raise to P0"), ("P1", "Go on with that one in its thread.")])
def test_the_same_alarm_as_p0_is_told_how_to_raise_the_first(severity: str, way: str) -> None:
    first = an_alarm(severity="P1").it
    with pytest.raises(Refusal) as refused:
        an_alarm(around=Surroundings((first.but(id="b9"),), AROUND.releases), severity=severity)
    assert way in str(refused.value)


@pytest.mark.parametrize("step", ["favour", "oppose"])
def test_the_same_voice_is_not_heard_twice(step: str) -> None:
    """A second click is told so, and the thread does not grow."""
    it = an_alarm()
    it.take(step, NOBODY)
    assert "You have said so already" in str(refusal(it, step, NOBODY))


def test_everybody_has_one_voice_the_last_one() -> None:
    it = an_alarm()
    it.take("favour", NOBODY)
    it.take("oppose", DEVOPS)
    it.take("oppose", NOBODY)
    assert [(vote.name, vote.in_favour) for vote in it.it.votes] == [("Dana", False), ("Nobody", False)]
    assert it.it.state == "awaiting_decision"


def test_voices_decide_nothing() -> None:
    """A named decider does."""
    it = an_alarm()
    for number in range(10):
        it.take("favour", Actor(f"U{number}", f"Person {number}", frozenset()))
    assert it.it.state == "awaiting_decision"


def test_to_begin_before_it_is_decided_is_refused_with_who_decides() -> None:
    told = refusal(an_alarm(), "initiate", DEVOPS, begun())
    assert "the Tech Lead's decision" in told.remedy
    assert "Roll back" in told.open_now


def test_the_release_manager_decides_where_the_tech_lead_is_silent() -> None:
    it = an_alarm()
    told = [(one.kind, one.due_at - START, one.roles) for one in reminders_for(ROLLBACK, it.it, POLICY)]
    ten = timedelta(minutes=10)
    assert told == [("nudge", ten, ("tech_lead",)), ("escalation", 2 * ten, ("release_manager",))]
    assert it.wait(minutes=21).take("decide", MANAGER).state == "awaiting_start"


def test_the_time_to_decide_is_configured_with_the_dialogues_name() -> None:
    """`decide` alone is no step of a release; `rollback.decide` is this one."""
    quick = POLICY.model_copy(update={"reminders": {"rollback.decide": 3}})
    due = [one.due_at - START for one in reminders_for(ROLLBACK, an_alarm(quick).it, quick)]
    assert due == [timedelta(minutes=3), timedelta(minutes=6)]


def test_p0_is_not_declined_and_a_false_alarm_has_its_own_way_out() -> None:
    it = an_alarm(severity="P0")
    assert "False alarm" in refusal(it, "decline", TECH_LEAD, reason()).remedy
    assert it.take("withdraw", QA, reason()).state == "withdrawn"


@pytest.mark.parametrize("step", ["decline", "withdraw"])
def test_production_that_was_moved_does_not_stay_where_it_was(step: str) -> None:
    """After a first attempt the alarm can be neither declined nor called off."""
    it = rollback_in("awaiting_verification")
    it.take("still_broken", QA, reason())
    assert "has left v1.2.0 already" in refusal(it, step, TECH_LEAD, reason()).reason


# ── the release follows ──────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("state", "step", "by", "follows"),
    [
        ("awaiting_decision", "decline", TECH_LEAD, "rollback_declined"),
        ("awaiting_start", "withdraw", QA, "rollback_declined"),
        ("awaiting_verification", "verify", QA, "rolled_back"),
    ],
)
def test_what_happens_to_its_release(state: str, step: str, by: Actor, follows: str) -> None:
    it = rollback_in(state)
    it.take(step, by, form_for(step, it.now))
    leads = ROLLBACK.step(step).leads
    assert leads is not None
    (one,) = leads(it.it, last(it))
    assert (one.dialogue, one.step, one.conversation) == ("release", follows, "r3")
    if one.form:
        assert (one.form.version, one.form.duration) == ("v1.1.0", 4)  # type: ignore[attr-defined]  # a RolledBackForm


@pytest.mark.parametrize("step", ["request", "decline", "withdraw", "verify"])
def test_without_a_release_nothing_follows(step: str) -> None:
    it = rollback_in("awaiting_verification", around=NOWHERE, target="v1.1.0")
    leads = ROLLBACK.step(step).leads
    assert leads is not None
    assert leads(it.it, last(it)) == ()


def test_the_alarm_stops_its_release_with_its_own_words() -> None:
    it = an_alarm()
    leads = ROLLBACK.step("request").leads
    assert leads is not None
    deployed, waiting = leads(it.it, last(it))
    assert [one.step for one in (deployed, waiting)] == ["roll_back", "found_live"]
    for one in (deployed, waiting):
        assert one.conversation == "r3"
        assert one.form is not None
        assert one.form.model_dump()["issue"] == alarm().issue


# ── the stopwatch ────────────────────────────────────────────────────────────────────────────────────────────────────
def stopwatch(it: Play[Rollback]) -> list[Reminder]:
    return [one for one in reminders_for(ROLLBACK, it.it, POLICY) if one.step == "overdue"]


@pytest.mark.parametrize(
    ("scope", "targets"),
    [
        ("application", {"1:application": 2, "1:database": 5, "1:system": 15}),
        ("database", {"1:database": 5, "1:system": 15}),
        ("system", {"1:system": 15}),
    ],
)
def test_each_recovery_target_of_the_scope_and_wider_is_watched_from_the_beginning(
    scope: str, targets: dict[str, int]
) -> None:
    """Release plan: application 2 minutes, with its database 5, the full system 15."""
    it = rollback_in("awaiting_start")
    it.take("initiate", DEVOPS, begun(scope=scope))
    assert {one.occasion: (one.due_at - it.now).total_seconds() / 60 for one in stopwatch(it)} == targets
    assert {one.kind for one in stopwatch(it)} == {"step"}


def test_the_stopwatch_stops_with_the_attempt_and_starts_anew_with_the_next() -> None:
    it = rollback_in("rolling_back").wait(minutes=3)
    it.take("overdue", CLOCK, form_for("overdue", it.now))
    assert it.it.state == "rolling_back"
    it.take("complete", DEVOPS, done())
    assert stopwatch(it) == []
    it.take("still_broken", QA, reason())
    it.wait(minutes=5).take("initiate", DEVOPS, begun("v1.0.0"))
    assert [one.occasion for one in stopwatch(it)] == ["2:application", "2:database", "2:system"]
    assert stopwatch(it)[0].due_at == it.now + timedelta(minutes=2)


def test_still_broken_goes_up_at_once() -> None:
    it = rollback_in("awaiting_verification")
    it.take("still_broken", QA, reason())
    (tell,) = tells_of(ROLLBACK.step("still_broken"), it.it, last(it), POLICY)
    assert (tell.roles, tell.due_at) == (("tech_lead", "release_manager"), it.now)


# ── the end ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_post_mortem_lies_ahead() -> None:
    it = rollback_in("awaiting_closure")
    assert "post_mortem_at" in refusal(it, "close", TECH_LEAD, closing(it.now)).fields


def test_the_post_mortem_is_asked_for_daily_and_then_weekly_and_once_a_day_at_most() -> None:
    it = rollback_in("awaiting_postmortem")
    at = it.it.post_mortem_at
    assert at is not None
    asked = [one for one in reminders_for(ROLLBACK, it.it, POLICY) if "tech_lead" in one.roles]
    days = sorted((one.due_at - at).days for one in asked)
    assert days[:13] == [*range(11), 14, 21]
    assert days[-1] >= 84
    up = [one.due_at - at for one in reminders_for(ROLLBACK, it.it, POLICY) if one.kind == "escalation"]
    assert up == [timedelta(days=4)]


def test_nobody_is_asked_for_a_post_mortem_at_night() -> None:
    night = POLICY.model_copy(update={"quiet_hours": QuietHours(start=time(20), end=time(8))})
    it = rollback_in("awaiting_closure", night)
    it.take("close", TECH_LEAD, closing(datetime(2024, 1, 17, 22, tzinfo=UTC)))
    nudges = [one.due_at for one in reminders_for(ROLLBACK, it.it, night) if one.kind == "nudge"]
    assert {due.hour for due in nudges} == {8}


def test_a_post_mortem_is_a_link_or_its_text() -> None:
    with pytest.raises(Refusal, match="link to the post-mortem"):
        PublishForm.from_answers({})


# ── what forms know ──────────────────────────────────────────────────────────────────────────────────────────────────
def known(it: Play[Rollback] | None = None, around: Surroundings = AROUND) -> Known:
    now = it.now if it else START
    return Known(it.it if it else None, POLICY, None, now, around)


def test_the_alarm_is_prefilled_with_what_is_live_and_the_way_back() -> None:
    answers = prefill(FILLERS[RequestForm], known())
    assert answers == {"version": "v1.2.0", "environment": "production", "target": "v1.1.0"}


@pytest.mark.parametrize("state", ["canary", "deploying", "awaiting_smoke", "awaiting_decision"])
def test_a_version_on_its_way_to_production_is_what_is_live(state: str) -> None:
    around = Surroundings(releases=(Past("r9", "v2.0.0", state), *AROUND.releases))
    assert prefill(FILLERS[RequestForm], known(around=around))["version"] == "v2.0.0"


def test_with_nothing_under_way_the_last_verified_version_is_what_is_live() -> None:
    around = Surroundings(releases=AROUND.releases[1:])
    answers = prefill(FILLERS[RequestForm], known(around=around))
    assert (answers["version"], answers["target"]) == ("v1.1.0", "v1.0.0")


def test_the_other_forms_are_prefilled_with_what_was_recorded() -> None:
    it = rollback_in("awaiting_start")
    assert prefill(FILLERS[InitiateForm], known(it)) == {"target": "v1.1.0"}
    it.take("initiate", DEVOPS, begun())
    it.wait(minutes=4)
    answers = prefill(FILLERS[CompleteForm], known(it))
    assert (answers["version"], answers["duration"]) == ("v1.1.0", 4)
    at = prefill(FILLERS[CloseForm], known(rollback_in("awaiting_closure")))["post_mortem_at"]
    assert at == START + timedelta(days=1)


def test_the_watch_can_not_decide() -> None:
    assert refusal(an_alarm(), "decide", WATCH).may == ("Tech Lead", "Release Manager")
