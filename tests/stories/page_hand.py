"""Somebody who plays in the playground's page: with what is seen there, and with nothing else."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from playwright.async_api import Locator, Page, expect

from playground.run import Playground


class PageHand:
    """A person at the page, who may become any other there. Each act waits until all that follows from it is done."""

    def __init__(self, page: Page, playground: Playground) -> None:
        self.page = page
        self.playground = playground

    @asynccontextmanager
    async def _followed(self, call: str) -> AsyncIterator[None]:
        """Wait for the page's own call, and for all that both sides do because of it."""
        async with self.page.expect_response(f"**/playground/{call}"):
            yield
        await self.playground.settled()

    # ── where one is ─────────────────────────────────────────────────────────────────────────────────────────────────
    async def become(self, name: str) -> None:
        """Switch to a person by name in the switcher. Channel and thread stay as they are."""
        await self.page.get_by_test_id("person-switcher").click()
        await self.page.get_by_test_id("person").filter(has_text=name).click()
        await expect(self.page.get_by_test_id("person-switcher")).to_contain_text(name)
        await expect(self.page.locator("body")).to_have_attribute("data-ready", re.compile("U"))
        await self.playground.settled()

    async def open(self, place: str) -> None:
        """A channel or a direct message, as the sidebar names it."""
        await self.page.get_by_test_id("sidebar-item").filter(has=self.page.get_by_text(place, exact=True)).click()
        await expect(self.page.get_by_test_id("channel-name")).to_have_text(place)
        await self.playground.settled()

    async def open_thread(self) -> None:
        """The thread of the channel's last release."""
        await self.card.get_by_test_id("thread-link").click()
        await expect(self.thread.get_by_test_id("message").nth(1)).to_be_visible()

    @property
    def messages(self) -> Locator:
        """The messages of the open channel, without what only its reader sees."""
        return self.page.locator("#main [data-testid=message]:not(.ephemeral)")

    @property
    def private(self) -> Locator:
        """What is told to nobody else, in the channel or the thread."""
        return self.page.locator("[data-testid=message].ephemeral")

    @property
    def card(self) -> Locator:
        """The head of the channel's last release."""
        return self.messages.filter(has=self.page.locator(".block-header")).last

    @property
    def thread(self) -> Locator:
        return self.page.get_by_test_id("thread-pane")

    @property
    def replies(self) -> Locator:
        """The messages of the open thread, its head first, without what only its reader sees."""
        return self.thread.locator("[data-testid=message]:not(.ephemeral)")

    # ── what one does ────────────────────────────────────────────────────────────────────────────────────────────────
    async def say(self, text: str) -> None:
        """Write in the open channel; commands as well."""
        async with self._followed("message"):
            await self.page.get_by_test_id("composer").fill(text)
            await self.page.get_by_test_id("composer").press("Enter")

    async def press(self, label: str, within: Locator | None = None) -> None:
        """A button of the release's card, or of another message."""
        async with self._followed("action"):
            await (within or self.card).get_by_role("button", name=label, exact=True).last.click()

    async def move_clock(self, *steps: str) -> None:
        """The clock bar's buttons, by their names: "by 30 minutes"."""
        for step in steps:
            async with self._followed("clock"):
                await self.page.get_by_role("button", name=f"Move the clock on {step}").click()

    # ── forms ────────────────────────────────────────────────────────────────────────────────────────────────────────
    @property
    def modal(self) -> Locator:
        return self.page.get_by_test_id("modal")

    def question(self, label: str) -> Locator:
        """A question of the open form, by the label over it."""
        reads = re.compile(rf"^{re.escape(label)}\s*(\(optional\))?$")
        return self.modal.locator(".block-input").filter(has=self.page.locator(".input-label", has_text=reads))

    async def fill(self, answers: Mapping[str, Any]) -> None:
        """Answer questions of the open form by label: text, lines, a choice by its words, a moment as the person's wall
        clock shows it.
        """
        for label, answer in answers.items():
            await self._answer(self.question(label), answer)

    async def _answer(self, question: Locator, answer: Any) -> None:
        await question.wait_for()
        if isinstance(answer, datetime):
            await question.locator("input[type=date]").fill(f"{answer:%Y-%m-%d}")
            await question.locator("input[type=time]").fill(f"{answer:%H:%M}")
        elif await question.get_by_role("combobox").count():
            await question.get_by_role("combobox").click()
            await self.page.locator(".listbox:popover-open").get_by_text(answer, exact=True).click()
        else:
            text = "\n".join(answer) if isinstance(answer, list) else answer
            await question.locator("input, textarea").fill(text)

    async def submit(self) -> None:
        """Send the form, whatever comes of it."""
        async with self._followed("view/submit"):
            await self.page.get_by_test_id("modal-submit").click()

    async def send(self, answers: Mapping[str, Any]) -> None:
        """Answer the open form, and send it; it closes."""
        await self.fill(answers)
        await self.submit()
        await expect(self.modal).to_be_hidden()
