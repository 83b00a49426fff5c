"""The page's API: what it reads, what people do through it, and the stream that tells it what happened."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from playground.page_api import Due, PageApi
from playground.slack.server import SlackServer
from tests.playground.tiny_app import MANIFEST, web_client

Json = dict[str, Any]
QUINN, DANA, RELEASES, RANDOM = "U0000000001", "U0000000002", "C0000000001", "C0000000002"


class HandClock:
    """A clock with one thing due, two hours on."""

    def __init__(self, clocks: Any) -> None:
        self._clocks = clocks
        self._due = clocks.now() + timedelta(hours=2)

    def now(self) -> datetime:
        moment: datetime = self._clocks.now()
        return moment

    async def next(self) -> Due | None:
        return Due(self._due, "Remind Dana") if self.now() < self._due else None

    async def advance(self, moment: datetime) -> None:
        self._clocks.wall = moment


@dataclass(frozen=True)
class Page:
    """What the page's scripts do, and the server behind it."""

    session: aiohttp.ClientSession
    server: SlackServer

    async def get(self, path: str, **query: str) -> Json:
        async with self.session.get(f"/playground/{path}", params=query) as answer:
            return {"status": answer.status, **(await answer.json())}

    async def post(self, path: str, **body: Any) -> Json:
        async with self.session.post(f"/playground/{path}", json=body) as answer:
            return {"status": answer.status, **(await answer.json())}


@pytest.fixture
async def page(clocks: Any) -> AsyncIterator[Page]:
    server = SlackServer(MANIFEST, now=clocks.now)
    server.workspace.add_person("quinn", "Quinn Avery")
    server.workspace.add_person("dana", "Dana Ortiz")
    server.workspace.add_group("qa-team", "QA", ["quinn"])
    server.workspace.add_channel("releases")
    server.workspace.add_channel("random", ["quinn"], with_bot=False)
    server.mount(PageApi(server, HandClock(clocks)).add_routes)
    await server.start()
    async with aiohttp.ClientSession(server.url) as session:
        yield Page(session, server)
    await server.stop()


async def test_the_workspace_is_shown_as_one_person_sees_it(page: Page) -> None:
    shown = await page.get("workspace", **{"as": DANA})
    assert [channel["name"] for channel in shown["channels"]] == ["releases"]
    assert shown["app"]["command_list"][0]["command"] == "/release"
    assert [entry["callback_id"] for entry in shown["app"]["message_shortcuts"]] == ["report"]
    assert shown["direct"][0]["with"] == shown["app"]["user_id"]
    assert shown["clock"]["next"]["what"] == "Remind Dana"
    assert shown["people"][0]["groups"] == [shown["groups"][0]["id"]]


async def test_a_person_writes_and_others_have_it_unread_until_they_read(page: Page) -> None:
    await page.post("message", **{"as": QUINN, "channel": RELEASES, "text": "hi @Dana Ortiz"})
    [channel] = (await page.get("workspace", **{"as": DANA}))["channels"]
    assert (channel["unread"], channel["mentions"]) == (1, 1)
    [message] = (await page.get("messages", **{"as": DANA, "channel": RELEASES}))["messages"]
    assert (message["username"], message["text"]) == ("Quinn Avery", f"hi <@{DANA}>")
    reply = {"as": DANA, "channel": RELEASES, "text": "yes", "thread_ts": message["ts"]}
    await page.post("message", **reply)
    thread = await page.get("thread", **{"as": QUINN, "channel": RELEASES, "ts": message["ts"]})
    assert [entry["text"] for entry in thread["messages"]] == [f"hi <@{DANA}>", "yes"]
    assert thread["messages"][0]["reply_count"] == 1
    await page.post("read", **{"as": DANA, "channel": RELEASES})
    [channel] = (await page.get("workspace", **{"as": DANA}))["channels"]
    assert (channel["unread"], channel["mentions"]) == (0, 0)


async def test_what_is_not_possible_is_answered_with_a_sentence(page: Page) -> None:
    root = (await page.post("message", **{"as": QUINN, "channel": RELEASES, "text": "root"}))["message"]["ts"]
    for path, body, sentence in [
        (
            "message",
            {"channel": RELEASES, "text": "/release x", "thread_ts": root},
            "/release is not supported in threads",
        ),
        ("message", {"channel": RELEASES, "text": ""}, "“text” is missing."),
        ("message", {"channel": RELEASES, "text": " "}, "There is nothing to send."),
        ("message", {"channel": "C9", "text": "x"}, "There is no such channel."),
        ("action", {"channel": RELEASES, "message_ts": "1.0", "action_id": "x"}, "That message is no longer there."),
        ("view/submit", {"view_id": "V1"}, "That view is no longer open."),
        ("shortcut", {"callback_id": "nope"}, "The app has no shortcut 'nope'."),
        ("invite", {"channel": RELEASES, "user": DANA}, "Dana Ortiz is already in #releases."),
        ("clock", {"at": "tomorrow"}, "Give the time as ISO 8601 with its offset."),
    ]:
        answer = await page.post(path, **{"as": QUINN, **body})
        assert (answer["status"], answer["error"]) == (400, sentence)
    assert (await page.get("messages", **{"as": DANA, "channel": RANDOM}))["error"] == "Dana Ortiz is not in #random."
    assert (await page.post("message", **{"as": "U9"}))["error"] == "There is nobody of that id to act as."


async def test_another_website_can_not_play(page: Page) -> None:
    headers = {"Origin": "https://evil.example"}
    body = {"as": QUINN, "channel": RELEASES, "text": "x"}
    async with page.session.post("/playground/message", json=body, headers=headers) as answer:
        assert answer.status == 403


async def test_the_clock_moves_to_the_next_thing_and_by_minutes(page: Page) -> None:
    assert (await page.post("clock", to="next"))["now"] == "2024-01-16T17:20:00+00:00"
    assert (await page.post("clock", to="next"))["status"] == 400
    assert (await page.post("clock", minutes=30))["now"] == "2024-01-16T17:50:00+00:00"
    assert (await page.post("clock", at="2024-01-16T18:00:00+00:00"))["now"] == "2024-01-16T18:00:00+00:00"


async def test_the_stream_tells_each_person_what_concerns_them(page: Page) -> None:
    server = page.server
    start = server.workspace.events.last_id
    client = web_client(server)
    await client.chat_postEphemeral(channel=RELEASES, user=QUINN, text="only you")
    ts = (await client.chat_postMessage(channel=RELEASES, text="card"))["ts"]
    await client.chat_update(channel=RELEASES, ts=ts, text="changed")
    await client.chat_delete(channel=RELEASES, ts=ts)
    wanted = ["ephemeral", "message", "unread", "message_changed", "message_deleted"]
    assert await stream(page, QUINN, start, until="message_deleted") == wanted
    assert await stream(page, DANA, start, until="message_deleted") == wanted[1:]


async def stream(page: Page, user: str, after: int, until: str) -> list[str]:
    """The names of what the stream tells, the inspector's items left out, up to one of them."""
    told: list[str] = []
    async with page.session.get("/playground/stream", params={"as": user, "after": str(after)}) as answer:
        assert answer.content_type == "text/event-stream"
        async for line in answer.content:
            word, _, rest = line.decode().strip().partition(": ")
            if word == "event" and rest != "traffic":
                told.append(rest)
            if word == "data" and told[-1:] == [until]:
                json.loads(rest)
                return told
    return told


async def test_a_command_that_fails_is_told_to_the_person_in_the_stream(page: Page) -> None:
    start = page.server.workspace.events.last_id
    page.server.connect("http://127.0.0.1:9/nobody")
    answer = await page.post("message", **{"as": QUINN, "channel": RELEASES, "text": "/release x"})
    assert answer["ok"] is False
    errors = [entry for entry in page.server.workspace.events.after(start, QUINN) if entry.event == "error"]
    assert errors[0].data == {"message": '/release failed with the error "dispatch_failed"'}
    assert not [entry for entry in page.server.workspace.events.after(start, DANA) if entry.event == "error"]
    [item] = (await page.get("traffic", after="0"))["items"]
    assert (item["kind"], item["status"], item["response"]) == ("/release", 0, "connection_failed")
    assert item["request"]["token"] == "(hidden)"


async def test_a_modal_is_played_through_the_page(page: Page, recorded_for_page: Any) -> None:
    server = page.server
    await page.post("message", **{"as": QUINN, "channel": RELEASES, "text": "/release approve"})
    view = {
        "type": "modal",
        "title": {"type": "plain_text", "text": "Form"},
        "submit": {"type": "plain_text", "text": "Send"},
        "blocks": [
            {
                "type": "input",
                "block_id": "version",
                "label": {"type": "plain_text", "text": "Version"},
                "element": {"type": "plain_text_input", "action_id": "value"},
            }
        ],
    }
    trigger_id = recorded_for_page[-1]["trigger_id"]
    opened = (await web_client(server).views_open(trigger_id=trigger_id, view=view))["view"]
    empty = await page.post("view/submit", **{"as": QUINN, "view_id": opened["id"], "state": {"values": {}}})
    assert empty["errors"] == {"version": "Please complete this required field."}
    state = {"values": {"version": {"value": {"type": "plain_text_input", "value": "v1"}}}}
    done = await page.post("view/submit", **{"as": QUINN, "view_id": opened["id"], "state": state})
    assert done["result"] == "closed"


@pytest.fixture
async def recorded_for_page(page: Page) -> AsyncIterator[list[Json]]:
    """An app that answers everything with an empty 200 and keeps what commands sent."""
    forms: list[Json] = []

    async def handle(request: web.Request) -> web.Response:
        forms.append(dict(await request.post()))
        return web.Response()

    application = web.Application()
    application.router.add_post("/", handle)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    page.server.connect(f"http://127.0.0.1:{runner.addresses[0][1]}/")
    yield forms
    await runner.cleanup()


async def test_the_pages_own_files_are_served_and_no_others(page: Page) -> None:
    async with page.session.get("/") as index:
        assert (index.status, index.headers["Cache-Control"]) == (200, "no-cache")
        assert "<!doctype html>" in (await index.text()).lower()
    for name in ("%2e%2e/page_api.py", "..%2fpage_api.py", "%2fetc/passwd", "js", "nothing.js"):
        async with page.session.get(URL(f"/page/{name}", encoded=True)) as answer:
            assert answer.status == 404, name
