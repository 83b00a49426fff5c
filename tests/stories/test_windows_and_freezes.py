"""When deployments are held up, as people meet it: closed windows, freezes from Slack, and one release at a time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.core.wall_clock import Weekday
from bot.core.windows import Windows
from bot.pace import Pace
from bot.settings import load
from playground.player import Player, RefusedError
from playground.run import CONFIGURATION, playing
from playground.seed import CHARLIE, JANE, JOHN, RELEASES, TANIA
from playground.slack.model import Message
from tests.stories.test_release_paths import approved, card, last_words, scheduled
from tests.stories.test_reminders import private
from tests.stories.the_document import DEPLOYED, DEPLOYMENT_AT, PLAN, SMOKE, STARTS_AT


@pytest.fixture
async def on_a_closed_day(tmp_path: Path) -> AsyncIterator[Player]:
    """The document's day is a Tuesday; this team deploys nothing on Tuesdays."""
    loaded = load(CONFIGURATION)
    closed = {"windows": {"production": Windows(avoid=(Weekday.TUESDAY,))}}
    services = {name: service.model_copy(update=closed) for name, service in loaded.services.items()}
    configuration = replace(loaded, services=services)
    async with playing(
        tmp_path / "x.db", pace=Pace.unlimited(), starts_at=STARTS_AT, configuration=configuration
    ) as playground:
        playground.slack.limits.enabled = False
        yield Player(playground)


def heads(player: Player) -> list[Message]:
    """The heads of all threads of the channel, the latest last."""
    return [one for one in player.person(CHARLIE).messages("#releases") if one.thread_ts in (None, one.ts)]


def answered(player: Player, user: str) -> str:
    """What the bot answered a person privately last."""
    person = player.person(user)
    return person.text_of(person.ephemerals[-1]).replace("*", "")


def reads(player: Player, message: Message) -> str:
    """A message as it stands now, without the marks of bold."""
    return player.person(CHARLIE).text_of(player.person(CHARLIE).message(message.ts)).replace("*", "")


def thread(player: Player, head: Message) -> list[str]:
    """What is said below a head, oldest first."""
    return [player.person(CHARLIE).text_of(one).replace("*", "") for one in player.person(CHARLIE).thread(head)[1:]]


async def take(player: Player, user: str, head: Message, label: str, **answers: Any) -> None:
    """Click a button of a head as it stands now, and send its form if there are answers."""
    await player.click(user, player.person(user).message(head.ts), label)
    if answers:
        await player.send(user, **answers)


async def another(player: Player, version: str, **plan: Any) -> Message:
    """A second release, scheduled beside the first; its head."""
    await approved(player, version=version, commit="fed987")
    await player.step(TANIA, RELEASES, "Sign off")
    await player.step(JANE, RELEASES, "Plan deployment", **(PLAN | plan))
    await player.step(CHARLIE, RELEASES, "Time works")
    return heads(player)[-1]


# ── windows ──────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_closed_window_refuses_a_plan_until_an_exception_is_allowed(on_a_closed_day: Player) -> None:
    """Jane is told below the field when it opens; John allows an exception in the thread; then she plans."""
    player = on_a_closed_day
    await approved(player)
    await player.step(TANIA, RELEASES, "Sign off")
    with pytest.raises(RefusedError) as refused:
        await player.step(JANE, RELEASES, "Plan deployment", **PLAN)
    assert "Nothing is deployed on a Tuesday. It opens on Wednesday, 2024-01-17 00:00." in refused.value.errors["when"]
    assert "“allow” with a reason" in refused.value.errors["when"]
    await player.person(JANE).view.close()
    await player.mention(JANE, "allow It is urgent", card(player), "#releases")
    assert "Release Manager" in answered(player, JANE)
    await player.mention(JOHN, "allow The fair opens on Saturday", card(player), "#releases")
    assert "🔓 Exception allowed" in last_words(player).replace("*", "")
    assert "🔓 Exception allowed: The fair opens on Saturday" in reads(player, card(player))
    await player.step(JANE, RELEASES, "Plan deployment", **PLAN)
    await player.step(CHARLIE, RELEASES, "Time works")
    await player.playground.advance(DEPLOYMENT_AT)
    await player.step(JANE, RELEASES, "Start deployment", commit="abc123")
    assert "Being deployed" in reads(player, card(player))


async def test_a_hotfix_is_signed_by_the_release_manager_and_goes_on_a_closed_day(on_a_closed_day: Player) -> None:
    """Charlie marks it; Tania and John sign; nothing is in its way."""
    player = on_a_closed_day
    await approved(player, hotfix="Yes")
    assert "Hotfix: 🚑 goes at any time" in reads(player, card(player))
    await player.step(TANIA, RELEASES, "Sign off")
    assert "⏳ Release Manager: awaited" in reads(player, card(player))
    await player.step(JOHN, RELEASES, "Sign off")
    await player.step(JANE, RELEASES, "Plan deployment", **PLAN)
    await player.step(CHARLIE, RELEASES, "Time works")
    await player.playground.advance(DEPLOYMENT_AT)
    await player.step(JANE, RELEASES, "Start deployment", commit="abc123")
    assert "Being deployed" in reads(player, card(player))


# ── freezes ──────────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_freeze_is_announced_holds_a_release_back_and_is_lifted(player: Player) -> None:
    """John freezes; the release's card and thread say so; Jane's start is refused; Tania lifts it; Jane starts."""
    await scheduled(player)
    release = card(player)
    await player.command(
        JOHN, '/release freeze admin-logistic reason="Black Friday" until="tomorrow 8:00"', "#releases"
    )
    head = heads(player)[-1]
    announcement = reads(player, head)
    assert "Freeze FRZ-1: Admin Logistic" in announcement
    assert "Black Friday" in announcement
    assert "🧊 Under freeze FRZ-1" in reads(player, release)
    assert "Please do not deploy it before the freeze is over." in thread(player, release)[-1]
    await player.playground.advance(DEPLOYMENT_AT)
    with pytest.raises(RefusedError) as refused:
        await take(player, JANE, release, "Start deployment", commit="abc123")
    [told] = refused.value.errors.values()
    assert "FRZ-1 freezes admin-logistic until 2024-01-17 08:00 UTC, set by John Doe: Black Friday" in told
    await player.person(JANE).view.close()
    await player.command(TANIA, "/release unfreeze FRZ-1 The sale is over", "#releases")
    assert "Lifted" in reads(player, head)
    assert "🧊 Under freeze" not in reads(player, release)
    assert "The sale is over" in thread(player, release)[-1]
    await take(player, JANE, release, "Start deployment", commit="abc123")
    assert "Being deployed" in reads(player, release)


async def test_a_freeze_can_be_passed_by_the_role_that_may_and_the_thread_says_so(player: Player) -> None:
    """An override is announced with what stood against it."""
    await scheduled(player)
    release = card(player)
    await player.command(JOHN, "/release freeze admin-logistic Incident in payments", "#releases")
    await player.playground.advance(DEPLOYMENT_AT)
    await take(player, JOHN, release, "Start deployment", commit="abc123", override="It is the fix for it")
    told = thread(player, release)[-1]
    assert "It is the fix for it" in told
    assert "FRZ-1 freezes admin-logistic until it is lifted" in told


async def test_a_freeze_begins_and_ends_by_the_clock(player: Player) -> None:
    """Announced for tomorrow, in force, over; the channel hears of each."""
    await player.command(
        JOHN,
        '/release freeze admin-logistic reason="Moving house" starts="tomorrow 8:00" until="tomorrow 18:00"',
        "#releases",
    )
    head = heads(player)[-1]
    assert "Announced" in reads(player, head)
    await player.playground.advance(STARTS_AT + timedelta(hours=17))
    assert "In force" in reads(player, head)
    await player.playground.advance(STARTS_AT + timedelta(hours=27))
    assert "Lifted" in reads(player, head)
    began, ended = thread(player, head)
    assert "The freeze begins" in began
    assert "The freeze is over" in ended


async def test_everything_is_frozen_and_freed_with_one_command_each(player: Player) -> None:
    """A freeze for each service, in its own channel; `freezes` lists them; Jane may set and not lift."""
    await player.command(JANE, '/release freeze all reason="The data centre moves" until="tomorrow 8:00"', "#releases")
    assert "FRZ-1" in answered(player, JANE)
    assert "FRZ-2" in answered(player, JANE)
    await player.command(CHARLIE, "/release freezes billing", "#releases")
    assert "FRZ-2 of Billing is in force, set by Jane Smith" in answered(player, CHARLIE)
    await player.command(JANE, "/release unfreeze all We are done", "#releases")
    assert "not yours" in answered(player, JANE)
    await player.command(JOHN, "/release unfreeze all We are done", "#releases")
    await player.command(CHARLIE, "/release freezes", "#releases")
    assert "Nothing is frozen" in answered(player, CHARLIE)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ('freeze all until="tomorrow 8:00"', "say why"),
        ("unfreeze", "Which freeze"),
        ("unfreeze FRZ-9 because", "no freeze FRZ-9"),
        ("unfreeze all because", "Nothing is frozen"),
        ("freezes nothing", "no service “nothing”"),
        ('freeze admin-logistic reason=x until="yesterday 8:00"', "has passed"),
    ],
)
async def test_a_freeze_that_cannot_be_is_refused_with_what_to_do(player: Player, typed: str, told: str) -> None:
    """Nothing is set or lifted by a slip."""
    await player.command(JOHN, f"/release {typed}", "#releases")
    assert told in answered(player, JOHN)
    assert heads(player) == []


# ── one at a time ────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_second_release_waits_for_the_first_and_is_told_when_the_way_is_free(player: Player) -> None:
    """Jane is told who holds the service; once Charlie has verified the first, she hears that she may start."""
    await scheduled(player)
    first = card(player)
    second = await another(player, "v1.2.1")
    await player.playground.advance(DEPLOYMENT_AT)
    await take(player, JANE, first, "Start deployment", commit="abc123")
    with pytest.raises(RefusedError) as refused:
        await take(player, JANE, second, "Start deployment", commit="fed987")
    [told] = refused.value.errors.values()
    assert "v1.2.0 holds admin-logistic: Jane Smith took it on at 2024-01-16 16:00 UTC." in told
    await player.person(JANE).view.close()
    await take(player, JANE, first, "Deployed", **DEPLOYED)
    before = private(player, JANE)
    await take(player, CHARLIE, first, "Smoke passed", **SMOKE)
    [news] = private(player, JANE)[len(before) :]
    assert "The way is free" in news
    assert "v1.2.1" in news
    assert "[Start deployment]" in news
    await player.click(JANE, player.person(JANE).direct_messages[-1], "Start deployment")
    await player.send(JANE, commit="fed987")
    assert "Being deployed" in reads(player, second)
