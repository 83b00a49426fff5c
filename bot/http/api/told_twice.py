"""A deployment of which a pipeline and a hook both tell: the second to come has nothing new, and is not refused for it.

A job with an `environment` makes GitHub tell of its deployment, whatever the job itself tells `/api`. Without this, the
pipeline's own word would be refused because the hook's was first, and a job that heeds the answer would end there. The
other way round nothing needs to be done: bot.arrivals leaves alone what a release knows already.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.arrivals import LIVE
from bot.core.dialogues import DIALOGUES
from bot.core.events import Event
from bot.core.roles import HOOK
from bot.core.versions import is_same_commit
from bot.service import read_conversation
from bot.store.interface import Reader

STEPS = ("start", "deployed", "deploy_failed")
"""What both tell of."""


def told_by_hook(
    reader: Reader, *, conversation_id: str, step: str, answers: Mapping[str, Any]
) -> tuple[Event, Any] | None:
    """The event by which a hook has told the same already, and the release; None where it is news.

    It is the same while the release is where that brought it, or, where it is live, looked at there: a start that comes
    later is another one. A start with another commit is another one as well.
    """
    record = reader.load(conversation_id)
    if record is None or step not in STEPS or record.state in DIALOGUES[record.dialogue].step(step).sources:
        return None
    it, events = read_conversation(record), reader.events(conversation_id)
    told = next((event for event in reversed(events) if event.step == step), None)
    if told is None or not told.actor.startswith(HOOK):
        return None
    is_there = told.stage == it.stage or (step == "deployed" and it.state in LIVE)
    commit = answers.get("commit")
    is_another = step == "start" and bool(commit) and not is_same_commit(str(commit), told.data["commit"])
    return (told, it) if is_there and not is_another else None
