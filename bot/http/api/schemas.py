"""How the API's bodies are described: the dialogues' forms, with the labels and hints that people see."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from pydantic.json_schema import models_json_schema

from bot.core.forms import Form
from bot.http.api.problems import ProblemBody
from bot.http.bodies import PROBLEM

REFERENCE = "#/components/schemas/{model}"

PROBLEMS = {
    401: "No token, or none that is good.",
    403: "The token is for another service, or not for this step.",
    404: "There is no such service or version.",
    409: "It is not possible now: see open_steps and since.",
    413: "The body is too large: see remedy.",
    415: "The body is of another type than is read here.",
    422: "Something in the body is missing or wrong: see fields.",
    429: "The token asks too often: see Retry-After.",
    503: "It could not be recorded now; repeating is safe.",
}


def problems(*but: int) -> dict[int | str, dict[str, Any]]:
    """The problems that an address may answer with."""
    shape = {PROBLEM: {"schema": {"$ref": REFERENCE.format(model=ProblemBody.__name__)}}}
    return {status: {"description": told, "content": shape} for status, told in PROBLEMS.items() if status not in but}


def body(form: type[Form] | None, *more_types: str) -> dict[str, Any]:
    """How a request's body is described."""
    if form is None:
        return {}
    content: dict[str, Any] = {"application/json": {"schema": {"$ref": REFERENCE.format(model=form.__name__)}}}
    content |= {kind: {"schema": {"type": "string"}} for kind in more_types}
    return {"requestBody": {"required": bool(form.required()), "content": content}}


@cache
def components(forms: tuple[type[Form], ...]) -> dict[str, Any]:
    """The forms' schemas by name."""
    models = [*((form, "validation") for form in forms), (ProblemBody, "serialization")]
    _, described = models_json_schema(models, ref_template=REFERENCE)  # type: ignore[arg-type]  # the modes are literals
    schemas: dict[str, Any] = described["$defs"]
    for form in forms:
        _explain(form, schemas[form.__name__])
    return schemas


def _explain(form: type[Form], schema: dict[str, Any]) -> None:
    """Put the words that help people beside each field."""
    for name, (ask, _) in form.asks().items():
        field = schema["properties"][name]
        told = ". ".join(part.rstrip(".") for part in (ask.label, ask.hint) if part)
        field["description"] = f"{told}."
        if ask.choices and "$ref" not in field and field.get("type") == "string":
            field.pop("pattern", None)
            field["enum"] = list(ask.choices)


def forms_of(forms: Iterable[type[Form] | None]) -> tuple[type[Form], ...]:
    """Each form once, in order."""
    return tuple(dict.fromkeys(form for form in forms if form is not None))
