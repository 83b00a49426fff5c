"""What is said in a release's thread on its way to production (QA-DevOps dialogue, section 1)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.core.authority import Decision
from bot.core.events import Event, Reminder
from bot.core.policy import Service
from bot.core.release import RELEASE
from bot.core.release_forms import STRATEGIES, PlanForm
from bot.core.release_observation import measured
from bot.core.release_rules import Agreement, Release, SignOff
from bot.core.roles import CLOCK, Role
from bot.messages import checklist, orders, validation
from bot.messages.freeze import held_back
from bot.messages.generic import begun, finished
from bot.messages.message import Said
from bot.messages.parts import PARAGRAPH, Passage, both_zones, clock_time, form_of, minutes, paragraph, utc, version
from bot.messages.people import call, call_awaited
from bot.messages.release_card import canary_lines, not_by_itself, overflow, when_line
from bot.messages.release_day import missed
from bot.messages.text import code, escape, mention


def approve(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    """The card says it all and has called the awaited; the thread gets what the card had no room for."""
    del event, policy
    return overflow(release).rest()


def cosign(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    sign_off = SignOff.model_validate(event.data["sign_off"])
    telling = begun(release, "✅ *Signed off*")
    still = ", ".join(role.label for role in release.missing)
    telling.say(
        f"✅ *Signed off* as {sign_off.role.label} for {version(release)} (commit {code(sign_off.commit)}).",
        f"Still awaited: {still}." if still else f"*Approved for {escape(release.environment)} deployment.*",
    )
    return finished(telling, event, policy)


def objection(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    telling = begun(release, "✋ *Objection*")
    telling.tell(paragraph(f"✋ *Objection*: {version(release)}", event.data["reason"]))
    telling.say(*(f"Taken back: {_signature(sign_off)}." for sign_off in _voided(event)))
    return finished(telling, event, policy)


def revise(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    """The new approval is on the card; here is what it did to the sign-offs, and who has to sign again."""
    telling = begun(release, "✏️ *Revised*")
    telling.say(f"✏️ *Revised*: {version(release)} (commit {code(release.approval.commit)}). The card is up to date.")
    telling.say(*_voided_lines(release, event), *checklist.opened_again(event))
    if release.before in ("awaiting_agreement", "awaiting_timing", "scheduled"):
        telling.say("The plan made for it no longer holds; DevOps plans anew once all have signed.")
    telling.say(_stop(release, policy))
    telling.passages.extend(overflow(release).passages)
    return finished(telling, event, policy)


def _stop(release: Release, policy: Service) -> str:
    """A word to whoever was about to deploy; empty where nobody was."""
    return f"{call(release, Role.DEVOPS, policy)} — Please do not deploy it." if release.before == "scheduled" else ""


def _voided_lines(release: Release, event: Event) -> Iterator[str]:
    for sign_off in _voided(event):
        if sign_off.commit == release.approval.commit:
            yield f"⚠️ No longer valid: {_signature(sign_off)}."
        else:
            yield f"⚠️ Void, because it was given for commit {code(sign_off.commit)}: {_signature(sign_off)}."
    if _voided(event) and release.missing:
        yield f"To sign again: {', '.join(role.label for role in release.missing)}."
    kept = [sign_off for sign_off in release.sign_offs if sign_off.role is not Role.QA and sign_off.at < event.at]
    yield from (f"✅ Still valid: {_signature(sign_off)}." for sign_off in kept)


def _voided(event: Event) -> list[SignOff]:
    return [SignOff.model_validate(entry) for entry in event.data.get("voided", [])]


def _signature(sign_off: SignOff) -> str:
    return f"the sign-off of {sign_off.role.label} ({mention(sign_off.person)})"


def plan(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    """DevOps's acknowledgement, which ends with the question about timing."""
    form = form_of(PlanForm, event.data)
    qa = "" if release.unagreed else call_awaited(release, policy, but=event.actor)
    telling = begun(release, "✅ *Acknowledged*")
    telling.say(f"{qa} Acknowledged! ✅".strip())
    telling.say(
        "*Deployment Plan:*",
        f"• *When:* {when_line(form)}",
        f"• *Duration:* ~{minutes(form.duration)}",
        f"• *Downtime:* {escape(form.downtime)}",
        f"• *Strategy:* {STRATEGIES[form.strategy]}",
        f"• *Rollback to:* {escape(form.rollback_target)}",
    )
    telling.say(*pre_deployment(form))
    telling.say(
        "*Monitoring:*",
        f"• Error rates: {escape(form.error_monitoring)}",
        f"• Performance: {escape(form.performance_monitoring)}",
    )
    telling.tell(Passage("*Infrastructure concerns:*", form.concerns))
    if release.unagreed:
        telling.say(*needs_agreement(release, event))
        return finished(telling, event, policy)
    telling.say(f"Will notify when complete.\n\nAny concerns with {clock_time(form.when, event.at)} timing?")
    telling.offer((RELEASE.step("confirm"), RELEASE.step("propose_time")))
    return finished(telling, event, policy, asked=True)


def needs_agreement(release: Release, event: Event) -> Iterator[str]:
    """What DevOps does not decide alone, and who is asked ("Decision Authority")."""
    yield "*Needs agreement:*"
    for name, roles in release.decisions.items():
        yield f"• {Decision(name).label}: {' and '.join(role.label for role in roles)}"
    for role, deputy in event.data.get("deputies", {}).items():
        yield f"Nobody holds the role {Role(role).label} here; {Role(deputy).label} is asked in its place."


def agree(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    agreement = Agreement.model_validate(event.data["agreement"])
    telling = begun(release, "🤝 *Agreed*")
    still = ", ".join(role.label for role in release.unagreed)
    telling.say(
        f"🤝 *Agreed* as {agreement.role.label} to the plan for {version(release)}.",
        f"Still awaited: {still}." if still else "",
    )
    at = f" with {clock_time(release.planned_at, event.at)} timing" if release.planned_at else ""
    return finished(telling, event, policy, ask="" if still else f"Any concerns{at}?")


def disagree(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    telling = begun(release, "✋ *Disagreed*")
    telling.tell(paragraph(f"✋ *Disagreed* with the plan for {version(release)}", event.data["reason"]))
    return finished(telling, event, policy, ask="Please plan it differently.")


def pre_deployment(form: PlanForm) -> tuple[str, ...]:
    return (
        "*Pre-deployment:*",
        f"• Database migrations: {escape(form.migrations)}",
        f"• Config changes: {escape(form.config_changes)}",
        f"• Cache clear: {escape(form.cache_clear)}",
    )


def reminded(release: Release, reminder: Reminder, policy: Service) -> Iterator[str]:
    """What helps whoever is to deploy now: what holds it back, the agreed time, and what to prepare; or what became of
    an order, or why a canary waits.
    """
    if reminder.step in ("pause_canary", "breach") and release.state == "canary_paused":
        yield orders.pause_line(release)
    if reminder.step == "promote":
        yield from not_by_itself(release, policy)
    if reminder.step == "order_told":
        yield from orders.alarm_lines(release)
    if reminder.step == "validated":
        yield from validation.reminded(release)
    yield from held_back(release)
    if reminder.kind != "due":
        return
    if release.planned_at:
        yield f"Planned for {both_zones(release.planned_at)}."
    if release.plan:
        yield "\n".join(pre_deployment(release.plan))


def propose_time(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    telling = begun(release, "🕓 *Another time proposed*")
    proposed = datetime.fromisoformat(event.data["when"])
    planned = f" instead of {clock_time(release.planned_at, event.at)}" if release.planned_at else ""
    telling.say(f"🕓 *Another time proposed*{planned}: {both_zones(proposed)}")
    telling.tell(paragraph("*Why:*", event.data["reason"]))
    return finished(
        telling, event, policy, ask=f"Please plan for {clock_time(proposed, event.at)}, or say what would work."
    )


def confirm(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    """QA agrees to the time; DevOps is reminded when it comes, so no button is needed here."""
    telling = begun(release, "👍 *Time agreed*")
    devops = call_awaited(release, policy, but=event.actor)
    agreed = f"{clock_time(release.planned_at, event.at)} works." if release.planned_at else "The time works."
    telling.say(
        f"{devops} {agreed}\n".lstrip(),
        f"I'll be online to run {escape(release.environment)} smoke test after deploy.",
        "Please ping me when ready to verify.",
    )
    if late := missed(release):
        telling.aside(late)
    return finished(telling, event, policy, asked=True)


def start(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    telling = begun(release, "🚚 *Deployment started*")
    until = f" Expected to finish by {utc(release.planned_end, day=False)}." if release.planned_end else ""
    until = "" if release.canary else until
    telling.say(
        f"🚚 *Deployment started*: {version(release)} (commit {code(event.data['commit'])})",
        f"Will notify when complete.{until}",
        orders.asked_line(release, event),
    )
    if event.data.get("override"):
        telling.tell(paragraph("⚠️ *Override:*", event.data["override"]))
        telling.tell(Passage("*Open on the checklist:*", tuple(event.data.get("open_items", ()))))
    telling.tell(Passage("⚠️ *Although:*", tuple(event.data.get("obstacles", ())), width=PARAGRAPH))
    telling.say(*canary_lines(release, policy))
    return finished(telling, event, policy)


def promote(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    """The canary's next share; with the last one all of the traffic is on the new version."""
    telling = begun(release, "🐤 *Canary promoted*")
    telling.say(
        f"🐤 *Canary promoted*: {version(release)}", *canary_lines(release, policy), orders.asked_line(release, event)
    )
    telling.say(orders.unordered_line(release, event, policy))
    if event.data["seen"]:
        telling.tell(paragraph("*What was seen:*", event.data["seen"]))
    if event.actor == CLOCK.id:
        seen = escape(", ".join(measured(release, policy)))
        telling.say(f"Its time is over, it was watched whole, and what is measured stayed quiet ({seen}).")
    return finished(telling, event, policy)


def pause_canary(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    """Why, and that whoever gives the traffic has to be held by hand."""
    telling = begun(release, "⏸️ *Canary paused*")
    telling.tell(paragraph(f"⏸️ *Canary paused*: {version(release)}", event.data["reason"]))
    telling.say(orders.pause_line(release))
    return finished(telling, event, policy)


def resume_canary(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    telling = begun(release, "▶️ *Canary goes on*")
    telling.tell(paragraph(f"▶️ *Canary goes on*: {version(release)}", event.data["reason"]))
    telling.say(*canary_lines(release, policy), orders.resume_line(release))
    return finished(telling, event, policy)


def withdraw(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    """Whoever was about to deploy is told not to; nobody else needs a call for a release that is no more."""
    telling = begun(release, "🚫 *Withdrawn*")
    telling.tell(paragraph(f"🚫 *Withdrawn*: {version(release)}", event.data["reason"]))
    telling.say(_stop(release, policy))
    return finished(telling, event, policy)
