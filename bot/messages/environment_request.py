"""What is said about an environment that is needed: the head of its thread, and a message per step (QA-DevOps dialogue,
section 4). Of credentials nothing but whether they were shared; bot.messages.handover has the one message with them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from bot.core.environment_request import ENVIRONMENT_REQUEST, STANDING
from bot.core.environment_request_forms import ExtensionForm, PlanForm, ReadyForm, RequestForm
from bot.core.environment_request_rules import EnvironmentRequest
from bot.core.events import Event, Reminder
from bot.core.policy import Service
from bot.core.roles import Role
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
    named,
    paragraph,
    version,
)
from bot.messages.people import call, call_awaited
from bot.messages.text import bold, clip, escape, linked, moment, one_line
from bot.messages.tickets import ticket_line, ticket_opened, ticket_refused

TOLD_WHY = {"declined": "reason", "withdrawn": "reason"}


def title(request: EnvironmentRequest) -> str:
    """What the environment is called, as plain text: "Load Testing Environment"; its number where it has no name."""
    if not request.name:
        return request.version
    name = capital(request.name)
    return name if "environment" in name.casefold() else f"{name} Environment"


def _headline(request: EnvironmentRequest) -> str:
    heads = {
        "awaiting_plan": "📝 Environment Request: {title}",
        "preparing": "🛠️ Environment Request: {title}",
        "awaiting_acceptance": "✅ {title} Ready",
        "in_use": "🟢 {title} in use",
        "awaiting_retirement": "⏳ {title} nears its end",
        "declined": "🚫 Declined: {title}",
        "withdrawn": "🚫 Withdrawn: {title}",
        "retired": "🏁 Retired: {title}",
    }
    return heads[request.state].format(title=title(request))


def card(request: EnvironmentRequest, policy: Service) -> Message:
    """The head of a request's thread: what QA needs in the document's shape, and where it stands."""
    form, headline = request.request, _headline(request)
    telling = Telling(request, f"{escape(headline)} · {escape(policy.name)}")
    telling.blocks.append(blocks.header(headline))
    telling.aside(f"*{escape(policy.name)}* · {version(request)}{begun_by(request, 'asked for')}")
    telling.say(*_state_lines(request, policy))
    for passage in _contents(form):
        telling.tell(passage)
    needed = f" ({both_zones(form.needed_at)})" if form.needed_at else ""
    telling.say(f"*When needed:* {escape(form.needed_by)}{needed}", f"*Duration:* {_duration(request)}")
    if request.state in STANDING:
        telling.tell(_addresses(request.forms["ready"]["urls"]))
        telling.say(_credentials(request))
    telling.say(ticket_line(request))
    steps = ENVIRONMENT_REQUEST.buttons(request.state)
    telling.offer(step for step in steps if step.name != "extend" or request.until)
    return telling.message()


def _contents(form: RequestForm) -> tuple[Passage, ...]:
    return named("*What:*", form.what), named("*Why:*", form.why), Passage("*Requirements:*", form.requirements)


def _duration(request: EnvironmentRequest) -> str:
    words = request.request.duration or ""
    if request.until is None:
        return escape(words)
    return f"until {both_zones(request.until)}{f' ({escape(words)})' if words else ''}"


def _state_lines(request: EnvironmentRequest, policy: Service) -> Iterator[str]:
    state = ENVIRONMENT_REQUEST.state(request.state)
    yield f"{state.emoji} *{capital(state.words)}* · since {moment(request.since)}"
    if request.state == "preparing" and request.expected_at:
        yield f"🕓 Expected by {both_zones(request.expected_at)}"
    if request.state in ("in_use", "awaiting_retirement") and request.until:
        yield f"🕓 Agreed until {both_zones(request.until)}"
    if awaited := call_awaited(request, policy):
        yield f"👉 Awaited: {awaited}"
    if request.state in TOLD_WHY:
        act = request.trail[-1]
        why = request.forms[act.step][TOLD_WHY[request.state]]
        yield f"> {escape(clip(one_line(why), 250))} — {escape(act.name)}"


def _addresses(lines: Sequence[str]) -> Passage:
    """Where it is, once it is there."""
    return Passage("", tuple(lines), bullet="", width=300, dress=_address)


def _credentials(request: EnvironmentRequest) -> str:
    """Whether there are any and they were shared; nothing of what they are."""
    to = escape(request.trail[0].name)
    if request.share_by:
        return f"*Credentials:* not shared yet; they go to {to} alone, in a direct message"
    return f"*Credentials:* shared securely with {to} · {moment(request.shared_at)}" if request.shared_at else ""


def _address(line: str) -> str:
    """An address with its label in bold, as in "API URL: https://…"."""
    label, colon, address = line.partition(": ")
    if colon and "://" not in label:
        return f"{bold(f'{label}:')} {linked(address)}"
    return linked(line)


# ── the thread ───────────────────────────────────────────────────────────────────────────────────────────────────────
def request(it: EnvironmentRequest, event: Event, policy: Service) -> tuple[Said, ...]:
    """The card says it all; the thread gets what it had no room for."""
    del event, policy
    return Telling(it, "", passages=list(_contents(it.request))).rest()


def plan(it: EnvironmentRequest, event: Event, policy: Service) -> tuple[Said, ...]:
    form = form_of(PlanForm, event.data)
    telling = begun(it, "🛠️ *Planned*")
    telling.say("Good request. Can do this. 🛠️")
    telling.tell(Passage("*Plan:*", form.plan))
    expected = f" (by {both_zones(it.expected_at)})" if it.expected_at else ""
    telling.say(f"*Timeline:* {escape(form.timeline)}{expected}", f"*Access:* {escape(form.access)}")
    telling.tell(Passage("*Note:*", form.notes))
    telling.say("I'll ping when ready.")
    telling.offer((ENVIRONMENT_REQUEST.step("ready"),))
    return finished(telling, event, policy, asked=True)


def ready(it: EnvironmentRequest, event: Event, policy: Service) -> tuple[Said, ...]:
    form = form_of(ReadyForm, event.data)
    headline = f"✅ {title(it)} Ready"
    telling = begun(it, escape(headline))
    telling.say(f"✅ {bold(f'{title(it)} Ready')}")
    telling.tell(_addresses(form.urls))
    if form.secrets:
        to = escape(it.trail[0].name)
        telling.say(f"*Credentials:* being shared with {to} alone, in a direct message")
    telling.tell(Passage("*Database:*", form.data))
    telling.tell(Passage("*Limits:*", form.limits))
    people = call_awaited(it, policy, but=event.actor)
    telling.say(f"{people} — Let me know if you need adjustments.".removeprefix(" — "))
    telling.offer((ENVIRONMENT_REQUEST.step("accept"), ENVIRONMENT_REQUEST.step("adjust")))
    return finished(telling, event, policy, asked=True)


def share(it: EnvironmentRequest, event: Event, policy: Service) -> tuple[Said, ...]:
    telling = begun(it, "🔐 *Credentials: being shared*")
    telling.say(f"🔐 *Credentials:* being shared with {escape(it.trail[0].name)} alone, in a direct message")
    return finished(telling, event, policy, asked=True)


def shared(it: EnvironmentRequest, event: Event, _policy: Service) -> tuple[Said, ...]:
    """Said by Greenlight itself: to whom, when, and nothing of what."""
    telling = begun(it, "🔐 *Credentials shared*")
    telling.say(f"🔐 *Credentials:* shared securely with {escape(it.trail[0].name)}, in a direct message")
    telling.aside(moment(event.at, "time"))
    return telling.said()


def not_shared(it: EnvironmentRequest, event: Event, _policy: Service) -> tuple[Said, ...]:
    telling = begun(it, "⚠️ *Credentials could not be shared*")
    telling.say(
        f"⚠️ *Credentials:* the direct message did not reach {escape(it.trail[0].name)}. They were kept nowhere; "
        "“Share credentials” takes them again."
    )
    telling.offer((ENVIRONMENT_REQUEST.step("share"),) if it.state in ENVIRONMENT_REQUEST.step("share").sources else ())
    telling.aside(moment(event.at, "time"))
    return telling.said()


def accept(it: EnvironmentRequest, event: Event, policy: Service) -> tuple[Said, ...]:
    telling = begun(it, "✅ *Accepted*")
    ends = f"\nNeeded until {both_zones(it.until)}; I'll be asked before it ends." if it.until else ""
    telling.say(f"✅ Perfect! This is exactly what we need.\nThanks!{ends}")
    return finished(telling, event, policy)


def adjust(it: EnvironmentRequest, event: Event, policy: Service) -> tuple[Said, ...]:
    telling = begun(it, "🔧 *Adjustments needed*")
    telling.tell(Passage("🔧 *Adjustments needed:*", tuple(event.data["adjustments"])))
    return finished(telling, event, policy, ask="Please adjust it, and say when it is ready.")


def ask_end(it: EnvironmentRequest, event: Event, policy: Service) -> tuple[Said, ...]:
    """Both were asked privately: here it is said where everybody reads it, and calls nobody."""
    telling = begun(it, "⏳ *The agreed end comes*")
    until = both_zones(it.until) if it.until else "its agreed end"
    telling.say(f"⏳ {bold(title(it))} is agreed until {until}. Is it still needed? Extend it, or let it be retired.")
    telling.offer((ENVIRONMENT_REQUEST.step("extend"), ENVIRONMENT_REQUEST.step("retire")))
    return finished(telling, event, policy, asked=True)


def extend(it: EnvironmentRequest, event: Event, policy: Service) -> tuple[Said, ...]:
    form = form_of(ExtensionForm, event.data)
    telling = begun(it, "⏳ *Extended*")
    telling.say(f"⏳ *Extended* until {both_zones(form.until)}")
    if form.reason:
        telling.tell(paragraph("*Reason:*", form.reason))
    return finished(telling, event, policy)


def retire(it: EnvironmentRequest, event: Event, policy: Service) -> tuple[Said, ...]:
    """By DevOps it is gone; by QA it is no longer needed, and DevOps takes it down."""
    telling = begun(it, "🏁 *Retired*")
    if Role.DEVOPS.value in event.roles:
        telling.say(f"🏁 *Retired:* {escape(title(it))} is gone.")
    else:
        telling.say(f"🏁 *Retired:* {escape(title(it))} is no longer needed.")
        telling.say(f"{call(it, Role.DEVOPS, policy)} — Please take it down.")
    return finished(telling, event, policy)


def _ended(says: str) -> Callable[[EnvironmentRequest, Event, Service], tuple[Said, ...]]:
    """A step that ends the request, with its reason."""

    def teller(it: EnvironmentRequest, event: Event, policy: Service) -> tuple[Said, ...]:
        telling = begun(it, f"🚫 *{says}*")
        telling.tell(paragraph(f"🚫 *{says}:* {escape(title(it))}", event.data["reason"]))
        return finished(telling, event, policy)

    return teller


TELLERS: Mapping[str, Callable[[EnvironmentRequest, Event, Service], tuple[Said, ...]]] = {
    "request": request,
    "plan": plan,
    "ready": ready,
    "share": share,
    "shared": shared,
    "not_shared": not_shared,
    "accept": accept,
    "adjust": adjust,
    "ask_end": ask_end,
    "extend": extend,
    "retire": retire,
    "decline": _ended("Declined"),
    "withdraw": _ended("Withdrawn"),
    "ticket_opened": ticket_opened,
    "ticket_refused": ticket_refused,
}
"""The steps with words of their own; every other step is told from its row."""


def told(it: EnvironmentRequest, event: Event, policy: Service) -> tuple[Said, ...]:
    """What is said in the thread about a step; `it` is the conversation after it."""
    return TELLERS.get(event.step, generic)(it, event, policy)


def reminded(it: EnvironmentRequest, reminder: Reminder) -> Iterator[str]:
    """What helps the reader: which environment, and what was agreed about it."""
    form = it.request
    yield f"{bold(title(it))} — {escape(clip(one_line(form.what), 200))}"
    if it.state == "preparing" and it.expected_at:
        yield f"Expected by {both_zones(it.expected_at)}."
    if it.state in ("in_use", "awaiting_retirement") and it.until:
        yield f"Agreed until {both_zones(it.until)}."
    if reminder.step == "ask_end":
        yield "Is it still needed? Extend it, or let it be retired."
