from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from blockbuster import blockbuster_ctx

from bot.store.interface import Store
from bot.store.sqlite import SQLiteStore
from tests.store.stored_facts import OpenStore


@pytest.fixture(autouse=True)
def _nothing_blocks_the_event_loop() -> Iterator[None]:
    with blockbuster_ctx():
        yield


@pytest.fixture(params=["sqlite"])
async def open_store(request: pytest.FixtureRequest, path: Path) -> AsyncIterator[OpenStore]:
    """Opens a store of each kind in turn; called again, the same data once more. All are closed at the end.

    What a `Store` promises is tested through this and the protocol alone.
    """
    assert request.param == "sqlite"
    stores: list[Store] = []

    async def open_one(**options: float) -> Store:
        stores.append(await asyncio.to_thread(SQLiteStore, path, **options))
        return stores[-1]

    yield open_one
    for store in stores:
        await store.close()


@pytest.fixture
async def store(open_store: OpenStore) -> Store:
    return await open_store()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "greenlight.db"
