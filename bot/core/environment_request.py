"""The dialogue about an environment that is needed (design of the project; QA-DevOps dialogue, section 4): one table.

What belongs here: the states and the rows. The rules that a row names are in bot.core.environment_request_rules, the
forms in bot.core.environment_request_forms; what a step says at length is in bot.messages.
"""

from __future__ import annotations

from datetime import timedelta

from bot.core import environment_request_forms as forms
from bot.core import environment_request_rules as rules
from bot.core.dialogue import SAME, Dialogue, State, Step, Tell, Wait
from bot.core.environment_issue_forms import TicketForm, TicketRefusedForm
from bot.core.environment_issue_rules import only_the_opener, ticket_facts, ticket_opened
from bot.core.environment_request_prefill import FILLERS
from bot.core.environment_request_rules import EnvironmentRequest
from bot.core.handoffs import environment_ready
from bot.core.release_forms import NoteForm, ReasonForm
from bot.core.roles import Role
from bot.core.tickets import tracked, untracked

STATES = (
    State("awaiting_plan", "waiting for DevOps's plan", "📝", asks="Please say whether and how it can be done."),
    State("preparing", "being prepared", "🛠️", asks="Please say when it is ready."),
    State(
        "awaiting_acceptance",
        "ready, and waiting to be accepted",
        "✅",
        asks="Please accept it, or say what needs adjusting.",
    ),
    State("in_use", "in use", "🟢"),
    State("awaiting_retirement", "nearing its agreed end", "⏳", asks="Please extend it, or retire it."),
    State("declined", "declined", "🚫", final=True),
    State("withdrawn", "withdrawn", "🚫", final=True),
    State("retired", "retired", "🏁", final=True),
)

EVERY_STATE = tuple(state.name for state in STATES)
BEFORE_USE = ("awaiting_plan", "preparing", "awaiting_acceptance")
STANDING = ("awaiting_acceptance", "in_use", "awaiting_retirement")
USED = ("in_use", "awaiting_retirement")

QA, DEVOPS, TECH_LEAD, CLOCK, LINKED = Role.QA, Role.DEVOPS, Role.TECH_LEAD, Role.CLOCK, Role.LINKED


def _hours(hours: float, words: str, then: Role | None = None, since: str = "", *, urgent: bool = False) -> Wait:
    return Wait(timedelta(hours=hours), then, since, urgent, words=words)


# A table is read by its rows.
# fmt: off
STEPS = (
    Step("request", "Request environment", (), "awaiting_plan", (QA,), "📝 *Environment Request*", forms.RequestForm,
         hears="channel", guards=(rules.times_lie_ahead,), effect=rules.requested, errands=tracked),
    Step("plan", "Plan it", ("awaiting_plan",), "preparing", (DEVOPS,), "🛠️ *Planned*", forms.PlanForm,
         wait=_hours(4, "your plan", TECH_LEAD), style="primary", guards=(rules.times_lie_ahead,),
         facts=rules.plan_facts, effect=rules.expected),
    Step("ready", "Ready", ("preparing",), "awaiting_acceptance", (DEVOPS,), "✅ *Environment Ready*", forms.ReadyForm,
         wait=_hours(4, "your word that it is ready", TECH_LEAD, "expected_at"), style="primary",
         facts=rules.ready_facts, effect=rules.ready, tells=environment_ready),
    Step("accept", "Accept", ("awaiting_acceptance",), "in_use", (QA,), "✅ *Accepted*",
         wait=_hours(24, "you to accept it or to say what needs adjusting,"), style="primary",
         facts=rules.accepted_facts, effect=rules.in_use),
    Step("adjust", "Adjust", ("awaiting_acceptance",), "preparing", (QA,), "🔧 *Adjustments needed*", forms.AdjustForm,
         facts=rules.adjust_facts, effect=rules.expected),
    Step("share", "Share credentials", STANDING, SAME, (DEVOPS,), "🔐 *Credentials: being shared*", forms.ShareForm,
         wait=_hours(0.25, "the credentials, which did not reach the requester,", TECH_LEAD, "share_by"),
         facts=rules.ready_facts, effect=rules.sharing),
    Step("shared", "Credentials shared", EVERY_STATE, SAME, (LINKED,), "🔐 *Credentials shared*", forms.SharedForm,
         button=False, effect=rules.shared),
    Step("not_shared", "Credentials not shared", EVERY_STATE, SAME, (LINKED,), "⚠️ *Credentials could not be shared*",
         button=False, facts=rules.not_shared_facts, effect=rules.sharing,
         tells=lambda _request, _event, _policy: (Tell((DEVOPS,)),)),
    Step("ask_end", "Ask whether it is still needed", ("in_use",), "awaiting_retirement", (CLOCK,),
         "⏳ *The agreed end comes*", wait=_hours(0, "", since="ask_at", urgent=True), button=False,
         tells=lambda _request, _event, _policy: (Tell((QA, DEVOPS)),)),
    Step("extend", "Extend", USED, "in_use", (QA, DEVOPS), "⏳ *Extended*", forms.ExtensionForm,
         wait=Wait(timedelta(0), since="until", states=("awaiting_retirement",),
                   words="you to extend it or to let it go,"),
         guards=(rules.times_lie_ahead, rules.ends_later), facts=rules.extension_facts, effect=rules.extended),
    Step("retire", "Retire", USED, "retired", (DEVOPS, QA), "🏁 *Retired*",
         wait=Wait(timedelta(hours=4), TECH_LEAD, "until", states=("awaiting_retirement",),
                   words="you to retire it, as its agreed time is over,"),
         confirm="The environment and its data are gone after this.", style="danger",
         errands=untracked),
    Step("decline", "Decline", ("awaiting_plan", "preparing"), "declined", (DEVOPS,), "🚫 *Declined*", ReasonForm,
         errands=untracked),
    Step("withdraw", "Withdraw", BEFORE_USE, "withdrawn", (QA,), "🚫 *Withdrawn*", ReasonForm,
         guards=(only_the_opener,), errands=untracked),
    Step("ticket_opened", "Ticket opened", EVERY_STATE, SAME, (LINKED,), "🎫 *Ticket opened*", TicketForm,
         button=False, facts=ticket_facts, effect=ticket_opened),
    Step("ticket_refused", "Ticket refused", EVERY_STATE, SAME, (LINKED,), "⚠️ *No ticket*", TicketRefusedForm,
         button=False),
    Step("note", "Note", EVERY_STATE, SAME, (), "📝 *Note*", NoteForm, button=False),
)
# fmt: on

ENVIRONMENT_REQUEST: Dialogue[EnvironmentRequest] = Dialogue(
    "environment_request",
    "environment request",
    EnvironmentRequest,
    STATES,
    STEPS,
    ticket="REQ",
    command="/env",
    fillers=FILLERS,
)
