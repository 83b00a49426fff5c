"""What must be true of the outbox whatever is enqueued, and however often Slack fails, in whatever order."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.core.events import Outgoing
from bot.store.interface import Posting
from bot.store.migrations import migrate
from bot.store.transaction import SQLiteTransaction
from tests.store.stored_facts import DANA, NOON, OTHERS, QUINN, RELEASES, card, conversation, direct, minutes, reply

Fate = Literal["sent", "lost", "refused", "replaced"]
CHANNELS = {"r1": RELEASES, "r2": RELEASES, "r3": OTHERS}

MESSAGES = st.lists(
    st.tuples(st.sampled_from(["reply", "card", "direct"]), st.sampled_from(sorted(CHANNELS)), st.booleans()),
    max_size=25,
)
FATES = st.lists(st.sampled_from(["sent", "sent", "lost", "refused", "replaced"]), max_size=40)


@dataclass
class Slack:
    """Sends what is ready until nothing is. What becomes of each try is given; then everything succeeds."""

    tx: SQLiteTransaction
    fates: list[Fate]
    said: list[Outgoing] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    now: datetime = NOON

    def send_all(self) -> None:
        while postings := self._ready():
            lanes = [self._lane(it) for it in postings]
            assert len(set(lanes)) == len(lanes)
            assert [it.id for it in postings] == sorted(it.id for it in postings)
            for posting in postings:
                self._try(posting)

    def _ready(self) -> tuple[Posting, ...]:
        if ready := self.tx.postings(self.now, 16):
            return ready
        later = self.tx.next_posting(self.now)
        if later is None:
            return ()
        self.now = later
        ready = self.tx.postings(self.now, 16)
        assert ready, "the time that was given brought nothing"
        return ready

    def _lane(self, posting: Posting) -> tuple[bool, str]:
        return posting.message.kind == "card", posting.message.channel

    def _try(self, posting: Posting) -> None:
        fate = self.fates.pop() if self.fates else "sent"
        message = posting.message
        assert self.tx.begin(posting.id) is True
        if fate == "lost":
            self.tx.retry(posting.id, self.now + minutes(5), ambiguous=True, reason="timeout")
        elif fate == "refused":
            self.tx.give_up(posting.id, "not_in_channel", self.now)
            self.refused.append(message.key)
        elif fate == "replaced" and message.kind == "card":
            self.tx.enqueue(card(message.conversation, 1_000 + posting.id, message.channel), self.now)
            self.tx.settle(posting.id, None, None, self.now)
        else:
            self.tx.settle(posting.id, f"1.{posting.id}", message.channel, self.now)
            self.said.append(message)


@contextmanager
def a_transaction() -> Iterator[SQLiteTransaction]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection)
        tx = SQLiteTransaction(connection)
        for name, channel in CHANNELS.items():
            tx.save(conversation(name, channel=channel), is_open=True)
            tx.enqueue(Outgoing(f"{name}:root", "root", channel, "root", conversation=name), NOON)
        yield tx


def outgoing(number: int, kind: str, name: str, flag: bool) -> Outgoing:
    if kind == "direct":
        return direct(name, number, DANA if flag else QUINN)
    return (card if kind == "card" else reply)(name, number, CHANNELS[name])


@given(messages=MESSAGES, fates=FATES)
@settings(max_examples=120, deadline=None)
def test_everything_is_said_once_and_in_order_whatever_slack_does(
    messages: list[tuple[str, str, bool]], fates: list[Fate]
) -> None:
    with a_transaction() as tx:
        wanted = [outgoing(number, *drawn) for number, drawn in enumerate(messages, start=1)]
        for message in wanted:
            tx.enqueue(message, NOON)
        slack = Slack(tx, fates)
        slack.send_all()
        while tx.undelivered():  # the bot is invited everywhere; nothing fails now
            slack.fates.clear()
            for place in (*CHANNELS.values(), QUINN, DANA):
                tx.resend(place, NOON)
            slack.send_all()
        said = slack.said
        assert len({it.key for it in said}) == len(said)
        for name in CHANNELS:
            of_thread = [it for it in said if it.conversation == name and it.kind in ("root", "reply")]
            assert of_thread[0].kind == "root"
            cards = [it for it in said if it.conversation == name and it.kind == "card"]
            assert [it.key for it in cards] == sorted({it.key for it in cards}, key=lambda key: int(key.split(":")[2]))
            asked = [it for it in wanted if it.conversation == name]
            assert {it.key for it in asked if it.kind != "card"} <= {it.key for it in said}
            replies = [it.key for it in of_thread[1:] if it.key not in slack.refused]
            assert replies == [it.key for it in asked if it.kind == "reply" and it.key not in slack.refused]
            assert bool(cards) == any(it.kind == "card" for it in asked)
            for person in (QUINN, DANA):
                private = [it.key for it in asked if it.channel == person and it.key not in slack.refused]
                assert private == [it.key for it in said if it.key in private]
