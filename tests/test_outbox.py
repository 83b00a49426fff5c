"""What was committed is said once, in order and at Slack's pace, whatever happens on the way."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
from aiohttp import web

from bot.clock import MovableClock
from bot.core.events import Conversation, Outgoing
from bot.outbox import Outbox
from bot.pace import Pace
from bot.slack import Slack, UndeliverableError
from bot.store.interface import Posting, Transaction
from bot.store.sqlite import SQLiteStore
from playground.slack.faults import Trouble
from playground.slack.model import Message
from playground.slack.server import SlackServer
from tests.slack_workspace import QUINN, RANDOM, RELEASES, START, TEO, answering, calls, workspace

POST, UPDATE, HISTORY = "chat.postMessage", "chat.update", "conversations.history"


class Bench:
    """A store, a Slack and an outbox between them, with a clock and a pace that are moved by hand."""

    def __init__(self, store: SQLiteStore, slack: Slack, clock: MovableClock, pace: Pace | None = None) -> None:
        self.store, self.slack, self.clock = store, slack, clock
        self.seconds = 100.0
        self.refused: list[tuple[str, str]] = []
        self.outbox = Outbox(store, slack, clock, pace or Pace.unlimited(), self._note)

    def paced(self) -> Bench:
        """The same with Slack's own pace, counted by `seconds`."""
        self.outbox = Outbox(self.store, self.slack, self.clock, Pace(lambda: self.seconds), self._note)
        return self

    async def _note(self, posting: Posting, error: UndeliverableError) -> None:
        self.refused.append((posting.message.key, error.remedy))

    async def enqueue(self, *messages: Outgoing) -> None:
        def intent(tx: Transaction) -> None:
            for message in messages:
                if message.conversation and tx.load(message.conversation) is None:
                    tx.save(conversation(message.conversation, message.channel), is_open=True)
                tx.enqueue(message, self.clock.now())

        await self.store.write(intent)
        self.outbox.wake()

    async def sent(self) -> None:
        await asyncio.wait_for(self.outbox.idle(), 10)

    @property
    def waits_for_its_pace(self) -> bool:
        """Nothing is under way, and something may not be sent yet."""
        return bool(self.outbox._paused) and not self.outbox._busy

    def rests(self) -> bool:
        """It has looked, and nobody has told it to look again."""
        return not self.outbox._woken.is_set()

    async def later(self, seconds: float) -> None:
        """Time passes for both clocks, and what can be sent then is sent."""
        self.clock.move_by(timedelta(seconds=seconds))
        self.seconds += seconds
        await self.sent()

    async def until_all_is_said(self) -> None:
        await self.sent()
        while (at := await self.store.read(lambda reader: reader.next_posting(self.clock.now()))) is not None:
            await self.later((at - self.clock.now()).total_seconds())


def conversation(name: str, channel: str) -> Conversation:
    return Conversation(
        id=name,
        dialogue="release",
        service="admin",
        environment="production",
        version=name,
        channel=channel,
        opened_at=START,
        opened_by=QUINN,
        state="awaiting_plan",
        since=START,
    )


def root(name: str = "r1", channel: str = RELEASES) -> Outgoing:
    return Outgoing(f"{name}:root", "root", channel, f"{name} root", conversation=name)


def reply(number: int, name: str = "r1", channel: str = RELEASES) -> Outgoing:
    return Outgoing(f"{name}:{number}", "reply", channel, f"{name} reply {number}", conversation=name)


def card(number: int, name: str = "r1", channel: str = RELEASES) -> Outgoing:
    return Outgoing(f"{name}:card{number}", "card", channel, f"{name} card {number}", conversation=name)


def direct(number: int, person: str = QUINN) -> Outgoing:
    return Outgoing(f"direct:{person}:{number}", "direct", person, f"direct {number}")


@asynccontextmanager
async def a_bench(path: Path, address: str, token: str, clock: MovableClock) -> AsyncIterator[Bench]:
    store, slack = SQLiteStore(path), Slack(token, base_url=address, timeout=0.4)
    bench = Bench(store, slack, clock)
    yield bench
    await bench.outbox.stop(0)
    await store.close()
    await slack.close()


@pytest.fixture
async def bench(tmp_path: Path, server: SlackServer, clock: MovableClock) -> AsyncIterator[Bench]:
    async with a_bench(tmp_path / "greenlight.db", server.api_url, server.bot_token, clock) as bench:
        yield bench


def said(server: SlackServer, channel: str = RELEASES) -> list[Message]:
    """Everything in a channel and its threads, in the order it was said."""
    return list(server.workspace.conversations.in_order(channel))


def texts(server: SlackServer, channel: str = RELEASES) -> list[str]:
    return [message.text for message in said(server, channel)]


async def test_the_root_is_posted_first_and_its_replies_follow_in_its_thread(bench: Bench, server: SlackServer) -> None:
    bench.outbox.start()
    await bench.enqueue(root(), reply(1), reply(2), reply(3))
    await bench.sent()
    head, *replies = said(server)
    assert texts(server) == ["r1 root", "r1 reply 1", "r1 reply 2", "r1 reply 3"]
    assert {message.thread_ts for message in replies} == {head.ts}
    record = await bench.store.read(lambda reader: reader.load("r1"))
    assert record is not None
    assert (record.root_ts, record.root_channel) == (head.ts, RELEASES)


async def test_a_card_replaces_the_root_and_only_the_latest_that_waits_is_sent(
    bench: Bench, server: SlackServer
) -> None:
    await bench.enqueue(root(), card(1), reply(1), card(2))
    bench.outbox.start()
    await bench.sent()
    assert texts(server) == ["r1 card 2", "r1 reply 1"]
    assert calls(server, UPDATE) == 1


async def test_a_direct_message_goes_to_the_person_alone(bench: Bench, server: SlackServer) -> None:
    bench.outbox.start()
    await bench.enqueue(direct(1), direct(2))
    await bench.sent()
    assert [message.text for message in server.person("quinn").direct_messages] == ["direct 1", "direct 2"]
    assert server.person("teo").direct_messages == []


async def test_what_waited_before_the_start_is_sent_once_without_looking(bench: Bench, server: SlackServer) -> None:
    await bench.enqueue(root(), reply(1))
    bench.outbox.start()
    await bench.sent()
    assert texts(server) == ["r1 root", "r1 reply 1"]
    assert calls(server, HISTORY) == 0


async def test_a_channel_that_hangs_holds_no_other_back(bench: Bench, server: SlackServer) -> None:
    server.faults.next_calls(POST, "timeout")
    await bench.enqueue(root())
    bench.outbox.start()
    await until(lambda: calls(server, POST) == 1)
    await bench.enqueue(direct(1))
    await until(lambda: len(server.person("quinn").direct_messages) == 1)
    assert texts(server) == []


async def test_what_is_added_to_a_lane_that_waits_for_its_turn_is_not_looked_for_before(
    bench: Bench, server: SlackServer
) -> None:
    """Of a burst in one channel each commit would be a look at the store that finds nothing it may send."""
    bench.paced().outbox.start()
    await bench.enqueue(root(), *(reply(number) for number in range(1, 6)))
    await until(lambda: bench.waits_for_its_pace and bench.rests())
    bench.outbox.added({RELEASES})
    assert bench.rests()
    bench.outbox.added({RELEASES, QUINN})
    assert not bench.rests()
    await bench.later(3)
    assert texts(server)[-1] == "r1 reply 5"


async def test_a_lane_speaks_three_times_at_once_then_once_a_second(bench: Bench, server: SlackServer) -> None:
    bench.paced().outbox.start()
    await bench.enqueue(root(), *(reply(number) for number in range(1, 6)), direct(1))
    await until(lambda: len(texts(server)) == 3 and server.person("quinn").direct_messages != [])
    await rounds(bench)
    assert len(texts(server)) == 3
    for expected in (4, 5):
        bench.seconds += 1.0
        bench.outbox.wake()
        await until(lambda: len(texts(server)) == expected)  # noqa: B023 - awaited within the turn
        await rounds(bench)
        assert len(texts(server)) == expected


async def test_a_pause_that_slack_asks_for_holds_this_channel_and_no_other(bench: Bench, server: SlackServer) -> None:
    server.faults.next_calls(POST, "ratelimited", retry_after=20)
    bench.paced().outbox.start()
    await bench.enqueue(root("a"), root("b"))
    await until(lambda: calls(server, POST) == 1)
    await bench.enqueue(direct(1))
    await until(lambda: len(server.person("quinn").direct_messages) == 1)
    bench.clock.move_by(timedelta(seconds=30))
    await rounds(bench)
    assert texts(server) == []
    bench.seconds += 20
    await bench.sent()
    assert texts(server) == ["a root", "b root"]
    assert calls(server, HISTORY) == 0


async def test_a_pause_for_cards_holds_all_cards_and_no_message(bench: Bench, server: SlackServer) -> None:
    bench.paced().outbox.start()
    server.workspace.join(server.workspace.channels[RANDOM], server.workspace.bot.id)
    await bench.enqueue(root("a"), root("b", RANDOM))
    await bench.sent()
    server.faults.next_calls(UPDATE, "ratelimited", retry_after=20)
    await bench.enqueue(card(1, "a"))
    await until(lambda: calls(server, UPDATE) == 1)
    await bench.enqueue(card(1, "b", RANDOM), reply(1, "a"))
    await until(lambda: len(texts(server)) == 2)
    await rounds(bench)
    assert calls(server, UPDATE) == 1
    await bench.later(20)
    assert (texts(server), texts(server, RANDOM)) == (["a card 1", "a reply 1"], ["b card 1"])


async def test_a_message_that_arrived_though_its_answer_was_lost_is_not_said_again(
    bench: Bench, server: SlackServer
) -> None:
    for message in (root(), reply(1), direct(1)):
        server.faults.next_calls(POST, "accepted_then_dropped")
        await bench.enqueue(message)
        if not bench.outbox.running:
            bench.outbox.start()
        await bench.until_all_is_said()
    assert texts(server) == ["r1 root", "r1 reply 1"]
    assert [message.text for message in server.person("quinn").direct_messages] == ["direct 1"]
    record = await bench.store.read(lambda reader: reader.load("r1"))
    assert record is not None
    assert record.root_ts == said(server)[0].ts


@pytest.mark.parametrize("trouble", ["reset", "timeout", "server_error"])
async def test_a_message_that_did_not_arrive_is_said_after_looking(
    bench: Bench, server: SlackServer, trouble: Trouble
) -> None:
    server.faults.next_calls(POST, trouble)
    await bench.enqueue(root())
    bench.outbox.start()
    await bench.sent()
    assert texts(server) == []
    await bench.until_all_is_said()
    assert texts(server) == ["r1 root"]
    assert (calls(server, POST), calls(server, HISTORY)) == (2, 1)


async def test_while_it_cannot_look_it_does_not_say_it_again(bench: Bench, server: SlackServer) -> None:
    server.faults.next_calls(POST, "accepted_then_dropped")
    server.faults.next_calls(HISTORY, "server_error")
    server.faults.next_calls(HISTORY, "ratelimited", retry_after=40)
    await bench.enqueue(root())
    bench.outbox.start()
    await bench.until_all_is_said()
    assert texts(server) == ["r1 root"]
    assert (calls(server, POST), calls(server, HISTORY)) == (1, 3)
    assert bench.clock.now() - START >= timedelta(seconds=40)


async def test_where_it_may_not_look_it_says_it_again_rather_than_never(
    tmp_path: Path, clock: MovableClock, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        workspace(clock, without_scopes=("channels:history",)) as server,
        a_bench(tmp_path / "db", server.api_url, server.bot_token, clock) as bench,
    ):
        server.faults.next_calls(POST, "reset")
        await bench.enqueue(root())
        bench.outbox.start()
        await bench.until_all_is_said()
        assert texts(server) == ["r1 root"]
    assert "look_up_refused" in {getattr(record, "action", "") for record in caplog.records}


async def test_a_process_that_ends_between_post_and_settle_leaves_nothing_said_twice(
    tmp_path: Path, clock: MovableClock
) -> None:
    """The first process is cut off while Slack, which has the message, is about to answer."""
    posted: list[dict[str, Any]] = []
    answered = asyncio.Event()

    async def answer(request: web.Request) -> web.Response:
        if request.match_info["method"] == POST:
            posted.append({**await request.json(), "ts": f"{len(posted) + 1}.000000"})
            await answered.wait()
            return web.json_response({"ok": True, "ts": posted[-1]["ts"], "channel": RELEASES})
        return web.json_response({"ok": True, "messages": posted})

    path = tmp_path / "greenlight.db"
    async with answering(answer) as address:
        async with a_bench(path, address, "xoxb-1", clock) as first:
            await first.enqueue(root())
            first.outbox.start()
            await until(lambda: len(posted) == 1)
            assert first.outbox._task is not None
            first.outbox._task.cancel()
        answered.set()
        async with a_bench(path, address, "xoxb-1", clock) as second:
            second.outbox.start()
            await second.sent()
            record = await second.store.read(lambda reader: reader.load("r1"))
    assert len(posted) == 1
    assert record is not None
    assert record.root_ts == "1.000000"


async def test_what_slack_refuses_is_given_up_with_a_remedy_and_holds_no_other_back(
    bench: Bench, server: SlackServer
) -> None:
    bench.outbox.start()
    await bench.enqueue(root("r1", RANDOM), reply(1, "r1", RANDOM), root("r2"))
    await bench.sent()
    assert [key for key, _ in bench.refused] == ["r1:root"]
    assert "/invite @Greenlight" in bench.refused[0][1]
    kept = await bench.store.read(lambda reader: reader.undelivered())
    assert [(one.message.key, "not_in_channel" in one.reason) for one in kept] == [("r1:root", True)]
    assert texts(server) == ["r2 root"]
    server.workspace.join(server.workspace.channels[RANDOM], server.workspace.bot.id)
    await bench.store.write(lambda tx: tx.resend(RANDOM, bench.clock.now()))
    await bench.sent()
    assert texts(server, RANDOM) == ["r1 root", "r1 reply 1"]


async def test_a_token_that_is_refused_loses_nothing(tmp_path: Path, server: SlackServer, clock: MovableClock) -> None:
    path = tmp_path / "greenlight.db"
    async with a_bench(path, server.api_url, "xoxb-wrong", clock) as wrong:
        await wrong.enqueue(root())
        wrong.outbox.start()
        await wrong.sent()
        assert wrong.refused == []
    clock.move_by(timedelta(minutes=1))
    async with a_bench(path, server.api_url, server.bot_token, clock) as right:
        right.outbox.start()
        await right.sent()
    assert texts(server) == ["r1 root"]


async def test_a_fault_of_our_own_ends_neither_the_worker_nor_the_message(
    tmp_path: Path, clock: MovableClock, caplog: pytest.LogCaptureFixture
) -> None:
    """An answer without a timestamp is nothing that the client expects."""
    posted: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        if request.match_info["method"] == HISTORY:
            return web.json_response({"ok": True, "messages": []})
        posted.append((await request.json())["text"])
        good = {"ok": True, "ts": "1.0", "channel": "C"}
        return web.json_response({"ok": True} if len(posted) == 1 else good)

    async with answering(answer) as address, a_bench(tmp_path / "db", address, "xoxb-1", clock) as bench:
        bench.paced().outbox.start()
        await bench.enqueue(root())
        await until(lambda: len(posted) == 1)
        await bench.enqueue(direct(1))
        await until(lambda: len(posted) == 2)
        await rounds(bench)
        assert await bench.store.read(lambda reader: reader.next_posting(clock.now())) is not None
        bench.seconds += 5
        bench.clock.move_by(timedelta(seconds=5))
        await bench.sent()
        assert bench.outbox.running
    assert posted == ["r1 root", "direct 1", "r1 root"]
    assert "posting_failed" in {getattr(record, "action", "") for record in caplog.records}


async def test_a_stop_sends_what_it_can_in_time_and_keeps_the_rest(
    bench: Bench, server: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What Slack's pace allows until then is sent; the time that a stop may take is over when the test says so."""
    loop, over = asyncio.get_running_loop(), [0.0]
    monkeypatch.setattr(loop, "time", lambda: time.monotonic() + over[0])
    bench.paced().outbox.start()
    await bench.enqueue(root(), *(reply(number) for number in range(1, 6)))
    stopping = asyncio.create_task(bench.outbox.stop(60))
    await until(lambda: len(texts(server)) == 3 and bench.waits_for_its_pace)
    bench.seconds += 1.0
    bench.outbox.wake()
    await until(lambda: len(texts(server)) == 4 and bench.waits_for_its_pace)
    assert not stopping.done()
    over[0] += 60.0
    await stopping
    assert not bench.outbox.running
    assert len(texts(server)) == 4
    bench.seconds += 60
    bench.paced().outbox.start()
    await until(lambda: len(texts(server)) == 6)
    assert texts(server) == ["r1 root", *(f"r1 reply {number}" for number in range(1, 6))]


async def test_a_drain_of_an_empty_outbox_is_done_at_once(bench: Bench) -> None:
    bench.outbox.start()
    assert await bench.outbox.drain(5)
    await bench.outbox.stop(5)
    assert not bench.outbox.running


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_goes_wrong_everything_is_said_exactly_once_and_in_order(
    bench: Bench, server: SlackServer, seed: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    dice = random.Random(seed)  # noqa: S311 - reproducible trouble, no secret
    # A timeout waits for real and ends as a reset does.
    troubles = [trouble for trouble in get_args(Trouble) if trouble not in ("timeout", "refused")]
    for _ in range(25):
        server.faults.next_calls(dice.choice([POST, UPDATE, HISTORY, "conversations.replies"]), dice.choice(troubles))
    bench.outbox.start()
    for number in range(6):
        await bench.enqueue(*(message for name in ("a", "b", "c") for message in a_turn(number, name)))
        if dice.random() < 0.5:
            await bench.sent()
    await bench.until_all_is_said()
    threads = [server.person("quinn").thread(message.ts) for message in said(server) if not message.is_reply]
    expected = [[f"{name} card 5", *(f"{name} reply {number}" for number in range(1, 6))] for name in "abc"]
    assert sorted([message.text for message in thread] for thread in threads) == expected
    assert [message.text for message in server.person("teo").direct_messages] == [
        f"direct {number}" for number in range(6) for _ in "abc"
    ]


def a_turn(number: int, name: str) -> tuple[Outgoing, ...]:
    said_to_teo = Outgoing(f"{name}:teo:{number}", "direct", TEO, f"direct {number}")
    return (root(name), said_to_teo) if number == 0 else (card(number, name), reply(number, name), said_to_teo)


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that happens by itself."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - Slack's side is looked at, and has no event to wait for
            await asyncio.sleep(0.002)


async def rounds(bench: Bench) -> None:
    """Let the outbox look again a few times: what it wanted to send it has sent after that."""
    for _ in range(4):
        bench.outbox.wake()
        await asyncio.sleep(0.02)
