"""How sign-offs are given, by approval, by word of mouth and by a click, and how they are taken back."""

from __future__ import annotations

from typing import Any

from bot.core.dialogue import Situation
from bot.core.events import Event
from bot.core.models import model_of, values_of
from bot.core.release_rules import Release, SignOff, approval_of, refuse_field
from bot.core.roles import Role


def vouched_for_roles(situation: Situation[Release]) -> None:
    """Whoever is vouched for must hold a required role, must not be the voucher, nor an author."""
    form = approval_of(situation)
    if not form.verbal:
        return
    if not situation.move.actor.is_person:
        refuse_field("verbal", "Only a person can vouch for what was said; leave this empty.")
    required = required_of(situation)
    if not required:
        refuse_field("verbal", "No sign-off but yours is required here; leave this empty.")
    for person in form.verbal:
        if person == situation.move.actor.id:
            refuse_field("verbal", "You sign with this approval already; name only other people.")
        if person in form.authors:
            refuse_field("verbal", "An author of the change may not sign it off.")
        if not situation.move.vouched.get(person, frozenset()) & set(required):
            wanted = ", ".join(role.label for role in required)
            refuse_field("verbal", f"Somebody named here holds none of the roles that must sign ({wanted}).")
    kept = _kept(situation)
    counted = {sign_off.person for sign_off in (*kept, *_vouched(situation, kept))}
    if not counted.issuperset(form.verbal):
        refuse_field("verbal", "More people are named here than there are sign-offs missing: one for each role.")


def required_of(situation: Situation[Release]) -> tuple[Role, ...]:
    """The roles that must sign besides QA: the service's, and of a hotfix the Release Manager (deployment strategy,
    "Emergency Hotfixes": requires manager approval).
    """
    required = situation.policy.required_signoffs
    if approval_of(situation).hotfix != "yes" or Role.RELEASE_MANAGER in required:
        return required
    return (*required, Role.RELEASE_MANAGER)


def approval_facts(situation: Situation[Release]) -> dict[str, Any]:
    """Who must sign, who has signed by approving or by word of mouth, and which sign-offs this voids."""
    form, release, actor = approval_of(situation), situation.conversation, situation.move.actor
    kept = _kept(situation)
    by = SignOff.trusted(role=Role.QA, person=actor.id, commit=form.commit, at=situation.now, vouched_by="")
    own = [by] if actor.is_person else []
    given = [*own, *kept, *_vouched(situation, kept)]
    # A pipeline asks for approval and gives none: then QA signs off like everybody who must.
    required = required_of(situation) if own else (Role.QA, *required_of(situation))
    still = {(sign_off.role, sign_off.person) for sign_off in given}
    voided = [
        sign_off
        for sign_off in release.sign_offs
        if sign_off.role is not Role.QA and (sign_off.role, sign_off.person) not in still
    ]
    return {
        "required": [role.value for role in dict.fromkeys(required)],
        "sign_offs": [values_of(sign_off) for sign_off in given],
        "voided": [values_of(sign_off) for sign_off in voided],
        "restarts": True,
    }


def _kept(situation: Situation[Release]) -> list[SignOff]:
    """The earlier sign-offs of the same commit, save of whoever is named as an author now, or signs as QA now."""
    form = approval_of(situation)
    out = {situation.move.actor.id, *form.authors}
    return [
        sign_off
        for sign_off in situation.conversation.sign_offs
        if sign_off.role is not Role.QA and sign_off.commit == form.commit and sign_off.person not in out
    ]


def _vouched(situation: Situation[Release], kept: list[SignOff]) -> list[SignOff]:
    """The sign-offs by word of mouth. Who can sign for few roles goes first, and so takes nobody's only one."""
    form, vouched = approval_of(situation), situation.move.vouched
    if not form.verbal:
        return []
    persons = {sign_off.person for sign_off in kept}
    signed = {sign_off.role for sign_off in kept}
    open_roles = [role for role in required_of(situation) if role not in signed]
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
    return release.but(
        required=tuple(map(Role, event.data["required"])),
        sign_offs=tuple(model_of(SignOff, entry) for entry in event.data["sign_offs"]),
        planned_at=None,
        planned_end=None,
        exception_at=None,
        day=(),
        forms={**release.forms, "approve": event.data},
    )


def cosign_facts(situation: Situation[Release]) -> dict[str, Any]:
    release, actor = situation.conversation, situation.move.actor
    role = next(role for role in release.missing if role in actor.roles)
    sign_off = SignOff(role=role, person=actor.id, commit=release.approval.commit, at=situation.now)
    return {"sign_off": values_of(sign_off)}


def cosigned(release: Release, event: Event) -> Release:
    sign_off = model_of(SignOff, event.data["sign_off"])
    return release.model_copy(update={"sign_offs": (*release.sign_offs, sign_off)})


def objection_facts(situation: Situation[Release]) -> dict[str, Any]:
    """An objection takes back what was signed by the objector, or for a role they speak for: it must be given anew."""
    actor = situation.move.actor
    taken_back = [
        values_of(sign_off)
        for sign_off in situation.conversation.sign_offs
        if sign_off.role is not Role.QA and (sign_off.person == actor.id or sign_off.role in actor.roles)
    ]
    return {"voided": taken_back}


def objected(release: Release, event: Event) -> Release:
    taken_back = [model_of(SignOff, entry) for entry in event.data["voided"]]
    left = tuple(sign_off for sign_off in release.sign_offs if sign_off not in taken_back)
    return release.model_copy(update={"sign_offs": left})
