"""Headless Chromium for tests: skipped with a reason where the machine has none, failed where it must be there."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, Page, async_playwright

CHROMIUM = Path(os.environ.get("CHROMIUM", shutil.which("chromium") or "/usr/bin/chromium"))
ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}


def require_chromium() -> None:
    """Skips the test without a browser; fails it when GREENLIGHT_REQUIRE_PARTS=1 says that all parts must be there."""
    if CHROMIUM.exists():
        return
    reason = f"no Chromium at {CHROMIUM}; set CHROMIUM to its path"
    if os.environ.get("GREENLIGHT_REQUIRE_PARTS") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


@asynccontextmanager
async def launched() -> AsyncIterator[Browser]:
    require_chromium()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        try:
            yield browser
        finally:
            await browser.close()


@asynccontextmanager
async def opened(browser: Browser, url: str, **options: Any) -> AsyncIterator[Page]:
    """The page at an address, ready for use; an uncaught error in it fails the test."""
    context = await browser.new_context(**{"viewport": DESKTOP, "locale": "en-US", **options})
    context.set_default_timeout(5_000)
    page = await context.new_page()
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await page.goto(url)
    await page.wait_for_selector("body[data-ready]")
    try:
        yield page
    finally:
        await context.close()
    assert errors == []
