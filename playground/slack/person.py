"""People of the workspace as a test or a script plays them. Every act goes the way the page's acts go."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from playground.slack.choosing import (
    action_fields,
    named_element,
    require_confirmation,
    require_success,
)
from playground.slack.elements import placed_elements
from playground.slack.interaction import Interactions
from playground.slack.model import Channel, Message
from playground.slack.open_view import View
from playground.slack.shapes import Json, PersonError
from playground.slack.text import Reader

if TYPE_CHECKING:
    from playground.slack.model import User
    from playground.slack.state import Slack

PATIENCE = 5.0
Sought = str | Callable[[Message], bool]


class Person:
    """One person, bound to a server. Messages handed out are as they were at that moment."""

    def __init__(self, slack: Slack, interactions: Interactions, user: User) -> None:
        self._slack = slack
        self._workspace = slack.workspace
        self._interactions = interactions
        self._reader = Reader(slack.workspace)
        self.user = user

    @property
    def id(self) -> str:
        return self.user.id

    @property
    def name(self) -> str:
        return self.user.real_name

    # Acts ------------------------------------------------------------------------------------------------------

    async def command(self, line: str, channel: str = "#releases") -> None:
        """Type a slash command. Raises AppFailedError when Slack shows an error, PersonError when it isn't possible."""
        require_success(await self._interactions.write(self.user, self._workspace.channel(channel), line))

    async def says(self, text: str, channel: str = "#releases", *, thread: Message | str | None = None) -> Message:
        """Write a message, in a thread where one is given by one of its messages or its ts."""
        place, root_ts = self._place(channel, thread)
        outcome = await self._interactions.write(self.user, place, text, root_ts)
        require_success(outcome)
        assert outcome.message
        return outcome.message.snapshot()

    async def mention(self, text: str, channel: str = "#releases", *, thread: Message | str | None = None) -> Message:
        """Write to the app: "@Greenlight status", or "status" alone. The event is delivered when this returns."""
        name = f"@{self._workspace.bot.real_name}"
        message = await self.says(text if name in text else f"{name} {text}", channel, thread=thread)
        await self._slack.deliveries.settled()
        return message

    async def says_to_app(self, text: str) -> Message:
        """Write in the direct message channel with the app."""
        return await self.says(text, self._workspace.direct_channel(self.id).id)

    async def click(
        self,
        message: Message | str,
        action: str,
        *,
        choose: Any = None,
        confirm: bool = False,
    ) -> None:
        """Click a button by its label or action_id, or choose in a select by its action_id or placeholder.

        `message` is a message or its ts; a message handed out earlier is clicked as it looked then. Where the
        element has a confirm dialog `confirm=True` must say that it is accepted. Raises AppFailedError, PersonError.
        """
        shown = message if isinstance(message, Message) else self.message(message)
        placed = named_element(shown.blocks, action)
        require_confirmation(placed, confirm=confirm)
        given = action_fields(self._slack, placed, choose)
        channel = self._workspace.channels[shown.channel]
        require_success(await self._interactions.act_on_message(self.user, channel, shown.ts, given))

    async def shortcut(self, name: str, message: Message | str | None = None) -> None:
        """Use a shortcut by its name or callback_id, on a message where it is a message shortcut."""
        known = {entry.name: entry.callback_id for entry in self._slack.manifest.shortcuts}
        callback_id = known.get(name, name)
        if message is None:
            require_success(await self._interactions.shortcut(self.user, callback_id))
            return
        shown = message if isinstance(message, Message) else self.message(message)
        channel = self._workspace.channels[shown.channel]
        require_success(await self._interactions.shortcut(self.user, callback_id, channel, shown.ts))

    async def invite_app(self, channel: str) -> None:
        """Bring the app into a channel."""
        self._interactions.invite(self.user, self._workspace.channel(channel), self._workspace.bot.id)
        await self._slack.deliveries.settled()

    async def open_home(self) -> Json | None:
        """Open the App Home; what it shows now. What the app publishes afterwards is in `home`."""
        view = self._interactions.open_home(self.user)
        await self._slack.deliveries.settled()
        return self._slack.views.home(self.id) or view

    # Views -----------------------------------------------------------------------------------------------------

    @property
    def view(self) -> View:
        """The modal on top. Raises PersonError where none is open."""
        stack = self._slack.views.stack(self.id)
        if not stack:
            raise PersonError(f"{self.name} has no view open")
        return View(self._slack, self._interactions, self.user, stack[-1]["id"])

    @property
    def views_open(self) -> int:
        return len(self._slack.views.stack(self.id))

    @property
    def home(self) -> View | None:
        """The App Home as last published."""
        view = self._slack.views.home(self.id)
        return View(self._slack, self._interactions, self.user, view["id"]) if view else None

    async def opened(self, title: str = "", *, timeout: float = PATIENCE) -> View:  # noqa: ASYNC109 - told in the failure's sentence
        """Wait for a modal (with such words in its title) and take it."""

        def found() -> View | None:
            if not self.views_open:
                return None
            view = self.view
            return view if title in view.title else None

        return await self._workspace.events.until(found, timeout, f"{self.name} sees a view {title!r}")

    # What is seen ----------------------------------------------------------------------------------------------

    def messages(self, channel: str) -> list[Message]:
        """What a channel shows this person, oldest first. Replies are in their threads."""
        place = self._workspace.channel(channel)
        if self.id not in place.members:
            raise PersonError(f"{self.name} is not in #{place.name}.")
        return [message.snapshot() for message in self._workspace.conversations.shown_in(place.id)]

    def thread(self, root: Message | str) -> list[Message]:
        """A root and its replies, by one of its messages or its ts."""
        shown = root if isinstance(root, Message) else self.message(root)
        found = self._workspace.conversations.thread(shown.channel, shown.thread_ts or shown.ts)
        return [message.snapshot() for message in found]

    @property
    def ephemerals(self) -> list[Message]:
        """What only this person saw, oldest first."""
        return [message.snapshot() for message in self._workspace.conversations.ephemerals_of(self.id)]

    @property
    def direct_messages(self) -> list[Message]:
        """The direct message channel with the app, replies too."""
        channel = self._workspace.direct_channel(self.id)
        return [message.snapshot() for message in self._workspace.conversations.in_order(channel.id)]

    def everything(self) -> list[Message]:
        """All messages this person can see anywhere, those only for them too, in the order they were sent."""
        return [message.snapshot() for message in self._visible()]

    def message(self, ts: str) -> Message:
        """The message as it is now, by ts. Raises PersonError where this person sees none."""
        for message in self._visible():
            if message.ts == ts:
                return message.snapshot()
        raise PersonError(f"{self.name} sees no message {ts}")

    def _visible(self) -> list[Message]:
        conversations = self._workspace.conversations
        mine = [channel.id for channel in self._workspace.channels.values() if self.id in channel.members]
        found = [message for channel in mine for message in conversations.in_order(channel)]
        return sorted([*found, *conversations.ephemerals_of(self.id)], key=lambda message: message.ts)

    def unread(self, channel: str) -> tuple[int, int]:
        """Unread messages and mentions in a channel."""
        return self._workspace.conversations.unread(self.id, self._workspace.channel(channel))

    def text_of(self, message: Message) -> str:
        """A message as the plain text a person reads."""
        return self._reader.message(message.text, message.blocks)

    def buttons_of(self, message: Message) -> list[str]:
        """The labels of a message's buttons, in reading order."""
        return [
            placed.element["text"]["text"]
            for placed in placed_elements(message.blocks)
            if placed.element["type"] == "button"
        ]

    async def sees(
        self,
        sought: Sought,
        channel: str | None = None,
        *,
        timeout: float = PATIENCE,  # noqa: ASYNC109 - told in the failure's sentence
    ) -> Message:
        """Wait for a message: the newest whose text holds the words, or of which the function is true.

        Looks everywhere this person can see (threads, direct and ephemeral messages), or in one channel.
        """
        place = self._workspace.channel(channel).id if channel else None

        def fits(message: Message) -> bool:
            return sought in self.text_of(message) if isinstance(sought, str) else sought(message)

        def found() -> Message | None:
            candidates = (m for m in reversed(self._visible()) if place in (None, m.channel))
            return next((message.snapshot() for message in candidates if fits(message)), None)

        return await self._workspace.events.until(found, timeout, f"{self.name} sees {sought!r}")

    def _place(self, channel: str, thread: Message | str | None) -> tuple[Channel, str | None]:
        if thread is None:
            return self._workspace.channel(channel), None
        shown = thread if isinstance(thread, Message) else self.message(thread)
        return self._workspace.channels[shown.channel], shown.thread_ts or shown.ts
