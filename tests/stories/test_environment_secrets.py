"""Credentials of an environment reach the requester, and there is no trace of them anywhere else, come what may."""

from __future__ import annotations

import json
import logging
import shutil
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.pace import Pace
from playground.player import Player, RefusedError
from playground.run import playing
from playground.seed import CHARLIE, JANE, PEOPLE, RELEASES
from playground.slack.model import Message
from tests.stories.blocking import nothing_blocks
from tests.stories.test_bad_input import whispered
from tests.stories.test_release_paths import card, last_words, says
from tests.stories.the_environment import PLAN, READY, REPORTED_AT, REQUEST, SECRET

WORD = "LoadTest123"
"""What is looked for: it is part of the credentials and of nothing else."""


@pytest.fixture(params=["http", "socket"])
async def player(
    request: pytest.FixtureRequest, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[Player]:
    """A team whose environment is being prepared; every log line of every library is kept."""
    for logger in (None, "slack_bolt"):  # Bolt's keeps the level it found when the first bot of the process was made
        caplog.set_level(logging.DEBUG, logger)
    async with playing(
        tmp_path / "x.db", pace=Pace.unlimited(), starts_at=REPORTED_AT, socket_mode=request.param == "socket"
    ) as playground:
        playground.slack.limits.enabled = False
        with nothing_blocks():
            player = Player(playground)
            await player.command(CHARLIE, "/env request", "#releases")
            await player.send(CHARLIE, **REQUEST)
            await player.step(JANE, RELEASES, "Plan it", **PLAN)
            yield player


# ── where a trace could be ───────────────────────────────────────────────────────────────────────────────────────────
def files(player: Player) -> list[Path]:
    """The database with all that stands beside it."""
    database = player.playground.application.environment.database
    return sorted(database.parent.glob(f"{database.name}*"))


def rows(player: Player) -> str:
    """Every row of every table as SQL: events, snapshots, outbox, reminders, deliveries."""
    with closing(sqlite3.connect(player.playground.application.environment.database)) as connection:
        return "\n".join(connection.iterdump())


def handed_over(player: Player) -> list[Message]:
    """The direct messages to the requester that hold credentials."""
    charlie = player.person(CHARLIE)
    return [message for message in charlie.direct_messages if WORD in charlie.text_of(message)]


def seen_elsewhere(player: Player) -> list[str]:
    """Whatever anybody sees with a part of the credentials in it, save the direct messages to the requester."""
    mine = {(message.channel, message.ts) for message in handed_over(player)}
    return [
        json.dumps(vars(message), default=str)
        for user, *_ in PEOPLE
        for message in player.person(user).everything()
        if (message.channel, message.ts) not in mine and WORD in json.dumps(vars(message), default=str)
    ]


def assert_no_trace(player: Player, caplog: pytest.LogCaptureFixture, *, typed: bool = False) -> None:
    """Nothing in the files, the rows, the log, the inspector, or before other people's eyes. `typed`: it was written in
    a thread, which the inspector shows as everybody saw it.
    """
    kept = {path.name for path in files(player) if WORD.encode() in path.read_bytes()}
    assert kept == set()
    looked_through = "".join(path.name for path in files(player))
    assert all(name in looked_through for name in ("x.db", "x.db-wal", "x.db-shm"))
    assert WORD not in rows(player)
    assert seen_elsewhere(player) == []
    formatter = logging.Formatter()
    logged = [f"{formatter.format(record)} {vars(record)}" for record in caplog.records]
    assert [line for line in logged if WORD in line] == []
    assert len(logged) > 10, "the log was kept"
    assert typed or WORD not in json.dumps(player.playground.slack.traffic.after(0))


def take_back(player: Player, written: Message) -> None:
    """Whoever wrote it deletes it, as they are told to."""
    conversations = player.playground.slack.workspace.conversations
    kept = conversations.get(written.channel, written.ts)
    assert kept is not None
    conversations.remove(kept)


async def hand_over(player: Player, **changed: Any) -> None:
    await player.step(JANE, RELEASES, "Ready", **(READY | changed))


# ── stories ──────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_credentials_reach_the_requester_and_leave_no_trace(
    player: Player, caplog: pytest.LogCaptureFixture
) -> None:
    """As they were typed; the notification shows nothing of them, and what is recorded is to whom and when."""
    await hand_over(player)
    [message] = handed_over(player)
    charlie = player.person(CHARLIE)
    assert f"\n{SECRET}\n" in charlie.text_of(message)
    assert "Perf Test Environment" in charlie.text_of(message)
    assert "store them safely" in charlie.text_of(message)
    assert WORD not in message.text
    assert message.metadata is not None
    assert WORD not in json.dumps(message.metadata)
    assert "shared securely with Charlie Wilson" in last_words(player).replace("*", "")
    assert "shared securely with Charlie Wilson" in says(player).replace("*", "")
    assert_no_trace(player, caplog)
    await player.command(JANE, "/env history REQ-1", "#releases")
    assert "Credentials shared" in whispered(player, JANE)
    assert_no_trace(player, caplog)


async def test_credentials_keep_every_sign_they_were_typed_with(player: Player) -> None:
    """What Slack would take for markup elsewhere, several lines, and a long key."""
    odd = (
        f"user: <@U0JANE> & *a* _b_ `c` ~d~ ```\n{WORD} &amp; https://x.example.com/?a=1&b=2 <!channel>\n{'k' * 2_500}"
    )
    await hand_over(player, secrets=odd)
    [message] = handed_over(player)
    [code] = [block for block in message.blocks if block.get("block_id") == "secret"]
    assert code["elements"][0]["elements"][0]["text"] == odd


async def test_a_message_that_slack_refuses_leaves_no_trace_and_the_provider_is_asked_again(
    player: Player, caplog: pytest.LogCaptureFixture
) -> None:
    """The requester's account is switched off for a while."""
    account = player.person(CHARLIE).user
    account.deleted = True
    await hand_over(player)
    account.deleted = False
    assert handed_over(player) == []
    assert "did not reach Charlie Wilson" in last_words(player)
    assert "not shared yet; they go to Charlie Wilson" in says(player)
    [asked] = player.person(JANE).direct_messages
    assert "Share credentials" in player.person(JANE).buttons_of(asked)
    assert_no_trace(player, caplog)
    await player.click(JANE, asked, "Share credentials")
    await player.send(JANE, secrets=SECRET)
    assert len(handed_over(player)) == 1
    assert "shared securely with Charlie Wilson" in says(player).replace("*", "")
    assert_no_trace(player, caplog)


async def test_a_form_that_is_refused_leaves_no_trace(player: Player, caplog: pytest.LogCaptureFixture) -> None:
    """The mistake is in another field, then in the credentials themselves."""
    with pytest.raises(RefusedError) as refused:
        await hand_over(player, urls=["the usual place"])
    assert set(refused.value.errors) == {"urls"}
    assert WORD not in str(refused.value.errors)
    with pytest.raises(RefusedError) as refused:
        await player.send(JANE, urls=READY["urls"], secrets=f"{WORD}\x07")
    assert set(refused.value.errors) == {"secrets"}
    assert WORD not in str(refused.value.errors)
    assert handed_over(player) == []
    assert_no_trace(player, caplog)


async def test_somebody_without_the_role_hands_nothing_over(player: Player, caplog: pytest.LogCaptureFixture) -> None:
    """Jane left DevOps while her form was open."""
    await player.step(JANE, RELEASES, "Ready")
    view = await player.person(JANE).opened()
    groups = player.playground.slack.workspace.groups
    groups["S0DEVOPS"] = replace(groups["S0DEVOPS"], users=())
    player.playground.application.directory.forget_group("S0DEVOPS")
    outcome = await view.fill(**{**READY, "urls": READY["urls"][0], "data": "", "limits": ""}).submit()
    await player.playground.settled()
    assert outcome.result == "errors"
    assert handed_over(player) == []
    assert_no_trace(player, caplog)


async def test_a_request_that_is_delivered_twice_hands_over_once(
    player: Player, caplog: pytest.LogCaptureFixture
) -> None:
    """Slack repeats it to the letter."""
    await player.step(JANE, RELEASES, "Ready")
    await player.person(JANE).opened()
    player.playground.slack.faults.duplicate_next()
    await player.send(JANE, **READY)
    assert len(handed_over(player)) == 1
    assert_no_trace(player, caplog)


@pytest.mark.parametrize("trouble", ["accepted_then_dropped", "ratelimited", "reset"])
async def test_a_message_whose_answer_is_lost_is_sent_once(
    player: Player, caplog: pytest.LogCaptureFixture, trouble: str
) -> None:
    """Slack took it and did not say so, or asks for a pause."""
    player.playground.slack.faults.next_calls("chat.postMessage", trouble, times=3)  # type: ignore[arg-type]  # a name
    await hand_over(player)
    assert len(handed_over(player)) == 1
    assert "shared securely" in says(player)
    assert_no_trace(player, caplog)


async def test_what_is_typed_in_the_thread_is_refused_with_the_way(
    player: Player, caplog: pytest.LogCaptureFixture
) -> None:
    """Everybody reads it there: nothing is recorded of it, it is to be changed, and the button opens the form."""
    jane, head = player.person(JANE), card(player)
    for typed in (
        f'ready name=Perf urls="API URL: https://p.example.com" secrets="{SECRET}"',
        f"ready password: {WORD}",
    ):
        written = await jane.mention(typed, "#releases", thread=head)
        await player.playground.settled()
        assert "change the credentials, since they are known now" in whispered(player, JANE)
        assert jane.buttons_of(jane.ephemerals[-1]) == ["Ready"]
        take_back(player, written)
    assert "Being prepared" in says(player)
    assert_no_trace(player, caplog, typed=True)
    await player.click(JANE, jane.ephemerals[-1], "Ready")
    await player.send(JANE, **READY)
    assert len(handed_over(player)) == 1


async def test_share_can_not_be_typed_at_all(player: Player, caplog: pytest.LogCaptureFixture) -> None:
    """Its only field is the secret one."""
    await hand_over(player, secrets="")
    jane = player.person(JANE)
    written = await jane.mention(f"share {SECRET}", "#releases", thread=card(player))
    await player.playground.settled()
    assert jane.buttons_of(jane.ephemerals[-1]) == ["Share credentials"]
    take_back(player, written)
    assert handed_over(player) == []
    assert_no_trace(player, caplog, typed=True)


async def test_after_a_crash_in_between_they_count_as_not_shared_and_devops_is_reminded(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The step was committed and the process ended before the message was sent: nobody has the credentials any more."""
    for logger in (None, "slack_bolt"):  # Bolt's keeps the level it found when the first bot of the process was made
        caplog.set_level(logging.DEBUG, logger)
    before, after = tmp_path / "before", tmp_path / "after"
    before.mkdir()
    async with playing(before / "x.db", pace=Pace.unlimited(), starts_at=REPORTED_AT) as playground:
        player = Player(playground)
        playground.slack.limits.enabled = False
        await player.command(CHARLIE, "/env request", "#releases")
        await player.send(CHARLIE, **REQUEST)
        await player.step(JANE, RELEASES, "Plan it", **PLAN)
        await player.step(JANE, RELEASES, "Ready")
        playground.slack.faults.next_calls("chat.postMessage", "server_error", times=100)
        view = await player.person(JANE).opened()
        outcome = await view.fill(name="Perf Test", urls=READY["urls"][0], secrets=SECRET).submit()
        assert outcome.result == "closed"
        shutil.copytree(before, after)
        playground.slack.faults.clear()
    async with playing(after / "x.db", pace=Pace.unlimited(), starts_at=REPORTED_AT) as playground:
        player = Player(playground)
        playground.slack.limits.enabled = False
        await playground.advance(REPORTED_AT + timedelta(minutes=16))
        for _ in range(5):  # this Slack counts its forms anew, and those of before are known to the database
            await player.command(CHARLIE, "/env request", "#releases")
            await (await player.person(CHARLIE).opened()).close()
        [reminder] = player.person(JANE).direct_messages
        assert "did not reach the requester" in player.person(JANE).text_of(reminder)
        await player.click(JANE, reminder, "Share credentials")
        await player.send(JANE, secrets=SECRET)
        assert len(handed_over(player)) == 1
        assert_no_trace(player, caplog)
