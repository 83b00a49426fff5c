"""The stories' watch over blocking calls can fail: what it is there for, it finds."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.pace import Pace
from bot.queries import Queries
from bot.slack import Slack
from playground.player import Player
from playground.run import playing
from playground.seed import CHARLIE
from tests.stories.blocking import nothing_blocks
from tests.stories.test_bad_input import TYPED
from tests.stories.the_document import STARTS_AT


def sleepy(method: Callable[..., Any]) -> Callable[..., Any]:
    """A method that sleeps before it does its work."""

    async def slow(*arguments: Any, **named: Any) -> Any:
        time.sleep(0)  # noqa: ASYNC251 - the mistake that is to be found
        return await method(*arguments, **named)

    return slow


@pytest.mark.parametrize(
    ("owner", "method", "line"),
    [(Queries, "open_ones", "list"), (Slack, "post", TYPED)],
    ids=["in a handler, where Bolt catches it", "in the outbox, which catches everything"],
)
async def test_a_blocking_call_fails_the_story_even_where_an_edge_catches_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, owner: type, method: str, line: str
) -> None:
    async with playing(tmp_path / "x.db", pace=Pace.unlimited(), starts_at=STARTS_AT) as playground:
        monkeypatch.setattr(owner, method, sleepy(getattr(owner, method)))
        with pytest.raises(AssertionError, match=r"time\.sleep"), nothing_blocks():
            await Player(playground).command(CHARLIE, f"/release {line}", "#releases")
        monkeypatch.undo()
