"""Answers to questions: where a release stands, which are under way, what happened, what can be typed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from bot.core.authority import EMERGENCIES
from bot.core.dialogue import Dialogue, Step
from bot.core.dialogues import DIALOGUES
from bot.core.events import Event, Reminder
from bot.core.forms import QUOTING
from bot.core.policy import Service
from bot.core.roles import MACHINES, PIPELINE
from bot.core.rollback import ROLLBACK
from bot.messages import blocks
from bot.messages.limits import in_one
from bot.messages.message import Block, Message
from bot.messages.modals import modal
from bot.messages.overview import Overview
from bot.messages.references import STEP_ACTION, Reference
from bot.messages.refusals import notice
from bot.messages.text import bold, clip, code, escape, moment, one_line, units
from bot.messages.watchers import by_people

MOST_EVENTS, HISTORY = 60, 9_000
"""Lines of a history, and their characters; older ones are counted."""

MOST_LISTED = 20

SUBJECTS: Mapping[str, tuple[str, ...]] = {
    "rollback": ("request", "issue"),
    "escalation": ("raise", "situation", "details"),
    "freeze": ("freeze", "reason"),
    "environment_issue": ("report", "problem"),
    "environment_request": ("request", "what"),
}
"""By dialogue: the step and the fields that say what a conversation is about."""

LONGEST_SUBJECT = 120

TO_BE_DEPLOYED = ("awaiting_agreement", "awaiting_timing", "scheduled", "deploying")
"""The states in which a release's planned time is still of use."""

REASONS = ("reason", "text", "override", "details", "outcome")
"""The fields that say why a step was taken, as a history's line ends."""


def status(one: Overview, now: datetime) -> Message:
    """One conversation: its state, who is awaited, what comes next."""
    lines = [headline(one), *subject(one), *_details(one, now)]
    return in_one(Message(headline(one), (blocks.section("\n".join(lines)),)))


def headline(one: Overview) -> str:
    """One line: “v1.2.0 of Admin Logistic (production) is waiting for sign-offs”.

    A rollback's says that it is one: its release stands beside it under the same version.
    """
    it = one.conversation
    state = one.dialogue.state(it.state)
    sort = "Rollback: " if one.dialogue is ROLLBACK else ""
    name = f"{sort}{bold(it.version)}"
    return f"{state.emoji} {name} of {escape(one.policy.title)} ({escape(it.environment)}) is {escape(state.words)}"


def subject(one: Overview) -> tuple[str, ...]:
    """What it is about in one line, where a number alone names it: nobody knows ESC-1 by heart."""
    step, *fields = SUBJECTS.get(one.dialogue.name, ("",))
    told = one.conversation.forms.get(step, {})
    words = ": ".join(str(EMERGENCIES.get(told[name], told[name])) for name in fields if told.get(name))
    return (f"“{escape(clip(one_line(words), LONGEST_SUBJECT))}”",) if words else ()


def _details(one: Overview, now: datetime) -> list[str]:
    it = one.conversation
    asked = one.conversation.opened_by.startswith(PIPELINE)
    did = "opened" if one.dialogue.name != "release" else "asked for" if asked else "approved"
    lines = [f"Since {moment(it.since)} · {did} by {escape(_opener(one))}"]
    if people := [role.label for role in one.awaited if role not in MACHINES]:
        lines.append(f"Awaited: {escape(', '.join(people))}")
    planned, watched = getattr(it, "planned_at", None), getattr(it, "watch_until", None)
    if planned and it.state in TO_BE_DEPLOYED:
        lines.append(f"Planned for {moment(planned)}")
    if watched and it.state == "watching":
        lines.append(f"Watched{by_people(it, one.policy)} until {moment(watched)}")
    if one.reminder:
        lines.append(_next(one, one.reminder, now))
    if one.thread:
        lines.append(f"In <#{one.thread[0]}>, with all that was said in its thread")
    return lines


def _next(one: Overview, reminder: Reminder, now: datetime) -> str:
    label = escape(one.dialogue.step(reminder.step).label)
    late = " (late)" if reminder.due_at < now else ""
    told = {
        "tell": f"Next: word of “{label}”",
        "entry": f"Next: {escape(reminder.occasion.partition('@')[0])} of the release day",
        "nudge": f"Next: reminder to “{label}”",
        "escalation": f"Next: “{label}” goes up to the next role",
        "due": "Next: the agreed time",
        "step": f"Next: “{label}” by the clock",
    }
    return f"{told[reminder.kind]} {moment(reminder.due_at)}{late}"


def _opener(one: Overview) -> str:
    trail = one.conversation.trail
    return str(trail[0].name if trail else one.conversation.opened_by)


def listing(overviews: Sequence[Overview], now: datetime, dialogue: Dialogue[Any], services: Sequence[str]) -> Message:
    """What is under way in some services, a paragraph each."""
    if not overviews:
        where = escape(", ".join(services))
        return notice(f"No {dialogue.noun} of {where} is under way. `{dialogue.command} help` says how one begins.")
    shown = overviews[:MOST_LISTED]
    parts: list[Block] = [
        blocks.section("\n".join((headline(one), *subject(one), *_details(one, now)[:2]))) for one in shown
    ]
    if len(overviews) > len(shown):
        parts.append(blocks.context(f"… and {len(overviews) - len(shown)} more"))
    return in_one(Message(f"{len(overviews)} under way", tuple(parts)))


def history(one: Overview, events: Sequence[Event]) -> Message:
    """All that happened, a line each: when, what, who. Of a long one the latest, and how many came before."""
    lines: list[str] = []
    room = HISTORY
    for event in reversed(events[-MOST_EVENTS:]):
        line = _line(one, event)
        if (room := room - units(line) - 1) < 0:
            break
        lines.append(line)
    if earlier := len(events) - len(lines):
        lines.append(f"… and {earlier} earlier, told in the thread")
    lines.reverse()
    return in_one(Message(headline(one), (blocks.section(headline(one)), blocks.section("\n".join(lines) or "–"))))


def _line(one: Overview, event: Event) -> str:
    step = one.dialogue.step(event.step)
    reason = next((event.data[name] for name in REASONS if event.data.get(name)), "")
    # An entry of the release day is named: a history has several that are done or skipped.
    why = ": ".join(str(part) for part in (event.data.get("entry"), reason) if part)
    told = f" — {escape(clip(one_line(why), 80))}" if why else ""
    return f"{moment(event.at)}  *{escape(step.label)}* by {escape(event.name)}{told}"


def recorded(one: Overview) -> Message:
    """The private answer to a command that recorded something."""
    return notice(f"{headline(one)}.\nIts thread is in <#{one.conversation.channel}>.")


def validation_began(one: Overview) -> Message:
    """The private answer to `/release validate`: what began, and where its verdict comes."""
    it = one.conversation
    what = f"{bold(it.version)} of {escape(one.policy.title)} ({escape(it.environment)})"
    return notice(f"🧪 The validation of {what} has begun. Its results come in its thread in <#{it.channel}>.")


def help_message(commands: Sequence[tuple[str, str]], *dialogues: Dialogue[Any]) -> Message:
    """What can be typed: the command's words, and how steps are taken in a thread."""
    typed = "\n".join(f"`{escape(usage)}` {escape(does)}" for usage, does in commands)
    threads = [
        f"*In {dialogue.a_noun}'s thread* use its buttons, or mention me with a step: "
        + " ".join(f"`{step.name}`" for step in dialogue.steps if step.sources and step.by_people)
        for dialogue in dialogues
    ]
    how = (
        "Details follow as `field=value`, with quotes where a value has spaces. "
        "`help` there shows what is possible now."
    )
    here = {dialogue.command for dialogue in dialogues}
    elsewhere = dict.fromkeys(f"`{one.command} help`" for one in DIALOGUES.values() if one.command not in here)
    thread = "\n".join((*threads, how, f"What else there is: {', '.join(elsewhere)}."))
    return in_one(Message("What I understand", (blocks.section(f"*Commands*\n{typed}"), blocks.section(thread))))


def thread_help(dialogue: Dialogue[Any], state: str) -> Message:
    """What can be typed in a thread now, with each step's fields."""
    lines = ["`status` where it stands", "`help` this list"]
    for step in dialogue.open_steps(state):
        if step.by_people:
            usage = f": {step.form.typed_fields()}" if step.form else ""
            lines.append(f"`{step.name}` {escape(step.label)}{escape(usage)}")
    chunks = ["\n".join(lines[start : start + 4]) for start in range(0, len(lines), 4)]
    title = f"The {dialogue.noun} is {escape(dialogue.state(state).words)}. After a mention of me you can type:"
    return in_one(Message(title, (blocks.section(title), *map(blocks.section, chunks), blocks.context(QUOTING))))


def not_a_thread() -> Message:
    """The answer to a mention outside of a conversation's thread."""
    commands = dict.fromkeys(dialogue.command for dialogue in DIALOGUES.values())
    told = ", ".join(f"`{command} help`" for command in commands)
    return notice(
        "I follow mentions in the thread of a release or of another conversation of mine. `/release list` shows the "
        f"releases under way, and what else can be begun is told by {told}."
    )


def form_offer(step: Step, reference: Reference) -> Message:
    """A step was typed without all of its details: the button that opens its form, and how they are typed."""
    assert step.form is not None
    text = f"“{escape(step.label)}” needs its details."
    button = blocks.button(step.label, f"{STEP_ACTION}{step.name}", reference.write(), style="primary")
    usage = blocks.context(escape(step.form.usage()))
    return in_one(Message(text, (blocks.section(text), blocks.actions(button), usage)))


def secret_offer(step: Step, reference: Reference) -> Message:
    """Credentials were typed where others read: nothing was recorded, they must be changed, and the form is the way."""
    text = (
        "🔐 *Not here, please.* What you typed stands in the thread for all to read: delete that message, and change "
        "the credentials, since they are known now. Nothing was recorded.\n"
        f"“{escape(step.label)}” takes them in a form that only you see, and they go to the requester alone."
    )
    button = blocks.button(step.label, f"{STEP_ACTION}{step.name}", reference.write(), style="primary")
    return in_one(Message("🔐 Not here, please.", (blocks.section(text), blocks.actions(button))))


def opening_form(step: Step, reference: Reference, given: Mapping[str, Any], services: Sequence[Service]) -> Block:
    """The form that opens a conversation, where the service has to be asked for as well."""
    return modal(step, reference, given, services=services)


def steps_table(dialogue: Dialogue[Any]) -> str:
    """The dialogue's table as Markdown, every column. README holds it, and a test compares."""
    head = (
        "step",
        "button",
        "from",
        "to",
        "by",
        "form",
        "says",
        "heard in",
        "reminded after",
        "then goes up to",
        "asks first",
    )
    rows = [_row(step) for step in dialogue.steps]
    return "\n".join(
        (_cells(head), _cells(["---"] * len(head)), *(_cells(row) for row in rows)),
    )


def _cells(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") or " " for cell in cells) + " |"


def _row(step: Step) -> tuple[str, ...]:
    to = step.to if isinstance(step.to, str) else step.to.words
    by = ", ".join(role.value for role in step.by) if isinstance(step.by, tuple) else step.by.words
    fields = ", ".join(
        name if info.is_required() else f"[{name}]"
        for name, (_, info) in (step.form.asks() if step.form else {}).items()
    )
    return (
        code(step.name),
        step.label if step.button else "",
        ", ".join(step.sources) or "–",
        to,
        by or "everybody",
        fields,
        step.says.replace("*", ""),
        step.hears,
        _wait(step),
        step.wait.then.value if step.wait and step.wait.then else "",
        step.confirm,
    )


def _wait(step: Step) -> str:
    wait = step.wait
    if wait is None:
        return ""
    since = f" after `{wait.since}`" if wait.since else ""
    where = f" in {', '.join(wait.states)}" if wait.states else ""
    urgent = ", also in quiet hours" if wait.urgent else ""
    if wait.pressing:
        pressing = int(wait.pressing.after.total_seconds() // 60)
        urgent += f"; {pressing} min, also in quiet hours, where it is {wait.pressing.words}"
    minutes = int(wait.after.total_seconds() // 60)
    return (f"at `{wait.since}`" if since and not minutes else f"{minutes} min{since}") + where + urgent
