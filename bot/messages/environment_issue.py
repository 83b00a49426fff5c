"""What is said about an environment in trouble: the head of its thread, and a message per step (QA-DevOps dialogue,
section 3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta

from bot.core.environment_issue import ENVIRONMENT_ISSUE
from bot.core.environment_issue_forms import URGENCIES, ReportForm, RestoreForm, UpdateForm
from bot.core.environment_issue_rules import EnvironmentIssue
from bot.core.events import Event, Reminder
from bot.core.policy import Service
from bot.messages import blocks
from bot.messages.generic import begun, finished, generic
from bot.messages.message import Message, Said
from bot.messages.parts import (
    Passage,
    Telling,
    begun_by,
    both_zones,
    capital,
    form_of,
    minutes,
    named,
    paragraph,
    place,
    rows,
    span,
    version,
)
from bot.messages.people import call_awaited
from bot.messages.text import clip, escape, moment, one_line
from bot.messages.tickets import blocked_work, ticket_line, ticket_opened, ticket_refused, works

HEADLINES: Mapping[str, str] = {
    "awaiting_investigation": "🔴 {place} Environment Issue: {version}",
    "investigating": "🔴 {place} Environment Issue: {version}",
    "awaiting_verification": "🟡 {place} restored: {version}",
    "closed": "✅ {place} working again: {version}",
    "withdrawn": "🚫 False alarm: {version}",
}


def card(issue: EnvironmentIssue, policy: Service) -> Message:
    """The head of an issue's thread: QA's report in the document's shape, and where it stands."""
    form = issue.report
    headline = HEADLINES[issue.state].format(place=capital(issue.environment), version=issue.version)
    telling = Telling(issue, f"{escape(headline)} · {escape(policy.name)}")
    telling.blocks.append(blocks.header(headline))
    telling.aside(f"*{escape(policy.name)}* · {place(issue)} · {version(issue)}{begun_by(issue, 'reported')}")
    telling.say(*_state_lines(issue, policy))
    for passage in _problem(form):
        telling.tell(passage)
    before = issue.opened_at - form.started
    ago = "just before it was reported" if before < timedelta(minutes=1) else f"~{span(before)} ago when reported"
    telling.say(f"*When started:* {ago} ({both_zones(form.started)})")
    for passage in _contents(form):
        telling.tell(passage)
    telling.say(_urgency(form))
    telling.tell(blocked_work(issue.blocked, policy))
    telling.say(ticket_line(issue))
    telling.say(*_also_open(issue))
    telling.blocks.extend(rows(issue, ENVIRONMENT_ISSUE.buttons(issue.state)))
    return telling.message()


def _problem(form: ReportForm) -> tuple[Passage, ...]:
    return (named("*Problem:*", form.problem),)


def _contents(form: ReportForm) -> tuple[Passage, ...]:
    return (
        named("*Impact:*", form.impact),
        Passage("*Symptoms:*", form.symptoms),
        Passage("*What I tried:*", form.tried),
        Passage("*Evidence:*", form.evidence),
    )


def _urgency(form: ReportForm) -> str:
    why = f" — {escape(form.urgency_reason)}" if form.urgency_reason else ""
    return f"*Urgency:* {URGENCIES[form.urgency]}{why}"


def _state_lines(issue: EnvironmentIssue, policy: Service) -> Iterator[str]:
    state = ENVIRONMENT_ISSUE.state(issue.state)
    yield f"{state.emoji} *{capital(state.words)}* · since {moment(issue.since)}"
    if issue.state == "investigating" and issue.expected_at:
        what = "ETA:" if issue.is_promised else "An update is expected by"
        yield f"🕓 {what} {both_zones(issue.expected_at)}"
    workaround = issue.forms.get("update", {}).get("workaround")
    if workaround and issue.state == "investigating":
        yield f"🩹 *Workaround:* {escape(clip(one_line(workaround), 250))}"
    if awaited := call_awaited(issue, policy):
        yield f"👉 Awaited: {awaited}"
    if issue.state in ("withdrawn", "investigating") and issue.trail[-1].step in ("withdraw", "still_broken"):
        act = issue.trail[-1]
        why = issue.forms[act.step]["reason"]
        yield f"> {escape(clip(one_line(why), 250))} — {escape(act.name)}"


def _also_open(issue: EnvironmentIssue) -> Iterator[str]:
    like = issue.forms["report"].get("also_open", [])
    if like and issue.state == "awaiting_investigation":
        yield f"_Open for {place(issue)} as well: {escape(', '.join(like))}_"


# ── the thread ───────────────────────────────────────────────────────────────────────────────────────────────────────
def report(issue: EnvironmentIssue, event: Event, policy: Service) -> tuple[Said, ...]:
    """The card says it all; the thread gets what it had no room for."""
    del event
    form, blocked = issue.report, blocked_work(issue.blocked, policy)
    return Telling(issue, "", passages=[*_problem(form), *_contents(form), blocked]).rest()


def investigate(issue: EnvironmentIssue, event: Event, policy: Service) -> tuple[Said, ...]:
    telling = begun(issue, "🔎 *Looking into it now*")
    telling.say("🔎 Looking into it now.")
    return finished(telling, event, policy)


def update(issue: EnvironmentIssue, event: Event, policy: Service) -> tuple[Said, ...]:
    """What was found: the first word of an investigation is its answer, the later ones are news."""
    form = form_of(UpdateForm, event.data)
    begins = issue.trail[-2].step == "report"
    telling = begun(issue, "🔎 *Looking into it now*" if begins else "🔎 *Update*")
    telling.say("🔎 Looking into it now." if begins else "🔎 *Update*")
    since = _short(event.at - issue.opened_at)
    cause = (f"Cause: {form.cause}",) if form.cause else ()
    is_first = [act.step for act in issue.trail].count("update") == 1
    heading = f"*Initial findings ({since}):*" if is_first else f"*Findings ({since}):*"
    telling.tell(Passage(heading, (*form.findings, *cause)))
    telling.tell(Passage("*Fix:*", form.fix))
    if form.workaround:
        telling.tell(paragraph("*Workaround:*", form.workaround))
    if form.eta is not None and issue.expected_at:
        telling.say(f"*ETA:* {minutes(form.eta)} ({both_zones(issue.expected_at)})")
    return finished(telling, event, policy)


def _short(length: timedelta) -> str:
    """A length of time as the document has it in brackets: "5 min"."""
    return span(length).replace("minutes", "min").replace("minute", "min")


def restore(issue: EnvironmentIssue, event: Event, policy: Service) -> tuple[Said, ...]:
    form = form_of(RestoreForm, event.data)
    telling = begun(issue, f"✅ *{place(issue)} restored*")
    telling.say(f"*Update:* {place(issue)} restored ✅")
    for heading, text in (("Root cause", form.root_cause), ("Fix", form.fix), ("Prevention", form.prevention)):
        telling.tell(named(f"*{heading}:*", text))
    return finished(telling, event, policy)


def still_broken(issue: EnvironmentIssue, event: Event, policy: Service) -> tuple[Said, ...]:
    telling = begun(issue, "❌ *Still broken*")
    telling.tell(paragraph(f"❌ *Still broken*: {version(issue)}", event.data["reason"]))
    return finished(telling, event, policy, ask="Please look into it again.")


def verify(issue: EnvironmentIssue, event: Event, policy: Service) -> tuple[Said, ...]:
    telling = begun(issue, "✅ *Verified*")
    goes_on = f"Continuing with {works(issue.blocked, policy)} testing." if issue.blocked else "Continuing testing."
    lasted = span(event.at - issue.opened_at)
    telling.say(f"Verified — {escape(issue.environment)} working again. ✅", f"{goes_on}\nThanks for quick resolution!")
    telling.aside(f"{version(issue)} was open for {lasted}")
    return finished(telling, event, policy)


def withdraw(issue: EnvironmentIssue, event: Event, policy: Service) -> tuple[Said, ...]:
    telling = begun(issue, "🚫 *False alarm*")
    telling.tell(paragraph(f"🚫 *False alarm*: {version(issue)}", event.data["reason"]))
    return finished(telling, event, policy)


TELLERS: Mapping[str, Callable[[EnvironmentIssue, Event, Service], tuple[Said, ...]]] = {
    "report": report,
    "investigate": investigate,
    "update": update,
    "restore": restore,
    "still_broken": still_broken,
    "verify": verify,
    "withdraw": withdraw,
    "ticket_opened": ticket_opened,
    "ticket_refused": ticket_refused,
}
"""The steps with words of their own; every other step is told from its row."""


def told(issue: EnvironmentIssue, event: Event, policy: Service) -> tuple[Said, ...]:
    """What is said in the thread about a step; `issue` is the conversation after it."""
    return TELLERS.get(event.step, generic)(issue, event, policy)


def reminded(issue: EnvironmentIssue, _reminder: Reminder) -> Iterator[str]:
    """What helps the reader: the problem, how urgent it is, and what was promised."""
    form = issue.report
    yield f"> {escape(clip(one_line(form.problem), 250))}"
    yield f"{place(issue)} · {_urgency(form)}"
    if issue.state == "investigating" and issue.is_promised and issue.expected_at:
        yield f"The ETA was {both_zones(issue.expected_at)}."
