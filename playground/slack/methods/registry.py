"""Every method this Slack knows, by name."""

from __future__ import annotations

from collections.abc import Mapping

from playground.slack.methods import basics, chat, views
from playground.slack.methods.call import Method

METHODS: Mapping[str, Method] = {
    method.name: method for family in (basics.METHODS, chat.METHODS, views.METHODS) for method in family
}
