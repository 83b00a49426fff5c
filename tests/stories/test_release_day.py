"""The release day as people live it: the clock is moved, and each entry comes once, to its owner, at its local time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.core.windows import Windows
from bot.pace import Pace
from bot.settings import load
from playground.player import Player, RefusedError
from playground.run import CONFIGURATION, playing
from playground.seed import CHARLIE, JANE, JOHN, RELEASES, TANIA
from playground.slack.model import Message
from tests.stories.test_release_paths import approved, card, deployed
from tests.stories.test_windows_and_freezes import reads, take, thread
from tests.stories.the_document import DEPLOYMENT_AT, PLAN

BERLIN = ZoneInfo("Europe/Berlin")
EASTER = datetime(2024, 3, 28, 12, 0, tzinfo=UTC)
"""The Thursday before Good Friday. On Sunday the clocks change; Monday is a holiday."""

WINDOWS = Windows.model_validate(
    {
        "zone": "Europe/Berlin",
        "weekly": [{"days": ["monday", "tuesday", "thursday", "friday"], "start": "10:00", "end": "15:00"}],
        "holidays": {"country": "DE"},
    }
)


def in_berlin(day: str, clock: str) -> datetime:
    return datetime.fromisoformat(f"2024-{day} {clock}").replace(tzinfo=BERLIN).astimezone(UTC)


@asynccontextmanager
async def at_easter(database: Path, starts_at: datetime = EASTER) -> AsyncIterator[Player]:
    """A team in Berlin that keeps its windows."""
    loaded = load(CONFIGURATION)
    services = {
        name: service.model_copy(update={"windows": {"production": WINDOWS}})
        for name, service in loaded.services.items()
    }
    configuration = replace(loaded, services=services)
    async with playing(database, pace=Pace.unlimited(), starts_at=starts_at, configuration=configuration) as playground:
        playground.slack.limits.enabled = False
        await playground.settled()
        yield Player(playground)


async def agreed(player: Player, when: datetime) -> None:
    await approved(player)
    await player.step(TANIA, RELEASES, "Sign off")
    await player.step(JANE, RELEASES, "Plan deployment", **(PLAN | {"when": when}))
    await player.step(CHARLIE, RELEASES, "Time works")


def entries(player: Player) -> list[tuple[str, str, str]]:
    """Every entry that somebody was asked for: its name, whom, and what the clock in Berlin showed; in that order."""
    people = {"John": JOHN, "Jane": JANE, "Charlie": CHARLIE}
    asked = [
        (float(message.ts), message.text.split()[1], who)
        for who, user in people.items()
        for message in player.person(user).direct_messages
        if message.text.startswith("⏱️")
    ]
    return [(name, who, f"{datetime.fromtimestamp(ts, BERLIN):%d %b %H:%M}") for ts, name, who in sorted(asked)]


def last(player: Player, user: str) -> Message:
    return player.person(user).direct_messages[-1]


# ── across a holiday and the change of the clocks ────────────────────────────────────────────────────────────────────
async def test_a_time_that_changes_twice_across_easter_asks_for_each_entry_once(
    tmp_path: Path,
) -> None:
    """Good Friday and Easter Monday are refused; the agreed Tuesday becomes another Tuesday hour, then Thursday; in
    between the process is restarted. Each entry comes once for its time, at what Berlin's clocks show then.
    """
    database = tmp_path / "x.db"
    async with at_easter(database) as player:
        await approved(player)
        await player.step(TANIA, RELEASES, "Sign off")
        for day, holiday in (("03-29", "Good Friday"), ("04-01", "Easter Monday")):
            with pytest.raises(RefusedError) as refused:
                await player.step(JANE, RELEASES, "Plan deployment", **(PLAN | {"when": in_berlin(day, "11:00")}))
            assert holiday in refused.value.errors["when"]
            assert "It opens on Tuesday, 2024-04-02 10:00." in refused.value.errors["when"]
            await player.person(JANE).view.close()
        await player.step(JANE, RELEASES, "Plan deployment", **(PLAN | {"when": in_berlin("04-02", "10:00")}))
        await player.step(CHARLIE, RELEASES, "Time works")
        await player.playground.advance(in_berlin("04-01", "11:00"))
        assert entries(player) == [("T-24h", "John", "01 Apr 10:00")]
        await take(player, JOHN, card(player), "Move deployment", when=in_berlin("04-02", "14:00"), reason="A fair")
        assert "from 2024-04-02 08:00 UTC to 2024-04-02 12:00 UTC" in thread(player, card(player))[-1]
        await player.step(CHARLIE, RELEASES, "Time works")
        await player.playground.advance(in_berlin("04-02", "09:00"))
        assert entries(player)[1:] == [
            ("T-24h", "John", "01 Apr 14:00"),
            ("T-12h", "John", "02 Apr 02:00"),
            ("T-6h", "Jane", "02 Apr 08:00"),
        ]
        await take(player, JANE, card(player), "Move deployment", when=in_berlin("04-04", "11:00"), reason="A node")
        await player.step(CHARLIE, RELEASES, "Time works")
        await player.playground.advance(in_berlin("04-03", "12:00"))
        assert entries(player)[4:] == [("T-24h", "John", "03 Apr 11:00")]
    async with at_easter(database, in_berlin("04-03", "22:00")) as player:
        await player.playground.advance(in_berlin("04-04", "10:59"))
        assert entries(player) == [
            ("T-12h", "John", "03 Apr 23:00"),
            ("T-6h", "Jane", "04 Apr 05:00"),
            ("T-2h", "Charlie", "04 Apr 09:00"),
            ("T-1h", "Jane", "04 Apr 10:00"),
            ("T-30m", "John", "04 Apr 10:30"),
        ]


async def test_a_day_of_twenty_three_hours_has_its_entries_a_true_day_ahead(tmp_path: Path) -> None:
    """Agreed for Sunday at 12:00 Berlin time, when the clocks went on by an hour in the night: T-24h is at 11:00."""
    sunday = in_berlin("03-31", "12:00")
    async with playing(tmp_path / "x.db", pace=Pace.unlimited(), starts_at=EASTER) as playground:
        playground.slack.limits.enabled = False
        player = Player(playground)
        await agreed(player, sunday)
        await playground.advance(sunday - timedelta(hours=2))
        assert [(name, when) for name, _, when in entries(player)] == [
            ("T-24h", "30 Mar 11:00"),
            ("T-12h", "30 Mar 23:00"),
            ("T-6h", "31 Mar 06:00"),
            ("T-2h", "31 Mar 10:00"),
        ]


# ── answers ──────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_an_entry_is_done_with_one_click_and_the_card_shows_the_line_of_the_day(player: Player) -> None:
    """John confirms T-30m from his private message; a second click changes nothing."""
    await agreed(player, DEPLOYMENT_AT)
    assert "➖ T-24h · ➖ T-12h · ➖ T-6h · ➖ T-2h · ➖ T-1h · ⏳ T-30m 15:30 UTC" in reads(player, card(player))
    assert "Too late for T-24h, T-12h, T-6h, T-2h, T-1h" in thread(player, card(player))[-1]
    await player.playground.advance(DEPLOYMENT_AT - timedelta(minutes=29))
    assert entries(player) == [("T-30m", "John", "16 Jan 16:30")]
    asked = last(player, JOHN)
    await player.click(JOHN, asked, "Done")
    assert "✅ T-30m" in reads(player, card(player))
    assert "☑️ T-30m Users told: done." in thread(player, card(player))[-1]
    await player.click(JOHN, asked, "Done")
    told = player.person(JOHN).text_of(player.person(JOHN).ephemerals[-1])
    assert "answered already: done by John Doe" in told


async def test_an_entry_is_skipped_with_a_reason_and_shown_so(player: Player) -> None:
    """The form knows which entry; the reason is kept in the thread."""
    await agreed(player, DEPLOYMENT_AT)
    await player.playground.advance(DEPLOYMENT_AT - timedelta(minutes=29))
    await player.click(JOHN, last(player, JOHN), "Skip…")
    view = await player.person(JOHN).opened()
    assert view.value("entry") == "T-30m"
    await player.send(JOHN, reason="No user sees this change")
    assert "⏭️ T-30m" in reads(player, card(player))
    assert "No user sees this change" in thread(player, card(player))[-1]


async def test_an_entry_is_put_off_and_comes_again(player: Player) -> None:
    """Half an hour later, once, while it is open."""
    await agreed(player, DEPLOYMENT_AT + timedelta(hours=2))
    await player.playground.advance(DEPLOYMENT_AT + timedelta(minutes=61))
    [*_, (name, who, _)] = entries(player)
    assert (name, who) == ("T-1h", "Jane")
    await player.click(JANE, last(player, JANE), "Snooze 30 min")
    await player.playground.advance(DEPLOYMENT_AT + timedelta(minutes=95))
    asked = [when for name, who, when in entries(player) if name == "T-1h"]
    assert asked == ["16 Jan 18:00", "16 Jan 18:31"]


async def test_the_buttons_of_a_time_that_was_moved_are_stale(player: Player) -> None:
    """What was done for another time is not taken for this one: the late clicker is told what happened."""
    await agreed(player, DEPLOYMENT_AT)
    await player.playground.advance(DEPLOYMENT_AT - timedelta(minutes=29))
    old = last(player, JOHN)
    later = DEPLOYMENT_AT + timedelta(hours=3)
    await take(player, JANE, card(player), "Move deployment", when=later, reason="The database is busy")
    await player.step(CHARLIE, RELEASES, "Time works")
    await player.click(JOHN, old, "Done")
    told = player.person(JOHN).text_of(player.person(JOHN).ephemerals[-1])
    assert "Jane Smith took “Move deployment”" in told
    assert "⏳ T-30m 18:30 UTC" in reads(player, card(player))


async def test_what_is_typed_in_the_thread_answers_an_entry_too(player: Player) -> None:
    """By its name; somebody else's is refused."""
    await agreed(player, DEPLOYMENT_AT)
    await player.mention(JANE, "entry_done T-30m", card(player), "#releases")
    assert "not yours to answer" in player.person(JANE).text_of(player.person(JANE).ephemerals[-1])
    await player.mention(JANE, 'entry_done t-1h remark="Images are pulled"', card(player), "#releases")
    assert "✅ T-1h" in reads(player, card(player))
    assert "Images are pulled" in thread(player, card(player))[-1]


async def test_after_the_deployment_each_owner_is_asked_in_turn(player: Player) -> None:
    """T+5m … T+30m from the end of the deployment; a smoke test that passed is not asked for."""
    await deployed(player)
    ended = player.playground.now()
    await player.step(CHARLIE, RELEASES, "Smoke passed", duration="3")
    assert "✅ T-0" in reads(player, card(player))
    assert "✅ T+15m" in reads(player, card(player))
    await player.playground.advance(ended + timedelta(minutes=31))
    asked = [(name, who) for name, who, _ in entries(player) if name.startswith("T+")]
    assert asked == [("T+5m", "Jane"), ("T+10m", "Jane"), ("T+20m", "Charlie"), ("T+30m", "John")]
    await player.click(JOHN, last(player, JOHN), "Done")
    assert "✅ T+30m" in reads(player, card(player))
