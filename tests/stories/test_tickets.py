"""Environment issues and requests that a tracker keeps tickets for: told from the people's side, and the tracker's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import HttpUrl

from bot.core.tickets import GitHubRule, JiraRule, TrackerRule
from bot.pace import Pace
from bot.settings import Configuration, load
from playground.player import Player
from playground.run import CONFIGURATION, playing
from playground.seed import CHARLIE, JANE, RELEASES
from tests.stories.blocking import nothing_blocks
from tests.stories.test_environment_paths import reported, requested, restored
from tests.stories.test_release_paths import card, last_words, says
from tests.stories.test_reminders import later
from tests.stories.the_environment import REPORTED_AT
from tests.trackers.fakes import EMAIL, TOKEN, FakeGitHub, FakeJira, serving

AnyFake = FakeGitHub | FakeJira


@pytest.fixture(params=["github", "jira cloud", "jira data center"])
async def fake(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[AnyFake]:
    """Each tracker in turn, and its token in the environment."""
    kind: str = request.param
    monkeypatch.setenv("GITHUB_TOKEN" if kind == "github" else "JIRA_TOKEN", TOKEN)
    if kind == "jira cloud":
        monkeypatch.setenv("JIRA_EMAIL", EMAIL)
    one = FakeGitHub() if kind == "github" else FakeJira(in_cloud=kind == "jira cloud")
    async with serving(one):
        yield one


@pytest.fixture
async def player(fake: AnyFake, tmp_path: Path) -> AsyncIterator[Player]:
    """The team, whose services have this tracker."""
    async with team(fake, tmp_path) as one:
        yield one


@asynccontextmanager
async def team(fake: AnyFake, folder: Path, *, later: timedelta = timedelta(0)) -> AsyncIterator[Player]:
    async with playing(
        folder / "x.db", pace=Pace.unlimited(), starts_at=REPORTED_AT + later, configuration=with_tracker(fake)
    ) as playground:
        playground.slack.limits.enabled = False
        with nothing_blocks():
            yield Player(playground)


def with_tracker(fake: AnyFake) -> Configuration:
    loaded, url = load(CONFIGURATION), HttpUrl(fake.url)
    rule: TrackerRule = JiraRule(kind="jira", url=url, project="OPS")
    if isinstance(fake, FakeGitHub):
        rule = GitHubRule(kind="github", repository="acme/shop", url=url)
    services = {name: service.model_copy(update={"tracker": rule}) for name, service in loaded.services.items()}
    return replace(loaded, services=services)


def key(number: int, fake: AnyFake) -> str:
    return f"#{number}" if isinstance(fake, FakeGitHub) else f"OPS-{number}"


def thread(player: Player) -> list[str]:
    person = player.person(CHARLIE)
    return [person.text_of(one) for one in person.thread(card(player))]


def shown(player: Player) -> str:
    """What Charlie's home says."""
    view = player.person(CHARLIE).home
    assert view is not None
    return str(view.definition["blocks"])


def is_closed(fake: AnyFake, place: int = 0) -> bool:
    issue: dict[str, Any] = fake.issues[place]
    if isinstance(fake, FakeGitHub):
        return bool(issue["state"] == "closed")
    return bool(issue["fields"]["status"]["statusCategory"]["key"] == "done")


async def test_a_reported_issue_gets_a_ticket_whose_link_thread_and_card_show(player: Player, fake: AnyFake) -> None:
    """The ticket says what the report says."""
    await reported(player)
    assert len(fake.issues) == 1
    assert "Ticket opened" in last_words(player)
    assert key(1, fake) in last_words(player)
    assert f"Ticket: {key(1, fake)}" in says(player).replace("*", "")
    told = str(fake.issues[0])
    assert "ENV-1: Staging API returning 503 errors" in told
    assert "Cannot continue testing STORY-140" in told
    assert "2024-01-16 14:50 UTC" in told


async def test_the_ticket_is_closed_with_the_issue_and_says_what_was_done(player: Player, fake: AnyFake) -> None:
    """Root cause and fix stand in the ticket as well."""
    await restored(player)
    assert not is_closed(fake)
    await player.step(CHARLIE, RELEASES, "Works again")
    assert is_closed(fake)
    [comment] = fake.comments.popitem()[1]
    assert "ENV-1 is closed: it works again." in str(comment)
    assert "Background job was holding connections" in str(comment)


async def test_a_false_alarm_closes_its_ticket_with_the_reason(player: Player, fake: AnyFake) -> None:
    """It was not done, but given up."""
    await reported(player)
    await player.step(CHARLIE, RELEASES, "False alarm", reason="My VPN was off")
    assert is_closed(fake)
    assert "My VPN was off" in str(fake.comments)
    if isinstance(fake, FakeGitHub):
        assert fake.issues[0]["state_reason"] == "not_planned"


async def test_a_request_gets_a_ticket_too_and_declined_it_is_closed(player: Player, fake: AnyFake) -> None:
    """REQ-1 beside ENV-1: a ticket each."""
    await reported(player)
    await requested(player)
    assert len(fake.issues) == 2
    assert f"Ticket: {key(2, fake)}" in says(player).replace("*", "")
    await player.step(JANE, RELEASES, "Decline", reason="The budget is spent")
    assert [is_closed(fake, place) for place in (0, 1)] == [False, True]


@pytest.mark.parametrize("fault", ["lost", "reset", "trouble"])
async def test_a_tracker_that_fails_now_gets_the_ticket_a_little_later_and_once(
    player: Player, fake: AnyFake, fault: Any
) -> None:
    """Whether it was carried out is looked up before it is tried again."""
    fake.faults = [fault]
    await reported(player)
    assert "Ticket opened" not in "".join(thread(player))
    await later(player, 2)
    assert len(fake.issues) == 1
    assert key(1, fake) in last_words(player)


async def test_a_tracker_that_asks_for_a_pause_is_left_alone_until_then(player: Player, fake: AnyFake) -> None:
    """Also with the next ticket."""
    fake.faults = ["limit"]
    await reported(player)
    await requested(player)
    assert len([line for line in fake.asked if line.startswith("POST")]) == 1
    await later(player, 1)
    assert len(fake.issues) == 2


async def test_a_refused_ticket_is_told_in_the_thread_and_the_number_is_the_conversations(
    player: Player, fake: AnyFake
) -> None:
    """The issue goes on all the same; its end has nothing to close."""
    fake.tokens.clear()
    await reported(player)
    assert "Could not open a ticket" in last_words(player)
    assert "The token is missing or no longer valid" in last_words(player)
    assert "The number is ENV-1" in last_words(player).replace("*", "")
    assert "Ticket:" not in says(player).replace("*", "")
    await player.person(CHARLIE).open_home()
    await player.playground.settled()
    home = shown(player)
    assert "Could not be done" in home
    assert "no ticket" in home
    await player.step(CHARLIE, RELEASES, "False alarm", reason="My VPN was off")
    assert "My VPN was off" in last_words(player)
    assert fake.issues == []


async def test_what_was_refused_is_tried_again_by_the_next_process_and_told_once_if_nothing_changed(
    fake: AnyFake, tmp_path: Path
) -> None:
    """A new token needs a restart."""
    fake.tokens = {"another"}
    async with team(fake, tmp_path) as player:
        await reported(player)
        assert "Could not open" in last_words(player)
    assert fake.issues == []
    async with team(fake, tmp_path, later=timedelta(minutes=5)) as player:
        await player.playground.settled()
        refused = await player.playground.application.store.read(lambda reader: reader.refused_errands())
        assert [one.errand.kind for one in refused] == ["open_ticket"]
        assert await events(player) == ["report", "ticket_refused"]
    fake.tokens = {TOKEN}
    async with team(fake, tmp_path, later=timedelta(minutes=10)) as player:
        await player.playground.settled()
        assert await events(player) == ["report", "ticket_refused", "ticket_opened"]
    assert len(fake.issues) == 1


async def events(player: Player) -> list[str]:
    """The steps of the only issue."""
    store = player.playground.application.store
    [record] = await store.read(lambda reader: reader.find("environment_issue"))
    return [event.step for event in await store.read(lambda reader: reader.events(record.id))]


async def test_a_missing_token_is_told_with_the_variable_to_set(
    fake: AnyFake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And nothing is asked of the tracker."""
    for name in ("GITHUB_TOKEN", "JIRA_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    async with team(fake, tmp_path) as player:
        await reported(player)
        assert "_TOKEN is not set" in last_words(player)
    assert fake.asked == []


async def test_hostile_words_reach_the_ticket_as_they_are_and_call_nobody(player: Player, fake: AnyFake) -> None:
    """Neither people of the tracker nor of Slack."""
    await reported(player, problem="@octocat [~admin] <!channel> {code} fails with 503 on every call")
    assert "octocat" in str(fake.issues[0])
    if isinstance(fake, FakeGitHub):
        assert "@octocat" not in fake.issues[0]["body"]
    elif not fake.in_cloud:
        assert "[~" not in fake.issues[0]["fields"]["description"]
    assert "<!channel>" not in last_words(player)


async def test_without_a_tracker_the_conversation_is_the_ticket(tmp_path: Path) -> None:
    """Nothing is said of tickets."""
    async with playing(tmp_path / "x.db", pace=Pace.unlimited(), starts_at=REPORTED_AT) as playground:
        playground.slack.limits.enabled = False
        player = Player(playground)
        await reported(player)
        assert "ENV-1" in says(player)
        assert "icket" not in "".join(thread(player))
