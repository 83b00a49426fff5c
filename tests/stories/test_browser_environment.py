"""The first document's environment issue and request, played by hand in the playground's page (QA-DevOps dialogue,
sections 3 and 4).
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, expect

from bot.pace import Pace
from playground.run import playing
from playground.seed import CHARLIE, RELEASES
from tests.playground.browser import launched, opened
from tests.stories.page_hand import PageHand
from tests.stories.test_browser_release import read
from tests.stories.test_document_environment import assert_in_order
from tests.stories.the_environment import (
    FINDINGS,
    ISSUE,
    ISSUE_LINES,
    PLAN,
    READY,
    REPORTED_AT,
    REQUEST,
    REQUEST_LINES,
    RESTORED,
    SECRET,
)

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

REPORT_FORM = {
    "Environment": ISSUE["environment"],
    "Problem": ISSUE["problem"],
    "When started": datetime(2024, 1, 16, 14, 50),  # noqa: DTZ001 - a wall clock's time, as Charlie reads it in London
    "Impact": ISSUE["impact"],
    "Symptoms": ISSUE["symptoms"],
    "What I tried": ISSUE["tried"],
    "Urgency": ISSUE["urgency"],
    "Why this urgency": ISSUE["urgency_reason"],
}
UPDATE_FORM = {
    "Findings": FINDINGS["findings"],
    "Cause": FINDINGS["cause"],
    "Fix": FINDINGS["fix"],
    "ETA in minutes": FINDINGS["eta"],
}
RESTORE_FORM = {"Root cause": RESTORED["root_cause"], "Fix": RESTORED["fix"], "Prevention": RESTORED["prevention"]}
REQUEST_FORM = {
    "Environment": REQUEST["environment"],
    "What": REQUEST["what"],
    "Why": REQUEST["why"],
    "Requirements": REQUEST["requirements"],
    "When needed": REQUEST["needed_by"],
    "Duration": REQUEST["duration"],
}
PLAN_FORM = {
    "Plan": PLAN["plan"],
    "Timeline": PLAN["timeline"],
    "Access": PLAN["access"],
    "Note": PLAN["notes"],
}
READY_FORM = {
    "Environment": READY["name"],
    "URLs": READY["urls"],
    "Credentials": SECRET,
    "Database": READY["data"],
    "Limits": READY["limits"],
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with launched() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def hand(browser: Browser, tmp_path: Path) -> AsyncIterator[PageHand]:
    """Charlie, before a page in which nothing has happened yet."""
    async with playing(tmp_path / "x.db", pace=Pace.unlimited(), starts_at=REPORTED_AT) as playground:
        playground.slack.limits.enabled = False
        async with opened(browser, f"{playground.slack.url}/#as={CHARLIE}&in={RELEASES}") as page:
            yield PageHand(page, playground)


async def picture(hand: PageHand, name: str) -> None:
    """For whoever wants to look: a screenshot into the folder that PICTURES names."""
    if folder := os.environ.get("PICTURES"):
        await hand.page.screenshot(path=Path(folder) / f"{name}.png")


async def test_the_documents_environment_issue_is_played_by_hand_in_the_page(hand: PageHand) -> None:
    """A vague word comes back, the rest is the document's: every line of it stands in the thread, in its order."""
    await hand.say("/env issue")
    await picture(hand, "issue_form")
    await hand.fill({**REPORT_FORM, "Problem": "staging is broken"})
    await hand.submit()
    error = hand.page.locator("[data-testid=field-error]:visible")
    await expect(error).to_contain_text(["Name what fails and how: which call or page"])
    await picture(hand, "issue_refused")
    await expect(hand.messages).to_have_count(0)
    await hand.send({"Problem": ISSUE["problem"]})
    await expect(hand.card).to_contain_text("🔴 Staging Environment Issue: ENV-1")
    await picture(hand, "issue_card")
    reported = (await hand.card.inner_text()).replace("\u2060", "")
    await hand.move_clock("by 5 minutes")
    await hand.become("Jane Smith")
    await hand.press("Update")
    await picture(hand, "update_form")
    await hand.send(UPDATE_FORM)
    await hand.press("Restored")
    await expect(hand.question("Root cause").locator("textarea")).to_have_value(FINDINGS["cause"])
    await hand.send(RESTORE_FORM)
    await hand.become("Charlie Wilson")
    await hand.press("Works again")
    await hand.open_thread()
    await picture(hand, "issue_thread")
    await expect(hand.replies.last).to_contain_text("Thanks for quick resolution!")
    _, _, replies = (await read(hand)).partition("Looking into it now.")
    told = "\n".join(("@devops", " ".join(reported.split()), f"Looking into it now.{replies}"))
    assert_in_order(tuple(line.removeprefix("• ") for line in ISSUE_LINES), told)
    await expect(hand.messages).to_have_count(1)


async def test_the_documents_environment_request_is_played_by_hand_in_the_page(hand: PageHand) -> None:
    """Every line of the document stands in the thread; what is secret stands in Charlie's messages and nowhere else."""
    await hand.say("/env request")
    await picture(hand, "request_form")
    await hand.send(REQUEST_FORM)
    await expect(hand.card).to_contain_text("Environment Request: Load Testing Environment")
    requested = (await hand.card.inner_text()).replace("\u2060", "")
    await hand.become("Jane Smith")
    await hand.press("Plan it")
    await hand.send(PLAN_FORM)
    await hand.press("Ready")
    await hand.fill(READY_FORM)
    await picture(hand, "ready_form")
    await hand.send({})
    await hand.become("Charlie Wilson")
    await expect(hand.card).to_contain_text("✅ Perf Test Environment Ready")
    await picture(hand, "request_card")
    await hand.press("Accept")
    await hand.open_thread()
    await picture(hand, "request_thread")
    told = await read(hand)
    assert_in_order(
        tuple(line.removeprefix("• ") for line in REQUEST_LINES[:-1]),
        "\n".join((" ".join(requested.split()), told[told.index("Good request.") :])),
    )
    assert "LoadTest123" not in await hand.page.locator("body").inner_text()
    await hand.open("Greenlight")
    await expect(hand.messages.last).to_contain_text(SECRET)
    await picture(hand, "handover")
    await hand.become("Jane Smith")
    await hand.open("Greenlight")
    await expect(hand.page.get_by_text("LoadTest123")).to_have_count(0)


async def test_the_inspector_does_not_show_what_was_handed_over(hand: PageHand) -> None:
    """Neither in the form that was sent, nor in the message that was posted."""
    await hand.say("/env request")
    await hand.send(REQUEST_FORM)
    await hand.become("Jane Smith")
    await hand.press("Plan it")
    await hand.send(PLAN_FORM)
    await hand.press("Ready")
    await hand.send(READY_FORM)
    response = await hand.page.request.get(f"{hand.playground.slack.url}/playground/traffic?after=0")
    traffic = await response.text()
    assert "perf-test.admin-logistic.com" in traffic
    assert "LoadTest123" not in traffic
