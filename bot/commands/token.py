"""`greenlight token create | list | rotate | revoke`: what pipelines come into `/api` with."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click

from bot.clock import SystemClock
from bot.commands import told
from bot.errors import GreenlightError
from bot.settings import Files, load
from bot.store.beside import write_beside
from bot.store.interface import ContradictionError, StoredToken, Transaction
from bot.tokens import Made, make, rotated

DATABASE = click.option(
    "--database", type=click.Path(path_type=Path), help="The database, instead of GREENLIGHT_DATABASE."
)
SHOWN_ONCE = "This is shown once and kept nowhere. Keep it as a secret of the pipeline:"


@click.group(
    short_help="Give pipelines tokens for the HTTP API, and take them back.",
    epilog="""\b
Examples:
  greenlight token create admin-logistic deploy --steps start,deployed,deploy_failed
  greenlight token create admin-logistic ci --expires-in 90
  greenlight token list
  greenlight token rotate admin-logistic deploy
  greenlight token revoke admin-logistic deploy
\b
A running Greenlight knows of it at once.
""",
)
def token() -> None:
    """Give pipelines tokens for the HTTP API (/api), and take them back. Only a digest of a token is kept."""


@token.command(
    epilog="""\b
Examples:
  greenlight token create admin-logistic ci
  greenlight token create admin-logistic deploy --steps start,deployed,deploy_failed --expires-in 90
"""
)
@click.argument("service")
@click.argument("name")
@click.option("--steps", default="", help="What it is good for, by comma; all that a pipeline may do unless given.")
@click.option("--expires-in", "days", type=click.IntRange(1, 3650), help="Days until it is good for nothing.")
@click.option("--config", type=click.Path(path_type=Path), help="The configuration file, instead of GREENLIGHT_CONFIG.")
@DATABASE
@told
def create(service: str, name: str, steps: str, days: int | None, config: Path | None, database: Path | None) -> None:
    """Make a token of a name for a service's pipeline, and show it once."""
    services = load(config or Files().configuration).services
    if service not in services:
        raise click.BadParameter(f"There is no service {service}; there are: {', '.join(services)}.")
    if not name or len(name) > 60 or not name.isprintable():
        raise click.BadParameter("A name has 1 to 60 printable characters.")
    lives_for = timedelta(days=days) if days else None
    made = make(name, service, _scopes(steps), SystemClock().now(), lives_for)
    try:
        _write(database, lambda tx: tx.keep_token(made.kept))
    except ContradictionError as error:
        remedy = f"`greenlight token rotate {service} {name}` gives it another secret."
        raise GreenlightError(f"{service} has a token of the name {name} already; {remedy}") from error
    _show(made)


@token.command("list")
@DATABASE
@told
def list_(database: Path | None) -> None:
    """Tell of every token: its service, name, steps, when it was made, was last of use, and ends."""
    lines = [_line(one) for one in _write(database, lambda tx: tx.tokens())]
    for line in lines or ["There are no tokens; `greenlight token create` makes one."]:
        click.echo(line)


@token.command()
@click.argument("service")
@click.argument("name")
@DATABASE
@told
def rotate(service: str, name: str, database: Path | None) -> None:
    """Give a token another secret, and show it once. The one of before is good for nothing from now on."""

    def intent(tx: Transaction) -> Made:
        made = rotated(_named(tx.tokens(), service, name), SystemClock().now())
        tx.keep_token(made.kept)
        return made

    _show(_write(database, intent))


@token.command()
@click.argument("service")
@click.argument("name")
@DATABASE
@told
def revoke(service: str, name: str, database: Path | None) -> None:
    """Make a token good for nothing, at once and for ever."""

    def intent(tx: Transaction) -> None:
        tx.keep_token(replace(_named(tx.tokens(), service, name), revoked_at=SystemClock().now()))

    _write(database, intent)
    click.echo(f"{name} of {service} is good for nothing from now on.")


def _scopes(given: str) -> tuple[str, ...]:
    from bot.http.api.table import scopes  # noqa: PLC0415 - other commands need no dialogues

    known = scopes()
    wanted = tuple(dict.fromkeys(step.strip() for step in given.split(",") if step.strip())) or known
    if unknown := [step for step in wanted if step not in known]:
        raise click.BadParameter(f"No pipeline may do {', '.join(unknown)}. There are: {', '.join(known)}.")
    return wanted


def _named(kept: Iterable[StoredToken], service: str, name: str) -> StoredToken:
    found = next((one for one in kept if (one.service, one.name) == (service, name) and one.revoked_at is None), None)
    if found is None:
        raise GreenlightError(f"{service} has no token of the name {name} that is good; see `greenlight token list`.")
    return found


def _write(database: Path | None, intent: Callable[[Transaction], Any]) -> Any:
    return write_beside(database or Files().database, intent)


def _show(made: Made) -> None:
    click.echo(SHOWN_ONCE, err=True)
    click.echo(made.token)


def _line(one: StoredToken) -> str:
    used = f"last used {_day(one.used_at)}" if one.used_at else "never used"
    if one.revoked_at:
        end = f"revoked {_day(one.revoked_at)}"
    elif one.expires_at:
        gone = one.expires_at <= SystemClock().now()
        end = f"{'expired' if gone else 'expires'} {_day(one.expires_at)}"
    else:
        end = "does not expire"
    made = f"made {_day(one.created_at)}"
    return f"{one.service}  {one.name}  {made}, {used}, {end}  good for: {', '.join(one.steps)}"


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
