"""What an app may answer to a view_submission (docs.slack.dev, surfaces/modals): nothing, or one of four actions."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Literal

from playground.slack.block_rules import check_view
from playground.slack.model import User
from playground.slack.shapes import ApiError, Json
from playground.slack.state import Slack
from playground.slack.transport import Answer


@dataclass(frozen=True)
class Result:
    """What the person sees after a submit. `errors` are by block_id, `view` is what shows now."""

    result: Literal["closed", "errors", "update", "push", "failed"]
    errors: dict[str, str] = field(default_factory=dict)
    view: Json | None = None
    message: str = ""

    def to_json(self) -> Json:
        shown: Json = {"result": self.result}
        if self.result == "errors":
            shown["errors"] = self.errors
        if self.view is not None:
            shown["view"] = self.view
        if self.message:
            shown["message"] = self.message
        return shown


def apply_answer(slack: Slack, user: User, view: Json, answer: Answer) -> Result | None:
    """Carry out the answer. None when Slack can't make sense of it: the person reads of trouble connecting."""
    if not answer.is_ok:
        return None
    if not answer.body:
        slack.views.close(user.id, view)
        return Result("closed")
    given = answer.json() or {}
    action = given.get("response_action")
    if action == "errors":
        return _errors(view, given.get("errors"))
    if action == "clear":
        slack.views.clear(user.id)
        return Result("closed")
    if action in ("update", "push"):
        return _shown(slack, user, view, action, given.get("view"))
    return None


def _errors(view: Json, errors: object) -> Result | None:
    inputs = {block["block_id"] for block in view["blocks"] if block["type"] == "input"}
    if not isinstance(errors, dict) or not errors or set(errors) - inputs:
        return None
    if not all(isinstance(sentence, str) and sentence for sentence in errors.values()):
        return None
    return Result("errors", errors=dict(errors))


def _shown(slack: Slack, user: User, view: Json, action: str, definition: object) -> Result | None:
    if not isinstance(definition, dict) or definition.get("type") != "modal":
        return None
    try:
        check_view(definition)
        if action == "push":
            return Result("push", view=copy.deepcopy(slack.views.push(user.id, definition)))
        return Result("update", view=copy.deepcopy(slack.views.update(user.id, view, definition)))
    except ApiError:
        return None
