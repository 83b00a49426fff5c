"""The command line: `greenlight serve | playground | check | token | schema | manifest | export`."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
import os
import sys
from collections.abc import Callable, Coroutine
from importlib.metadata import version
from pathlib import Path
from typing import Any, Literal

import click

from bot import manifest as slack_manifest
from bot.commands import FAILURE, told
from bot.commands.token import token
from bot.errors import ConfigurationError, Problem
from bot.settings import Files, read_all
from bot.settings.schema import schema as file_schema

CANNOT_LISTEN = frozenset({errno.EADDRINUSE, errno.EADDRNOTAVAIL, errno.EACCES})
"""What the machine says of an address that is taken, not its own, or reserved."""

_ENVIRONMENT = """\b
Secrets and places come from the environment:
  SLACK_BOT_TOKEN        xoxb-…, from "OAuth & Permissions"
  SLACK_SIGNING_SECRET   HTTP: from "Basic Information"
  SLACK_APP_TOKEN        Socket Mode: xapp-…, with connections:write
  GREENLIGHT_TRANSPORT   http or socket; follows from the two above
  GREENLIGHT_CONFIG      the team's rules, greenlight.yml
  GREENLIGHT_DATABASE    an SQLite file, greenlight.db
  HOST, PORT             where to listen, 127.0.0.1 and 3000
  GREENLIGHT_*_SECRET    hooks of GitHub and others, see README
  LOG_LEVEL              debug, info, warning or error
"""


@click.group(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="""\b
Examples:
  greenlight playground                  try it here: no Slack account, no token
  greenlight check                       what is wrong with greenlight.yml
  greenlight manifest --socket           the Slack app, ready to paste
  greenlight serve                       run it
""",
)
@click.version_option(version("greenlight"), prog_name="greenlight")
def main() -> None:
    """Carries a release from QA's sign-off to a quiet production, in Slack."""


@main.command(
    epilog=f"""{_ENVIRONMENT}
\b
Examples:
  greenlight serve
  greenlight serve --host 0.0.0.0        where a platform's router comes from outside
  GREENLIGHT_TRANSPORT=socket greenlight serve
"""
)
@click.option("--host", help="Where to listen, instead of HOST.")
@click.option("--port", type=click.IntRange(0, 65535), help="The port, instead of PORT; 0 takes a free one.")
@click.option("--config", type=click.Path(path_type=Path), help="The configuration file, instead of GREENLIGHT_CONFIG.")
@told
def serve(host: str | None, port: int | None, config: Path | None) -> None:
    """Run the bot until SIGTERM or Ctrl-C.

    Slack need not be reachable at the start. Problems of the configuration are told all at once, and nothing starts.
    """
    environment, configuration = read_all(config)
    given = {"host": host, "port": port, "configuration": config}
    environment = environment.model_copy(update={name: value for name, value in given.items() if value is not None})

    from bot.app import serve as serve_application  # noqa: PLC0415 - other commands need not load all of the bot

    _log(environment.log_level)
    _run(serve_application(environment, configuration))


def _run(work: Coroutine[Any, Any, None]) -> None:
    """Run on uvloop, the measured choice; on the standard loop where there is none."""
    try:
        with asyncio.Runner(loop_factory=_loop_factory()) as runner:
            runner.run(work)
    except OSError as error:
        if error.errno not in CANNOT_LISTEN:
            raise
        reason = f"The address can't be listened on: {os.strerror(error.errno)}."
        remedy = "Stop what listens there, or choose another --port or --host."
        raise ConfigurationError((Problem("environment", "HOST, PORT", reason, remedy),)) from error


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    if sys.platform == "win32":
        return None
    import uvloop  # noqa: PLC0415 - not there on Windows

    return uvloop.new_event_loop


def _log(level: str) -> None:
    """Records on stderr, with the slug that names what happened."""
    handler = logging.StreamHandler()
    line = "%(asctime)s %(levelname)s %(name)s action=%(action)s %(message)s"
    handler.setFormatter(logging.Formatter(line, defaults={"action": "-"}))
    logging.basicConfig(level=level, handlers=[handler])
    # They tell of every request with its whole address, and an address may hold a token.
    for library in ("httpx", "httpcore"):
        logging.getLogger(library).setLevel(logging.WARNING)


@main.command(
    short_help="Try it: a Slack on this machine, no account needed.",
    epilog="""\b
Examples:
  greenlight playground
  greenlight playground --port 8080 --no-browser
  greenlight playground --database demo.db     keep the database, to look at it later
""",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen.")
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True, help="0 takes a free one.")
@click.option("--database", type=click.Path(path_type=Path, dir_okay=False), help="Keep the database in this new file.")
@click.option("--browser/--no-browser", default=True, show_default=True, help="Open the page in the browser.")
@click.option("--log-level", default="warning", show_default=True, type=click.Choice(["debug", "info", "warning"]))
@told
def playground(host: str, port: int, database: Path | None, browser: bool, log_level: str) -> None:  # noqa: FBT001 - click passes by name
    """Try it: a Slack workspace on this machine, with people, channels, and a clock that can be moved on.

    Needs no Slack account, no token and no network. It opens on a team with a release in flight.
    """
    from playground.run import run  # noqa: PLC0415 - `serve` need not load the playground

    _log(log_level.upper())
    _run(run(host, port, database, open_browser=browser))


@main.command(
    short_help="Tell every problem of the configuration at once.",
    epilog="""\b
Examples:
  greenlight check
  greenlight check --config team.yml --offline
  SLACK_BOT_TOKEN=xoxb-… greenlight check     asks Slack, too
\b
Exit codes: 0 all is well; 2 something must be changed; 1 Slack could not be asked.
""",
)
@click.option("--config", type=click.Path(path_type=Path), help="The configuration file, instead of GREENLIGHT_CONFIG.")
@click.option("--offline", is_flag=True, help="Do not ask Slack, even where a token is given.")
@told
def check(config: Path | None, offline: bool) -> None:  # noqa: FBT001 - click passes by name
    """Tell every problem of the configuration at once, one a line: file:line: key: what is wrong, what to do.

    With SLACK_BOT_TOKEN set, Slack is asked as well: is the token good, are scopes missing, do channels, people and
    groups exist, is the bot in the channels.
    """
    from bot.checks.check import check as check_configuration  # noqa: PLC0415 - brings the Slack client along

    report = asyncio.run(check_configuration(config, offline=offline))
    for note in report.notes:
        click.echo(note)
    if report.unreachable:
        click.echo(report.unreachable, err=True)
    if report.problems:
        raise ConfigurationError(report.problems)
    if report.unreachable:
        sys.exit(FAILURE)


@main.command(
    epilog="""\b
Examples:
  greenlight schema > greenlight.schema.json
\b
An editor checks greenlight.yml as it is typed with this first line in it:
  # yaml-language-server: $schema=greenlight.schema.json
"""
)
def schema() -> None:
    """Print the JSON Schema of the configuration file."""
    click.echo(schema_text(), nl=False)


def schema_text() -> str:
    """greenlight.schema.json as it stands in the repository."""
    return json.dumps(file_schema(), indent=2, ensure_ascii=False) + "\n"


def _origin(_context: click.Context, _parameter: click.Parameter, address: str | None) -> str | None:
    if address is not None and not address.startswith("https://"):
        raise click.BadParameter("Slack calls https:// addresses only.")
    return address


@main.command(
    epilog="""\b
Examples:
  greenlight manifest --url https://greenlight.yours.com
  greenlight manifest --socket
\b
Then: https://api.slack.com/apps, "Create New App", "From a manifest", YAML.
"""
)
@click.option("--url", callback=_origin, help="The public address at which Slack reaches Greenlight (HTTP).")
@click.option("--socket", is_flag=True, help="For Socket Mode, which needs no public address.")
@told
def manifest(url: str | None, socket: bool) -> None:  # noqa: FBT001 - click passes by name
    """Print the Slack app's manifest, ready to paste."""
    if bool(url) == socket:
        raise click.UsageError("Give either --url https://… (HTTP) or --socket (Socket Mode).")
    click.echo(slack_manifest.for_http(url) if url else slack_manifest.for_socket_mode(), nl=False)


@main.command(
    short_help="Print the history of releases as JSON or CSV.",
    epilog="""\b
Examples:
  greenlight export v1.2.0                             one release, as JSON
  greenlight export v1.2.0 --service admin-logistic
  greenlight export --format csv > releases.csv        all of them
""",
)
@click.argument("version", required=False)
@click.option("--service", help="Only this service's.")
@click.option("--format", "form", type=click.Choice(["json", "csv"]), default="json", show_default=True)
@click.option("--database", type=click.Path(path_type=Path), help="The database, instead of GREENLIGHT_DATABASE.")
@told
def export(version: str | None, service: str | None, form: Literal["json", "csv"], database: Path | None) -> None:
    """Print what happened in releases, event by event: who took which step, when, with what."""
    from bot.store.export import history  # noqa: PLC0415 - other commands need no database

    click.echo(history(database or Files().database, form, version=version, service=service), nl=False)


main.add_command(token)


if __name__ == "__main__":
    main()
