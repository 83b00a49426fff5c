"""A hand that plays dialogues in the playground through the doors that people use: for its history and for stories."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from playground.slack.model import Message
from playground.slack.person import Person

if TYPE_CHECKING:
    from playground.run import Playground


class RefusedError(AssertionError):
    """A form was sent and came back with errors: by field, what the person reads."""

    def __init__(self, errors: dict[str, str]) -> None:
        super().__init__(f"the form was refused: {errors}")
        self.errors = errors


class Player:
    """Acts as any person, and waits each time until everything that follows has happened."""

    def __init__(self, playground: Playground) -> None:
        self.playground = playground

    def person(self, user: str) -> Person:
        return self.playground.slack.person(user)

    async def command(self, user: str, line: str, channel: str) -> None:
        """Type a slash command."""
        await self.person(user).command(line, channel)
        await self.playground.settled()

    async def mention(self, user: str, text: str, thread: Message, channel: str) -> None:
        """Type "@Greenlight …" in a thread."""
        await self.person(user).mention(text, channel, thread=thread)
        await self.playground.settled()

    async def step(self, user: str, channel: str, label: str, **answers: Any) -> None:
        """Click a button of the latest message that has it, and send its form if there are answers."""
        await self.click(user, self.message_with(user, channel, label), label)
        if answers:
            await self.send(user, **answers)

    async def click(self, user: str, message: Message, label: str) -> None:
        """Click a button, and say yes if it asks."""
        await self.person(user).click(message, label, confirm=_asks_first(message, label))
        await self.playground.settled()

    async def send(self, user: str, **answers: Any) -> None:
        """Fill the form that is open for a person by field name, and send it. RefusedError with its errors."""
        view = await self.person(user).opened()
        outcome = await view.fill(**{name: _typed(answer) for name, answer in answers.items()}).submit()
        await self.playground.settled()
        if outcome.result != "closed":
            raise RefusedError(dict(outcome.errors or {}))

    def message_with(self, user: str, channel: str, label: str) -> Message:
        """The latest card of a channel that has a button. Announcements keep the buttons of their moment."""
        person = self.person(user)
        for message in reversed([one for one in person.messages(channel) if one.thread_ts in (None, one.ts)]):
            if label in person.buttons_of(message):
                return message
        raise LookupError(f"no message in {channel} has the button {label!r}")


def _asks_first(message: Message, label: str) -> bool:
    """True if a message's button has a confirm dialog."""
    rows = (block["elements"] for block in message.blocks if block["type"] == "actions")
    return any(button["text"]["text"] == label and "confirm" in button for row in rows for button in row)


def _typed(answer: Any) -> Any:
    """A moment as the picker gives it; lists as lines."""
    if isinstance(answer, datetime):
        return int(answer.timestamp())
    if isinstance(answer, list):
        return "\n".join(answer)
    return answer
