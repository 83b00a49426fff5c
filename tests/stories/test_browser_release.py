"""The first document's release, played by hand in the playground's page (QA-DevOps dialogue, sections 1 and 2)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import datetime
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from bot.pace import Pace
from playground.run import playing
from playground.seed import CHARLIE, OPENS_AT, RELEASES, play_history
from tests.playground.browser import launched, opened
from tests.stories.page_hand import PageHand

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

APPROVAL: dict[str, str | list[str]] = {
    "Version": "v1.2.0",
    "Sprint": "Sprint 16",
    "Branch": "main",
    "Commit": "abc123",
    "Stories tested": "3",
    "Stories in the release": "3",
    "Bugs found": "5",
    "Bugs fixed": "5",
    "Regression": "Passed",
    "Smoke test": "Passed",
    "Included Changes": ["STORY-123: Order Tracking", "STORY-130: Excel Export", "FIX-234, FIX-235, FIX-236"],
    "Known Issues": ["None blocking release", "STORY-145 (legacy courier display) — low priority, next sprint"],
    "Release Notes": "https://docs.example.com/releases/v1.2.0",
    "Roll back when": "error rate",
    "Threshold": ">5%",
    "Endpoint": "/api/v1/orders/tracking",
    "Minutes after the deployment": "30",
}
PLAN = {
    "When": datetime(2024, 1, 16, 17, 0),  # noqa: DTZ001 - a wall clock's time: 16:00 UTC, as Jane reads it in Berlin
    "Why then": "low traffic window",
    "Duration in minutes": "15",
    "Database migrations": "Yes (1 migration)",
    "Cache clear": "Yes",
    "Error rates": "Will watch Sentry",
    "Performance": "Will watch Datadog",
}
DEPLOYED = {
    "Duration in minutes": "12",
    "Components": ["Backend: Healthy", "Frontend: Healthy"],
    "Database migration": "Applied",
    "Cache": "Cleared",
    "Health Checks": ["API: 200 OK", "Frontend: Loading correctly", "Auth: Working"],
    "Initial Metrics": [
        "Error rate: 0.1% (normal)",
        "Response time: 120ms avg (normal)",
        "Active users: 45 (normal for this time)",
    ],
}
SMOKE = {
    "Results": [
        "Login: Pass",
        "Order List: Pass",
        "Order Tracking (new): Pass",
        "Excel Export (new): Pass",
        "Create Order: Pass",
        "Dashboard: Pass",
    ],
    "Duration in minutes": "8",
    "Issues found": "None",
}

APPROVED_LINES = """
🚀 Release Approved: v1.2.0
Sprint: Sprint 16
Version: v1.2.0
Branch: main (commit abc123)
Testing Summary
Metric | Result
Stories tested | 3/3 ✅
Bugs found | 5
Bugs fixed | 5/5 ✅
Regression | Passed ✅
Smoke test | Passed ✅
Included Changes
STORY-123: Order Tracking
STORY-130: Excel Export
FIX-234, FIX-235, FIX-236
Known Issues
None blocking release
STORY-145 (legacy courier display) — low priority, next sprint
Release Notes
Rollback Criteria
If >5% error rate on /api/v1/orders/tracking endpoint within 30 min.
Sign-off
✅ QA: @Charlie Wilson
✅ Tech Lead: @Tania Petrova
Approved for production deployment.
@Charlie Wilson Acknowledged! ✅
Deployment Plan:
When: 2024-01-16 16:00 UTC (low traffic window)
Duration: ~15 minutes
Downtime: None expected (zero-downtime deploy)
Pre-deployment:
Database migrations: Yes (1 migration)
Config changes: None
Cache clear: Yes
Monitoring:
Error rates: Will watch Sentry
Performance: Will watch Datadog
Will notify when complete.
Any concerns with 16:00 UTC timing?
@Jane Smith 16:00 UTC works.
I'll be online to run production smoke test after deploy.
Please ping me when ready to verify.
"""
DEPLOYED_LINES = """
Deployed to Production: v1.2.0
Time: 2024-01-16 16:05 UTC
Duration: 12 minutes
Status: ✅ Success
Deployment Details
Backend: ✅ Healthy
Frontend: ✅ Healthy
Database migration: ✅ Applied
Cache: ✅ Cleared
Health Checks
API: 200 OK
Frontend: Loading correctly
Auth: Working
Monitoring
Sentry: dashboard
Datadog: dashboard
Initial Metrics
Error rate: 0.1% (normal)
Response time: 120ms avg (normal)
Active users: 45 (normal for this time)
@Charlie Wilson — Please run production smoke test.
Rollback ready if needed (previous version saved)
Running smoke test now
Production Smoke Test Results:
Test | Result
Login | ✅ Pass
Order List | ✅ Pass
Order Tracking (new) | ✅ Pass
Excel Export (new) | ✅ Pass
Create Order | ✅ Pass
Dashboard | ✅ Pass
Duration: 8 minutes
Issues found: None
✅ Production verified. Release v1.2.0 successful!
Continuing to monitor. Will alert if any anomalies in next 2 hours
✅ @team Perfect!
Release v1.2.0 is complete and verified.
"""
"""The document's own lines, as they must stand in the thread: here in full, so that they can be laid beside it."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with launched() as browser:
        yield browser


@pytest_asyncio.fixture(loop_scope="module")
async def hand(browser: Browser, tmp_path: Path) -> AsyncIterator[PageHand]:
    """Charlie, before the page as `make run` opens it, in the channel of the document's service."""
    async with playing(tmp_path / "x.db", pace=Pace.unlimited()) as playground:
        await play_history(playground)
        await playground.advance(OPENS_AT)
        playground.slack.limits.enabled = False
        async with opened(browser, f"{playground.slack.url}/#as={CHARLIE}&in={RELEASES}") as page:
            yield PageHand(page, playground)


async def read(hand: PageHand) -> str:
    """The open thread as it reads, a line a line, cells of a table parted by a bar."""
    shown = await hand.thread.get_by_test_id("message-list").inner_text()
    lines = re.sub(r"\s*\t\s*", " | ", shown.replace("\u2060", "")).splitlines()
    return "\n".join(" ".join(line.split()) for line in lines if line.strip())


def missing(lines: str, told: str) -> list[str]:
    return [line for line in lines.strip().splitlines() if line not in told]


async def approve(hand: PageHand) -> None:
    """QA approves; two mistakes are told below their fields, and nothing is said before they are put right."""
    before = await hand.messages.count()
    await hand.say("/release approve")
    await hand.fill({**APPROVAL, "Stories in the release": "2", "Threshold": "5"})
    await hand.submit()
    error = hand.page.locator("[data-testid=field-error]:visible")
    await expect(error).to_have_text(
        [
            "More stories are tested than the release has; check both numbers.",
            "This must be a comparison with a number, such as >5% or >2s.",
        ]
    )
    await expect(hand.messages).to_have_count(before)
    await hand.send({"Stories in the release": "3", "Threshold": ">5%"})
    await expect(hand.messages).to_have_count(before + 1)
    await expect(hand.card).to_contain_text("🚀 Release Approved: v1.2.0")
    await expect(hand.card).to_contain_text("⏳ Tech Lead: awaited")


async def agree(hand: PageHand) -> None:
    """The Tech Lead signs off, DevOps plans, QA agrees to the time."""
    await hand.become("Tania Petrova")
    await hand.press("Sign off")
    await hand.become("Jane Smith")
    await hand.press("Plan deployment")
    await expect(hand.question("When").locator("input[type=time]")).to_have_value("17:00")
    await expect(hand.question("Version to roll back to").locator("input")).to_have_value("v1.1.0")
    await hand.send(PLAN)
    await hand.become("Charlie Wilson")
    await hand.press("Time works")
    await hand.open_thread()
    await expect(hand.replies.last).to_contain_text("16:00 UTC works.")


async def deploy(hand: PageHand) -> None:
    """At the agreed time DevOps is called by a private message, whose button starts the deployment."""
    await hand.move_clock("by 30 minutes", "by 5 minutes", "by 5 minutes")
    await expect(hand.page.get_by_test_id("clock")).to_contain_text("4:00 PM")
    await hand.open("Greenlight")
    await expect(hand.messages.last).to_contain_text("v2.4.0 of billing waits for your answer")
    await expect(hand.messages.filter(has_text="Time to deploy")).to_have_count(0)
    await hand.become("Jane Smith")
    await hand.open("Greenlight")
    await expect(hand.messages.last).to_contain_text("Time to deploy v1.2.0")
    await hand.press("Start deployment", hand.messages.last)
    await expect(hand.question("Commit being deployed").locator("input")).to_have_value("abc123")
    await hand.send({})
    await hand.open("releases")
    await hand.move_clock("by 5 minutes")
    await hand.press("Deployed")
    await hand.send(DEPLOYED)
    await expect(hand.messages.last).to_contain_text("Deployed to Production: v1.2.0")


async def verify(hand: PageHand) -> None:
    """QA tests production; after two quiet hours the release completes itself."""
    await hand.become("Charlie Wilson")
    await hand.press("Begin smoke test")
    await hand.move_clock("by 5 minutes")
    await hand.press("Smoke passed")
    await hand.send(SMOKE)
    await hand.move_clock("by 2 hours")
    await expect(hand.messages.last).to_contain_text("Release v1.2.0 is complete and verified.")
    await expect(hand.card.locator(".block-header")).to_have_text("✅ Release v1.2.0 is complete and verified")


async def test_the_documents_release_is_played_by_hand_in_the_page(hand: PageHand) -> None:
    """Every line of the document stands in the thread, and the channel heard three messages: approved, deployed,
    complete.
    """
    before = await hand.messages.count()
    await approve(hand)
    await agree(hand)
    assert missing(APPROVED_LINES, await read(hand)) == []
    await deploy(hand)
    await verify(hand)
    await hand.open_thread()
    await expect(hand.replies.last).to_contain_text("Perfect!")
    assert missing(DEPLOYED_LINES, await read(hand)) == []
    await expect(hand.messages).to_have_count(before + 3)
    await hand.become("Pavel Novak")
    await expect(hand.messages).to_have_count(before + 3)


async def test_what_is_private_is_seen_by_its_person_alone(hand: PageHand) -> None:
    """An answer to a command is gone when another sits down; a direct message is in one person's list alone."""
    await hand.say("/release help")
    await expect(hand.private).to_contain_text("/release approve")
    await hand.become("Jane Smith")
    await expect(hand.private).to_have_count(0)
    await hand.open("Greenlight")
    await expect(hand.messages).to_contain_text(["Time to deploy v1.1.0"])
    await expect(hand.page.get_by_test_id("composer-closed")).to_be_visible()  # nobody waits for an answer there
    await expect(hand.page.get_by_test_id("composer")).to_have_count(0)
    await hand.become("Tania Petrova")
    await expect(hand.page.get_by_text("Time to deploy v1.1.0")).to_have_count(0)


async def test_a_stale_click_is_told_what_happened_meanwhile(hand: PageHand) -> None:
    """Replies in the thread keep the buttons of their moment. An objection that comes after the plan is not taken."""
    await hand.say("/release approve")
    await hand.send(APPROVAL)
    await hand.become("Tania Petrova")
    await hand.press("Sign off")
    await hand.become("Jane Smith")
    await hand.press("Plan deployment")
    await hand.send(PLAN)
    await hand.become("Tania Petrova")
    await hand.open_thread()
    replies = await hand.replies.count()
    await hand.press("Object", hand.replies.filter(has_text="Signed off"))
    await expect(hand.private).to_contain_text("Meanwhile Jane Smith took “Plan deployment”.")
    await expect(hand.private).to_contain_text("Possible now: Time works, Propose another time")
    await expect(hand.thread.locator("[data-testid=message].ephemeral")).to_be_in_viewport()
    await expect(hand.modal).to_be_hidden()
    await expect(hand.replies).to_have_count(replies)
    await hand.become("Jane Smith")
    await expect(hand.private).to_have_count(0)


async def test_approval_and_sign_off_need_the_keyboard_alone(hand: PageHand) -> None:
    """From the empty composer to the second signature: the form, the choices, the other person, the card's button."""
    page, keyboard = hand.page, hand.page.keyboard
    await reach(page, "Message #releases")
    await keyboard.type("/release approve")
    await keyboard.press("Enter")
    await expect(hand.modal).to_be_visible()
    for label, answer in APPROVAL.items():
        await reach(page, label)
        await keyboard.press("Control+a")
        await type_lines(page, answer)
        if await page.evaluate("() => document.activeElement.getAttribute('role') === 'combobox'"):
            await keyboard.press("Enter")
    await reach(page, "Approve")
    await keyboard.press("Enter")
    await expect(hand.modal).to_be_hidden()
    await expect(hand.card).to_contain_text("⏳ Tech Lead: awaited")
    await keyboard.press("Control+k")
    await keyboard.type("Tania")
    await keyboard.press("Enter")
    await expect(page.get_by_test_id("person-switcher")).to_contain_text("Tania Petrova")
    await reach(page, "Sign off", "Shift+Tab")
    await keyboard.press("Enter")
    await expect(hand.card).to_contain_text("✅ Tech Lead: @Tania Petrova")
    await hand.playground.settled()


async def type_lines(page: Page, answer: str | list[str]) -> None:
    """Type a line, or one after the other."""
    for number, line in enumerate([answer] if isinstance(answer, str) else answer):
        if number:
            await page.keyboard.press("Enter")
        await page.keyboard.type(line)


async def reach(page: Page, name: str, key: str = "Tab") -> None:
    """Press a key until what has the focus is called so, as a screen reader would say it."""
    for _ in range(80):
        called = await page.evaluate(
            "() => (document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent).trim()"
        )
        if called == name:
            return
        await page.keyboard.press(key)
    raise AssertionError(f"{key} does not lead to {name!r}")
