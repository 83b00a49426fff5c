"""The dialogue about an environment in trouble (design of the project; QA-DevOps dialogue, section 3): one table.

What belongs here: the states and the rows. The rules that a row names are in bot.core.environment_issue_rules, the
forms in bot.core.environment_issue_forms; what a step says at length is in bot.messages.
"""

from __future__ import annotations

from datetime import timedelta

from bot.core import environment_issue_forms as forms
from bot.core import environment_issue_rules as rules
from bot.core.dialogue import SAME, Dialogue, State, Step, Target, Wait
from bot.core.environment_issue_prefill import FILLERS
from bot.core.environment_issue_rules import EnvironmentIssue
from bot.core.handoffs import trouble_over
from bot.core.pressing import Pressing
from bot.core.release_forms import NoteForm, ReasonForm
from bot.core.roles import Role
from bot.core.tickets import tracked, untracked

STATES = (
    State("awaiting_investigation", "waiting for DevOps to look into it", "🔴", asks="Please look into it."),
    State("investigating", "being investigated", "🔎", asks="Please tell what you find, and when it is restored."),
    State(
        "awaiting_verification",
        "restored, and waiting for QA to verify",
        "🟡",
        asks="Please verify and continue testing.",
    ),
    State("closed", "closed: it works again", "✅", final=True),
    State("withdrawn", "withdrawn: a false alarm", "🚫", final=True),
)

EVERY_STATE = tuple(state.name for state in STATES)
UNSOLVED = ("awaiting_investigation", "investigating")
UNDER_WAY = (*UNSOLVED, "awaiting_verification")

# Its buttons stay good while one update follows another.
BEING_INVESTIGATED = Target("investigating", lambda _issue, _event: "investigating")

QA, DEVOPS, TECH_LEAD, LINKED = Role.QA, Role.DEVOPS, Role.TECH_LEAD, Role.LINKED


def _wait(minutes: int, pressing: int, words: str, since: str = "", states: tuple[str, ...] = ()) -> Wait:
    """A wait that is shorter, and keeps no quiet hours, where the urgency is high or critical."""
    hurry = Pressing("high or critical", lambda issue: issue.is_pressing, timedelta(minutes=pressing))
    return Wait(timedelta(minutes=minutes), TECH_LEAD, since, states=states, words=words, pressing=hurry)


# A table is read by its rows.
# fmt: off
STEPS = (
    Step("report", "Report issue", (), "awaiting_investigation", (QA,), "🔴 *Environment Issue*", forms.ReportForm,
         hears="channel", guards=(rules.began_already,), facts=rules.report_facts, looks=True, errands=tracked),
    Step("investigate", "Look into it", ("awaiting_investigation",), "investigating", (DEVOPS,),
         "🔎 *Looking into it now*", wait=_wait(60, 10, "you to look into it"), style="primary",
         facts=rules.begun_facts, effect=rules.begun),
    Step("restore", "Restored", UNSOLVED, "awaiting_verification", (DEVOPS,), "✅ *Restored*", forms.RestoreForm,
         wait=_wait(30, 5, "its restoration or a new ETA", "expected_at", ("investigating",)),
         style="primary"),
    Step("update", "Update", UNSOLVED, BEING_INVESTIGATED, (DEVOPS,), "🔎 *Update*", forms.UpdateForm,
         facts=rules.begun_facts, effect=rules.begun),
    Step("verify", "Works again", ("awaiting_verification",), "closed", (QA,), "✅ *Verified*",
         wait=_wait(60, 15, "you to verify that it works again"), style="primary", tells=trouble_over,
         errands=untracked),
    Step("still_broken", "Still broken", ("awaiting_verification",), "investigating", (QA,), "❌ *Still broken*",
         ReasonForm, style="danger", facts=rules.begun_facts, effect=rules.begun),
    Step("withdraw", "False alarm", UNDER_WAY, "withdrawn", (QA,), "🚫 *Withdrawn*", ReasonForm,
         guards=(rules.only_the_opener,), errands=untracked),
    Step("ticket_opened", "Ticket opened", EVERY_STATE, SAME, (LINKED,), "🎫 *Ticket opened*", forms.TicketForm,
         button=False, facts=rules.ticket_facts, effect=rules.ticket_opened),
    Step("ticket_refused", "Ticket refused", EVERY_STATE, SAME, (LINKED,), "⚠️ *No ticket*", forms.TicketRefusedForm,
         button=False),
    Step("note", "Note", EVERY_STATE, SAME, (), "📝 *Note*", NoteForm, button=False),
)
# fmt: on

ENVIRONMENT_ISSUE: Dialogue[EnvironmentIssue] = Dialogue(
    "environment_issue",
    "environment issue",
    EnvironmentIssue,
    STATES,
    STEPS,
    ticket="ENV",
    command="/env",
    fillers=FILLERS,
)
