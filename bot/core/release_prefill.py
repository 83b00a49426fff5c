"""What the forms of a release already know."""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.core import release_forms as forms
from bot.core.forms import Form
from bot.core.prefill import Answers, Filler, Known
from bot.core.smoke_forms import SmokeFailedForm, SmokePassedForm

PREPARATION = timedelta(minutes=30)
"""What a plan leaves QA at least to agree to its time, unless somebody says otherwise."""


def _approval(known: Known) -> Answers:
    if known.conversation is not None:
        # Whoever agreed by word of mouth agreed to the commit they were asked about: for another they are asked anew.
        approval: Answers = known.conversation.approval.model_dump(mode="json", exclude={"verbal"})
        return approval | {"environment": known.conversation.environment}
    first = {"environment": known.policy.environments[0]}
    if known.previous is None:
        return first | {"branch": known.policy.branch}
    kept = ("branch", "rollback_signal", "rollback_threshold", "rollback_endpoint", "rollback_minutes")
    last = known.previous.approval.model_dump(mode="json")
    return first | {name: last[name] for name in kept}


def _plan(known: Known) -> Answers:
    release = known.conversation
    assert release is not None
    # Who was sure of one version was not asked about another.
    last = release.last_plan.model_dump(mode="json", exclude={"sure"}) if release.last_plan else {}
    proposed = release.took("propose_time")
    # QA's counter-proposal answers the plan it followed; an older one was settled by a newer plan.
    when = release.forms["propose_time"]["when"] if proposed and proposed.stage == release.stage else None
    links = [link.name for link in known.policy.monitoring]
    watching = {
        "error_monitoring": f"Will watch {links[0]}" if links else "",
        "performance_monitoring": f"Will watch {links[-1]}" if links else "",
    }
    return {"rollback_target": known.verified} | watching | last | {"when": when or _full_hour_after(known.now)}


def _full_hour_after(now: datetime) -> datetime:
    """The first full hour that leaves QA half an hour to agree to it."""
    return (now + PREPARATION - timedelta.resolution).replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)


def _start(known: Known) -> Answers:
    assert known.conversation is not None
    return {"commit": known.conversation.approval.commit}


UNCONFIRMED = "Planned; not confirmed"
"""What is known of something that the plan has, and of which nobody has said that it was done."""


def _deployed(known: Known) -> Answers:
    """What is known, and what is to be looked at, by name: how it is nobody knows before somebody says it."""
    release, policy = known.conversation, known.policy
    assert release is not None
    started, plan = release.took("start"), release.plan
    applies = plan is not None and plan.migrations.lower().startswith("yes")
    clears = plan is not None and plan.cache_clear.lower().startswith("yes")
    return {
        "duration": _minutes_since(started.at, known.now) if started else (plan.duration if plan else None),
        "components": [f"{name}:" for name in policy.components],
        "health_checks": [f"{name}:" for name in policy.health_checks],
        "monitoring": [f"{link.name}: {link.url}" for link in policy.monitoring],
        "migration": UNCONFIRMED if applies else "None",
        "cache": UNCONFIRMED if clears else "Not cleared",
    }


def _smoke_passed(known: Known) -> Answers:
    """Whoever says that it passed says it of each test."""
    return _smoke(known, " Pass")


def _smoke_failed(known: Known) -> Answers:
    """Which of them failed, and which were run at all, is to be said."""
    return _smoke(known, "")


def _smoke(known: Known, verdict: str) -> Answers:
    assert known.conversation is not None
    began = known.conversation.took("begin_smoke")
    return {
        "results": [f"{name}:{verdict}" for name in known.policy.smoke_tests],
        "duration": _minutes_since(began.at, known.now) if began else None,
    }


def _rollback(known: Known) -> Answers:
    plan = known.conversation.plan if known.conversation else None
    planned = plan and not known.surroundings.is_known_bad(plan.rollback_target)
    return {"target": plan.rollback_target if plan and planned else known.verified}


def _rolled_back(known: Known) -> Answers:
    assert known.conversation is not None
    began = known.conversation.took("roll_back")
    return {
        "version": known.conversation.forms.get("roll_back", {}).get("target"),
        "duration": _minutes_since(began.at, known.now) if began else None,
    }


def _minutes_since(moment: datetime, now: datetime) -> int:
    return max(1, round((now - moment).total_seconds() / 60))


FILLERS: dict[type[Form], Filler] = {
    forms.ApprovalForm: _approval,
    forms.PlanForm: _plan,
    forms.StartForm: _start,
    forms.DeployedForm: _deployed,
    SmokePassedForm: _smoke_passed,
    SmokeFailedForm: _smoke_failed,
    forms.RollbackForm: _rollback,
    forms.RolledBackForm: _rolled_back,
}
