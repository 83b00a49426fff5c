"""What the SQLite store keeps, and says, when things break."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from bot.errors import ConfigurationError, Refusal, StoreBusyError
from bot.store.interface import ContradictionError, StoreFailedError, Transaction
from bot.store.news import News
from bot.store.sqlite import SQLiteStore
from tests.store.sqlite_file import open_at, raw
from tests.store.stored_facts import NOON, conversation, opened, root, step


async def test_while_another_process_holds_the_file_nothing_is_recorded_and_then_all_goes_on(path: Path) -> None:
    store = await open_at(path, budget=0.2)
    other = await asyncio.to_thread(sqlite3.connect, path, isolation_level=None, check_same_thread=False)
    await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
    began = asyncio.get_running_loop().time()
    with pytest.raises(StoreBusyError):
        await store.write(step)
    assert asyncio.get_running_loop().time() - began >= 0.2  # it was tried until the budget ended
    outcomes = await asyncio.gather(*(store.write(step) for _ in range(10)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StoreBusyError] * 10
    assert await store.read(lambda reader: reader.load("r1")) is None
    await asyncio.to_thread(other.execute, "ROLLBACK")
    assert await store.write(step) == 1
    await asyncio.to_thread(other.close)
    await store.close()


async def test_an_intent_waits_for_another_process_that_lets_go_within_the_budget(path: Path) -> None:
    store = await open_at(path, budget=10)
    other = await asyncio.to_thread(sqlite3.connect, path, isolation_level=None, check_same_thread=False)
    await asyncio.to_thread(other.execute, "BEGIN IMMEDIATE")
    waiting = asyncio.create_task(store.write(step))
    await store.read(lambda reader: reader.load("r1"))
    await asyncio.to_thread(other.execute, "ROLLBACK")
    assert await waiting == 1
    await asyncio.to_thread(other.close)
    await store.close()


def may_grow_by(pages: int) -> Callable[[Transaction], None]:
    """Sets the file a limit. SQLite reports that it was reached as a full disk."""

    def intent(tx: Transaction) -> None:
        (size,) = tx._execute("PRAGMA page_count").fetchone()  # type: ignore[attr-defined]  # past the interface
        tx._execute(f"PRAGMA max_page_count = {size + pages}")  # type: ignore[attr-defined]  # as above

    return intent


async def test_a_full_disk_fails_who_asked_with_what_to_do_and_keeps_all_that_was_answered(path: Path) -> None:
    store = await open_at(path)
    await store.write(may_grow_by(20))
    outcomes = await asyncio.gather(*(store.write(step) for _ in range(1_000)), return_exceptions=True)
    answered = [outcome for outcome in outcomes if isinstance(outcome, int)]
    failed = [outcome for outcome in outcomes if isinstance(outcome, StoreFailedError)]
    assert answered == list(range(1, len(answered) + 1))
    assert len(answered) + len(failed) == 1_000
    assert "full" in str(failed[0])
    assert len(await store.read(lambda reader: reader.events("r1"))) == len(answered) > 0
    await store.write(may_grow_by(10_000))
    assert await store.write(step) == len(answered) + 1
    await store.close()


async def in_one_batch(store: SQLiteStore, *intents: Callable[[Transaction], int]) -> list[int | BaseException]:
    """What becomes of intents of which the first does not end before the others wait behind it."""
    go = threading.Event()

    def first(tx: Transaction) -> int:
        assert go.wait(10)
        return intents[0](tx)

    outcomes = asyncio.gather(*(store.write(it) for it in (first, *intents[1:])), return_exceptions=True)
    await asyncio.sleep(0)
    go.set()
    return await outcomes


async def test_if_the_commit_fails_nothing_of_the_batch_is_kept_and_everybody_is_told(path: Path) -> None:
    store = await open_at(path)
    heard: list[News] = []
    store.listen(heard.append)

    def fails_at_the_commit(tx: Transaction) -> int:
        tx._execute("PRAGMA defer_foreign_keys = ON")  # type: ignore[attr-defined]  # past the interface
        tx.enqueue(root("nobody"), NOON)
        return 0

    def refused_because_of_it(tx: Transaction) -> int:
        raise ContradictionError(str(tx.load("r1")))

    intents: list[Callable[[Transaction], int]] = [step, fails_at_the_commit, refused_because_of_it, step]
    outcomes = await in_one_batch(store, *intents)
    assert [type(outcome) for outcome in outcomes] == [StoreFailedError] * 4
    assert len({id(outcome) for outcome in outcomes}) == 4  # each their own, with their own traceback
    assert await store.read(lambda reader: reader.load("r1")) is None
    assert heard == []
    assert await store.write(step) == 1
    assert heard == [News(conversations=True)]
    await store.close()


def refused(_tx: Transaction) -> int:
    raise Refusal("Not now.")


def refused_after_writing(tx: Transaction) -> int:
    step(tx)
    tx.enqueue(root("r1"), NOON)
    raise Refusal("Too late.")


@pytest.mark.parametrize("number", range(12))
async def test_a_batch_ends_as_if_its_intents_had_come_one_by_one(path: Path, number: int) -> None:
    """Whoever is refused, before writing or after, at the start, in between or several times, disturbs nobody."""
    kinds: tuple[Callable[[Transaction], int], ...] = (step, step, refused, refused_after_writing)
    intents = Random(number).choices(kinds, k=20)  # noqa: S311 - chance, not secrets
    store = await open_at(path)
    outcomes = await in_one_batch(store, *intents)
    numbers = iter(range(1, 21))
    assert [str(outcome) for outcome in outcomes] == [
        str(next(numbers)) if it is step else "Not now." if it is refused else "Too late." for it in intents
    ]
    events = await store.read(lambda reader: reader.events("r1"))
    assert len(events) == intents.count(step)
    assert await store.read(lambda reader: reader.postings(NOON, 10)) == ()
    await store.close()


async def test_an_intent_is_run_again_only_where_another_of_its_batch_has_written_and_then_raised(path: Path) -> None:
    """Most refusals come before anything is written: they cost nobody anything."""
    store = await open_at(path)
    runs = 0

    def counted(tx: Transaction) -> int:
        nonlocal runs
        runs += 1
        return step(tx)

    assert (await in_one_batch(store, counted, refused, counted))[2] == 2
    assert runs == 2
    assert (await in_one_batch(store, counted, refused_after_writing, counted))[2] == 4
    assert runs == 2 + 3
    await store.close()


async def test_if_sqlite_rolls_a_batch_back_by_itself_everybody_in_it_is_told(path: Path) -> None:
    """As it may on a full disk or a failing one (sqlite.org/lang_transaction.html, section 3.1)."""
    store = await open_at(path)

    def rolled_back(tx: Transaction) -> int:
        tx._execute("ROLLBACK")  # type: ignore[attr-defined]  # what SQLite does then
        return 0

    before, culprit, after = await in_one_batch(store, step, rolled_back, step)
    assert (type(before), type(culprit)) == (StoreFailedError, StoreFailedError)
    assert after == 1  # it had not begun
    await store.close()


async def test_a_damaged_file_fails_who_asks_and_says_so(path: Path) -> None:
    store = await open_at(path)
    await opened(store, *(f"r{number}" for number in range(600)))
    await store.close()

    def damage() -> None:
        data = bytearray(path.read_bytes())
        whole = len(data) * 3 // 4  # what is read when it is opened stands before
        data[whole:] = b"\xff" * (len(data) - whole)
        path.write_bytes(data)

    await asyncio.to_thread(damage)
    store = await open_at(path)
    with pytest.raises(StoreFailedError, match="restore a backup"):
        await store.read(lambda reader: reader.find("release"))
    with pytest.raises(StoreFailedError, match="restore a backup"):
        await store.write(lambda tx: tx.save(conversation("new"), is_open=True))
    await store.close()


async def test_a_file_that_is_damaged_from_its_beginning_is_refused_with_what_to_do(path: Path) -> None:
    await (await open_at(path)).close()

    def damage() -> None:
        data = path.read_bytes()
        path.write_bytes(data[:4096] + b"\xff" * (len(data) - 4096))

    await asyncio.to_thread(damage)
    with pytest.raises(ConfigurationError, match="restore a backup"):
        await open_at(path)


async def test_a_database_without_its_tables_is_not_healthy(path: Path) -> None:
    store = await open_at(path)
    await raw(path, lambda connection: connection.execute("ALTER TABLE conversations RENAME TO away"))
    assert await store.read(lambda reader: reader.healthy()) is False
    await store.close()


CHILD = """
import asyncio, os, sys
from pathlib import Path
from bot.store.sqlite import SQLiteStore
from tests.store.stored_facts import step

async def say(store, name):
    while True:
        number = await store.write(lambda tx: step(tx, name))
        os.write(1, f"{name} {number}\\n".encode())

async def main():
    store = SQLiteStore(Path(sys.argv[1]))
    os.write(1, b"open\\n")
    await asyncio.gather(*(say(store, f"r{number}") for number in range(8)))

asyncio.run(main())
"""


def killed_at_work(path: Path, after: int) -> dict[str, int]:
    """Start a process that works on the file, kill it (SIGKILL) after so many answers; the last each was given."""
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(path)], stdout=subprocess.PIPE, text=True, bufsize=1)
    assert child.stdout is not None
    answers = [child.stdout.readline() for _ in range(after)]
    child.kill()
    answers += child.stdout.readlines()
    child.wait()
    child.stdout.close()
    whole = [answer.split() for answer in answers if answer.endswith("\n") and answer != "open\n"]
    return {name: int(number) for name, number in whole}  # each name's last


def test_nothing_that_was_answered_is_lost_when_the_process_is_killed(path: Path) -> None:
    """Some rounds on one file, each killed in the middle of its work, at another moment."""

    async def check(answered: dict[str, int]) -> None:
        store = await open_at(path)
        for record in await store.read(lambda reader: reader.find("release")):
            events = await store.read(lambda reader, it=record: reader.events(it.id))  # type: ignore[misc]  # the default binds the loop's value
            assert len(events) >= answered.get(record.id, 0)
            # What was not answered is there as a whole or not at all.
            assert record.stage == len(events)
        await store.close()

    answered: dict[str, int] = {}
    for after in (1, 40, 333, 1_234):
        answered |= killed_at_work(path, after)
        asyncio.run(check(answered))
    assert sum(answered.values()) > 1_000
