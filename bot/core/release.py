"""The release dialogue (design of the project; QA-DevOps dialogue, sections 1 and 2): one table.

What belongs here: the states and the rows. The rules that a row names are in bot.core.release_rules, the forms in
bot.core.release_forms; what a step says at length is in bot.messages, who holds a role in the configuration.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from bot.core import canary, orders, paging
from bot.core import release_agreement as agreement
from bot.core import release_checklist as checklist
from bot.core import release_clock as clock
from bot.core import release_feedback as feedback
from bot.core import release_forms as forms
from bot.core import release_gates as gates
from bot.core import release_observation as observed
from bot.core import release_rules as rules
from bot.core import release_signing as signing
from bot.core import release_start as starting
from bot.core import release_validation as validation
from bot.core import watch_forms as watch
from bot.core.dialogue import SAME, Dialogue, Guard, Signers, State, Step, Target, Wait
from bot.core.environments import known_environment
from bot.core.escalation_forms import EscalateForm
from bot.core.escalation_rules import escalates
from bot.core.events import Event
from bot.core.forms import Form
from bot.core.freeze_rules import FrozenForm, ThawedForm
from bot.core.handoffs import deployment_complete
from bot.core.release_prefill import FILLERS
from bot.core.release_rules import Release
from bot.core.release_start import MAY_OVERRIDE
from bot.core.roles import PEOPLE_ROLES, Role
from bot.core.smoke_forms import SmokeFailedForm, SmokePassedForm
from bot.core.surroundings import BEFORE_DEPLOYING
from bot.core.validation_forms import ProgressForm, ValidatedForm

# ── states ───────────────────────────────────────────────────────────────────────────────────────────────────────────
CANARY = ("canary", "canary_paused")
AFTER_DEPLOYED = ("awaiting_smoke", "smoke_running", "watching")

STATES = (
    State("awaiting_signoffs", "waiting for sign-offs", "✍️", asks="Please sign off, or object."),
    State(
        "objected",
        "stopped by an objection, and waiting for QA to revise it",
        "✋",
        asks="Please revise the release, or withdraw it.",
    ),
    State("awaiting_plan", "waiting for DevOps's plan", "🗓️", asks="Please acknowledge with the deployment plan."),
    State(
        "awaiting_agreement",
        "waiting for agreement to DevOps's plan",
        "🤝",
        asks="Please agree to the plan, or say what is against it.",
    ),
    State("awaiting_timing", "waiting for QA to agree to the time", "🕓", asks="Any concerns with the timing?"),
    State("scheduled", "scheduled", "📌", asks="Please start the deployment at the agreed time."),
    State("deploying", "being deployed", "🚚", asks="Please tell when it is deployed."),
    State("canary", "being deployed as a canary", "🐤", asks="Please promote the canary when its time is over."),
    State("canary_paused", "paused as a canary", "⏸️", asks="Please decide: go on with the canary, or roll back."),
    State("awaiting_smoke", "deployed, and waiting for QA's smoke test", "🎉", asks="Please run {place} smoke test."),
    State("smoke_running", "being smoke-tested", "🧪", asks="Please tell how the smoke test ends."),
    State("watching", "verified, and watched", "👀"),
    State("awaiting_decision", "waiting for a decision", "⚠️", asks="Please decide: continue, or roll back."),
    State("rolling_back", "in rollback", "🔴"),
    State("completed", "complete and verified", "✅", final=True),
    State("withdrawn", "withdrawn", "🚫", final=True),
    State("rolled_back", "rolled back", "⏪", final=True),
)

EVERY_STATE = tuple(state.name for state in STATES)
CHECKABLE = tuple(name for name in EVERY_STATE if name not in ("withdrawn", "rolled_back"))
"""A release that was withdrawn or rolled back keeps its checklist as it stood."""


AFTER_SIGNING = Target(
    "`awaiting_plan` once all required sign-offs are in, else `awaiting_signoffs`",
    lambda release, _event: "awaiting_signoffs" if release.missing else "awaiting_plan",
)
STATE_BEFORE = Target("the state before", lambda release, _event: release.resumes[0])


def _by_severity(release: Release, event: Event) -> str:
    if event.data["severity"] == "P0" or release.state == "rolling_back":
        return "rolling_back"
    return "canary_paused" if release.state in CANARY else "awaiting_decision"


BY_SEVERITY = Target("`rolling_back` for P0; a canary is paused; else `awaiting_decision`", _by_severity)
BY_STRATEGY = Target(
    "`canary` where that is the plan's strategy, else `deploying`",
    lambda release, _event: "canary" if release.canary else "deploying",
)
BY_SHARE = Target(
    "`canary` with the next share; `deploying` with all of the traffic",
    lambda release, _event: "deploying" if release.canary.share >= 100 else "canary",
)
AFTER_PLANNING = Target(
    "`awaiting_agreement` while the plan needs one, else `awaiting_timing`",
    lambda release, _event: "awaiting_agreement" if release.unagreed else "awaiting_timing",
)
EACH_REQUIRED = Signers("each required role that has not signed", lambda release: release.missing)
EACH_DECIDER = Signers("each role that has to agree and has not", lambda release: release.unagreed)
ANY_REQUIRED = Signers("any required role", lambda release: release.required)

QA, DEVOPS, CI, TECH_LEAD, MANAGER = Role.QA, Role.DEVOPS, Role.CI, Role.TECH_LEAD, Role.RELEASE_MANAGER


APPROVABLE: tuple[Guard, ...] = (
    known_environment,
    gates.manager_for_hotfix,
    rules.not_the_author,
    signing.vouched_for_roles,
)


def _seen(
    name: str, label: str, says: str, form: type[Form], *guards: Guard, to: str | Target = SAME, **more: Any
) -> Step:
    """A row of what the watch sees, taken while the signals are the release's own: until its rollback has begun."""
    guarded = (observed.still_live, *guards)
    return Step(
        name, label, observed.LOOKED_AT, to, (Role.WATCH,), says, form, button=False, guards=guarded, looks=True, **more
    )


def _minutes(minutes: int, words: str, then: Role | None = None, since: str = "", *, urgent: bool = False) -> Wait:
    return Wait(timedelta(minutes=minutes), then, since, urgent, words=words)


# A table is read by its rows.
# fmt: off
STEPS = (
    Step("approve", "Approve", (), AFTER_SIGNING, (QA, CI), "🚀 *Release Approved*", forms.ApprovalForm,
         hears="channel", guards=APPROVABLE,
         facts=signing.approval_facts, effect=signing.approved),
    Step("cosign", "Sign off", ("awaiting_signoffs",), AFTER_SIGNING, EACH_REQUIRED, "✅ *Signed off*",
         wait=_minutes(30, "your sign-off", MANAGER), style="primary", guards=(rules.not_the_author, rules.never_twice),
         facts=signing.cosign_facts, effect=signing.cosigned),
    Step("plan", "Plan deployment", ("awaiting_plan",), AFTER_PLANNING, (DEVOPS,), "✅ *Acknowledged*",
         forms.PlanForm, wait=_minutes(30, "your plan", MANAGER), style="primary",
         guards=(rules.in_the_future, rules.target_is_another_version, gates.may_be_planned_then), looks=True,
         facts=agreement.plan_facts,
         effect=agreement.planned),
    Step("agree", "Agree", ("awaiting_agreement",), AFTER_PLANNING, EACH_DECIDER, "🤝 *Agreed*",
         wait=_minutes(30, "your agreement to the plan", MANAGER), style="primary",
         guards=(agreement.not_the_planner,), facts=agreement.agree_facts, effect=agreement.agreed),
    Step("disagree", "Disagree", ("awaiting_agreement",), "awaiting_plan", EACH_DECIDER, "✋ *Disagreed*",
         forms.ReasonForm),
    Step("confirm", "Time works", ("awaiting_timing",), "scheduled", (QA,), "👍 *Time agreed*",
         wait=_minutes(15, "your answer about the time", TECH_LEAD), style="primary", looks=True,
         facts=gates.both(gates.mark_facts, clock.agreed_facts), effect=clock.after(gates.marked)),
    Step("propose_time", "Propose another time", ("awaiting_timing",), "awaiting_plan", (QA,),
         "🕓 *Another time proposed*", forms.TimeForm, guards=(rules.in_the_future, gates.may_be_planned_then),
         looks=True),
    Step("allow", "Allow exception", ("awaiting_plan", "awaiting_agreement", "awaiting_timing", "scheduled"),
         SAME, MAY_OVERRIDE,
         "🔓 *Exception allowed*", forms.ReasonForm, button=False, effect=gates.excepted),
    Step("start", "Start deployment", ("scheduled",), BY_STRATEGY, (DEVOPS, CI, *MAY_OVERRIDE),
         "🚚 *Deployment started*", forms.StartForm,
         wait=_minutes(15, "you to start the deployment", MANAGER, "planned_at", urgent=True), style="primary",
         guards=(starting.deployer_or_override, starting.approved_commit, starting.not_too_early,
                 gates.may_start_now, checklist.checklist_is_done),
         looks=True, facts=orders.with_order("deploy", gates.both(checklist.start_facts, gates.standing_facts)),
         effect=clock.after(orders.giving(starting.started)), warns=orders.names("deploy"), errands=orders.ordered),
    Step("deployed", "Deployed", ("scheduled", "deploying"), "awaiting_smoke", (DEVOPS, CI),
         "🎉 *Deployed to Production*", forms.DeployedForm, hears="channel",
         wait=_minutes(15, "your word that it is deployed", MANAGER, "planned_end", urgent=True), style="primary",
         guards=(rules.not_in_the_future, rules.health_is_said), looks=True,
         facts=gates.both(clock.with_day(checklist.deployed_facts), gates.standing_facts),
         effect=clock.after(orders.answered_by_machine),
         tells=deployment_complete, errands=validation.after_deployment),
    Step("reschedule", "Move deployment", ("scheduled",), "awaiting_timing", (DEVOPS, MANAGER),
         "🕓 *Deployment moved*", forms.TimeForm,
         guards=(rules.in_the_future, clock.check_time, gates.may_be_planned_then), looks=True,
         facts=clock.moved_facts, effect=clock.moved),
    Step("promote", "Promote canary", ("canary",), BY_SHARE, (DEVOPS, CI, Role.CLOCK), "🐤 *Canary promoted*",
         canary.PromoteForm, wait=_minutes(5, "you to promote the canary, or to pause it", MANAGER, "canary_until",
                                           urgent=True),
         style="primary", guards=(observed.stayed_quiet,),
         facts=orders.with_order("promote", starting.promote_facts), effect=orders.giving(starting.started),
         warns=orders.names("promote"), errands=orders.ordered),
    Step("pause_canary", "Pause canary", ("canary",), "canary_paused", (DEVOPS, QA, TECH_LEAD, Role.WATCH),
         "⏸️ *Canary paused*", forms.ReasonForm, tells=starting.hold_it_there),
    Step("resume_canary", "Go on", ("canary_paused",), "canary", (TECH_LEAD, DEVOPS), "▶️ *Canary goes on*",
         forms.ReasonForm,
         wait=_minutes(10, "your decision: go on with the canary, or roll back", MANAGER, urgent=True),
         confirm="A share of the traffic stays on this version.", facts=starting.resume_facts, effect=starting.started),
    Step("deploy_failed", "Deployment failed", ("deploying", *CANARY), "awaiting_decision", (DEVOPS, CI),
         "❌ *Deployment failed*", forms.ReasonForm, style="danger"),
    Step("begin_smoke", "Begin smoke test", ("awaiting_smoke",), "smoke_running", (QA,),
         "🧪 *Running smoke test now…*", wait=_minutes(10, "your smoke test", TECH_LEAD, urgent=True),
         style="primary"),
    Step("smoke_passed", "Smoke passed", ("awaiting_smoke", "smoke_running"), "watching", (QA, CI),
         "✅ *Production verified*", SmokePassedForm,
         wait=_minutes(30, "the results of your smoke test", TECH_LEAD, urgent=True), style="primary",
         looks=True, facts=gates.both(rules.watch_facts, gates.next_facts),
         effect=clock.after(rules.watched), leads=gates.frees_next),
    Step("smoke_failed", "Smoke failed", ("awaiting_smoke", "smoke_running"), "awaiting_decision", (QA, CI),
         "❌ *Smoke test failed*", SmokeFailedForm, style="danger"),
    _seen("breach", "Breach", "🚨 *Rollback criterion breached*", watch.BreachForm, observed.is_news, to=BY_SEVERITY,
          facts=observed.breach_facts, effect=paging.raising(observed.breached), leads=observed.breach_leads,
          tells=starting.hold_it_there,
          errands=paging.raised, announces=paging.channels_of),
    _seen("first_metrics", "First metrics", "📊 *Initial Metrics*", watch.MetricsForm, effect=observed.checked),
    _seen("checked", "Checked", "📊 *Production checked*", watch.MetricsForm, effect=observed.checked),
    _seen("regressed", "Regressed", "📉 *Worse than before the deployment*", watch.RegressedForm,
          effect=observed.regressed),
    _seen("recovered", "Recovered", "💚 *Within its limit again*", watch.RecoveredForm,
          facts=paging.quiet_facts, effect=paging.quieting(observed.recovered),
          errands=paging.quieted, announces=paging.channels_of),
    _seen("blind", "Blind", "🙈 *The watch is blind*", watch.BlindForm, effect=observed.blinded),
    _seen("sees", "Sees again", "👀 *The watch sees again*", watch.SeesForm, effect=observed.seeing),
    _seen("alerted", "Alerted", "🔔 *Alerts*", watch.AlertedForm, observed.are_news,
          effect=paging.raising(observed.alerted), errands=paging.raised, announces=paging.channels_of),
    _seen("alerts_over", "Alerts over", "💚 *Alerts over*", watch.AlertsOverForm,
          facts=paging.quiet_facts, effect=paging.quieting(observed.over),
          errands=paging.quieted, announces=paging.channels_of),
    Step("silenced", "Silenced", EVERY_STATE, SAME, (Role.WATCH,), "🔕 *Expected alerts are silenced*",
         watch.SilencedForm, button=False, effect=observed.silenced),
    Step("unsilenced", "Silence lifted", EVERY_STATE, SAME, (Role.WATCH,), "🔔 *The silence is lifted*", button=False,
         effect=observed.unsilenced),
    Step("not_silenced", "Not silenced", EVERY_STATE, SAME, (Role.WATCH,), "🔔 *Expected alerts are not silenced*",
         watch.NotSilencedForm, button=False, guards=(observed.not_silenced_yet,)),
    Step("not_lifted", "Silence not lifted", EVERY_STATE, SAME, (Role.WATCH,), "🔕 *The silence is not lifted*",
         watch.NotLiftedForm, button=False),
    Step("validate", "Validate", validation.VALIDATED, SAME, (QA, DEVOPS, TECH_LEAD, MANAGER, CI, Role.LINKED),
         "🧪 *Validating production…*", button=False, guards=(validation.has_playbook, validation.one_at_a_time),
         facts=validation.begin_facts, effect=validation.begun, errands=validation.going_on,
         privately=feedback.asked_privately),
    Step("validation_progress", "Validation progress", validation.TOLD, SAME, (Role.LINKED,),
         "🧪 *Validating production…*", ProgressForm, button=False, guards=(validation.is_under_way,),
         effect=validation.progressed, errands=validation.going_on, revises="validate"),
    Step("validated", "Validated", validation.TOLD, SAME, (Role.LINKED,), "🧪 *Production validation*", ValidatedForm,
         button=False, guards=(validation.is_under_way,), facts=validation.end_facts, effect=validation.ended,
         tells=validation.tells_of_failure, refreshes="validate"),
    Step("feedback", "Feedback", validation.TOLD, SAME, (), "💬 *Feedback from production*", feedback.FeedbackForm,
         button=False, guards=(feedback.is_asked,), facts=feedback.feedback_facts, effect=feedback.answered,
         errands=validation.going_on, refreshes="validate"),
    Step("feedback_over", "Feedback is over", validation.TOLD, SAME, (Role.CLOCK,), "⌛ *Time for feedback is over*",
         button=False, guards=(feedback.is_waited_for,), facts=feedback.over_facts, effect=feedback.answered,
         errands=validation.going_on, revises="validate"),
    Step("not_notified", "Not notified", EVERY_STATE, SAME, (Role.LINKED,), "⚠️ *Could not be notified*",
         paging.NotNotifiedForm, button=False),
    Step("continue", "Continue", ("awaiting_decision",), STATE_BEFORE, (TECH_LEAD,), "▶️ *Continuing*",
         forms.ReasonForm, wait=_minutes(10, "your decision to continue or roll back", MANAGER, urgent=True),
         confirm="This version stays live although something failed.", looks=True,
         facts=gates.both(rules.resumed_facts, gates.next_facts), effect=rules.resumed, leads=gates.frees_next,
         errands=paging.acknowledged),
    Step("extend_watch", "Watch longer", ("watching",), SAME, (DEVOPS, QA), "👀 *Watch extended*",
         forms.ExtendForm, facts=rules.extend_facts, effect=rules.watched),
    Step("complete", "Complete now", ("watching",), "completed", (Role.CLOCK, DEVOPS),
         "✅ *Complete and verified*", forms.SummaryForm, hears="channel",
         wait=_minutes(0, "", since="watch_until", urgent=True), confirm="The watch ends before its time.",
         facts=observed.measured_facts, errands=paging.ended),
    Step("object", "Object", ("awaiting_signoffs", "awaiting_plan"), "objected", ANY_REQUIRED, "✋ *Objection*",
         forms.ReasonForm, facts=signing.objection_facts, effect=signing.objected),
    Step("revise", "Revise", BEFORE_DEPLOYING, AFTER_SIGNING, (QA,), "✏️ *Revised*", forms.ApprovalForm,
         wait=Wait(timedelta(hours=1), MANAGER, states=("objected",), words="your revision, or its withdrawal"),
         guards=(rules.same_version, *APPROVABLE),
         facts=checklist.revision_facts, effect=signing.approved),
    Step("withdraw", "Withdraw", BEFORE_DEPLOYING, "withdrawn", (QA, MANAGER), "🚫 *Withdrawn*",
         forms.ReasonForm, confirm="This ends the release; it has to be approved anew.", style="danger"),
    Step("roll_back", "Roll back", ("deploying", *CANARY, *AFTER_DEPLOYED, "awaiting_decision", "completed"),
         "rolling_back", (QA, TECH_LEAD, DEVOPS, Role.LINKED), "🚨 *Rollback requested*", forms.RollbackForm,
         style="danger", confirm="What is live goes back to the version before.",
         guards=(rules.target_is_another_version,), looks=True, facts=observed.rollback_place,
         effect=paging.raising(rules.set_aside), leads=rules.opens_rollback, errands=paging.asked_back,
         announces=paging.channels_of, never_late=True),
    Step("found_live", "Rollback requested", BEFORE_DEPLOYING, "rolling_back", (Role.LINKED,),
         "🚨 *Rollback requested before this release deployed it*", forms.RollbackForm, button=False, looks=True,
         facts=observed.rollback_place, effect=paging.raising(rules.as_it_is), errands=paging.asked_back,
         announces=paging.channels_of),
    Step("worsened", "Now P0", ("rolling_back",), SAME, (Role.LINKED,), "🚨 *Now P0: production is down*", button=False,
         looks=True, facts=observed.rollback_place, effect=paging.raising(rules.as_it_is), errands=paging.asked_back,
         announces=paging.channels_of),
    Step("rollback_declined", "Rollback declined", ("rolling_back",), STATE_BEFORE, (Role.LINKED,),
         "🚫 *Rollback declined*", button=False, looks=True,
         facts=gates.both(gates.both(rules.resumed_facts, gates.next_facts), paging.declined_facts),
         effect=paging.quieting(rules.resumed), leads=gates.frees_next, errands=paging.quieted),
    Step("rolled_back", "Rollback verified", ("rolling_back",), "rolled_back", (Role.LINKED,),
         "⏪ *Rolled back*", forms.RolledBackForm, button=False, guards=(rules.target_is_another_version,),
         looks=True, facts=gates.next_facts, leads=gates.frees_next, errands=paging.ended),
    Step("checklist", "Checklist", CHECKABLE, SAME, (), "☑️ *Checklist*", checklist.ChecklistForm,
         button=False, guards=(checklist.known_items,), facts=checklist.mark_facts, effect=checklist.marked),
    Step("tick", "Tick", CHECKABLE, SAME, (), "☑️ *Ticked*", checklist.ItemsForm, button=False,
         guards=(checklist.known_items,), facts=checklist.mark_facts, effect=checklist.marked),
    Step("untick", "Untick", CHECKABLE, SAME, (), "⬜ *Open again*", checklist.ItemsForm, button=False,
         guards=(checklist.known_items,), facts=checklist.mark_facts, effect=checklist.marked),
    Step("entry_done", "Done", clock.ANSWERABLE, SAME, PEOPLE_ROLES, "☑️ *Done*", clock.EntryDoneForm,
         button=False, guards=(clock.entry_is_theirs,), effect=clock.done),
    Step("entry_skipped", "Skip", clock.ANSWERABLE, SAME, PEOPLE_ROLES, "⏭️ *Skipped*",
         clock.EntrySkippedForm, button=False, guards=(clock.entry_is_theirs,), effect=clock.skipped),
    Step("escalate", "Escalate", EVERY_STATE, SAME, (), "🚨 *Escalated*", EscalateForm, button=False, leads=escalates),
    Step("frozen", "Frozen", ("scheduled",), SAME, (Role.LINKED,), "🧊 *Frozen*", FrozenForm, button=False,
         effect=gates.frozen),
    Step("thawed", "Freeze over", ("scheduled",), SAME, (Role.LINKED,), "☀️ *Freeze over*", ThawedForm,
         button=False, effect=gates.thawed),
    Step("freed", "Way free", ("scheduled",), SAME, (Role.LINKED,), "🟢 *The way is free*", gates.FreedForm,
         button=False, tells=gates.tells_devops),
    orders.told_row(EVERY_STATE),
    orders.again_row(("deploying", "canary")),
    Step("note", "Note", EVERY_STATE, SAME, (), "📝 *Note*", forms.NoteForm, button=False),
)
# fmt: on

RELEASE: Dialogue[Release] = Dialogue(
    "release", "release", Release, STATES, STEPS, fillers=FILLERS, timetable=clock.timetable
)
