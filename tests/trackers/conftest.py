from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from tests.trackers.fakes import FakeGitHub, FakeJira, serving


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A client that keeps to this machine and waits for nothing."""
    async with httpx.AsyncClient(trust_env=False, timeout=0.5) as opened:
        yield opened


@pytest.fixture
async def github() -> AsyncIterator[FakeGitHub]:
    fake = FakeGitHub()
    async with serving(fake):
        yield fake


@pytest.fixture(params=["cloud", "data center"])
async def jira(request: pytest.FixtureRequest) -> AsyncIterator[FakeJira]:
    fake = FakeJira(in_cloud=request.param == "cloud")
    async with serving(fake):
        yield fake


@pytest.fixture(params=["github", "jira cloud", "jira data center"])
async def fake(request: pytest.FixtureRequest) -> AsyncIterator[FakeGitHub | FakeJira]:
    """Each of them in turn."""
    one = FakeGitHub() if request.param == "github" else FakeJira(in_cloud=request.param == "jira cloud")
    async with serving(one):
        yield one
