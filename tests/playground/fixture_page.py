"""A workspace for looking at the page: people, a release card, a thread, a table, modals with every input.

`python tests/playground/fixture_page.py 8700` serves it for a look by hand.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from slack_bolt.async_app import AsyncApp
from slack_sdk.web.async_client import AsyncWebClient

from playground.page_api import Due, PageApi
from playground.slack.server import SlackServer
from tests.playground.fixture_blocks import (
    CARD,
    EVERY_INPUT,
    GALLERY,
    HOME,
    MANIFEST,
    SMALL_STEP,
    SMOKE,
    button,
    mrkdwn,
    section,
)
from tests.playground.tiny_app import bolt_app, serving, web_client

Json = dict[str, Any]
START = datetime(2024, 1, 16, 15, 20, tzinfo=UTC)


class Clock:
    """A clock that stands until it is moved, with one reminder waiting."""

    def __init__(self) -> None:
        self.moment = START
        self.due: list[Due] = [Due(START + timedelta(minutes=40), "Time to deploy v1.2.0")]

    def now(self) -> datetime:
        return self.moment

    async def next(self) -> Due | None:
        return self.due[0] if self.due else None

    async def advance(self, moment: datetime) -> None:
        self.moment = max(self.moment, moment)
        self.due = [due for due in self.due if due.at > self.moment]


@dataclass(frozen=True)
class Fixture:
    """What a test holds: the server, its clock, and the messages it may look for."""

    server: SlackServer
    clock: Clock
    card: str
    actions: list[Json]
    submitted: list[Json]

    def person(self, name: str) -> str:
        return self.server.workspace.person(name).id

    def channel(self, name: str) -> str:
        return self.server.workspace.channel(name).id


def populate(server: SlackServer) -> None:
    workspace = server.workspace
    workspace.add_person("quinn", "Quinn Avery", title="QA Engineer", tz="UTC")
    workspace.add_person("dana", "Dana Ortiz", title="DevOps Engineer", tz="Europe/Berlin")
    workspace.add_person("teo", "Teo Lind", title="Tech Lead", tz="America/New_York")
    workspace.add_person("priya", "Priya Raman", title="Product Manager")
    workspace.add_person("rosa", "Rosa Weber", title="Release Manager")
    workspace.add_group("qa-team", "QA", ["quinn"])
    workspace.add_group("devops", "DevOps", ["dana"])
    workspace.add_channel("releases", topic="What ships, when, and whether it went well")
    workspace.add_channel("incidents", topic="Production is on fire")
    workspace.add_channel("random", with_bot=False)
    workspace.add_channel("gallery", topic="One of each block")
    workspace.add_channel("release-leads", ["quinn", "teo", "rosa"], private=True)


def app_of(server: SlackServer, actions: list[Json], submitted: list[Json]) -> AsyncApp:
    """What the fixture's app does: opens a modal, refuses one version, answers privately, changes its card."""
    app = bolt_app(server)
    add_forms(app, submitted)
    add_buttons(app, actions)
    add_entrances(app, actions)
    return app


def add_forms(app: AsyncApp, submitted: list[Json]) -> None:
    @app.command("/release")
    async def release(ack: Any, command: Json, client: AsyncWebClient) -> None:
        if command["text"].startswith("approve"):
            await client.views_open(trigger_id=command["trigger_id"], view=EVERY_INPUT)
            await ack()
        else:
            await ack("*Only you* can read this: `v1.2.0` waits for <!subteam^S0000000002|@devops>.")

    @app.view("approve")
    async def approved(ack: Any, view: Json) -> None:
        values = view["state"]["values"]
        if values["version"]["value"]["value"] == "v1.1.0":
            await ack(response_action="errors", errors={"version": "v1.1.0 was rolled back. Approve a later version."})
            return
        submitted.append(values)
        await ack()

    @app.view("small_step")
    async def small_step(ack: Any) -> None:
        await ack(response_action="push", view={**SMALL_STEP, "title": {"type": "plain_text", "text": "Second layer"}})


def add_buttons(app: AsyncApp, actions: list[Json]) -> None:
    @app.action("confirm")
    async def confirmed(ack: Any, body: Json, client: AsyncWebClient) -> None:
        actions.append(body)
        await ack()
        blocks = [section("🚀 *Release v1.2.0* is scheduled."), *CARD[1:]]
        await client.chat_update(
            channel=body["channel"]["id"], ts=body["message"]["ts"], text="v1.2.0 is scheduled", blocks=blocks
        )
        await client.chat_postMessage(
            channel=body["channel"]["id"],
            thread_ts=body["message"]["ts"],
            text=f"✅ <@{body['user']['id']}> confirmed the time.",
        )

    @app.action("object")
    async def objected(ack: Any, body: Json, client: AsyncWebClient) -> None:
        actions.append(body)
        await client.views_open(trigger_id=body["trigger_id"], view=SMALL_STEP)
        await ack()

    @app.action("alone")
    async def alone(ack: Any, body: Json) -> None:
        actions.append(body)
        await ack()

    @app.action("more")
    async def more(ack: Any, body: Json, respond: Any) -> None:
        actions.append(body)
        await ack()
        await respond(
            text="Not now: the release waits for DevOps.",
            blocks=[
                section("*Not now.* Only <@U0000000002> may do that; it waits for a plan since 15:02."),
                {"type": "actions", "elements": [button("Show status", "alone")]},
            ],
            replace_original=False,
        )


def add_entrances(app: AsyncApp, actions: list[Json]) -> None:
    @app.shortcut("fresh")
    async def fresh(ack: Any, shortcut: Json, client: AsyncWebClient) -> None:
        await client.views_open(trigger_id=shortcut["trigger_id"], view=SMALL_STEP)
        await ack()

    @app.shortcut("report")
    async def report(ack: Any, shortcut: Json, client: AsyncWebClient) -> None:
        actions.append(shortcut)
        await client.views_open(trigger_id=shortcut["trigger_id"], view=SMALL_STEP)
        await ack()

    @app.event("app_home_opened")
    async def home(event: Json, client: AsyncWebClient) -> None:
        if event["tab"] == "home":
            await client.views_publish(user_id=event["user"], view=HOME)


async def tell(server: SlackServer, clock: Clock) -> str:
    """What has happened before one opens the page. Returns the card's ts."""
    client = web_client(server)
    releases = server.workspace.channel("releases").id
    quinn, dana = server.person("quinn"), server.person("dana")
    clock.moment = START - timedelta(days=1, hours=2)
    await quinn.says("Sprint 16 is nearly through testing :tada:", "#releases")
    clock.moment = START - timedelta(minutes=50)
    await dana.says("Morning! Is v1.2.0 still on for today? _No pressure_ :eyes:", "#releases")
    await quinn.says("Yes, the last *Excel Export* story passed. I'll approve it in a minute.", "#releases")
    await quinn.says("See https://example.com/notes and `main`", "#releases")
    clock.moment = START - timedelta(minutes=40)
    posted = await client.chat_postMessage(channel=releases, text="Release Approved: v1.2.0", blocks=CARD)
    card = str(posted["ts"])
    clock.moment += timedelta(minutes=4)
    thread: dict[str, Any] = {"channel": releases, "thread_ts": card}
    await client.chat_postMessage(**thread, text=f"<@{server.workspace.person('dana').id}> please plan the deployment.")
    await dana.says("Acknowledged! ✅ Today 16:00 UTC, low traffic window.", "#releases", thread=card)
    clock.moment += timedelta(minutes=9)
    await client.chat_postMessage(**thread, text="Smoke test results", blocks=SMOKE)
    await client.chat_postMessage(
        **thread, text=f"@qa *Deployed to Production*: v1.2.0 <@{quinn.id}>", reply_broadcast=True
    )
    clock.moment = START
    for blocks in GALLERY:
        await client.chat_postMessage(channel=server.workspace.channel("gallery").id, text="gallery", blocks=blocks)
    await client.chat_postMessage(
        channel=server.workspace.channel("incidents").id, text=f"<@{quinn.id}> *staging* answers 502 since 15:02."
    )
    await client.chat_postMessage(
        channel=quinn.id,
        text="Reminder: *v1.2.0* goes out at 16:00 UTC.",
        blocks=[mrkdwn("⏳ Reminder: *v1.2.0* goes out <!date^1705420800^{date_pretty} at {time}|16:00 UTC>.")],
    )
    return card


@contextlib.asynccontextmanager
async def page_fixture(port: int = 0) -> AsyncIterator[Fixture]:
    """The whole of it, running."""
    clock = Clock()
    actions: list[Json] = []
    submitted: list[Json] = []
    server = SlackServer(MANIFEST, now=clock.now)
    populate(server)
    server.mount(PageApi(server, clock).add_routes)
    await server.start(port=port)
    try:
        async with serving(app_of(server, actions, submitted)) as url:
            server.connect(url)
            card = await tell(server, clock)
            yield Fixture(server, clock, card, actions, submitted)
    finally:
        await server.stop()


async def main(port: int) -> None:
    async with page_fixture(port) as fixture:
        sys.stdout.write(f"{fixture.server.url}/\n")
        sys.stdout.flush()
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(main(int(sys.argv[1]) if len(sys.argv) > 1 else 8700))
