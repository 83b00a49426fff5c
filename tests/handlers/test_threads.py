"""A step is meant by its name or by what stands on its button, however people write it."""

from __future__ import annotations

import pytest

from bot.core.release import RELEASE
from bot.errors import Refusal
from handlers.threads import step_meant


@pytest.mark.parametrize(
    ("text", "step", "words"),
    [
        ("cosign", "cosign", ""),
        ("Sign off", "cosign", ""),
        ("sign-off", "cosign", ""),
        ("smoke_passed duration=8", "smoke_passed", "duration=8"),
        ("smoke-passed duration=8", "smoke_passed", "duration=8"),
        ("Smoke  passed", None, ""),
        ("SMOKE PASSED\nduration=8", "smoke_passed", "duration=8"),
        ("plan when=16:00", "plan", "when=16:00"),
        ("Plan deployment when=16:00", "plan", "when=16:00"),
        ("deployed duration=12", "deployed", "duration=12"),
        ("Deployment failed the migration timed out", "deploy_failed", "the migration timed out"),
        ("roll back orders fail", "roll_back", "orders fail"),
        ("complete", "complete", ""),
        ("Complete now", "complete", ""),
        ("note: continue tomorrow", "note", "continue tomorrow"),
        ("note continue tomorrow", "note", "continue tomorrow"),
        ("notes", None, ""),
        ("confirmed", None, ""),
    ],
)
def test_a_text_begins_with_the_step_that_is_meant(text: str, step: str | None, words: str) -> None:
    """Letter case, spaces, hyphens and a colon make no difference; a longer word is another word."""
    if step is None:
        with pytest.raises(Refusal, match="There is no step"):
            step_meant(RELEASE, text)
        return
    found, rest = step_meant(RELEASE, text)
    assert (found.name, rest) == (step, words)


def test_every_step_is_found_by_its_name_and_by_its_label() -> None:
    """No label is another step's beginning."""
    for step in RELEASE.steps:
        for spelling in (step.name, step.label, step.label.lower(), step.name.replace("_", " ")):
            assert step_meant(RELEASE, f"{spelling} reason=x") == (step, "reason=x"), spelling
