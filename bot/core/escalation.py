"""The escalation dialogue: one table. What is not DevOps's alone to bear goes up at once, and stays up until somebody
has handled it ("Обязательная эскалация", mandatory escalation, of the DevOps engineer's document).
"""

from __future__ import annotations

from datetime import timedelta

from bot.core import alarms
from bot.core import escalation_rules as rules
from bot.core.dialogue import SAME, Dialogue, Signers, State, Step, Target, Wait
from bot.core.escalation_forms import HandledForm, RaiseForm
from bot.core.escalation_rules import Escalation
from bot.core.handoffs import incident_resolved
from bot.core.paging import NotNotifiedForm
from bot.core.release_forms import NoteForm
from bot.core.release_gates import both
from bot.core.roles import Role

STATES = (
    State("awaiting_acknowledgement", "waiting to be acknowledged", "🚨", asks="Please acknowledge that you know."),
    State("acknowledged", "acknowledged, and not handled yet", "👀", asks="Please tell once it is handled."),
    State("handled", "handled", "✅", final=True),
)

AFTER_HEARING = Target(
    "`acknowledged` once all who were told have, else `awaiting_acknowledgement`",
    lambda escalation, _event: "awaiting_acknowledgement" if escalation.unacknowledged else "acknowledged",
)
EACH_TOLD = Signers("each role that was told and has not acknowledged", lambda escalation: escalation.unacknowledged)
ALL_TOLD = Signers("the roles that were told", lambda escalation: escalation.told)

OPEN = ("awaiting_acknowledgement", "acknowledged")
MANAGER = Role.RELEASE_MANAGER


def _minutes(minutes: int, words: str, states: tuple[str, ...] = ()) -> Wait:
    return Wait(timedelta(minutes=minutes), MANAGER, urgent=True, states=states, words=words)


# A table is read by its rows.
# fmt: off
STEPS = (
    Step("raise", "Escalate", (), "awaiting_acknowledgement", (), "🚨 *Escalated*", RaiseForm, hears="channel",
         looks=True, facts=both(rules.raise_facts, alarms.escalation_facts), effect=rules.raised, tells=rules.tells,
         errands=alarms.raised, announces=alarms.heard_in),
    Step("acknowledge", "Acknowledge", ("awaiting_acknowledgement",), AFTER_HEARING, EACH_TOLD, "👀 *Acknowledged*",
         wait=_minutes(5, "your acknowledgement"), style="primary", facts=rules.acknowledge_facts,
         effect=rules.acknowledged, errands=alarms.acknowledged),
    Step("handle", "Handled", OPEN, "handled", ALL_TOLD, "✅ *Handled*", HandledForm,
         wait=_minutes(60, "word of how it was handled", ("acknowledged",)), tells=incident_resolved,
         errands=alarms.over),
    Step("not_notified", "Not notified", (*OPEN, "handled"), SAME, (Role.LINKED,), "⚠️ *Could not be notified*",
         NotNotifiedForm, button=False),
    Step("note", "Note", (*OPEN, "handled"), SAME, (), "📝 *Note*", NoteForm, button=False),
)
# fmt: on

ESCALATION: Dialogue[Escalation] = Dialogue(
    "escalation", "escalation", Escalation, STATES, STEPS, ticket="ESC", anywhere=True
)
