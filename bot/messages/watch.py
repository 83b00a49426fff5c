"""What the watch says: first metrics, checks, breaches, what is worse than before, and that it can't see (QA-DevOps
dialogue, section 2, "Initial Metrics"; release plan, "POST-DEPLOY ВЕРИФИКАЦИЯ").
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from bot.core.alerts import AlertGroup
from bot.core.events import Event
from bot.core.policy import Service
from bot.core.release_rules import Release
from bot.core.signals import Chart, Row, Unit, amount
from bot.core.watch_forms import (
    AlertedForm,
    BlindForm,
    BreachForm,
    MetricsForm,
    NotLiftedForm,
    NotSilencedForm,
    RecoveredForm,
    RegressedForm,
    SeesForm,
)
from bot.messages import blocks, orders
from bot.messages.generic import begun, finished
from bot.messages.message import Said
from bot.messages.parts import Passage, Telling, both_zones, form_of, place, span, version
from bot.messages.text import clip, code, escape, link, visible

MARKS = {"normal": "✅", "warning": "⚠️", "critical": "🔴", "P1": "🔴", "P0": "🚨", "blind": "🙈"}
UNITS = {
    Unit.PERCENT: "percent",
    Unit.SECONDS: "seconds",
    Unit.MILLISECONDS: "milliseconds",
    Unit.PER_SECOND: "per second",
    Unit.COUNT: "",
}


# ── metrics and checks ───────────────────────────────────────────────────────────────────────────────────────────────
def first_metrics(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    """The document's lines: "Error rate: 0.1% (normal)"."""
    form = form_of(MetricsForm, event.data)
    since = event.at - datetime.fromisoformat(release.forms["deployed"]["finished_at"])
    heading = f"📊 *Initial Metrics ({span(since)} post-deploy)*"
    telling = begun(release, heading)
    telling.tell(Passage(heading, tuple(map(_line, form.rows)), width=300, dress=escape))
    return finished(telling, event, policy)


def _line(row: Row) -> str:
    if row.state == "blind":
        return f"{row.title}: not known ({row.note.rstrip('.')})"
    mark = "" if row.state == "normal" else f"{MARKS.get(row.state, '')} "
    note = f", {row.note}" if row.note else ""
    limit = f", limit {row.limit}" if row.limit and row.state != "normal" else ""
    before = f"; {row.before} before" if row.before else ""
    return f"{row.title}: {mark}{row.value} ({row.state}{limit}{note}{before})"


def checked(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    """A check as a table: each signal now, before the deployment, and its limit."""
    form = form_of(MetricsForm, event.data)
    verdict = _verdict(form.rows)
    telling = begun(release, f"📊 *{place(release)} at {escape(form.occasion)}*: {verdict}")
    telling.say(f"📊 *{place(release)} at {escape(form.occasion)}*: {verdict}")
    head = ("Signal", "Now", "Before", "Limit", "State")
    telling.blocks.append(blocks.table(head, [_cells(row) for row in form.rows]))
    if notes := tuple(f"{row.title}: {row.note}" for row in form.rows if row.note):
        telling.tell(Passage("", notes, dress=escape, width=300))
    return finished(telling, event, policy)


def _verdict(rows: tuple[Row, ...]) -> str:
    """All in a few words; never "normal" where something was not seen."""
    blind = sum(row.state == "blind" for row in rows)
    worse = [row for row in rows if row.state not in ("normal", "blind")]
    told = [f"{len(worses)} {state}" for state in MARKS if (worses := [row for row in worse if row.state == state])]
    if blind:
        told.append(f"{blind} of {len(rows)} signals not known")
    return escape(", ".join(told) or f"{len(rows)} signals normal" if len(rows) > 1 or told else "its signal is normal")


def _cells(row: Row) -> tuple[str, ...]:
    state = "not known" if row.state == "blind" else row.state
    shown = (row.title, row.value, row.before, row.limit, f"{MARKS.get(row.state, '')} {state}")
    return tuple(clip(visible(text), 120) for text in shown)


# ── breaches and regressions ─────────────────────────────────────────────────────────────────────────────────────────
def breach(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    form = form_of(BreachForm, event.data)
    telling = begun(release, "🚨 *Rollback criterion breached*")
    telling.say(f"🚨 *Rollback criterion breached*: {version(release)}")
    telling.say(
        f"*Severity:* {escape(form.severity)}",
        f"*Signal:* {escape(form.signal)}",
        f"*Measured:* {escape(form.measured)}",
        f"*Limit:* {escape(form.limit)}",
        f"*Since:* {both_zones(form.started_at)}",
    )
    _draw(telling, form.chart)
    if release.state == "rolling_back":
        telling.say(_of_rollback(event))
    if release.state == "canary_paused":
        telling.say(orders.pause_line(release))
    return finished(telling, event, policy)


def _of_rollback(event: Event) -> str:
    """What becomes of the rollback by a breach."""
    if "rollback" not in event.data:
        return "A rollback is requested; it goes on in its own thread."
    if (event.data["severity"], event.data["rollback_severity"]) == ("P0", "P1"):
        return "The rollback that was asked for is P0 now, and needs no decision; it goes on in its own thread."
    return "The rollback that was asked for goes on in its own thread."


def regressed(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    form = form_of(RegressedForm, event.data)
    telling = begun(release, "📉 *Worse than before the deployment*")
    telling.say(f"📉 *Worse than before the deployment*: {escape(form.signal)} of {version(release)}")
    telling.say(
        f"*Before:* {escape(form.before)} (median)",
        f"*Now:* {escape(form.after)} (median)",
        f"*By chance with a probability of:* {escape(form.certainty)}",
    )
    _draw(telling, form.chart)
    telling.aside("No limit is crossed, so nothing is stopped. Please look into it.")
    return finished(telling, event, policy)


def recovered(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    form = form_of(RecoveredForm, event.data)
    telling = begun(release, "💚 *Within its limit again*")
    limit = f" (limit {escape(form.limit)})" if form.limit else ""
    telling.say(
        f"💚 *Within its limit again*: {escape(form.signal)}, {escape(form.measured)}{limit}, "
        f"since {both_zones(form.since)}"
    )
    if release.state == "rolling_back":
        telling.say("The rollback that was asked for still waits in its own thread, where it can be called off.")
    return finished(telling, event, policy)


# ── blindness ────────────────────────────────────────────────────────────────────────────────────────────────────────
def blind(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    form = form_of(BlindForm, event.data)
    telling = begun(release, "🙈 *The watch is blind*")
    telling.say(f"🙈 *The watch is blind* since {both_zones(form.since)}: {version(release)} is not watched for this.")
    telling.tell(Passage("", tuple(f"{row.title}: {row.note}" for row in form.rows), dress=escape, width=300))
    telling.aside("Please look at the dashboards until it sees again.")
    return finished(telling, event, policy)


def sees(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    form = form_of(SeesForm, event.data)
    telling = begun(release, "👀 *The watch sees again*")
    telling.tell(Passage("👀 *The watch sees again*", tuple(_seen(row) for row in form.rows), dress=escape, width=300))
    return finished(telling, event, policy)


def _seen(row: Row) -> str:
    return _line(row) if row.value else f"{row.title}: {row.note or 'measured again'}"


# ── alerts ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def alerted(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    """Each alert once, with how often it fires, since when, and its runbook."""
    form = form_of(AlertedForm, event.data)
    telling = begun(release, "🔔 *Alerts*")
    telling.say(f"🔔 *{'Alerts' if len(form.groups) > 1 else 'Alert'}* since the deployment of {version(release)}")
    for group in form.groups:
        telling.say(*_alert(group))
    return finished(telling, event, policy)


def _alert(group: AlertGroup) -> Iterator[str]:
    severity = f" ({escape(group.severity)})" if group.severity else ""
    times = f" × {group.count}" if group.count > 1 else ""
    runbook = f" · {link(group.runbook, 'runbook')}" if group.runbook else ""
    yield f"*{escape(group.name)}*{severity}{times}, since {both_zones(group.since)}{runbook}"
    yield escape(group.summary)


def not_silenced(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    """What rings now although it is expected, and what people do. It is tried on, and said when it is done."""
    form = form_of(NotSilencedForm, event.data)
    telling = begun(release, "🔔 *Expected alerts are not silenced*")
    telling.say(
        f"🔔 *Expected alerts are not silenced*: {escape(form.reason)}",
        "What this deployment causes may ring. It is tried again every minute; until then, please silence it in "
        "Alertmanager by hand, or tell whoever is on call.",
    )
    telling.tell(Passage("*Alerts that are expected:*", form.matchers, width=300, dress=code))
    return finished(telling, event, policy)


def not_lifted(release: Release, event: Event, policy: Service) -> tuple[Said, ...]:
    """What stays silent although it is not expected any more, and how long."""
    form, until = form_of(NotLiftedForm, event.data), release.silenced_until
    telling = begun(release, "🔕 *The silence is not lifted*")
    telling.say(
        f"🔕 *The silence is not lifted*: {escape(form.reason)}",
        # One that was set anew in a deployment that took longer ends later than the first one did.
        f"It ends by itself at {both_zones(until)}." if until and until > event.at else "It ends by itself.",
        "Until then such alerts stay silent although they are not expected any more. It is tried again every minute; "
        "please look at the dashboards, or lift it in Alertmanager by hand.",
    )
    return finished(telling, event, policy)


# ── charts ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def _draw(telling: Telling, chart: Chart | None) -> None:
    """A chart, and what it shows in words: not every client draws it, and not everybody sees it."""
    if chart is None:
        return
    points = [(label, value) for label, value in zip(chart.labels, chart.values, strict=True) if value is not None]
    if len(points) > 1:
        series = [(clip(chart.title, 20), [value for _, value in points])]
        if chart.limit is not None:
            series.append((clip(f"Limit {amount(chart.limit, chart.unit)}", 20), [chart.limit] * len(points)))
        labels = [label for label, _ in points]
        title = f"{clip(chart.title, 28)}, {chart.deployed} UTC" if chart.deployed else chart.title
        telling.blocks.append(blocks.line_chart(title, labels, series, UNITS[chart.unit]))
    if points:
        telling.aside(escape(" ".join(_in_words(chart, points))))


def _in_words(chart: Chart, points: list[tuple[str, float]]) -> Iterator[str]:
    moments = [label for label, _ in points]
    after = moments.index(chart.deployed) if chart.deployed in moments else 0
    begin, end = (moments[place].split(" ")[0] for place in (0, -1))
    yield f"{chart.title} from {begin} to {end} UTC:"
    if after:
        yield f"{_range(chart, points[:after])} before the deployment at {chart.deployed.split(' ')[0]},"
        yield f"{_range(chart, points[after:])} since."
    else:
        yield f"{_range(chart, points)}."
    if chart.limit is not None:
        yield f"The limit is {amount(chart.limit, chart.unit)}."


def _range(chart: Chart, points: list[tuple[str, float]]) -> str:
    values = [value for _, value in points]
    low, high = amount(min(values), chart.unit), amount(max(values), chart.unit)
    return low if low == high else f"{low} to {high}"
