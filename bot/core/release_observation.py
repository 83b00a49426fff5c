"""The watch's steps in a release: what refuses them, and how they change the conversation.

The table is bot.core.release, the forms are in bot.core.watch_forms.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from bot.core.dialogue import Consequence, Situation
from bot.core.events import Conversation, Event
from bot.core.observation import FIRING, Deployment, Observation, Standing, wanted
from bot.core.policy import Service
from bot.core.release_rules import Release, set_aside
from bot.core.roles import CLOCK
from bot.core.rollback_forms import DetailForm, RequestForm
from bot.core.rollback_rules import Rollback
from bot.errors import Refusal

WATCHED = ("canary", "canary_paused", "awaiting_smoke", "smoke_running", "watching", "awaiting_decision")
"""The states in which a release's signals are looked at, once it is deployed or a share of it is."""

LOOKED_AT = (*WATCHED, "rolling_back")
"""And while its rollback has not begun: production is on it as before, and whoever decides needs to know how it is."""

IN_TIME = timedelta(minutes=2)
"""What the clock does later than this was due while Greenlight was not running, and nobody watched."""


# ── what is watched ──────────────────────────────────────────────────────────────────────────────────────────────────
def deployment_of(release: Release) -> Deployment | None:
    """When a release went live, or its canary got its first share; None where it did not."""
    started, notice = release.took("start"), release.forms.get("deployed")
    if notice is None:
        return Deployment(started.at, started.at, whole=False) if started and release.canary else None
    ended = datetime.fromisoformat(notice["finished_at"])
    began = ended - timedelta(minutes=notice.get("duration") or 0)
    return Deployment(min(began, started.at) if started else began, ended)


def measured(release: Release, policy: Service) -> tuple[str, ...]:
    """The titles of what the watch sees of a release. Empty where no monitor is configured: people alone watch then."""
    signals = [signal.title for signal in wanted(policy.signals, release.approval, timedelta()).values()]
    alerts = (FIRING.title,) if policy.alertmanager else ()
    return tuple(dict.fromkeys((*signals, *alerts)))


def was_quiet(release: Release) -> bool:
    """Whether the watch of a completed release saw all of its time, and nothing that was beyond a limit."""
    seen, ended = release.observation, release.forms.get("complete", {})
    found = release.took("breach") or "alerted" in release.forms or seen.regressed or seen.was_warned
    # What was completed before this was kept had been watched as far as anybody knows.
    return not found and not seen.was_blind and ended.get("watched") != [] and not ended_unseen(release)


def ended_unseen(release: Release) -> bool:
    """Whether the watch's end came while Greenlight was not running: nobody can say then how it went."""
    act, until = release.took("complete"), release.watch_until
    if act is None or until is None or act.actor != CLOCK.id:
        return False
    return act.at - until > IN_TIME


def way_back(release: str, others: Iterable[Conversation]) -> Rollback | None:
    """The rollback of a release (by its conversation's id) among others that are open."""
    return next((one for one in others if isinstance(one, Rollback) and one.release == release), None)


def rollback_place(situation: Situation[Release]) -> dict[str, Any]:
    """The channel of the rollback that a release stops for, where one was asked for somewhere already."""
    back = way_back(situation.conversation.id, situation.surroundings.others)
    return {} if back is None else {"rollback_channel": back.channel}


# ── rules ────────────────────────────────────────────────────────────────────────────────────────────────────────────
def still_live(situation: Situation[Release]) -> None:
    """What is measured once the way back has begun is no longer the release's."""
    it = situation.conversation
    back = way_back(it.id, situation.surroundings.others) if it.state == "rolling_back" else None
    if back is not None and back.has_begun:
        raise Refusal(f"{it.version} is being rolled back; what is measured now is not its own.", since=back.since)


def is_news(situation: Situation[Release]) -> None:
    """A breach is told once: again only when it is worse, or after it had ended."""
    form = situation.move.form
    name, severity = getattr(form, "name", None), getattr(form, "severity", "")
    standing = situation.conversation.observation.breached.get(name) if name else None
    if standing and (standing.severity == "P0" or severity == "P1"):
        raise Refusal("This breach was told already.", since=standing.since)


def are_news(situation: Situation[Release]) -> None:
    """An alert is told once, until it is over, whoever hears of it first."""
    told = situation.conversation.observation.alerts
    if any(group.name in told for group in getattr(situation.move.form, "groups", ())):
        raise Refusal("This alert was told already.")


def not_silenced_yet(situation: Situation[Release]) -> None:
    """What is silenced already needs nobody to do it by hand."""
    until = situation.conversation.silenced_until
    if until is not None and until > situation.now:
        raise Refusal("The alerts that were expected are silenced.", since=until)


def stayed_quiet(situation: Situation[Release]) -> None:
    """The clock promotes no canary whose share was not watched whole, or not quiet: people may."""
    release, policy = situation.conversation, situation.policy
    if situation.move.actor.id != CLOCK.id:
        return
    if why := why_not_by_itself(release, policy):
        raise Refusal(f"{why}, so the canary is not promoted by itself.")
    until = release.canary_until
    if until is not None and situation.now - until > IN_TIME:
        why = "Its time ended while Greenlight was not running, and nobody watched: it is not promoted by itself."
        raise Refusal(why, since=until)


def why_not_by_itself(release: Release, policy: Service) -> str:
    """What keeps the clock from giving a canary its next share, in words; empty where nothing does."""
    seen, canary = release.observation, release.canary
    if not measured(release, policy):
        return "No monitor is configured, and nobody but people can see how it goes"
    if seen.blind:
        return f"The watch is blind ({', '.join(seen.blind)})"
    if canary is not None and canary.was_blind:
        return "The watch was blind for a part of this share's time"
    if seen.breached:
        return f"What was breached is not within its limit again ({', '.join(seen.breached)})"
    if seen.alerts:
        return f"Alerts are firing ({', '.join(seen.alerts)})"
    return ""


def measured_facts(situation: Situation[Release]) -> dict[str, Any]:
    """What was measured of a release, for who reads of its end."""
    return {"watched": list(measured(situation.conversation, situation.policy))}


# ── what follows ─────────────────────────────────────────────────────────────────────────────────────────────────────
def breach_facts(situation: Situation[Release]) -> dict[str, Any]:
    """Which rollback of the release is asked for already, how severe it is, and whether it waits for a decision."""
    back = way_back(situation.conversation.id, situation.surroundings.others)
    if back is None:
        return {}
    return {
        "rollback": back.id,
        "rollback_severity": back.severity,
        "undecided": back.state == "awaiting_decision",
    }


def breach_leads(release: Release, event: Event) -> tuple[Consequence, ...]:
    """P0 opens the rollback, with what was measured as its evidence. One that somebody asked for already is given the
    evidence, and waits for no decision where it is P0. A milder one adds nothing to what is P0 already.
    """
    told, is_p0 = event.data, event.data["severity"] == "P0"
    since = f"Since {datetime.fromisoformat(told['started_at']):%Y-%m-%d %H:%M} UTC"
    what = {"issue": f"{told['signal']}: {told['measured']} (limit {told['limit']})", "evidence": (since,)}
    if rollback := told.get("rollback"):
        detail = Consequence("rollback", "detail", DetailForm.model_validate(what), rollback)
        if told["rollback_severity"] == "P0":
            return (detail,) if is_p0 else ()
        raised = Consequence("rollback", "raise_severity" if told["undecided"] else "worsened", None, rollback)
        return (detail, raised) if is_p0 else (detail,)
    if not is_p0:
        return ()
    named = {"version": release.version, "environment": release.environment, "severity": "P0"}
    return (Consequence("rollback", "request", RequestForm.model_validate(named | what)),)


# ── effects ──────────────────────────────────────────────────────────────────────────────────────────────────────────
def _with(release: Release, observation: Observation) -> Release:
    return release.model_copy(update={"observation": observation})


def breached(release: Release, event: Event) -> Release:
    if event.data["severity"] == "P0":
        release = set_aside(release, event)
    name, seen = event.data.get("name"), release.observation
    if not name:
        return release
    standing = Standing(
        severity=event.data["severity"],
        since=datetime.fromisoformat(event.data["started_at"]),
        limit=event.data.get("threshold"),
    )
    return _with(release, seen.model_copy(update={"breached": {**seen.breached, name: standing}}))


def recovered(release: Release, event: Event) -> Release:
    seen = release.observation
    left = {name: standing for name, standing in seen.breached.items() if name != event.data["name"]}
    return _with(release, seen.model_copy(update={"breached": left}))


def blinded(release: Release, event: Event) -> Release:
    seen = release.observation
    blind = {row["name"]: row.get("note", "") for row in event.data["rows"]}
    return _unseen(_with(release, seen.model_copy(update={"blind": seen.blind | blind, "was_blind": True})))


def seeing(release: Release, event: Event) -> Release:
    seen, again = release.observation, {row["name"] for row in event.data["rows"]}
    left = {name: reason for name, reason in seen.blind.items() if name not in again}
    return _unseen(_with(release, seen.model_copy(update={"blind": left})))


def _unseen(release: Release) -> Release:
    """A canary's share, of which a part was not seen: also where it had begun blind, and is seen from now on."""
    return release.but(canary=release.canary.but(was_blind=True)) if release.canary else release


def regressed(release: Release, event: Event) -> Release:
    seen = release.observation
    return _with(release, seen.model_copy(update={"regressed": (*seen.regressed, event.data["name"])}))


def checked(release: Release, event: Event) -> Release:
    seen = release.observation
    if any(row.get("state", "normal") not in ("normal", "blind") for row in event.data["rows"]):
        release = _with(release, seen.model_copy(update={"was_warned": True}))
    return release.model_copy(update={"occasions": (*release.occasions, event.data["occasion"])})


def alerted(release: Release, event: Event) -> Release:
    seen = release.observation
    new = {group["name"]: group.get("severity", "") for group in event.data["groups"]}
    return _with(release, seen.model_copy(update={"alerts": seen.alerts | new}))


def over(release: Release, event: Event) -> Release:
    seen = release.observation
    left = {name: severity for name, severity in seen.alerts.items() if name not in event.data["names"]}
    return _with(release, seen.model_copy(update={"alerts": left}))


def silenced(release: Release, event: Event) -> Release:
    return release.but(silenced_until=datetime.fromisoformat(event.data["until"]))


def unsilenced(release: Release, event: Event) -> Release:
    del event
    return release.but(silenced_until=None)
