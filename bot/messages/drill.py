"""What is said of a drill: who was reached and how soon, who was not and why."""

from __future__ import annotations

from collections.abc import Iterator

from bot.core.drill import DRILLS, Drill, Mark
from bot.core.events import Event
from bot.core.policy import Service
from bot.messages import blocks
from bot.messages.generic import begun, finished, generic
from bot.messages.message import Message, Said
from bot.messages.parts import Telling, both_zones, capital, place, version
from bot.messages.text import clip, escape, moment

SIGNS = {"awaited": "⏳", "arrived": "✅", "missed": "❌"}
MOST_WORDS = 300


def card(drill: Drill, policy: Service) -> Message:
    """The head of a drill's thread: a line for each place."""
    state = DRILLS.state(drill.state)
    telling = Telling(drill, escape(f"{state.emoji} Drill {drill.version} of {policy.name}: {state.words}"))
    telling.blocks.append(blocks.header(f"{state.emoji} Drill {drill.version}: {policy.title}"))
    telling.aside(f"*{escape(policy.name)}* · {place(drill)} · who is told of trouble")
    telling.say(f"{state.emoji} *{capital(state.words)}* · since {moment(drill.since)}")
    telling.say(*_lines(drill))
    if not state.final and drill.ends_at:
        telling.say(f"What has not arrived by {both_zones(drill.ends_at)} is missing.")
    return telling.message()


def told(drill: Drill, event: Event, policy: Service) -> tuple[Said, ...]:
    """The card follows every arrival; the thread hears the end."""
    if event.step == "note":
        return generic(drill, event, policy)
    state = DRILLS.state(drill.state)
    if not state.final:
        return ()
    telling = begun(drill, f"{state.emoji} *{capital(state.words)}*")
    telling.say(f"{state.emoji} *{capital(state.words)}*", *_lines(drill))
    return finished(telling, event, policy)


def _lines(drill: Drill) -> Iterator[str]:
    for mark in drill.marks:
        yield f"{SIGNS[mark.outcome]} *{_title(mark)}*{_rest(mark)}"


def _title(mark: Mark) -> str:
    channel = mark.target.partition(":")[2]
    return f"{escape(mark.title)} <#{channel}>" if channel else escape(mark.title)


def _rest(mark: Mark) -> str:
    words = escape(clip(mark.words, MOST_WORDS))
    if mark.outcome == "arrived":
        return f": {words or 'it arrived'}, after {mark.seconds:.1f} s"
    return f": {words}" if words else ""


def tested(drill: Drill) -> Message:
    """What a channel hears."""
    text = (
        f"🧪 *Drill* {version(drill)} of {escape(drill.service)}: this tests who is told of trouble. Nothing is wrong."
    )
    return Message(text, (blocks.section(text), blocks.context(f"{place(drill)} · thread in <#{drill.channel}>")))
