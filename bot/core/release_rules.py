"""What only a release can tell: its conversation, and the rules, facts and effects of its steps.

The table that uses them is bot.core.release.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from bot.core.dialogue import Situation
from bot.core.events import Conversation, Event, Fact
from bot.core.forms import Form
from bot.core.release_forms import (
    ApprovalForm,
    DeployedForm,
    ExtendForm,
    PlanForm,
    RollbackForm,
    StartForm,
    TimeForm,
)
from bot.core.roles import Role
from bot.errors import Refusal


class SignOff(Fact):
    """One agreement to release a commit. `vouched_by` is set where it was given by word of mouth."""

    role: Role
    person: str
    commit: str
    at: datetime
    vouched_by: str = ""


class Release(Conversation):
    """One version of one service on its way to one environment."""

    required: tuple[Role, ...] = ()
    sign_offs: tuple[SignOff, ...] = ()
    planned_at: datetime | None = None
    planned_end: datetime | None = None
    watch_until: datetime | None = None

    @property
    def approval(self) -> ApprovalForm:
        return ApprovalForm.model_validate(_only(ApprovalForm, self.forms["approve"]))

    @property
    def plan(self) -> PlanForm | None:
        kept = self.forms.get("plan")
        return PlanForm.model_validate(_only(PlanForm, kept)) if kept else None

    @property
    def missing(self) -> tuple[Role, ...]:
        """The required roles that have not signed."""
        signed = {sign_off.role for sign_off in self.sign_offs}
        return tuple(role for role in self.required if role not in signed)


def _only(form: type[Form], kept: dict[str, Any]) -> dict[str, Any]:
    """A form's own fields of an event's data, which may hold decided facts beside them."""
    return {name: value for name, value in kept.items() if name in form.model_fields}


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def _approval_of(situation: Situation[Release]) -> ApprovalForm:
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
    if _approval_of(situation).version != situation.conversation.version:
        why = f"This release is {situation.conversation.version}. Withdraw it and approve the other version on its own."
        raise Refusal("Another version is another release.", remedy=why, fields={"version": why})


def vouched_for_roles(situation: Situation[Release]) -> None:
    """Whoever is vouched for must hold a required role, must not be the voucher, nor an author."""
    form = _approval_of(situation)
    for person in form.verbal:
        if person == situation.move.actor.id:
            _refuse_field("verbal", "You sign with this approval already; name only other people.")
        if person in form.authors:
            _refuse_field("verbal", "An author of the change may not sign it off.")
        if not situation.move.vouched.get(person, frozenset()) & set(situation.policy.required_signoffs):
            wanted = ", ".join(role.label for role in situation.policy.required_signoffs)
            _refuse_field("verbal", f"Somebody named here holds none of the roles that must sign ({wanted}).")


def _refuse_field(name: str, why: str) -> None:
    raise Refusal(why, fields={name: why})


def in_the_future(situation: Situation[Release]) -> None:
    form = situation.move.form
    assert isinstance(form, (PlanForm, TimeForm))
    if form.when <= situation.now:
        _refuse_field("when", "This time has passed; choose a later one.")


def target_is_another_version(situation: Situation[Release]) -> None:
    form = situation.move.form
    assert isinstance(form, (PlanForm, RollbackForm))
    name = "rollback_target" if isinstance(form, PlanForm) else "target"
    if getattr(form, name) == situation.conversation.version:
        _refuse_field(name, f"{situation.conversation.version} is what is being released; name the version before it.")


def deployer_or_override(situation: Situation[Release]) -> None:
    """Those who may override start a deployment only to override; otherwise it is DevOps's or the pipeline's."""
    form = situation.move.form
    assert isinstance(form, StartForm)
    if not situation.move.actor.roles & {Role.DEVOPS, Role.CI} and not form.override:
        why = "Starting is DevOps's; to start it yourself, give the reason for the override."
        raise Refusal(why, may=(Role.DEVOPS.label,), fields={"override": why})


def approved_commit(situation: Situation[Release]) -> None:
    form = situation.move.form
    assert isinstance(form, StartForm)
    approved = situation.conversation.approval.commit
    same = form.commit.startswith(approved) or approved.startswith(form.commit)
    if not same:
        _unless_overridden(situation, "commit", f"The approved commit is {approved}, not {form.commit}.")


def not_too_early(situation: Situation[Release]) -> None:
    planned = situation.conversation.planned_at
    early = timedelta(minutes=situation.policy.early_start)
    if planned and situation.now < planned - early:
        minutes = round((planned - situation.now).total_seconds() / 60)
        _unless_overridden(situation, "override", f"The agreed time is {minutes} minutes away.")


MAY_OVERRIDE = (Role.RELEASE_MANAGER, Role.TECH_LEAD)


def _unless_overridden(situation: Situation[Release], field: str, reason: str) -> None:
    """A rule stands against the step: it needs the role that may override, and a reason."""
    form = situation.move.form
    assert isinstance(form, StartForm)
    titles = tuple(role.label for role in MAY_OVERRIDE)
    who = " or ".join(titles)
    if not form.override:
        why = f"{reason} A {who} may override this with a reason."
        raise Refusal(why, may=titles, fields={field: why})
    if not situation.move.actor.roles & set(MAY_OVERRIDE):
        why = f"{reason} Only a {who} may override this."
        raise Refusal(why, may=titles, fields={"override": why})


# ── facts and effects ────────────────────────────────────────────────────────────────────────────────────────────────
def approval_facts(situation: Situation[Release]) -> dict[str, Any]:
    """Who must sign, who has signed by approving or by word of mouth, and which sign-offs a new commit voids."""
    form, release, actor = _approval_of(situation), situation.conversation, situation.move.actor
    required = situation.policy.required_signoffs
    kept = [
        sign_off for sign_off in release.sign_offs if sign_off.commit == form.commit and sign_off.role is not Role.QA
    ]
    own = SignOff(role=Role.QA, person=actor.id, commit=form.commit, at=situation.now)
    given = [own, *(sign_off for sign_off in kept if sign_off.person != actor.id)]
    for person in form.verbal:
        holds = situation.move.vouched.get(person, frozenset())
        signed = {sign_off.role for sign_off in given}
        role = next((role for role in required if role in holds and role not in signed), None)
        if role is not None and person not in {sign_off.person for sign_off in given}:
            given.append(SignOff(role=role, person=person, commit=form.commit, at=situation.now, vouched_by=actor.id))
    persons = {sign_off.person for sign_off in given}
    voided = [
        s for s in release.sign_offs if s.commit != form.commit and s.role is not Role.QA and s.person not in persons
    ]
    return {
        "required": [role.value for role in required],
        "sign_offs": [sign_off.model_dump(mode="json") for sign_off in given],
        "voided": [sign_off.model_dump(mode="json") for sign_off in voided],
        "restarts": True,
    }


def approved(release: Release, event: Event) -> Release:
    """After approve and revise: the signatures anew, no plan yet. `approve` always holds the latest approval."""
    return release.model_copy(
        update={
            "required": tuple(Role(role) for role in event.data["required"]),
            "sign_offs": tuple(SignOff.model_validate(entry) for entry in event.data["sign_offs"]),
            "planned_at": None,
            "planned_end": None,
            "forms": {name: kept for name, kept in release.forms.items() if name != "plan"} | {"approve": event.data},
        }
    )


def cosign_facts(situation: Situation[Release]) -> dict[str, Any]:
    release, actor = situation.conversation, situation.move.actor
    role = next(role for role in release.missing if role in actor.roles)
    sign_off = SignOff(role=role, person=actor.id, commit=release.approval.commit, at=situation.now)
    return {"sign_off": sign_off.model_dump(mode="json")}


def cosigned(release: Release, event: Event) -> Release:
    sign_off = SignOff.model_validate(event.data["sign_off"])
    return release.model_copy(update={"sign_offs": (*release.sign_offs, sign_off)})


def planned(release: Release, event: Event) -> Release:
    when = datetime.fromisoformat(event.data["when"])
    return release.model_copy(
        update={"planned_at": when, "planned_end": when + timedelta(minutes=event.data["duration"])}
    )


def start_facts(situation: Situation[Release]) -> dict[str, Any]:
    duration = timedelta(minutes=situation.conversation.forms["plan"]["duration"])
    return {"planned_end": (situation.now + duration).isoformat()}


def started(release: Release, event: Event) -> Release:
    return release.model_copy(update={"planned_end": datetime.fromisoformat(event.data["planned_end"])})


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
