"""The checklist, ticked by hand in the playground's page; and a plan that needs agreement, agreed to there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from playwright.async_api import expect

from bot.pace import Pace
from playground.player import Player
from playground.run import playing
from playground.seed import CHARLIE, JANE, RELEASES, TANIA
from tests.playground.browser import launched, opened
from tests.stories.page_hand import PageHand
from tests.stories.the_document import APPROVAL, PLAN, STARTS_AT

pytestmark = pytest.mark.browser


@pytest.fixture
async def hand(tmp_path: Path) -> AsyncIterator[PageHand]:
    """Jane at the page, with a release that waits for her plan."""
    async with playing(tmp_path / "x.db", pace=Pace.unlimited(), starts_at=STARTS_AT) as playground:
        playground.slack.limits.enabled = False
        player = Player(playground)
        await player.command(CHARLIE, "/release approve", "#releases")
        await player.send(CHARLIE, **APPROVAL)
        await player.step(TANIA, RELEASES, "Sign off")
        async with launched() as browser, opened(browser, f"{playground.slack.url}/#as={JANE}&in={RELEASES}") as page:
            yield PageHand(page, playground)


async def test_the_checklist_is_ticked_and_a_downtime_agreed_to_in_the_page(hand: PageHand) -> None:
    """Jane ticks two boxes and plans a downtime at some cost; Pavel and Tania agree."""
    await hand.press("Checklist")
    for item in ("Migrations reviewed", "Monitoring alerts configured"):
        await hand.modal.get_by_label(item).check()
    await hand.submit()
    await expect(hand.card).to_contain_text("Checklist 9/21")
    await hand.press("Plan deployment")
    texts = ("downtime", "rollback_target", "error_monitoring", "performance_monitoring")
    labels = ("Downtime", "Version to roll back to", "Error rates", "Performance")
    await hand.fill(dict(zip(labels, ("5 minutes", *(PLAN[name] for name in texts[1:])), strict=True)))
    await hand.modal.get_by_label("Cost").check()
    await hand.submit()
    await expect(hand.card).to_contain_text("Needs agreement: Downtime window, Cost")
    for name in ("Pavel Novak", "Tania Petrova"):
        await hand.become(name)
        await hand.press("Agree")
    await expect(hand.card).to_contain_text("Waiting for QA to agree to the time")
