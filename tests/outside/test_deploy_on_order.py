"""The example workflow takes what Greenlight orders, as it orders it unless the configuration says otherwise."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from bot.core.deployer_rules import INPUTS

FILE = Path(__file__).parents[2] / "examples" / "github-deploy-on-order.yml"


@pytest.fixture
def workflow() -> dict[Any, Any]:
    read: dict[Any, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return read


def test_the_example_has_the_inputs_that_are_sent(workflow: dict[Any, Any]) -> None:
    """GitHub refuses a dispatch with an input that the workflow has not. (YAML 1.1 reads the key “on” as true.)"""
    assert set(workflow[True]["workflow_dispatch"]["inputs"]) == set(INPUTS)


def test_the_example_names_its_runs_with_the_orders_key(workflow: dict[Any, Any]) -> None:
    assert "${{ inputs.greenlight_key }}" in workflow["run-name"]


def test_the_example_puts_no_input_into_a_shell_line(workflow: dict[Any, Any]) -> None:
    """What comes from outside goes through the environment, or it could be run."""
    lines = [step.get("run", "") for job in workflow["jobs"].values() for step in job["steps"]]
    assert not any("${{" in line for line in lines)
