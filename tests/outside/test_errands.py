"""What was committed is done outside once, in order, whatever happens on the way."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from pydantic import HttpUrl, SecretStr

from bot.clock import MovableClock
from bot.core.dialogue import Move
from bot.core.environment_issue_forms import ReportForm, TicketForm
from bot.core.events import Errand
from bot.core.policy import Service
from bot.core.release_forms import ReasonForm
from bot.core.roles import Actor, Role
from bot.core.tickets import KINDS, JiraRule
from bot.errors import TransientError
from bot.outside.errands import LONGEST, Errands, Report
from bot.outside.tickets import Tickets
from bot.outward import DeclinedError, UnclearError
from bot.service import Opening, open_conversation, take_step
from bot.store.interface import StoredErrand, Transaction
from bot.store.sqlite import SQLiteStore
from bot.trackers.choose import TrackerSecrets, tracker_for
from tests.stories.the_environment import ISSUE, REPORTED_AT
from tests.trackers.fakes import EMAIL, TOKEN, FakeJira, serving

CHARLIE = Actor("U0CHARLIE", "Charlie Wilson", frozenset({Role.QA}))
OPENED = TicketForm.model_validate({"key": "OPS-1", "url": "https://jira.example.com/browse/OPS-1"})


@dataclass
class Hand:
    """Does what it is told to, and keeps what it was asked for. An outcome is a report, an error or a wait."""

    outcomes: list[Report | Exception | asyncio.Event] = field(default_factory=list)
    asked: list[StoredErrand] = field(default_factory=list)
    begun: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    settling: float = 30.0

    async def do(self, stored: StoredErrand) -> Report:
        self.asked.append(stored)
        self.begun.put_nowait(stored.errand.key)
        outcome = self.outcomes.pop(0) if self.outcomes else Report()
        if isinstance(outcome, asyncio.Event):
            await outcome.wait()
            return Report()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def refused(self, stored: StoredErrand, error: DeclinedError) -> Report:
        del stored, error
        return Report("ticket_opened", OPENED)

    @property
    def keys(self) -> list[str]:
        return [stored.errand.key for stored in self.asked]


class Bench:
    """A store with an open environment issue, errands, and a clock that is moved by hand."""

    def __init__(self, store: SQLiteStore, clock: MovableClock, policy: Service) -> None:
        self.store, self.clock = store, clock
        self.policies = {policy.name: policy}
        self.hand = Hand()
        self.errands = Errands(store, self.policies, {"lift": self.hand}, clock)

    async def opens(self, name: str = "e1") -> None:
        form = ReportForm.from_answers(ISSUE | {"urgency": "high"})
        opening, move = Opening(name, "environment_issue", "staging", ""), Move("report", CHARLIE, form)
        [policy] = self.policies.values()

        def intent(tx: Transaction) -> None:
            open_conversation(tx, opening, move, policy, f"d:{name}", self.clock.now())

        await self.store.write(intent)

    async def entrust(self, *keys: str, kind: str = "lift", line: str = "") -> None:
        def intent(tx: Transaction) -> None:
            for key in keys:
                tx.entrust(Errand(key, kind, "e1", line or key), self.clock.now())

        await self.store.write(intent)
        self.errands.wake()

    async def begun(self) -> str:
        """The key of the next errand that is begun."""
        return await asyncio.wait_for(self.hand.begun.get(), 5)

    async def done(self) -> None:
        await asyncio.wait_for(self.errands.idle(), 10)

    async def later(self, seconds: float) -> None:
        self.clock.move_by(timedelta(seconds=seconds))
        await self.done()

    async def steps(self, name: str = "e1") -> list[str]:
        return [event.step for event in await self.store.read(lambda reader: reader.events(name))]

    async def refused(self) -> list[tuple[str, str]]:
        refused = await self.store.read(lambda reader: reader.refused_errands())
        return [(one.errand.key, one.reason) for one in refused]

    async def crash(self) -> None:
        """The process is gone, wherever it was."""
        task = self.errands._task
        assert task is not None
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def bench(tmp_path: Path) -> AsyncIterator[Bench]:
    store = await asyncio.to_thread(SQLiteStore, tmp_path / "x.db")
    policy = Service(name="shop", channels=("C0RELEASES",), environments=("staging",))
    one = Bench(store, MovableClock(REPORTED_AT, running=False), policy)
    await one.opens()
    one.errands.start()
    yield one
    await one.errands.stop(0)
    await store.close()


# ── one after another ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_errand_is_done_once_and_what_it_led_to_is_a_step_of_its_conversation(bench: Bench) -> None:
    bench.hand.outcomes = [Report("ticket_opened", OPENED)]
    await bench.entrust("one")
    await bench.done()
    assert bench.hand.keys == ["one"]
    assert await bench.steps() == ["report", "ticket_opened"]
    await bench.later(3600)
    assert bench.hand.keys == ["one"]


async def test_of_a_line_the_next_waits_and_another_line_does_not(bench: Bench) -> None:
    go = asyncio.Event()
    bench.hand.outcomes = [go]
    await bench.entrust("one", "two", line="slow")
    await bench.entrust("three")
    assert {await bench.begun(), await bench.begun()} == {"one", "three"}
    go.set()
    await bench.done()
    assert sorted(bench.hand.keys) == ["one", "three", "two"]


async def test_many_lines_are_done_but_never_more_than_a_few_at_once(bench: Bench) -> None:
    await bench.entrust(*(f"e{number}" for number in range(40)))
    await bench.done()
    assert len(bench.hand.keys) == len(set(bench.hand.keys)) == 40


async def test_what_an_errand_led_to_is_not_told_where_nobody_waits_for_it(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    """The errand is done all the same, and not done again."""
    bench.hand.outcomes = [Report("verify")]
    await bench.entrust("one")
    await bench.done()
    assert "an errand's end was not told" in caplog.text
    await bench.later(3600)
    assert bench.hand.keys == ["one"]
    assert await bench.steps() == ["report"]


# ── trouble ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_failed_for_now_is_tried_again_as_it_is(bench: Bench) -> None:
    bench.hand.outcomes = [TransientError("asked for a pause", 20.0)]
    await bench.entrust("one")
    await bench.done()
    await bench.later(19)
    assert bench.hand.keys == ["one"]
    await bench.later(2)
    assert bench.hand.keys == ["one", "one"]
    assert not bench.hand.asked[1].ambiguous


async def test_what_is_unclear_is_tried_again_when_it_can_be_seen_and_looked_up_first(bench: Bench) -> None:
    bench.hand.outcomes = [UnclearError("no answer")]
    await bench.entrust("one")
    await bench.done()
    await bench.later(29)
    assert bench.hand.keys == ["one"]
    await bench.later(2)
    assert bench.hand.keys == ["one", "one"]
    assert bench.hand.asked[1].ambiguous


async def test_a_fault_of_our_own_ends_neither_the_worker_nor_the_errand(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.hand.outcomes = [ZeroDivisionError("ours")]
    await bench.entrust("one")
    await bench.done()
    assert "an errand failed" in caplog.text
    await bench.later(60)
    assert bench.hand.keys == ["one", "one"]
    assert bench.hand.asked[1].ambiguous
    assert bench.errands.running


async def test_an_errand_that_takes_too_long_is_unclear(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert LONGEST <= 60
    monkeypatch.setattr("bot.outside.errands.LONGEST", 0.05)
    bench.hand.outcomes = [asyncio.Event()]
    await bench.entrust("one")
    await bench.done()
    await bench.later(40)
    assert [stored.ambiguous for stored in bench.hand.asked] == [False, True]


async def test_what_is_refused_for_good_is_told_kept_and_not_tried_again(bench: Bench) -> None:
    bench.hand.outcomes = [DeclinedError("No permission.", "Give it.")]
    await bench.entrust("one", "two", line="same")
    await bench.later(3600)
    assert bench.hand.keys == ["one", "two"]
    assert await bench.refused() == [("one", "No permission. Give it.")]
    assert await bench.steps() == ["report", "ticket_opened"]


async def test_an_errand_that_nobody_does_is_refused(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    """A newer version may have entrusted it."""
    caplog.set_level(logging.ERROR)
    await bench.entrust("one", kind="fly")
    await bench.done()
    assert await bench.refused() == [("one", "Nobody here does what is called “fly”.")]


async def test_a_stop_waits_for_what_was_begun_and_leaves_the_rest_to_the_next(bench: Bench) -> None:
    go = asyncio.Event()
    bench.hand.outcomes = [go]
    await bench.entrust("one")
    assert await bench.begun() == "one"
    asyncio.get_running_loop().call_later(0.1, go.set)
    await bench.errands.stop(5)
    assert await bench.refused() == []
    assert await bench.store.read(lambda reader: reader.errands(bench.clock.now(), 5)) == ()


# ── exactly one ticket ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
async def jira() -> AsyncIterator[FakeJira]:
    fake = FakeJira()
    async with serving(fake):
        yield fake


@pytest.fixture
async def ticketing(bench: Bench, jira: FakeJira) -> AsyncIterator[Callable[[], Bench]]:
    """Starts a process with a tracker; each call is another one on the same database."""
    await bench.errands.stop(0)
    rule = JiraRule(kind="jira", url=HttpUrl(jira.url), project="OPS")
    secrets = TrackerSecrets.model_construct(jira_email=EMAIL, jira_token=SecretStr(TOKEN))
    bench.policies["shop"] = bench.policies["shop"].model_copy(update={"tracker": rule})
    async with httpx.AsyncClient(trust_env=False, timeout=0.5) as client:

        def process() -> Bench:
            tickets = Tickets(bench.store, bench.policies, lambda it: tracker_for(it, client, secrets), bench.clock)
            doers = dict.fromkeys(KINDS, tickets)
            bench.errands = Errands(bench.store, bench.policies, doers, bench.clock)
            bench.errands.start()
            return bench

        yield process


@pytest.mark.parametrize("fault", ["silence", "hang", "lost", "reset", "trouble", "limit", "page"])
async def test_whatever_becomes_of_the_answer_there_is_one_ticket(
    ticketing: Callable[[], Bench], jira: FakeJira, fault: str
) -> None:
    jira.faults = [fault, fault, fault]  # type: ignore[list-item]  # the names above
    bench = ticketing()
    await bench.opens("e2")
    bench.errands.wake()
    await bench.done()
    for _ in range(5):
        await bench.later(300)
    assert len(jira.issues) == 1
    assert await bench.steps("e2") == ["report", "ticket_opened"]


async def test_a_crash_between_opening_and_recording_leaves_one_ticket(
    ticketing: Callable[[], Bench], jira: FakeJira
) -> None:
    jira.faults = ["silence"]
    bench = ticketing()
    await bench.opens("e2")
    bench.errands.wake()
    await asyncio.wait_for(jira.stuck.wait(), 5)
    assert len(jira.issues) == 1
    await bench.crash()
    assert await bench.steps("e2") == ["report"]
    bench = ticketing()
    await bench.done()
    asked = len(jira.asked)
    await bench.later(59)
    assert len(jira.asked) == asked  # the search of Jira runs behind: it is not asked too soon
    await bench.later(2)
    assert len(jira.issues) == 1
    assert await bench.steps("e2") == ["report", "ticket_opened"]


async def test_a_ticket_whose_opening_was_unclear_is_closed_in_order_with_its_conversation(
    ticketing: Callable[[], Bench], jira: FakeJira
) -> None:
    """The issue was over before anybody knew of its ticket."""
    jira.faults = ["lost"]
    bench = ticketing()
    await bench.opens("e2")
    bench.errands.wake()
    await bench.done()
    move = Move("withdraw", CHARLIE, ReasonForm(reason="A false alarm"))
    await bench.store.write(lambda tx: take_step(tx, "e2", move, bench.policies, "", bench.clock.now()))
    for _ in range(3):
        await bench.later(300)
    assert len(jira.issues) == 1
    assert jira.issues[0]["fields"]["status"]["statusCategory"]["key"] == "done"
    assert "A false alarm" in str(jira.comments["OPS-1"])


async def test_without_a_tracker_in_the_configuration_any_more_nothing_is_asked(
    ticketing: Callable[[], Bench], jira: FakeJira
) -> None:
    bench = ticketing()
    await bench.opens("e2")
    bench.policies["shop"] = bench.policies["shop"].model_copy(update={"tracker": None})
    bench.errands.wake()
    await bench.done()
    assert jira.asked == []
    assert await bench.steps("e2") == ["report"]


async def test_no_token_is_in_what_is_logged(
    ticketing: Callable[[], Bench], jira: FakeJira, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    jira.tokens = {"another"}
    bench = ticketing()
    await bench.opens("e2")
    bench.errands.wake()
    await bench.done()
    assert "refused" in caplog.text
    assert TOKEN not in caplog.text
