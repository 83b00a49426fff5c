"""What becomes of the private messages that asked for something once it has happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.core.policy import Holders
from bot.core.roles import Role
from bot.pace import Pace
from bot.settings import load
from playground.player import Player
from playground.run import CONFIGURATION, playing
from playground.seed import CHARLIE, JANE, JOHN, PAVEL, RELEASES, TANIA
from tests.slack_workspace import calls
from tests.stories.test_release_paths import approved, scheduled
from tests.stories.test_reminders import later, private
from tests.stories.the_document import DEPLOYMENT_AT, STARTS_AT

UPDATE, POST = "chat.update", "chat.postMessage"


def buttons(player: Player, user: str) -> list[list[str]]:
    """The buttons of a person's private messages, oldest first."""
    person = player.person(user)
    return [person.buttons_of(message) for message in person.direct_messages]


async def test_a_reminder_that_is_answered_loses_its_buttons_and_says_who_did_it(player: Player) -> None:
    """Tania signs off in the thread: neither her nudge nor the Release Manager's escalation asks any more."""
    await approved(player)
    await later(player, 61)
    assert "Sign off" in buttons(player, TANIA)[0]
    assert buttons(player, JOHN)[0]
    await player.step(TANIA, RELEASES, "Sign off")
    for reader in (TANIA, JOHN):
        assert buttons(player, reader) == [[]]
        [told] = private(player, reader)
        assert "Sign off" in told
        assert "Tania Petrova" in told
        assert "Nothing is asked of you here any more" in told
        assert "v1.2.0" in told
        assert "waiting for sign-offs" not in told


async def test_nobody_is_pinged_by_it_and_the_channel_has_no_part_in_it(player: Player) -> None:
    """The same step makes as many posts where nobody was reminded; the messages are changed where they stand."""
    slack = player.playground.slack
    await approved(player)
    posts = calls(slack, POST)
    await player.step(TANIA, RELEASES, "Sign off")
    unreminded = calls(slack, POST) - posts
    await approved(player, version="v1.3.0")
    await later(player, 61)
    posts, changes = calls(slack, POST), calls(slack, UPDATE)
    await player.step(TANIA, RELEASES, "Sign off")
    assert calls(slack, POST) - posts == unreminded
    assert calls(slack, UPDATE) - changes == len(["the card", "Tania's", "John's"])


async def test_each_message_of_a_reminder_that_was_put_off_loses_its_buttons(player: Player) -> None:
    """The one that was put off, and the one that came back."""
    await approved(player)
    await later(player, 31)
    [message] = player.person(TANIA).direct_messages
    await player.click(TANIA, message, "Snooze 30 min")
    await later(player, 31)
    assert len([one for one in buttons(player, TANIA) if one]) == 2
    await player.step(TANIA, RELEASES, "Sign off")
    assert [one for one in buttons(player, TANIA) if one] == []


async def test_one_that_was_put_off_and_is_answered_before_it_comes_back_loses_them_too(player: Player) -> None:
    """What waits to come back is dropped, and what was there first is over."""
    await approved(player)
    await later(player, 31)
    [message] = player.person(TANIA).direct_messages
    await player.click(TANIA, message, "Snooze 30 min")
    await player.step(TANIA, RELEASES, "Sign off")
    await later(player, 120)
    assert buttons(player, TANIA)[0] == []


async def test_a_release_that_is_withdrawn_asks_nobody_any_more(player: Player) -> None:
    """The stage is over by another step than the one that was asked for."""
    await approved(player)
    await later(player, 31)
    await player.step(CHARLIE, RELEASES, "Withdraw", reason="Wrong branch")
    [told] = private(player, TANIA)
    assert buttons(player, TANIA) == [[]]
    assert "Withdraw" in told
    assert "Charlie Wilson" in told


async def test_who_signed_is_not_asked_any_more_while_another_still_is(tmp_path: Path) -> None:
    """Tania and Pavel are reminded of their sign-offs; after Tania's, only Pavel's message asks."""
    loaded = load(CONFIGURATION)
    changed = {
        "required_signoffs": (Role.TECH_LEAD, Role.PM),
        "roles": {**loaded.services["admin-logistic"].roles, Role.PM: Holders(users=(PAVEL,))},
    }
    service = loaded.services["admin-logistic"].model_copy(update=changed)
    configuration = replace(loaded, services={**loaded.services, "admin-logistic": service})
    async with playing(
        tmp_path / "x.db", pace=Pace.unlimited(), starts_at=STARTS_AT, configuration=configuration
    ) as playground:
        playground.slack.limits.enabled = False
        player = Player(playground)
        await approved(player)
        await later(player, 31)
        assert [len(buttons(player, user)) for user in (TANIA, PAVEL)] == [1, 1]
        await player.step(TANIA, RELEASES, "Sign off")
        assert buttons(player, TANIA) == [[]]
        assert "Sign off" in buttons(player, PAVEL)[0]
        await player.step(PAVEL, RELEASES, "Sign off")
        assert buttons(player, PAVEL) == [[]]


async def test_who_was_told_of_an_escalation_and_acknowledged_it_is_not_asked_for_it_any_more(player: Player) -> None:
    """Tania does, in her private message; Pavel still may."""
    await player.command(JANE, '/release escalate situation=production_down details="Orders fail"', "#releases")
    assert [buttons(player, user) for user in (TANIA, PAVEL)] == [[["Acknowledge"]]] * 2
    [message] = player.person(TANIA).direct_messages
    await player.click(TANIA, message, "Acknowledge")
    assert [buttons(player, user) for user in (TANIA, PAVEL)] == [[[]], [["Acknowledge"]]]
    assert "Acknowledge · Tania Petrova" in private(player, TANIA)[0].replace("*", "")


async def test_an_escalation_that_is_handled_asks_nobody_to_acknowledge_it_any_more(player: Player) -> None:
    """Pavel says how it ended before Tania has pressed anything: her message says so instead."""
    await player.command(JANE, '/release escalate situation=production_down details="Orders fail"', "#releases")
    await player.step(PAVEL, RELEASES, "Handled", outcome="Rolled back to v1.1.0")
    assert buttons(player, TANIA)[0] == []
    assert "Handled · Pavel Novak" in private(player, TANIA)[0].replace("*", "")


async def test_an_entry_of_the_day_that_is_answered_does_not_ask_any_more(player: Player) -> None:
    """John confirms T-30m in his private message, which says so then."""
    await scheduled(player)
    await player.playground.advance(DEPLOYMENT_AT - timedelta(minutes=29))
    asked = player.person(JOHN).direct_messages[-1]
    await player.click(JOHN, asked, "Done")
    assert player.person(JOHN).buttons_of(player.person(JOHN).message(asked.ts)) == []
    assert "John Doe" in player.person(JOHN).text_of(player.person(JOHN).message(asked.ts))


async def test_a_reminder_that_slack_did_not_take_yet_is_not_sent_when_it_is_answered(player: Player) -> None:
    """Slack wants a pause; meanwhile Tania signs. She is not pinged for what she has done."""
    await approved(player)
    player.playground.slack.faults.next_calls(POST, "ratelimited", retry_after=3_600)
    await later(player, 31)
    await player.step(TANIA, RELEASES, "Sign off")
    await later(player, 90)
    assert private(player, TANIA) == []
    assert "Sign off" not in "".join(private(player, JOHN))


async def test_one_that_left_is_not_reported_as_somebody_whom_slack_could_not_reach(player: Player) -> None:
    """The buttons of a message that nobody reads any more are no trouble of anybody's."""
    await approved(player)
    await later(player, 31)
    player.playground.slack.faults.refuse_next("conversations.open", "user_disabled")
    await player.step(TANIA, RELEASES, "Sign off")
    assert await player.playground.application.store.read(lambda reader: reader.undelivered()) == ()
