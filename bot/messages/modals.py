"""Modals from forms: every field's input follows from its `Ask` and its type, and its answer is read back here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from annotated_types import Ge, Le, MaxLen
from pydantic.fields import FieldInfo

from bot.core.dialogue import Step
from bot.core.forms import Ask, Form, Widget
from bot.core.policy import Service
from bot.errors import Refusal
from bot.messages import blocks
from bot.messages.message import Block
from bot.messages.references import ANSWER, STEP_CALLBACK, Reference
from bot.messages.text import clip, escape

SERVICE = "service"
"""The block_id of the question for the service, where an opening form has to ask it."""

FEW = 2
"""So many choices are shown as radio buttons, more as a menu."""

ERROR = 150
"""Characters of an error below a field that are read at a glance; longer ones push the form away."""


def modal(
    step: Step,
    reference: Reference,
    prefill: Mapping[str, Any],
    *,
    title_detail: str = "",
    context_line: str = "",
    services: Sequence[Service] = (),
) -> Block:
    """The view of a step's form, filled with what is known. `services`: ask for one of them first."""
    assert step.form is not None
    parts: list[Block] = [blocks.context(escape(context_line))] if context_line else []
    if services:
        parts.append(_service_question(services))
    for name, (ask, info) in step.form.asks().items():
        if ask.section:
            parts.append(blocks.header(ask.section))
        if ask.locked and reference.conversation:
            parts.append(blocks.section(f"*{ask.label}:* {escape(str(prefill.get(name, '')))}"))
        else:
            parts.append(_question(name, ask, info, prefill.get(name)))
    return {
        "type": "modal",
        "callback_id": STEP_CALLBACK,
        "title": blocks.plain(f"{step.label} {title_detail}".strip() if len(title_detail) < 12 else step.label, 24),
        "submit": blocks.plain(step.label, 24),
        "close": blocks.plain("Cancel", 24),
        "private_metadata": _metadata(step.form, reference, prefill),
        "blocks": parts,
    }


def _metadata(form: type[Form], reference: Reference, prefill: Mapping[str, Any]) -> str:
    """The reference, and the values of locked fields, which are shown and not asked."""
    locked = {}
    if reference.conversation:
        locked = {name: prefill.get(name) for name, (ask, _) in form.asks().items() if ask.locked}
    return json.dumps({"reference": reference.write(), "locked": locked})


def _service_question(services: Sequence[Service]) -> Block:
    options = [blocks.option(f"{service.title} ({service.name})", service.name) for service in services[:100]]
    return blocks.input_block(SERVICE, "Service", blocks.element("static_select", ANSWER, options=options))


def _question(name: str, ask: Ask, info: FieldInfo, known: Any) -> Block:
    default = None if info.is_required() else info.default
    value = default if known is None else known
    element = _ELEMENTS[ask.widget](ask, info, value)
    # Slack insists on an answer to a question that is not optional, so what has a default is optional there.
    return blocks.input_block(name, ask.label, element, hint=ask.hint, optional=not info.is_required())


def _bound(info: FieldInfo, kind: type, attribute: str) -> Any:
    found = [getattr(rule, attribute) for rule in info.metadata if isinstance(rule, kind)]
    return found[-1] if found else None


def _typed(ask: Ask, info: FieldInfo, value: Any, *, multiline: bool) -> Block:
    most = 3_000 if multiline else min(_bound(info, MaxLen, "max_length") or 150, 3_000)
    text = "\n".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value or "")
    return blocks.element(
        "plain_text_input",
        ANSWER,
        multiline=multiline or None,
        max_length=most,
        initial_value=clip(text, most),
        placeholder=blocks.placeholder(ask.placeholder),
    )


def _line(ask: Ask, info: FieldInfo, value: Any) -> Block:
    return _typed(ask, info, value, multiline=False)


def _lines(ask: Ask, info: FieldInfo, value: Any) -> Block:
    return _typed(ask, info, value, multiline=True)


def _number(ask: Ask, info: FieldInfo, value: Any) -> Block:
    least, most = _bound(info, Ge, "ge"), _bound(info, Le, "le")
    return blocks.element(
        "number_input",
        ANSWER,
        initial_value=None if value is None else str(value),
        min_value=None if least is None else str(least),
        max_value=None if most is None else str(most),
        placeholder=blocks.placeholder(ask.placeholder),
    ) | {"is_decimal_allowed": False}


def _link(ask: Ask, _info: FieldInfo, value: Any) -> Block:
    return blocks.element(
        "url_text_input", ANSWER, initial_value=str(value or ""), placeholder=blocks.placeholder(ask.placeholder)
    )


def _choice(ask: Ask, _info: FieldInfo, value: Any) -> Block:
    options = {key: blocks.option(label, key) for key, label in (ask.choices or {}).items()}
    kind = "radio_buttons" if len(options) <= FEW else "static_select"
    initial = options.get(str(value)) if value is not None else None
    return blocks.element(kind, ANSWER, options=list(options.values()), initial_option=initial)


def _moment(_ask: Ask, _info: FieldInfo, value: Any) -> Block:
    when = datetime.fromisoformat(value) if isinstance(value, str) else value
    return blocks.element("datetimepicker", ANSWER, initial_date_time=int(when.timestamp()) if when else None)


def _people(ask: Ask, info: FieldInfo, value: Any) -> Block:
    return blocks.element(
        "multi_users_select",
        ANSWER,
        initial_users=list(value or ()),
        max_selected_items=_bound(info, MaxLen, "max_length"),
        placeholder=blocks.placeholder(ask.placeholder or "Choose people"),
    )


_ELEMENTS: dict[Widget, Callable[[Ask, FieldInfo, Any], Block]] = {
    Widget.LINE: _line,
    Widget.TEXT: _lines,
    Widget.LINES: _lines,
    Widget.NUMBER: _number,
    Widget.LINK: _link,
    Widget.CHOICE: _choice,
    Widget.MOMENT: _moment,
    Widget.PEOPLE: _people,
}

_ANSWER_KEYS = ("value", "selected_date_time", "selected_users")


def answers(view: Mapping[str, Any]) -> dict[str, Any]:
    """The answers of a submitted view by field name, locked fields included; an empty answer is left out."""
    given: dict[str, Any] = dict(json.loads(view["private_metadata"])["locked"])
    for name, actions in view["state"]["values"].items():
        answer = _read(actions.get(ANSWER, {}))
        if name != SERVICE and answer not in (None, "", []):
            given[name] = answer
    return given


def _read(state: Mapping[str, Any]) -> Any:
    if state.get("selected_option"):
        return state["selected_option"]["value"]
    return next((state[key] for key in _ANSWER_KEYS if state.get(key) is not None), None)


def reference_of(view: Mapping[str, Any]) -> Reference:
    """What a submitted view is for; with the service that was chosen in it, where it asked."""
    written = Reference.read(json.loads(view["private_metadata"])["reference"])
    asked = view["state"]["values"].get(SERVICE, {}).get(ANSWER, {}).get("selected_option")
    return Reference(**{**vars(written), "service": asked["value"]}) if asked else written


def field_errors(told: Refusal, view: Mapping[str, Any]) -> dict[str, str]:
    """The errors below a view's fields. What has no field of its own stands below the first, so that it is read."""
    inputs = [block["block_id"] for block in view["blocks"] if block["type"] == "input"]
    errors = {name: clip(why, ERROR) for name, why in told.fields.items() if name in inputs}
    if not errors and inputs:
        errors[inputs[0]] = clip(str(told), 2 * ERROR)
    return errors
