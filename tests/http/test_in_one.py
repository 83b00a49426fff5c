"""An answer's head and body leave together, in order, and none is lost where the connection closes."""

from __future__ import annotations

import asyncio
from typing import cast

from bot.http.in_one import InOne


class Wire:
    """What a transport is told, in order."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.closing = False

    def write(self, data: bytes) -> None:
        self.told.append(data.decode())

    def close(self) -> None:
        self.closing = True
        self.told.append("(closed)")

    def is_closing(self) -> bool:
        return self.closing


def connected() -> tuple[InOne, Wire]:
    wire = Wire()
    return InOne(cast("asyncio.Transport", wire)), wire


async def turn() -> None:
    """One turn of the event loop."""
    await asyncio.sleep(0)


async def test_an_answers_head_leaves_with_its_body_and_at_once() -> None:
    connection, wire = connected()
    connection.write(b"head ")
    assert wire.told == []
    connection.write(b"body")
    assert wire.told == ["head body"]
    await turn()
    assert wire.told == ["head body"]


async def test_one_without_a_body_is_not_held_back() -> None:
    connection, wire = connected()
    connection.write(b"head")
    connection.write(b"")
    assert wire.told == ["head"]


async def test_a_long_answers_parts_leave_in_order_and_none_is_held_until_the_next_comes() -> None:
    connection, wire = connected()
    for part in (b"head ", b"one ", b"two "):
        connection.write(part)
    await turn()
    connection.write(b"three ")
    await turn()
    connection.write(b"four ")
    connection.write(b"five")
    assert wire.told == ["head one ", "two ", "three ", "four five"]


async def test_what_was_written_before_a_close_leaves_first() -> None:
    connection, wire = connected()
    connection.write(b"head")
    connection.close()
    await turn()
    assert wire.told == ["head", "(closed)"]


async def test_nothing_is_written_to_whoever_has_gone() -> None:
    connection, wire = connected()
    connection.write(b"head")
    wire.closing = True
    await turn()
    assert wire.told == []


async def test_everything_else_is_the_transports_own() -> None:
    connection, wire = connected()
    assert not connection.is_closing()
    wire.closing = True
    assert connection.is_closing()
