"""What a store promises about conversations, events and deliveries, whatever the database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from bot.core.events import Conversation
from bot.store.interface import ContradictionError, DuplicateError, Record, Store, Transaction
from tests.store.stored_facts import NOON, OpenStore, conversation, event, minutes, opened, root


async def found(store: Store, **asked: Any) -> list[str]:
    records = await store.read(lambda reader: reader.find("release", **asked))
    return [record.id for record in records]


async def loaded(store: Store, name: str = "r1") -> Record:
    record = await store.read(lambda reader: reader.load(name))
    assert record is not None
    return record


async def save(store: Store, it: Conversation, *, is_open: bool = True) -> None:
    await store.write(lambda tx: tx.save(it, is_open=is_open))


# ── conversations ────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_conversation_comes_back_as_it_was_saved(store: Store) -> None:
    it = conversation(stage=3, number=5, forms={"approve": {"text": "Zürich 🚀 \u202e'; DROP TABLE events; --"}})
    await save(store, it)
    assert await loaded(store) == Record(
        id="r1",
        dialogue="release",
        service="shop",
        environment="production",
        version="v-r1",
        channel=it.channel,
        state="awaiting_signoffs",
        stage=3,
        is_open=True,
        opened_at=NOON,
        since=NOON,
        snapshot=it.model_dump_json(),
    )
    assert Conversation.model_validate_json((await loaded(store)).snapshot) == it


async def test_there_is_no_record_of_what_was_never_saved(store: Store) -> None:
    assert await store.read(lambda reader: reader.load("r1")) is None
    assert await store.read(lambda reader: reader.in_thread("C0", "1.1")) is None
    assert await store.read(lambda reader: reader.events("r1")) == ()
    assert await store.read(lambda reader: reader.find("release")) == ()


async def test_saving_again_replaces_what_changed_and_keeps_the_head(store: Store) -> None:
    await opened(store, "r1")
    await store.write(lambda tx: tx.enqueue(root(), NOON))
    (posting,) = await store.read(lambda reader: reader.postings(NOON, 5))
    await store.write(lambda tx: tx.settle(posting.id, "1.1", "C0HEAD", NOON))
    later = conversation(state="completed", stage=9, number=12, since=NOON + minutes(90), channel="C0ELSEWHERE")
    await save(store, later, is_open=False)
    record = await loaded(store)
    assert (record.state, record.stage, record.is_open, record.since) == ("completed", 9, False, NOON + minutes(90))
    assert (record.channel, record.root_ts, record.root_channel) == ("C0ELSEWHERE", "1.1", "C0HEAD")
    assert record.snapshot == later.model_dump_json()


async def test_moments_of_any_zone_come_back_as_the_same_moment_in_utc(store: Store) -> None:
    tokyo = timezone(timedelta(hours=9))
    await save(store, conversation(opened_at=NOON.astimezone(tokyo), since=NOON + timedelta(microseconds=1)))
    record = await loaded(store)
    assert (record.opened_at, record.opened_at.utcoffset()) == (NOON, timedelta(0))
    assert record.since == NOON + timedelta(microseconds=1)


async def test_a_moment_without_a_time_zone_is_refused(store: Store) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        await save(store, conversation(since=datetime(2026, 7, 4, 12)))  # noqa: DTZ001 - that is what is wrong with it


@pytest.mark.parametrize("changed", ["dialogue", "service", "environment", "version"])
async def test_what_differs_in_one_part_of_its_identity_may_be_open_beside_it(store: Store, changed: str) -> None:
    await save(store, conversation("one", version="v1"))
    await save(store, conversation("two", **{"version": "v1", changed: "another"}))
    with pytest.raises(DuplicateError) as raised:
        await save(store, conversation("three", version="v1"))
    assert raised.value.id == "one"


async def test_a_version_may_be_opened_again_when_its_conversation_ended(store: Store) -> None:
    await save(store, conversation("one", version="v1"))
    await save(store, conversation("one", version="v1", state="withdrawn"), is_open=False)
    await save(store, conversation("two", version="v1"))
    assert await found(store, version="v1", is_open=True) == ["two"]


async def test_an_ended_conversation_can_not_come_back_beside_its_like(store: Store) -> None:
    """A release that was completed may be rolled back, but not while the same version is on its way again."""
    await save(store, conversation("one", version="v1"), is_open=False)
    await save(store, conversation("two", version="v1"))
    with pytest.raises(DuplicateError) as raised:
        await save(store, conversation("one", version="v1", state="rolling_back"))
    assert raised.value.id == "two"
    assert (await loaded(store, "one")).state == "awaiting_signoffs"


@pytest.mark.parametrize("changed", ["dialogue", "service", "environment", "version"])
async def test_a_conversation_never_becomes_another_one(store: Store, changed: str) -> None:
    await opened(store, "r1")
    with pytest.raises(ContradictionError, match="r1"):
        await save(store, conversation(**{changed: "another"}))
    assert (await loaded(store)).snapshot == conversation().model_dump_json()


async def test_finding_gives_what_matches_all_that_is_asked_the_latest_first(store: Store) -> None:
    def fill(tx: Transaction) -> None:
        for number, (service, environment, version, is_open, state) in enumerate(
            [
                ("shop", "production", "v1", False, "completed"),
                ("shop", "staging", "v2", True, "watching"),
                ("mail", "production", "v1", True, "watching"),
                ("shop", "production", "v2", True, "scheduled"),
                ("shop", "production", "v1", True, "watching"),
            ]
        ):
            facts = {"service": service, "environment": environment, "version": version, "state": state}
            it = conversation(f"r{number}", opened_at=NOON + minutes(number), **facts)
            tx.save(it, is_open=is_open)
        tx.save(conversation("other", dialogue="rollback"), is_open=True)

    await store.write(fill)
    assert await found(store) == ["r4", "r3", "r2", "r1", "r0"]
    assert await found(store, service="shop") == ["r4", "r3", "r1", "r0"]
    assert await found(store, service="shop", is_open=True) == ["r4", "r3", "r1"]
    assert await found(store, is_open=True) == ["r4", "r3", "r2", "r1"]
    assert await found(store, is_open=False) == ["r0"]
    assert await found(store, environment="staging") == ["r1"]
    assert await found(store, version="v1") == ["r4", "r2", "r0"]
    assert await found(store, service="shop", version="v1", is_open=False) == ["r0"]
    assert await found(store, state="watching", service="shop") == ["r4", "r1"]
    assert await found(store, service="shop", environment="production", version="v1", is_open=True, state="x") == []


async def test_finding_gives_no_more_than_the_limit(store: Store) -> None:
    await opened(store, *(f"r{number}" for number in range(60)))
    assert len(await found(store)) == 50
    assert await found(store, limit=2) == ["r59", "r58"]  # of the same moment, the later saved
    assert await found(store, limit=0) == []
    assert len(await found(store, limit=100)) == 60


async def test_a_negative_limit_is_a_mistake_and_not_no_limit(store: Store) -> None:
    with pytest.raises(ValueError, match="0 or more"):
        await found(store, limit=-1)


async def test_a_thread_is_known_by_its_head(store: Store) -> None:
    await opened(store, "r1", "r2")
    await store.write(lambda tx: tx.enqueue(root("r2"), NOON))
    (posting,) = await store.read(lambda reader: reader.postings(NOON, 5))
    await store.write(lambda tx: tx.settle(posting.id, "7.7", "C0RELEASES", NOON))
    record = await store.read(lambda reader: reader.in_thread("C0RELEASES", "7.7"))
    assert record is not None
    assert record.id == "r2"
    assert await store.read(lambda reader: reader.in_thread("C0OTHERS", "7.7")) is None


# ── events ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_events_come_back_as_they_were_the_oldest_first(open_store: OpenStore) -> None:
    """Also from a store that was closed and opened again."""
    store = await open_store()
    await opened(store, "r1", "r2")
    events = tuple(event(number=number) for number in range(1, 13))

    def intent(tx: Transaction) -> None:
        for it in events:
            tx.append(it)
        tx.append(event("r2"))

    await store.write(intent)
    await store.close()
    store = await open_store()
    assert await store.read(lambda reader: reader.events("r1")) == events
    assert await store.read(lambda reader: reader.events("r2")) == (event("r2"),)


# ── deliveries ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_delivery_is_answered_the_same_again(store: Store) -> None:
    assert await store.write(lambda tx: tx.reply_to("trigger-1")) is None
    await store.write(lambda tx: tx.remember("trigger-1", "r1", NOON))
    assert await store.write(lambda tx: tx.reply_to("trigger-1")) == "r1"
    assert await store.write(lambda tx: tx.reply_to("trigger-2")) is None


async def test_remembering_a_delivery_twice_is_a_contradiction(store: Store) -> None:
    """Whoever carries a request out asks first whether it was carried out; who forgets to is stopped here."""
    await store.write(lambda tx: tx.remember("trigger-1", "r1", NOON))
    with pytest.raises(ContradictionError):
        await store.write(lambda tx: tx.remember("trigger-1", "r2", NOON))
    assert await store.write(lambda tx: tx.reply_to("trigger-1")) == "r1"


async def test_purging_forgets_old_deliveries_and_says_how_many_rows_went(store: Store) -> None:
    for number in range(4):
        await store.write(lambda tx, number=number: tx.remember(f"t{number}", "r", NOON + minutes(number)))  # type: ignore[misc]  # the default binds the loop's value
    assert await store.write(lambda tx: tx.purge(datetime(2026, 7, 4, 12, 2, tzinfo=UTC))) == 2
    assert await store.write(lambda tx: [tx.reply_to(f"t{number}") for number in range(4)]) == [None, None, "r", "r"]
