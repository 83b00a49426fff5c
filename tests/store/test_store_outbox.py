"""What a store promises about the outbox, whatever the database."""

from __future__ import annotations

import pytest

from bot.core.events import Outgoing
from bot.errors import GreenlightError
from bot.store.interface import Posting, Store, Transaction
from tests.store.stored_facts import (
    DANA,
    NOON,
    OTHERS,
    QUINN,
    RELEASES,
    OpenStore,
    card,
    direct,
    enqueued,
    keys,
    minutes,
    opened,
    posted,
    ready,
    reply,
    root,
)


@pytest.fixture
async def store(store: Store) -> Store:
    """With three open conversations."""
    await opened(store, "r1", "r2", "r3")
    return store


async def begin(store: Store, posting: Posting) -> bool:
    return await store.write(lambda tx: tx.begin(posting.id))


async def retry(store: Store, posting: Posting, after: float, *, ambiguous: bool = False) -> None:
    moment = NOON + minutes(after)
    await store.write(lambda tx: tx.retry(posting.id, moment, ambiguous=ambiguous, reason="timeout"))


async def give_up(store: Store, posting: Posting) -> None:
    await store.write(lambda tx: tx.give_up(posting.id, "not_in_channel", NOON))


async def resend(store: Store, channel: str = RELEASES) -> int:
    return await store.write(lambda tx: tx.resend(channel, NOON))


async def undelivered(store: Store) -> list[str]:
    return [it.message.key for it in await store.read(lambda reader: reader.undelivered())]


# ── in order ─────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_message_comes_back_as_it_was_enqueued(store: Store) -> None:
    message = Outgoing(
        "r1:1:0",
        "root",
        RELEASES,
        "Zürich 🚀",
        ({"type": "section", "text": {"text": "\u202e"}},),
        "r1",
        broadcast=True,
    )
    await enqueued(store, message, at=NOON + minutes(5))
    (posting,) = await ready(store)
    assert posting.message == message
    assert (posting.thread_ts, posting.attempts, posting.ambiguous) == (None, 0, False)
    assert posting.enqueued_at == NOON + minutes(5)


async def test_a_conversation_speaks_in_order_its_root_first_and_the_rest_in_its_thread(store: Store) -> None:
    await enqueued(store, root("r1"), reply("r1", 1), reply("r1", 2))
    said = []
    while postings := await ready(store):
        (posting,) = postings
        said.append((posting.message.key, posting.thread_ts))
        await posted(store, posting.message.key, ts=f"1.{len(said)}")
    assert said == [("r1:root", None), ("r1:1", "1.1"), ("r1:2", "1.1")]


async def test_nothing_goes_out_behind_a_root_that_waits_for_its_retry(store: Store) -> None:
    await enqueued(store, root("r1"), reply("r1", 1), card("r1", 1))
    (posting,) = await ready(store)
    await retry(store, posting, after=5)
    assert await keys(store) == []
    assert await keys(store, now=NOON + minutes(5)) == ["r1:root"]


async def test_a_reply_that_waits_for_its_retry_holds_back_its_own_conversation_alone(store: Store) -> None:
    await enqueued(store, root("r1"), root("r2"))
    await posted(store, "r1:root")
    await posted(store, "r2:root", ts="2.2")
    await enqueued(store, reply("r1", 1), reply("r1", 2), reply("r2", 1))
    (first,) = await ready(store)
    assert first.message.key == "r1:1"
    await retry(store, first, after=5)
    assert await keys(store) == ["r2:1"]
    assert await keys(store, now=NOON + minutes(5)) == ["r1:1"]


async def test_one_message_a_lane_is_given_the_first_that_may_be_sent(store: Store) -> None:
    await enqueued(store, root("r1"), root("r2", OTHERS), root("r3"), direct("r3", 1), direct("r1", 1))
    assert await keys(store) == ["r1:root", "r2:root", "r3:U0QUINN:1"]
    await posted(store, "r1:root")
    await enqueued(store, reply("r1", 1), card("r1", 1))
    assert await keys(store) == ["r2:root", "r3:root", "r3:U0QUINN:1", "r1:card:1"]


async def test_busy_lanes_are_left_out(store: Store) -> None:
    await enqueued(store, root("r1"), root("r2", OTHERS), direct("r3", 1))
    await posted(store, "r1:root")
    await enqueued(store, reply("r1", 1), card("r1", 1))
    assert await keys(store, without=(RELEASES, QUINN)) == ["r2:root", "r1:card:1"]
    assert await keys(store, without=(f"card:{RELEASES}", OTHERS)) == ["r3:U0QUINN:1", "r1:1"]
    assert await keys(store, without=(f"card:{RELEASES}", OTHERS, RELEASES, QUINN, "C0UNKNOWN")) == []


async def test_a_long_queue_of_one_channel_hides_no_other(store: Store) -> None:
    await enqueued(store, root("r1"), *(reply("r1", number) for number in range(2_000)), root("r2", OTHERS))
    assert await keys(store, limit=2) == ["r1:root", "r2:root"]
    await posted(store, "r1:root")
    assert await keys(store, limit=2) == ["r1:0", "r2:root"]


async def test_no_more_than_the_limit_is_given(store: Store) -> None:
    await enqueued(store, *(direct("r1", number, person=f"U0{number}") for number in range(5)))
    assert len(await ready(store, limit=3)) == 3
    assert await ready(store, limit=0) == []


async def test_what_is_said_in_no_conversation_is_sent_at_once(store: Store) -> None:
    hello, ahoy = Outgoing("hello", "root", RELEASES, "Hello"), Outgoing("ahoy", "root", OTHERS, "Ahoy")
    await enqueued(store, hello, ahoy, Outgoing("psst", "direct", QUINN, "Psst"), root("r1"))
    assert await keys(store) == ["hello", "ahoy", "psst"]
    await posted(store, "hello")
    assert await keys(store) == ["ahoy", "psst", "r1:root"]


async def test_a_reply_or_card_in_no_conversation_is_refused(store: Store) -> None:
    with pytest.raises(GreenlightError):
        await enqueued(store, Outgoing("lost", "reply", RELEASES, "Where?"))
    with pytest.raises(GreenlightError):
        await enqueued(store, Outgoing("lost", "card", RELEASES, "Of what?"))


async def test_the_same_key_is_said_once_however_often_it_is_enqueued(store: Store) -> None:
    await enqueued(store, root("r1"))
    await enqueued(store, root("r1"), root("r1"))
    await posted(store, "r1:root")
    await enqueued(store, root("r1"))
    assert await keys(store) == []


# ── people ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_goes_to_a_person_is_not_held_back_by_the_root(store: Store) -> None:
    await enqueued(store, root("r1"), reply("r1", 1))
    (posting,) = await ready(store)
    await give_up(store, posting)
    await enqueued(store, direct("r1", 1), direct("r1", 2))
    assert await keys(store) == ["r1:U0QUINN:1"]
    await posted(store, "r1:U0QUINN:1")
    assert await keys(store) == ["r1:U0QUINN:2"]


async def test_what_goes_to_a_person_goes_into_no_thread(store: Store) -> None:
    await enqueued(store, root("r1"), direct("r1", 1))
    await posted(store, "r1:root")
    (posting,) = await ready(store)
    assert (posting.message.channel, posting.thread_ts) == (QUINN, None)


async def test_what_goes_to_a_person_holds_nothing_else_back(store: Store) -> None:
    await enqueued(store, direct("r1", 1), direct("r1", 2), direct("r1", 1, person=DANA), direct("r2", 1), root("r1"))
    (first, *_) = await ready(store)
    await retry(store, first, after=5)
    assert await keys(store) == ["r1:U0DANA:1", "r2:U0QUINN:1", "r1:root"]


# ── cards ────────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_card_waits_for_its_head_alone_and_updates_it(store: Store) -> None:
    await enqueued(store, root("r1"), reply("r1", 1), card("r1", 1))
    assert await keys(store) == ["r1:root"]
    await posted(store, "r1:root", ts="5.5")
    postings = await ready(store)
    assert [(it.message.key, it.thread_ts) for it in postings] == [("r1:1", "5.5"), ("r1:card:1", "5.5")]
    await retry(store, postings[1], after=5)
    assert await keys(store) == ["r1:1"]


async def test_a_newer_card_takes_the_place_of_one_that_waits(store: Store) -> None:
    await enqueued(store, root("r1"), card("r1", 1), card("r1", 2), reply("r1", 1), card("r1", 3))
    await posted(store, "r1:root")
    assert await keys(store) == ["r1:1", "r1:card:3"]


async def test_cards_of_other_conversations_keep_their_places(store: Store) -> None:
    await enqueued(store, root("r1"), root("r2", OTHERS))
    await posted(store, "r1:root")
    await posted(store, "r2:root", ts="2.2")
    await enqueued(store, card("r1", 1), card("r2", 1, OTHERS), card("r1", 2))
    assert await keys(store) == ["r2:card:1", "r1:card:2"]


async def test_settling_a_card_that_was_replaced_while_on_its_way_says_nothing_about_the_newer(store: Store) -> None:
    await enqueued(store, root("r1"))
    await posted(store, "r1:root")
    await enqueued(store, card("r1", 1))
    (older,) = await ready(store)
    assert await begin(store, older) is True
    await enqueued(store, card("r1", 2))
    assert await begin(store, older) is False
    await store.write(lambda tx: tx.settle(older.id, None, None, NOON))
    await retry(store, older, after=5)
    await give_up(store, older)
    (newer,) = await ready(store)
    assert (newer.message.key, newer.ambiguous, newer.attempts) == ("r1:card:2", False, 0)
    assert await undelivered(store) == []


async def test_enqueueing_an_old_card_again_does_not_displace_the_newer(store: Store) -> None:
    await enqueued(store, root("r1"))
    await posted(store, "r1:root")
    await enqueued(store, card("r1", 1), card("r1", 2), direct("r1", 1), card("r1", 1))
    assert await keys(store) == ["r1:card:2", "r1:U0QUINN:1"]


async def test_a_card_that_slack_refused_is_not_sent_after_a_newer_one(store: Store) -> None:
    await enqueued(store, root("r1"))
    await posted(store, "r1:root")
    await enqueued(store, card("r1", 1))
    (older,) = await ready(store)
    await give_up(store, older)
    await enqueued(store, card("r1", 2))
    await posted(store, "r1:card:2")
    assert await undelivered(store) == []
    assert await resend(store) == 0
    assert await keys(store) == []


# ── on the way ───────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_what_was_begun_is_ambiguous_until_its_outcome_is_known(open_store: OpenStore) -> None:
    """Also for the next process, if this one dies between the post and its settling."""
    store = await open_store()
    await opened(store, "r1")
    await enqueued(store, root("r1"))
    (posting,) = await ready(store)
    assert await begin(store, posting) is True
    await store.close()
    store = await open_store()
    (found,) = await ready(store)
    assert (found.id, found.ambiguous) == (posting.id, True)
    await retry(store, found, after=0)
    (found,) = await ready(store)
    assert (found.ambiguous, found.attempts) == (False, 1)
    await retry(store, found, after=0, ambiguous=True)
    (found,) = await ready(store)
    assert (found.ambiguous, found.attempts) == (True, 2)


async def test_what_was_settled_does_not_begin_again(store: Store) -> None:
    await enqueued(store, root("r1"))
    (posting,) = await ready(store)
    await posted(store, "r1:root")
    assert await begin(store, posting) is False
    assert await begin(store, Posting(99, root("r9"), None, 0, ambiguous=False, enqueued_at=NOON)) is False


async def test_the_head_stays_where_it_was_first_posted(store: Store) -> None:
    """A second answer for the same posting, from a try that was thought lost, changes nothing."""
    await enqueued(store, root("r1"))
    (posting,) = await ready(store)
    await store.write(lambda tx: tx.settle(posting.id, "1.1", "C0FIRST", NOON))
    await store.write(lambda tx: tx.settle(posting.id, "2.2", "C0SECOND", NOON))
    record = await store.read(lambda reader: reader.load("r1"))
    assert record is not None
    assert (record.root_ts, record.root_channel) == ("1.1", "C0FIRST")


async def test_a_root_without_a_timestamp_is_not_settled(store: Store) -> None:
    await enqueued(store, root("r1"))
    (posting,) = await ready(store)
    with pytest.raises(ValueError, match="head"):
        await store.write(lambda tx: tx.settle(posting.id, None, None, NOON))
    assert await keys(store) == ["r1:root"]


async def test_when_the_next_retry_may_be_sent_is_known(store: Store) -> None:
    async def next_posting() -> float | None:
        moment = await store.read(lambda reader: reader.next_posting(NOON))
        return None if moment is None else (moment - NOON).total_seconds() / 60

    await enqueued(store, root("r1"), root("r2", OTHERS), direct("r3", 1))
    assert await next_posting() is None
    first, second, third = await ready(store)
    await retry(store, first, after=7)
    await retry(store, second, after=5)
    await retry(store, third, after=0)
    assert await next_posting() == 5
    await store.write(lambda tx: tx.settle(second.id, "1.1", OTHERS, NOON))
    assert await next_posting() == 7
    await give_up(store, first)
    assert await next_posting() is None


async def test_the_retry_of_what_stands_behind_another_is_not_waited_for(store: Store) -> None:
    await enqueued(store, root("r1"), reply("r1", 1), reply("r1", 2))
    await posted(store, "r1:root")
    (first,) = await ready(store)
    await give_up(store, first)
    (second,) = await ready(store)
    await retry(store, second, after=5)
    await resend(store)
    await retry(store, first, after=9)
    assert await store.read(lambda reader: reader.next_posting(NOON)) == NOON + minutes(9)


# ── refused for good ─────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_undelivered_root_blocks_its_conversation_and_no_other(store: Store) -> None:
    await enqueued(store, root("r1"), reply("r1", 1), root("r2"))
    (first,) = await ready(store)
    await give_up(store, first)
    assert await keys(store) == ["r2:root"]
    (stuck,) = await store.read(lambda reader: reader.undelivered())
    assert (stuck.id, stuck.message, stuck.reason, stuck.since) == (first.id, first.message, "not_in_channel", NOON)


async def test_an_undelivered_reply_does_not_hold_back_the_next(store: Store) -> None:
    await enqueued(store, root("r1"), reply("r1", 1), reply("r1", 2))
    await posted(store, "r1:root")
    (first,) = await ready(store)
    await give_up(store, first)
    assert await keys(store) == ["r1:2"]


async def test_what_was_refused_is_sent_again_in_its_place_once_the_bot_was_invited(store: Store) -> None:
    await enqueued(store, root("r1"), reply("r1", 1), root("r2", OTHERS))
    for posting in await ready(store):
        await begin(store, posting)
        await retry(store, posting, after=0, ambiguous=True)
        await give_up(store, posting)
    assert await undelivered(store) == ["r2:root", "r1:root"]
    assert await resend(store, RELEASES) == 1
    assert await undelivered(store) == ["r2:root"]
    (posting,) = await ready(store)
    # The refusal was certain, so Slack need not be searched for it.
    assert (posting.message.key, posting.ambiguous, posting.attempts) == ("r1:root", False, 0)
    await posted(store, "r1:root")
    assert await keys(store) == ["r1:1"]
    assert await resend(store, "C0UNKNOWN") == 0


async def test_undelivered_messages_are_given_up_to_the_limit(store: Store) -> None:
    await enqueued(store, *(direct("r1", number, person=f"U0{number}") for number in range(5)))
    for posting in await ready(store):
        await give_up(store, posting)
    assert len(await store.read(lambda reader: reader.undelivered(limit=3))) == 3


async def test_purging_forgets_what_was_sent_or_replaced_and_keeps_what_was_not(store: Store) -> None:
    await enqueued(store, root("r1"), root("r2", OTHERS), root("r3"), reply("r3", 1))
    await posted(store, "r1:root")
    await enqueued(store, card("r1", 1), card("r1", 2))
    for posting in await ready(store):
        if posting.message.key == "r2:root":
            await give_up(store, posting)

    def purge(tx: Transaction) -> tuple[int, int]:
        return tx.purge(NOON), tx.purge(NOON + minutes(1))

    assert await store.write(purge) == (0, 2)  # r1's root, and its first card
    assert await undelivered(store) == ["r2:root"]
    assert await keys(store) == ["r3:root", "r1:card:2"]
