"""The documents' own lines, written out from them (QA-DevOps dialogue, sections 1, 2 and 5), and who is called."""

from __future__ import annotations

import pytest

from bot.core.policy import Holders
from bot.core.roles import CLOCK, Actor, Role
from bot.core.signals import Signal, Unit
from tests.messages.a_spoken_release import (
    APPROVAL,
    BREACH,
    DEPLOYED,
    DEVOPS,
    LINKED,
    MANAGER,
    PIPELINE,
    POLICY,
    QA,
    ROLLBACK,
    ROLLED_BACK,
    ROWS,
    SMOKE_FAILED,
    TECH_LEAD,
    WATCH,
    Talk,
    buttons,
    calls,
    words,
)

REASON = {"reason": "The error rate is 12%"}

CARD = """🚀 Release Approved: v1.2.0
Sprint: Sprint 16
Version: v1.2.0
Branch: main (commit abc123)
Testing Summary
Metric | Result
Stories tested | 3/3 ✅
Bugs found | 5
Bugs fixed | 5/5 ✅
Regression | Passed ✅
Smoke test | Passed ✅
Included Changes
STORY-123: Order Tracking
STORY-130: Excel Export
FIX-234, FIX-235, FIX-236
Known Issues
None blocking release
STORY-145 (legacy courier display) — low priority, next sprint
Release Notes
Rollback Criteria
If &gt;5% error rate on /api/v1/orders/tracking endpoint within 30 min.
Sign-off
✅ QA: <@UCHARLIE>
✅ Tech Lead: <@UTANIA> (verbal
Approved for production deployment."""

PLAN = """<@UCHARLIE> Acknowledged! ✅
Deployment Plan:
When: 2024-01-16 16:00 UTC (low traffic window)
Duration: ~15 minutes
Downtime: None expected (zero-downtime deploy)
Pre-deployment:
Database migrations: Yes (1 migration)
Config changes: None
Cache clear: Yes
Monitoring:
Error rates: Will watch Sentry
Performance: Will watch Datadog
Will notify when complete.
Any concerns with 16:00 UTC timing?"""

CONFIRM = """<@UJANE> 16:00 UTC works.
I'll be online to run production smoke test after deploy.
Please ping me when ready to verify."""

NOTICE = """Deployed to Production: v1.2.0
Time: 2024-01-16 16:05 UTC
Duration: 12 minutes
Status: ✅ Success
Deployment Details
Backend: ✅ Healthy
Frontend: ✅ Healthy
Database migration: ✅ Applied
Cache: ✅ Cleared
Health Checks
API: 200 OK
Frontend: Loading correctly
Auth: Working
Monitoring
Sentry: <https://sentry.example.com/orders|dashboard>
Datadog: <https://datadog.example.com/orders|dashboard>
Initial Metrics (5 min post-deploy)
Error rate: 0.1% (normal)
Response time: 120ms avg (normal)
Active users: 45 (normal for this time)
<@UCHARLIE> — Please run production smoke test.
Rollback ready if needed (previous version saved)"""

SMOKE = """Production Smoke Test Results:
Test | Result
Login | ✅ Pass
Order List | ✅ Pass
Order Tracking (new) | ✅ Pass
Excel Export (new) | ✅ Pass
Create Order | ✅ Pass
Dashboard | ✅ Pass
Duration: 8 minutes
Issues found: None
✅ Production verified. Release v1.2.0 successful!
Continuing to monitor. Will alert if any anomalies in next 2 hours"""

CLOSING = """Perfect!
Release v1.2.0 is complete and verified."""

ROLLBACK_REQUESTED = """Rollback requested
Severity: P1 — Critical
Roll back to: v1.1.0
Issue:
Users cannot complete orders — “Create Order” button gives 500 error."""

ROLLED_BACK_TOLD = """Rolled back
Status: Production now on v1.1.0
Duration: 4 minutes
Immediate check:
API health: ✅
Error rate: Dropping
Rollback successful. Production is stable."""


def in_order(shown: str, lines: str) -> None:
    """Every line stands in what is shown, each after the one before."""
    position = 0
    for line in lines.splitlines():
        found = shown.find(line, position)
        assert found >= 0, f"{line!r} is not in, or not after the line before it:\n{shown}"
        position = found + len(line)


def first(talk: Talk) -> str:
    return words(talk.said[0].message)


def test_the_card_is_the_documents_approval() -> None:
    """The card of an approval with the document's values has the document's lines, in its order."""
    vouched = {"UTANIA": frozenset({Role.TECH_LEAD})}
    talk = Talk().take("approve", QA, APPROVAL | {"verbal": ["UTANIA"]}, vouched=vouched)
    in_order(words(talk.card), CARD)


@pytest.mark.parametrize(
    ("talk", "lines"),
    [
        (Talk().planned(), PLAN),
        (Talk().scheduled(), CONFIRM),
        (Talk().deployed(), NOTICE),
        (Talk().smoke_running(), "Running smoke test now…"),
        (Talk().watching(), SMOKE),
        (Talk().completed(), CLOSING),
        (Talk().watching().take("roll_back", QA, ROLLBACK), ROLLBACK_REQUESTED),
        (Talk().watching().take("roll_back", QA, ROLLBACK).take("rolled_back", LINKED, ROLLED_BACK), ROLLED_BACK_TOLD),
    ],
    ids=["plan", "confirm", "deployed", "begin_smoke", "smoke_passed", "complete", "roll_back", "rolled_back"],
)
def test_a_step_says_the_documents_lines(talk: Talk, lines: str) -> None:
    """What is said about a step has the document's lines, in its order."""
    in_order(first(talk), lines)


def test_what_is_short_of_whole_is_marked_on_the_card() -> None:
    """Fewer stories tested, fewer bugs fixed, and known issues of a test round show ⚠️ and no ✅."""
    short = {"stories_tested": 2, "bugs_fixed": 4, "regression": "passed_with_known_issues"}
    shown = words(Talk().approved(**short).card)
    in_order(shown, "Stories tested | 2/3 ⚠️\nBugs fixed | 4/5 ⚠️\nRegression | Passed with known issues ⚠️")


@pytest.mark.parametrize(
    ("signal", "sentence"),
    [
        ("latency_p95", "If &gt;5% latency (p95) on /api/v1/orders/tracking endpoint within 30 min."),
        ("other", "If the agreed signal is &gt;5% on /api/v1/orders/tracking endpoint within 30 min."),
    ],
)
def test_every_rollback_signal_makes_a_sentence(signal: str, sentence: str) -> None:
    """A criterion on another signal than the document's reads as a sentence too."""
    assert sentence in words(Talk().approved(rollback_signal=signal).card)


def test_the_cards_headline_follows_the_release() -> None:
    """The headline is the document's at each turn, and the buttons are the steps that are open."""
    talk = Talk()
    seen = [
        talk.approved().card,
        talk.take("cosign", TECH_LEAD).card,
        talk.take("object", TECH_LEAD, REASON).card,
        talk.take("revise", QA, APPROVAL).card,
        talk.take("withdraw", QA, REASON).card,
    ]
    assert [message.blocks[0]["text"]["text"] for message in seen] == [
        "🚀 Release Approved: v1.2.0",
        "🚀 Release Approved: v1.2.0",
        "✋ Release Stopped: v1.2.0",
        "🚀 Release Approved: v1.2.0",
        "🚫 Withdrawn: v1.2.0",
    ]
    assert [button.label for button in buttons(seen[0])] == ["Sign off", "Object", "Revise", "Withdraw"]
    assert buttons(seen[-1]) == []
    assert Talk().deployed().card.blocks[0]["text"]["text"] == "🎉 Deployed to Production: v1.2.0"
    assert Talk().completed().card.blocks[0]["text"]["text"] == "✅ Release v1.2.0 is complete and verified"


def test_buttons_carry_the_stage_they_were_made_for() -> None:
    """A button in the thread and one on the card name the release and its stage, so that a stale click is known."""
    talk = Talk().planned()
    thread, card = buttons(talk.said[0].message), buttons(talk.card)
    assert [button.label for button in thread] == ["Time works", "Propose another time"]
    for button in (*thread, *card):
        assert (button.reference.conversation, button.reference.stage) == ("r1", talk.release.stage)
        assert button.action == f"step:{button.reference.step}"


def test_the_card_says_why_it_stands_still() -> None:
    """Stopped, a release shows the reason and who gave it."""
    assert "&gt;" not in words(Talk().approved().take("object", TECH_LEAD, REASON).card).split("Sprint")[0]
    assert "The error rate is 12% — Tania Petrova" in words(Talk().approved().take("object", TECH_LEAD, REASON).card)
    failed = Talk().smoke_running().take("smoke_failed", QA, SMOKE_FAILED)
    assert "Create Order failed — Charlie Wilson" in words(failed.card)
    assert "7.2% (limit &gt;5%) — Watch" in words(Talk().watching().take("breach", WATCH, BREACH).card)


def test_a_time_on_another_day_is_said_with_its_day() -> None:
    """ "16:00 UTC" is of the day on which it is said (the document's own words); tomorrow's has its date."""
    answers = {"when": "2024-01-17T16:00:00Z", "reason": "The team is at lunch"}
    told = first(Talk().planned().take("propose_time", QA, answers))
    assert "Another time proposed instead of 16:00 UTC: 2024-01-17 16:00 UTC" in told
    assert "Please plan for 2024-01-17 16:00 UTC, or say what would work." in told


def test_a_proposed_time_takes_the_plan_off_the_card() -> None:
    """While DevOps has not answered, the card shows the time that QA asks for and not the plan that was refused."""
    answers = {"when": "2024-01-16T18:00:00Z", "reason": "The team is at lunch"}
    shown = words(Talk().planned().take("propose_time", QA, answers).card)
    assert "Another time is proposed: 2024-01-16 18:00 UTC" in shown
    assert "Deployment Plan" not in shown


# ── sign-offs ────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_new_commit_says_whose_signature_is_void_and_calls_them_again() -> None:
    """A revision with another commit names the void sign-off and calls its giver, though others hold the role too."""
    talk = Talk().signed().take("revise", QA, APPROVAL | {"commit": "def456"})
    in_order(first(talk), "Revised: v1.2.0 (commit def456)\nVoid, because it was given for commit abc123")
    assert "To sign again: Tech Lead." in first(talk)
    assert calls(talk.said[0].message) == {"UTANIA"}
    assert [button.label for button in buttons(talk.said[0].message)] == ["Sign off", "Object"]


def test_the_same_commit_keeps_signatures() -> None:
    """A revision of the words alone leaves the sign-offs, says so, and asks DevOps for the plan."""
    talk = Talk().signed().wait(minutes=5).take("revise", QA, APPROVAL | {"sprint": "Sprint 17"})
    assert "Still valid: the sign-off of Tech Lead" in first(talk)
    assert "Void" not in first(talk)
    assert "<!subteam^S0DEVOPS> — Please acknowledge with the deployment plan." in first(talk)


@pytest.mark.parametrize(("step", "answers"), [("withdraw", REASON), ("revise", APPROVAL | {"commit": "def456"})])
def test_whoever_is_about_to_deploy_is_stopped(step: str, answers: dict[str, str]) -> None:
    """A release that is taken back after it was scheduled tells DevOps by name not to deploy it."""
    talk = Talk().scheduled().take(step, QA, answers)
    assert "<@UJANE> — Please do not deploy it." in first(talk)


def test_of_two_signers_the_second_is_not_called_twice() -> None:
    """The first of two sign-offs changes nobody's turn, so it calls nobody."""
    roles = {**POLICY.roles, Role.PM: Holders(users=("UPAVEL",))}
    talk = Talk(POLICY.model_copy(update={"required_signoffs": (Role.TECH_LEAD, Role.PM), "roles": roles})).approved()
    assert calls(talk.card) == {"UCHARLIE", "UTANIA", "UPAVEL"}
    talk.take("cosign", TECH_LEAD)
    assert "Still awaited: PM." in first(talk)
    assert calls(talk.said[0].message) == set()
    assert buttons(talk.said[0].message) == []
    assert "⏳ PM: awaited" in words(talk.card)


# ── who is called ────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    ("talk", "called"),
    [
        (Talk().signed(), {"S0DEVOPS"}),
        (Talk().planned(), {"UCHARLIE"}),
        (Talk().scheduled(), {"UJANE"}),
        (Talk().deploying(), set()),
        (Talk().deployed(), {"UCHARLIE"}),
        (Talk().smoke_running(), set()),
        (Talk().watching(), set()),
        (Talk().completed(), set()),
        (Talk().smoke_running().take("smoke_failed", QA, SMOKE_FAILED), {"UTANIA"}),
        (Talk().watching().take("note", DEVOPS, {"text": "All quiet"}), set()),
        (Talk().watching().take("extend_watch", DEVOPS, {"minutes": 60}), set()),
        (Talk().approved().take("object", TECH_LEAD, REASON), {"UCHARLIE"}),
        (Talk().approved().take("withdraw", QA, REASON), set()),
    ],
    ids=[
        *("cosign", "plan", "confirm", "start", "deployed", "begin_smoke", "smoke_passed", "complete"),
        *("smoke_failed", "note", "extend_watch", "object", "withdraw"),
    ],
)
def test_only_the_awaited_are_called(talk: Talk, called: set[str]) -> None:
    """A step calls the one whose turn it is now, and never the one who just acted."""
    assert calls(*(said.message for said in talk.said)) == called


def test_the_approval_calls_the_awaited_on_its_card() -> None:
    """The card calls who must sign, and names the signer; the thread says nothing more."""
    talk = Talk().approved()
    assert calls(talk.card) == {"UCHARLIE", "UTANIA"}
    assert talk.said == ()


def test_who_has_acted_is_called_rather_than_the_group() -> None:
    """Another QA who agreed to the time is asked for the smoke test, not the one who approved, nor the group."""
    other = Actor("UQUEENIE", "Queenie Adams", frozenset({Role.QA}))
    talk = Talk().planned().take("confirm", other).wait(minutes=45).take("deployed", DEVOPS, DEPLOYED)
    assert calls(talk.said[0].message) == {"UQUEENIE"}


def test_a_role_without_holders_is_named_in_words() -> None:
    """Where nobody is configured for a role, its plain name stands where the call would be."""
    talk = Talk(POLICY.model_copy(update={"roles": {}})).signed()
    assert "DevOps — Please acknowledge with the deployment plan." in first(talk)
    assert calls(talk.said[0].message) == set()


def test_the_pipelines_start_calls_devops() -> None:
    """A deployment that a machine starts is told to the person who planned it."""
    talk = Talk().scheduled().wait(minutes=33).take("start", PIPELINE, {"commit": "abc123"})
    assert calls(talk.said[0].message) == {"UJANE"}


@pytest.mark.parametrize("step", ["deployed", "complete"])
def test_announcements_go_to_the_channel(step: str) -> None:
    """The announcements of the document, and nothing else, are shown in the channel; their rest stays in the thread."""
    long = [f"Check {number}: OK" for number in range(40)]
    talks = {
        "deployed": lambda: Talk().deployed(health_checks=long),
        "complete": lambda: Talk().completed(),
    }
    head, *rest = talks[step]().said
    assert head.broadcast
    assert not any(said.broadcast for said in rest)
    assert bool(rest) == (step != "complete")


def test_announcements_call_the_team_only_where_it_has_a_group() -> None:
    """With a team group in the configuration the announcements call it; without one they call nobody of the team."""
    with_team = POLICY.model_copy(update={"team_group": "S0TEAM"})
    assert "S0TEAM" in calls(Talk(with_team).deployed().said[0].message)
    assert "S0TEAM" in calls(Talk(with_team).completed().said[0].message)
    assert calls(Talk().completed().said[0].message) == set()


def test_everything_said_names_who_took_the_step() -> None:
    """A message in the thread ends with the name and the role of whoever took the step; the clock speaks as itself."""
    assert "Jane Smith · DevOps · " in first(Talk().planned())
    assert "Tania Petrova · Tech Lead · " in first(Talk().signed())
    assert "[context] Greenlight · " in first(Talk().completed())
    by_manager = Talk().approved().take("withdraw", MANAGER, REASON)
    assert "John Doe · Release Manager · " in first(by_manager)


def test_a_completion_after_a_breach_does_not_claim_quiet() -> None:
    """“Stayed quiet” is said only where no criterion was breached on the way."""
    talk = Talk().watching().wait(minutes=5).take("breach", WATCH, BREACH).take("continue", TECH_LEAD, REASON)
    talk.wait(hours=2).take("complete", DEVOPS, {})
    assert "quiet" not in first(talk)
    assert "production stayed quiet" in first(Talk().completed())


def test_a_rollback_criterion_that_nothing_measures_is_left_to_people_as_long_as_it_counts() -> None:
    """With the reason: the team may have agreed on it because it thought it was watched."""
    per_endpoint = Signal(title="Errors", query='errors{path="{endpoint}"}', unit=Unit.PERCENT)
    measured = POLICY.model_copy(update={"signals": {**POLICY.signals, "errors_by_path": per_endpoint}})
    words = "rollback criterion is not measured"
    assert words in first(Talk().watching())
    assert words not in first(Talk(measured).watching())
    late = Talk().deployed().wait(minutes=40).take("smoke_passed", QA, {"results": ["Login: Pass"], "duration": 8})
    assert words not in first(late)


def test_a_completion_after_alerts_or_warnings_does_not_claim_quiet() -> None:
    """An alert that is over, and a check beyond a limit for a moment, were no quiet either; nor what was not seen."""
    unseen = "2 hours, though not all of that time was seen"
    alert = {"groups": [{"name": "HighErrorRate", "since": "2024-01-16T16:20:00Z"}]}
    over = Talk().watching().take("alerted", WATCH, alert).take("alerts_over", WATCH, {"names": ["HighErrorRate"]})
    warned = Talk().watching().take("checked", WATCH, {"occasion": "T+10m", "rows": ROWS[:2]})
    blind = Talk().watching().take("blind", WATCH, {"rows": ROWS[2:], "since": "2024-01-16T16:20:00Z"})
    for talk, says in (
        (over, "2 hours"),
        (warned, "2 hours"),
        (blind, unseen),
    ):
        told = first(talk.wait(hours=2).take("complete", CLOCK, {}))
        assert "quiet" not in told
        assert f"Watched: {says}\n" in told
    calm = Talk().watching().take("checked", WATCH, {"occasion": "T+10m", "rows": ROWS[:1]})
    assert "production stayed quiet" in first(calm.wait(hours=2).take("complete", CLOCK, {}))


def test_a_watch_that_was_cut_short_claims_no_quiet() -> None:
    """Ten minutes of two hours prove little: it is said that they were planned."""
    told = first(Talk().watching().wait(minutes=10).take("complete", DEVOPS, {}))
    assert "Watched: 10 minutes, and ended early (planned until 18:20 UTC)" in told
    assert "quiet" not in told


def test_an_override_is_told_with_its_reason() -> None:
    """A start that overrides a rule says so, and why."""
    answers = {"commit": "abc123", "override": "The window closes early today"}
    talk = Talk().scheduled().take("start", MANAGER, answers)
    in_order(first(talk), "Deployment started\nOverride:\nThe window closes early today\nJohn Doe · Release Manager")


def test_a_deployment_with_issues_is_not_called_a_plain_success() -> None:
    """Issues during the deployment stand in its status, and components that are not well are marked."""
    talk = Talk().deployed(issues="One pod restarted", components=["Backend: Degraded", "Frontend: Healthy"])
    in_order(first(talk), "Status: ⚠️ Success, with issues: One pod restarted")
    in_order(first(talk), "Backend: ❌ Degraded\nFrontend: ✅ Healthy")


@pytest.mark.parametrize(
    ("talk", "green"),
    [
        (Talk().scheduled(), "Start deployment"),
        (Talk().deploying(), "Deployed"),
        (Talk().deployed(), "Begin smoke test"),
        (Talk().smoke_running(), "Smoke passed"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_of_a_cards_buttons_one_is_green_the_one_that_is_awaited(talk: Talk, green: str) -> None:
    """Two green buttons would ask the reader to choose between what is next and what is after it."""
    rows = [block["elements"] for block in talk.card.blocks if block["type"] == "actions"]
    primary = [element["text"]["text"] for row in rows for element in row if element.get("style") == "primary"]
    assert primary == [green]
