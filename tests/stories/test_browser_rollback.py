"""The first document's rollback, played by hand in the playground's page (QA-DevOps dialogue, section 5)."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from bot.pace import Pace
from playground.player import Player
from playground.run import playing
from playground.seed import CHARLIE, INCIDENTS, STARTS_AT
from tests.playground.browser import launched, opened
from tests.stories.page_hand import PageHand
from tests.stories.test_browser_release import read
from tests.stories.test_document_environment import assert_in_order
from tests.stories.test_rollback import deployed
from tests.stories.the_document import DEPLOYMENT_AT
from tests.stories.the_rollback import ALARM, ALARM_AT, CARD_LINES, DONE, THREAD_LINES

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

ALARM_FORM = {"Issue": ALARM["issue"], "Impact": ALARM["impact"], "Evidence": ALARM["evidence"]}
DONE_FORM = {
    "Duration in minutes": DONE["duration"],
    "Immediate check": DONE["checks"],
    "What QA should verify": DONE["verify"],
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with launched() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def hand(browser: Browser, tmp_path: Path) -> AsyncIterator[PageHand]:
    """Charlie, in the incident channel, while v1.2.0 is being watched and v1.1.0 was verified the day before."""
    async with playing(tmp_path / "x.db", pace=Pace.unlimited()) as playground:
        playground.slack.limits.enabled = False
        player = Player(playground)
        await deployed(player, "v1.1.0", STARTS_AT + timedelta(minutes=40))
        await playground.advance(DEPLOYMENT_AT - timedelta(minutes=40))
        await deployed(player)
        await playground.advance(ALARM_AT)
        async with opened(browser, f"{playground.slack.url}/#as={CHARLIE}&in={INCIDENTS}") as page:
            yield PageHand(page, playground)


async def picture(hand: PageHand, name: str) -> None:
    """Keep what is seen, light and dark, in the folder that PICTURES names, for whoever wants to look."""
    if folder := os.environ.get("PICTURES"):
        await hand.page.emulate_media(color_scheme="light")
        await hand.page.screenshot(path=Path(folder) / f"rollback_{name}_light.png")
        await hand.page.emulate_media(color_scheme="dark")
        await hand.page.screenshot(path=Path(folder) / f"rollback_{name}_dark.png")


async def raise_alarm(hand: PageHand) -> None:
    """QA asks for it where the bot is not yet; the invitation brings the thread."""
    await hand.say("/rollback admin-logistic")
    await expect(hand.question("Version to roll back").locator("input")).to_have_value("v1.2.0")
    await expect(hand.question("Roll back to").locator("input")).to_have_value("v1.1.0")
    await hand.fill(ALARM_FORM)
    await picture(hand, "form")
    await hand.send({})
    await expect(hand.card).to_have_count(0)
    await hand.page.get_by_test_id("invite-bot").click()
    await expect(hand.card).to_contain_text("🚨 ROLLBACK NEEDED: v1.2.0")


async def decide(hand: PageHand) -> None:
    """The team says what it thinks, the Tech Lead decides."""
    await hand.become("John Doe")
    await hand.press("In favour")
    await expect(hand.card).to_contain_text("👍 In favour: John Doe")
    await picture(hand, "decision")
    await hand.become("Tania Petrova")
    await hand.card.get_by_role("button", name="Roll back", exact=True).click()
    await hand.press("Roll back", hand.page.get_by_test_id("confirm"))
    await expect(hand.card).to_contain_text("Waiting for DevOps to begin")


async def roll_back(hand: PageHand) -> None:
    """DevOps begins and tells when it is done; QA verifies; the Tech Lead closes."""
    await hand.become("Jane Smith")
    await hand.press("Begin rollback")
    await hand.send({"ETA in minutes": "5"})
    await hand.playground.advance(ALARM_AT + timedelta(minutes=7))
    await hand.press("Rollback done")
    await hand.send(DONE_FORM)
    await hand.become("Charlie Wilson")
    await hand.press("Testing…")
    await hand.press("Works again")
    await hand.send({"What works again": "Order creation works"})
    await hand.become("Tania Petrova")
    await hand.press("Close")
    await hand.send({"Who investigates": "Bob Johnson"})


async def test_the_documents_rollback_is_played_by_hand_in_the_page(hand: PageHand) -> None:
    """Every line of the document stands on the card or in the thread, in its order."""
    await raise_alarm(hand)
    card = " ".join((await hand.card.inner_text()).replace("\u2060", "").split())
    assert_in_order(CARD_LINES, card)
    await decide(hand)
    await roll_back(hand)
    await hand.open_thread()
    assert_in_order(THREAD_LINES, await read(hand))
    await expect(hand.replies.last).to_contain_text("# Post-mortem: v1.2.0 of Admin Logistic (production)")
    await picture(hand, "thread")
