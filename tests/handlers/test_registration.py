"""What the handlers listen to is what the manifest asks Slack for, no more and no less."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, cast

import handlers
from bot import manifest
from bot.bolt import Bolt
from handlers.context import Context

Listener = Callable[..., Any]


class Recorder:
    """Stands where Bolt's app stands when handlers register, and writes down what they listen to."""

    def __init__(self) -> None:
        self.heard: dict[str, list[str | re.Pattern[str]]] = {}

    def __getattr__(self, kind: str) -> Callable[..., Listener]:
        def listen(*constraints: Any) -> Listener:
            self.heard.setdefault(kind, []).extend(one for one in constraints if not callable(one))
            return constraints[0] if constraints and callable(constraints[0]) else lambda listener: listener

        return listen

    def named(self, kind: str) -> set[str]:
        """What is listened to by name; patterns catch the rest."""
        return {one for one in self.heard[kind] if isinstance(one, str)}


def recorded() -> Recorder:
    recorder = Recorder()
    # Nothing of the context is used before a request comes.
    handlers.register(cast("Bolt", recorder), cast("Context", None))
    return recorder


def test_the_manifest_asks_for_the_commands_events_and_shortcuts_that_are_heard() -> None:
    """A command nobody answers fails in front of a person; an event nobody asked for never comes."""
    asked, heard = manifest.read(), recorded()
    assert {one["command"] for one in asked["features"]["slash_commands"]} == heard.named("slash_command")
    assert set(asked["settings"]["event_subscriptions"]["bot_events"]) == heard.named("event")
    assert {one["callback_id"] for one in asked["features"]["shortcuts"]} == heard.named("shortcut")


def test_whatever_nobody_knows_is_caught_last() -> None:
    """Bolt answers 404 to what no listener takes, and Slack counts that against the app."""
    heard = recorded().heard
    for kind in ("command", "event", "shortcut", "action", "view"):
        last = heard[kind][-1]
        assert isinstance(last, re.Pattern)
        assert last.fullmatch("anything at all")
