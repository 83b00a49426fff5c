"""A plan that DevOps does not decide on alone: who is asked, who agrees, who disagrees, and who is reminded."""

from __future__ import annotations

from datetime import timedelta

from playground.player import Player
from playground.seed import CHARLIE, JANE, JOHN, PAVEL, RELEASES, TANIA
from tests.stories.test_bad_input import whispered
from tests.stories.test_release_paths import approved, card, last_words, says
from tests.stories.the_document import PLAN

DOWN = PLAN | {"downtime": "5 minutes"}


async def planned(player: Player, **changes: object) -> None:
    await approved(player)
    await player.step(TANIA, RELEASES, "Sign off")
    await player.step(JANE, RELEASES, "Plan deployment", **(DOWN | changes))


def private_words(player: Player, user: str) -> str:
    """The newest direct message to a person."""
    person = player.person(user)
    return person.text_of(person.direct_messages[-1])


async def test_a_downtime_is_agreed_to_by_pm_and_tech_lead_before_qa_is_asked(player: Player) -> None:
    """The document's matrix: “Downtime window: PM + Tech Lead”."""
    await planned(player)
    assert "*Needs agreement:*\n• Downtime window: PM and Tech Lead" in last_words(player)
    assert "@Pavel Novak @Tania Petrova — Please agree to the plan, or say what is against it." in last_words(player)
    assert "⏳ PM: awaited" in says(player)
    await player.step(PAVEL, RELEASES, "Agree")
    assert "Agreed* as PM" in last_words(player)
    assert "Still awaited: Tech Lead." in last_words(player)
    await player.step(TANIA, RELEASES, "Agree")
    assert "🤝 PM: @Pavel Novak\n🤝 Tech Lead: @Tania Petrova" in says(player)
    assert "@Charlie Wilson — Any concerns with 16:00 UTC timing?" in last_words(player)
    await player.step(CHARLIE, RELEASES, "Time works")
    assert "Scheduled" in says(player)


async def test_who_disagrees_says_why_and_devops_plans_anew(player: Player) -> None:
    await planned(player)
    await player.step(TANIA, RELEASES, "Disagree", reason="Orders peak at four; take the night")
    assert "Orders peak at four; take the night" in last_words(player)
    assert "@Jane Smith — Please plan it differently." in last_words(player)
    await player.step(JANE, RELEASES, "Plan deployment", **(PLAN | {"downtime": "None"}))
    assert "Any concerns with 16:00 UTC timing?" in last_words(player)


async def test_whoever_is_not_asked_is_refused(player: Player) -> None:
    await planned(player)
    await player.step(CHARLIE, RELEASES, "Agree")
    assert "PM, Tech Lead" in whispered(player, CHARLIE)


async def test_the_decisions_of_a_plan_are_chosen_in_its_form(player: Player) -> None:
    """Cost is the PM's to agree to, whatever the downtime."""
    await approved(player)
    await player.step(TANIA, RELEASES, "Sign off")
    await player.step(JANE, RELEASES, "Plan deployment")
    view = await player.person(JANE).opened()
    assert view.options("decisions") == [
        "Deployment platform",
        "Major infrastructure change",
        "Security policies",
        "Cost",
    ]
    await player.send(JANE, **(PLAN | {"decisions": ("Cost",)}))
    assert "• Cost: PM" in last_words(player)
    assert player.person(PAVEL).buttons_of(card(player))[1:3] == ["Agree", "Disagree"]


async def test_who_does_not_answer_is_reminded_and_then_it_goes_up(player: Player) -> None:
    await planned(player)
    await player.playground.advance(player.playground.clock.now() + timedelta(minutes=30))
    assert "waits for your agreement to the plan" in private_words(player, PAVEL)
    await player.playground.advance(player.playground.clock.now() + timedelta(minutes=30))
    assert "PM or Tech Lead has not answered" in private_words(player, JOHN)
