"""A message that is kept up to date: what takes its place, whatever happens to either."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bot.clock import MovableClock
from bot.core.events import Outgoing
from bot.messages.message import Message, Said
from bot.outbox import Outbox
from bot.pace import Pace
from playground.slack.faults import Trouble
from playground.slack.server import SlackServer
from tests.slack_workspace import calls
from tests.test_outbox import POST, UPDATE, Bench, a_bench, reply, root, texts


@pytest.fixture
async def bench(tmp_path: Path, server: SlackServer, clock: MovableClock) -> AsyncIterator[Bench]:
    """An outbox that says “progress”, and for its second event “table”, after which the progress is “done”."""
    async with a_bench(tmp_path / "greenlight.db", server.api_url, server.bot_token, clock) as bench:

        async def wording(outgoing: Outgoing) -> tuple[Said, ...]:
            if outgoing.kind == "root" or outgoing.event == 1:
                return (Said(Message(outgoing.text)),)
            ts = await bench.store.read(lambda reader: reader.sent_as("r1:1"))
            return (Said(Message("table")), Said(Message("done"), replaces=ts or ""))

        bench.outbox = Outbox(bench.store, bench.slack, clock, Pace.unlimited(), bench._note, wording)
        bench.outbox.start()
        yield bench


def event(number: int) -> Outgoing:
    return reply(number)._replace(event=number)


async def test_a_message_takes_the_place_of_an_earlier_one(bench: Bench, server: SlackServer) -> None:
    """Found by the key it was sent with; one that was not sent is not known."""
    assert await bench.store.read(lambda reader: reader.sent_as("r1:1")) is None
    await bench.enqueue(root(), event(1), event(2))
    await bench.sent()
    assert texts(server) == ["r1 root", "done", "table"]


@pytest.mark.parametrize("trouble", ["ratelimited", "server_error", "reset", "timeout"])
async def test_trouble_with_what_is_replaced_repeats_nothing_that_was_said_before_it(
    bench: Bench, server: SlackServer, trouble: Trouble
) -> None:
    """The table stands there once, and the progress is done in the end."""
    await bench.enqueue(root(), event(1))
    await bench.sent()
    server.faults.next_calls(UPDATE, trouble, times=2)
    await bench.enqueue(event(2))
    await bench.until_all_is_said()
    assert texts(server) == ["r1 root", "done", "table"]
    assert calls(server, POST) == 3


@pytest.mark.parametrize("reason", ["message_not_found", "edit_window_closed", "cant_update_message"])
async def test_a_message_that_cant_be_changed_any_more_is_not_missed(
    bench: Bench, server: SlackServer, reason: str
) -> None:
    """Somebody deleted it, or the workspace ends editing after a while: nobody is told that it is out of date."""
    await bench.enqueue(root(), event(1))
    await bench.sent()
    server.faults.refuse_next(UPDATE, reason)
    await bench.enqueue(event(2))
    await bench.until_all_is_said()
    assert texts(server) == ["r1 root", "r1 reply 1", "table"]
    assert bench.refused == []
