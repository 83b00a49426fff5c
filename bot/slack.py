"""The only caller of Slack's Web API (docs.slack.dev, "Methods").

Nothing is retried here: slack-sdk's own handlers would post twice after a broken connection, and sleep. Whoever calls
decides by the kind of error. Tokens and what is said are never logged.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import AsyncIterator, Mapping
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import aiohttp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient
from slack_sdk.web.async_slack_response import AsyncSlackResponse

from bot.errors import GreenlightError, TransientError
from bot.messages.message import Message
from bot.messages.text import escape
from bot.slack_errors import (
    AmbiguousError,
    AuthorizationError,
    RateLimitedError,
    UndeliverableError,
    from_answer,
)
from bot.slack_facts import Channel, Group, Identity, Posted, User

__all__ = [
    "AmbiguousError",
    "AuthorizationError",
    "Channel",
    "Group",
    "Identity",
    "Posted",
    "RateLimitedError",
    "Slack",
    "UndeliverableError",
    "User",
]

logger = logging.getLogger(__name__)

SLACK_API = "https://slack.com/api/"
METADATA_TYPE = "greenlight_message"
"""The event_type of every message's metadata; its event_payload holds the outbox key."""

TIMEOUT = 10.0
CONNECT_TIMEOUT = 4.0
"""Seconds. Shorter than the whole, so that a connection that was never made is known as one: nothing was sent."""

CONNECTIONS = 32
PAGE = 200
LOOKUP_PAGES = 5
NOT_OPENED = "Slack did not answer when I opened the form. If you see none, please try again; nothing was recorded."

CLOCKS_APART = timedelta(minutes=2)
"""Slack's clock stamps messages, ours says since when to look for one."""


class Slack:
    """Slack's Web API with this bot's token: typed calls over one shared session.

    Every call raises, unless it says otherwise, one of the errors of `bot.slack_errors`. It can be made without a
    running loop; the session is opened by the first call and ends with `close`.
    """

    def __init__(self, token: str, *, base_url: str = SLACK_API, timeout: float = TIMEOUT) -> None:
        quiet = logging.getLogger(f"{__name__}.sdk")
        # At DEBUG the SDK writes whole requests and answers into the log.
        quiet.setLevel(logging.WARNING)
        self.client = AsyncWebClient(token=token, base_url=base_url, logger=quiet, retry_handlers=[])
        if _is_this_machine(base_url):
            self.client.proxy = None
        self._timeout = aiohttp.ClientTimeout(total=timeout, connect=min(CONNECT_TIMEOUT, timeout / 2))
        self._closed = False
        self._direct: dict[str, str] = {}
        self.bot_user: str | None = None
        """The bot's own user id, once `identify` or a first post told it."""

    async def close(self) -> None:
        """Close the connections. Calls that come later raise TransientError."""
        self._closed = True
        if self.client.session is not None:
            await self.client.session.close()

    # Messages --------------------------------------------------------------------------------------------------

    async def post(
        self, channel: str, message: Message, *, key: str, thread_ts: str | None = None, broadcast: bool = False
    ) -> Posted:
        """Post into a channel, a thread, or to a person (a user id as channel). `key` can be searched for later."""
        payload: dict[str, Any] = {
            **_content(message),
            "channel": channel,
            "metadata": {"event_type": METADATA_TYPE, "event_payload": {"key": key}},
            "unfurl_links": False,
            "unfurl_media": False,
        }
        if thread_ts:
            payload |= {"thread_ts": thread_ts, "reply_broadcast": broadcast}
        answer = await self._write("chat.postMessage", payload)
        self.bot_user = self.bot_user or answer.get("message", {}).get("user")
        return Posted(answer["ts"], answer["channel"])

    async def update(self, channel: str, ts: str, message: Message) -> None:
        """Replace a message of ours: text and blocks; its metadata stays. `channel` may be a person's user id."""
        channel = await self._place(channel)
        blocks = {"blocks": list(message.blocks)}
        await self._write("chat.update", {**_content(message), **blocks, "channel": channel, "ts": ts})

    async def find_by_key(
        self, channel: str, thread_ts: str | None, key: str, since: datetime | None = None
    ) -> Posted | None:
        """The message that was posted with this key, if it is there: in the thread, or else in the channel.

        `channel` may be a person's user id. The latest thousand messages since `since` are looked at.
        """
        channel = await self._place(channel)
        params: dict[str, Any] = {"channel": channel, "include_all_metadata": True, "limit": PAGE}
        if since is not None:
            params["oldest"] = f"{(since - CLOCKS_APART).timestamp():.6f}"
        method = "conversations.history"
        if thread_ts:
            method, params = "conversations.replies", {**params, "ts": thread_ts}
        async for message in self._items(method, params, "messages", pages=LOOKUP_PAGES):
            if _key_of(message) == key:
                return Posted(message["ts"], channel)
        return None

    async def direct_channel(self, user: str) -> str:
        """The id (D…) of the direct messages between the bot and a person. It never changes, and is asked for once."""
        if user not in self._direct:
            answer = await self._write("conversations.open", {"users": user})
            self._direct[user] = str(answer["channel"]["id"])
        return self._direct[user]

    async def _place(self, channel: str) -> str:
        """Where messages are: only what posts takes a person for a place (docs.slack.dev, "chat.update")."""
        return await self.direct_channel(channel) if channel.startswith(("U", "W")) else channel

    # Private answers -------------------------------------------------------------------------------------------

    async def post_ephemeral(self, channel: str, user: str, message: Message, *, thread_ts: str | None = None) -> None:
        """Show a message to one person in a channel. Slack does not promise to; it is gone after a reload."""
        payload = {**_content(message), "channel": channel, "user": user}
        await self._write("chat.postEphemeral", payload | ({"thread_ts": thread_ts} if thread_ts else {}))

    async def answer_privately(
        self, message: Message, *, user: str, response_url: str = "", channel: str = "", thread_ts: str | None = None
    ) -> bool:
        """Tell one person something, in the nearest way that works: in the thread where they are, by the interaction's
        response_url (which answers in the channel: out of sight for whoever reads a thread on a phone), in an ephemeral
        message, a direct message. True if one did. Raises nothing.
        """
        if thread_ts and await self._whispered(channel, user, message, thread_ts):
            return True
        if response_url and await self._respond(response_url, message):
            return True
        if not thread_ts and await self._whispered(channel, user, message, None):
            return True
        try:
            await self._write("chat.postMessage", {**_content(message), "channel": user})
        except GreenlightError as error:
            logger.warning("no private answer: %s", error, extra={"action": "private_answer_failed"})
            return False
        return True

    async def _whispered(self, channel: str, user: str, message: Message, thread_ts: str | None) -> bool:
        """True if an ephemeral message could be shown there; direct messages have none."""
        if not channel or channel.startswith("D"):
            return False
        try:
            await self.post_ephemeral(channel, user, message, thread_ts=thread_ts)
        except GreenlightError as error:
            logger.info("no ephemeral answer: %s", error, extra={"action": "ephemeral_failed"})
            return False
        return True

    async def _respond(self, response_url: str, message: Message) -> bool:
        """Use a response_url (5 uses within 30 minutes: docs.slack.dev, "Handling user interaction")."""
        payload = {**_content(message), "response_type": "ephemeral", "replace_original": False}
        try:
            async with self._session().post(response_url, json=payload, proxy=self.client.proxy) as answer:
                if answer.status == 200:
                    return True
                # The address is a secret of its own and stays out of the log.
                logger.info("response_url answered %d", answer.status, extra={"action": "response_url_refused"})
        except (aiohttp.ClientError, TimeoutError, TransientError) as error:
            logger.info("response_url failed: %s", type(error).__name__, extra={"action": "response_url_failed"})
        return False

    # Views -----------------------------------------------------------------------------------------------------

    async def open_view(self, trigger: str, view: Mapping[str, Any]) -> None:
        """Open a modal; a trigger is good once and for three seconds (UndeliverableError after that)."""
        await self._write("views.open", {"trigger_id": trigger, "view": dict(view)})

    async def offer_view(self, trigger: str, view: Mapping[str, Any], user: str) -> bool:
        """Open a modal; where Slack does not, or the trigger's time has passed, tell the person what to do."""
        try:
            await self.open_view(trigger, view)
        except (UndeliverableError, TransientError) as error:
            logger.warning("no view opened: %s", error, extra={"action": "open_view_failed"})
            remedy = error.remedy if isinstance(error, UndeliverableError) else NOT_OPENED
            await self.answer_privately(Message(escape(remedy)), user=user)
            return False
        return True

    async def publish_home(self, user: str, view: Mapping[str, Any]) -> None:
        """Show a person's App Home."""
        await self._write("views.publish", {"user_id": user, "view": dict(view)})

    # People and places -----------------------------------------------------------------------------------------

    async def user(self, user_id: str) -> User:
        """An account, as Slack knows it now."""
        found = (await self._read("users.info", {"user": user_id}))["user"]
        profile = found.get("profile", {})
        # The full name, as the documents write people; a display name may be a nickname that a record should not hold.
        names = (profile.get("real_name"), found.get("real_name"), profile.get("display_name"), found.get("name"))
        return User(
            id=found["id"],
            name=next((name for name in names if name), found["id"]),
            zone=found.get("tz") or "",
            is_deactivated=bool(found.get("deleted")),
            is_guest=any(found.get(fact) for fact in ("is_restricted", "is_ultra_restricted", "is_stranger")),
            is_bot=bool(found.get("is_bot")),
        )

    async def group_members(self, group_id: str) -> tuple[str, ...]:
        """The user ids in a user group."""
        return tuple((await self._read("usergroups.users.list", {"usergroup": group_id}))["users"])

    async def groups(self) -> tuple[Group, ...]:
        """All enabled user groups."""
        found = (await self._read("usergroups.list", {}))["usergroups"]
        return tuple(Group(group["id"], group["handle"], group["name"]) for group in found)

    async def channel(self, channel_id: str) -> Channel:
        """A channel by id; UndeliverableError (channel_not_found) also for a private one without the bot."""
        return _channel((await self._read("conversations.info", {"channel": channel_id}))["channel"])

    async def channels(self) -> tuple[Channel, ...]:
        """All public channels, and the private ones that the bot is in."""
        params = {"types": "public_channel,private_channel", "limit": PAGE}
        return tuple([_channel(found) async for found in self._items("conversations.list", params, "channels")])

    async def auth_test(self) -> Identity:
        """Whom the token belongs to; its scopes are in the X-OAuth-Scopes header of every answer."""
        answer = await self._call("auth.test", payload={})
        scopes = answer.headers.get("X-OAuth-Scopes", "")
        return Identity(
            team=answer["team"] or "",
            team_id=answer["team_id"] or "",
            user_id=answer["user_id"] or "",
            bot_id=answer["bot_id"] or "",
            scopes=frozenset(scope.strip() for scope in scopes.split(",") if scope.strip()),
        )

    async def identify(self) -> None:
        """Learn the bot's own user id."""
        self.bot_user = (await self.auth_test()).user_id or self.bot_user

    # The way out -----------------------------------------------------------------------------------------------

    async def _items(
        self, method: str, params: Mapping[str, Any], key: str, pages: int | None = None
    ) -> AsyncIterator[dict[str, Any]]:
        """What a method lists, page by page (docs.slack.dev, "Pagination")."""
        cursor, page = "", 0
        while pages is None or page < pages:
            answer = await self._read(method, {**params, **({"cursor": cursor} if cursor else {})})
            for item in answer[key]:
                yield item
            cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
            page += 1
            if not cursor:
                return

    async def _write(self, method: str, payload: Mapping[str, Any]) -> dict[str, Any]:
        return _body(await self._call(method, payload=payload))

    async def _read(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        # Slack takes JSON only where something is written; aiohttp itself repeats a GET whose connection had gone.
        return _body(await self._call(method, params=params))

    async def _call(
        self, method: str, *, payload: Mapping[str, Any] | None = None, params: Mapping[str, Any] | None = None
    ) -> AsyncSlackResponse:
        """Call a method; its answer, which is ok. Raises one of the errors of `bot.slack_errors`."""
        self._session()
        try:
            if payload is not None:
                return await self.client.api_call(method, json=dict(payload))
            return await self.client.api_call(method, http_verb="GET", params=dict(params or {}))
        except SlackApiError as error:
            raise from_answer(method, error) from error
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError, aiohttp.ClientHttpProxyError) as error:
            raise TransientError(f"{method}: no connection to Slack ({type(error).__name__})") from error
        except (aiohttp.ClientError, TimeoutError) as error:
            raise AmbiguousError(f"{method}: the answer was lost ({type(error).__name__})") from error
        except AttributeError as error:
            # slack-sdk's check of an answer stumbles over a 200 in plain text, such as a proxy's page.
            raise AmbiguousError(f"{method}: the answer was not Slack's") from error

    def _session(self) -> aiohttp.ClientSession:
        """The one session, opened on first use because it belongs to the running loop."""
        if self._closed:
            raise TransientError("the connection to Slack is closed: Greenlight is stopping")
        session = self.client.session
        if session is None:
            connector = aiohttp.TCPConnector(limit=CONNECTIONS)
            session = aiohttp.ClientSession(timeout=self._timeout, connector=connector)
            self.client.session = session
        return session


def _is_this_machine(url: str) -> bool:
    """True for a Slack on this machine: a proxy of the environment can't reach it."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _content(message: Message) -> dict[str, Any]:
    content: dict[str, Any] = {"text": message.text}
    return content | {"blocks": list(message.blocks)} if message.blocks else content


def _body(answer: AsyncSlackResponse) -> dict[str, Any]:
    return answer.data if isinstance(answer.data, dict) else {}


def _key_of(message: Mapping[str, Any]) -> str | None:
    metadata = message.get("metadata") or {}
    if metadata.get("event_type") != METADATA_TYPE:
        return None
    key = metadata.get("event_payload", {}).get("key")
    return str(key) if key is not None else None


def _channel(found: Mapping[str, Any]) -> Channel:
    return Channel(
        id=found["id"],
        name=found.get("name", ""),
        is_private=bool(found.get("is_private")),
        is_archived=bool(found.get("is_archived")),
        is_member=bool(found.get("is_member")),
    )
