"""Every message about a release, as it is sent: people read the files under golden/release, this test keeps them.

`GREENLIGHT_GOLDEN=write pytest tests/messages` writes them anew; the difference is for the reviewer.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from pydantic import HttpUrl

from bot.core.deployer_rules import ArgoRule, WorkflowRule
from bot.core.playbook import Playbook
from bot.core.policy import Holders
from bot.core.release import RELEASE
from bot.core.reminders import reminders_for
from bot.core.roles import CLOCK, GREENLIGHT, Actor, Role
from bot.core.wall_clock import Weekday
from bot.core.windows import Windows
from bot.messages.voices import VOICES
from tests.messages.a_spoken_release import (
    APPROVAL,
    BREACH,
    CHART,
    DEVOPS,
    LINKED,
    MANAGER,
    PIPELINE,
    PLAN,
    POLICY,
    QA,
    REGRESSED,
    ROLLBACK,
    ROLLED_BACK,
    ROWS,
    SMOKE_FAILED,
    TECH_LEAD,
    UNMEASURED,
    WATCH,
    Talk,
    read,
    read_all,
)

REVIEWED = ["Migrations reviewed", "Monitoring alerts configured"]

DOWN = {"situation": "production_down", "details": "“Create Order” gives 500 error."}
DECIDED = {"downtime": "5 minutes", "decisions": ["cost"]}
WITH_PM = POLICY.model_copy(update={"roles": {**POLICY.roles, Role.PM: Holders(users=("UPAVEL",))}})
PM = Actor("UPAVEL", "Pavel Novak", frozenset({Role.PM}))

EVIL = 'status is "<!channel> *now* <https://evil.example|here>\u202e" instead of "ok"'
FOUND: list[dict[str, Any]] = [
    {"name": "health", "title": "Health", "outcome": "pass", "words": "200 in 120 ms", "seconds": 0.12},
    {"name": "login", "title": "Login", "outcome": "fail", "words": EVIL, "seconds": 0.2, "tries": 3},
    {"name": "orders", "title": "Orders", "outcome": "fail", "words": "answered 503 instead of 200", "seconds": 2.5},
    {"name": "search", "title": "Search", "outcome": "unknown", "words": "it can't be reached", "required": False},
    {"name": "export", "title": "Export", "outcome": "flaky", "words": "passed at try 2; before: 503", "tries": 2},
]
FOUND[3]["fault"] = True

GOLDEN = Path(__file__).parent / "golden" / "release"

REASON = {"reason": "The error rate is 12%"}
SHORT = {"stories_tested": 2, "bugs_fixed": 4, "regression": "passed_with_known_issues", "verbal": ["UTANIA"]}
FREEZE = {
    "ticket": "FRZ-1",
    "reason": "Black Friday",
    "starts": "2024-01-16T15:00:00Z",
    "until": "2024-01-17T08:00:00Z",
}
ALERTS = [
    {
        "name": "HighErrorRate",
        "severity": "critical",
        "count": 3,
        "since": "2024-01-16T16:20:00Z",
        "summary": "More than 5 % of <requests> fail",
        "runbook": "https://runbooks.example.com/errors",
    },
    {"name": "HighCPUUsage", "since": "2024-01-16T16:25:00Z"},
]
MORE = [f"STORY-{number}: Change number {number}" for number in range(1, 101)]

WITH_MANAGER = POLICY.model_copy(update={"roles": {**POLICY.roles, Role.RELEASE_MANAGER: Holders(users=("UJOHN",))}})


def tomorrow() -> Talk:
    """A release that is agreed on a day ahead."""
    return Talk(WITH_MANAGER).signed().take("plan", DEVOPS, PLAN | {"when": "2024-01-17T16:00:00Z"}).take("confirm", QA)


def overridden() -> Talk:
    """A start on a day on which nothing is deployed, by the role that may."""
    closed = POLICY.model_copy(update={"windows": {"production": Windows(avoid=(Weekday.TUESDAY,))}})
    talk = Talk().scheduled().wait(minutes=33)
    talk.policy = closed
    return talk.take("start", MANAGER, {"commit": "abc123", "override": "The customer waits"})


WORKFLOW = WorkflowRule(kind="github_actions", repository="acme/shop", workflow="deploy.yml")
DEPLOYS = POLICY.model_copy(update={"deployer": WORKFLOW})
TOKEN_GONE = "GitHub Actions refused (401: Bad credentials). The token is missing or no longer valid."
RUN = "https://github.com/acme/shop/actions/runs/900"
ORDERED: dict[str, dict[str, str]] = {
    "waits": {"reason": "GitHub Actions asks for a pause."},
    "accepted": {"url": RUN},
    "refused": {"reason": TOKEN_GONE},
    "unknown": {"reason": "GitHub Actions did not answer (ReadTimeout)."},
    "void": {"reason": "It was not wanted any more."},
    "waiting": {"reason": "waiting", "url": RUN},
    "running": {"reason": "in progress", "url": RUN},
    "succeeded": {"reason": "success", "url": RUN},
    "failed": {"reason": "timed out", "url": RUN},
    "unseen": {"reason": "It was followed for two hours.", "url": RUN},
}


def ordered(outcome: str, **told: str) -> Talk:
    """A deployment that was ordered, and what became of the order."""
    talk = Talk(DEPLOYS).deploying()
    assert talk.release.order is not None
    answers = {"kind": "deploy", "event": talk.release.order.event, "outcome": outcome, "deployer": WORKFLOW.name}
    return talk.wait(minutes=1).take("order_told", GREENLIGHT, answers | told)


REFUSED = {"reason": "Alertmanager refused (401: <no>). The token is missing or no longer valid."}
NOT_SILENCED = REFUSED | {"matchers": ["alertname=PodRestarted, service=shop", "alertname=~`High.*`"]}
ARGO = POLICY.model_copy(
    update={"deployer": ArgoRule(kind="argocd", url=HttpUrl("https://argo.example.com"), application="shop")}
)


def ordered_canary() -> Talk:
    """A canary whose share was ordered, and whose run is seen."""
    talk = Talk(DEPLOYS).canary()
    assert talk.release.order is not None
    told = {"kind": "deploy", "event": talk.release.order.event, "outcome": "accepted", "deployer": WORKFLOW.name}
    return talk.wait(minutes=1).take("order_told", GREENLIGHT, told | {"url": RUN})


def validating(count: int = 5) -> Talk:
    """A validation that was just begun."""
    names = [str(one["name"]) for one in FOUND] + [f"check-{number}" for number in range(len(FOUND), count)]
    rules = {name: {"kind": "http", "url": "https://shop.example.com/", "required": name != "search"} for name in names}
    talk = Talk().watching()
    asked = (
        {"look": {"kind": "feedback", "title": "Support's view", "people": ("UJOHN", "UTANIA")}} if count == 5 else {}
    )
    talk.policy = POLICY.model_copy(update={"playbook": Playbook.model_validate({"checks": rules | asked})})
    return talk.take("validate", QA)


def checked(results: list[dict[str, Any]], verdict: str) -> Talk:
    """A validation that came to an end."""
    talk = validating().wait(minutes=2)
    began = "2024-01-16T16:20:00Z"
    return talk.take("validated", LINKED, {"verdict": verdict, "results": results, "began_at": began})


STORIES: dict[str, Callable[[], Talk]] = {
    "approve": lambda: Talk().approved(),
    "approve_short_of_whole": lambda: Talk().take(
        "approve", QA, APPROVAL | SHORT, vouched={"UTANIA": frozenset({Role.TECH_LEAD})}
    ),
    "approve_with_100_changes": lambda: Talk().approved(changes=MORE),
    "cosign": lambda: Talk().signed(),
    "object": lambda: Talk().approved().take("object", TECH_LEAD, REASON),
    "revise_with_another_commit": lambda: Talk().scheduled().take("revise", QA, APPROVAL | {"commit": "def456"}),
    "plan": lambda: Talk().planned(),
    "propose_time": lambda: (
        Talk().planned().take("propose_time", QA, {"when": "2024-01-16T18:00:00Z", "reason": "The team is at lunch"})
    ),
    "confirm": lambda: Talk().scheduled(),
    "start": lambda: Talk().deploying(),
    "start_by_the_pipeline": lambda: Talk().scheduled().wait(minutes=33).take("start", PIPELINE, {"commit": "abc123"}),
    "deployed": lambda: Talk().deployed(),
    "deploy_failed": lambda: Talk().deploying().take("deploy_failed", DEVOPS, REASON),
    "start_canary": lambda: Talk().canary(),
    "promote": lambda: Talk().canary().wait(minutes=30).take("promote", DEVOPS, {"seen": "Error rate as before"}),
    "promote_by_the_clock": lambda: Talk().canary().wait(minutes=30).take("promote", CLOCK, {}),
    "promote_to_all": lambda: Talk().canary(promoted=3),
    "pause_canary": lambda: Talk().canary().take("pause_canary", QA, REASON),
    "pause_canary_of_a_deployer": lambda: ordered_canary().take("pause_canary", QA, REASON),
    "resume_canary_of_a_deployer": lambda: (
        ordered_canary().take("pause_canary", QA, REASON).wait(minutes=5).take("resume_canary", TECH_LEAD, REASON)
    ),
    "breach_of_a_canary": lambda: ordered_canary().take("breach", WATCH, BREACH),
    "promote_what_takes_no_orders_for_shares": lambda: (
        Talk(ARGO).canary().wait(minutes=30).take("promote", DEVOPS, {"seen": "Error rate as before"})
    ),
    "resume_canary": lambda: (
        Talk().canary().take("pause_canary", QA, REASON).wait(minutes=5).take("resume_canary", TECH_LEAD, REASON)
    ),
    "begin_smoke": lambda: Talk().smoke_running(),
    "smoke_passed": lambda: Talk().watching(),
    "smoke_failed": lambda: Talk().smoke_running().take("smoke_failed", QA, SMOKE_FAILED),
    "breach": lambda: Talk().watching().wait(minutes=5).take("breach", WATCH, BREACH),
    "breach_p0": lambda: Talk().watching().wait(minutes=5).take("breach", WATCH, BREACH | {"severity": "P0"}),
    "breach_with_a_chart": lambda: Talk().watching().wait(minutes=5).take("breach", WATCH, BREACH | {"chart": CHART}),
    "first_metrics": lambda: (
        Talk().deployed().wait(minutes=1).take("first_metrics", WATCH, {"occasion": "T+5m", "rows": ROWS})
    ),
    "checked": lambda: Talk().watching().take("checked", WATCH, {"occasion": "T+10m", "rows": ROWS}),
    "checked_and_all_normal": lambda: (
        Talk().watching().take("checked", WATCH, {"occasion": "T+15m", "rows": [ROWS[0], ROWS[0] | {"name": "other"}]})
    ),
    "regressed": lambda: Talk().watching().take("regressed", WATCH, REGRESSED),
    "recovered": lambda: (
        Talk()
        .watching()
        .take(
            "recovered",
            WATCH,
            {
                "name": "errors",
                "signal": "Error rate",
                "measured": "0.1%",
                "limit": ">5%",
                "since": "2024-01-16T16:30:00Z",
            },
        )
    ),
    "blind": lambda: Talk().watching().take("blind", WATCH, {"rows": ROWS[2:], "since": "2024-01-16T16:20:00Z"}),
    "sees": lambda: Talk().watching().take("sees", WATCH, {"rows": ROWS[:1]}),
    "alerted": lambda: Talk().watching().take("alerted", WATCH, {"groups": ALERTS}),
    "alerts_over": lambda: (
        Talk()
        .watching()
        .take("alerted", WATCH, {"groups": ALERTS})
        .take("alerts_over", WATCH, {"names": ["HighCPUUsage"]})
    ),
    "not_notified": lambda: (
        Talk().watching().take("not_notified", LINKED, {"what": "PagerDuty", "reason": "PagerDuty refused (400)."})
    ),
    "silenced": lambda: Talk().deploying().take("silenced", WATCH, {"until": "2024-01-16T17:30:00Z"}),
    "not_silenced": lambda: Talk().deploying().take("not_silenced", WATCH, NOT_SILENCED),
    "not_lifted": lambda: (
        Talk().deploying().take("silenced", WATCH, {"until": "2024-01-16T17:30:00Z"}).take("not_lifted", WATCH, REFUSED)
    ),
    "unsilenced": lambda: Talk().deployed().take("unsilenced", WATCH),
    "validate": validating,
    "validation_progress": lambda: validating().take("validation_progress", LINKED, {"results": FOUND[:3]}),
    "validation_progress_of_many_after_a_restart": lambda: validating(60).take(
        "validation_progress", LINKED, {"results": FOUND[:2], "interrupted": True}
    ),
    "feedback": lambda: validating().take("feedback", MANAGER, {"seen": "found", "words": f"I saw that {EVIL}"}),
    "smoke_passed_unmeasured": lambda: Talk(UNMEASURED).watching(),
    "start_canary_unmeasured": lambda: Talk(UNMEASURED).canary(),
    "complete_unmeasured": lambda: Talk(UNMEASURED).completed(),
    "feedback_of_a_quiet_look": lambda: validating().take("feedback", MANAGER, {"seen": "ok"}),
    "feedback_over": lambda: validating().take("feedback", MANAGER, {"seen": "ok"}).take("feedback_over", CLOCK),
    "validated": lambda: checked(FOUND[:1], "passed"),
    "validated_and_failed": lambda: checked(FOUND, "failed"),
    "validated_without_a_verdict": lambda: checked(FOUND[3:4], "unknown"),
    "continue": lambda: (
        Talk().smoke_running().take("smoke_failed", QA, SMOKE_FAILED).take("continue", TECH_LEAD, REASON)
    ),
    "extend_watch": lambda: Talk().watching().take("extend_watch", DEVOPS, {"minutes": 60}),
    "complete_by_the_clock": lambda: Talk().completed(),
    "complete_by_hand": lambda: (
        Talk().watching().wait(minutes=30).take("complete", DEVOPS, {"summary": "All quiet, closing early."})
    ),
    "withdraw": lambda: Talk().scheduled().take("withdraw", QA, REASON),
    "roll_back": lambda: Talk().watching().take("roll_back", QA, ROLLBACK),
    "rolled_back": lambda: Talk().watching().take("roll_back", QA, ROLLBACK).take("rolled_back", LINKED, ROLLED_BACK),
    "found_live": lambda: Talk().scheduled().take("found_live", LINKED, ROLLBACK),
    "worsened": lambda: Talk().watching().take("roll_back", QA, ROLLBACK).take("worsened", LINKED),
    "rollback_declined": lambda: Talk().watching().take("roll_back", QA, ROLLBACK).take("rollback_declined", LINKED),
    "plan_that_needs_agreement": lambda: Talk(WITH_PM).signed().take("plan", DEVOPS, PLAN | DECIDED),
    "agree": lambda: Talk(WITH_PM).signed().take("plan", DEVOPS, PLAN | DECIDED).take("agree", PM),
    "agree_as_the_last": lambda: (
        Talk(WITH_PM).signed().take("plan", DEVOPS, PLAN | {"decisions": ["cost"]}).take("agree", PM)
    ),
    "disagree": lambda: Talk(WITH_PM).signed().take("plan", DEVOPS, PLAN | DECIDED).take("disagree", TECH_LEAD, REASON),
    "escalate": lambda: Talk(WITH_PM).watching().take("escalate", DEVOPS, DOWN),
    "checklist": lambda: Talk().signed().take("checklist", DEVOPS, {"ticked": REVIEWED}),
    "tick": lambda: Talk().signed().take("tick", DEVOPS, {"items": REVIEWED[:1]}),
    "untick": lambda: (
        Talk().signed().take("tick", DEVOPS, {"items": REVIEWED}).take("untick", TECH_LEAD, {"items": REVIEWED[:1]})
    ),
    "revise_after_ticks": lambda: (
        Talk().signed().take("tick", DEVOPS, {"items": REVIEWED}).take("revise", QA, APPROVAL | {"commit": "def4567"})
    ),
    "reschedule": lambda: (
        Talk().scheduled().take("reschedule", DEVOPS, {"when": "2024-01-17T16:00:00Z", "reason": "A node is down"})
    ),
    "confirm_for_tomorrow": tomorrow,
    "entry_done": lambda: tomorrow().take("entry_done", DEVOPS, {"entry": "T-6h", "remark": "Restored in 4 min"}),
    "entry_skipped": lambda: tomorrow().take("entry_skipped", QA, {"entry": "T-2h", "reason": "Staging is down"}),
    "allow": lambda: Talk().signed().take("allow", MANAGER, {"reason": "The fair opens on Saturday"}),
    "frozen": lambda: Talk().scheduled().take("frozen", LINKED, FREEZE),
    "thawed": lambda: (
        Talk().scheduled().take("frozen", LINKED, FREEZE).take("thawed", LINKED, {"ticket": "FRZ-1", "reason": "Quiet"})
    ),
    "freed": lambda: Talk().scheduled().take("freed", LINKED, {"version": "v1.1.9", "state": "watching"}),
    "approve_a_hotfix": lambda: Talk(WITH_MANAGER).approved(hotfix="yes"),
    "start_by_override": overridden,
    "confirm_what_a_deployer_deploys": lambda: Talk(DEPLOYS).scheduled(),
    "start_through_a_deployer": lambda: Talk(DEPLOYS).deploying(),
    **{f"order_told_{name}": partial(ordered, name, **told) for name, told in ORDERED.items()},
    "ask_again": lambda: ordered("refused", reason=TOKEN_GONE).wait(minutes=5).take("ask_again", DEVOPS),
    "note": lambda: Talk().watching().take("note", DEVOPS, {"text": "Keep an eye on the queue"}),
}


def hold(name: str, shown: str) -> None:
    path = GOLDEN / f"{name}.txt"
    if os.environ.get("GREENLIGHT_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", STORIES)
def test_a_step_is_told_as_kept(name: str) -> None:
    """What is said about a step is what the golden file says."""
    hold(name, read_all(STORIES[name]().said))


@pytest.mark.parametrize("name", STORIES)
def test_the_card_after_a_step_is_as_kept(name: str) -> None:
    """The card after a step is what the golden file says."""
    hold(f"card_after_{name}", read(STORIES[name]().card))


@pytest.mark.parametrize(
    "name", ["approve", "cosign", "plan", "confirm", "confirm_for_tomorrow", "start", "deployed", "breach", "object"]
)
def test_the_reminders_of_a_state_are_as_kept(name: str) -> None:
    """The reminders that follow a step are what the golden file says."""
    talk = STORIES[name]()
    reminders = reminders_for(RELEASE, talk.release, talk.policy)
    shown = [
        VOICES["release"].reminder(talk.release, due, talk.policy, due.due_at, late=None, reminder_id=number)
        for number, due in enumerate(reminders, 1)
    ]
    hold(f"reminders_after_{name}", read(*shown))


def test_a_late_reminder_says_so_as_kept() -> None:
    """A reminder that comes late names the time at which it was due."""
    talk = Talk().scheduled()
    due = reminders_for(RELEASE, talk.release, talk.policy)[0]
    late = timedelta(minutes=45)
    shown = VOICES["release"].reminder(talk.release, due, talk.policy, due.due_at + late, late=late, reminder_id=7)
    hold("reminder_late", read(shown))


def test_every_step_of_the_table_is_kept() -> None:
    """No step of the dialogue is without a golden file."""
    told = {name for name in (step.name for step in RELEASE.steps) if any(story.startswith(name) for story in STORIES)}
    assert told == {step.name for step in RELEASE.steps}
