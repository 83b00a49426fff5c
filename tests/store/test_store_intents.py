"""What `Store.write`, `read` and `close` promise, whatever the database."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from bot.errors import Refusal, StoreBusyError
from bot.store.interface import ContradictionError, DuplicateError, Reader, Record, Store, Transaction
from tests.store.stored_facts import OpenStore, conversation, event, opened, root, step, the_writer_held


def ids(reader: Reader) -> set[str]:
    return {record.id for record in reader.find("release")}


async def test_an_intents_result_comes_back_as_it_is(store: Store) -> None:
    result = object()
    assert await store.write(lambda _tx: result) is result
    assert await store.read(lambda _reader: result) is result


async def test_what_an_intent_wrote_is_there_once_it_is_answered(store: Store) -> None:
    assert await store.write(step) == 1
    record = await store.read(lambda reader: reader.load("r1"))
    assert record is not None
    assert record.stage == 1


async def test_a_refused_intent_leaves_nothing_and_raises_its_own_refusal(store: Store) -> None:
    refusal = Refusal("Not now.")

    def refused(tx: Transaction) -> None:
        step(tx)
        tx.enqueue(root(), event().at)
        raise refusal

    with pytest.raises(Refusal) as raised:
        await store.write(refused)
    assert raised.value is refusal
    assert await store.read(ids) == set()
    assert await store.read(lambda reader: reader.events("r1")) == ()


async def test_a_refused_intent_spoils_nobody_elses(store: Store) -> None:
    """Good ones before and after it, committed together with it, are kept."""

    def refused(tx: Transaction) -> None:
        step(tx, "bad")
        raise Refusal("Not now.")

    async with the_writer_held(store) as let_go:
        intents = [lambda tx: step(tx, "one"), refused, lambda tx: step(tx, "two"), refused, lambda tx: step(tx, "one")]
        waiting = asyncio.gather(*(store.write(intent) for intent in intents), return_exceptions=True)
        await asyncio.sleep(0)
        let_go()
        outcomes = await waiting
    assert [outcome for outcome in outcomes if not isinstance(outcome, Refusal)] == [1, 1, 2]
    assert await store.read(ids) == {"one", "two"}


async def test_a_failed_statement_that_an_intent_survives_is_as_if_it_had_not_been(store: Store) -> None:
    def stubborn(tx: Transaction) -> int:
        number = step(tx)
        with pytest.raises(DuplicateError):
            tx.save(conversation("other", version="v-r1"), is_open=True)
        return number

    assert await store.write(stubborn) == 1
    assert await store.read(ids) == {"r1"}


async def test_intents_of_many_tasks_see_each_others_results(store: Store) -> None:
    """Nobody's step is lost: fifty tasks make fifty events, numbered without a gap."""
    numbers = await asyncio.gather(*(store.write(step) for _ in range(50)))
    assert sorted(numbers) == list(range(1, 51))
    record = await store.read(lambda reader: reader.load("r1"))
    assert record is not None
    assert record.stage == 50
    assert [it.number for it in await store.read(lambda reader: reader.events("r1"))] == list(range(1, 51))


async def test_of_fifty_who_open_the_same_version_one_wins_and_the_others_hear_of_it(store: Store) -> None:
    def intent(number: int) -> Callable[[Transaction], str]:
        def open_it(tx: Transaction) -> str:
            tx.save(conversation(f"r{number}", version="v1.2.0"), is_open=True)
            return f"r{number}"

        return open_it

    outcomes = await asyncio.gather(*(store.write(intent(number)) for number in range(50)), return_exceptions=True)
    winners = [outcome for outcome in outcomes if isinstance(outcome, str)]
    assert len(winners) == 1
    losers = [outcome for outcome in outcomes if isinstance(outcome, DuplicateError)]
    assert [loser.id for loser in losers] == winners * 49
    assert await store.read(ids) == set(winners)


async def test_an_intent_that_waits_beyond_the_budget_is_never_run(open_store: OpenStore) -> None:
    store = await open_store(budget=0.05)
    async with the_writer_held(store):
        with pytest.raises(StoreBusyError, match="nothing was recorded"):
            await store.write(step)
    assert await store.write(lambda tx: tx.load("r1")) is None


async def test_an_intent_that_runs_when_its_budget_ends_is_answered_with_its_own_result(open_store: OpenStore) -> None:
    store = await open_store(budget=0.01)
    begun, others_turn = threading.Event(), threading.Event()

    def slow(tx: Transaction) -> int:
        begun.set()
        assert others_turn.wait(10)
        return step(tx)

    slow_one = asyncio.create_task(store.write(slow))
    assert await asyncio.to_thread(begun.wait, 10)
    with pytest.raises(StoreBusyError):  # by now the first one's budget has ended too
        await store.write(step)
    others_turn.set()
    assert await slow_one == 1


async def test_an_intent_whose_caller_went_away_before_its_turn_is_never_run(store: Store) -> None:
    async with the_writer_held(store):
        gone = asyncio.create_task(store.write(step))
        await asyncio.sleep(0)
        gone.cancel()
        with pytest.raises(asyncio.CancelledError):
            await gone
    assert await store.read(ids) == set()


async def test_a_caller_who_goes_away_while_the_intent_runs_disturbs_nobody(store: Store) -> None:
    begun, go = threading.Event(), threading.Event()

    def slow(tx: Transaction) -> None:
        begun.set()
        assert go.wait(10)
        step(tx)

    gone = asyncio.create_task(store.write(slow))
    assert await asyncio.to_thread(begun.wait, 10)
    gone.cancel()
    go.set()
    assert await store.write(step) == 2  # the intent had begun, so it is kept


async def test_a_read_does_not_wait_for_the_writer_and_sees_only_what_is_committed(store: Store) -> None:
    begun, go = threading.Event(), threading.Event()

    def slow(tx: Transaction) -> int:
        step(tx)
        begun.set()
        assert go.wait(10)
        return step(tx)

    await store.write(lambda tx: step(tx, "before"))
    writing = asyncio.create_task(store.write(slow))
    assert await asyncio.to_thread(begun.wait, 10)
    assert await store.read(ids) == {"before"}
    go.set()
    assert await writing == 2
    assert await store.read(ids) == {"before", "r1"}


async def test_all_that_a_query_reads_is_of_one_moment(store: Store) -> None:
    await store.write(step)
    loop = asyncio.get_running_loop()

    def look_twice(reader: Reader) -> tuple[Record | None, Record | None]:
        first = reader.load("r1")
        asyncio.run_coroutine_threadsafe(store.write(step), loop).result(10)
        return first, reader.load("r1")

    first, second = await store.read(look_twice)
    assert first == second
    assert await store.read(lambda reader: reader.load("r1")) != first


async def test_a_query_cannot_write(store: Store) -> None:
    def sly(reader: Reader) -> None:
        reader._execute("DELETE FROM deliveries")  # type: ignore[attr-defined]  # past the interface on purpose

    with pytest.raises(Exception, match="readonly"):
        await store.read(sly)


async def test_a_querys_error_comes_back_as_it_is_and_the_next_query_works(store: Store) -> None:
    refusal = Refusal("Not in my records.")

    def refused(_reader: Reader) -> None:
        raise refusal

    for _ in range(5):
        with pytest.raises(Refusal) as raised:
            await store.read(refused)
        assert raised.value is refusal
    assert await store.read(ids) == set()


async def test_an_intent_that_is_a_coroutine_function_is_refused_and_nothing_is_kept(store: Store) -> None:
    async def wrong(tx: Transaction) -> None:
        step(tx)

    with pytest.raises(TypeError, match="ordinary function"):
        await store.write(wrong)  # type: ignore[unused-coroutine]  # that is what is wrong
    assert await store.read(ids) == set()


async def test_an_intent_that_raises_stop_iteration_does_not_hang_its_caller(store: Store) -> None:
    def exhausted(_tx: Transaction) -> None:
        next(iter(()))

    with pytest.raises(RuntimeError, match="StopIteration"):
        await store.write(exhausted)


async def test_closing_finishes_what_was_accepted_and_refuses_what_comes_later(open_store: OpenStore) -> None:
    store = await open_store()
    async with the_writer_held(store) as let_go:
        accepted = asyncio.gather(*(store.write(step) for _ in range(100)))
        await asyncio.sleep(0)
        closing = asyncio.create_task(store.close())
        await asyncio.sleep(0)
        with pytest.raises(StoreBusyError, match="closing"):
            await store.write(step)
        with pytest.raises(StoreBusyError, match="closing"):
            await store.read(ids)
        let_go()
        assert await accepted == list(range(1, 101))
        await closing
    await store.close()
    again = await open_store()
    assert len(await again.read(lambda reader: reader.events("r1"))) == 100


@pytest.mark.parametrize("number", [-1, 0, 1, 2, 4])
async def test_an_event_that_does_not_follow_the_last_one_is_a_contradiction(store: Store, number: int) -> None:
    await store.write(step)

    def jump(tx: Transaction) -> None:
        assert step(tx) == 2
        tx.append(event(number=number))

    with pytest.raises(ContradictionError, match="without a gap"):
        await store.write(jump)
    assert len(await store.read(lambda reader: reader.events("r1"))) == 1


async def test_what_belongs_to_no_stored_conversation_is_a_contradiction(store: Store) -> None:
    with pytest.raises(ContradictionError):
        await store.write(lambda tx: tx.append(event("nobody")))
    with pytest.raises(ContradictionError):
        await store.write(lambda tx: tx.enqueue(root("nobody"), event().at))


async def test_it_is_healthy(store: Store) -> None:
    await opened(store, "r1")
    assert await store.read(lambda reader: reader.healthy()) is True
