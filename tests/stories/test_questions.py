"""What people ask and are told privately: status, list, history, help, their home, and the two shortcuts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from bot.pace import Pace
from bot.settings import Configuration, load
from playground.player import Player, RefusedError
from playground.run import CONFIGURATION, playing
from playground.seed import CHARLIE, JANE, PAVEL, RELEASES, TANIA
from playground.slack.text import Reader
from tests.stories.blocking import nothing_blocks
from tests.stories.test_bad_input import whispered
from tests.stories.test_release_paths import approved, card, deployed, last_words, says, scheduled
from tests.stories.the_document import APPROVAL, SMOKE, STARTS_AT


async def asked(player: Player, user: str, line: str, channel: str = "#releases") -> str:
    """What a person alone reads after typing a command."""
    before = len(player.person(user).ephemerals)
    await player.command(user, line, channel)
    assert len(player.person(user).ephemerals) == before + 1
    return whispered(player, user)


async def mentioned(player: Player, user: str, text: str) -> str:
    """What a person alone reads after writing to the bot in the release's thread."""
    before = len(player.person(user).ephemerals)
    await player.mention(user, text, card(player), "#releases")
    assert len(player.person(user).ephemerals) == before + 1
    return whispered(player, user)


def home_of(player: Player, user: str) -> str:
    """A person's home as they read it."""
    view = player.person(user).home
    assert view is not None
    return Reader(player.playground.slack.workspace).message("", view.definition["blocks"])


async def open_home(player: Player, user: str) -> str:
    await player.person(user).open_home()
    await player.playground.settled()
    return home_of(player, user)


async def test_status_says_where_a_release_stands_who_is_awaited_and_what_comes_next(player: Player) -> None:
    """In a command and in the thread, for anybody, and for nobody else's eyes."""
    await approved(player)
    thread = len(player.person(PAVEL).thread(card(player)))
    for told in (await asked(player, PAVEL, "/release status v1.2.0"), await mentioned(player, PAVEL, "status")):
        assert "v1.2.0* of Admin Logistic (production) is waiting for sign-offs" in told
        assert "approved by Charlie Wilson" in told
        assert "Awaited: Tech Lead" in told
        assert "Next: reminder to “Sign off” 2024-01-16 15:50 UTC" in told
        assert "In #releases" in told
    assert player.person(CHARLIE).ephemerals == []
    await player.step(TANIA, RELEASES, "Sign off")
    assert "waiting for DevOps's plan" in await asked(player, PAVEL, "/release status v1.2.0")
    assert len(player.person(PAVEL).thread(card(player))) == thread + 2  # the mention, and the sign-off


async def test_status_of_a_scheduled_and_of_a_finished_release(player: Player) -> None:
    """The planned time stands in it while it lies ahead; what is complete awaits nobody."""
    await scheduled(player)
    assert "Planned for 2024-01-16 16:00 UTC" in await asked(player, PAVEL, "/release status v1.2.0")
    await player.step(CHARLIE, RELEASES, "Withdraw", reason="Not today")
    told = await asked(player, PAVEL, "/release status v1.2.0")
    assert "is withdrawn" in told
    assert "Awaited" not in told
    assert "Planned" not in told


async def test_list_shows_what_is_under_way_in_this_channels_service_or_in_the_one_that_is_named(
    player: Player,
) -> None:
    """What has ended is not in it, and a service that does not exist is not passed over in silence."""
    assert "No release of" in await asked(player, PAVEL, "/release list")
    await approved(player)
    await approved(player, version="v1.3.0", commit="fff9999")
    told = await asked(player, PAVEL, "/release list")
    assert told.index("v1.3.0") < told.index("v1.2.0")
    assert "No release of billing is under way" in await asked(player, PAVEL, "/release list", "#billing-releases")
    assert "v1.2.0" in await asked(player, PAVEL, "/release list admin-logistic", "#billing-releases")
    told = await asked(player, PAVEL, "/release list admin-logistik")
    assert "no service “admin-logistik”" in told
    assert "admin-logistic, billing" in told
    await player.step(CHARLIE, RELEASES, "Withdraw", reason="Not today")
    assert "v1.3.0" not in await asked(player, PAVEL, "/release list")


async def test_history_tells_everything_with_who_when_and_why(player: Player) -> None:
    """Oldest first; and of a version that was never released it says so."""
    await approved(player)
    await player.playground.advance(STARTS_AT + timedelta(minutes=4))
    await player.step(TANIA, RELEASES, "Object", reason="STORY-130 exports\nempty files")
    told = (await asked(player, PAVEL, "/release history v1.2.0")).splitlines()
    assert "stopped by an objection" in told[0]
    assert told[1:] == [
        "2024-01-16 15:20 UTC  *Approve* by Charlie Wilson",
        "2024-01-16 15:24 UTC  *Object* by Tania Petrova — STORY-130 exports empty files",
    ]
    assert "I know no release of v9.9.9" in await asked(player, PAVEL, "/release history v9.9.9")
    assert "Name it, such as" in await asked(player, PAVEL, "/release history")


async def test_help_names_every_subcommand_and_every_step_and_in_the_thread_those_possible_now(player: Player) -> None:
    """An empty command asks for help too."""
    for line in ("/release help", "/release", "/release   HELP"):
        told = await asked(player, PAVEL, line)
        for word in ("approve", "status", "list", "history", "help", "cosign", "propose_time", "smoke_passed"):
            assert word in told
    await approved(player)
    for text in ("help", "", "HELP"):
        told = await mentioned(player, PAVEL, f"@Greenlight {text}")
        assert "waiting for sign-offs" in told
        assert "`cosign` Sign off" in told
        assert "`object` Object: reason=…" in told
        assert "smoke_passed" not in told


async def test_a_mention_outside_of_a_releases_thread_is_told_where_to_go(player: Player) -> None:
    """In the channel, and in another thread."""
    charlie = player.person(CHARLIE)
    await charlie.mention("status", "#releases")
    await player.playground.settled()
    assert "/release list" in whispered(player, CHARLIE)
    lunch = await charlie.says("Who is for lunch?", "#releases")
    await player.mention(CHARLIE, "confirm", lunch, "#releases")
    assert "in the thread of a release" in whispered(player, CHARLIE)


async def test_people_may_be_called_before_the_bot_is_told(player: Player) -> None:
    """“@Jane @Greenlight status”: the words after the bot's own name are meant."""
    await approved(player)
    assert "waiting for sign-offs" in await mentioned(player, CHARLIE, "@Jane Smith @Greenlight status")


async def test_a_note_keeps_names_readable_and_calls_nobody(player: Player) -> None:
    """What the bot repeats pings nobody, and nobody has to read a user id."""
    await approved(player)
    mentions = player.person(PAVEL).unread("#releases")[1]
    await player.mention(JANE, "note @Pavel Novak agreed in #incidents", card(player), "#releases")
    assert "@Pavel Novak agreed in #incidents" in last_words(player)
    assert player.person(PAVEL).unread("#releases")[1] == mentions + 1  # Jane's own
    newest = player.person(PAVEL).thread(card(player))[-1]
    assert "<@" not in str(newest.blocks)


async def test_a_message_of_the_thread_can_be_kept_as_a_release_note(player: Player) -> None:
    """With who wrote it and who kept it; elsewhere the shortcut says where it works."""
    await approved(player)
    written = await player.person(JANE).says("Backups are verified & green", "#releases", thread=card(player))
    await player.person(CHARLIE).shortcut("Keep as release note", written)
    await player.playground.settled()
    assert "Jane Smith: Backups are verified & green" in last_words(player)
    assert "Charlie Wilson" in last_words(player)
    assert "Backups are verified" in await asked(player, PAVEL, "/release history v1.2.0")
    lunch = await player.person(JANE).says("Lunch?", "#releases")
    await player.person(CHARLIE).shortcut("Keep as release note", lunch)
    await player.playground.settled()
    assert "not in a release's thread" in whispered(player, CHARLIE)


async def test_the_global_shortcut_asks_for_the_service_and_records_what_the_command_would(player: Player) -> None:
    """From anywhere in Slack; the release appears in its service's channel."""
    charlie = player.person(CHARLIE)
    await charlie.shortcut("release_approve")
    await player.playground.settled()
    view = await charlie.opened()
    assert view.labels[0] == "Service"
    with pytest.raises(RefusedError) as refused:
        await player.send(CHARLIE, **APPROVAL)
    assert "service" in " ".join(refused.value.errors).lower()
    await player.send(CHARLIE, service="Billing (billing)", **(APPROVAL | {"version": "v2.0.0"}))
    [posted] = charlie.messages("#billing-releases")
    assert "Release Approved: v2.0.0" in charlie.text_of(posted)
    assert charlie.messages("#releases") == []


async def test_who_may_not_approve_anywhere_is_told_when_the_form_is_sent_at_the_latest(player: Player) -> None:
    """The service is chosen in the form, so who may is known only then. Nothing is recorded."""
    await player.person(PAVEL).shortcut("release_approve")
    await player.playground.settled()
    with pytest.raises(RefusedError) as refused:
        await player.send(PAVEL, service="Billing (billing)", **APPROVAL)
    [told] = refused.value.errors.values()
    assert "not yours to take" in told
    assert "Who may: QA" in told
    assert player.person(CHARLIE).messages("#billing-releases") == []


async def test_a_home_shows_what_waits_for_the_person_and_its_button_takes_the_step(player: Player) -> None:
    """Tania's sign-off waits for her and not for Pavel; after her click it waits no longer, without a reload."""
    assert "Nothing waits for you" in await open_home(player, TANIA)
    await approved(player)
    assert "Nothing waits for you" in await open_home(player, PAVEL)
    assert "v1.2.0* of Admin Logistic (production) is waiting for sign-offs" in home_of(player, PAVEL)
    told = await open_home(player, TANIA)
    assert told.index("v1.2.0") < told.index("[Sign off]")
    assert "Nothing waits" not in told
    view = player.person(TANIA).home
    assert view is not None
    await view.click("Sign off")
    await player.playground.settled()
    assert "✅ Tech Lead: @Tania Petrova" in says(player)
    assert "Nothing waits for you" in home_of(player, TANIA)
    assert "waiting for DevOps's plan" in home_of(player, TANIA)


async def test_a_home_puts_first_what_presses_and_says_what_a_number_is_about(player: Player) -> None:
    """Production is down: that is above the sign-off that waits, and nobody has to open ESC-1 to know it."""
    await approved(player)
    await player.command(JANE, '/release escalate admin-logistic no orders situation="production down"', "#releases")
    told = await open_home(player, TANIA)
    assert told.index("[Acknowledge]") < told.index("[Sign off]")
    assert "“Production down: no orders”" in told


async def test_a_stale_button_of_a_home_is_told_in_a_direct_message_and_the_home_is_drawn_anew(player: Player) -> None:
    """A home may have been open for hours, and it has no channel to whisper in."""
    await approved(player)
    await open_home(player, TANIA)
    await player.step(CHARLIE, RELEASES, "Withdraw", reason="Not today")
    view = player.person(TANIA).home
    assert view is not None
    await view.click("Sign off")
    await player.playground.settled()
    [told] = player.person(TANIA).direct_messages
    assert "Charlie Wilson took “Withdraw”" in player.person(TANIA).text_of(told)
    assert "Nothing waits for you" in home_of(player, TANIA)


async def test_a_home_opens_the_form_of_a_step_and_shows_what_ended(player: Player) -> None:
    """Jane plans from her home; a day later the release is in everybody's past."""
    await approved(player)
    await player.step(TANIA, RELEASES, "Sign off")
    await open_home(player, JANE)
    view = player.person(JANE).home
    assert view is not None
    await view.click("Plan deployment")
    await player.playground.settled()
    assert player.person(JANE).view.title == "Plan deployment v1.2.0"
    await player.send(JANE, rollback_target="v1.1.0")
    assert "Nothing waits for you" in home_of(player, JANE)
    await player.step(CHARLIE, RELEASES, "Withdraw", reason="Not today")
    told = await open_home(player, JANE)
    assert "Ended lately" in told
    assert "v1.2.0* of Admin Logistic (production) is withdrawn" in told


async def test_the_next_form_knows_the_version_that_was_verified(player: Player) -> None:
    """After a whole release, the line above the next form names it, and the plan proposes it as the way back."""
    await deployed(player)
    await player.step(CHARLIE, RELEASES, "Smoke passed", **SMOKE)
    await player.playground.advance(player.playground.now() + timedelta(hours=3))
    await approved(player, version="v1.3.0", commit="fff9999")
    await player.step(TANIA, RELEASES, "Sign off")
    await player.step(JANE, RELEASES, "Plan deployment")
    view = await player.person(JANE).opened()
    assert view.value("rollback_target") == "v1.2.0"
    await view.close()


# ── a channel of two services ────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def both_in_one_channel() -> Configuration:
    """Billing is released in #releases too."""
    configuration = load(CONFIGURATION)
    billing = configuration.services["billing"].model_copy(update={"channels": (RELEASES,)})
    return replace(configuration, services={**configuration.services, "billing": billing})


@pytest.fixture
async def crowded(tmp_path: Path, both_in_one_channel: Configuration) -> AsyncIterator[Player]:
    async with playing(
        tmp_path / "x.db", pace=Pace.unlimited(), starts_at=STARTS_AT, configuration=both_in_one_channel
    ) as playground:
        playground.slack.limits.enabled = False
        with nothing_blocks():
            yield Player(playground)


async def test_in_a_channel_of_two_services_the_form_asks_which_and_the_answers_name_it(crowded: Player) -> None:
    """The same version of both is under way at once, and each card, thread and answer is its own."""
    for service in ("Billing (billing)", "Admin Logistic (admin-logistic)"):
        await crowded.command(CHARLIE, "/release approve v1.2.0", "#releases")
        view = await crowded.person(CHARLIE).opened()
        assert view.labels[0] == "Service"
        assert view.value("version") == "v1.2.0"
        await crowded.send(CHARLIE, service=service, **APPROVAL)
    billing, logistic = crowded.person(TANIA).messages("#releases")
    await crowded.click(TANIA, billing, "Sign off")
    tania = crowded.person(TANIA)
    assert "✅ Tech Lead" in tania.text_of(tania.message(billing.ts))
    assert "⏳ Tech Lead" in tania.text_of(tania.message(logistic.ts))
    told = await asked(crowded, PAVEL, "/release status v1.2.0")
    assert "a version of several services" in told
    assert "Name the service" in told
    assert "waiting for DevOps's plan" in await asked(crowded, PAVEL, "/release status billing v1.2.0")
    assert "waiting for sign-offs" in await asked(crowded, PAVEL, "/release status admin-logistic v1.2.0")
    told = await asked(crowded, PAVEL, "/release list")
    assert "of Billing" in told
    assert "of Admin Logistic" in told


async def test_a_typed_service_needs_no_question(crowded: Player) -> None:
    """Where two are possible, the one that is named is meant."""
    await crowded.command(CHARLIE, "/release approve billing v2.0.0", "#releases")
    view = await crowded.person(CHARLIE).opened()
    assert view.labels[0] != "Service"
    assert view.value("version") == "v2.0.0"
    await crowded.send(CHARLIE, **(APPROVAL | {"version": "v2.0.0"}))
    assert "v2.0.0* of Billing" in await asked(crowded, PAVEL, "/release status v2.0.0")
