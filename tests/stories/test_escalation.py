"""What goes up at once: who is told, who acknowledges, who is reminded, how it ends."""

from __future__ import annotations

import pytest

from playground.player import Player, RefusedError
from playground.seed import CHARLIE, JANE, JOHN, PAVEL, RELEASES, TANIA
from playground.slack.model import Message
from tests.stories.test_bad_input import whispered
from tests.stories.test_release_paths import approved
from tests.stories.test_reminders import later, private
from tests.stories.the_environment import ISSUE, RESTORED

DOWN = 'situation=production_down details="Create Order gives a 500 error"'


def head(player: Player) -> Message:
    """The latest escalation's card."""
    return [one for one in player.person(JANE).messages("#releases") if "ESC-" in player.person(JANE).text_of(one)][-1]


def shown(player: Player) -> str:
    return player.person(JANE).text_of(head(player))


async def test_a_situation_of_no_release_is_told_to_those_whom_the_matrix_names(player: Player) -> None:
    """Production down: Tech Lead and PM, privately and at once; the channel reads it, and nobody else is told."""
    await player.command(JANE, f"/release escalate {DOWN}", "#releases")
    assert shown(player).startswith("🚨 Production down: ESC-1")
    assert "Create Order gives a 500 error" in shown(player)
    for person in (TANIA, PAVEL):
        [told] = private(player, person)
        assert "told to Tech Lead and PM." in told
        assert "Create Order gives a 500 error" in told
        assert "[Acknowledge]" in told
    assert private(player, CHARLIE) == private(player, JOHN) == []


async def test_it_waits_until_each_has_acknowledged_and_one_has_handled_it(player: Player) -> None:
    await player.command(JANE, f"/release escalate {DOWN}", "#releases")
    await player.click(TANIA, player.person(TANIA).direct_messages[-1], "Acknowledge")
    assert "👀 Tech Lead: @Tania Petrova" in shown(player)
    assert "⏳ PM: awaited" in shown(player)
    await player.step(TANIA, RELEASES, "Acknowledge")
    told = whispered(player, TANIA)
    assert "You have taken “Acknowledge” already; it is kept." in told
    assert "*Who may:* PM" in told
    await player.step(PAVEL, RELEASES, "Acknowledge")
    assert "Acknowledged, and not handled yet" in shown(player)
    await player.step(PAVEL, RELEASES, "Handled", outcome="Rolled back to v1.1.0")
    assert shown(player).startswith("✅ Production down: ESC-1")
    assert "Rolled back to v1.1.0" in private(player, TANIA)[-1]  # “Incident resolved: Tech Lead”


async def test_who_has_not_acknowledged_is_reminded_soon_and_then_it_goes_up(player: Player) -> None:
    """Also at night: five minutes, and again five."""
    await player.command(JANE, f"/release escalate {DOWN}", "#releases")
    await player.step(TANIA, RELEASES, "Acknowledge")
    await later(player, 5)
    assert "ESC-1* of admin-logistic waits for your acknowledgement" in private(player, PAVEL)[-1]
    assert len(private(player, TANIA)) == 1
    await later(player, 5)
    assert "PM has not answered" in private(player, JOHN)[-1]


async def test_what_is_about_a_release_is_kept_with_it(player: Player) -> None:
    """By its version in the command, or in its thread; the escalation names it."""
    await approved(player)
    [release] = player.person(JANE).messages("#releases")
    await player.command(JANE, f"/release escalate v1.2.0 {DOWN}", "#releases")
    thread = [player.person(JANE).text_of(one) for one in player.person(JANE).thread(release)]
    assert "Escalated*: v1.2.0 · *Production down*" in thread[-1]
    assert "Told at once: Tech Lead, PM." in thread[-1]
    assert "about v1.2.0" in shown(player)
    await player.mention(CHARLIE, f"escalate {DOWN}", release, "#releases")
    assert "ESC-2" in shown(player)


async def test_words_before_the_fields_say_what_happened(player: Player) -> None:
    """They need no field's name, and are not taken for a version."""
    await player.command(JANE, "/release escalate Orders fail since noon situation=data_loss_risk", "#releases")
    assert shown(player).startswith("🚨 Data loss risk: ESC-1")
    assert "Orders fail since noon" in shown(player)


async def test_without_its_details_the_form_is_opened(player: Player) -> None:
    await player.command(JANE, "/release escalate", "#releases")
    view = await player.person(JANE).opened()
    assert view.options("situation") == [
        "Production down",
        "Security breach",
        "Data loss risk",
        "Significant cost overrun",
    ]
    with pytest.raises(RefusedError) as refused:
        await player.send(JANE, situation="Security breach")
    assert "details" in refused.value.errors
    await player.send(JANE, situation="Security breach", details="A key was pushed to a public repository")
    # Nobody is a stakeholder here, and the card says so.
    assert "⚠️ Nobody holds the role Stakeholder here." in shown(player)


async def test_an_unknown_situation_is_refused_with_those_there_are(player: Player) -> None:
    await player.command(JANE, "/release escalate situation=lunch details=hungry", "#releases")
    assert "production_down, security_breach, data_loss_risk, cost_overrun" in whispered(player, JANE)
    await player.command(JANE, f"/release escalate v9.9 {DOWN}", "#releases")
    assert "I know no release of v9.9" in whispered(player, JANE)


async def test_only_those_who_were_told_acknowledge(player: Player) -> None:
    await player.command(JANE, f"/release escalate {DOWN}", "#releases")
    await player.step(CHARLIE, RELEASES, "Acknowledge")
    assert "Tech Lead, PM" in whispered(player, CHARLIE)


async def test_an_escalation_that_nobody_handles_is_asked_about_after_an_hour(player: Player) -> None:
    await player.command(JANE, "/release escalate Costs doubled situation=cost_overrun", "#releases")
    await player.step(PAVEL, RELEASES, "Acknowledge")
    await later(player, 60)
    assert "waits for word of how it was handled" in private(player, PAVEL)[-1]


async def test_an_escalation_is_asked_about_by_its_number(player: Player) -> None:
    """Its status, its history, and its place in the list of what is under way."""
    await player.command(JANE, f"/release escalate {DOWN}", "#releases")
    await player.step(TANIA, RELEASES, "Acknowledge")
    await player.command(CHARLIE, "/release status esc-1", "#releases")
    told = whispered(player, CHARLIE)
    assert "*ESC-1* of Admin Logistic (production) is waiting to be acknowledged" in told
    assert "opened by Jane Smith" in told
    await player.command(CHARLIE, "/release history ESC-1", "#releases")
    assert "*Escalate* by Jane Smith — Create Order gives a 500 error" in whispered(player, CHARLIE)
    assert "*Acknowledge* by Tania Petrova" in whispered(player, CHARLIE)
    await player.command(CHARLIE, "/release list", "#releases")
    assert "ESC-1" in whispered(player, CHARLIE)
    await player.command(CHARLIE, "/release status ESC-7", "#releases")
    assert "I know no escalation ESC-7 here" in whispered(player, CHARLIE)


async def test_people_are_told_also_where_the_bot_is_not_in_the_channel(player: Player) -> None:
    """An incident channel that nobody invited it to: the private word goes out, and whoever escalated hears why the
    channel reads nothing.
    """
    await player.command(JANE, f"/release escalate admin-logistic {DOWN}", "#incidents")
    assert "Create Order gives a 500 error" in private(player, TANIA)[-1]
    told = private(player, JANE)[-1]
    assert "Something about the escalation *ESC-1* could not be posted in #incidents" in told
    assert told.endswith("Until then it stands in #releases.")


async def test_the_tech_lead_hears_that_pressing_trouble_is_over(player: Player) -> None:
    """“Incident resolved: Tech Lead”; what could wait for the morning is nobody's incident."""
    for urgency, told in (("High", 1), ("Low", 1)):
        await player.command(CHARLIE, "/env issue", "#releases")
        await player.send(CHARLIE, **(ISSUE | {"urgency": urgency, "started": player.playground.now()}))
        await player.step(JANE, RELEASES, "Restored", **RESTORED)
        await player.step(CHARLIE, RELEASES, "Works again")
        assert len(private(player, TANIA)) == told
    assert "ENV-1* of admin-logistic · told to you as Tech Lead" in private(player, TANIA)[0]
