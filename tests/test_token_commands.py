"""`greenlight token`: made beside a running bot, shown once, kept as a digest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bot.__main__ import main
from bot.store.sqlite import SQLiteStore
from bot.tokens import split

CONFIGURATION = Path(__file__).parents[1] / "playground" / "greenlight.yml"
Token = Callable[..., Result]


@pytest.fixture
def token(tmp_path: Path) -> Token:
    """Run `greenlight token …` on a database of its own."""
    files = {"GREENLIGHT_DATABASE": str(tmp_path / "x.db"), "GREENLIGHT_CONFIG": str(CONFIGURATION)}
    return lambda *words: CliRunner().invoke(main, ("token", *words), env=files)


def test_a_token_is_shown_once_and_listed_without_its_secret(token: Token, tmp_path: Path) -> None:
    made = token("create", "billing", "ci", "--steps", "start,deployed", "--expires-in", "90")
    assert made.exit_code == 0, made.output
    shown = made.stdout.strip()
    parts = split(shown)
    assert parts is not None
    listed = token("list").output
    assert "billing  ci  made " in listed
    assert "never used" in listed
    assert "good for: start, deployed" in listed
    assert parts[1] not in listed
    assert parts[1].encode() not in (tmp_path / "x.db").read_bytes()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("create", "nope", "ci"), "there are: admin-logistic, billing"),
        (("create", "billing", "ci", "--steps", "withdraw"), "No pipeline may do withdraw. There are: approve, start"),
        (("create", "billing", ""), "1 to 60 printable"),
        (("rotate", "billing", "ci"), "no token of the name ci"),
        (("revoke", "billing", "ci"), "no token of the name ci"),
    ],
)
def test_what_can_not_be_is_said(token: Token, words: tuple[str, ...], says: str) -> None:
    given = token(*words)
    assert (given.exit_code != 0, says in given.output) == (True, True), given.output


def test_a_name_is_given_once_until_it_is_revoked(token: Token) -> None:
    first = token("create", "billing", "ci").stdout
    assert "rotate billing ci" in token("create", "billing", "ci").output
    rotated = token("rotate", "billing", "ci").stdout
    assert rotated != first
    assert rotated.split("_")[1] == first.split("_")[1]
    assert token("revoke", "billing", "ci").exit_code == 0
    assert "revoked" in token("list").output
    assert token("create", "billing", "ci").exit_code == 0
    assert len(token("list").output.splitlines()) == 2


async def test_it_works_beside_a_bot_that_runs(token: Token, tmp_path: Path) -> None:
    """SQLite serves one bot; a token is one small write beside it, and it knows of it at once."""
    store = SQLiteStore(tmp_path / "x.db")
    try:
        made = token("create", "billing", "ci")
        assert made.exit_code == 0, made.output
        assert [one.name for one in await store.read(lambda reader: reader.tokens())] == ["ci"]
    finally:
        await store.close()
