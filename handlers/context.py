"""What every handler works with."""

from __future__ import annotations

from dataclasses import dataclass

from bot.background import Background
from bot.clock import Clock
from bot.conversations import Conversations
from bot.directory import Directory
from bot.queries import Queries
from bot.settings import Configuration
from bot.slack import Slack


@dataclass(frozen=True)
class Context:
    """The application's parts, handed to the handlers by the composition root."""

    configuration: Configuration
    conversations: Conversations
    queries: Queries
    directory: Directory
    slack: Slack
    clock: Clock
    background: Background
