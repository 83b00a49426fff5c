"""Hands credentials to the one they are for: straight to Slack after the commit, and never through the store.

What goes wrong on the way leaves nothing behind: that the credentials did not arrive is recorded, and whoever gave them
is asked to give them again. After a restart in between it is as if they had not arrived.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from bot.conversations import Conversations, HandedOver
from bot.core.environment_request_forms import SharedForm
from bot.errors import GreenlightError, TransientError
from bot.messages.handover import handover
from bot.messages.message import Message
from bot.slack import Slack
from bot.slack_errors import AmbiguousError

logger = logging.getLogger(__name__)

ATTEMPTS = 5
PAUSE, LONGEST_PAUSE = 0.2, 20.0
"""Seconds between attempts where Slack does not name a time, doubled each time; and at most."""


class Handover:
    """Sends secrets to whoever opened a conversation, and records whether they arrived. Nothing it raises or logs says
    what they are.
    """

    def __init__(
        self, slack: Slack, conversations: Conversations, pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    ) -> None:
        self._slack = slack
        self._conversations = conversations
        self._pause = pause

    async def share(self, given: HandedOver) -> None:
        """Send what was given with a step, then take `shared` or `not_shared`. Raises Refusal where it can't be
        recorded, StoreBusyError where that has to wait; the credentials then count as not shared.
        """
        it = given.conversation
        arrived = True
        for name, secret in given.secrets.items():
            message = handover(it, given.giver.name, secret)
            arrived = arrived and await self._arrives(it.opened_by, message, f"{it.id}:{it.number}:{name}")
        outcome, form = ("shared", SharedForm(person=it.opened_by)) if arrived else ("not_shared", None)
        await self._conversations.record(it.id, outcome, form)
        logger.info("credentials of %s: %s", it.version, outcome, extra={"action": f"credentials_{outcome}"})

    async def _arrives(self, person: str, message: Message, key: str) -> bool:
        """Whether a message was taken by Slack, which is tried a few times and never knowingly twice."""
        pause = PAUSE
        for _ in range(ATTEMPTS):
            try:
                await self._slack.post(person, message, key=key)
            except AmbiguousError:
                if await self._is_there(person, key):
                    return True
            except TransientError as error:
                pause = error.retry_after or pause
            except GreenlightError as error:
                logger.warning("credentials not sent: %s", error, extra={"action": "credentials_refused"})
                return False
            else:
                return True
            await self._pause(min(pause, LONGEST_PAUSE))
            pause *= 2
        return False

    async def _is_there(self, person: str, key: str) -> bool:
        try:
            return await self._slack.find_by_key(person, None, key) is not None
        except GreenlightError:
            return False
