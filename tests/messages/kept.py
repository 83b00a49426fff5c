"""Messages and forms as JSON files that people read: what is said in general, beside what a release says."""

from __future__ import annotations

import json
import os
from pathlib import Path

from bot.messages.limits import view_violations, violations
from bot.messages.message import Block, Message
from playground.slack.block_rules import check_message_blocks, check_view

GOLDEN = Path(__file__).parent / "golden"


def hold(name: str, message: Message) -> None:
    """The message is what its file says, and Slack takes it. `GREENLIGHT_GOLDEN=write` writes the files anew."""
    assert violations(message.blocks) == []
    check_message_blocks(list(message.blocks))
    _hold(name, {"text": message.text, "blocks": list(message.blocks)})


def hold_view(name: str, view: Block) -> None:
    """As `hold`, of a form or a home."""
    assert view_violations(view) == []
    check_view(view)
    _hold(name, view)


def _hold(name: str, content: object) -> None:
    path = GOLDEN / f"{name}.json"
    shown = json.dumps(content, ensure_ascii=False, indent=2) + "\n"
    if os.environ.get("GREENLIGHT_GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")
