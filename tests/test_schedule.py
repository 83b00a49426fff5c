"""Every reminder that is due is handed over, soon, also after a moved clock, a failure and a restart."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.clock import Clock, MovableClock, SystemClock
from bot.core.events import Conversation, Reminder
from bot.schedule import Schedule
from bot.store.interface import StoredReminder, Transaction
from bot.store.sqlite import SQLiteStore

START = datetime(2024, 1, 16, 15, 20, tzinfo=UTC)


class Fired:
    """Marks what it is handed as fired, and notes when."""

    def __init__(self, store: SQLiteStore, clock: Clock) -> None:
        self._store, self._clock = store, clock
        self.reminders: list[StoredReminder] = []
        self.at: list[datetime] = []
        self.batches: list[int] = []
        self.failing: set[str] = set()

    async def __call__(self, batch: tuple[StoredReminder, ...]) -> None:
        self.batches.append(len(batch))
        if failing := self.failing & {stored.reminder.conversation for stored in batch}:
            raise OSError(f"cannot tell anybody about {failing}")
        now = self._clock.now()
        await self._store.write(lambda tx: [tx.fire(stored.id, now) for stored in batch])
        self.reminders.extend(batch)
        self.at.extend([self._clock.now()] * len(batch))

    @property
    def names(self) -> list[str]:
        return [stored.reminder.conversation for stored in self.reminders]


def set_reminders(*dues: datetime, prefix: str = "r") -> Callable[[Transaction], None]:
    """A conversation each, with one reminder."""

    def intent(tx: Transaction) -> None:
        for number, due in enumerate(dues):
            name = f"{prefix}{number}"
            tx.save(conversation(name), is_open=True)
            tx.set_reminders(name, (Reminder(name, "nudge", "plan", 1, due),))

    return intent


def conversation(name: str) -> Conversation:
    return Conversation(
        id=name,
        dialogue="release",
        service="admin",
        environment="production",
        version=name,
        channel="C1",
        opened_at=START,
        opened_by="U1",
        state="awaiting_plan",
        since=START,
        stage=1,
    )


def after(**span: float) -> datetime:
    return START + timedelta(**span)


@pytest.fixture
def clock() -> MovableClock:
    return MovableClock(START, running=False)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SQLiteStore]:
    store = SQLiteStore(tmp_path / "greenlight.db")
    yield store
    await store.close()


@pytest.fixture
def fired(store: SQLiteStore, clock: MovableClock) -> Fired:
    return Fired(store, clock)


@pytest.fixture
async def schedule(store: SQLiteStore, clock: MovableClock, fired: Fired) -> AsyncIterator[Schedule]:
    schedule = Schedule(store, clock, fired)
    clock.when_moved(schedule.wake)
    await schedule.start()
    yield schedule
    await schedule.stop()


async def soon(awaited: Awaitable[None]) -> None:
    await asyncio.wait_for(awaited, 10)


async def test_a_reminder_fires_when_the_clock_reaches_it_and_not_before(
    schedule: Schedule, store: SQLiteStore, clock: MovableClock, fired: Fired
) -> None:
    await store.write(set_reminders(after(hours=2)))
    clock.move_by(timedelta(hours=1, minutes=59, seconds=59))
    await soon(schedule.settled())
    assert fired.names == []
    clock.move_by(timedelta(seconds=1))
    await soon(schedule.settled())
    assert fired.names == ["r0"]


async def test_it_fires_once(schedule: Schedule, store: SQLiteStore, clock: MovableClock, fired: Fired) -> None:
    await store.write(set_reminders(after(minutes=1)))
    for _ in range(5):
        clock.move_by(timedelta(minutes=1))
        await soon(schedule.settled())
    assert fired.names == ["r0"]


async def test_it_fires_by_itself_when_its_time_comes(tmp_path: Path) -> None:
    """On a clock that runs: the date job wakes the schedule, nobody else does."""
    clock, store = SystemClock(), SQLiteStore(tmp_path / "own.db")
    fired = Fired(store, clock)
    schedule = Schedule(store, clock, fired)
    await schedule.start()
    due = clock.now() + timedelta(seconds=0.2)
    await store.write(set_reminders(due))
    schedule.wake(due)
    async with asyncio.timeout(5):
        while not fired.at:  # noqa: ASYNC110 - what is waited for is the passing of time
            await asyncio.sleep(0.005)
    assert timedelta(0) <= fired.at[0] - due < timedelta(milliseconds=250)
    await schedule.stop()
    await store.close()


async def test_what_became_due_while_nobody_watched_fires_at_the_start_the_oldest_first(
    store: SQLiteStore, clock: MovableClock, fired: Fired
) -> None:
    await store.write(set_reminders(after(hours=-1), after(days=-3), after(hours=1)))
    schedule = Schedule(store, clock, fired)
    await schedule.start()
    await soon(schedule.settled())
    assert fired.names == ["r1", "r0"]
    await schedule.stop()


async def test_a_later_reminder_does_not_move_the_wake_up_and_an_earlier_one_does(
    schedule: Schedule, store: SQLiteStore, fired: Fired
) -> None:
    await store.write(set_reminders(after(hours=1)))
    await soon(schedule.settled())
    schedule.wake(after(hours=2))
    assert schedule._settled.is_set()
    schedule.wake(after(minutes=30))
    assert not schedule._settled.is_set()
    await store.write(set_reminders(after(minutes=-1), prefix="late"))
    schedule.wake(after(minutes=-1))
    await soon(schedule.settled())
    assert fired.names == ["late0"]


async def test_a_batch_that_fails_is_tried_again_and_holds_no_other_back(
    schedule: Schedule, store: SQLiteStore, clock: MovableClock, fired: Fired, caplog: pytest.LogCaptureFixture
) -> None:
    fired.failing = {"bad0"}
    await store.write(set_reminders(*[after(minutes=1)] * 200, prefix="bad"))
    await store.write(set_reminders(*[after(minutes=2)] * 300, prefix="good"))
    clock.move_by(timedelta(hours=1))
    async with asyncio.timeout(5):
        while len(fired.reminders) < 300:  # noqa: ASYNC110 - the failing batch keeps it from ever being settled
            await asyncio.sleep(0.005)
    assert not any(name.startswith("bad") for name in fired.names)
    assert schedule.running
    assert "reminders_failed" in {getattr(record, "action", "") for record in caplog.records}
    fired.failing = set()
    await soon(schedule.settled())
    assert len(fired.names) == len(set(fired.names)) == 500


async def test_reminders_that_nobody_marks_do_not_spin(store: SQLiteStore, clock: MovableClock) -> None:
    handed: list[int] = []

    async def forgetful(batch: tuple[StoredReminder, ...]) -> None:
        handed.append(len(batch))

    schedule = Schedule(store, clock, forgetful)
    await store.write(set_reminders(START, START))
    await schedule.start()
    await asyncio.sleep(0.3)
    assert handed == [2]
    await schedule.stop()


async def test_it_is_not_settled_while_something_due_is_unfired(
    store: SQLiteStore, clock: MovableClock, fired: Fired
) -> None:
    entered, released = asyncio.Event(), asyncio.Event()

    async def slow(batch: tuple[StoredReminder, ...]) -> None:
        entered.set()
        await released.wait()
        await fired(batch)

    schedule = Schedule(store, clock, slow)
    await schedule.start()
    await store.write(set_reminders(START))
    waiting = asyncio.create_task(schedule.settled())
    await entered.wait()
    assert not waiting.done()
    released.set()
    await soon(waiting)
    assert fired.names == ["r0"]
    await schedule.stop()


async def test_a_stop_finishes_the_batch_that_is_being_fired(
    store: SQLiteStore, clock: MovableClock, fired: Fired
) -> None:
    entered, released = asyncio.Event(), asyncio.Event()

    async def slow(batch: tuple[StoredReminder, ...]) -> None:
        entered.set()
        await released.wait()
        await fired(batch)

    schedule = Schedule(store, clock, slow)
    await store.write(set_reminders(*[START] * 201))
    await schedule.start()
    await entered.wait()
    stopping = asyncio.create_task(schedule.stop())
    await asyncio.sleep(0)
    released.set()
    await soon(stopping)
    assert len(fired.names) == 200
    assert not schedule.running


async def test_a_store_that_cannot_be_read_is_asked_again(
    store: SQLiteStore, clock: MovableClock, fired: Fired, caplog: pytest.LogCaptureFixture
) -> None:
    """The table is away for a moment, as a disk in trouble would have it."""
    await store.write(set_reminders(START))
    await store.write(lambda tx: tx._execute("ALTER TABLE reminders RENAME TO away"))  # type: ignore[attr-defined]  # past the interface
    schedule = Schedule(store, clock, fired)
    await schedule.start()
    async with asyncio.timeout(5):
        while not caplog.records:  # noqa: ASYNC110 - the log is what is waited for
            await asyncio.sleep(0.005)
    await store.write(lambda tx: tx._execute("ALTER TABLE away RENAME TO reminders"))  # type: ignore[attr-defined]  # past the interface
    async with asyncio.timeout(5):
        while not fired.names:  # noqa: ASYNC110 - it has to come back by itself, unasked
            await asyncio.sleep(0.01)
    assert fired.names == ["r0"]
    await schedule.stop()


async def test_a_thousand_due_at_once_among_a_hundred_thousand_fire_once_each_and_none_early(tmp_path: Path) -> None:
    """How late they are is measured by `make bench`, where nothing else runs."""
    clock, store = SystemClock(), SQLiteStore(tmp_path / "many.db", budget=60.0)
    fired = Fired(store, clock)
    far = clock.now() + timedelta(days=30)

    def many(tx: Transaction) -> None:
        tx.save(conversation("busy"), is_open=True)
        waiting = (Reminder("busy", "nudge", f"step{number}", 1, far) for number in range(100_000))
        tx.set_reminders("busy", tuple(waiting))

    await store.write(many)
    due = clock.now() + timedelta(seconds=1.5)
    await store.write(set_reminders(*[due] * 1_000))
    schedule = Schedule(store, clock, fired)
    await schedule.start()
    async with asyncio.timeout(20):
        while len(fired.at) < 1_000:  # noqa: ASYNC110 - what is waited for is the passing of time
            await asyncio.sleep(0.01)
    await schedule.settled()
    assert min(fired.at) >= due
    assert len(fired.names) == len(set(fired.names)) == 1_000
    await schedule.stop()
    await store.close()
