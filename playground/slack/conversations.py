"""Messages, threads, what only one person sees, and what each has read."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from playground.slack.mentions import EVERYBODY, mentioned
from playground.slack.model import Channel, Message
from playground.slack.shapes import Json

if TYPE_CHECKING:
    from playground.slack.workspace import Workspace

EPHEMERALS_KEPT = 200


class Conversations:
    """All that was said. Times are message timestamps, whose order as text is their order in time."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._messages: dict[str, dict[str, Message]] = defaultdict(dict)
        self._replies: dict[tuple[str, str], list[Message]] = defaultdict(list)
        self._ephemerals: dict[str, list[Message]] = defaultdict(list)
        self._read: dict[tuple[str, str, str | None], str] = {}

    # What is there -------------------------------------------------------------------------------------------

    def get(self, channel: str, ts: str) -> Message | None:
        return self._messages[channel].get(ts)

    def in_order(self, channel: str) -> Iterator[Message]:
        """Everything in a channel, replies too, oldest first."""
        return iter(self._messages[channel].values())

    def shown_in(self, channel: str) -> list[Message]:
        """What the channel itself shows: no replies, except those broadcast."""
        return [message for message in self.in_order(channel) if message.is_in_channel]

    def replies_to(self, channel: str, ts: str) -> list[Message]:
        return list(self._replies.get((channel, ts), ()))

    def thread(self, channel: str, ts: str) -> list[Message]:
        """The root and its replies; empty where there is no such root."""
        root = self.get(channel, ts)
        return [root, *self.replies_to(channel, ts)] if root else []

    def ephemerals_of(self, user_id: str) -> list[Message]:
        """What only this person saw, oldest first."""
        return self._ephemerals[user_id]

    def ephemeral(self, user_id: str, ts: str) -> Message | None:
        return next((message for message in self._ephemerals[user_id] if message.ts == ts), None)

    # What is said --------------------------------------------------------------------------------------------

    def add(self, message: Message) -> Message:
        """A message enters its channel. Its thread's root learns that it is one."""
        channel = self._workspace.channels[message.channel]
        self._messages[channel.id][message.ts] = message
        message.pings = frozenset(mentioned(message.text, message.blocks))
        if message.thread_ts and message.is_reply and (root := self.get(channel.id, message.thread_ts)):
            self._replies[channel.id, root.ts].append(message)
            root.thread_ts = root.ts
            self._tell("message_changed", root, channel)
        self._tell("message", message, channel)
        self._tell_unread(channel)
        return message

    def add_ephemeral(self, message: Message) -> Message:
        """A message that one person sees until they look again."""
        assert message.ephemeral_for
        message.pings = frozenset(mentioned(message.text, message.blocks))
        kept = self._ephemerals[message.ephemeral_for]
        kept.append(message)
        del kept[:-EPHEMERALS_KEPT]
        data = {"channel": message.channel, "message": self.page_json(message), "thread_ts": message.thread_ts}
        self._workspace.events.append("ephemeral", data, {message.ephemeral_for})
        return message

    def changed(self, message: Message) -> None:
        """Tell who sees it that a message now reads differently. A mention that comes in later notifies nobody."""
        channel = self._workspace.channels[message.channel]
        self._tell("message_changed", message, channel)

    def remove(self, message: Message) -> None:
        """A message disappears, for everybody or for the one who saw it."""
        channel = self._workspace.channels[message.channel]
        if message.ephemeral_for:
            self._ephemerals[message.ephemeral_for].remove(message)
            audience = {message.ephemeral_for}
        else:
            del self._messages[channel.id][message.ts]
            if message.is_reply and message.thread_ts:
                self._replies[channel.id, message.thread_ts].remove(message)
            audience = channel.members
        data = {"channel": channel.id, "ts": message.ts, "thread_ts": message.thread_ts}
        self._workspace.events.append("message_deleted", data, audience)
        root = self.get(channel.id, message.thread_ts) if message.is_reply and message.thread_ts else None
        if root:
            self._tell("message_changed", root, channel)

    # What is read --------------------------------------------------------------------------------------------

    def mark_read(self, user_id: str, channel: Channel, thread_ts: str | None = None) -> None:
        newest = max(self._messages[channel.id], default="0")
        self._read[user_id, channel.id, thread_ts] = newest
        self._tell_unread(channel, only=user_id)

    def unread(self, user_id: str, channel: Channel) -> tuple[int, int]:
        """How many messages a person has not read there, and how many of all, replies too, mention them."""
        mark = self._read.get((user_id, channel.id, None), "0")
        waiting = mentions = 0
        for message in self.in_order(channel.id):
            thread_mark = self._read.get((user_id, channel.id, message.thread_ts), "0") if message.is_reply else mark
            if message.user == user_id or message.ts <= max(thread_mark, mark if message.is_in_channel else "0"):
                continue
            waiting += message.is_in_channel
            mentions += channel.kind == "im" or self.mentions(user_id, message)
        return waiting, mentions

    def mentions(self, user_id: str, message: Message) -> bool:
        """Whether a message pings a person: by name, by group, or everybody."""
        return bool(message.pings & {user_id, *self._workspace.groups_of(user_id), *EVERYBODY})

    # How it is shown -----------------------------------------------------------------------------------------

    def json(self, message: Message, *, with_metadata: bool = False) -> Json:
        """Slack's message object, with the thread's counters on a root."""
        shown = message.to_json(self._workspace.team.id, with_metadata=with_metadata)
        if message.bot_id:
            shown["bot_profile"] = {
                "id": message.bot_id,
                "app_id": message.app_id,
                "name": self._workspace.bot.real_name,
                "team_id": self._workspace.team.id,
                "deleted": False,
            }
        replies = [] if message.is_reply else self.replies_to(message.channel, message.ts)
        if replies:
            users = list(dict.fromkeys(reply.user for reply in replies))
            shown |= {
                "reply_count": len(replies),
                "reply_users_count": len(users),
                "reply_users": users[:5],
                "latest_reply": replies[-1].ts,
                "is_locked": False,
                "subscribed": False,
            }
        return shown

    def page_json(self, message: Message) -> Json:
        """The same for the page, which also wants the author's name."""
        return {
            **self.json(message, with_metadata=True),
            "channel": message.channel,
            "username": self._workspace.name_of(message.user),
        }

    def _tell(self, event: str, message: Message, channel: Channel) -> None:
        audience = {message.ephemeral_for} if message.ephemeral_for else channel.members
        data = {"channel": channel.id, "message": self.page_json(message), "thread_ts": message.thread_ts}
        self._workspace.events.append(event, data, audience)

    def _tell_unread(self, channel: Channel, only: str | None = None) -> None:
        for user_id in [only] if only else sorted(channel.members & self._workspace.people.keys()):
            unread, mentions = self.unread(user_id, channel)
            data = {"channel": channel.id, "unread": unread, "mentions": mentions}
            self._workspace.events.append("unread", data, {user_id})
