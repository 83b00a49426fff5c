"""README says what the code does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bot.core.dialogue import Dialogue
from bot.core.drill import DRILLS
from bot.core.environment_issue import ENVIRONMENT_ISSUE
from bot.core.environment_request import ENVIRONMENT_REQUEST
from bot.core.escalation import ESCALATION
from bot.core.freeze import FREEZE
from bot.core.release import RELEASE
from bot.core.rollback import ROLLBACK
from bot.core.unannounced import UNANNOUNCED
from bot.messages.lists import steps_table

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_table_of_steps_is_the_dialogues_own() -> None:
    """Every column of every row, as the dialogue has it now."""
    shown = README.partition("<!-- steps: begin -->\n")[2].partition("\n<!-- steps: end -->")[0]
    assert shown == steps_table(RELEASE)


@pytest.mark.parametrize(
    "dialogue",
    [DRILLS, ENVIRONMENT_ISSUE, ENVIRONMENT_REQUEST, ESCALATION, FREEZE, ROLLBACK, UNANNOUNCED],
    ids=lambda it: it.name,
)
def test_the_tables_of_the_other_dialogues_are_their_own(dialogue: Dialogue[Any]) -> None:
    """As the release's."""
    shown = README.partition(f"<!-- {dialogue.name}: begin -->\n")[2].partition(f"\n<!-- {dialogue.name}: end -->")[0]
    assert shown == steps_table(dialogue)


def test_the_first_commands_are_the_two_that_do_everything() -> None:
    """Nobody has to read on to run it or to test it."""
    first = README.partition("```sh\n")[2].partition("```")[0]
    assert [line.split("#")[0].strip() for line in first.splitlines()] == ["make run", "make test"]


def test_every_file_that_readme_names_is_there() -> None:
    """Names in backquotes that look like files of the project."""
    names = {word for word in README.split("`")[1::2] if word.endswith((".md", ".yml", ".json", ".py"))}
    named_later = {"greenlight.yml"}  # the operator's own
    assert {name for name in names - named_later if not (ROOT / name).exists()} == set()
