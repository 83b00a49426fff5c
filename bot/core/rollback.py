"""The rollback dialogue (design of the project; QA-DevOps dialogue, section 5; release plan, "План отката"): one table.

P0 is rolled back at once; P1 by decision of the team. It needs no release: an incident channel is enough. Where there
is one, the release follows.
"""

from __future__ import annotations

from datetime import timedelta

from bot.core import alarms, orders
from bot.core import rollback_forms as forms
from bot.core import rollback_rules as rules
from bot.core.dialogue import SAME, Dialogue, State, Step, Target, Wait
from bot.core.environments import known_environment
from bot.core.events import Errand, Event
from bot.core.paging import NotNotifiedForm
from bot.core.policy import Service
from bot.core.release_forms import NoteForm, ReasonForm
from bot.core.release_gates import both
from bot.core.roles import Role
from bot.core.rollback_clock import timetable
from bot.core.rollback_prefill import FILLERS
from bot.core.rollback_rules import Rollback

STATES = (
    State("awaiting_decision", "waiting for the Tech Lead's decision to roll back or not", "⚖️",
          asks="Please decide: roll back, or decline."),
    State("awaiting_start", "waiting for DevOps to begin", "🚨", asks="Please roll back at once."),
    State("rolling_back", "being rolled back", "🔴", asks="Please tell when it is done."),
    State("awaiting_verification", "rolled back, and waiting for QA to verify", "⏪",
          asks="Please verify that it works."),
    State("awaiting_closure", "verified, and waiting for the Tech Lead to close it", "✅",
          asks="Please close it: who investigates, and when is the post-mortem?", settled=True),
    State("awaiting_postmortem", "over, and waiting for its post-mortem", "📄", asks="Please publish the post-mortem.",
          settled=True),
    State("closed", "over, with its post-mortem published", "✅", final=True),
    State("declined", "declined", "🚫", final=True),
    State("withdrawn", "called off as a false alarm", "🔕", final=True),
)  # fmt: skip

EVERY_STATE = tuple(state.name for state in STATES)
UNDER_WAY = tuple(state.name for state in STATES if not state.final)

BY_SEVERITY = Target(
    "`awaiting_start` for P0, else `awaiting_decision`",
    lambda rollback, _event: "awaiting_start" if rollback.severity == "P0" else "awaiting_decision",
)

QA, DEVOPS, CI, TECH_LEAD, MANAGER = Role.QA, Role.DEVOPS, Role.CI, Role.TECH_LEAD, Role.RELEASE_MANAGER


def _urgent(minutes: int, words: str, then: Role | None = None, since: str = "") -> Wait:
    return Wait(timedelta(minutes=minutes), then, since, urgent=True, words=words)


def _ordered_and_acknowledged(rollback: Rollback, event: Event, policy: Service) -> tuple[Errand, ...]:
    return (*orders.ordered(rollback, event, policy), *alarms.begun(rollback, event, policy))


def _begun_or_paged(rollback: Rollback, event: Event, policy: Service) -> tuple[Errand, ...]:
    return (*rules.begins_itself(rollback, event, policy), *alarms.raised(rollback, event, policy))


# A table is read by its rows.
# fmt: off
STEPS = (
    Step("request", "Request rollback", (), BY_SEVERITY, (QA, TECH_LEAD, DEVOPS, MANAGER, Role.LINKED),
         "🚨 *ROLLBACK NEEDED*", forms.RequestForm, hears="channel", style="danger", looks=True,
         guards=(known_environment, rules.not_begun, rules.is_deployed, rules.good_target),
         facts=rules.request_facts, effect=rules.requested,
         leads=rules.release_follows, errands=_begun_or_paged, announces=alarms.heard_in),
    Step("decide", "Roll back", ("awaiting_decision",), "awaiting_start", (TECH_LEAD, MANAGER),
         "⚖️ *Decided: roll back*", wait=_urgent(10, "your decision: roll back, or not", MANAGER), style="danger",
         confirm="What is live goes back to the version before."),
    Step("raise_severity", "Raise to P0", ("awaiting_decision",), "awaiting_start",
         (QA, TECH_LEAD, DEVOPS, MANAGER, Role.LINKED), "🚨 *Now P0: production is down*", style="danger",
         confirm="It is rolled back at once, without a decision.", effect=rules.now_p0, errands=_begun_or_paged,
         leads=alarms.release_hears, announces=alarms.heard_in),
    Step("worsened", "Now P0", ("awaiting_start",), SAME, (Role.LINKED,), "🚨 *Now P0: production is down*",
         button=False, guards=(rules.is_worse,), effect=rules.now_p0, errands=rules.begins_itself),
    Step("initiate", "Begin rollback", ("awaiting_start",), "rolling_back", (DEVOPS, TECH_LEAD, Role.WATCH),
         "🔴 *INITIATING ROLLBACK*", forms.InitiateForm, hears="channel",
         wait=_urgent(3, "you to begin the rollback", TECH_LEAD), style="danger", looks=True,
         warns=orders.names("rollback"), guards=(rules.good_target,),
         facts=orders.with_order("rollback", both(rules.initiate_facts, alarms.begin_facts)),
         effect=orders.giving(rules.initiated), leads=rules.incident_freezes, errands=_ordered_and_acknowledged),
    Step("complete", "Rollback done", ("rolling_back",), "awaiting_verification", (DEVOPS, CI),
         "⏪ *Rollback Complete*", forms.CompleteForm, hears="channel",
         wait=_urgent(5, "your word that it is rolled back", TECH_LEAD, "expected_at"), style="primary",
         guards=(rules.other_version,), effect=rules.completed),
    Step("verify", "Works again", ("awaiting_verification",), "awaiting_closure", (QA,), "✅ *Rollback verified*",
         forms.VerifyForm, wait=_urgent(5, "you to verify that it works", TECH_LEAD, "verification_began"),
         style="primary",
         leads=rules.release_is_back, tells=rules.incident_over, errands=alarms.over),
    Step("testing", "Testing…", ("awaiting_verification",), SAME, (QA,), "🧪 *Testing…*",
         guards=(rules.not_testing,), effect=rules.testing),
    Step("still_broken", "Still broken", ("awaiting_verification",), "awaiting_start", (QA,), "❌ *Still broken*",
         ReasonForm, style="danger", looks=True, facts=rules.still_broken_facts, effect=rules.broken_still,
         tells=rules.up_the_path),
    Step("close", "Close", ("awaiting_closure",), "awaiting_postmortem", (TECH_LEAD,), "✅ *Production stable*",
         forms.CloseForm, wait=Wait(timedelta(minutes=30), MANAGER, words="you to close it"), style="primary",
         guards=(rules.coming,), effect=rules.closed),
    Step("publish", "Publish post-mortem", ("awaiting_postmortem",), "closed", (TECH_LEAD, DEVOPS),
         "📄 *Post-mortem published*", forms.PublishForm,
         wait=Wait(timedelta(days=2), MANAGER, "post_mortem_at", words="the post-mortem"), style="primary"),
    Step("favour", "In favour", ("awaiting_decision",), SAME, (), "👍 *In favour*", guards=(rules.new_voice,),
         effect=rules.voted),
    Step("oppose", "Against", ("awaiting_decision",), SAME, (), "👎 *Against*", guards=(rules.new_voice,),
         effect=rules.voted),
    Step("decline", "Decline", ("awaiting_decision", "awaiting_start"), "declined", (TECH_LEAD, MANAGER),
         "🚫 *Rollback declined*", ReasonForm, confirm="This version stays live.",
         guards=(rules.only_p1, rules.still_there), leads=rules.release_goes_on, errands=alarms.over),
    Step("withdraw", "False alarm", ("awaiting_decision", "awaiting_start"), "withdrawn", (QA, TECH_LEAD, MANAGER),
         "🔕 *False alarm*", ReasonForm, confirm="The alarm ends; this version stays live.",
         guards=(rules.still_there,), leads=rules.release_goes_on, errands=alarms.over),
    Step("not_notified", "Not notified", EVERY_STATE, SAME, (Role.LINKED,), "⚠️ *Could not be notified*",
         NotNotifiedForm, button=False),
    Step("overdue", "Recovery target missed", ("rolling_back",), SAME, (Role.CLOCK,), "⏱️ *Recovery target missed*",
         forms.OverdueForm, button=False),
    Step("detail", "Add details", UNDER_WAY, SAME, (), "🔎 *Details*", forms.DetailForm, effect=rules.detailed,
         errands=rules.begins_itself),
    orders.told_row(EVERY_STATE),
    orders.again_row(("rolling_back",)),
    Step("note", "Note", EVERY_STATE, SAME, (), "📝 *Note*", NoteForm, button=False),
)
# fmt: on

ROLLBACK: Dialogue[Rollback] = Dialogue(
    "rollback",
    "rollback",
    Rollback,
    STATES,
    STEPS,
    command="/rollback",
    anywhere=True,
    fillers=FILLERS,
    timetable=timetable,
)
