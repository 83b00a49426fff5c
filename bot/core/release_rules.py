"""What only a release can tell: its conversation, and the rules, facts and effects of its steps.

The table that uses them is bot.core.release.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from math import ceil
from typing import Any

from bot.core import canary
from bot.core.canary import Canary
from bot.core.checklist import Mark
from bot.core.dialogue import Situation
from bot.core.events import Conversation, Event, Fact, Reminder
from bot.core.forms import Form
from bot.core.policy import Service
from bot.core.release_forms import (
    ApprovalForm,
    DeployedForm,
    ExtendForm,
    PlanForm,
    RollbackForm,
    RolledBackForm,
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
    marks: tuple[Mark, ...] = ()
    canary: Canary | None = None

    @property
    def canary_until(self) -> datetime | None:
        """Until when the canary's present share is watched."""
        return self.canary.until if self.canary else None

    @property
    def approval(self) -> ApprovalForm:
        return ApprovalForm.model_validate(_only(ApprovalForm, self.forms["approve"]))

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
    def signers(self) -> tuple[Role, ...]:
        return self.required

    def signed_as(self, role: Role) -> str:
        return next((sign_off.person for sign_off in self._signatures() if sign_off.role is role), "")

    def barred(self, role: Role) -> frozenset[str]:
        """Authors of the change, and whoever signed already, can't sign for a missing role."""
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


def is_same_version(one: str, other: str) -> bool:
    """Whether two spellings name one version: v1.2.0, V1.2.0 and 1.2.0 do."""
    return one.casefold().removeprefix("v") == other.casefold().removeprefix("v")


_COMMIT_HASH = re.compile(r"[0-9a-f]{6,64}")


def is_same_commit(one: str, other: str) -> bool:
    """Whether two ids name one commit: hashes may be shortened, other names (a tag) must be equal."""
    longer, shorter = sorted((one.casefold(), other.casefold()), key=len, reverse=True)
    if _COMMIT_HASH.fullmatch(longer) and _COMMIT_HASH.fullmatch(shorter):
        return longer.startswith(shorter)
    return one == other


def same_version(situation: Situation[Release]) -> None:
    if _approval_of(situation).version != situation.conversation.version:
        why = f"This release is {situation.conversation.version}. Withdraw it and approve the other version on its own."
        raise Refusal("Another version is another release.", remedy=why, fields={"version": why})


def vouched_for_roles(situation: Situation[Release]) -> None:
    """Whoever is vouched for must hold a required role, must not be the voucher, nor an author."""
    form = _approval_of(situation)
    if not form.verbal:
        return
    if not situation.policy.required_signoffs:
        _refuse_field("verbal", "No sign-off but yours is required here; leave this empty.")
    for person in form.verbal:
        if person == situation.move.actor.id:
            _refuse_field("verbal", "You sign with this approval already; name only other people.")
        if person in form.authors:
            _refuse_field("verbal", "An author of the change may not sign it off.")
        if not situation.move.vouched.get(person, frozenset()) & set(situation.policy.required_signoffs):
            wanted = ", ".join(role.label for role in situation.policy.required_signoffs)
            _refuse_field("verbal", f"Somebody named here holds none of the roles that must sign ({wanted}).")
    kept = _kept(situation)
    counted = {sign_off.person for sign_off in (*kept, *_vouched(situation, kept))}
    if not counted.issuperset(form.verbal):
        _refuse_field("verbal", "More people are named here than there are sign-offs missing: one for each role.")


def _refuse_field(name: str, why: str) -> None:
    raise Refusal(why, fields={name: why})


def in_the_future(situation: Situation[Release]) -> None:
    form = situation.move.form
    assert isinstance(form, (PlanForm, TimeForm))
    if form.when <= situation.now:
        _refuse_field("when", "This time has passed; choose a later one.")


def target_is_another_version(situation: Situation[Release]) -> None:
    form = situation.move.form
    assert isinstance(form, (PlanForm, RollbackForm, RolledBackForm))
    name = {PlanForm: "rollback_target", RollbackForm: "target", RolledBackForm: "version"}[type(form)]
    if is_same_version(getattr(form, name), situation.conversation.version):
        _refuse_field(name, f"{situation.conversation.version} is what is being released; name the version before it.")


def not_in_the_future(situation: Situation[Release]) -> None:
    form = situation.move.form
    assert isinstance(form, DeployedForm)
    if form.finished_at and form.finished_at > situation.now + CLOCKS_DIFFER:
        _refuse_field("finished_at", "This time has not come yet; say when the deployment ended.")


def deployer_or_override(situation: Situation[Release]) -> None:
    """Those who may override start a deployment only to override; otherwise it is DevOps's or the pipeline's."""
    form = situation.move.form
    assert isinstance(form, StartForm)
    deployers = (Role.DEVOPS, Role.CI)
    if not situation.move.actor.roles & set(deployers) and not form.override:
        why = "Starting is DevOps's; to start it yourself, give the reason for the override."
        why += _unknown(situation, deployers)
        raise Refusal(why, may=(Role.DEVOPS.label,), fields={"override": why})


def _unknown(situation: Situation[Release], wanted: tuple[Role, ...]) -> str:
    """What to add to a refusal where the actor may hold a wanted role, but it could not be looked up."""
    unknown = situation.move.actor.unknown.items()
    told = "; ".join(f"{role.label}: {why}" for role, why in unknown if role in wanted)
    return f" Your role could not be checked ({told}); try again in a minute." if told else ""


def approved_commit(situation: Situation[Release]) -> None:
    form = situation.move.form
    assert isinstance(form, StartForm)
    approved = situation.conversation.approval.commit
    if not is_same_commit(form.commit, approved):
        unless_overridden(situation, "commit", f"The approved commit is {approved}, not {form.commit}.")


def not_too_early(situation: Situation[Release]) -> None:
    planned = situation.conversation.planned_at
    early = timedelta(minutes=situation.policy.early_start)
    if planned and situation.now < planned - early:
        hours, minutes = divmod(ceil((planned - situation.now).total_seconds() / 60), 60)
        away = f"{hours} h {minutes} min" if hours else f"{minutes} min"
        unless_overridden(situation, "override", f"The agreed time is {away} away.")


CLOCKS_DIFFER = timedelta(minutes=2)
"""How far ahead of ours the clock may be that a deployment's end was read from."""

MAY_OVERRIDE = (Role.RELEASE_MANAGER, Role.TECH_LEAD)


def unless_overridden(situation: Situation[Release], field: str, reason: str) -> None:
    """A rule stands against the step: it needs the role that may override, and a reason."""
    form = situation.move.form
    assert isinstance(form, StartForm)
    titles = tuple(role.label for role in MAY_OVERRIDE)
    who = " or ".join(titles)
    if not form.override:
        why = f"{reason} A {who} may override this with a reason."
        raise Refusal(why, may=titles, fields={field: why})
    if not situation.move.actor.roles & set(MAY_OVERRIDE):
        why = f"{reason} Only a {who} may override this.{_unknown(situation, MAY_OVERRIDE)}"
        raise Refusal(why, may=titles, fields={"override": why})


# ── facts and effects ────────────────────────────────────────────────────────────────────────────────────────────────
def approval_facts(situation: Situation[Release]) -> dict[str, Any]:
    """Who must sign, who has signed by approving or by word of mouth, and which sign-offs this voids."""
    form, release, actor = _approval_of(situation), situation.conversation, situation.move.actor
    kept = _kept(situation)
    own = SignOff(role=Role.QA, person=actor.id, commit=form.commit, at=situation.now)
    given = [own, *kept, *_vouched(situation, kept)]
    still = {(sign_off.role, sign_off.person) for sign_off in given}
    voided = [
        sign_off
        for sign_off in release.sign_offs
        if sign_off.role is not Role.QA and (sign_off.role, sign_off.person) not in still
    ]
    return {
        "required": [role.value for role in situation.policy.required_signoffs],
        "sign_offs": [sign_off.model_dump(mode="json") for sign_off in given],
        "voided": [sign_off.model_dump(mode="json") for sign_off in voided],
        "restarts": True,
    }


def _kept(situation: Situation[Release]) -> list[SignOff]:
    """The earlier sign-offs of the same commit, save of whoever is named as an author now, or signs as QA now."""
    form = _approval_of(situation)
    out = {situation.move.actor.id, *form.authors}
    return [
        sign_off
        for sign_off in situation.conversation.sign_offs
        if sign_off.role is not Role.QA and sign_off.commit == form.commit and sign_off.person not in out
    ]


def _vouched(situation: Situation[Release], kept: list[SignOff]) -> list[SignOff]:
    """The sign-offs by word of mouth. Who can sign for few roles goes first, and so takes nobody's only one."""
    form, vouched = _approval_of(situation), situation.move.vouched
    if not form.verbal:
        return []
    persons = {sign_off.person for sign_off in kept}
    signed = {sign_off.role for sign_off in kept}
    open_roles = [role for role in situation.policy.required_signoffs if role not in signed]
    choices = {
        person: [role for role in open_roles if role in vouched.get(person, ())]
        for person in form.verbal
        if person not in persons
    }
    given: dict[Role, str] = {}
    for person in sorted(choices, key=lambda person: len(choices[person])):
        role = next((role for role in choices[person] if role not in given), None)
        if role is not None:
            given[role] = person
    actor, now = situation.move.actor.id, situation.now
    return [
        SignOff(role=role, person=given[role], commit=form.commit, at=now, vouched_by=actor)
        for role in open_roles
        if role in given
    ]


def approved(release: Release, event: Event) -> Release:
    """After approve and revise: the signatures anew, no plan yet. `approve` always holds the latest approval."""
    return release.model_copy(
        update={
            "required": tuple(Role(role) for role in event.data["required"]),
            "sign_offs": tuple(SignOff.model_validate(entry) for entry in event.data["sign_offs"]),
            "planned_at": None,
            "planned_end": None,
            "forms": {**release.forms, "approve": event.data},
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


def objection_facts(situation: Situation[Release]) -> dict[str, Any]:
    """An objection takes back what was signed by the objector, or for a role they speak for: it must be given anew."""
    actor = situation.move.actor
    taken_back = [
        sign_off.model_dump(mode="json")
        for sign_off in situation.conversation.sign_offs
        if sign_off.role is not Role.QA and (sign_off.person == actor.id or sign_off.role in actor.roles)
    ]
    return {"voided": taken_back}


def objected(release: Release, event: Event) -> Release:
    taken_back = [SignOff.model_validate(entry) for entry in event.data["voided"]]
    left = tuple(sign_off for sign_off in release.sign_offs if sign_off not in taken_back)
    return release.model_copy(update={"sign_offs": left})


def planned(release: Release, event: Event) -> Release:
    when = datetime.fromisoformat(event.data["when"])
    return release.model_copy(
        update={"planned_at": when, "planned_end": when + timedelta(minutes=event.data["duration"])}
    )


def start_facts(situation: Situation[Release]) -> dict[str, Any]:
    """When it is expected to be over, and the first share where it begins as a canary."""
    plan = situation.conversation.plan
    begun = canary.begun(situation.policy.canary, situation.now) if plan and plan.strategy == "canary" else {}
    return _expected_end(situation) | begun


def _expected_end(situation: Situation[Release]) -> dict[str, Any]:
    duration = timedelta(minutes=situation.conversation.forms["plan"]["duration"])
    return {"planned_end": (situation.now + duration).isoformat()}


def started(release: Release, event: Event) -> Release:
    end = datetime.fromisoformat(event.data["planned_end"])
    return release.model_copy(update={"planned_end": end, "canary": canary.of(event)})


def promote_facts(situation: Situation[Release]) -> dict[str, Any]:
    """The next share; with the last one it is a deployment like any other."""
    present = situation.conversation.canary
    assert present is not None
    return canary.promoted(present, situation.policy.canary, situation.now) | _expected_end(situation)


def resume_facts(situation: Situation[Release]) -> dict[str, Any]:
    present = situation.conversation.canary
    assert present is not None
    return canary.resumed(present, situation.policy.canary, situation.now) | _expected_end(situation)


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
    if release.before != "watching" or release.watch_until is None:
        return {}
    left = max(release.watch_until - release.since, timedelta())
    return {"watch_until": (situation.now + left).isoformat()}


def resumed(release: Release, event: Event) -> Release:
    return watched(release, event) if "watch_until" in event.data else release
