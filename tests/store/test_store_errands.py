"""What a store promises about errands, whatever the database."""

from __future__ import annotations

import pytest

from bot.core.events import Errand
from bot.errors import GreenlightError
from bot.store.interface import Store, StoredErrand, Transaction
from tests.store.stored_facts import NOON, OpenStore, conversation, minutes, opened


@pytest.fixture
async def store(store: Store) -> Store:
    """With three open conversations."""
    await opened(store, "r1", "r2", "r3")
    return store


def errand(name: str, number: int = 1, kind: str = "open_ticket") -> Errand:
    return Errand(f"{name}:{number}", kind, name, f"ticket:{name}", {"event": number, "words": "Zürich 🚀"})


async def entrusted(store: Store, *errands: Errand) -> None:
    def intent(tx: Transaction) -> None:
        for one in errands:
            tx.entrust(one, NOON)

    await store.write(intent)


async def waiting(store: Store, after: float = 0, limit: int = 16, without: tuple[str, ...] = ()) -> list[StoredErrand]:
    return list(await store.read(lambda reader: reader.errands(NOON + minutes(after), limit, without)))


async def keys(store: Store, after: float = 0, limit: int = 16, without: tuple[str, ...] = ()) -> list[str]:
    return [one.errand.key for one in await waiting(store, after, limit, without)]


async def the_first(store: Store, after: float = 0) -> StoredErrand:
    return (await waiting(store, after))[0]


async def finish(store: Store, one: StoredErrand) -> bool:
    return await store.write(lambda tx: tx.finish_errand(one.id, NOON))


async def refuse(store: Store, one: StoredErrand) -> None:
    await store.write(lambda tx: tx.refuse_errand(one.id, "no permission", NOON))


async def test_an_errand_comes_back_as_it_was_entrusted(store: Store) -> None:
    await entrusted(store, errand("r1"))
    (one,) = await waiting(store)
    assert one.errand == errand("r1")
    assert (one.attempts, one.ambiguous, one.entrusted_at, one.reason) == (0, False, NOON, "")


async def test_an_errand_that_was_entrusted_before_is_not_done_twice(store: Store) -> None:
    await entrusted(store, errand("r1"), errand("r1"))
    assert await keys(store) == ["r1:1"]
    assert await finish(store, await the_first(store))
    await entrusted(store, errand("r1"))
    assert await keys(store) == []


async def test_an_errand_belongs_to_a_conversation(store: Store) -> None:
    with pytest.raises(GreenlightError):
        await entrusted(store, errand("nobody"))


async def test_an_errand_of_an_intent_that_fails_is_none(store: Store) -> None:
    def fails(tx: Transaction) -> None:
        tx.entrust(errand("r1"), NOON)
        raise GreenlightError

    with pytest.raises(GreenlightError):
        await store.write(fails)
    assert await keys(store) == []


async def test_of_a_line_one_is_done_after_another_and_lines_at_the_same_time(store: Store) -> None:
    await entrusted(store, errand("r1", 1), errand("r1", 2), errand("r2", 1), errand("r3", 1))
    assert await keys(store) == ["r1:1", "r2:1", "r3:1"]
    assert await keys(store, limit=2) == ["r1:1", "r2:1"]
    assert await keys(store, without=("ticket:r1", "ticket:r3")) == ["r2:1"]
    await finish(store, await the_first(store))
    assert await keys(store) == ["r1:2", "r2:1", "r3:1"]


async def test_what_waits_for_its_retry_holds_its_own_line_back_alone(store: Store) -> None:
    await entrusted(store, errand("r1", 1), errand("r1", 2), errand("r2", 1))
    first = await the_first(store)
    later = NOON + minutes(5)
    await store.write(lambda tx: tx.postpone_errand(first.id, later, ambiguous=True, reason="timeout"))
    assert await keys(store) == ["r2:1"]
    assert await store.read(lambda reader: reader.next_errand(NOON)) == later
    again = await the_first(store, after=5)
    assert (again.errand.key, again.attempts, again.ambiguous, again.reason) == ("r1:1", 1, True, "timeout")


async def test_what_was_begun_is_ambiguous_after_a_crash_and_not_looked_up_too_soon(open_store: OpenStore) -> None:
    store = await open_store()
    await opened(store, "r1")
    await entrusted(store, errand("r1"))
    first = await the_first(store)
    assert await store.write(lambda tx: tx.begin_errand(first.id, NOON + minutes(1)))
    await store.close()
    store = await open_store()
    assert await keys(store) == []
    assert (await the_first(store, after=1)).ambiguous


async def test_what_is_done_is_neither_begun_nor_finished_nor_refused_again(store: Store) -> None:
    await entrusted(store, errand("r1"))
    first = await the_first(store)
    assert await finish(store, first)
    assert not await finish(store, first)
    assert not await store.write(lambda tx: tx.begin_errand(first.id, NOON))
    assert not await store.write(lambda tx: tx.refuse_errand(first.id, "late", NOON))
    await store.write(lambda tx: tx.postpone_errand(first.id, NOON, ambiguous=True, reason="late"))
    assert await keys(store) == []
    assert await store.read(lambda reader: reader.next_errand(NOON)) is None


async def test_what_was_refused_is_kept_with_its_reason_and_lets_the_next_of_its_line_go(store: Store) -> None:
    await entrusted(store, errand("r1", 1), errand("r1", 2), errand("r2", 1))
    for _ in range(2):
        await refuse(store, await the_first(store))
    assert await keys(store) == ["r2:1"]
    shown = await store.read(lambda reader: reader.refused_errands(5))
    assert [(one.errand.key, one.reason) for one in shown] == [("r1:2", "no permission"), ("r1:1", "no permission")]
    assert len(await store.read(lambda reader: reader.refused_errands(1))) == 1


async def test_what_was_refused_is_tried_again_while_its_conversation_is_open(store: Store) -> None:
    await entrusted(store, errand("r1"), errand("r2"))
    first = await the_first(store)
    await store.write(lambda tx: tx.begin_errand(first.id, NOON))
    for one in await waiting(store):
        await refuse(store, one)
    await store.write(lambda tx: tx.save(conversation("r2"), is_open=False))
    assert await store.write(lambda tx: tx.revive_errands()) == 1
    (again,) = await waiting(store)
    assert (again.errand.key, again.ambiguous, again.reason) == ("r1:1", True, "no permission")
    assert [one.errand.key for one in await store.read(lambda reader: reader.refused_errands())] == ["r2:1"]


async def test_what_is_done_is_forgotten_and_what_was_refused_with_its_conversation(store: Store) -> None:
    await entrusted(store, errand("r1"), errand("r2"), errand("r3"))
    done, refused, _ = await waiting(store)
    await finish(store, done)
    await refuse(store, refused)
    assert await store.write(lambda tx: (tx.purge(NOON), tx.purge(NOON + minutes(1)))) == (0, 1)
    assert await keys(store) == ["r3:1"]
    assert len(await store.read(lambda reader: reader.refused_errands())) == 1
    await store.write(lambda tx: tx.save(conversation("r2"), is_open=False))
    assert await store.write(lambda tx: tx.purge(NOON + minutes(1))) == 1
