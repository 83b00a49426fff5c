"""A check of a playbook that people make: named people are asked to look at production and to say what they see (QA
Production, action 7).
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, StringConstraints, model_validator

from bot.core.playbook_rules import CheckRule

Person = Annotated[str, StringConstraints(pattern=r"^[UW][A-Z0-9]{2,}$")]
Question = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]


class FeedbackRule(CheckRule):
    """`people` are asked privately, and have so many `minutes`. It passes where at least `answers` of them answered by
    then, and nobody found anything.
    """

    kind: Literal["feedback"]
    people: Annotated[tuple[Person, ...], Field(min_length=1, max_length=20)]
    question: Question = "Please use it for a few minutes, as you would anyway. Does it work as it should?"
    minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 30
    answers: Annotated[int, Field(ge=1, le=20)] = 1

    @property
    def tries(self) -> int:
        """People are asked once."""
        return 1

    @model_validator(mode="after")
    def _enough_people(self) -> Self:
        if self.answers > len(set(self.people)):
            raise ValueError(f"waits for {self.answers} answers, and asks fewer people")
        return self
