"""A modal or an App Home before a person, to be filled in, clicked and submitted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from playground.slack.choosing import action_fields, named_element, require_confirmation, require_success
from playground.slack.elements import HOLDINGS, Placed, initial_values, options_of, placed_elements
from playground.slack.filling import filled
from playground.slack.interaction import Interactions
from playground.slack.shapes import Json, PersonError
from playground.slack.submission import Result
from playground.slack.text import Reader

if TYPE_CHECKING:
    from playground.slack.model import User
    from playground.slack.state import Slack


class View:
    """What is open, always as it is now. What was filled in stays while its block_id and action_id stay."""

    def __init__(self, slack: Slack, interactions: Interactions, user: User, view_id: str) -> None:
        self._slack = slack
        self._interactions = interactions
        self._user = user
        self._typed: Json = {}
        self.id = view_id

    @property
    def definition(self) -> Json:
        """Slack's view object. Raises PersonError once it is closed."""
        view = self._slack.views.find(self._user.id, self.id)
        if view is None:
            raise PersonError("this view is no longer open")
        return view

    @property
    def is_open(self) -> bool:
        return self._slack.views.find(self._user.id, self.id) is not None

    @property
    def title(self) -> str:
        title = self.definition.get("title")
        return str(title["text"]) if title else ""

    @property
    def text(self) -> str:
        """All its blocks as the plain text a person reads."""
        return Reader(self._slack.workspace).blocks(self.definition["blocks"])

    @property
    def values(self) -> Json:
        """`state.values` as it would be submitted now."""
        values = initial_values(self.definition["blocks"])
        for block_id, actions in self._typed.items():
            for action_id in actions.keys() & values.get(block_id, {}).keys():
                values[block_id][action_id] = actions[action_id]
        return values

    @property
    def labels(self) -> list[str]:
        """The labels of its inputs, in reading order."""
        return [block["label"]["text"] for block in self.definition["blocks"] if block["type"] == "input"]

    def value(self, name: str) -> Any:
        """What an input holds, by label, block_id or action_id: text, or labels of what is chosen."""
        placed = self._input(name)
        content = self.values[placed.block_id][placed.action_id][HOLDINGS[placed.element["type"]].key]
        if isinstance(content, dict) and "text" in content:
            return content["text"]["text"]
        if isinstance(content, list):
            return [entry["text"]["text"] if isinstance(entry, dict) else entry for entry in content]
        return content

    def options(self, name: str) -> list[str]:
        """The labels of what a select, checkboxes or radio buttons offer."""
        return [option["text"]["text"] for option in options_of(self._input(name).element)]

    def fill(self, *pairs: tuple[str, Any], **named: Any) -> View:
        """Fill inputs: by label or id in pairs, by block_id or action_id as keywords. None empties one."""
        for name, content in [*pairs, *named.items()]:
            placed = self._input(name)
            entry = filled(self._slack.workspace, placed.element, content)
            self._typed.setdefault(placed.block_id, {})[placed.action_id] = entry
        return self

    async def submit(self) -> Result:
        """Press the submit button. The result says what the person sees: closed, errors by block_id, another view."""
        return await self._interactions.submit(self._user, self.id, self.values)

    async def close(self) -> None:
        """Press Cancel."""
        await self._interactions.close(self._user, self.id)

    async def click(self, action: str, *, choose: Any = None, confirm: bool = False) -> None:
        """Click a button or choose in a select of the view. As `Person.click`."""
        placed = named_element(self.definition["blocks"], action)
        require_confirmation(placed, confirm=confirm)
        given = action_fields(self._slack, placed, choose)
        if placed.element["type"] in HOLDINGS:
            entry = filled(self._slack.workspace, placed.element, choose)
            self._typed.setdefault(placed.block_id, {})[placed.action_id] = entry
        require_success(await self._interactions.act_on_view(self._user, self.id, given, self.values))

    def _input(self, name: str) -> Placed:
        inputs = [p for p in placed_elements(self.definition["blocks"]) if p.element["type"] in HOLDINGS]
        fitting = [placed for placed in inputs if name in _names(placed)]
        if len(fitting) == 1:
            return fitting[0]
        known = ", ".join(repr(_names(placed)[0]) for placed in inputs)
        raise PersonError(f"{'several inputs are' if fitting else 'no input is'} called {name!r}; there are: {known}")


def _names(placed: Placed) -> list[str]:
    label = placed.block.get("label")
    return [*([label["text"]] if label else []), placed.block_id, placed.action_id]
