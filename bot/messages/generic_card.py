"""The head of a thread for a dialogue that has none of its own: from its table and the form that opened it."""

from __future__ import annotations

from bot.core.dialogues import DIALOGUES
from bot.core.events import Conversation
from bot.core.policy import Service
from bot.messages import blocks
from bot.messages.generic import tell_fields
from bot.messages.message import Message
from bot.messages.parts import Telling, capital, place, rows
from bot.messages.people import call_awaited
from bot.messages.text import escape, moment


def card(conversation: Conversation, policy: Service) -> Message:
    """What it is, where it stands, who is awaited, what was said when it was opened, and the steps that are open."""
    dialogue = DIALOGUES[conversation.dialogue]
    state = dialogue.state(conversation.state)
    headline = f"{state.emoji} {capital(dialogue.noun)} {conversation.version}"
    telling = Telling(conversation, f"{escape(headline)} · {escape(policy.name)}")
    telling.blocks.append(blocks.header(headline))
    telling.aside(f"*{escape(policy.name)}* · {place(conversation)}")
    awaited = call_awaited(conversation, policy)
    telling.say(
        f"{state.emoji} *{capital(state.words)}* · since {moment(conversation.since)}",
        f"👉 Awaited: {awaited}" if awaited else "",
    )
    opening = next(step for step in dialogue.steps if not step.sources)
    if opening.form:
        tell_fields(telling, opening.form, conversation.forms.get(opening.name, {}))
    telling.blocks.extend(rows(conversation, dialogue.buttons(conversation.state)))
    return telling.message()
