"""Takes README's picture of the playground anew: `make screenshot`. The document's release waits for QA's answer."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path

from playwright.async_api import Page

from bot.pace import Pace
from playground.player import Player
from playground.run import Playground, playing
from playground.seed import CHARLIE, JANE, OPENS_AT, RELEASES, TANIA, play_history
from tests.playground.browser import launched, opened
from tests.stories.page_hand import PageHand
from tests.stories.the_document import APPROVAL, PLAN

PICTURE = Path(__file__).parents[2] / "docs" / "playground.png"


async def play(playground: Playground) -> None:
    """The seeded team, and after its history v1.2.0: approved, signed off and planned."""
    await play_history(playground)
    await playground.advance(OPENS_AT)
    playground.slack.limits.enabled = False
    player = Player(playground)
    await player.command(CHARLIE, "/release approve", "#releases")
    await player.send(CHARLIE, **APPROVAL)
    await player.step(TANIA, RELEASES, "Sign off")
    await player.step(JANE, RELEASES, "Plan deployment", **PLAN)


async def take(page: Page, hand: PageHand) -> None:
    """The card from its first line, its thread from the last reply, and no message under the mouse."""
    await hand.open_thread()
    await hand.card.evaluate("(card) => card.scrollIntoView({ block: 'start' })")
    await page.mouse.move(640, 20)
    await page.wait_for_function("() => document.getAnimations().every((one) => one.playState !== 'running')")
    await page.screenshot(path=PICTURE)


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with playing(Path(folder) / "x.db", pace=Pace.unlimited()) as playground, launched() as browser:
            await play(playground)
            url = f"{playground.slack.url}/#as={CHARLIE}&in={RELEASES}"
            async with opened(browser, url, color_scheme="light") as page:
                await take(page, PageHand(page, playground))


if __name__ == "__main__":
    asyncio.run(main())
