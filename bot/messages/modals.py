"""Modals from forms: every field's question follows from its `Ask` and its type, and its answer is read back here."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from pydantic.fields import FieldInfo

from bot.core.dialogue import Step
from bot.core.forms import Ask, Form
from bot.core.policy import Service
from bot.errors import Refusal
from bot.messages import blocks
from bot.messages.inputs import field_of, questions
from bot.messages.message import Block
from bot.messages.references import ANSWER, STEP_CALLBACK, Reference
from bot.messages.refusals import who_may
from bot.messages.text import clip, escape, one_line, units

SERVICE = "service"
"""The block_id of the question for the service, where an opening form has to ask it."""

TITLE = 24

ERROR = 300
"""Characters of an error below a field: what stands against a step, and the way through, are whole; longer ones push
the form away.
"""


def modal(
    step: Step,
    reference: Reference,
    prefill: Mapping[str, Any],
    *,
    title_detail: str = "",
    context_line: str = "",
    services: Sequence[Service] = (),
    service: Service | None = None,
) -> Block:
    """The view of a step's form, filled with what is known. `services`: ask for one of them first; else it is about
    `service`.
    """
    assert step.form is not None
    about = escape(context_line)
    parts: list[Block] = [blocks.context(about)] if about.strip() else []
    if services:
        parts.append(_service_question(services))
    meant = services or ((service,) if service else ())
    for name, (ask, info) in _asked_of(step.form, meant):
        if ask.section:
            parts.append(blocks.header(ask.section))
        if ask.locked and reference.conversation:
            parts.append(blocks.section(f"*{ask.label}:* {escape(str(prefill.get(name, '')))}"))
        else:
            parts += questions(name, ask, info, prefill.get(name))
    return {
        "type": "modal",
        "callback_id": STEP_CALLBACK,
        "title": blocks.plain(_title(step, title_detail), TITLE),
        "submit": blocks.plain(step.label, TITLE),
        "close": blocks.plain("Cancel", TITLE),
        "private_metadata": _metadata(step.form, reference, prefill),
        "blocks": parts,
    }


def _asked_of(form: type[Form], services: Sequence[Service]) -> Iterator[tuple[str, tuple[Ask, FieldInfo]]]:
    """A form's fields, with the choices that the services give; what leaves nothing to choose is not asked."""
    for name, (ask, info) in form.asks().items():
        if ask.choices_of is None:
            yield name, (ask, info)
            continue
        choices = {value: label for one in services for value, label in ask.choices_of(one).items()}
        if len(choices) > 1:
            yield name, (replace(ask, choices=choices), info)


def _title(step: Step, detail: str) -> str:
    """The step with what it is about; without it where the two are too long: half a version is a wrong one."""
    whole = f"{step.label} {detail}".strip()
    return whole if units(whole) <= TITLE else step.label


def _metadata(form: type[Form], reference: Reference, prefill: Mapping[str, Any]) -> str:
    """The reference, and the values of locked fields, which are shown and not asked."""
    locked = {}
    if reference.conversation:
        locked = {name: prefill.get(name) for name, (ask, _) in form.asks().items() if ask.locked}
    return json.dumps({"reference": reference.write(), "locked": locked})


def _service_question(services: Sequence[Service]) -> Block:
    options = [blocks.option(f"{service.title} ({service.name})", service.name) for service in services[:100]]
    return blocks.input_block(SERVICE, "Service", blocks.element("static_select", ANSWER, options=options))


_ANSWER_KEYS = ("value", "selected_date_time", "selected_users")


def answers(view: Mapping[str, Any]) -> dict[str, Any]:
    """The answers of a submitted view by field name, locked fields included; an empty answer is left out.

    A field that was asked in several inputs is answered by all of them, one below the other.
    """
    given: dict[str, Any] = dict(json.loads(view["private_metadata"])["locked"])
    values = view["state"]["values"]
    for block_id in sorted(values, key=field_of):
        name, number = field_of(block_id)
        answer = _read(values[block_id].get(ANSWER, {}))
        if name != SERVICE and answer not in (None, "", []):
            given[name] = f"{given[name]}\n{answer}" if number > 1 and name in given else answer
    return given


def _read(state: Mapping[str, Any]) -> Any:
    if "selected_options" in state:
        return [option["value"] for option in state["selected_options"]]
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
    elsewhere = [why for name, why in told.fields.items() if name not in inputs]
    if inputs and (elsewhere or not errors):
        may = f"Who may: {', '.join(who)}." if (who := who_may(told)) else ""
        remedy = told.remedy.replace("`", "")  # our own marks of what is typed, which plain text would show
        below_first = " ".join((errors.get(inputs[0], ""), *(elsewhere or [told.reason, remedy, may])))
        below_first = one_line(below_first)
        errors[inputs[0]] = clip(below_first, ERROR)
    return errors
