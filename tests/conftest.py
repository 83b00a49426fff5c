"""What holds for all tests."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from hypothesis import settings

from bot.clock import MovableClock
from playground.slack.server import SlackServer
from tests.slack_workspace import START, workspace

# A commit that passed passes again: the examples are the same each time. New ones are sought on purpose, with
# `make test ARGUMENTS=--hypothesis-profile=explore`; what they find is written down as a test of its own.
settings.register_profile("steady", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile("steady")


@pytest.fixture
def clock() -> MovableClock:
    """A clock that stands still until the test moves it."""
    return MovableClock(START, running=False)


@pytest.fixture
async def server(clock: MovableClock) -> AsyncIterator[SlackServer]:
    """A Slack with its people and channels, and no bot behind it."""
    async with workspace(clock) as server:
        yield server
