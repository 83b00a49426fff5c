"""The rules of a data visualization block (docs.slack.dev, data visualization block): charts with axes, and pies."""

from __future__ import annotations

from math import isfinite
from typing import Any

from playground.slack.checks import Report, Rule, an_object, by_type, items, text
from playground.slack.element_rules import IDENTIFIER
from playground.slack.shapes import Json

TITLE, LABEL, SERIES, CATEGORIES = 50, 20, 6, 20


def a_number(value: Any, path: str, report: Report) -> None:
    """A finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        report.add("must provide a number", path)


def named_apart(value: Json, path: str, report: Report) -> None:
    """Every series has a name of its own."""
    series = value.get("series")
    names = [one.get("name") for one in series if isinstance(one, dict)] if isinstance(series, list) else []
    if len(set(names)) != len(names):
        report.add("series names must be unique", f"{path}/series")


def on_the_axis(value: Json, path: str, report: Report) -> None:
    """Every series has a point for each category, in their order, and no others."""
    axis, series = value.get("axis_config"), value.get("series")
    if not isinstance(axis, dict) or not isinstance(series, list):
        return
    for index, one in enumerate(series):
        points = one.get("data") if isinstance(one, dict) else None
        labels = [point.get("label") for point in points if isinstance(point, dict)] if isinstance(points, list) else []
        if labels != axis.get("categories"):
            report.add("data labels must match the axis categories", f"{path}/series/{index}/data")


POINT = an_object(Rule({"label": text(LABEL), "value": a_number}, required=("label", "value")))
DATA_SERIES = an_object(Rule({"name": text(LABEL), "data": items(POINT, 1, CATEGORIES)}, required=("name", "data")))
AXES = an_object(
    Rule(
        {"categories": items(text(LABEL), 1, CATEGORIES), "x_label": text(LABEL), "y_label": text(LABEL)},
        required=("categories",),
    )
)
WITH_AXES = Rule(
    {"series": items(DATA_SERIES, 1, SERIES), "axis_config": AXES},
    required=("series", "axis_config"),
    also=(named_apart, on_the_axis),
)
PIE = Rule({"segments": items(POINT, 1, SERIES)}, required=("segments",))
CHARTS = by_type({"line": WITH_AXES, "area": WITH_AXES, "bar": WITH_AXES, "pie": PIE})

DATA_VISUALIZATION = Rule({"block_id": IDENTIFIER, "title": text(TITLE), "chart": CHARTS}, required=("title", "chart"))
