"""What Slack may send that people rarely cause: retired names, repeats, a bot shut out of its channel, lost roles."""

from __future__ import annotations

import asyncio
import json
import logging
import sqlite3
import time
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from playground.player import Player, RefusedError
from playground.seed import CHARLIE, JANE, JOHN, RELEASES, TANIA
from tests.stories.test_bad_input import recorded, signed, whispered
from tests.stories.test_release_paths import approved, card, deployed, last_words, says
from tests.stories.the_document import APPROVAL, PLAN, SMOKE


async def interact(player: Player, payload: dict[str, Any]) -> httpx.Response:
    """Send an interaction as Slack would."""
    facts = {"user": {"id": CHARLIE}, "team": {"id": "T1"}, "trigger_id": "1.2.abc", **payload}
    body = urlencode({"payload": json.dumps(facts)})
    async with httpx.AsyncClient() as client:
        url = f"{player.playground.server.url}/slack/events"
        given = await client.post(url, content=body, headers=signed(player, body, str(int(time.time()))))
    await player.playground.settled()
    return given


UNKNOWN: list[dict[str, Any]] = [
    {"type": "block_actions", "actions": [{"action_id": "retired", "type": "button", "value": "x"}]},
    {"type": "view_submission", "view": {"id": "V1", "type": "modal", "callback_id": "retired", "blocks": []}},
    {"type": "shortcut", "callback_id": "retired"},
    {"type": "message_action", "callback_id": "retired", "message": {"ts": "1.2"}},
]


@pytest.mark.parametrize("payload", UNKNOWN, ids=lambda payload: payload["type"])
async def test_what_nobody_knows_any_more_is_acknowledged_logged_and_told_privately(
    player: Player, payload: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    """After an update, messages and forms of before are still on people's screens."""
    with caplog.at_level(logging.WARNING):
        given = await interact(player, payload)
    assert (given.status_code, given.text) == (200, "")
    [told] = player.person(CHARLIE).direct_messages
    assert "don't know this any more" in player.person(CHARLIE).text_of(told)
    [entry] = [record for record in caplog.records if getattr(record, "action", "") == "unknown_interaction"]
    assert "retired" in entry.getMessage()


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        "7",
        "[]",
        '{"dialogue": "release"}',
        '{"dialogue": "tea", "step": "brew"}',
        '{"dialogue": "release", "step": "dance"}',
    ],
)
async def test_a_button_of_another_version_is_told_to_use_the_card(player: Player, value: str) -> None:
    """Whatever an older or newer Greenlight wrote into it, nobody reads that something went wrong."""
    actions = [{"action_id": "step:cosign", "type": "button", "value": value}]
    given = await interact(player, {"type": "block_actions", "actions": actions})
    assert given.status_code == 200
    [told] = player.person(CHARLIE).direct_messages
    assert "another version of Greenlight" in player.person(CHARLIE).text_of(told)


@pytest.mark.parametrize(("value", "told"), [("x", "another version"), ("999", "nothing left to put off")])
async def test_a_snooze_of_what_is_no_reminder_is_told_so(player: Player, value: str, told: str) -> None:
    """A private message may be older than the database."""
    given = await interact(player, {"type": "block_actions", "actions": [{"action_id": "snooze", "value": value}]})
    assert given.status_code == 200
    [answer] = player.person(CHARLIE).direct_messages
    assert told in player.person(CHARLIE).text_of(answer)


async def test_an_unknown_command_is_answered_with_what_there_is(player: Player) -> None:
    """A manifest of a later version may send it here."""
    facts = {"command": "/promote", "text": "now", "user_id": CHARLIE, "channel_id": RELEASES, "trigger_id": "1.2.a"}
    body = urlencode(facts)
    async with httpx.AsyncClient() as client:
        url = f"{player.playground.server.url}/slack/events"
        given = await client.post(url, content=body, headers=signed(player, body, str(int(time.time()))))
    assert given.status_code == 200
    assert "/release help" in given.text


# ── the bot and its channel ──────────────────────────────────────────────────────────────────────────────────────────
async def test_a_bot_that_was_shut_out_in_the_middle_says_everything_in_order_once_it_is_back(player: Player) -> None:
    """Three steps are taken from homes meanwhile; the opener is told what to do, and not once a message."""
    await approved(player)
    head = card(player)
    workspace = player.playground.slack.workspace
    channel = workspace.channel(RELEASES)
    workspace.leave(channel, workspace.bot.id)
    await player.click(TANIA, head, "Sign off")
    await player.person(JANE).open_home()
    await player.playground.settled()
    view = player.person(JANE).home
    assert view is not None
    await view.click("Plan deployment")
    await player.send(JANE, **PLAN)
    assert len(player.person(CHARLIE).thread(head)) == 1
    told = [player.person(CHARLIE).text_of(one) for one in player.person(CHARLIE).direct_messages]
    assert "/invite" in told[0]
    assert len(told) <= 2
    await player.person(CHARLIE).invite_app("#releases")
    await player.playground.settled()
    thread = [player.person(CHARLIE).text_of(one) for one in player.person(CHARLIE).thread(head)]
    assert len(thread) == 3
    assert "Signed off" in thread[1]
    assert "Acknowledged" in thread[2]
    assert "✅ Tech Lead" in thread[0]
    stuck = await player.playground.application.store.read(lambda reader: reader.undelivered())
    assert stuck == ()


async def test_a_home_shows_what_could_not_be_said(player: Player) -> None:
    """Until somebody invites the bot, everybody can see that something waits."""
    workspace = player.playground.slack.workspace
    workspace.leave(workspace.channel(RELEASES), workspace.bot.id)
    await approved_elsewhere(player)
    await player.person(CHARLIE).open_home()
    await player.playground.settled()
    view = player.person(CHARLIE).home
    assert view is not None
    assert "Could not be said" in json.dumps(view.definition["blocks"], ensure_ascii=False)
    await player.person(CHARLIE).invite_app("#releases")
    await player.playground.settled()
    await player.person(CHARLIE).open_home()
    await player.playground.settled()
    view = player.person(CHARLIE).home
    assert view is not None
    assert "Could not be said" not in json.dumps(view.definition["blocks"], ensure_ascii=False)


async def approved_elsewhere(player: Player) -> None:
    await player.command(CHARLIE, "/release approve", "#releases")
    await player.send(CHARLIE, **APPROVAL)


# ── roles ────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("fact", ["deleted", "is_restricted", "is_ultra_restricted"])
async def test_a_deactivated_account_and_a_guest_hold_no_role(player: Player, fact: str) -> None:
    """Also where the configuration lists them: Slack's word counts, nobody vouches for them, and they hear nothing."""
    setattr(player.playground.slack.workspace.person(TANIA), fact, True)
    await player.playground.advance(player.playground.now() + timedelta(minutes=20))
    await player.command(CHARLIE, "/release approve", "#releases")
    with pytest.raises(RefusedError) as refused:
        await player.send(CHARLIE, **(APPROVAL | {"verbal": ["Tania Petrova"]}))
    assert "verbal" in refused.value.errors
    await player.send(CHARLIE, **(APPROVAL | {"verbal": None}))
    if fact != "deleted":  # whose client is signed out
        await player.step(TANIA, RELEASES, "Sign off")
        assert "not yours to take" in whispered(player, TANIA)
    assert "⏳ Tech Lead: awaited" in says(player)
    await player.playground.advance(player.playground.now() + timedelta(hours=2))
    workspace = player.playground.slack.workspace
    assert list(workspace.conversations.in_order(workspace.direct_channel(TANIA).id)) == []
    assert len(player.person(JOHN).direct_messages) == 1


async def test_a_role_that_is_taken_away_is_gone_with_the_next_click(player: Player) -> None:
    """Slack tells of a group's members at once; nothing waits for a cache."""
    slack = player.playground.slack
    slack.change_group("devops", ["Bob Johnson"])
    await player.playground.settled()
    await approved(player)
    await player.step(TANIA, RELEASES, "Sign off")
    await player.step("U0BOB", RELEASES, "Plan deployment", **PLAN)
    assert "Acknowledged" in last_words(player)
    slack.change_group("devops", [JANE])
    await player.playground.settled()
    await player.step(CHARLIE, RELEASES, "Time works")
    await player.step("U0BOB", RELEASES, "Start deployment")
    assert "Who may: DevOps" in whispered(player, "U0BOB").replace("*", "")


async def test_a_role_that_is_lost_while_the_form_is_open_is_told_in_the_form(player: Player) -> None:
    """Who may stands there too."""
    slack = player.playground.slack
    slack.change_group("devops", ["Bob Johnson"])
    await player.playground.settled()
    await approved(player)
    await player.step(TANIA, RELEASES, "Sign off")
    await player.step("U0BOB", RELEASES, "Plan deployment")
    slack.change_group("devops", [JANE])
    await player.playground.settled()
    with pytest.raises(RefusedError) as refused:
        await player.send("U0BOB", **PLAN)
    [told] = refused.value.errors.values()
    assert "not yours to take" in told
    assert "Who may: DevOps" in told


def hold(path: Path) -> sqlite3.Connection:
    """Take the database's write lock, as another process would."""
    connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    connection.execute("BEGIN IMMEDIATE")
    return connection


# ── a busy store ─────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_busy_store_is_told_in_the_form_and_in_the_command_and_a_mention_is_delivered_again(
    player: Player,
) -> None:
    """Three people at once while another process holds the database; afterwards each repeat counts once."""
    await approved(player)
    await player.command(CHARLIE, "/release approve", "#releases")
    path = player.playground.application.environment.database
    held = await asyncio.to_thread(hold, path)
    view = await player.person(CHARLIE).opened()
    other = {"version": "v1.3.0"}
    view.fill(**{name: "\n".join(v) if isinstance(v, list) else v for name, v in (APPROVAL | other).items()})
    outcome, _, mention = await asyncio.gather(
        view.submit(),
        player.person(TANIA).click(card(player), "Sign off"),
        player.person(JANE).says("@Greenlight note Backups are verified", thread=card(player)),
    )
    assert "not recorded" in " ".join((outcome.errors or {}).values())
    held.execute("ROLLBACK")
    held.close()
    await player.playground.settled()
    assert "not recorded" in whispered(player, TANIA)
    assert (await view.submit()).result == "closed"
    await player.playground.settled()
    assert await recorded(player.playground) == 2
    notes = [one for one in player.person(JANE).thread(mention) if "Backups are verified" in one.text + str(one.blocks)]
    assert len(notes) == 2  # what Jane wrote, and the note that Slack's second delivery made


@pytest.mark.parametrize(("retry", "status"), [("2", 500), ("3", 200)])
async def test_an_event_that_slack_will_not_deliver_again_is_told_to_the_person(
    player: Player, retry: str, status: int
) -> None:
    """Until then the failure is Slack's to repeat; after the third repeat somebody has to know."""
    await approved(player)
    await player.person(TANIA).says("Looks good to me", thread=card(player))
    bot = player.playground.slack.workspace.bot.id
    event = {
        "type": "app_mention",
        "user": TANIA,
        "text": f"<@{bot}> cosign",
        "channel": RELEASES,
        "ts": "1705418460.000100",
        "thread_ts": card(player).ts,
    }
    body = json.dumps({"type": "event_callback", "event_id": "Ev1", "team_id": "T1", "event": event})
    held = await asyncio.to_thread(hold, player.playground.application.environment.database)
    async with httpx.AsyncClient() as client:
        url = f"{player.playground.server.url}/slack/events"
        headers = signed(player, body, str(int(time.time())))
        headers |= {"content-type": "application/json", "x-slack-retry-num": retry}
        given = await client.post(url, content=body, headers=headers)
    held.close()
    await player.playground.settled()
    assert given.status_code == status
    told = player.person(TANIA).ephemerals
    assert ["not recorded" in player.person(TANIA).text_of(one) for one in told] == ([True] if status == 200 else [])


async def test_the_watchs_end_is_not_lost_to_a_busy_store(player: Player) -> None:
    """The clock's own step is tried again until it is recorded, once."""
    await deployed(player)
    await player.step(CHARLIE, RELEASES, "Smoke passed", **SMOKE)
    held = await asyncio.to_thread(hold, player.playground.application.environment.database)
    player.playground.clock.move_to(player.playground.now() + timedelta(hours=3))
    await asyncio.sleep(0)
    let_go = asyncio.get_running_loop().call_later(2.5, held.rollback)
    await player.playground.advance(player.playground.now())
    assert let_go.when() < asyncio.get_running_loop().time()
    held.close()
    assert "complete and verified" in says(player)
    assert (
        sum("Perfect!" in player.person(CHARLIE).text_of(one) for one in player.person(CHARLIE).thread(card(player)))
        == 1
    )
