"""What is said about a deployment that nobody announced: what was told of it, and where production can be seen."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.events import Event, Reminder
from bot.core.policy import Service
from bot.core.sightings import Phase
from bot.core.unannounced import PHASES, UNANNOUNCED, AppearForm, Unannounced
from bot.messages import blocks
from bot.messages.generic import generic
from bot.messages.message import Message, Said
from bot.messages.parts import Passage, Telling, both_zones, capital, form_of, named, place, rows, version
from bot.messages.people import call_awaited
from bot.messages.text import code, escape, link, moment

WHY = "*Why nobody knows of it:*"


def card(unannounced: Unannounced, policy: Service) -> Message:
    """The head of its thread: what is deployed, who told of it, and what is not known."""
    state, form = UNANNOUNCED.state(unannounced.state), form_of(AppearForm, unannounced.forms["appear"])
    headline = f"{state.emoji} Deployment nobody announced: {unannounced.version}"
    telling = Telling(unannounced, f"{escape(headline)} · {escape(policy.name)}")
    telling.blocks.append(blocks.header(headline))
    telling.aside(f"*{escape(policy.name)}* · {place(unannounced)} · {version(unannounced)}")
    awaited = call_awaited(unannounced, policy)
    telling.say(
        f"{state.emoji} *{capital(state.words)}* · since {moment(unannounced.since)}",
        f"👉 Awaited: {awaited} — {state.asks}" if awaited else "",
    )
    telling.say(*_what(unannounced, form))
    if form.said:
        telling.tell(named("*In its own words:*", form.said))
    telling.tell(named(WHY, form.why))
    for heading, told, known in (
        ("*Components*", form.components, policy.components),
        ("*Health Checks*", form.health, policy.health_checks),
    ):
        telling.tell(Passage(heading, told or tuple(f"{name}: not told" for name in known), width=300))
    dashboards = (f"{one.name}: {one.url}" for one in policy.monitoring)
    telling.tell(Passage("*Monitoring*", (*dashboards, *form.links), width=300))
    if not state.final:
        telling.aside(f"If it should not be there: `/rollback {escape(policy.name)}`")
    telling.blocks.extend(rows(unannounced, UNANNOUNCED.buttons(unannounced.state)))
    return telling.message()


def _what(unannounced: Unannounced, form: AppearForm) -> Iterator[str]:
    yield f"*Version or branch:* {escape(form.version) if form.version else 'not told'}"
    yield f"*Commit:* {code(form.commit) if form.commit else 'not told'}"
    yield f"*Deployed by:* {escape(form.by) if form.by else 'not told'}"
    at = f", {both_zones(unannounced.told_at)}" if unannounced.told_at else ""
    yield f"*It {PHASES[Phase(unannounced.phase)]}*, as {escape(form.source)} tells{at}"
    if form.link:
        yield link(str(form.link), f"See it at {form.source}")


def told(unannounced: Unannounced, event: Event, policy: Service) -> tuple[Said, ...]:
    """What is said in the thread about a step. The card, which is in the channel, says all of the first."""
    if event.step == "appear":
        why = form_of(AppearForm, event.data).why
        return Telling(unannounced, "", passages=[named(WHY, why)]).rest()
    return generic(unannounced, event, policy)


def reminded(unannounced: Unannounced, reminder: Reminder) -> Iterator[str]:
    """What a private message says of it."""
    del reminder
    form = form_of(AppearForm, unannounced.forms["appear"])
    what = form.version or form.commit or "Something"
    yield f"*{escape(what)}* was deployed to {escape(unannounced.environment)}, and nobody announced it."
