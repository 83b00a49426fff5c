"""The freeze dialogue: nothing of a service is deployed until somebody, or the clock, lifts it. Ticket FRZ-1.

The release's own rules look at it: `start` and `plan` are refused under a freeze (bot.core.release_gates), and the
scheduled releases that it covers are told of it and of its end.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from bot.core import freeze_rules as rules
from bot.core.dialogue import SAME, Consequence, Dialogue, State, Step, Target, Wait
from bot.core.freeze_rules import EndedForm, Freeze, FreezeEndForm, FreezeForm
from bot.core.release_forms import NoteForm, ReasonForm
from bot.core.roles import Role

STATES = (
    State("announced", "announced", "🗓️"),
    State("in_force", "in force", "🧊"),
    State("lifted", "lifted", "☀️", final=True),
)
OPEN = ("announced", "in_force")
BEGINS = Target(
    "`in_force`, or `announced` where it begins later",
    lambda freeze, event: "announced" if freeze.starts_at > event.at else "in_force",
)
MAY_FREEZE = (Role.RELEASE_MANAGER, Role.TECH_LEAD, Role.DEVOPS)
MAY_LIFT = (Role.RELEASE_MANAGER, Role.TECH_LEAD)


def _at(field: str) -> Wait:
    return Wait(timedelta(), since=field, urgent=True)


# A table is read by its rows.
# fmt: off
STEPS = (
    Step("freeze", "Freeze", (), BEGINS, (*MAY_FREEZE, Role.LINKED), "🧊 *Freeze*", FreezeForm, hears="channel",
         guards=(rules.times_in_order,), looks=True, facts=rules.freeze_facts, effect=rules.spanned,
         leads=rules.tells_releases),
    Step("begin", "Freeze begins", ("announced",), "in_force", (Role.CLOCK,), "🧊 *The freeze begins*", EndedForm,
         hears="channel", wait=_at("starts_at"), button=False),
    Step("change_end", "Change end", OPEN, SAME, MAY_FREEZE, "🧊 *Another end of the freeze*", FreezeEndForm,
         guards=(rules.times_in_order,), looks=True, facts=rules.end_facts, effect=rules.spanned,
         leads=rules.tells_releases),
    Step("expire", "Freeze ends", OPEN, "lifted", (Role.CLOCK,), "☀️ *The freeze is over*", EndedForm,
         hears="channel", wait=_at("ends_at"), button=False, looks=True, facts=rules.lift_facts,
         leads=rules.tells_releases),
    Step("lift", "Lift freeze", OPEN, "lifted", MAY_LIFT, "☀️ *Freeze lifted*", ReasonForm, hears="channel",
         confirm="Deployments are possible again at once.", looks=True, facts=rules.lift_facts,
         leads=rules.tells_releases),
    Step("note", "Note", (*OPEN, "lifted"), SAME, (), "📝 *Note*", NoteForm, button=False),
)
# fmt: on


FREEZE: Dialogue[Freeze] = Dialogue(
    "freeze", "freeze", Freeze, STATES, STEPS, ticket="FRZ", fillers={FreezeEndForm: rules.known_end}
)


def incident_freeze(reason: str, until: datetime | None = None) -> Consequence:
    """As a consequence of a step: an incident freezes its service until that is lifted."""
    return Consequence("freeze", "freeze", FreezeForm(reason=reason, until=until), onward=True)
