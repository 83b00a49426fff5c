"""What is said in an escalation: its card, who has acknowledged, how it ended."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.authority import EMERGENCIES, Emergency
from bot.core.escalation import ESCALATION
from bot.core.escalation_forms import EscalateForm, RaiseForm
from bot.core.escalation_rules import Acknowledgement, Escalation, reached
from bot.core.events import Conversation, Event, Reminder
from bot.core.policy import Service
from bot.core.roles import Role
from bot.messages import blocks
from bot.messages.generic import begun, finished, generic
from bot.messages.message import Message, Said
from bot.messages.parts import Passage, Telling, begun_by, capital, form_of, paragraph, place, rows, version
from bot.messages.people import call_awaited
from bot.messages.refusals import notice
from bot.messages.text import clip, escape, mention, moment, one_line


def card(escalation: Escalation, policy: Service) -> Message:
    """The head of its thread: the situation, what happened, who was told and who has acknowledged."""
    state = ESCALATION.state(escalation.state)
    headline = f"{state.emoji} {escalation.emergency}: {escalation.version}"
    telling = Telling(escalation, f"{escape(headline)} · {escape(policy.name)}")
    telling.blocks.append(blocks.header(headline))
    about = form_of(RaiseForm, escalation.forms["raise"]).about
    of = f" · about {escape(about)}" if about else ""
    telling.aside(f"*{escape(policy.name)}* · {place(escalation)}{of}{begun_by(escalation, 'raised')}")
    awaited = call_awaited(escalation, policy)
    telling.say(
        f"{state.emoji} *{capital(state.words)}* · since {moment(escalation.since)}",
        f"👉 Awaited: {awaited}" if awaited else "",
    )
    telling.tell(what_happened(escalation))
    telling.say("*Told*", *_told(escalation))
    telling.blocks.extend(rows(escalation, ESCALATION.buttons(escalation.state)))
    return telling.message()


def what_happened(escalation: Escalation) -> Passage:
    return paragraph("*What happened*", escalation.forms["raise"]["details"])


def _told(escalation: Escalation) -> Iterator[str]:
    heard = {one.role: one for one in escalation.acknowledgements}
    for role in escalation.told:
        one = heard.get(role)
        yield f"👀 {role.label}: {mention(one.person)} {moment(one.at, 'time')}" if one else f"⏳ {role.label}: awaited"
    for name in escalation.forms["raise"].get("nobody", ()):
        yield f"⚠️ Nobody holds the role {Role(name).label} here."


def told(escalation: Escalation, event: Event, policy: Service) -> tuple[Said, ...]:
    """What is said in the thread about a step."""
    match event.step:
        case "raise":
            return Telling(escalation, "", passages=[what_happened(escalation)]).rest()
        case "acknowledge":
            return _acknowledged(escalation, event, policy)
        case _:
            return generic(escalation, event, policy)


def _acknowledged(escalation: Escalation, event: Event, policy: Service) -> tuple[Said, ...]:
    heard = [Acknowledgement.model_validate(one).role.label for one in event.data["acknowledgements"]]
    still = ", ".join(role.label for role in escalation.unacknowledged)
    telling = begun(escalation, "👀 *Acknowledged*")
    telling.say(f"👀 *Acknowledged* as {' and '.join(heard)}.", f"Still awaited: {still}." if still else "")
    return finished(telling, event, policy, asked=True)


def reminded(escalation: Escalation, reminder: Reminder) -> Iterator[str]:
    """What a private message says of it: the situation, and what happened."""
    del reminder
    text = one_line(escalation.forms["raise"]["details"])
    yield f"*{escalation.emergency}*\n> {escape(clip(text, 600))}"
    if outcome := escalation.forms.get("handle", {}).get("outcome"):
        yield f"Handled: {escape(clip(one_line(outcome), 600))}"


def recorded(form: EscalateForm, policy: Service) -> Message:
    """The private answer to a command that escalated something."""
    roles, _ = reached(form.situation, policy)
    return notice(
        f"🚨 *{EMERGENCIES[form.situation.value]}* is escalated. Told at once: "
        f"{', '.join(role.label for role in roles)}."
    )


def escalated(conversation: Conversation, event: Event, policy: Service) -> tuple[Said, ...]:
    """In the thread of what it is about: the situation, and who is told."""
    roles, _ = reached(Emergency(event.data["situation"]), policy)
    telling = begun(conversation, "🚨 *Escalated*")
    heading = f"🚨 *Escalated*: {version(conversation)} · *{EMERGENCIES[event.data['situation']]}*"
    telling.tell(paragraph(heading, event.data["details"]))
    telling.say(f"Told at once: {', '.join(role.label for role in roles)}. Its escalation has a thread of its own.")
    return finished(telling, event, policy, asked=True)
