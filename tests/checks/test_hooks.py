"""`greenlight check` says which hooks the file names and nobody can use, and which anybody could."""

from __future__ import annotations

from pathlib import Path

from pydantic import SecretStr

from bot.checks.hooks import look_at_hooks
from bot.http.hooks.interface import HookSecrets
from bot.settings import load

EXAMPLE = Path(__file__).parents[2] / "greenlight.example.yml"


def given(**secrets: str) -> HookSecrets:
    known = {name: SecretStr(secrets[name]) if name in secrets else None for name in HookSecrets.model_fields}
    return HookSecrets.model_construct(None, **known)


def test_a_hook_that_the_file_names_is_closed_without_its_secret() -> None:
    problems, notes = look_at_hooks(load(EXAMPLE), given(argocd="0123456789abcdef"))
    assert problems == ()
    [note] = notes
    assert note == ("/hooks/github is closed: GREENLIGHT_GITHUB_WEBHOOK_SECRET is not set; admin-logistic names it.")


def test_a_secret_that_can_be_guessed_is_a_problem_and_is_not_shown() -> None:
    [problem], _ = look_at_hooks(load(EXAMPLE), given(github="hunter2", argocd="0123456789abcdef"))
    assert problem.key == "GREENLIGHT_GITHUB_WEBHOOK_SECRET"
    assert "hunter2" not in str(problem)


def test_a_secret_that_is_being_changed_is_noted_until_the_old_one_is_gone() -> None:
    problems, notes = look_at_hooks(
        load(EXAMPLE), given(github="0123456789abcdef", argocd="a" * 40, previous_argocd="b" * 40)
    )
    assert problems == ()
    [note] = notes
    assert note.startswith("/hooks/argocd takes its previous secret too: unset GREENLIGHT_ARGOCD_TOKEN_PREVIOUS once")


def test_an_old_secret_alone_opens_no_hook() -> None:
    _, notes = look_at_hooks(load(EXAMPLE), given(github="0123456789abcdef", argocd="a" * 40, previous_signed="b" * 40))
    assert notes == (
        "/hooks/signed is closed: GREENLIGHT_WEBHOOK_SECRET_PREVIOUS is set, and GREENLIGHT_WEBHOOK_SECRET is not.",
    )


def test_an_old_secret_that_can_be_guessed_is_a_problem_as_well() -> None:
    [problem], _ = look_at_hooks(load(EXAMPLE), given(argocd="a" * 40, previous_argocd="hunter2"))
    assert problem.key == "GREENLIGHT_ARGOCD_TOKEN_PREVIOUS"
