"""What a store promises about reminders, whatever the database."""

from __future__ import annotations

from datetime import datetime

import pytest

from bot.core.events import Outgoing, Reminder, over_key, reminder_message_key
from bot.store.interface import Asking, Store, StoredReminder
from tests.store.stored_facts import DANA, NOON, conversation, enqueued, minutes, opened, posted, ready, reminder

NUDGE = reminder()
ESCALATION = reminder(kind="escalation", due=60)


@pytest.fixture
async def store(store: Store) -> Store:
    """With two open conversations in their first stage."""
    await opened(store, "r1", "r2", stage=1)
    return store


async def set_(store: Store, *reminders: Reminder, of: str = "r1") -> None:
    await store.write(lambda tx: tx.set_reminders(of, reminders))


async def due(store: Store, now: datetime, limit: int = 100) -> list[StoredReminder]:
    return list(await store.read(lambda reader: reader.due(now, limit)))


async def only(store: Store, now: datetime) -> StoredReminder:
    (stored,) = await due(store, now)
    return stored


async def fire(store: Store, stored: StoredReminder, now: datetime) -> bool:
    return await store.write(lambda tx: tx.fire(stored.id, now))


async def snooze(store: Store, stored: StoredReminder, until: datetime) -> bool:
    return await store.write(lambda tx: tx.snooze(stored.id, until))


async def move_on(store: Store, stage: int = 2) -> None:
    await store.write(lambda tx: tx.save(conversation(stage=stage), is_open=True))


async def waiting(store: Store) -> dict[str, datetime]:
    """Kind to time, of all that wait."""
    return {it.reminder.kind: it.reminder.due_at for it in await due(store, NOON + minutes(100_000))}


async def test_a_reminder_comes_back_as_it_was_set_when_its_time_has_come(store: Store) -> None:
    await set_(store, NUDGE, ESCALATION)
    assert await due(store, NOON + minutes(29.99)) == []
    stored = await only(store, NOON + minutes(30))
    assert (stored.reminder, stored.snoozed) == (NUDGE, 0)
    assert await store.read(lambda reader: reader.reminder(stored.id)) == stored
    assert await store.read(lambda reader: reader.reminder(stored.id + 100)) is None


async def test_those_longest_due_come_first_and_no_more_than_the_limit(store: Store) -> None:
    await set_(store, reminder(due=3), reminder(kind="due", due=1), reminder(kind="escalation", due=5))
    await set_(store, reminder("r2", due=2), reminder("r2", kind="due", due=4), of="r2")
    times = [it.reminder.due_at for it in await due(store, NOON + minutes(4))]
    assert times == [NOON + minutes(count) for count in (1, 2, 3, 4)]
    assert len(await due(store, NOON + minutes(9), limit=2)) == 2
    assert await due(store, NOON + minutes(9), limit=0) == []


async def test_the_next_one_is_known_of_all_and_of_a_conversation(store: Store) -> None:
    assert await store.read(lambda reader: reader.next_due()) is None
    assert await store.read(lambda reader: reader.next_reminder()) is None
    await set_(store, NUDGE, ESCALATION)
    await set_(store, reminder("r2", due=10), of="r2")
    assert await store.read(lambda reader: reader.next_due()) == NOON + minutes(10)
    first = await store.read(lambda reader: reader.next_reminder())
    own = await store.read(lambda reader: reader.next_reminder("r1"))
    assert first is not None
    assert own is not None
    assert (first.reminder, own.reminder) == (reminder("r2", due=10), NUDGE)
    assert await store.read(lambda reader: reader.next_reminder("nobody")) is None


async def test_a_reminder_fires_once(store: Store) -> None:
    await set_(store, NUDGE)
    stored = await only(store, NOON + minutes(31))
    assert [await fire(store, stored, NOON + minutes(31)) for _ in range(3)] == [True, False, False]
    assert await waiting(store) == {}


async def test_a_reminder_whose_time_was_moved_meanwhile_does_not_fire(store: Store) -> None:
    """The scheduler read it as due; before it fires, the watch is extended."""
    await set_(store, reminder(kind="step", due=30))
    stored = await only(store, NOON + minutes(30))
    await set_(store, reminder(kind="step", due=90))
    assert await fire(store, stored, NOON + minutes(30)) is False
    assert await waiting(store) == {"step": NOON + minutes(90)}


async def test_setting_replaces_what_waits_of_this_conversation_alone(store: Store) -> None:
    await set_(store, NUDGE, ESCALATION)
    await set_(store, reminder("r2", kind="due", due=10), of="r2")
    await set_(store, reminder(due=45), reminder(kind="step", due=50))
    assert await waiting(store) == {
        "nudge": NOON + minutes(45),
        "step": NOON + minutes(50),
        "due": NOON + minutes(10),
    }
    await set_(store)
    assert await waiting(store) == {"due": NOON + minutes(10)}


async def test_one_that_fired_is_not_set_again_in_its_stage_but_is_in_the_next(store: Store) -> None:
    await set_(store, NUDGE, ESCALATION)
    nudge = await only(store, NOON + minutes(30))
    await fire(store, nudge, NOON + minutes(30))
    await set_(store, reminder(due=35), ESCALATION)
    assert await waiting(store) == {"escalation": NOON + minutes(60)}
    assert await store.read(lambda reader: reader.reminder(nudge.id)) == nudge
    await set_(store, reminder(stage=2), reminder(step="plan", due=20))
    assert await waiting(store) == {"nudge": NOON + minutes(30)}
    assert len(await due(store, NOON + minutes(99))) == 2


async def test_the_id_of_a_dropped_reminder_never_names_another(store: Store) -> None:
    """A button of an old message, or a scheduler that read it as due, must not fire or put off what came after it."""
    await set_(store, NUDGE)
    dropped = await only(store, NOON + minutes(30))
    await set_(store, reminder(stage=2, due=5))
    assert await store.read(lambda reader: reader.reminder(dropped.id)) is None
    assert await fire(store, dropped, NOON + minutes(30)) is False
    assert await snooze(store, dropped, NOON + minutes(60)) is False
    assert (await only(store, NOON + minutes(5))).id > dropped.id


async def test_a_snoozed_nudge_fires_again_and_the_escalation_waits_at_least_as_long(store: Store) -> None:
    await set_(store, NUDGE, ESCALATION, reminder(kind="escalation", step="plan", due=40))
    nudge = await only(store, NOON + minutes(30))
    await fire(store, nudge, NOON + minutes(30))
    assert await snooze(store, nudge, NOON + minutes(90)) is True
    assert [it.reminder.step for it in await due(store, NOON + minutes(89))] == ["plan"]
    again, escalation = [it for it in await due(store, NOON + minutes(90)) if it.reminder.step == "cosign"]
    assert (again.id, again.snoozed, escalation.reminder.kind) == (nudge.id, 1, "escalation")
    assert await fire(store, again, NOON + minutes(90)) is True
    assert await snooze(store, again, NOON + minutes(100)) is True
    assert (await store.read(lambda reader: reader.reminder(nudge.id))) == StoredReminder(
        nudge.id, reminder(due=100), snoozed=2
    )


async def test_a_snooze_does_not_bring_a_later_escalation_forward(store: Store) -> None:
    await set_(store, NUDGE, ESCALATION)
    nudge = await only(store, NOON + minutes(30))
    await fire(store, nudge, NOON + minutes(30))
    await snooze(store, nudge, NOON + minutes(45))
    assert await waiting(store) == {"nudge": NOON + minutes(45), "escalation": NOON + minutes(60)}


async def test_what_was_put_off_stays_put_off_when_the_same_is_set_again(store: Store) -> None:
    await set_(store, NUDGE, ESCALATION)
    nudge = await only(store, NOON + minutes(30))
    await fire(store, nudge, NOON + minutes(30))
    await snooze(store, nudge, NOON + minutes(90))
    await set_(store, NUDGE, ESCALATION, reminder(kind="step", due=70))
    put_off = NOON + minutes(90)
    assert await waiting(store) == {"nudge": put_off, "escalation": put_off, "step": NOON + minutes(70)}
    stored = await store.read(lambda reader: reader.reminder(nudge.id))
    assert stored is not None
    assert stored.snoozed == 1


async def test_what_was_put_off_is_dropped_with_the_rest_when_it_is_not_wanted_any_more(store: Store) -> None:
    await set_(store, NUDGE)
    nudge = await only(store, NOON + minutes(30))
    await fire(store, nudge, NOON + minutes(30))
    await snooze(store, nudge, NOON + minutes(90))
    await move_on(store)
    await set_(store, reminder(stage=2, step="plan"))
    assert [it.reminder.step for it in await due(store, NOON + minutes(999))] == ["plan"]


async def test_two_who_snooze_the_same_message_put_it_off_to_the_later_time(store: Store) -> None:
    await set_(store, NUDGE)
    nudge = await only(store, NOON + minutes(30))
    await fire(store, nudge, NOON + minutes(30))
    assert await snooze(store, nudge, NOON + minutes(90)) is True
    assert await snooze(store, nudge, NOON + minutes(60)) is True
    assert await waiting(store) == {"nudge": NOON + minutes(90)}


async def test_a_reminder_of_a_stage_that_was_left_cannot_be_put_off(store: Store) -> None:
    await set_(store, NUDGE)
    nudge = await only(store, NOON + minutes(30))
    await fire(store, nudge, NOON + minutes(30))
    await move_on(store)
    assert await snooze(store, nudge, NOON + minutes(90)) is False
    assert await waiting(store) == {}


async def test_a_step_of_the_clock_cannot_be_put_off(store: Store) -> None:
    await set_(store, reminder(kind="step"))
    clocks = await only(store, NOON + minutes(30))
    assert await snooze(store, clocks, NOON + minutes(90)) is False
    await fire(store, clocks, NOON + minutes(30))
    assert await snooze(store, clocks, NOON + minutes(90)) is False


async def test_purging_forgets_fired_reminders_of_stages_that_were_left_alone(store: Store) -> None:
    """One of the present stage has to be known, or it would be set and fire a second time."""
    await set_(store, NUDGE, ESCALATION)
    await fire(store, await only(store, NOON + minutes(30)), NOON + minutes(30))
    assert await store.write(lambda tx: tx.purge(NOON + minutes(1_000))) == 0
    await set_(store, NUDGE, ESCALATION)
    assert await waiting(store) == {"escalation": NOON + minutes(60)}
    await move_on(store)
    assert await store.write(lambda tx: tx.purge(NOON + minutes(30))) == 0
    assert await store.write(lambda tx: tx.purge(NOON + minutes(31))) == 1


ENTRY = reminder(kind="entry")._replace(stage=0, occasion="T-1h")
TOLD = reminder(kind="tell")._replace(stage=0, occasion="1:told")


async def test_one_with_an_occasion_outlives_its_stage_is_moved_and_fires_once(store: Store) -> None:
    await set_(store, NUDGE, ENTRY)
    await move_on(store)
    await set_(store, ENTRY._replace(due_at=NOON + minutes(90)))
    assert await waiting(store) == {"entry": NOON + minutes(90)}
    stored = await only(store, NOON + minutes(90))
    assert stored.reminder.occasion == "T-1h"
    assert await fire(store, stored, NOON + minutes(90))
    await set_(store, ENTRY._replace(due_at=NOON + minutes(120)), ENTRY._replace(occasion="T-30m"))
    assert {it.reminder.occasion for it in await due(store, NOON + minutes(500))} == {"T-30m"}


async def test_what_is_told_is_not_dropped_by_what_is_set_later(store: Store) -> None:
    await store.write(lambda tx: tx.add_reminders((TOLD,)))
    await set_(store, NUDGE)
    await set_(store)
    assert list(await waiting(store)) == ["tell"]


async def test_an_entry_can_be_put_off_in_a_later_stage_and_holds_no_other_back(store: Store) -> None:
    await set_(store, ENTRY, ENTRY._replace(occasion="T-30m", due_at=NOON + minutes(40)))
    (stored,) = await due(store, NOON + minutes(30))
    assert await fire(store, stored, NOON + minutes(30))
    await move_on(store)
    assert await snooze(store, stored, NOON + minutes(50))
    moments = {it.reminder.occasion: it.reminder.due_at for it in await due(store, NOON + minutes(500))}
    assert moments == {"T-1h": NOON + minutes(50), "T-30m": NOON + minutes(40)}


async def test_purging_keeps_what_fired_for_an_occasion_while_its_conversation_is_open(store: Store) -> None:
    await set_(store, ENTRY)
    assert await fire(store, await only(store, NOON + minutes(30)), NOON + minutes(30))
    await move_on(store)
    assert await store.write(lambda tx: tx.purge(NOON + minutes(9_000))) == 0
    await store.write(lambda tx: tx.save(conversation(stage=3), is_open=False))
    assert await store.write(lambda tx: tx.purge(NOON + minutes(9_000))) == 1


# ── the messages that reminded somebody ──────────────────────────────────────────────────────────────────────────────
BUTTONS = ({"type": "section"}, {"type": "actions"})


async def reminded(store: Store, of: str = "r1", blocks: tuple[dict[str, str], ...] = BUTTONS) -> str:
    """Set a nudge, fire it, and enqueue its message to Dana; the message's key."""
    await set_(store, reminder(of), of=of)
    stored = await only(store, NOON + minutes(30))
    await fire(store, stored, NOON + minutes(30))
    key = reminder_message_key(stored.id, stored.snoozed, DANA)
    await enqueued(store, Outgoing(key, "direct", DANA, f"{of} waits", blocks, of))
    return key


async def asking(store: Store, of: str = "r1") -> tuple[Asking, ...]:
    return await store.read(lambda reader: reader.asking(of))


async def withdrawn(store: Store, key: str) -> bool:
    return await store.write(lambda tx: tx.withdraw(key, NOON))


async def test_a_message_that_has_buttons_asks_until_it_is_over(store: Store) -> None:
    """Of its own conversation alone."""
    key = await reminded(store)
    await posted(store, key, "7.7")
    assert await asking(store) == (Asking(key, DANA, "nudge", "cosign", 1, ""),)
    assert await asking(store, "r2") == ()
    await enqueued(store, Outgoing(over_key(key), "direct", DANA, "over", (), "r1", event=2))
    assert await asking(store) == ()


async def test_one_that_was_put_off_asks_as_well_and_one_without_buttons_does_not(store: Store) -> None:
    """An id that begins like another one's is another reminder's."""
    key = await reminded(store)
    stored = await store.read(lambda reader: reader.reminder(int(key.split(":")[1])))
    assert stored is not None
    await snooze(store, stored, NOON + minutes(60))
    await enqueued(store, Outgoing(f"reminder:{stored.id}1:0:{DANA}:0", "direct", DANA, "another", BUTTONS, "r1"))
    assert [one.key for one in await asking(store)] == [key]
    await reminded(store, "r2", blocks=({"type": "section"},))
    assert await asking(store, "r2") == ()


async def test_what_nobody_has_begun_to_send_can_be_withdrawn_and_what_may_be_there_cannot(store: Store) -> None:
    """One in flight may have reached Slack; one that is withdrawn is not begun any more."""
    key = await reminded(store)
    other = await reminded(store, "r2")
    first = await ready(store)
    assert [one.message.key for one in first] == [key]
    assert await store.write(lambda tx: tx.begin(first[0].id))
    assert not await withdrawn(store, key)
    assert await store.read(lambda reader: reader.sent_message(key)) is None
    await posted(store, key, "7.7")
    assert not await withdrawn(store, key)
    sent = await store.read(lambda reader: reader.sent_message(key))
    assert sent == ("7.7", Outgoing(key, "direct", DANA, "r1 waits", BUTTONS, "r1"))
    assert await withdrawn(store, other)
    assert await ready(store) == []
    assert await asking(store, "r2") == ()


async def test_what_slack_refused_can_be_withdrawn(store: Store) -> None:
    """It would ask for what has happened when it is sent again."""
    key = await reminded(store)
    [posting] = await ready(store)
    await store.write(lambda tx: tx.give_up(posting.id, "user_disabled", NOON))
    assert await withdrawn(store, key)
    assert await store.read(lambda reader: reader.undelivered()) == ()
