"""What only a release can tell: its conversation, and the rules, facts and effects of its steps.

The table that uses them is bot.core.release.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pydantic import Field

from bot.core import canary
from bot.core.canary import Canary
from bot.core.checklist import Mark
from bot.core.dialogue import Consequence, Situation
from bot.core.events import Conversation, Event, Fact, Reminder
from bot.core.forms import Form
from bot.core.known_versions import refuse_unknown_target
from bot.core.observation import NOTHING_TOLD, Observation
from bot.core.orders import OrderState
from bot.core.policy import Service
from bot.core.release_day import DayEntry
from bot.core.release_forms import (
    ApprovalForm,
    DeployedForm,
    ExtendForm,
    PlanForm,
    RollbackForm,
    RolledBackForm,
    TimeForm,
)
from bot.core.roles import Role
from bot.core.rollback_forms import RequestForm
from bot.core.validation import Run
from bot.core.versions import is_same_version
from bot.core.windows import FreezeMark
from bot.errors import Refusal


class SignOff(Fact):
    """One agreement to release a commit. `vouched_by` is set where it was given by word of mouth."""

    role: Role
    person: str
    commit: str
    at: datetime
    vouched_by: str = ""


class Agreement(Fact):
    """One agreement to a plan that DevOps does not decide on alone."""

    role: Role
    person: str
    at: datetime


class Release(Conversation):
    """One version of one service on its way to one environment."""

    required: tuple[Role, ...] = ()
    sign_offs: tuple[SignOff, ...] = ()
    planned_at: datetime | None = None
    planned_end: datetime | None = None
    watch_until: datetime | None = None
    marks: tuple[Mark, ...] = ()
    canary: Canary | None = None
    decisions: dict[str, tuple[Role, ...]] = Field(default_factory=dict)
    # A default that stands here as a value would be copied deeply for every release that is opened.
    observation: Observation = Field(default_factory=lambda: NOTHING_TOLD)
    occasions: tuple[str, ...] = ()
    agreements: tuple[Agreement, ...] = ()
    exception_at: datetime | None = None
    freezes: tuple[FreezeMark, ...] = ()
    day: tuple[DayEntry, ...] = ()
    order: OrderState | None = None
    interrupted: str = ""
    interrupted_at: datetime | None = None
    validation: Run | None = None
    silenced_until: datetime | None = None

    @property
    def resumes(self) -> tuple[str, datetime]:
        """The state that it goes back to when what interrupted it is over, and since when it is interrupted. A rollback
        that was declined gives back the decision, and that in turn what it was about.
        """
        if self.state == "awaiting_decision" and self.before == "rolling_back" and self.interrupted_at:
            return self.interrupted, self.interrupted_at
        return self.before, self.since

    @property
    def canary_until(self) -> datetime | None:
        """Until when the canary's present share is watched."""
        return self.canary.until if self.canary else None

    @property
    def approval(self) -> ApprovalForm:
        return ApprovalForm.model_validate(_only(ApprovalForm, self.forms["approve"]))

    @property
    def is_hotfix(self) -> bool:
        """Whether it goes at any time, signed by the Release Manager (deployment strategy, "Emergency Hotfixes")."""
        return self.approval.hotfix == "yes"

    @property
    def plan(self) -> PlanForm | None:
        """The plan that is on the table. None where none was made, or a revision put it aside."""
        return self.last_plan if self.planned_at else None

    @property
    def last_plan(self) -> PlanForm | None:
        """The plan that was made last, also where a revision put it aside: what a new one starts from."""
        kept = self.forms.get("plan")
        return PlanForm.model_validate(_only(PlanForm, kept)) if kept else None

    @property
    def missing(self) -> tuple[Role, ...]:
        """The required roles that have not signed."""
        signed = {sign_off.role for sign_off in self.sign_offs}
        return tuple(role for role in self.required if role not in signed)

    @property
    def deciders(self) -> tuple[Role, ...]:
        """The roles whose agreement the plan needs."""
        return tuple(dict.fromkeys(role for roles in self.decisions.values() for role in roles))

    @property
    def unagreed(self) -> tuple[Role, ...]:
        """Those of them that have not agreed."""
        given = {agreement.role for agreement in self.agreements}
        return tuple(role for role in self.deciders if role not in given)

    @property
    def signers(self) -> tuple[Role, ...]:
        return self.required

    def signed_as(self, role: Role) -> str:
        return next((sign_off.person for sign_off in self._signatures() if sign_off.role is role), "")

    def barred(self, role: Role) -> frozenset[str]:
        """Authors of the change, and whoever signed already, can't sign for a missing role; nor can the planner, and
        whoever agreed already, agree to a plan.
        """
        if self.state == "awaiting_agreement":
            planner = self.took("plan")
            return frozenset((planner.actor if planner else "", *(one.person for one in self.agreements)))
        signed = (sign_off.person for sign_off in self.sign_offs)
        return frozenset((*self.approval.authors, *signed)) if role in self.missing else frozenset()

    def _signatures(self) -> list[SignOff]:
        """The sign-offs, the newest first, also those that a revision or an objection made void."""
        kept = [self.forms.get(step, {}).get("voided", []) for step in ("object", "revise", "approve")]
        voided = [SignOff.model_validate(entry) for entries in kept for entry in entries]
        return sorted((*self.sign_offs, *voided), key=lambda sign_off: sign_off.at, reverse=True)


def _only(form: type[Form], kept: dict[str, Any]) -> dict[str, Any]:
    """A form's own fields of an event's data, which may hold decided facts beside them."""
    return {name: value for name, value in kept.items() if name in form.model_fields}


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def approval_of(situation: Situation[Release]) -> ApprovalForm:
    assert isinstance(situation.move.form, ApprovalForm)
    return situation.move.form


def not_the_author(situation: Situation[Release]) -> None:
    """Self-approval is refused: who wrote the change does not sign it."""
    form = situation.move.form
    authors = form.authors if isinstance(form, ApprovalForm) else situation.conversation.approval.authors
    if situation.move.actor.id in authors:
        raise Refusal(
            "You are named as an author of this change, so its approval must come from somebody else.",
            remedy="Ask another holder of the role.",
        )


def never_twice(situation: Situation[Release]) -> None:
    """One person, one sign-off, whatever roles they hold."""
    signed = {sign_off.person for sign_off in situation.conversation.sign_offs}
    if situation.move.actor.id in signed:
        raise Refusal(
            f"You have signed {situation.conversation.version} already; each sign-off needs a different person.",
            may=tuple(role.label for role in situation.conversation.missing),
        )


def same_version(situation: Situation[Release]) -> None:
    if approval_of(situation).version != situation.conversation.version:
        why = f"This release is {situation.conversation.version}. Withdraw it and approve the other version on its own."
        raise Refusal("Another version is another release.", remedy=why, fields={"version": why})


def refuse_field(name: str, why: str) -> None:
    raise Refusal(why, fields={name: why})


def in_the_future(situation: Situation[Release]) -> None:
    form = situation.move.form
    assert isinstance(form, (PlanForm, TimeForm))
    if form.when <= situation.now:
        refuse_field("when", "This time has passed; choose a later one.")


def target_is_another_version(situation: Situation[Release]) -> None:
    form = situation.move.form
    assert isinstance(form, (PlanForm, RollbackForm, RolledBackForm))
    name = {PlanForm: "rollback_target", RollbackForm: "target", RolledBackForm: "version"}[type(form)]
    target = getattr(form, name)
    if target and is_same_version(target, situation.conversation.version):
        refuse_field(name, f"{situation.conversation.version} is what is being released; name the version before it.")
    if isinstance(form, PlanForm) and situation.surroundings.is_known_bad(target):
        good = situation.surroundings.verified[:1]
        way = "".join(f" The last version that was verified is {one}." for one in good)
        refuse_field(name, f"{target} was itself rolled back.{way}")
    if isinstance(form, PlanForm) and not form.sure and not _was_asked(situation.conversation, target):
        refuse_unknown_target(name, target, situation.conversation, situation.surroundings)


def _was_asked(release: Release, target: str) -> bool:
    """Whether the plan before went back to the same version: who plans anew is not asked about it once more."""
    return release.last_plan is not None and is_same_version(release.last_plan.rollback_target, target)


def not_in_the_future(situation: Situation[Release]) -> None:
    form = situation.move.form
    assert isinstance(form, DeployedForm)
    if form.finished_at and form.finished_at > situation.now + CLOCKS_DIFFER:
        refuse_field("finished_at", "This time has not come yet; say when the deployment ended.")


def health_is_said(situation: Situation[Release]) -> None:
    """Nothing is healthy because a form named it: whoever tells of a deployment says how each thing is. A machine's
    notice is what it is.
    """
    form = situation.move.form
    assert isinstance(form, DeployedForm)
    if Role.CI in situation.move.actor.roles:
        return
    fields = {}
    for name, example in (("components", "Healthy"), ("health_checks", "OK")):
        if unsaid := [line.rstrip(" :") for line in getattr(form, name) if line.endswith(":")]:
            told = f"Say how it is: {', '.join(unsaid)[:100]}."
            fields[name] = f"{told} Such as “{unsaid[0][:40]}: {example}”, or “not checked” where nobody looked."
    if fields:
        raise Refusal(" ".join(fields.values()), fields=fields)


CLOCKS_DIFFER = timedelta(minutes=2)
"""How far ahead of ours the clock may be that a deployment's end was read from."""


def opens_rollback(release: Release, event: Event) -> tuple[Consequence, ...]:
    """The alarm opens a rollback, in the release's channel."""
    kept = RollbackForm.model_validate(_only(RollbackForm, event.data)).model_dump()
    if release.plan and kept["target"] == release.plan.rollback_target:
        kept["sure"] = ("yes",)  # whoever planned the release was asked about it
    form = RequestForm(version=release.version, environment=release.environment, **kept)
    return (Consequence("rollback", "request", form),)


# ── facts and effects ────────────────────────────────────────────────────────────────────────────────────────────────
def timetable(release: Release, policy: Service) -> tuple[Reminder, ...]:
    """What happens by itself in a release, beside the waits of its rows."""
    if release.state == "canary" and release.canary:
        return canary.timetable(release.id, release.canary, policy.canary)
    return ()


def deployed_facts(situation: Situation[Release]) -> dict[str, Any]:
    form = situation.move.form
    assert isinstance(form, DeployedForm)
    return {"finished_at": (form.finished_at or situation.now).isoformat()}


def watch_facts(situation: Situation[Release]) -> dict[str, Any]:
    return {"watch_until": (situation.now + situation.policy.watch_length).isoformat()}


def extend_facts(situation: Situation[Release]) -> dict[str, Any]:
    form = situation.move.form
    assert isinstance(form, ExtendForm)
    until = max(situation.conversation.watch_until or situation.now, situation.now)
    return {"watch_until": (until + timedelta(minutes=form.minutes)).isoformat()}


def watched(release: Release, event: Event) -> Release:
    return release.model_copy(update={"watch_until": datetime.fromisoformat(event.data["watch_until"])})


def resumed_facts(situation: Situation[Release]) -> dict[str, Any]:
    """A watch that was interrupted goes on for the time that was left of it: nobody watched while it was decided."""
    release = situation.conversation
    state, since = release.resumes
    if state != "watching" or release.watch_until is None:
        return {}
    left = max(release.watch_until - since, timedelta())
    return {"watch_until": (situation.now + left).isoformat()}


def resumed(release: Release, event: Event) -> Release:
    return watched(release, event) if "watch_until" in event.data else release


def as_it_is(release: Release, event: Event) -> Release:
    """As `effect` of a step that is only told."""
    del event
    return release


def set_aside(release: Release, event: Event) -> Release:
    """A rollback in the middle of a decision: what the decision is about is remembered, should it be declined."""
    del event
    if release.state != "awaiting_decision":
        return release
    state, since = release.resumes
    return release.but(interrupted=state, interrupted_at=since)
