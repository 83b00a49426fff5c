"""The page's own API: a thin HTTP layer over what people can do, and a stream of what happens.

All answers are JSON; a 4xx answer is {"error": "plain sentence"}. `as` is the user id one acts as. There is no login:
it listens on loopback, and refuses calls from other origins so that no website can play with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from aiohttp import web

from playground.slack.app_events import home_opened
from playground.slack.model import Channel, User
from playground.slack.server import SlackServer
from playground.slack.shapes import Json, PersonError

PAGE = Path(__file__).parent / "page"
KEEP_ALIVE = 15.0
"""Seconds of silence after which the stream says that it still lives."""


@dataclass(frozen=True)
class Due:
    """What the clock can be moved on to."""

    at: datetime
    what: str


class ClockControl(Protocol):
    """The clock belongs to whoever started the playground; the page may read it and move it on."""

    def now(self) -> datetime: ...

    async def next(self) -> Due | None:
        """The next thing that will happen by itself, if anything is due."""

    async def advance(self, moment: datetime) -> None:
        """Move on to a moment, never back, and let what is due happen."""


Given = Mapping[str, Any]
"""Arguments, from a query or a body."""
Answer = Callable[[web.Request], Awaitable[Json]]


class PageApi:
    """Routes below /playground, and the page itself at / and /page/."""

    def __init__(self, server: SlackServer, clock: ClockControl | None = None, page: Path = PAGE) -> None:
        self._server = server
        self._workspace = server.workspace
        self._acts = server.interactions
        self._clock = clock
        self._page = page
        self._closing = False

    def add_routes(self, application: web.Application) -> None:
        """For `SlackServer.mount`."""
        readers: dict[str, Answer] = {
            "workspace": self._show_workspace,
            "messages": self._messages,
            "thread": self._thread,
            "home": self._home,
            "traffic": self._traffic,
        }
        writers: dict[str, Answer] = {
            "read": self._read,
            "message": self._message,
            "action": self._action,
            "shortcut": self._shortcut,
            "view/submit": self._submit,
            "view/close": self._close,
            "invite": self._invite,
            "clock": self._move_clock,
        }
        for name, answer in readers.items():
            application.router.add_get(f"/playground/{name}", _answering(answer))
        for name, answer in writers.items():
            application.router.add_post(f"/playground/{name}", _answering(answer))
        application.router.add_get("/playground/stream", self._stream)
        application.router.add_get("/", self._file)
        application.router.add_get("/page/{name:.+}", self._file)
        application.on_shutdown.append(self._let_go)

    # Reading ---------------------------------------------------------------------------------------------------

    async def _show_workspace(self, request: web.Request) -> Json:
        me = self._me(request.query) if request.query.get("as") else self._first_person()
        manifest = self._server.slack.manifest
        mine = [c for c in self._workspace.channels.values() if me.id in c.members and c.kind != "im"]
        direct = self._workspace.direct_channel(me.id)
        shortcuts = [
            (entry.type, {"callback_id": entry.callback_id, "name": entry.name, "description": entry.description})
            for entry in manifest.shortcuts
        ]
        commands = [
            {"command": entry.command, "usage_hint": entry.usage_hint, "description": entry.description}
            for entry in manifest.commands
        ]
        return {
            "team": {"id": self._workspace.team.id, "name": self._workspace.team.name},
            "app": {
                "user_id": self._workspace.bot.id,
                "name": self._workspace.bot.real_name,
                "command_list": commands,
                "messages_read_only": manifest.messages_tab_read_only,
                "global_shortcuts": [shown for kind, shown in shortcuts if kind == "global"],
                "message_shortcuts": [shown for kind, shown in shortcuts if kind == "message"],
            },
            "me": me.id,
            "people": [self._person_json(person) for person in self._workspace.people.values()],
            "groups": [
                {"id": group.id, "handle": group.handle, "name": group.name}
                for group in self._workspace.groups.values()
            ],
            "channels": [self._channel_json(me, channel) for channel in mine],
            "direct": [{**self._channel_json(me, direct), "with": self._workspace.bot.id}],
            "views": self._server.slack.views.stack(me.id),
            "clock": await self._clock_json(),
            "event_id": self._workspace.events.last_id,
        }

    async def _messages(self, request: web.Request) -> Json:
        me, channel = self._me_and_channel(request.query)
        if channel.kind == "im":
            home_opened(self._server.slack, me.id, "messages")
        conversations = self._workspace.conversations
        return {"messages": [conversations.page_json(message) for message in conversations.shown_in(channel.id)]}

    async def _thread(self, request: web.Request) -> Json:
        _, channel = self._me_and_channel(request.query)
        conversations = self._workspace.conversations
        thread = conversations.thread(channel.id, _given(request.query, "ts"))
        if not thread:
            raise PersonError("That thread is no longer there.")
        return {"messages": [conversations.page_json(message) for message in thread]}

    async def _home(self, request: web.Request) -> Json:
        return {"view": self._acts.open_home(self._me(request.query))}

    async def _traffic(self, request: web.Request) -> Json:
        return {"items": self._server.traffic.after(_number(request.query.get("after", "0")))}

    # Acting ----------------------------------------------------------------------------------------------------

    async def _read(self, request: web.Request) -> Json:
        given = await _body(request)
        me, channel = self._me_and_channel(given)
        self._workspace.conversations.mark_read(me.id, channel, given.get("thread_ts"))
        return {"ok": True}

    async def _message(self, request: web.Request) -> Json:
        given = await _body(request)
        me, channel = self._me_and_channel(given)
        outcome = await self._acts.write(me, channel, str(_given(given, "text")), given.get("thread_ts"))
        shown: Json = {"ok": outcome.error is None}
        if outcome.message:
            shown["message"] = self._workspace.conversations.page_json(outcome.message)
        return shown

    async def _action(self, request: web.Request) -> Json:
        given = await _body(request)
        me = self._me(given)
        if given.get("view_id"):
            values = given.get("state", {}).get("values", {})
            outcome = await self._acts.act_on_view(me, given["view_id"], given, values)
        else:
            channel = self._channel(given)
            outcome = await self._acts.act_on_message(me, channel, _given(given, "message_ts"), given)
        return {"ok": outcome.error is None}

    async def _shortcut(self, request: web.Request) -> Json:
        given = await _body(request)
        channel = self._channel(given) if given.get("channel") else None
        outcome = await self._acts.shortcut(
            self._me(given), _given(given, "callback_id"), channel, given.get("message_ts")
        )
        return {"ok": outcome.error is None}

    async def _submit(self, request: web.Request) -> Json:
        given = await _body(request)
        values = given.get("state", {}).get("values", {})
        return (await self._acts.submit(self._me(given), _given(given, "view_id"), values)).to_json()

    async def _close(self, request: web.Request) -> Json:
        given = await _body(request)
        await self._acts.close(self._me(given), _given(given, "view_id"))
        return {"ok": True}

    async def _invite(self, request: web.Request) -> Json:
        given = await _body(request)
        me, channel = self._me_and_channel(given, member=False)
        self._acts.invite(me, channel, _given(given, "user"))
        return {"ok": True}

    async def _move_clock(self, request: web.Request) -> Json:
        given = await _body(request)
        if self._clock is None:
            raise PersonError("The clock can't be moved here.")
        await self._clock.advance(await self._target(self._clock, given))
        shown = await self._clock_json()
        self._workspace.events.append("clock", shown)
        return shown

    async def _target(self, clock: ClockControl, given: Json) -> datetime:
        if given.get("to") == "next":
            due = await clock.next()
            if due is None:
                raise PersonError("Nothing is due; there is no next reminder to move on to.")
            return due.at
        if "minutes" in given:
            return clock.now() + timedelta(minutes=_number(given["minutes"]))
        try:
            moment = datetime.fromisoformat(_given(given, "at"))
        except (TypeError, ValueError):
            raise PersonError("Give the time as ISO 8601 with its offset.") from None
        if moment.tzinfo is None:
            raise PersonError("Give the time with its offset, such as 2024-01-16T15:20:00+00:00.")
        return moment

    # The stream ------------------------------------------------------------------------------------------------

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        """Server-sent events from `after` (or the header Last-Event-ID) on."""
        try:
            me = self._me(request.query)
            seen = _number(request.headers.get("Last-Event-ID") or request.query.get("after", "0"))
        except (PersonError, LookupError) as error:
            return web.json_response({"error": str(error)}, status=400)
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
        await response.prepare(request)
        with contextlib.suppress(ConnectionResetError):  # the page was closed, or is somebody else now
            await self._tell(response, me.id, seen)
        return response

    async def _tell(self, response: web.StreamResponse, me: str, seen: int) -> None:
        await response.write(b": welcome\n\n")
        while not self._closing:
            newest = self._workspace.events.last_id
            for entry in self._workspace.events.after(seen, me):
                line = f"id: {entry.id}\nevent: {entry.event}\ndata: {json.dumps(entry.data)}\n\n"
                await response.write(line.encode())
            seen = newest
            if newest != self._workspace.events.last_id:
                continue  # something happened while this was written
            try:
                async with asyncio.timeout(KEEP_ALIVE):
                    await self._workspace.events.changed()
            except TimeoutError:
                await response.write(b": still here\n\n")

    async def _let_go(self, _: web.Application) -> None:
        self._closing = True
        self._workspace.events.append("goodbye", {}, ())

    async def _file(self, request: web.Request) -> web.StreamResponse:
        """A file of the page, and nothing outside it. Browsers ask again each time, so that none is ever stale."""
        name = PurePosixPath(request.match_info.get("name", "index.html"))
        path = self._page / name
        if ".." in name.parts or name.is_absolute() or not await asyncio.to_thread(path.is_file):
            return web.Response(status=404, text="The page has no such file.")
        return web.FileResponse(path, headers={"Cache-Control": "no-cache"})

    # Shapes ----------------------------------------------------------------------------------------------------

    def _person_json(self, person: User) -> Json:
        return {
            "id": person.id,
            "name": person.name,
            "real_name": person.real_name,
            "title": person.title,
            "tz": person.tz,
            "avatar": person.avatar,
            "color": person.color,
            "deleted": person.deleted,
            "groups": self._workspace.groups_of(person.id),
        }

    def _channel_json(self, me: User, channel: Channel) -> Json:
        unread, mentions = self._workspace.conversations.unread(me.id, channel)
        return {
            "id": channel.id,
            "name": channel.name or self._workspace.bot.real_name,
            "topic": channel.topic,
            "is_private": channel.kind != "public",
            "is_archived": channel.is_archived,
            "bot_is_member": self._workspace.bot_is_in(channel),
            "members": sorted(channel.members),
            "unread": unread,
            "mentions": mentions,
            "last_ts": max((m.ts for m in self._workspace.conversations.in_order(channel.id)), default=None),
        }

    async def _clock_json(self) -> Json:
        if self._clock is None:
            return {"now": self._workspace.now().isoformat(), "next": None}
        due = await self._clock.next()
        following = {"at": due.at.isoformat(), "what": due.what} if due else None
        return {"now": self._clock.now().isoformat(), "next": following}

    # What the arguments point at -------------------------------------------------------------------------------

    def _me(self, given: Given) -> User:
        me = self._workspace.people.get(_given(given, "as"))
        if me is None:
            raise PersonError("There is nobody of that id to act as.")
        return me

    def _first_person(self) -> User:
        """Whom a page acts as that has not chosen anybody yet."""
        for person in self._workspace.people.values():
            return person
        raise PersonError("There is nobody in this workspace to act as.")

    def _channel(self, given: Given) -> Channel:
        channel = self._workspace.channels.get(_given(given, "channel"))
        if channel is None:
            raise PersonError("There is no such channel.")
        return channel

    def _me_and_channel(self, given: Given, *, member: bool = True) -> tuple[User, Channel]:
        me, channel = self._me(given), self._channel(given)
        if member and me.id not in channel.members:
            raise PersonError(f"{me.real_name} is not in #{channel.name}.")
        return me, channel


def _answering(answer: Answer) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """The answer as JSON, and what is not possible as a sentence."""

    async def handle(request: web.Request) -> web.StreamResponse:
        origin = request.headers.get("Origin")
        if origin and origin != f"{request.scheme}://{request.host}":
            return web.json_response({"error": "Only the playground's own page may do this."}, status=403)
        try:
            return web.json_response(await answer(request))
        except PersonError as error:
            return web.json_response({"error": str(error)}, status=400)

    return handle


async def _body(request: web.Request) -> Json:
    try:
        body = await request.json()
    except ValueError:
        raise PersonError("The body is not JSON.") from None
    if not isinstance(body, dict):
        raise PersonError("The body must be a JSON object.")
    return body


def _given(given: Given, name: str) -> str:
    value = given.get(name)
    if not isinstance(value, str) or not value:
        raise PersonError(f"“{name}” is missing.")
    return value


def _number(value: str | float) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise PersonError(f"{value!r} is not a whole number.") from None
