"""What a store tells of its commits: where there is something new, and nothing of what was not kept."""

from __future__ import annotations

from typing import NoReturn

import pytest

from bot.core.events import Errand
from bot.store.interface import Store, Transaction
from bot.store.news import News
from tests.store.stored_facts import NOON, OTHERS, QUINN, RELEASES, card, conversation, minutes, opened, reminder, root


@pytest.fixture
async def heard(store: Store) -> list[News]:
    """What a listener heard, in order, after a conversation was opened."""
    await opened(store, "r1")
    told: list[News] = []
    store.listen(told.append)
    return told


async def test_a_commit_tells_into_which_lanes_something_was_put(store: Store, heard: list[News]) -> None:
    def intent(tx: Transaction) -> None:
        tx.enqueue(root("r1"), NOON)
        tx.enqueue(card("r1", 1), NOON)
        tx.enqueue(root("r1", OTHERS), NOON)

    await store.write(intent)
    assert heard == [News(lanes={RELEASES, f"card:{RELEASES}"})]


async def test_what_is_to_be_sent_again_is_told_like_what_is_new(store: Store, heard: list[News]) -> None:
    await store.write(lambda tx: tx.resend(RELEASES, NOON))
    assert heard == [News(lanes={RELEASES, f"card:{RELEASES}"})]


async def test_a_commit_tells_the_earliest_reminder_that_was_set(store: Store, heard: list[News]) -> None:
    await store.write(lambda tx: tx.set_reminders("r1", (reminder(due=60), reminder(kind="escalation", due=30))))
    await store.write(lambda tx: tx.add_reminders((reminder(kind="step", due=45),)))
    assert heard == [News(due=NOON + minutes(30)), News(due=NOON + minutes(45))]


async def test_a_reminder_that_was_put_off_is_told_with_its_new_time(store: Store, heard: list[News]) -> None:
    await store.write(lambda tx: tx.set_reminders("r1", (reminder(due=30, stage=0),)))
    (one,) = await store.read(lambda reader: reader.due(NOON + minutes(30), 10))
    heard.clear()
    await store.write(lambda tx: tx.snooze(one.id, NOON + minutes(90)))
    assert heard == [News(due=NOON + minutes(90))]


async def test_errands_and_changed_conversations_are_told(store: Store, heard: list[News]) -> None:
    await store.write(lambda tx: tx.entrust(Errand("one", "open_ticket", "r1", "ticket:r1"), NOON))
    await store.write(lambda tx: tx.revive_errands())
    await store.write(lambda tx: tx.save(conversation("r2"), is_open=True))
    assert heard == [News(errands=True), News(errands=True), News(conversations=True)]


async def test_what_brings_nothing_is_not_told(store: Store, heard: list[News]) -> None:
    await store.write(lambda tx: tx.remember("d1", "r1 1", NOON))
    await store.write(lambda tx: tx.add_reminders(()))
    await store.read(lambda reader: reader.load("r1"))
    assert heard == []


async def test_of_what_was_not_kept_nothing_is_told(store: Store, heard: list[News]) -> None:
    def refused(_: Transaction) -> NoReturn:
        raise LookupError(QUINN)

    with pytest.raises(LookupError):
        await store.write(refused)
    assert heard == []


async def test_the_news_are_heard_before_whoever_wrote_goes_on(store: Store, heard: list[News]) -> None:
    """Whoever answers a person and then waits for the outbox finds it awake."""
    await store.write(lambda tx: tx.enqueue(root("r1"), NOON))
    assert len(heard) == 1
