"""What becomes of the private messages that reminded somebody once they ask for nothing any more: their buttons go.

It costs nobody a ping: a message that is changed (chat.update) is not told of, and the channel has no part in it.
"""

from __future__ import annotations

from bot.core.dialogue import Signers
from bot.core.dialogues import DIALOGUES
from bot.core.events import Conversation, Event, Outgoing, Reminder, over_key
from bot.store.interface import Asking, Transaction


def take_buttons_away(tx: Transaction, before: Conversation, event: Event, wanted: tuple[Reminder, ...]) -> None:
    """Enqueue a word for every private message that an event has answered, or whose moment it ended. What was not sent
    yet need not be sent any more, save what only tells. `wanted` are the conversation's reminders after the event;
    called before they are set.
    """
    kept = {(one.kind, one.step, one.stage, one.occasion) for one in wanted}
    title = DIALOGUES[event.dialogue].step(event.step).label
    for asking in tx.asking(event.conversation):
        if asking.kind == "tell":  # it told of something, and offered what was possible then
            is_past = event.stage != before.stage
        else:
            is_past = (asking.kind, asking.step, asking.stage, asking.occasion) not in kept
        is_over = is_past or _signed(asking, event)
        if is_over and (asking.kind == "tell" or not tx.withdraw(asking.key, event.at)):
            key, number = over_key(asking.key), event.number
            tx.enqueue(Outgoing(key, "direct", asking.person, title, (), event.conversation, event=number), event.at)


def _signed(asking: Asking, event: Event) -> bool:
    """Whether its reader has done what several are asked for, each for themself."""
    step = DIALOGUES[event.dialogue].step(event.step)
    is_asked = asking.kind == "tell" or asking.step == event.step
    return isinstance(step.by, Signers) and is_asked and asking.person == event.actor
