"""Slack in, service out: one file a feature, one line to register it."""

from __future__ import annotations

from bot.bolt import Bolt
from handlers import (
    checklist,
    environment,
    fallback,
    home,
    release,
    reminders,
    replies,
    rollback,
    steps,
    threads,
    workspace,
)
from handlers.context import Context

FEATURES = (replies, release, rollback, environment, steps, checklist, threads, reminders, home, workspace, fallback)
"""In the order in which Bolt asks them; `fallback` hears what is left."""


def register(app: Bolt, context: Context) -> None:
    """Let every feature listen."""
    for feature in FEATURES:
        feature.register(app, context)
