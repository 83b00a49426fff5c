"""What is said in a release's thread from the deployment on (QA-DevOps dialogue, sections 2 and 5)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta

from bot.core.events import Event
from bot.core.policy import Service
from bot.core.release import RELEASE
from bot.core.release_forms import (
    DeployedForm,
    RollbackForm,
    RolledBackForm,
)
from bot.core.release_observation import ended_unseen, was_quiet
from bot.core.release_rules import Release
from bot.core.smoke_forms import SmokeForm, TestResult
from bot.core.words import is_none
from bot.messages import blocks
from bot.messages.generic import begun, finished, shown
from bot.messages.message import Said
from bot.messages.parts import (
    PARAGRAPH,
    Passage,
    Telling,
    both_zones,
    clock_time,
    form_of,
    in_minutes,
    minutes,
    paragraph,
    place,
    span,
    told_minutes,
    utc,
    version,
)
from bot.messages.people import call_awaited
from bot.messages.text import clip, escape, link, linked, mention_group, moment, visible
from bot.messages.watchers import UNWATCHED, planned, unmeasured

MOST_ROWS, CELL = 30, 120
"""Rows of a smoke test's table, and characters of a cell: far below what Slack takes, and about what a person reads."""

_GOOD = re.compile(r"(?i)^(healthy|applied|cleared|up|running|ok)\b")
_BAD = re.compile(r"(?i)^(unhealthy|not healthy|degraded|down|failed|failing|broken|error)\b")
_LINKED = re.compile(r"^(?P<name>[^:]{1,60}):\s*(?P<url>https?://\S+)$")


def _team(policy: Service) -> str:
    return f"{mention_group(policy.team_group)} " if policy.team_group else ""


# ── the deployment ───────────────────────────────────────────────────────────────────────────────────────────────────
def deployed(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    """The announcement to the team, with the request for the smoke test and the word that rollback is ready."""
    finished_at = datetime.fromisoformat(event.data["finished_at"])
    form = form_of(DeployedForm, event.data)
    telling = begun(release, f"🎉 *Deployed to {place(release)}*")
    telling.say(f"🎉 {_team(policy)}*Deployed to {place(release)}*: {version(release)}")
    telling.say(
        f"*Time:* {both_zones(finished_at)}",
        f"*Duration:* {told_minutes(form.duration)}",
        "*Status:* ✅ Success" if is_none(form.issues) else f"*Status:* ⚠️ Success, with issues: {escape(form.issues)}",
    )
    telling.tell(Passage("⚠️ *Although:*", tuple(event.data.get("obstacles", ())), width=PARAGRAPH))
    for passage in _deployment_details(form, event.at - finished_at):
        telling.tell(passage)
    telling.tell(Passage("⚠️ *Deployed while this was open on the checklist*", tuple(event.data.get("open_items", ()))))
    qa = call_awaited(release, policy, but=event.actor)
    saved = f": {escape(release.last_plan.rollback_target)}" if release.last_plan else ""
    telling.say(
        f"{qa} — Please run {escape(release.environment)} smoke test.".removeprefix(" — "),
        f"\nRollback ready if needed (previous version saved){saved}.",
    )
    telling.offer(RELEASE.buttons(release.state))
    return finished(telling, event, policy, asked=True)


def _deployment_details(form: DeployedForm, since: timedelta) -> Iterator[Passage]:
    further = (f"Database migration: {form.migration}", f"Cache: {form.cache}")
    yield Passage("*Deployment Details*", (*form.components, *further), dress=_marked)
    yield Passage("*Health Checks*", form.health_checks)
    yield Passage("*Monitoring*", form.monitoring, width=300, dress=_linked)
    after = f" ({round(since.total_seconds() / 60)} min post-deploy)" if since >= timedelta(minutes=1) else ""
    yield Passage(f"*Initial Metrics{after}*", form.metrics)


def _marked(line: str) -> str:
    """A component with its state, marked as the document does: "Backend: ✅ Healthy"."""
    name, colon, state = line.partition(":")
    words = state.strip()
    mark = "✅ " if _GOOD.match(words) else "❌ " if _BAD.match(words) else ""
    return f"{escape(name)}: {mark}{linked(words)}" if colon and words else linked(line)


def _linked(line: str) -> str:
    """A dashboard by its name: "Sentry: dashboard"."""
    match = _LINKED.match(line)
    return f"{escape(match['name'])}: {link(match['url'], 'dashboard')}" if match else linked(line)


# ── the smoke test and the watch ─────────────────────────────────────────────────────────────────────────────────────
def smoke_passed(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    until = datetime.fromisoformat(event.data["watch_until"])
    telling = begun(release, f"✅ *{place(release)} verified*")
    _tell_results(telling, form_of(SmokeForm, event.data))
    telling.say(f"✅ *{place(release)} verified.* Release {version(release)} successful!")
    telling.say(
        f"Continuing to monitor. Will alert if any anomalies in next {_coming(until - event.at)} "
        f"(until {utc(until, day=False)} · {moment(until, 'time')} your time)."
    )
    telling.say(*unmeasured(release, policy, event.at))
    return finished(telling, event, policy)


def _coming(length: timedelta) -> str:
    """A length of time that begins now: "2 hours", and "hour" for one."""
    return span(length).removeprefix("1 ") if length == timedelta(hours=1) else span(length)


def smoke_failed(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    telling = begun(release, "❌ *Smoke test failed*")
    telling.say(f"❌ *Smoke test failed*: {version(release)}")
    _tell_results(telling, form_of(SmokeForm, event.data))
    return finished(telling, event, policy)


def _tell_results(telling: Telling, form: SmokeForm) -> None:
    """The document's table, what failed first; all rows are in the thread where the table has no room for them."""
    results = sorted(form.rows, key=lambda result: result.passed)
    telling.say(f"*{place(telling.conversation)} Smoke Test Results:*")
    telling.blocks.append(blocks.table(("Test", "Result"), [_row(result) for result in results[:MOST_ROWS]]))
    if len(results) > MOST_ROWS or any(len(line) > CELL for line in form.results):
        telling.passages.append(Passage("*All results*", form.results, width=CELL))
        telling.aside("… all results in full in the thread")
    telling.say(f"*Duration:* {minutes(form.duration)}", f"*Issues found:* {escape(form.issues)}")


def _row(result: TestResult) -> tuple[str, str]:
    seen = f" ({clip(visible(result.detail), CELL)})" if result.detail else ""
    return clip(visible(result.name), CELL), f"{'✅ Pass' if result.passed else '❌ Fail'}{seen}"


def extend_watch(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    telling = begun(release, "👀 *Watch extended*")
    until = datetime.fromisoformat(event.data["watch_until"])
    telling.say(f"👀 *Watch extended* by {minutes(event.data['minutes'])}, until {both_zones(until)}")
    return finished(telling, event, policy)


def complete(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    """The closing words to the team, and how the release went."""
    telling = begun(release, "✅ *Complete and verified*")
    telling.say(f"✅ {_team(policy)}Perfect!\n\nRelease {version(release)} is complete and verified.")
    if event.data.get("summary"):
        telling.tell(paragraph("*Summary*", event.data["summary"]))
    telling.say(*_history(release, event))
    return finished(telling, event, policy)


def _history(release: Release, event: Event) -> Iterator[str]:
    verified, live = release.took("smoke_passed"), release.forms.get("deployed")
    if live:
        at = utc(datetime.fromisoformat(live["finished_at"]))
        yield f"*Deployed:* {','.join(part for part in (at, in_minutes(live['duration'])) if part)}"
    if verified:
        yield f"*Verified:* {utc(verified.at)} by {escape(verified.name)}"
        yield f"*Watched:* {_watched(release, event, span(event.at - verified.at))}"
        if event.data.get("watched") == []:
            yield from planned(release)


def _watched(release: Release, event: Event, how_long: str) -> str:
    """How long, and that it ended early, unseen, or quiet: one that was cut short says nothing of how it would have
    gone on.
    """
    until, titles, where = release.watch_until, event.data.get("watched"), escape(release.environment)
    if until and event.at < until:
        return f"{how_long}, and ended early (planned until {clock_time(until, event.at)})"
    if until and ended_unseen(release):
        ends = clock_time(until, event.at)
        return f"not to its end at {ends}: Greenlight was not running then. Please look at the dashboards"
    if titles == []:
        return f"{how_long}, by people alone: no monitor is configured, so Greenlight can't say how {where} was"
    if was_quiet(release):
        seen = f" ({escape(', '.join(titles))})" if titles else ""
        return f"{how_long}, and {where} stayed quiet{seen}"
    return f"{how_long}, though not all of that time was seen" if release.observation.was_blind else how_long


# ── the way back ─────────────────────────────────────────────────────────────────────────────────────────────────────
def roll_back(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    """The alarm is the rollback's own; here it is said why the release stops."""
    form = form_of(RollbackForm, event.data)
    severity = RollbackForm.asks()["severity"][0]
    says = RELEASE.step(event.step).says
    telling = begun(release, says)
    telling.say(
        f"{says}: {version(release)}",
        f"*Severity:* {shown(severity, form.severity)}",
        f"*Roll back to:* {escape(form.target)}" if form.target else "",
    )
    if form.issue:
        telling.tell(paragraph("*Issue:*", form.issue))
    elsewhere = event.data.get("rollback_channel", release.channel) != release.channel
    where = f" in <#{event.data['rollback_channel']}>" if elsewhere else ""
    telling.aside(f"It goes on in the rollback's own thread{where}; this release follows it.")
    return finished(telling, event, policy)


def rolled_back(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    form = form_of(RolledBackForm, event.data)
    telling = begun(release, "⏪ *Rolled back*")
    telling.say(
        f"⏪ *Rolled back*: {version(release)}",
        f"*Status:* {place(release)} now on {escape(form.version)}",
        f"*Duration:* {minutes(form.duration)}",
    )
    telling.tell(Passage("*Immediate check:*", form.checks))
    telling.say(f"Rollback successful. {place(release)} is stable.")
    telling.aside(UNWATCHED)
    return finished(telling, event, policy)
