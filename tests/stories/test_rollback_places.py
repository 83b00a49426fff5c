"""Where an alarm is raised from: any channel, a message, a release's thread, a typed line; and who hears of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from playground.player import Player, RefusedError
from playground.seed import BILLING, CHARLIE, INCIDENTS, JANE, PAVEL, RELEASES, TANIA
from playground.slack.model import Message
from tests.stories.test_rollback import ALARM, alarm, deployed, heads
from tests.stories.the_document import APPROVAL, DEPLOYED, SMOKE


async def billing_deployed(player: Player) -> None:
    """v2.4.0 of billing, the same way as the document's release."""
    await player.command(CHARLIE, "/release approve", "#billing-releases")
    await player.send(CHARLIE, **(APPROVAL | {"version": "v2.4.0"}))
    await player.step(TANIA, BILLING, "Sign off")
    at = player.playground.now() + timedelta(minutes=40)
    await player.step(JANE, BILLING, "Plan deployment", when=at, rollback_target="v2.3.0")
    await player.step(CHARLIE, BILLING, "Time works")
    await player.playground.advance(at)
    await player.step(JANE, BILLING, "Deployed", **DEPLOYED)
    await player.step(CHARLIE, BILLING, "Begin smoke test")
    await player.step(CHARLIE, BILLING, "Smoke passed", **SMOKE)


def latest(player: Player, channel: str) -> Message:
    return [one for one in player.person(TANIA).messages(channel) if one.thread_ts in (None, one.ts)][-1]


# ── the bot is not in the channel ────────────────────────────────────────────────────────────────────────────────────
async def test_an_alarm_from_a_channel_without_the_bot_is_heard_in_the_services_own(player: Player) -> None:
    """DevOps begins and ends it from there, since it follows each step; after the invitation the thread stands in the
    incident channel, with all of it, and what stood for it says so.
    """
    await player.command(CHARLIE, "/rollback admin-logistic v1.2.0 severity=P0", "#incidents")
    assert heads(player, INCIDENTS) == []
    told = player.person(CHARLIE)
    assert "Nothing is lost" in told.text_of(told.direct_messages[-1])
    shown = latest(player, RELEASES)
    text = player.person(JANE).text_of(shown)
    assert "ROLLBACK NEEDED: v1.2.0" in text
    assert "where I am not a member" in text
    await player.click(JANE, shown, "Begin rollback")
    await player.send(JANE, target="v1.1.0", eta="5")
    assert heads(player, INCIDENTS) == []
    assert "🔴 INITIATING ROLLBACK: v1.2.0" in "\n".join(heads(player, RELEASES))
    await player.step(JANE, RELEASES, "Rollback done", duration="4", checks=["API health: OK"])
    await player.person(CHARLIE).invite_app("#incidents")
    await player.playground.settled()
    assert len(heads(player, INCIDENTS)) == 1
    head = latest(player, INCIDENTS)
    thread = "\n".join(player.person(TANIA).text_of(one) for one in player.person(TANIA).thread(head))
    assert "INITIATING ROLLBACK" in thread
    await player.step(CHARLIE, INCIDENTS, "Works again", seen="Orders work")
    assert not any("where I am not a member" in one for one in heads(player, RELEASES))
    moved = "➡️ The rollback of *v1.2.0* of admin-logistic has its thread in #incidents now, with its buttons."
    assert heads(player, RELEASES).count(moved) == 1


async def test_a_stale_button_of_that_message_says_what_happened_meanwhile(player: Player) -> None:
    await player.command(CHARLIE, "/rollback admin-logistic v1.2.0 severity=P0", "#incidents")
    shown = latest(player, RELEASES)
    await player.click(JANE, shown, "Begin rollback")
    await player.send(JANE, target="v1.1.0", eta="5")
    await player.click(JANE, shown, "Begin rollback")
    jane = player.person(JANE)
    assert "Jane Smith took “Begin rollback”" in jane.text_of(jane.ephemerals[-1])


# ── which service ────────────────────────────────────────────────────────────────────────────────────────────────────
async def test_without_a_name_the_service_that_was_deployed_last_is_offered(player: Player) -> None:
    """Its live version and the way back are filled in; the form says whose they are, and how another is named."""
    await deployed(player)
    await billing_deployed(player)
    await player.command(CHARLIE, "/rollback", "#incidents")
    view = await player.person(CHARLIE).opened()
    assert view.value("version") == "v2.4.0"
    assert "(billing)" in view.text
    assert "for another service type /rollback and its name" in view.text


async def test_a_version_that_one_service_released_names_it(player: Player) -> None:
    await deployed(player, "v1.1.0")
    await player.playground.advance(player.playground.now() + timedelta(hours=3))
    await deployed(player)
    await billing_deployed(player)
    await player.command(CHARLIE, "/rollback v1.2.0", "#incidents")
    view = await player.person(CHARLIE).opened()
    assert "(admin-logistic)" in view.text
    assert (view.value("version"), view.value("target")) == ("v1.2.0", "v1.1.0")


async def test_where_nothing_was_deployed_yet_the_form_asks_for_the_service(player: Player) -> None:
    await player.command(CHARLIE, "/rollback", "#incidents")
    view = await player.person(CHARLIE).opened()
    assert "Service" in view.labels


async def test_a_version_alone_opens_the_form_and_records_nothing(player: Player) -> None:
    """Whoever typed no more sees what they are about to do."""
    await player.command(CHARLIE, "/rollback v1.2.0", "#releases")
    assert (await player.person(CHARLIE).opened()).value("version") == "v1.2.0"
    assert heads(player, RELEASES) == []


async def test_a_typed_line_with_its_severity_records_at_once(player: Player) -> None:
    await player.command(CHARLIE, '/rollback v1.2.0 severity=P0 issue="Orders fail" target=v1.1.0', "#releases")
    assert "ROLLBACK NEEDED: v1.2.0" in heads(player, RELEASES)[-1]
    charlie = player.person(CHARLIE)
    assert "Its thread is in <#C0RELEASES>" in str(charlie.ephemerals[-1].blocks)


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("/rollback v1.2.0 severity=P5", "P0"),
        ("/rollback v1.2.0 severity=P0 environment=moon", "there are: production"),
        ("/rollback status v9.9.9", "I know no rollback of v9.9.9"),
    ],
)
async def test_what_was_typed_wrong_is_named_with_what_is_allowed(player: Player, line: str, told: str) -> None:
    await player.command(CHARLIE, line, "#releases")
    charlie = player.person(CHARLIE)
    assert told in str(charlie.ephemerals[-1].blocks)
    assert heads(player, RELEASES) == []


async def test_whoever_may_not_raise_the_alarm_is_told_who_may(player: Player) -> None:
    await player.command(PAVEL, "/rollback v1.2.0 severity=P0", "#releases")
    pavel = player.person(PAVEL)
    assert "QA, Tech Lead, DevOps, Release Manager" in pavel.text_of(pavel.ephemerals[-1]).replace("*", "")


# ── from a message ───────────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_message_is_the_evidence(player: Player) -> None:
    """The shortcut on what somebody wrote; whoever is mentioned in it is named, not called."""
    await deployed(player)
    await player.person(CHARLIE).invite_app("#incidents")
    said = await player.person(PAVEL).says("50+ errors on POST /api/v1/orders, <@U0JANE> <!channel>", "#incidents")
    await player.person(CHARLIE).shortcut("Request rollback", said)
    await player.send(CHARLIE, issue="Orders fail", severity="P0 — Production down")
    card = latest(player, INCIDENTS)
    assert "@Pavel Novak: 50+ errors on POST /api/v1/orders, @Jane Smith <!channel>" in player.person(TANIA).text_of(
        card
    )
    assert "<!channel" not in str(card.blocks)
    assert heads(player, RELEASES)[-1].startswith("🔴 In Rollback: v1.2.0")


async def test_from_a_releases_thread_it_is_that_release(player: Player) -> None:
    """Though another service was deployed later."""
    await deployed(player)
    thread = latest(player, RELEASES)
    await billing_deployed(player)
    said = await player.person(PAVEL).says("Customers call", "#releases", thread=thread)
    await player.person(CHARLIE).shortcut("Request rollback", said)
    view = await player.person(CHARLIE).opened()
    assert view.value("version") == "v1.2.0"
    assert "(admin-logistic)" in view.text


# ── two who do the same ──────────────────────────────────────────────────────────────────────────────────────────────
async def test_a_second_alarm_with_another_spelling_is_told_who_began(player: Player) -> None:
    await alarm(player, version="v1.2.0")
    with pytest.raises(RefusedError) as refused:
        await alarm(player, version="1.2.0")
    assert "Charlie Wilson began it" in refused.value.errors["version"]


async def test_the_alarm_from_a_releases_button_and_by_command_are_one(player: Player) -> None:
    await deployed(player)
    await player.step(CHARLIE, RELEASES, "Roll back", **ALARM)
    assert "ROLLBACK NEEDED: v1.2.0" in heads(player, RELEASES)[-1]
    with pytest.raises(RefusedError) as refused:
        await alarm(player, version="v1.2.0")
    assert "Charlie Wilson" in refused.value.errors["version"]


async def test_a_false_alarm_ends_without_touching_production(player: Player) -> None:
    """P0 as well; the release goes on where it was, and says why."""
    await deployed(player)
    await alarm(player, severity="P0 — Production down")
    await player.step(CHARLIE, INCIDENTS, "False alarm", reason="It was my own network")
    card = player.person(TANIA).text_of(latest(player, INCIDENTS))
    assert "False Alarm: v1.2.0" in card
    assert "It was my own network — Charlie Wilson" in card
    assert heads(player, RELEASES)[-1].startswith("✅ Production Verified: v1.2.0")


async def test_a_rollback_says_who_raised_it_and_its_release_and_it_are_told_apart(player: Player) -> None:
    """Both stand under one version in lists and in homes."""
    await deployed(player)
    await alarm(player)
    assert "raised by Charlie Wilson" in player.person(TANIA).text_of(latest(player, INCIDENTS))
    await player.command(CHARLIE, "/rollback list", "#incidents")
    told = player.person(CHARLIE).text_of(player.person(CHARLIE).ephemerals[-1]).replace("*", "")
    assert "Rollback: v1.2.0 of Admin Logistic (production) is waiting for the Tech Lead's decision" in told
    assert "opened by Charlie Wilson" in told
    await player.command(CHARLIE, "/release list", "#incidents")
    told = player.person(CHARLIE).text_of(player.person(CHARLIE).ephemerals[-1]).replace("*", "")
    assert "v1.2.0 of Admin Logistic (production) is in rollback" in told
    assert "Rollback:" not in told
    assert "approved by Charlie Wilson" in told
