"""The head of a release's thread: always the current truth, in the document's own shape (QA-DevOps dialogue,
section 1, "Release Approval").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from bot.core.authority import Decision
from bot.core.policy import Service
from bot.core.release import RELEASE
from bot.core.release_forms import OUTCOMES, SIGNALS, ApprovalForm, Outcome, PlanForm, Signal
from bot.core.release_observation import why_not_by_itself
from bot.core.release_rules import Release
from bot.core.roles import Role
from bot.core.smoke_forms import read_result
from bot.messages import blocks, checklist, freeze, orders, validation
from bot.messages.limits import squeezed, violations
from bot.messages.message import Block, Message
from bot.messages.parts import (
    Passage,
    Telling,
    both_zones,
    capital,
    in_minutes,
    minutes,
    place,
    rows,
    utc,
    version,
)
from bot.messages.people import call_awaited
from bot.messages.release_day import day_lines
from bot.messages.text import clip, code, escape, link, mention, moment, one_line
from bot.messages.watchers import by_people

WAY = "🚀 Release Approved: {version}"
ASKED = "📦 Ready for Approval: {version}"
"""Where a pipeline asked for the approval, and QA has not signed yet."""

HEADLINES: Mapping[str, str] = {
    "awaiting_signoffs": WAY,
    "awaiting_plan": WAY,
    "awaiting_agreement": WAY,
    "awaiting_timing": WAY,
    "scheduled": WAY,
    "deploying": WAY,
    "canary": "🐤 Canary: {version}",
    "canary_paused": "⏸️ Canary Paused: {version}",
    "objected": "✋ Release Stopped: {version}",
    "awaiting_smoke": "🎉 Deployed to {place}: {version}",
    "smoke_running": "🎉 Deployed to {place}: {version}",
    "watching": "✅ {place} Verified: {version}",
    "awaiting_decision": "⚠️ Decision Needed: {version}",
    "rolling_back": "🔴 In Rollback: {version}",
    "completed": "✅ Release {version} is complete and verified",
    "withdrawn": "🚫 Withdrawn: {version}",
    "rolled_back": "⏪ Rolled Back: {version}",
}
"""The card's headline by state, the document's words first. A state that is not here is named by its own words."""

TOLD_WHY = frozenset({"objected", "canary_paused", "awaiting_decision", "withdrawn", "rolling_back"})
"""States that need their reason on the card."""


def card(release: Release, policy: Service) -> Message:
    """The head of a release's thread. The awaited are called in it: that pings them when it is posted, and nobody
    when it is changed. Where so much has happened that one message can't hold it all, the lists that the thread has in
    full make room, then the ends of long lines: who signed, the plan, the day and the checklist stay.
    """
    whole = _card(release, policy, brief=False)
    return whole if not violations(whole.blocks) else squeezed(_card(release, policy, brief=True))


def _card(release: Release, policy: Service, *, brief: bool) -> Message:
    form = release.approval
    telling = Telling(release, f"{headline(release)} · {escape(policy.name)}")
    telling.blocks.append(blocks.header(headline(release, plain=True)))
    telling.aside(f"*{escape(policy.name)}* · {place(release)}")
    telling.say(*state_lines(release, policy))
    telling.say(
        f"*Sprint:* {escape(form.sprint)}",
        f"*Version:* {version(release)}",
        f"*Branch:* {escape(form.branch)} (commit {escape(form.commit)})",
        "*Hotfix:* 🚑 goes at any time, signed by the Release Manager" if release.is_hotfix else "",
    )
    telling.say("*Testing Summary*")
    telling.blocks.append(testing_table(form))
    for passage in contents(form):
        if brief and passage.is_shortened:
            telling.say(f"{passage.heading}\n… {len(passage.entries)} in the thread")
        else:
            telling.tell(passage)
    if form.release_notes:
        telling.say("*Release Notes*", link(str(form.release_notes), f"Release notes of {form.version}"))
    telling.say("*Rollback Criteria*", criterion(form))
    telling.say(*sign_off_lines(release))
    telling.say(*plan_lines(release))
    telling.say(*day_lines(release))
    telling.say(*progress_lines(release), *validation.card_lines(release, policy))
    telling.blocks.extend(checklist.on_card(release, policy))
    telling.blocks.extend(rows(release, RELEASE.buttons(release.state), policy=policy))
    return telling.message()


def overflow(release: Release) -> Telling:
    """The parts of the approval that the card may have to shorten; its `rest` goes to the thread."""
    return Telling(release, "", passages=list(contents(release.approval)))


def headline(release: Release, *, plain: bool = False) -> str:
    """The card's first words; `plain` for a header, where nothing is mrkdwn and nothing is escaped."""
    state = RELEASE.state(release.state)
    to_be_approved = release.state == "awaiting_signoffs" and Role.QA in release.missing
    words = (
        ASKED if to_be_approved else HEADLINES.get(release.state, f"{state.emoji} {capital(state.words)}: {{version}}")
    )
    where = release.environment[:1].upper() + release.environment[1:]
    filled = words.format(version=release.version, place=where)
    return filled if plain else escape(filled)


# ── where it stands ──────────────────────────────────────────────────────────────────────────────────────────────────
def state_lines(release: Release, policy: Service) -> Iterator[str]:
    """What the release is, since when, until when, for whom it waits, and why where something stopped it."""
    state = RELEASE.state(release.state)
    yield f"{state.emoji} *{capital(state.words)}* · since {moment(release.since)}"
    if release.state in ("awaiting_agreement", "awaiting_timing", "scheduled") and release.planned_at:
        yield f"🕓 Planned for {both_zones(release.planned_at)}"
    yield from freeze.card_lines(release)
    if release.state in ("awaiting_timing", "scheduled") and (deployer := orders.deployer_line(policy)):
        yield deployer
    if (proposed := _proposed(release)) is not None:
        yield f"🕓 Another time is proposed: {both_zones(proposed)}"
    if release.state in ("canary", "canary_paused"):
        yield from canary_lines(release, policy)
        yield from not_by_itself(release, policy)
    if release.state == "deploying" and release.planned_end:
        yield f"🕓 Expected to finish by {both_zones(release.planned_end)}"
    yield from orders.order_lines(release)
    if release.state == "watching" and release.watch_until:
        yield f"🕓 Watched{by_people(release, policy)} until {both_zones(release.watch_until)}"
    if awaited := call_awaited(release, policy):
        yield f"👉 Awaited: {awaited}"
    if release.state in TOLD_WHY:
        yield from _why(release)
    if release.state == "rolling_back":
        asked = next((act.step for act in reversed(release.trail) if act.step in ("roll_back", "found_live")), "")
        channel = release.forms.get(asked, {}).get("rollback_channel", "")
        yield f"➡️ The rollback has its own thread in <#{channel or release.channel}>"


def canary_lines(release: Release, policy: Service) -> Iterator[str]:
    """The canary's share of the traffic, and what comes next."""
    canary = release.canary
    if canary is None:
        return
    if canary.share >= 100:
        yield f"🐤 All traffic has gone to {version(release)} since {utc(canary.since, day=False)}."
        return
    yield f"🐤 {canary.share}% of the traffic has gone to {version(release)} since {utc(canary.since, day=False)}."
    if release.state == "canary":
        watched = f"Watched{by_people(release, policy)}"
        yield f"🕓 {watched} until {both_zones(canary.until)}, then {canary.next_share}%."
    if release.state == "canary_paused":
        yield f"⚠️ The pause is not ordered: please see that it stays at {canary.share}%."


def not_by_itself(release: Release, policy: Service) -> Iterator[str]:
    """Why a canary that the clock would promote waits for people."""
    by_clock = release.state == "canary" and policy.canary.promoted_by == "quiet"
    if by_clock and (why := why_not_by_itself(release, policy)):
        yield f"🖐️ {escape(why)}: it is not promoted by itself. Please promote it, or pause it."


def _proposed(release: Release) -> datetime | None:
    """The time that QA asks for, as long as no plan has answered it."""
    if not release.trail or release.trail[-1].step != "propose_time":
        return None
    return datetime.fromisoformat(release.forms["propose_time"]["when"])


def _why(release: Release) -> Iterator[str]:
    """What the last step said of its reason, in short; all of it is in the thread."""
    act = release.trail[-1]
    told = release.forms.get(act.step, {})
    words = told.get("reason") or told.get("issue") or _signal(told) or _failed(told)
    if words:
        yield f"> {escape(clip(one_line(words), 250))} — {escape(act.name)}"


def _signal(told: Mapping[str, Any]) -> str:
    return f"{told['signal']}: {told['measured']} (limit {told['limit']})" if "measured" in told else ""


def _failed(told: Mapping[str, Any]) -> str:
    results = [read_result(line) for line in told.get("results", ())]
    return ", ".join(f"{result.name} failed" for result in results if not result.passed)


# ── the approval ─────────────────────────────────────────────────────────────────────────────────────────────────────
def testing_table(form: ApprovalForm) -> Block:
    """The document's "Testing Summary"; ⚠️ where something is short of whole."""
    return blocks.table(
        ("Metric", "Result"),
        (
            ("Stories tested", _ratio(form.stories_tested, form.stories_total)),
            ("Bugs found", str(form.bugs_found)),
            ("Bugs fixed", _ratio(form.bugs_fixed, form.bugs_found)),
            ("Regression", _outcome(form.regression)),
            ("Smoke test", _outcome(form.smoke)),
        ),
    )


def _ratio(done: int, of: int) -> str:
    return f"{done}/{of} {'✅' if done >= of else '⚠️'}"


def _outcome(outcome: Outcome) -> str:
    return f"{OUTCOMES[outcome.value]} {'✅' if outcome is Outcome.PASSED else '⚠️'}"


def contents(form: ApprovalForm) -> tuple[Passage, ...]:
    return Passage("*Included Changes*", form.changes), Passage("*Known Issues*", form.known_issues)


def criterion(form: ApprovalForm) -> str:
    """The rollback criterion as the document's sentence: "If >5% error rate on `/api/…` endpoint within 30 min."."""
    threshold = escape(form.rollback_threshold)
    what = f"{threshold} {SIGNALS[form.rollback_signal.value]}"
    if form.rollback_signal is Signal.OTHER:
        what = f"the agreed signal is {threshold}"
    where = f" on {code(form.rollback_endpoint)} endpoint" if form.rollback_endpoint else ""
    return f"If {what}{where} within {form.rollback_minutes} min."


def sign_off_lines(release: Release) -> Iterator[str]:
    """Who has signed, how, and who has not; the document's closing line once all have."""
    yield "*Sign-off*"
    for sign_off in release.sign_offs:
        vouched = f" (verbal, vouched for by {mention(sign_off.vouched_by)})" if sign_off.vouched_by else ""
        yield f"✅ {sign_off.role.label}: {mention(sign_off.person)}{vouched}"
    for role in release.missing:
        yield f"⏳ {role.label}: awaited"
    if not release.missing and release.state not in ("objected", "withdrawn"):
        yield f"\n*Approved for {escape(release.environment)} deployment.*"


# ── what followed ────────────────────────────────────────────────────────────────────────────────────────────────────
def plan_lines(release: Release) -> Iterator[str]:
    """The plan in short."""
    plan = release.plan
    if plan is None or release.state == "awaiting_plan":
        return
    yield "*Deployment Plan*"
    window = f" ({escape(plan.window)})" if plan.window else ""
    yield f"{utc(plan.when)}{window} · ~{minutes(plan.duration)} · rollback to {escape(plan.rollback_target)}"
    yield f"Downtime: {escape(plan.downtime)} · Database migrations: {escape(plan.migrations)}"
    yield from agreement_lines(release)


def agreement_lines(release: Release) -> Iterator[str]:
    """What the plan needs agreement on, who has agreed, and who has not."""
    if not release.decisions:
        return
    yield f"Needs agreement: {', '.join(Decision(name).label for name in release.decisions)}"
    given = {agreement.role: agreement.person for agreement in release.agreements}
    for role in release.deciders:
        yield f"🤝 {role.label}: {mention(given[role])}" if role in given else f"⏳ {role.label}: awaited"


def when_line(plan: PlanForm) -> str:
    return both_zones(plan.when, escape(plan.window) if plan.window else "")


def progress_lines(release: Release) -> Iterator[str]:
    """The deployment and its smoke test in short."""
    deployed, smoke = release.forms.get("deployed"), release.forms.get("smoke_passed")
    if deployed and release.took("deployed"):
        yield f"🎉 Deployed {_moment_of(deployed)}{in_minutes(deployed['duration'])}"
    if smoke and release.took("smoke_passed"):
        results = [read_result(line) for line in smoke["results"]]
        yield f"🧪 Smoke test: {sum(result.passed for result in results)}/{len(results)} passed"
    back = release.forms.get("rolled_back")
    if back:
        yield f"⏪ {place(release)} is on {escape(back['version'])}"


def _moment_of(deployed: Mapping[str, Any]) -> str:
    return utc(datetime.fromisoformat(deployed["finished_at"]))
