"""The application as a whole: it starts without Slack, stops without losing anything, and tells how it is."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import socket
import time
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from pydantic import SecretStr

from bot.app import Application, running
from bot.clock import MovableClock
from bot.http.door import SLACK_PATH
from bot.pace import Pace
from bot.settings import Environment, load
from bot.store.interface import Reader
from bot.transports import HttpServer
from playground.run import CONFIGURATION, manifest, playing
from playground.seed import CHARLIE, RELEASES, STARTS_AT, TANIA, people_and_places
from playground.slack.model import Message
from playground.slack.server import SlackServer

TYPED = (
    '/release approve {version} sprint="Sprint 16" commit=abc123 stories_tested=3 stories_total=3 bugs_found=5 '
    'bugs_fixed=5 regression=passed smoke=passed changes="STORY-123" known_issues=None rollback_threshold=>5%'
)


def releases(reader: Reader) -> set[str]:
    return {record.version for record in reader.find("release", limit=500)}


def heads(slack: SlackServer) -> list[str]:
    """The outbox keys of the threads' heads in the channel."""
    found: list[Message] = [
        one for one in slack.person(CHARLIE).messages("#releases") if one.thread_ts in (None, one.ts)
    ]
    return [one.metadata["event_payload"]["key"] for one in found if one.metadata]


async def test_what_is_recorded_is_said_and_told_at_once_by_itself(tmp_path: Path) -> None:
    """Nobody wakes anything here: a commit tells the outbox and the schedule where to look."""
    async with playing(tmp_path / "x.db", pace=Pace.unlimited(), starts_at=STARTS_AT) as playground:
        slack = playground.slack
        charlie, tania = slack.person(CHARLIE), slack.person(TANIA)
        await charlie.command(TYPED.format(version="v1.2.0"), "#releases")
        await slack.workspace.events.until(lambda: heads(slack), 5, "the card")
        await charlie.command('/release escalate situation=production_down details="500 everywhere"', "#releases")
        await slack.workspace.events.until(lambda: tania.direct_messages, 5, "word of it to the Tech Lead")


@pytest.mark.parametrize("socket_mode", [False, True], ids=["http", "socket"])
async def test_what_was_acknowledged_before_a_stop_is_recorded_and_said_once(
    tmp_path: Path, *, socket_mode: bool
) -> None:
    """Thirty commands are under way when the process is told to stop; the next process says what is left to say."""
    database = tmp_path / "x.db"
    async with playing(database, pace=Pace.unlimited(), starts_at=STARTS_AT, socket_mode=socket_mode) as before:
        before.slack.limits.enabled = False
        charlie = before.slack.person(CHARLIE)
        lines = [TYPED.format(version=f"v1.{number}.0") for number in range(30)]
        under_way = [asyncio.create_task(charlie.command(line, "#releases")) for line in lines]
        await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
    await asyncio.gather(*under_way, return_exceptions=True)
    acknowledged = sum("is waiting for sign-offs" in charlie.text_of(one) for one in charlie.ephemerals)
    async with playing(database, pace=Pace.unlimited(), starts_at=STARTS_AT + timedelta(minutes=1)) as after:
        await after.settled()
        recorded = await after.application.store.read(releases)
        assert len(recorded) == acknowledged > 0
        said = heads(before.slack) + heads(after.slack)
        assert len(said) == len(set(said)) == len(recorded)


# ── with a Slack that may not be there ───────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def slack() -> SlackServer:
    """A Slack that is not started yet."""
    server = SlackServer(manifest(), now=MovableClock(STARTS_AT).now)
    people_and_places(server.workspace)
    return server


@pytest.fixture
def port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        found: int = taken.getsockname()[1]
    return found


def environment(slack: SlackServer, port: int, database: Path, *, socket_mode: bool = False) -> Environment:
    return Environment(
        bot_token=SecretStr(slack.bot_token),
        signing_secret=None if socket_mode else SecretStr(slack.signing_secret),
        app_token=SecretStr(slack.app_token) if socket_mode else None,
        database=database,
        port=0,
        slack_api_url=f"http://127.0.0.1:{port}/api/",
    )


@pytest.fixture
async def lonely(slack: SlackServer, port: int, tmp_path: Path) -> AsyncIterator[tuple[Application, HttpServer]]:
    """A bot whose Slack does not answer."""
    async with running(
        environment(slack, port, tmp_path / "x.db"), load(CONFIGURATION), MovableClock(STARTS_AT), Pace.unlimited()
    ) as running_now:
        yield running_now


async def send(server: HttpServer, slack: SlackServer, text: str) -> httpx.Response:
    """A slash command, signed."""
    facts = {"command": "/release", "text": text, "user_id": CHARLIE, "channel_id": RELEASES, "trigger_id": "1.2.abc"}
    body, timestamp = urlencode(facts), str(int(time.time()))
    digest = hmac.new(slack.signing_secret.encode(), f"v0:{timestamp}:{body}".encode(), hashlib.sha256).hexdigest()
    headers = {
        "x-slack-request-timestamp": timestamp,
        "x-slack-signature": f"v0={digest}",
        "content-type": "application/x-www-form-urlencoded",
    }
    async with httpx.AsyncClient() as client:
        return await client.post(f"{server.url}{SLACK_PATH}", content=body, headers=headers)


async def test_it_starts_and_answers_without_slack_and_works_once_slack_is_there(
    lonely: tuple[Application, HttpServer], slack: SlackServer, port: int
) -> None:
    """Questions need nobody looked up; a step is refused with the reason, until who acts can be known."""
    application, server = lonely
    async with httpx.AsyncClient() as client:
        assert (await client.get(f"{server.url}/health")).status_code == 200
    assert "No release of admin-logistic is under way" in (await send(server, slack, "list")).json()["text"]
    approval = TYPED.format(version="v1.2.0").removeprefix("/release ")
    assert "could not be checked" in (await send(server, slack, approval)).json()["text"]
    await slack.start(port=port)
    try:
        slack.connect(f"{server.url}{SLACK_PATH}")
        charlie = slack.person(CHARLIE)
        await charlie.command(f"/release {approval}", "#releases")
        await application.settled()
        assert await application.store.read(releases) == {"v1.2.0"}
        assert len(heads(slack)) == 1
    finally:
        await slack.stop()


async def test_it_starts_in_socket_mode_without_slack_and_says_that_it_is_alone(
    slack: SlackServer, port: int, tmp_path: Path
) -> None:
    """Health is 503 then: nobody's click arrives."""
    alone = environment(slack, port, tmp_path / "x.db", socket_mode=True)
    async with running(alone, load(CONFIGURATION)) as (_, server), httpx.AsyncClient() as client:
        health = await client.get(f"{server.url}/health")
    assert health.status_code == 503
    assert health.json()["checks"]["socket"] == "unhealthy"
    assert health.json()["checks"]["database"] == "healthy"


async def test_health_is_503_when_a_part_has_stopped(lonely: tuple[Application, HttpServer]) -> None:
    """Each by its name: whoever is woken looks there first."""
    application, server = lonely
    async with httpx.AsyncClient() as client:
        await application.outbox.stop(0)
        assert (await client.get(f"{server.url}/health")).json()["checks"]["outbox"] == "unhealthy"
        await application.store.close()
        health = await client.get(f"{server.url}/health")
    assert health.status_code == 503
    assert health.json()["checks"]["database"] == "unhealthy"


async def test_a_taken_port_ends_the_start_and_leaves_nothing_running(
    slack: SlackServer, port: int, tmp_path: Path
) -> None:
    """The database is free again for the next try."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        wanted = environment(slack, port, tmp_path / "x.db")
        wanted = wanted.model_copy(update={"port": taken.getsockname()[1], "host": "127.0.0.1"})
        with pytest.raises(OSError, match="in use"):
            async with running(wanted, load(CONFIGURATION)):
                pass
    async with running(environment(slack, port, tmp_path / "x.db"), load(CONFIGURATION)) as (application, _):
        assert await application.store.read(releases) == set()
