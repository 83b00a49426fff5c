"""What is done about a message that Slack will not take: a person is told what to do, an alarm is heard elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial

from bot.clock import Clock
from bot.core.dialogues import DIALOGUES
from bot.core.events import Conversation, Outgoing, stand_in_key
from bot.core.policy import Service
from bot.core.roles import PIPELINE
from bot.core.rollback import ROLLBACK
from bot.messages.limits import fit
from bot.messages.refusals import raised_elsewhere, undelivered
from bot.messages.voices import VOICES
from bot.service import read_conversation
from bot.slack import Slack
from bot.slack_errors import UndeliverableError
from bot.store.interface import Posting, Store, Transaction


class Undelivered:
    """Tells whoever opened the conversation; the message is kept, and the home shows it.

    The head of a thread that was opened outside of the service's own channel is shown there meanwhile, with its
    buttons: an alarm from an incident channel that the bot was not invited to reaches those who roll back at once. It
    follows every step like a card, and says where the thread is once that has begun.
    """

    def __init__(self, store: Store, slack: Slack, policies: Mapping[str, Service], clock: Clock) -> None:
        self._store = store
        self._slack = slack
        self._policies = policies
        self._clock = clock

    async def tell(self, posting: Posting, error: UndeliverableError) -> None:
        """Do both."""
        outgoing = posting.message
        record = await self._store.read(lambda reader: reader.load(outgoing.conversation))
        if record is None or (outgoing.kind == "direct" and not _is_channel(outgoing.channel)):
            return
        conversation, policy = read_conversation(record), self._policies.get(record.service)
        shown = bool(policy) and outgoing.kind == "root" and DIALOGUES[record.dialogue].anywhere
        instead = ""
        if policy and shown and outgoing.channel != policy.channels[0]:
            await self._store.write(partial(_show, conversation=conversation, policy=policy, now=self._clock.now()))
            instead = policy.channels[0]
        if not conversation.opened_by.startswith(PIPELINE):
            noun = DIALOGUES[record.dialogue].noun + (" of" if record.dialogue == ROLLBACK.name else "")
            told = undelivered(noun, record.version, outgoing.channel, error.remedy, instead)
            await self._slack.answer_privately(told, user=conversation.opened_by)


def _is_channel(address: str) -> bool:
    """Channels of alerts hear of trouble; everything else that goes to one address is a private word."""
    return address.startswith(("C", "G"))


def _show(tx: Transaction, conversation: Conversation, policy: Service, now: datetime) -> None:
    card = VOICES[conversation.dialogue].card(conversation, policy)
    for index, part in enumerate(fit(raised_elsewhere(card, conversation.channel))):
        key = stand_in_key(conversation.id, index)
        # To one address, outside of the conversation's thread, which has no head yet.
        tx.enqueue(Outgoing(key, "direct", policy.channels[0], part.text, part.blocks, conversation.id), now)
