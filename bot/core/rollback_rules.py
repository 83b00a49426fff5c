"""What only a rollback can tell: its conversation, and the rules, facts and effects of its steps.

The table that uses them is bot.core.rollback.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.core.dialogue import Consequence, Situation, Tell
from bot.core.events import Conversation, Errand, Event, Fact
from bot.core.freeze import incident_freeze
from bot.core.handoffs import handed_to
from bot.core.known_versions import refuse_not_deployed, refuse_unknown_target
from bot.core.orders import BEGIN, OrderState
from bot.core.paging import is_p0
from bot.core.policy import Service
from bot.core.release_forms import RollbackForm, RolledBackForm
from bot.core.roles import WATCH, Role
from bot.core.rollback_forms import CloseForm, CompleteForm, InitiateForm, RequestForm
from bot.core.surroundings import BACK, BEFORE_DEPLOYING, LIVE
from bot.core.versions import is_same_version
from bot.errors import Refusal

MOST_VOTES = 50


class Vote(Fact):
    """What somebody of the team thinks about rolling back."""

    person: str
    name: str
    in_favour: bool


class Rollback(Conversation):
    """The way back of one version of one service in one environment. `release` is its release's conversation, where
    there is one, and `follows` whether that stops and ends with it. `paged`: people were told of it outside of Slack
    by itself; where a release follows, they are told by that one.
    """

    release: str = ""
    follows: bool = True
    paged: bool = False
    severity: str = "P1"
    target: str = ""
    issue: str = ""
    impact: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    votes: tuple[Vote, ...] = ()
    testers: tuple[str, ...] = ()
    tested_at: datetime | None = None
    tried: tuple[str, ...] = ()
    reporter: str = ""
    operator: str = ""
    started_at: datetime | None = None
    scope: str = "application"
    expected_at: datetime | None = None
    finished_at: datetime | None = None
    live: str = ""
    attempts: int = 0
    post_mortem_at: datetime | None = None
    order: OrderState | None = None

    def asked(self, role: Role) -> str:
        """Whoever reported it as QA is asked to verify, whoever began it as DevOps to tell when it is done."""
        asked = {("awaiting_verification", Role.QA): self.reporter, ("rolling_back", Role.DEVOPS): self.operator}
        return asked.get((self.state, role), "")

    @property
    def trouble(self) -> str:
        """Its release's, which ends with it."""
        return self.release if self.release and self.follows else self.id

    @property
    def shut(self) -> frozenset[str]:
        """Production that has left a version can't stay on it, and what is P0 is not put to a vote."""
        if self.attempts:
            return frozenset({"decline", "withdraw"})
        return frozenset({"decline"}) if self.severity == "P0" else frozenset()

    @property
    def has_begun(self) -> bool:
        """Whether production has left the version, or is about to."""
        return bool(self.attempts)

    @property
    def verification_began(self) -> datetime:
        """Since when QA is waited for: since it said that it is testing, else since it was asked."""
        return self.tested_at or self.since

    @property
    def lacking(self) -> tuple[str, ...]:
        """What the alarm left out, by the names of the fields."""
        return tuple(name for name in ("issue", "impact", "evidence") if not getattr(self, name))

    @property
    def took_minutes(self) -> int | None:
        """How long the last attempt took, in minutes; None before it ended."""
        kept = self.forms.get("complete")
        return int(kept["duration"]) if kept else None


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def not_begun(situation: Situation[Rollback]) -> None:
    """Two who raise the same alarm begin one rollback, however they spell the version. One that was verified, and waits
    for its post-mortem, is no alarm any more: the version may have been released again meanwhile.
    """
    it, form = situation.conversation, situation.move.form
    assert isinstance(form, RequestForm)
    for other in situation.surroundings.others:
        alike = (other.dialogue, other.environment) == (it.dialogue, it.environment)
        if alike and other.state not in BACK and is_same_version(other.version, it.version):
            by = other.trail[0].name if other.trail else other.opened_by
            why = f"{other.version} is being rolled back already; {by} began it."
            raise Refusal(why, remedy=_go_on(other, form.severity), since=other.opened_at, fields={"version": why})


def _go_on(other: Conversation, severity: str) -> str:
    if severity == "P0" and other.state == "awaiting_decision":
        return "Go on with that one in its thread: “Raise to P0” there begins it without a decision."
    return "Go on with that one in its thread."


def is_deployed(situation: Situation[Rollback]) -> None:
    """What is not deployed can't be rolled back, unless somebody deployed it behind everybody's back."""
    form = situation.move.form
    assert isinstance(form, RequestForm)
    if not form.sure:
        refuse_not_deployed("version", situation.conversation, situation.surroundings)


def good_target(situation: Situation[Rollback]) -> None:
    """A version that is known to be bad, or is the broken one itself, is no way back."""
    it, form = situation.conversation, situation.move.form
    assert isinstance(form, RequestForm | InitiateForm)
    version = form.version if isinstance(form, RequestForm) else it.version
    if not form.target:
        return
    if is_same_version(form.target, version):
        why = f"{version} is what is broken; name the version before it."
        raise Refusal(why, fields={"target": why})
    if situation.surroundings.is_known_bad(form.target):
        good = next((one for one in situation.surroundings.verified if not is_same_version(one, version)), "")
        way = f" The last version that was verified is {good}." if good else ""
        why = f"{form.target} was itself rolled back.{way}"
        raise Refusal(why, fields={"target": why})
    # Whoever asked for the rollback was asked about its target already.
    if not form.sure and form.target != it.target:
        refuse_unknown_target("target", form.target, it, situation.surroundings)


def other_version(situation: Situation[Rollback]) -> None:
    form = situation.move.form
    assert isinstance(form, CompleteForm)
    if is_same_version(form.version, situation.conversation.version):
        why = f"{situation.conversation.version} is what is being rolled back; say what is live now."
        raise Refusal(why, fields={"version": why})


def only_p1(situation: Situation[Rollback]) -> None:
    """What must be rolled back at once is not put to a vote."""
    if situation.conversation.severity == "P0":
        raise Refusal(
            f"A P0 rollback is not declined: {situation.conversation.environment} is down.",
            remedy="Roll back; or, if it is well, use “False alarm”.",
        )


def is_worse(situation: Situation[Rollback]) -> None:
    if situation.conversation.severity == "P0":
        raise Refusal("It is P0 already.")


def still_there(situation: Situation[Rollback]) -> None:
    """Once production was moved, it does not stay where it was."""
    it = situation.conversation
    if it.attempts:
        raise Refusal(
            f"{it.environment.capitalize()} has left {it.version} already; it can't be said to stay on it.",
            remedy="Roll back again, to a version that works.",
        )


def coming(situation: Situation[Rollback]) -> None:
    form = situation.move.form
    assert isinstance(form, CloseForm)
    if form.post_mortem_at <= situation.now:
        why = "This time has passed; choose a later one."
        raise Refusal(why, fields={"post_mortem_at": why})


def new_voice(situation: Situation[Rollback]) -> None:
    """A second click of the same person says nothing new."""
    it, move = situation.conversation, situation.move
    if any((vote.person, vote.in_favour) == (move.actor.id, move.step == "favour") for vote in it.votes):
        raise Refusal("You have said so already; the card shows it.", remedy="The other button changes your voice.")


def not_testing(situation: Situation[Rollback]) -> None:
    """As of a voice."""
    if situation.move.actor.id in situation.conversation.testers:
        raise Refusal(
            "You are testing already; the thread says so.", remedy="“Works again” or “Still broken” tells how it went."
        )


# ── facts and effects ────────────────────────────────────────────────────────────────────────────────────────────────
def request_facts(situation: Situation[Rollback]) -> dict[str, Any]:
    """Which release it is about, and where to: the version that was asked for, else the last verified one."""
    form, around = situation.move.form, situation.surroundings
    assert isinstance(form, RequestForm)
    alike = [past for past in around.releases if is_same_version(past.version, form.version)]
    # The same version may be on its way once more: what is rolled back is the one that is out there. One that waits for
    # its deployment is stopped before one that is over: of two only one may be open.
    kinds = (LIVE, BEFORE_DEPLOYING, ("completed",))
    found = (past for states in kinds for past in alike if past.state in states)
    following = next(found, None)
    release = following or (alike[0] if alike else None)
    target = form.target or around.way_back_from(form.version) or None
    return {"release": release.id if release else "", "follows": following is not None, "target": target}


def requested(rollback: Rollback, event: Event) -> Rollback:
    data = event.data
    return rollback.model_copy(
        update={
            "release": data["release"],
            "follows": data.get("follows", True),
            "paged": _wakes(event, follows=data.get("follows", True)),
            "reporter": event.actor if Role.QA.value in event.roles else "",
            "severity": data["severity"],
            "target": data["target"] or "",
            "issue": data["issue"] or "",
            "impact": tuple(data["impact"]),
            "evidence": tuple(data["evidence"]),
        }
    )


def _wakes(event: Event, *, follows: bool) -> bool:
    """Whether people are told of it by the rollback itself: nobody else does, and people say that it is P0."""
    return is_p0(event) and not follows and Role.LINKED not in event.roles


def now_p0(rollback: Rollback, event: Event) -> Rollback:
    return rollback.but(severity="P0", paged=rollback.paged or _wakes(event, follows=rollback.follows))


def detailed(rollback: Rollback, event: Event) -> Rollback:
    """Words are added, and nothing that was said is lost."""
    data = event.data
    issue = "\n".join(text for text in (rollback.issue, data["issue"]) if text)
    return rollback.model_copy(
        update={
            "issue": issue,
            "impact": (*rollback.impact, *data["impact"]),
            "evidence": (*rollback.evidence, *data["evidence"]),
        }
    )


def voted(rollback: Rollback, event: Event) -> Rollback:
    """One voice a person, the last one."""
    vote = Vote(person=event.actor, name=event.name, in_favour=event.step == "favour")
    others = tuple(other for other in rollback.votes if other.person != event.actor)
    return rollback.model_copy(update={"votes": (*others[-MOST_VOTES:], vote)})


def testing(rollback: Rollback, event: Event) -> Rollback:
    """Who tests has answered: what reminds of it counts anew."""
    return rollback.model_copy(update={"testers": (*rollback.testers, event.actor), "tested_at": event.at})


def still_broken_facts(situation: Situation[Rollback]) -> dict[str, Any]:
    """Where to now: the last verified version that was not tried yet."""
    it, around = situation.conversation, situation.surroundings
    bad = (it.version, *it.tried, *around.known_bad)
    good = (one for one in around.verified if not any(is_same_version(one, other) for other in bad))
    return {"way_back": next(good, "")}


def broken_still(rollback: Rollback, event: Event) -> Rollback:
    return rollback.model_copy(update={"target": event.data.get("way_back", "")})


def initiate_facts(situation: Situation[Rollback]) -> dict[str, Any]:
    form = situation.move.form
    assert isinstance(form, InitiateForm)
    return {"expected_at": (situation.now + timedelta(minutes=form.eta)).isoformat()}


def initiated(rollback: Rollback, event: Event) -> Rollback:
    data = event.data
    return rollback.model_copy(
        update={
            "operator": event.actor if Role.DEVOPS.value in event.roles else "",
            "target": data["target"],
            "scope": data["scope"],
            "started_at": event.at,
            "expected_at": datetime.fromisoformat(data["expected_at"]),
            "finished_at": None,
            "attempts": rollback.attempts + 1,
        }
    )


def completed(rollback: Rollback, event: Event) -> Rollback:
    live = event.data["version"]
    done = {"live": live, "finished_at": event.at, "tried": (*rollback.tried, live), "testers": (), "tested_at": None}
    return rollback.model_copy(update=done)


def closed(rollback: Rollback, event: Event) -> Rollback:
    return rollback.model_copy(update={"post_mortem_at": datetime.fromisoformat(event.data["post_mortem_at"])})


# ── what follows ─────────────────────────────────────────────────────────────────────────────────────────────────────
def release_follows(rollback: Rollback, event: Event) -> tuple[Consequence, ...]:
    """The alarm stops the release as well."""
    if not rollback.release:
        return ()
    data = event.data
    form = RollbackForm.model_validate(
        {name: data[name] for name in ("severity", "issue", "impact", "evidence", "target")}
    )
    # Of the two only one is possible: it was deployed by its release, or it was not.
    return tuple(Consequence("release", step, form, rollback.release) for step in ("roll_back", "found_live"))


def release_goes_on(rollback: Rollback, event: Event) -> tuple[Consequence, ...]:
    del event
    return (
        (Consequence("release", "rollback_declined", None, rollback.release, onward=True),) if rollback.release else ()
    )


def release_is_back(rollback: Rollback, event: Event) -> tuple[Consequence, ...]:
    del event
    if not rollback.release:
        return ()
    done = rollback.forms["complete"]
    form = RolledBackForm(version=done["version"], duration=done["duration"], checks=tuple(done["checks"]))
    return (Consequence("release", "rolled_back", form, rollback.release, onward=True),)


def incident_freezes(rollback: Rollback, event: Event) -> tuple[Consequence, ...]:
    """Nothing else is deployed while production is between two versions, and until somebody says that it may be."""
    del event
    return (incident_freeze(f"Rollback of {rollback.version}"),) if rollback.attempts == 1 else ()


def begins_itself(rollback: Rollback, event: Event, policy: Service) -> tuple[Errand, ...]:
    """What the watch measured as P0 is rolled back without anybody beginning it, where the service says so."""
    rule, it = policy.deployer, rollback.id
    if rule is None or rule.rollback != "automatic" or event.actor != WATCH.id:
        return ()
    if rollback.severity != "P0" or rollback.state != "awaiting_start" or rollback.has_begun:
        return ()
    return (Errand(f"{it}:{event.number}:begin", BEGIN, it, f"order:{it}", {"event": event.number}),)


def incident_over(_rollback: Rollback, event: Event, policy: Service) -> tuple[Tell, ...]:
    """Handed over as a resolved incident; the Tech Lead is called by the rollback itself, to close it."""
    return handed_to(policy.authority.handoffs.incident_resolved, event, called=(Role.TECH_LEAD,))


def up_the_path(rollback: Rollback, event: Event, policy: Service) -> tuple[Tell, ...]:
    """Still broken after the way back: those who decide hear of it at once."""
    del rollback, event, policy
    return (Tell((Role.TECH_LEAD, Role.RELEASE_MANAGER)),)
