"""Modals and App Homes: the stack of views before each person (docs.slack.dev, surfaces/modals)."""

from __future__ import annotations

import copy
from collections import defaultdict
from typing import TYPE_CHECKING

from playground.slack.elements import initial_values
from playground.slack.shapes import ApiError, Json

if TYPE_CHECKING:
    from playground.slack.workspace import Workspace

STACK_LIMIT = 3
FIELDS = ("type", "title", "blocks", "close", "submit", "submit_disabled")


class Views:
    """What is open before whom. A view is Slack's own view object."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._stacks: dict[str, list[Json]] = defaultdict(list)
        self._homes: dict[str, Json] = {}

    def stack(self, user: str) -> list[Json]:
        """The open modals of a person, the topmost last."""
        return self._stacks[user]

    def home(self, user: str) -> Json | None:
        return self._homes.get(user)

    def find(self, user: str, view_id: str) -> Json | None:
        candidates = [*self._stacks[user], *([self._homes[user]] if user in self._homes else [])]
        return next((view for view in candidates if view["id"] == view_id), None)

    def locate(self, *, view_id: str | None, external_id: str | None) -> tuple[str, Json] | None:
        """Whose an open view is, and the view, by id or by the app's own external_id."""
        for user in [*self._stacks, *self._homes]:
            home = self._homes.get(user)
            for view in [*self._stacks[user], *([home] if home else [])]:
                if view["id"] == view_id or (external_id and view["external_id"] == external_id):
                    return user, view
        return None

    def open(self, user: str, definition: Json) -> Json:
        """A new root view; what was open before is gone."""
        self._refuse_known_external_id(definition)
        view = self._make(definition, previous=None)
        self._stacks[user] = [view]
        self._workspace.events.append("view_opened", {"view": copy.deepcopy(view)}, {user})
        return view

    def push(self, user: str, definition: Json) -> Json:
        """A view on top. Raises ApiError push_limit_reached on a full stack."""
        stack = self._stacks[user]
        if len(stack) >= STACK_LIMIT:
            raise ApiError("push_limit_reached")
        self._refuse_known_external_id(definition)
        view = self._make(definition, previous=stack[-1] if stack else None)
        stack.append(view)
        self._workspace.events.append("view_opened", {"view": copy.deepcopy(view)}, {user})
        return view

    def update(self, user: str, view: Json, definition: Json, known_hash: str | None = None) -> Json:
        """Replace a view's content in place. Raises ApiError hash_conflict when the caller knew an older one."""
        if known_hash and known_hash != view["hash"]:
            raise ApiError("hash_conflict")
        if definition.get("external_id") and definition["external_id"] != view["external_id"]:
            self._refuse_known_external_id(definition)
        fresh = self._make(definition, previous=None)
        fresh |= {key: view[key] for key in ("id", "root_view_id", "previous_view_id")}
        view.clear()
        view.update(fresh)
        event = "home" if view["type"] == "home" else "view_updated"
        self._workspace.events.append(event, {"view": copy.deepcopy(view)}, {user})
        return view

    def publish(self, user: str, definition: Json, known_hash: str | None = None) -> Json:
        """Set a person's App Home. Raises ApiError hash_conflict."""
        current = self._homes.get(user)
        if current is not None:
            return self.update(user, current, definition, known_hash)
        view = self._make(definition, previous=None)
        self._homes[user] = view
        self._workspace.events.append("home", {"view": copy.deepcopy(view)}, {user})
        return view

    def close(self, user: str, view: Json) -> None:
        """A view goes, and what lies on it; the one below shows again."""
        stack = self._stacks[user]
        while stack:
            top = stack.pop()
            self._workspace.events.append("view_closed", {"view_id": top["id"]}, {user})
            if top["id"] == view["id"]:
                return

    def clear(self, user: str) -> None:
        """All modals of a person go."""
        if self._stacks[user]:
            self.close(user, self._stacks[user][0])

    def _refuse_known_external_id(self, definition: Json) -> None:
        external_id = definition.get("external_id")
        if external_id and self.locate(view_id=None, external_id=external_id):
            raise ApiError("duplicate_external_id")

    def _make(self, definition: Json, previous: Json | None) -> Json:
        workspace = self._workspace
        view_id = workspace.ids.next("V")
        shown = {key: copy.deepcopy(definition.get(key)) for key in FIELDS}
        blocks = with_ids(workspace, shown["blocks"] or [])
        return {
            **shown,
            "id": view_id,
            "team_id": workspace.team.id,
            "app_id": workspace.app_id,
            "app_installed_team_id": workspace.team.id,
            "bot_id": workspace.bot_id,
            "blocks": blocks,
            "submit_disabled": bool(definition.get("submit_disabled", False)),
            "callback_id": definition.get("callback_id", ""),
            "external_id": definition.get("external_id", ""),
            "private_metadata": definition.get("private_metadata", ""),
            "clear_on_close": bool(definition.get("clear_on_close", False)),
            "notify_on_close": bool(definition.get("notify_on_close", False)),
            "hash": f"{workspace.timestamps.next()}.{workspace.ids.short('hash')}",
            "root_view_id": previous["root_view_id"] if previous else view_id,
            "previous_view_id": previous["id"] if previous else None,
            "state": {"values": initial_values(blocks)},
        }


def with_ids(workspace: Workspace, blocks: list[Json]) -> list[Json]:
    """Blocks as Slack keeps them: each with a block_id, each element with an action_id."""
    kept = copy.deepcopy(blocks)
    for block in kept:
        block.setdefault("block_id", workspace.ids.short("block"))
        for element in [block.get("accessory"), block.get("element"), *block.get("elements", [])]:
            if isinstance(element, dict) and block["type"] in ("section", "actions", "input", "context_actions"):
                element.setdefault("action_id", workspace.ids.short("action"))
    return kept
