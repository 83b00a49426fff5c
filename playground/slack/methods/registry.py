"""Every method this Slack knows, by name."""

from __future__ import annotations

from collections.abc import Mapping

from playground.slack.methods import basics, chat, conversations, decorations, users, views
from playground.slack.methods.call import Method

FAMILIES = (
    basics.METHODS,
    chat.METHODS,
    conversations.METHODS,
    decorations.METHODS,
    users.METHODS,
    views.METHODS,
)

METHODS: Mapping[str, Method] = {method.name: method for family in FAMILIES for method in family}
