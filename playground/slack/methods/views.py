"""views.*: docs.slack.dev, reference/methods/views.open and its neighbours."""

from __future__ import annotations

import copy

from playground.slack.block_rules import check_view
from playground.slack.methods.call import Call, Method
from playground.slack.rate_limits import Tier
from playground.slack.shapes import ApiError, Json


def open_view(call: Call) -> Json:
    """A root modal; on top of the modal that the trigger came from while that is still open."""
    definition = _definition(call, "modal")
    trigger = call.slack.triggers.exchange(_trigger_id(call))
    inside = trigger.view_id and any(v["id"] == trigger.view_id for v in call.slack.views.stack(trigger.user))
    show = call.slack.views.push if inside else call.slack.views.open
    return {"view": copy.deepcopy(show(trigger.user, definition))}


def push(call: Call) -> Json:
    """A modal on top of another. The trigger must come from inside an open modal."""
    definition = _definition(call, "modal")
    trigger = call.slack.triggers.exchange(_trigger_id(call))
    open_ids = [view["id"] for view in call.slack.views.stack(trigger.user)]
    if trigger.view_id not in open_ids:
        raise ApiError("invalid_trigger_id")
    return {"view": copy.deepcopy(call.slack.views.push(trigger.user, definition))}


def update(call: Call) -> Json:
    view_id, external_id = call.optional_text("view_id"), call.optional_text("external_id")
    if not view_id and not external_id:
        raise ApiError.because("invalid_arguments", "missing required field: view_id [json-pointer:/view_id]")
    found = call.slack.views.locate(view_id=view_id, external_id=external_id)
    if found is None:
        raise ApiError("not_found")
    user, view = found
    definition = _definition(call, view["type"])
    return {"view": copy.deepcopy(call.slack.views.update(user, view, definition, call.optional_text("hash")))}


def publish(call: Call) -> Json:
    if not call.slack.manifest.home_tab_enabled:
        raise ApiError("not_enabled")
    user = call.person("user_id")
    definition = _definition(call, "home")
    return {"view": copy.deepcopy(call.slack.views.publish(user.id, definition, call.optional_text("hash")))}


def _trigger_id(call: Call) -> str:
    return call.text("trigger_id")


def _definition(call: Call, kind: str) -> Json:
    """A valid view of the wanted type. Raises ApiError invalid_arguments or view_too_large."""
    view = call.parsed("view", "invalid_arguments")
    if not isinstance(view, dict):
        raise ApiError.because("invalid_arguments", "missing required field: view [json-pointer:/view]")
    if view.get("type") != kind:
        raise ApiError.because("invalid_arguments", f"must be of type {kind} [json-pointer:/view/type]")
    check_view(view)
    return view


METHODS = (
    Method("views.open", open_view, Tier.FOUR),
    Method("views.push", push, Tier.FOUR),
    Method("views.update", update, Tier.FOUR),
    Method("views.publish", publish, Tier.FOUR),
)
